"""Every rule, multiplied out into coefficients of one row a year."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from allocator.arrays import Flags, Floats, Ints, Objects
from allocator.data.axes import Axes
from allocator.data.index import Axis, Index
from allocator.data.measures import KINDS, Expansion, Measures
from allocator.data.responses import Responses
from allocator.data.spans import misstated
from allocator.data.terms import Terms
from allocator.instance.instance import Instance

ALIKE = (
    "rule",
    "measure",
    "selection",
    "outcome",
    "segment",
    "sense",
    "value",
    "basis",
    "relative_to",
    "reference",
)
"""Columns of the rules table: years that agree in them are multiplied out together."""

MONEY = ("spend", "recurrent_spend", "payment", "position")
"""Measures that are money."""


@dataclass(frozen=True)
class Rules:
    """Rules as ``left (>=, <=, =) right``, one row a rule and year.

    Attributes
    ----------
    rows : Index
        (rule, year); the arrays below follow it.
    sense : ndarray of str
        ``min``, ``max`` or ``equal``.
    right : ndarray
        Right side once every variable has been brought to the left.
    penalty : ndarray
        Objective lost per unit of violation; NaN for a hard rule.
    money : ndarray of bool
        Whether it asks for an amount of money.
    activity, surcharge, stranded, unmet, outcome, payment, ended : Terms
        Left side: coefficients of activity, surcharge, stranded cost, unmet need (each by
        programme and year), of outcomes (by outcome, programme and year), of payments and of
        the cost that stands in for a payment once its contract is ended (by contract and
        year).
    stranded_ended : Terms
        Coefficients of the stranded part of that cost (by contract and year), where a rule
        counts the payment but no stranded cost.
    """

    rows: Index
    sense: Objects
    right: Floats
    penalty: Floats
    money: Flags
    activity: Terms
    surcharge: Terms
    stranded: Terms
    unmet: Terms
    outcome: Terms
    payment: Terms
    ended: Terms
    stranded_ended: Terms

    def of_sense(self, sense: str) -> Index:
        """Rows of one sense."""
        return self.rows.take(self.sense == sense)

    def soft(self, sense: str) -> Flags:
        """Mask of the soft rows that may be missed in a direction (``below``, ``above``)."""
        missed = ("min", "equal") if sense == "below" else ("max", "equal")
        return ~np.isnan(self.penalty) & np.isin(self.sense, missed)

    def allowing(self, responses: Responses, margin: int) -> Rules:
        """Rules that leave room for what chords may misstate.

        Parameters
        ----------
        responses : Responses
        margin : int
            As in :func:`allocator.data.extract`.
        """
        if not margin:
            return self
        fewer, more = misstated(self.rows, self.outcome, responses)
        if margin < 0:
            fewer, more = -more, -fewer
        room = np.where(self.sense == "min", fewer, np.where(self.sense == "max", -more, 0.0))
        return replace(self, right=self.right + room)

    def misjudged(self, responses: Responses) -> tuple[float, float]:
        """Most of the penalties of soft rules that chords may leave out, and may count too much.

        Parameters
        ----------
        responses : Responses
        """
        fewer, more = misstated(self.rows, self.outcome, responses)
        penalty = np.where(np.isnan(self.penalty), 0.0, self.penalty)
        either = np.maximum(fewer, more)
        low, high = self.sense == "min", self.sense == "max"
        left_out = np.where(low, fewer, np.where(high, more, either))
        too_much = np.where(low, more, np.where(high, fewer, either))
        return float(penalty @ left_out), float(penalty @ too_much)


def read_rules(instance: Instance, axes: Axes, measures: Measures) -> Rules:
    """Multiply every rule out into coefficients."""
    row, _, t = instance.facts.by_year("rules").in_force
    table = instance.rows["rules"].take(row)
    names = table["rule"].tolist()
    name = Axis("rule", tuple(dict.fromkeys(names)))
    rows = Index((name, axes.year), [name.codes(names), t])
    work, right = _Rules(instance, Expansion(measures, rows)), np.zeros(len(rows))
    alike: dict[tuple[Any, ...], list[int]] = {}
    for at, line in enumerate(table.tuples(ALIKE)):
        alike.setdefault(line, []).append(at)
    for line, found in alike.items():
        mine = np.array(found)
        right[mine] = work.add(dict(zip(ALIKE, line, strict=True)), mine, t[mine])
    terms = (work.expansion.terms(kind) for kind in KINDS)
    money = np.isin(table["measure"], MONEY) & (table["basis"] == "amount")
    return Rules(rows, table["sense"], right, table["penalty"], money, *terms)


class _Rules:
    """Brings what each basis compares to the left side."""

    def __init__(self, instance: Instance, expansion: Expansion) -> None:
        self.settings, self.heads = instance.settings, instance.facts.heads
        self.measures, self.expansion = expansion.of, expansion

    def add(self, rule: dict[str, Any], rows: Ints, t: Ints) -> Floats:
        """Add the terms of one line of the rules table; return its right sides.

        Parameters
        ----------
        rule : dict
            The line.
        rows, t : ndarray of int
            Rule rows it makes and their years.
        """
        measure, sense, value = rule["measure"], rule["sense"], rule["value"]
        who = self.measures.counted(rule["selection"], measure)
        if measure == "unmet":
            self.expansion.add_unmet(who, rows, t)
            return value * self._per(rule, t)
        if measure == "outcome":
            self.expansion.add_outcome(rule["outcome"], rule["segment"], who, rows, t)
            return value * self._per(rule, t)
        if measure == "position":
            found: Floats = value - self.expansion.add_position(sense, who, rows, t)
            return found
        parts, right = [(who, t, np.ones(len(t)))], np.zeros(len(t))
        if rule["basis"] in ("amount", "per_head"):
            right += value * self._per(rule, t)
        elif rule["basis"] in ("share", "ratio"):
            other = self.measures.counted(rule["relative_to"], measure)
            parts.append((other, t, np.full(len(t), -value)))
        else:
            reference = self._reference_year(rule["reference"], t)
            before = reference < 0
            right += np.where(before, (1 + value) * self.measures.at_baseline(measure, who), 0.0)
            parts.append((who, reference, np.where(before, 0.0, -(1 + value))))
        if measure == "payment":
            self.expansion.add_payment(sense, parts, rows)
        else:
            self.expansion.add_activity(measure, sense, parts, rows)
        return right

    def _per(self, rule: dict[str, Any], t: Ints) -> Floats:
        """People that an amount per head is for, otherwise 1."""
        if rule["basis"] != "per_head":
            return np.ones(len(t))
        places = self.measures.selections.places(rule["selection"])
        people = self.heads.among(places) if places else self.heads.total
        return people[t]

    def _reference_year(self, reference: str, t: Ints) -> Ints:
        """Position of the reference year of a growth rule; negative before the plan."""
        if reference in ("", "previous"):
            return t - 1
        year = self.settings.base_year if reference == "baseline" else int(reference[:4])
        return np.full(len(t), year - self.settings.years[0])
