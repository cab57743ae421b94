"""Every rule, multiplied out into coefficients of one row a year."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.data.activity import Activity
from allocator.data.contracts import Contracts, Earnings, Providers
from allocator.data.demand import Demand
from allocator.data.equity import Equity
from allocator.data.index import Axis, Codes, Index
from allocator.data.responses import Responses
from allocator.data.surcharge import Surcharge
from allocator.data.years import by_year
from allocator.instance.instance import Instance
from allocator.instance.tables.rows import from_frame
from allocator.instance.tables.selections import EVERYTHING
from allocator.instance.tables.selections import Selections as Members

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Terms:
    """Coefficients of one kind of variable in the rules.

    Attributes
    ----------
    rows : Index
        (rule, year, then the coordinates of the variable).
    coefficient : ndarray
        One number a row of `rows`.
    """

    rows: Index
    coefficient: Numbers


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
    sense: npt.NDArray[np.object_]
    right: Numbers
    penalty: Numbers
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

    def soft(self, sense: str) -> npt.NDArray[np.bool_]:
        """Mask of the soft rows that may be missed in a direction (``below``, ``above``)."""
        missed = ("min", "equal") if sense == "below" else ("max", "equal")
        return ~np.isnan(self.penalty) & np.isin(self.sense, missed)


@dataclass
class _Collector:
    """Grows the triples of one kind of term."""

    rule: list[Codes] = field(default_factory=list)
    member: list[tuple[Codes, ...]] = field(default_factory=list)
    coefficient: list[Numbers] = field(default_factory=list)

    def add(self, rule: Codes, member: tuple[Codes, ...], coefficient: Numbers) -> None:
        some = coefficient != 0.0
        self.rule.append(rule[some])
        self.member.append(tuple(m[some] for m in member))
        self.coefficient.append(coefficient[some])

    def terms(self, rows: Index, axes: tuple[Axis, ...]) -> Terms:
        """Triples with the same rule and variable added together."""
        rule = np.concatenate([np.empty(0, np.int64), *self.rule])
        columns = [
            np.concatenate([np.empty(0, np.int64), *(m[d] for m in self.member)])
            for d in range(len(axes))
        ]
        coefficient = np.concatenate([np.empty(0), *self.coefficient])
        key = rule
        for axis, column in zip(axes, columns, strict=True):
            key = key * len(axis) + column
        _, first, where = np.unique(key, return_index=True, return_inverse=True)
        total = np.bincount(where, coefficient, len(first)).astype(float)
        some = np.abs(total) > 1e-14 * np.bincount(where, np.abs(coefficient), len(first))
        first, total = first[some], total[some]
        rule_columns = [c[rule[first]] for c in rows.columns]
        index = Index((*rows.axes, *axes), [*rule_columns, *(c[first] for c in columns)])
        return Terms(index, total)


Shares = tuple[Codes, Numbers]
"""Programmes that count, in order, and the share of each."""


class Selections:
    """Programmes that count in each selection, found once."""

    def __init__(self, instance: Instance) -> None:
        self._table = from_frame("selections", instance.selections)
        programmes = from_frame("programmes", instance.programmes)
        self._members = Members(programmes, self._table)
        self._known: dict[str, Shares] = {}

    def counted(self, selection: str) -> Shares:
        """Programmes of a selection and their shares; all for a blank one."""
        if selection not in self._known:
            self._known[selection] = self._members.counted(selection)
        return self._known[selection]

    def places(self, selection: str) -> list[str]:
        """Places named by every row of a selection; empty when some row names none."""
        if selection in ("", EVERYTHING):
            return []
        places = [str(self._table["place"][row]) for row in self._members.rows_of[selection]]
        return sorted(set(places)) if all(places) else []


class _Grouped:
    """Positions at which each code stands."""

    def __init__(self, codes: Codes) -> None:
        self._order = np.argsort(codes, kind="stable")
        self._sorted = codes[self._order]

    def of(self, codes: Codes) -> Codes:
        """Positions of some codes, each given once, in order."""
        first = np.searchsorted(self._sorted, codes)
        count = np.searchsorted(self._sorted, codes, side="right") - first
        before = np.cumsum(count) - count
        at = np.repeat(first - before, count) + np.arange(count.sum())
        return np.sort(self._order[at])


def _share_of(who: Shares, programme: Codes) -> Numbers:
    """Share of programmes that all count."""
    members, share = who
    return share[np.searchsorted(members, programme)]


def _those(who: Shares, mask: npt.NDArray[np.bool_]) -> Shares:
    """Programmes that count and are in a mask over all."""
    members, share = who
    some = mask[members]
    return members[some], share[some]


class _Expansion:
    """Multiplies rules out; holds what the measures are made of."""

    def __init__(
        self,
        instance: Instance,
        outcome: Axis,
        activity: Activity,
        demand: Demand,
        responses: Responses,
        equity: Equity,
        money: tuple[npt.NDArray[np.bool_], Contracts, Providers, Surcharge],
    ) -> None:
        self.recurrent, self.contracts, self.providers, extra = money
        self.surcharged = np.zeros(activity.price.shape, dtype=bool)
        self.surcharged[extra.rows.columns] = True
        table = instance.programmes
        self.tariff = table["tariff"].fillna(table["unit_cost"]).to_numpy(dtype=float)
        homes = self.providers.axis.position
        self.provider_of = np.array([homes.get(p, -1) for p in table["provider"]], dtype=np.int64)
        self.selections = Selections(instance)
        self.settings = instance.settings
        self.activity_data = activity
        self.late = (activity.fixed_share > 0) & (activity.release_years > 0)
        self.demand = demand
        self.responses = responses
        self.equity = equity
        self.outcomes = outcome
        self.heads = self._heads(instance)
        c, p = self.contracts, self.providers
        self.strands = np.zeros(len(c.rows), dtype=bool)
        owner = c.rows.positions(c.members.columns[:2])
        self.strands[owner[self.late[c.members.columns[2]]]] = True
        self.owner, self.size = owner, np.bincount(owner, minlength=len(c.rows))
        self.contracted = _Grouped(c.members.columns[2])
        self.held_by, self.led_by = _Grouped(c.provider), _Grouped(c.lead)
        self.provided_by, self.earned_by = _Grouped(self.provider_of), _Grouped(p.rows.columns[0])
        self.needed = _Grouped(demand.rows.columns[0])
        self.answered = _Grouped(responses.rows.columns[1])
        self.activity, self.stranded = _Collector(), _Collector()
        self.unmet, self.outcome = _Collector(), _Collector()
        self.payment, self.surcharge, self.ended = _Collector(), _Collector(), _Collector()
        self.stranded_ended = _Collector()

    def _heads(self, instance: Instance) -> dict[str, Numbers]:
        years = self.settings.years
        table = by_year(instance.places, ["place"], years)
        heads: dict[str, Numbers] = {}
        for place, t, count in zip(table["place"], table["t"], table["heads"], strict=True):
            heads.setdefault(place, np.zeros(len(years)))[t] = count
        return heads

    def row(self, rule: dict[str, Any], rows: Codes, t: Codes) -> Numbers:
        """Add the terms of one line of the rules table; return its right sides.

        Parameters
        ----------
        rule : dict
            The line.
        rows, t : ndarray of int
            Rule rows it makes and their years.
        """
        who = self.selections.counted(str(rule["selection"]))
        value, basis, measure = float(rule["value"]), rule["basis"], str(rule["measure"])
        right = np.zeros(len(rows))
        if measure in ("outcome", "unmet"):
            self._outcome_or_unmet(rule, who, rows, t)
            return right + value * self._per(rule, t)
        if measure == "position":
            return value - self._position_terms(str(rule["sense"]), who, rows, t)
        if measure == "recurrent_spend":
            who, measure = _those(who, self.recurrent), "spend"
        here = [(who, t, np.ones(len(t)))]
        if basis in ("amount", "per_head"):
            right += value * self._per(rule, t)
        elif basis in ("share", "ratio"):
            other = self.selections.counted(str(rule["relative_to"]))
            other = _those(other, self.recurrent) if rule["measure"] == "recurrent_spend" else other
            here.append((other, t, np.full(len(t), -value)))
        else:
            reference = self._reference_year(rule, t)
            before = reference < 0
            right += np.where(before, (1 + value) * self._at_baseline(measure, who), 0.0)
            here.append((who, reference, np.where(before, 0.0, -(1 + value))))
        if measure == "payment":
            self._payment_terms(str(rule["sense"]), here, rows)
        else:
            self._activity_terms(measure, str(rule["sense"]), here, rows)
        return right

    def _payment_terms(
        self, sense: str, parts: list[tuple[Shares, Codes, Numbers]], rows: Codes
    ) -> None:
        """Contracts that count wholly, and other programmes at cost."""
        c = self.contracts
        for n in range(len(rows)):
            at_cost = []
            for who, t, factor in parts:
                y = max(int(t[n]), 0)
                paid, share = self._whole(who, y)
                weight = c.markup[paid] * share * factor[n]
                name, year = (column[paid] for column in c.rows.columns)
                at = np.full(len(paid), rows[n]), (name, year)
                self.payment.add(*at, weight)
                # Once a contract is ended its cost is paid without the lead's overhead.
                self.ended.add(*at, (1.0 / c.markup[paid] - 1.0) * weight)
                apart = _those(who, ~c.held[:, y])
                at_cost.append((apart, t[n : n + 1], factor[n : n + 1]))
            self._activity_terms("spend", sense, at_cost, rows[n : n + 1])

    def _whole(self, who: Shares, year: int) -> Shares:
        """Contracts of a year all of whose programmes count, and the least share of each."""
        at = self.contracted.of(who[0])
        _, when, programme = (column[at] for column in self.contracts.members.columns)
        now = when == year
        paid, where = np.unique(self.owner[at[now]], return_inverse=True)
        least = np.full(len(paid), np.inf)
        np.minimum.at(least, where, _share_of(who, programme[now]))
        wholly = np.bincount(where, minlength=len(paid)) == self.size[paid]
        return paid[wholly], least[wholly]

    def _position_terms(self, sense: str, who: Shares, rows: Codes, t: Codes) -> Numbers:
        """Positions of the providers of a selection; returns what is not in variables."""
        c, p = self.contracts, self.providers
        mine = np.unique(self.provider_of[who[0]])
        mine = mine[mine >= 0]
        held, led = self.held_by.of(mine), self.led_by.of(mine)
        paid = np.union1d(held, led)
        is_held, overhead = np.isin(paid, held), np.isin(paid, led) * (c.markup[paid] - 1.0)
        name, year = (column[paid] for column in c.rows.columns)
        costs, earned = self.provided_by.of(mine), self.earned_by.of(mine)
        other = np.zeros(len(rows))
        for n, y in enumerate(t):
            some = (year == y) & (is_held + overhead != 0)
            at = np.full(int(some.sum()), rows[n]), (name[some], year[some])
            self.payment.add(*at, (is_held + overhead)[some])
            self.ended.add(*at, -overhead[some])
            if sense != "min":
                # Once a contract is ended its stranded cost is paid for: no gain to anybody.
                late = is_held & self.strands[paid]
                self.stranded_ended.add(*at, -late[some].astype(float))
            here = costs[c.held[costs, y]]
            terms = [((here, np.ones(len(here))), t[n : n + 1], -np.ones(1))]
            self._activity_terms("spend", sense, terms, rows[n : n + 1])
            other[n] = p.other[earned[p.rows.columns[1][earned] == y]].sum()
        return other

    def _per(self, rule: dict[str, Any], t: Codes) -> Numbers:
        if rule["basis"] != "per_head":
            return np.ones(len(t))
        places = self.selections.places(str(rule["selection"])) or list(self.heads)
        total: Numbers = np.sum([self.heads[p] for p in places], axis=0)[t]
        return total

    def _reference_year(self, rule: dict[str, Any], t: Codes) -> Codes:
        """Position of the reference year of a growth rule; negative before the plan."""
        reference = str(rule["reference"]) or "previous"
        if reference == "previous":
            return t - 1
        year = self.settings.base_year if reference == "baseline" else int(reference[:4])
        return np.full(len(t), year - self.settings.years[0])

    def _at_baseline(self, measure: str, who: Shares) -> float:
        a, (members, share) = self.activity_data, who
        each = share * a.baseline[members]
        if measure != "activity":
            each *= (self.tariff if measure == "payment" else a.unit_cost)[members]
        return float(np.sum(each))

    def _unit(self, measure: str, t: Codes, i: Codes) -> Numbers:
        """What a unit of activity measures, shape (years asked for, programmes asked for)."""
        a = self.activity_data
        if measure == "spend":
            unit: Numbers = a.price[np.ix_(i, np.maximum(t, 0))].T
            return unit
        row = a.unit_cost[i] if measure == "value" else np.ones(len(i))
        return np.broadcast_to(row, (len(t), len(row)))

    def _activity_terms(
        self,
        measure: str,
        sense: str,
        parts: list[tuple[Shares, Codes, Numbers]],
        rows: Codes,
    ) -> None:
        for (some, share), t, factor in parts:
            weight = share * factor[:, None]
            rule = np.repeat(rows, len(some))
            member = np.tile(some, len(rows)), np.repeat(np.maximum(t, 0), len(some))
            self.activity.add(rule, member, (self._unit(measure, t, some) * weight).ravel())
            if measure == "spend" and self.surcharged.any():
                self.surcharge.add(rule, member, weight.ravel() * self.surcharged[member])
        if measure == "spend" and sense != "equal":
            self._stranded_terms(sense, parts, rows)

    def _stranded_terms(
        self, sense: str, parts: list[tuple[Shares, Codes, Numbers]], rows: Codes
    ) -> None:
        """Stranded cost, where more of it makes a rule harder to meet."""
        years = len(self.settings.years)
        late = [(_those(who, self.late), t, factor) for who, t, factor in parts]
        some = np.unique(np.concatenate([members for (members, _), _, _ in late]))
        cells = [rows * years + np.maximum(t, 0) for _, t, _ in late]
        cell = np.unique(np.concatenate(cells))
        total = np.zeros((len(cell), len(some)))
        for ((members, share), _, factor), mine in zip(late, cells, strict=True):
            where = np.searchsorted(cell, mine)[:, None], np.searchsorted(some, members)
            np.add.at(total, where, share * factor[:, None])
        at, i = np.nonzero(total < 0 if sense == "min" else total > 0)
        self.stranded.add(cell[at] // years, (some[i], cell[at] % years), total[at, i])

    def _outcome_or_unmet(self, rule: dict[str, Any], who: Shares, rows: Codes, t: Codes) -> None:
        at_year = np.full(len(self.settings.years), -1)
        at_year[t] = rows
        need = self.needed.of(who[0])
        need = need[at_year[self.demand.rows.columns[1][need]] >= 0]
        if rule["measure"] == "unmet":
            i, year = (column[need] for column in self.demand.rows.columns)
            self.unmet.add(at_year[year], (i, year), _share_of(who, i))
            return
        code = self.outcomes.position[rule["outcome"]]
        if rule["segment"]:
            members, share = who
            segment = self.equity.segment.position[rule["segment"]]
            who = members, share * self.equity.share[members, segment]
        at = self.answered.of(who[0])
        k, i, year = (column[at] for column in self.responses.rows.columns)
        some = (k == code) & (at_year[year] >= 0)
        k, i, year = k[some], i[some], year[some]
        self.outcome.add(at_year[year], (k, i, year), _share_of(who, i))
        need = need[self.demand.harm_outcome[need] == code]
        i, year = (column[need] for column in self.demand.rows.columns)
        self.unmet.add(at_year[year], (i, year), -_share_of(who, i) * self.demand.harm[need])


def rules(
    instance: Instance,
    axes: tuple[Axis, Axis, Axis],
    activity: Activity,
    demand: Demand,
    responses: Responses,
    equity: Equity,
    recurrent: npt.NDArray[np.bool_],
    contracts: Contracts,
    providers: Providers,
    extra: Surcharge,
    margin: int,
) -> Rules:
    """Multiply every rule out into coefficients.

    Parameters
    ----------
    instance : Instance
    axes : tuple of Axis
        Programme, year and outcome.
    activity, demand, responses, equity, recurrent, contracts, providers, extra
        What the measures are made of; `recurrent` says which programmes come every year.
    margin : int
        As in :func:`allocator.data.extract`.
    """
    programme, year, outcome = axes
    table = by_year(instance.rules, ["rule"], instance.settings.years)
    name = Axis("rule", tuple(dict.fromkeys(table["rule"])))
    rows = Index((name, year), [name.codes(table["rule"].tolist()), table["t"].to_numpy()])
    money = recurrent, contracts, providers, extra
    expansion = _Expansion(instance, outcome, activity, demand, responses, equity, money)
    right = np.zeros(len(rows))
    columns = ["measure", "selection", "outcome", "segment", "sense", "value", "basis"]
    columns += ["relative_to", "reference"]
    alike = table.groupby(["rule", *columns], sort=False, dropna=False).ngroup().to_numpy()
    order = np.argsort(alike, kind="stable")
    ends = np.flatnonzero(np.diff(alike[order])) + 1
    lines = {name: table[name].tolist() for name in columns}
    for at in np.split(order, ends) if len(order) else []:
        line = {name: column[at[0]] for name, column in lines.items()}
        right[at] = expansion.row(line, at, rows.columns[1][at])
    penalty = table["penalty"].to_numpy()
    where = (programme, year)
    sense = table["sense"].to_numpy(dtype=object)
    bought = expansion.outcome.terms(rows, (outcome, *where))
    fewer, more = _misstated(rows, bought, responses)
    if margin > 0:
        right = right + np.where(sense == "min", fewer, np.where(sense == "max", -more, 0.0))
    elif margin < 0:
        right = right + np.where(sense == "min", -more, np.where(sense == "max", fewer, 0.0))
    return Rules(
        rows,
        sense,
        right,
        penalty,
        expansion.activity.terms(rows, where),
        expansion.surcharge.terms(rows, where),
        expansion.stranded.terms(rows, where),
        expansion.unmet.terms(rows, where),
        bought,
        expansion.payment.terms(rows, contracts.rows.axes),
        expansion.ended.terms(rows, contracts.rows.axes),
        expansion.stranded_ended.terms(rows, contracts.rows.axes),
    )


def _misstated(rows: Index, bought: Terms, responses: Responses) -> tuple[Numbers, Numbers]:
    """How far the true curves can lie below, and above, what rows count of outcomes."""
    at = rows.positions(bought.rows.columns[:2])
    which = responses.rows.positions(bought.rows.columns[2:])
    gap, over = responses.worst(responses.gap)[which], responses.worst(responses.over)[which]
    size, up = np.abs(bought.coefficient), bought.coefficient > 0
    below = np.bincount(at, size * np.where(up, over, gap), len(rows))
    above = np.bincount(at, size * np.where(up, gap, over), len(rows))
    return below.astype(float), above.astype(float)


class Measured:
    """Measures over selections as terms, for conditions.

    Parameters
    ----------
    instance : Instance
    axes : tuple of Axis
        Programme, year and outcome.
    activity, demand, responses, equity, money
        What the measures are made of.
    """

    def __init__(
        self,
        instance: Instance,
        axes: tuple[Axis, Axis, Axis],
        activity: Activity,
        demand: Demand,
        responses: Responses,
        equity: Equity,
        money: tuple[npt.NDArray[np.bool_], Contracts, Providers, Surcharge],
    ) -> None:
        self.programme, self.year, self.outcome = axes
        self.activity, self.demand, self.responses = activity, demand, responses
        self.expansion = _Expansion(
            instance, self.outcome, activity, demand, responses, equity, money
        )

    def conditions(
        self,
        table: pd.DataFrame,
        rows: Index,
        earned: Earnings,
    ) -> tuple[Terms, Terms, Terms, tuple[Numbers, Numbers], tuple[Numbers, Numbers]]:
        """Terms of what each row of a table by year measures.

        Parameters
        ----------
        table : pandas.DataFrame
            With measure, selection and outcome; one line a row of `rows`.
        rows : Index
            (condition, year).
        earned : Earnings
            What outcomes can come to.

        Returns
        -------
        activity, unmet, outcome : Terms
        span : pair of ndarray
            Least and most each row can be.
        error : pair of ndarray
            How far the true curves can lie below, and above, it.
        """
        work = self.expansion
        for n, line in enumerate(table.to_dict("records")):
            who = work.selections.counted(line["selection"])
            at, t = np.array([n]), rows.columns[1][n : n + 1]
            if line["measure"] in ("outcome", "unmet"):
                what = {"measure": line["measure"], "outcome": line["outcome"], "segment": ""}
                work._outcome_or_unmet(what, who, at, t)
            else:
                work._activity_terms(line["measure"], "equal", [(who, t, np.ones(1))], at)
        where = (self.programme, self.year)
        activity, unmet = work.activity.terms(rows, where), work.unmet.terms(rows, where)
        bought = work.outcome.terms(rows, (self.outcome, *where))
        need, a = self.demand, self.activity
        low, high = np.zeros(len(rows)), np.zeros(len(rows))
        there = need.rows.positions(unmet.rows.columns[2:])
        which = earned.rows.positions(bought.rows.columns[2:])
        i, t = activity.rows.columns[2:]
        for terms, least, most in (
            (activity, a.lo[i, t], a.hi[i, t]),
            (unmet, np.zeros(len(there)), need.unmet_max[there]),
            (bought, earned.low[which], earned.high[which]),
        ):
            owner = rows.positions(terms.rows.columns[:2])
            ends = terms.coefficient * least, terms.coefficient * most
            low += np.bincount(owner, np.minimum(*ends), len(rows))
            high += np.bincount(owner, np.maximum(*ends), len(rows))
        error = _misstated(rows, bought, self.responses)
        return activity, unmet, bought, (low, high), error
