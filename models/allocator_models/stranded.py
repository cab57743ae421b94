"""Cost that outlives the activity it was for."""

from __future__ import annotations

import pyomo.environ as pyo

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set, Var, optional
from allocator_models.indices import Expression, Programme, Relation, Source, Year


def declare(m: Model, data: Data) -> None:
    """Stranded cost.

    Variables
        stranded[i, t] (money): cost that has not fallen with activity, >= 0.
        source[i, t, s]: 1 for the year it comes from, where it must be exact.

    Constraints (money)
        stranded_since[i, t, s]: stranded[i, t] >= late (activity[i, s] - activity[i, t])
        stranded_at_start[i, t]: stranded[i, t] >= late (baseline[i] - activity[i, t])
            exactly where something would gain from overstating it:
        stranded_source[i, t, s]: stranded <= late (activity[i, s] - activity[i, t]
                                              + room[s] (1 - source[s]))
        stranded_none[i, t]: stranded <= stranded_max sum_s source[s]
        stranded_once[i, t]: sum_s source[s] <= 1

    for years s up to release_years before t, ``late`` = fixed_share price[i, t].

    Wards, leases and posts outlive the activity they were for. Nothing gains from a
    higher stranded cost, so the inequalities hold with equality at an optimum.
    """
    x = data.stranded
    m.STRANDED = Set(x.rows)
    m.STRANDED_SINCE = Set(x.since)
    m.STRANDED_EARLY = Set(x.early)
    m.EXACT = Set(x.exact)
    m.SOURCES = Set(x.sources)
    m.stranded_here = optional(x.rows, data.programme_years)
    m.strands_from = Members(x.sources, x.exact)
    m.source_year = Members(x.source_year, x.sources)

    m.late = Param(m.STRANDED, data.activity.stranded_rate)
    m.stranded_max = Param(m.STRANDED, x.most)
    m.source_base = Param(m.SOURCES, x.base)
    m.source_room = Param(m.SOURCES, x.room)

    m.stranded = Var(m.STRANDED, bounds=lambda m, i, t: (0.0, m.stranded_max[i, t]))
    m.source = Var(m.SOURCES, domain=pyo.Binary)

    m.stranded_since = Constraint(m.STRANDED_SINCE, rule=_stranded_since)
    m.stranded_at_start = Constraint(m.STRANDED_EARLY, rule=_stranded_at_start)
    m.stranded_source = Constraint(m.SOURCES, rule=_stranded_source)
    m.stranded_none = Constraint(m.EXACT, rule=_stranded_none)
    m.stranded_once = Constraint(m.EXACT, rule=_stranded_once)


def stranded(m: Model, i: Programme, t: Year) -> Expression:
    """Stranded cost of a programme and year: one term, or none."""
    return sum(m.stranded[j, s] for j, s in m.stranded_here[i, t])


def _stranded_since(m: Model, i: Programme, t: Year, s: Year) -> Relation:
    return m.stranded[i, t] >= m.late[i, t] * (m.activity[i, s] - m.activity[i, t])


def _stranded_at_start(m: Model, i: Programme, t: Year) -> Relation:
    return m.stranded[i, t] >= m.late[i, t] * (m.baseline[i] - m.activity[i, t])


def _stranded_source(m: Model, i: Programme, t: Year, s: Source) -> Relation:
    before = m.source_base[i, t, s] + sum(m.activity[i, y] for y in m.source_year[i, t, s])
    freed = m.late[i, t] * m.source_room[i, t, s] * (1.0 - m.source[i, t, s])
    return m.stranded[i, t] <= m.late[i, t] * (before - m.activity[i, t]) + freed


def _stranded_none(m: Model, i: Programme, t: Year) -> Relation:
    return m.stranded[i, t] <= m.stranded_max[i, t] * _sources(m, i, t)


def _stranded_once(m: Model, i: Programme, t: Year) -> Relation:
    return _sources(m, i, t) <= 1.0


def _sources(m: Model, i: Programme, t: Year) -> Expression:
    return sum(m.source[i, t, s] for s in m.strands_from[i, t])
