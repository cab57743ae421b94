"""How a plan stands against the rules: what it does, what it is asked, and what a miss costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from allocator.arrays import Floats, Ints, Objects
from allocator.evaluate import frames
from allocator.evaluate.findings import Findings
from allocator.evaluate.measures import IN_MONEY, IN_POUNDS, Measured
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.rules import Rules
from allocator.evaluate.selections import EVERY, Selections
from allocator.words import number, of_unit, told_apart


@dataclass(frozen=True)
class Verdict:
    """How a plan stands against every rule in force, a row a rule and year.

    Attributes
    ----------
    rules : Rules
        The rules.
    left, right : numpy.ndarray
        Both sides, multiplied out, in the unit of the measure.
    shown : numpy.ndarray
        Left-hand side in the unit of the basis: a fraction, growth, or per head.
    slack, violation : numpy.ndarray
        Distance to the rule, and by how much it is missed.
    penalty : numpy.ndarray
        Value taken off the objective.
    scale, natural : numpy.ndarray
        Size of the rule's terms, and of what it measures in any year.
    """

    rules: Rules
    left: Floats
    right: Floats
    shown: Floats
    slack: Floats
    violation: Floats
    penalty: Floats
    scale: Floats
    natural: Floats


def judge(rules: Rules, measured: Measured) -> Verdict:
    """Work out every rule, with stranded cost against it and never towards it."""
    rows = len(rules.name)
    left, compared, terms, natural = (np.zeros(rows) for _ in range(4))
    toward = np.select([rules.sense == "max", rules.sense == "min"], [1.0, -1.0], 0.0)
    growth = rules.basis == "growth"
    relative = growth | (rules.basis == "share") | (rules.basis == "ratio")
    factor = np.where(growth, 1.0 + rules.value, rules.value)
    other = np.where(growth, rules.selection, rules.relative_to)
    column = np.where(growth, rules.reference, rules.year + 1)
    for kind, outcome, segment, mine in rules.measures:
        total, size = measured.totals(kind, outcome, segment)
        here = rules.selection[mine], rules.year[mine] + 1
        left[mine], terms[mine] = total[here], size[here]
        natural[mine] = size.max(axis=1)[here[0]]
        to = mine[relative[mine]]
        there = other[to], column[to]
        compared[to] = total[there]
        terms[to] += np.abs(factor[to]) * size[there]
    pull = np.where(relative, -toward * factor, 0.0)
    kept, against = np.zeros(rows), np.zeros(rows)
    for kind, late in measured.late.items():
        asked = np.flatnonzero((rules.kind == kind) & (toward != 0))
        side = (other[asked], column[asked], toward[asked], pull[asked])
        kept[asked], against[asked] = _stranded(rules, asked, side, late, measured.selections)
    lower = np.flatnonzero((rules.kind == "position") & (toward < 0))
    if len(lower):
        at = rules.selection[lower], rules.year[lower] + 1
        kept[lower] = -measured.stranded_positions()[at]
    left, compared = left + kept, compared + against
    terms += np.abs(kept) + np.abs(factor) * against
    heads = np.where(rules.basis == "per_head", rules.heads, 1.0)
    right = np.where(relative, factor * compared, rules.value * heads)

    off = left - right
    slack = np.select([toward > 0, toward < 0], [-off, off], 0.0 - np.abs(off))
    violation = np.maximum(-slack, 0.0)
    divisor = np.where(relative, compared, heads)
    shown = np.full(rows, np.nan)
    np.divide(left, divisor, out=shown, where=divisor != 0)
    return Verdict(
        rules=rules,
        left=left,
        right=right,
        shown=np.where(growth, shown - 1.0, shown),
        slack=slack,
        violation=violation,
        penalty=np.nan_to_num(rules.penalty) * violation,
        scale=np.maximum(terms, np.abs(right)),
        natural=natural,
    )


def _stranded(
    rules: Rules,
    rows: Ints,
    there: tuple[Ints, Ints, Floats, Floats],
    stranded: Floats,
    selections: Selections,
) -> tuple[Floats, Floats]:
    """Stranded cost that counts on both sides of some rules: where it makes them harder to meet.

    Parameters
    ----------
    rules : Rules
        The rules.
    rows : numpy.ndarray
        The rows asked for.
    there : tuple of numpy.ndarray
        Of these rows: selection and column that a rule compares with, and how much harder a
        pound on either side makes the rule; negative where it helps. A programme whose cost
        stands on both sides in a year counts by the difference.
    stranded : numpy.ndarray
        Shape (programme, column).
    selections : Selections
        The selections.

    Returns
    -------
    tuple of numpy.ndarray
        To add to the left-hand side, and to what it is compared with.
    """
    if not stranded.any() or not len(rows):
        return np.zeros(len(rows)), np.zeros(len(rows))
    other, column, toward, pull = there
    year = rules.year[rows] + 1
    together = column == year
    # Years of a rule share everything but the costs, so they are worked out once.
    key = np.column_stack([rules.selection[rows], other, toward, pull, together])
    kinds, kind = np.unique(key, axis=0, return_inverse=True)
    counted, counted_there = np.zeros((2, len(kinds), stranded.shape[1]))
    share, share_there = np.zeros((2, len(stranded)))
    for n, (selection, compared, hard, hard_there, both) in enumerate(kinds.tolist()):
        who, own = selections.of(int(selection))
        whom, its = selections.of(int(compared))
        if hard_there == 0 and compared < len(EVERY):
            whom, its = who, np.ones(len(who))  # of the others nothing counts
        share[who], share_there[whom] = own, its
        net = hard * own + hard_there * share_there[who] * both
        net_there = hard_there * its + hard * share[whom] * both
        counted[n] = np.where(net > 0, own, 0.0) @ stranded[who]
        counted_there[n] = np.where(net_there > 0, its, 0.0) @ stranded[whom]
        share[who], share_there[whom] = 0.0, 0.0
    return counted[kind, year], counted_there[kind, column]


def check_rules(
    verdict: Verdict,
    programmes: Programmes,
    selections: Selections,
    outcome_units: Objects,
    findings: Findings,
) -> None:
    """Note hard rules that the plan misses.

    Parameters
    ----------
    verdict : Verdict
        How the plan stands.
    programmes, selections : Programmes, Selections
        Names and units of what is measured.
    outcome_units : numpy.ndarray
        Unit of every outcome.
    findings : Findings
        Takes the violations.
    """
    rules, settings = verdict.rules, programmes.settings
    hard = np.isnan(rules.penalty)
    pounds = np.isin(rules.kind, IN_POUNDS) & (rules.basis == "amount")
    missed, relative, broken = findings.measure(
        np.where(hard, -verdict.slack, 0.0),
        verdict.scale,
        verdict.natural,
        np.where(pounds, verdict.scale, np.nan),
    )
    asked = {"min": "at least", "max": "at most", "equal": "exactly"}
    for r in np.flatnonzero(broken).tolist():
        name, year = rules.name[r], settings.years[rules.year[r]]
        said = partial(_in_words, rules, r, programmes, selections, outcome_units)
        left, right = told_apart(verdict.left[r], verdict.right[r], said)
        off = said(missed[r], 0)
        label = "" if rules.label[r] == name else f" ({rules.label[r]})"
        basis = ""
        if rules.basis[r] != "amount":
            shown, limit = told_apart(verdict.shown[r], rules.value[r], number)
            basis = f"; {rules.basis[r]} {shown} against {limit}"
        message = (
            f"Rule '{name}'{label} in {settings.year_label(year)} is missed by {off}: "
            f"{rules.kind[r]} is {left} and must be {asked[rules.sense[r]]} {right}{basis}."
        )
        figures = (verdict.left[r], verdict.right[r], missed[r], relative[r])
        findings.note("rule", name, year, figures, message)


def _in_words(
    rules: Rules,
    row: int,
    programmes: Programmes,
    selections: Selections,
    outcome_units: Objects,
    value: float,
    more: int,
) -> str:
    """Figure of a rule with its unit, where all it measures shares one."""
    if rules.kind[row] in IN_MONEY:
        return programmes.settings.exact_money(value, more)
    if rules.kind[row] == "outcome":
        return of_unit(number(value, more), outcome_units[rules.subject[row, 0]])
    who, _ = selections.of(rules.selection[row])
    units = {programmes.units[i] for i in who}
    if units == {"money"}:
        return programmes.settings.exact_money(value, more)
    figure = number(value, more)
    return of_unit(figure, units.pop()) if len(units) == 1 else figure


def rule_frame(verdict: Verdict, years: Ints) -> pd.DataFrame:
    """Rules by year, as :attr:`Evaluation.rules` describes."""
    rules = verdict.rules
    return frames.table(
        {
            "rule": rules.name,
            "year": years[rules.year],
            "label": rules.label,
            "measure": rules.kind,
            "sense": rules.sense,
            "value": verdict.shown,
            "limit": rules.value,
            "left": verdict.left,
            "right": verdict.right,
            "slack": verdict.slack,
            "violation": verdict.violation,
            "soft": ~np.isnan(rules.penalty),
            "penalty": verdict.penalty,
        }
    )
