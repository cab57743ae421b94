"""Indivisible decisions: one binary for each way an option can be taken."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from allocator.data import Data, Index, RunTerms
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf, ArrayVar


def declare(m: Any, data: Data) -> None:
    """Runs and what may be taken together.

    Variables
        run[o, s, e]: 1 when option o starts in year s and is left after year e.

    Constraints (options taken)
        at_most[c, t]: sum coefficient run <= most: groups, links, and the year between two
        runs of an option
        exactly[c, t]: sum coefficient run = 1: one of a group, from the year it opens

    Windows, lead times, least durations and review years are in the list of runs, so no
    row needs to follow what state an option is in.
    """
    o = data.options
    m.RUNS = ArraySet(o.runs)
    m.run = ArrayVar(m.RUNS, domain=pyo.Binary)
    for name, choices in (("at_most", o.at_most), ("exactly", o.exactly)):
        index = ArraySet(choices.rows)
        setattr(m, name.upper(), index)
        setattr(m, f"{name}_right", ArrayParam(index, choices.most, f"{name}_right"))
        attach(m, name, choices.terms, choices.rows)
    m.at_most = ArrayConstraint(m.AT_MOST, rule=_at_most)
    m.exactly = ArrayConstraint(m.EXACTLY, rule=_exactly)


def attach(m: Any, name: str, terms: RunTerms, owners: Index) -> None:
    """Give each member of `owners` its runs: ``name_runs`` and ``name_weight`` on the model."""
    _, mine = terms.within(owners)
    index = ArraySet(mine.rows)
    setattr(m, f"{name.upper()}_RUNS", index)
    setattr(m, f"{name}_weight", ArrayParam(index, mine.coefficient, f"{name}_weight"))
    groups = mine.rows.group(tuple(range(owners.dimen)), owners)
    setattr(m, f"{name}_runs", ArraySetOf(groups))


def _at_most(m: Any, c: Any, t: Any) -> Any:
    taken = sum(
        m.at_most_weight[c, t, o, s, e] * m.run[o, s, e] for o, s, e in m.at_most_runs[c, t]
    )
    return taken <= m.at_most_right[c, t]


def _exactly(m: Any, c: Any, t: Any) -> Any:
    taken = sum(
        m.exactly_weight[c, t, o, s, e] * m.run[o, s, e] for o, s, e in m.exactly_runs[c, t]
    )
    return taken == m.exactly_right[c, t]
