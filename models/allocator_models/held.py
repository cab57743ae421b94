"""Held lines: what gives way where not all of them can be kept at their baseline."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set, Var
from allocator_models.indices import Expression, Order, Programme, Relation, Year


def declare(m: Model, data: Data) -> None:
    """How far held lines lie below their level, by one share a pool, year and order.

    Variables
        give[b, t, n]: share of the way from their level to the least they can do that the
        lines of pool b with order n go in year t, from 0 to 1.
        held_above[i, t], held_below[i, t] (money): how far a line lies off from there, >= 0.

    Constraints (money)
        held_line[i, t]: rate activity + room give - held_above + held_below = rate level
        held_kept[n]: sum of rate activity over lines up to order n >= 0
        held_short: sum of held_below <= most
        held_even: sum of held_above + held_below <= most

    With ``give`` at 0, ``held_below`` is the shortfall of a line. The last three hold whatever a
    plan does: once the least shortfall is known the solver puts it on their right side, so that
    a later stage cannot lose it, and which line gives way follows from the share.
    """
    h = data.held_lines
    m.HELD = Set(h.rows)
    m.GIVE = Set(h.shares)
    m.HELD_ORDERS = Set(h.orders)
    m.HELD_ALL = Set(h.all)
    m.share_here = Members(h.line_shares, h.rows, by=(3, 1))
    m.held_up_to = Members(h.upto, h.orders)
    m.held_every = Members(h.every, h.all)

    m.held_rate = Param(m.HELD, h.rate)
    m.held_room = Param(m.HELD, h.room)
    m.held_level = Param(m.HELD, h.rate * h.level)
    m.held_most = Param(m.HELD, h.most)
    m.held_most_apart = Param(m.HELD_ALL, h.most_apart)

    m.give = Var(m.GIVE, bounds=(0.0, 1.0))
    m.held_above = Var(m.HELD, bounds=lambda m, i, t: (0.0, m.held_most[i, t]))
    m.held_below = Var(m.HELD, bounds=lambda m, i, t: (0.0, m.held_most[i, t]))

    m.held_line = Constraint(m.HELD, rule=_held_line)
    m.held_kept = Constraint(m.HELD_ORDERS, rule=_held_kept)
    m.held_short = Constraint(m.HELD_ALL, rule=_held_short)
    m.held_even = Constraint(m.HELD_ALL, rule=_held_even)


def _held_line(m: Model, i: Programme, t: Year) -> Relation:
    given = sum(m.held_room[i, t] * m.give[b, t, n] for b, n in m.share_here[i, t])
    off = m.held_above[i, t] - m.held_below[i, t]
    return m.held_rate[i, t] * m.activity[i, t] + given - off == m.held_level[i, t]


def _held_kept(m: Model, n: Order) -> Relation:
    return _spend(m, n) >= 0.0


def _spend(m: Model, n: Order) -> Expression:
    return sum(m.held_rate[i, t] * m.activity[i, t] for i, t in m.held_up_to[n])


def _held_short(m: Model, one: str) -> Relation:
    return sum(m.held_below[i, t] for i, t in m.held_every[one]) <= m.held_most_apart[one]


def _held_even(m: Model, one: str) -> Relation:
    apart = sum(m.held_above[i, t] + m.held_below[i, t] for i, t in m.held_every[one])
    return apart <= m.held_most_apart[one]
