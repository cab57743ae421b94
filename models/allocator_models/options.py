"""Indivisible decisions: one binary for each way an option can be taken."""

from __future__ import annotations

import pyomo.environ as pyo

from allocator.data import Data, Index, RunTerms
from allocator_models.arrays import Coefficients, Constraint, Model, Param, Set, Var
from allocator_models.indices import Choice, Expression, Relation, Year


def declare(m: Model, data: Data) -> None:
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
    m.RUNS = Set(o.runs)
    m.AT_MOST = Set(o.at_most.rows)
    m.EXACTLY = Set(o.exactly.rows)

    m.most_taken = Param(m.AT_MOST, o.at_most.most)
    m.exactly_taken = Param(m.EXACTLY, o.exactly.most)
    m.taken_at_most = effects(o.at_most.terms, o.at_most.rows)
    m.taken_exactly = effects(o.exactly.terms, o.exactly.rows)

    m.run = Var(m.RUNS, domain=pyo.Binary)

    m.at_most = Constraint(m.AT_MOST, rule=_at_most)
    m.exactly = Constraint(m.EXACTLY, rule=_exactly)


def effects(terms: RunTerms, owners: Index) -> Coefficients:
    """What options do to each of `owners`, for :func:`effect`; what they do to others is left out.

    Parameters
    ----------
    terms : RunTerms
        Coefficients of runs, by (the owner's coordinates, option, start, stop).
    owners : Index
    """
    _, mine = terms.within(owners)
    return Coefficients(mine, owners)


def effect(m: Model, effects: Coefficients, *owner: Expression) -> Expression:
    """What the options taken come to in one row: ``effect(m, m.need_added, i, t)``."""
    return effects.times(m.run, *owner)


def _at_most(m: Model, c: Choice, t: Year) -> Relation:
    return effect(m, m.taken_at_most, c, t) <= m.most_taken[c, t]


def _exactly(m: Model, c: Choice, t: Year) -> Relation:
    return effect(m, m.taken_exactly, c, t) == m.exactly_taken[c, t]
