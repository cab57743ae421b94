"""What stands between options: groups, links, and the year between two runs of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.data.index import Axis, Index
from allocator.data.option_runs import OptionRuns, Part
from allocator.data.runs import RunTerms
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Choices:
    """Rows ``sum coefficient run <= most`` (or ``= most``) between runs.

    Attributes
    ----------
    rows : Index
        (what the row says, year).
    most : ndarray
        Right side, following `rows`.
    terms : RunTerms
    """

    rows: Index
    most: Floats
    terms: RunTerms


@dataclass(frozen=True)
class _Said:
    """A row between runs: its name, its right side, runs with coefficients by year, and when."""

    label: str
    most: float
    parts: list[tuple[Ints, Floats]]
    opens: int = 0


def read_choices(instance: Instance, runs: OptionRuns) -> tuple[Choices, Choices]:
    """Rows between runs that may come to a figure at most, and that must come to it."""
    most, exactly = _groups(instance, runs)
    most += [*_links(instance, runs), *_pauses(runs)]
    return _rows(most, runs), _rows(exactly, runs)


def _groups(instance: Instance, runs: OptionRuns) -> tuple[list[_Said], list[_Said]]:
    """Groups of which so many may be taken in a year, and those of which one must be."""
    every, taken = runs.every, runs.every.taken.astype(float)
    most, exactly = [], []
    for name, group in instance.facts.groups.items():
        mine = np.concatenate([every.of(o) for o in group.members])
        parts = [(mine, taken[mine])]
        if group.choose == "exactly_one":
            opens = int(np.maximum(every.opens[group.members], 0).min())
            exactly.append(_Said(f"group {name}", 1.0, parts, opens))
        elif group.choose != "any":
            most.append(_Said(f"group {name}", float(group.most), parts))
    return most, exactly


def _links(instance: Instance, runs: OptionRuns) -> list[_Said]:
    """An option needs another in the same year, or rules it out."""
    every, taken = runs.every, runs.every.taken.astype(float)
    found = []
    for name, link, other in instance.rows["option_links"].tuples(("option", "link", "other")):
        a, b = (every.of(runs.option.position[x]) for x in (name, other))
        sign, right = (-1.0, 0.0) if link == "requires" else (1.0, 1.0)
        parts = [(a, taken[a]), (b, sign * taken[b])]
        found.append(_Said(f"{name} {link} {other}", right, parts))
    return found


def _pauses(runs: OptionRuns) -> list[_Said]:
    """An option is taken once at a time, with a year without it between two runs."""
    every = runs.every
    after = every.stop[:, None] + 1 == np.arange(len(runs.year))
    found = []
    for o, name in enumerate(runs.option.labels):
        mine = every.of(o)
        if len(mine) > 1:
            once = [(mine, every.taken[mine].astype(float) + after[mine])]
            found.append(_Said(f"{name} once at a time", 1.0, once))
    return found


def _rows(said: list[_Said], runs: OptionRuns) -> Choices:
    name = Axis("choice", tuple(dict.fromkeys(line.label for line in said)))
    parts: list[Part] = []
    where = [np.empty((0, 2), np.int64)]
    for n, line in enumerate(said):
        for mine, change in line.parts:
            kept = change.copy()
            kept[:, : line.opens] = 0.0
            parts.append(([np.full(len(mine), n)], mine, kept))
        years = np.arange(line.opens, len(runs.year))
        where.append(np.column_stack([np.full(len(years), n), years]))
    at = np.concatenate(where)
    rows = Index((name, runs.year), [at[:, 0], at[:, 1]])
    terms = runs.terms([name], parts)
    most = np.array([line.most for line in said], dtype=float)[at[:, 0]]
    # A row without a run in a year says nothing: where one had to be there, the checks
    # have refused the instance.
    spoken = np.zeros(len(rows), dtype=bool)
    spoken[rows.find(terms.rows.columns[:2])] = True
    return Choices(rows.take(spoken), most[spoken], terms)
