"""Checks that no options together leave less than nothing of a figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.instance.checks.problem import Problems, planned, problem
from allocator.instance.facts.choices import Choices
from allocator.instance.facts.facts import Facts
from allocator.tolerances import ROUNDING
from allocator.words import listing, number

_MOST_TRIES = 500


@dataclass
class _Act:
    """What one option does to a figure in a year."""

    option: int
    position: int
    multiplies: bool
    change: float


@dataclass
class _Figure:
    """A figure that options change.

    Attributes
    ----------
    words : str
        Its name.
    amount : ndarray, shape (years,)
        What it is without any option; inf where there is none.
    rows : list of int
        Positions of the effects on it.
    """

    words: str
    amount: Floats
    rows: list[int]


@planned("options", "option_links", "option_effects", "programmes", "demand", "capacity", "limits")
def nothing_below_zero(facts: Facts) -> Problems:
    """Demand, capacity and most activity stay at 0 or more, whatever is taken together.

    Looked for with the figures as written and with the low and the high ones.
    """
    rows = facts["option_effects"]
    falls = (rows["operation"] == "add") & (_least(rows["value"], rows["low"], rows["high"]) < 0)
    if not (falls & np.isin(rows["measure"], ("demand", "capacity", "limit_max"))).any():
        return
    choices, settings = facts.choices, facts.settings
    for figure in _figures(facts):
        found = _first_shortfall(facts, choices, figure) if figure.rows else None
        if found:
            case, t, acts, left = found
            names = listing(f"'{choices.names[act.option]}'" for act in acts)
            advice = "take less off"
            if len(acts) > 1:
                advice += ", or put the options in one group of choose at_most_one"
            figures = "" if case == "value" else f" (with the {case} figures)"
            yield problem(
                rows,
                next(act.position for act in acts if act.change < 0 and not act.multiplies),
                case,
                f"with {names}{figures} the {figure.words} in "
                f"{settings.year_label(facts.years[t])} would be {number(left)}, less than "
                f"nothing; {advice}.",
            )


def _least(*columns: Floats) -> Floats:
    return np.fmin.reduce(np.array(columns))


def _figures(facts: Facts) -> Iterator[_Figure]:
    """Figures that are something in a plan year and that options add to or take off."""
    rows = facts["option_effects"]
    acting: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for position, (measure, target, place) in enumerate(
        rows.tuples(("measure", "target", "place"))
    ):
        acting[measure, target, place].append(position)
    demand, capacity = facts.by_year("demand"), facts.by_year("capacity")
    for (name,), amount in zip(demand.keys, demand.values("demand", np.inf), strict=True):
        yield _Figure(f"demand for '{name}'", amount, acting["demand", name, ""])
    for (name, place), amount in zip(capacity.keys, capacity.values("amount", np.inf), strict=True):
        words = f"capacity of '{name}'" + (f" in '{place}'" if place else "")
        yield _Figure(words, amount, acting["capacity", name, place])
    for name, amount in zip(facts.rank, facts.limits.most, strict=True):
        yield _Figure(f"most activity of '{name}'", amount, acting["limit_max", name, ""])


def _first_shortfall(
    facts: Facts, choices: Choices, figure: _Figure
) -> tuple[str, int, list[_Act], float] | None:
    """Case, year, options and what is left where options together take too much off."""
    given = facts["option_effects"].take(np.array(figure.rows, dtype=np.int64))
    for case in ("value", "low", "high"):
        if np.isnan(given[case]).all():
            continue
        every = _acts(facts, choices, figure, case)
        for t in range(len(facts.years)):
            if np.isfinite(figure.amount[t]):
                amount = float(figure.amount[t])
                found = _too_much(choices, amount, every[t])
                if found:
                    return case, t, found, _left(amount, found)
    return None


def _acts(facts: Facts, choices: Choices, figure: _Figure, case: str) -> list[list[_Act]]:
    """What options do to the figure in each plan year when they are felt most."""
    rows = facts["option_effects"]
    found: list[list[_Act]] = [[] for _ in facts.years]
    for position in figure.rows:
        value = float(rows[case][position])
        value = float(rows["value"][position]) if np.isnan(value) else value
        option = choices.rank[rows["option"][position]]
        multiplies = rows["operation"][position] == "multiply"
        for t, share in enumerate(choices.most_felt(option, int(rows["delay"][position])).tolist()):
            change = (max(value, 0.0) - 1.0) * share if multiplies else value * share
            if change:
                found[t].append(_Act(option, position, multiplies, change))
    return found


def _left(amount: float, acts: list[_Act]) -> float:
    for act in acts:
        if act.multiplies:
            amount *= 1.0 + act.change
    return amount + sum(act.change for act in acts if not act.multiplies)


def _too_much(choices: Choices, amount: float, acts: list[_Act]) -> list[_Act]:
    """Effects of options that may be taken together and leave less than nothing, or none.

    Options that take the most off are tried first, and no longer than is reasonable: what
    is found is certain, what is not found may still be there.
    """
    falling = sorted((a for a in acts if a.change < 0), key=lambda a: (a.multiplies, a.change))
    edge = -ROUNDING * max(1.0, amount)
    of_option: dict[int, list[_Act]] = defaultdict(list)
    for act in acts:
        of_option[act.option].append(act)
    tries = 0

    def extend(taken: list[int], start: int) -> list[int]:
        nonlocal tries
        tries += 1
        if _left(amount, _all_of(choices, taken, of_option)) < edge:
            return taken
        rest = [act for act in falling[start:] if act.option not in taken]
        here = [act for one in taken for act in of_option[one]]
        if _left(amount, [*(act for act in here if act.change < 0), *rest]) >= edge:
            return []
        for n, act in enumerate(falling[start:], start):
            if tries < _MOST_TRIES and choices.together([*taken, act.option]):
                found = extend([*taken, act.option], n + 1)
                if found:
                    return found
        return []

    taken = extend([], 0)
    for one in list(taken):
        fewer = [other for other in taken if other != one]
        if _left(amount, _all_of(choices, fewer, of_option)) < edge:
            taken = fewer
    return _all_of(choices, taken, of_option)


def _all_of(choices: Choices, taken: list[int], of_option: dict[int, list[_Act]]) -> list[_Act]:
    """Effects of the options taken and of all they require."""
    every = dict.fromkeys(other for one in taken for other in choices.needed(one))
    return [act for other in every for act in of_option.get(other, [])]


CHECKS = (nothing_below_zero,)
