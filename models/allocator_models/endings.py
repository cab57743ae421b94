"""Contracts that are ended for good, or suspended while an option is in place."""

from __future__ import annotations

import pyomo.environ as pyo

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Set, Var, optional
from allocator_models.indices import Contract, Expression, Option, Relation, Year
from allocator_models.options import effect, effects


def declare(m: Model, data: Data) -> None:
    """Ending and suspending contracts.

    Variables
        end[c, t]: 1 in the first year without contract c.
        off[c, t]: 1 where it has been ended or an option suspends it.

    Constraints
        ended_once[c, t]: sum_{s <= t} end[c, s] <= 1
        off_ended[c, t]: off >= sum_{s <= t} end[c, s]
        off_suspended[c, t, o]: off >= the runs of option o that suspend it
        off_only[c, t]: off <= all of these together

    A commissioner may give notice, and pays the exit fee; a reconfiguration takes the
    contract's place while it lasts.
    """
    x = data.endings
    each = x.suspends.by_option()
    m.ENDABLE = Set(x.rows)
    m.ENDS = Set(data.contracts.ends)
    m.MAY_END = Set(x.may_end)
    m.SUSPENDABLE = Set(each)
    m.off_here = optional(x.rows, data.contracts.rows)
    m.ended_by = Members(x.ended_by, x.rows)

    m.suspended_by = effects(x.suspends.doubled(), each)
    m.suspended = effects(x.suspends, x.rows)

    m.end = Var(m.ENDS, domain=pyo.Binary)
    m.off = Var(m.ENDABLE, bounds=lambda m, c, t: (0.0, 1.0))

    m.ended_once = Constraint(m.MAY_END, rule=_ended_once)
    m.off_ended = Constraint(m.MAY_END, rule=_off_ended)
    m.off_suspended = Constraint(m.SUSPENDABLE, rule=_off_suspended)
    m.off_only = Constraint(m.ENDABLE, rule=_off_only)


def off(m: Model, c: Contract, t: Year) -> Expression:
    """1 where the contract does not hold: one term, or none where it always does."""
    return sum(m.off[d, s] for d, s in m.off_here[c, t])


def _ended(m: Model, c: Contract, t: Year) -> Expression:
    """1 when the contract has been ended by year t."""
    return sum(m.end[c, s] for s in m.ended_by[c, t])


def _ended_once(m: Model, c: Contract, t: Year) -> Relation:
    return _ended(m, c, t) <= 1.0


def _off_ended(m: Model, c: Contract, t: Year) -> Relation:
    return m.off[c, t] >= _ended(m, c, t)


def _off_suspended(m: Model, c: Contract, t: Year, o: Option) -> Relation:
    return m.off[c, t] >= effect(m, m.suspended_by, c, t, o)


def _off_only(m: Model, c: Contract, t: Year) -> Relation:
    return m.off[c, t] <= _ended(m, c, t) + effect(m, m.suspended, c, t)
