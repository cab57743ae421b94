"""Minimum viable scale: nothing, or enough to be safe."""

from __future__ import annotations

import pyomo.environ as pyo

from allocator.data import Data
from allocator_models.arrays import Constraint, Model, Param, Set, Var
from allocator_models.indices import Programme, Relation, Year


def declare(m: Model, data: Data) -> None:
    """Minimum viable scale.

    Variables
        on[i, t]: 1 when programme i is run in year t.

    Constraints (in the programme's unit of activity)
        scale_least[i, t]: activity >= start_min on
        scale_most[i, t]: activity <= hi on

    ``hi`` is the most that can be reached. Below some volume a service is neither safe nor
    worth opening.
    """
    m.SCALE = Set(data.limits.scale)
    m.start_min = Param(m.SCALE, data.activity.start_min)

    m.on = Var(m.SCALE, domain=pyo.Binary)

    m.scale_least = Constraint(m.SCALE, rule=_scale_least)
    m.scale_most = Constraint(m.SCALE, rule=_scale_most)


def _scale_least(m: Model, i: Programme, t: Year) -> Relation:
    return m.activity[i, t] >= m.start_min[i, t] * m.on[i, t]


def _scale_most(m: Model, i: Programme, t: Year) -> Relation:
    return m.activity[i, t] <= m.hi[i, t] * m.on[i, t]
