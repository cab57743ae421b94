"""Policy and contract rules: one general table, one row a rule and year."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.data import Data, Index
from allocator.data.activity import ROOM
from allocator_models.arrays import ArrayConstraint, ArrayParam, ArraySet, ArraySetOf, ArrayVar
from allocator_models.contracts import payment_range
from allocator_models.responses import outcome


def declare(m: Any, data: Data) -> None:
    """Hard and soft rules.

    Variables (in the unit of the rule's left side)
        short[j, t], over[j, t]: by how much a soft rule is missed below or above, >= 0.
        stranded_ended[c, t]: stranded cost in what is paid for an ended contract (money), >= 0,
        where a rule counts that payment but no stranded cost: a position that has a maximum.

    Constraints
        rule_min[j, t]: left[j, t] + short[j, t] >= right[j, t]
        rule_max[j, t]: left[j, t] - over[j, t] <= right[j, t]
        rule_equal[j, t]: left[j, t] + short[j, t] - over[j, t] = right[j, t]

        stranded_ended_off[c, t]: stranded_ended <= stranded_most off
        stranded_ended_within[c, t]: stranded_ended <= sum_i stranded
        stranded_ended_all[c, t]: stranded_ended >= sum_i stranded - stranded_most (1 - off),
            in rules of sense equal

        left[j, t] = sum activity + surcharge + stranded + unmet + outcome + payment terms,
                     and of the cost that stands in for payment once a contract is ended and
                     its stranded part

    Every measure, basis and reference has been multiplied out: a share of a total, growth
    on last year or an amount per head all become coefficients and a right side, so one
    table says most of the planning guidance. Stranded cost stands only where it makes the
    rule harder to meet.
    """
    r = data.rules
    m.RULES = ArraySet(r.rows)
    m.right = ArrayParam(m.RULES, r.right, "right")
    for name in ("activity", "surcharge", "stranded", "unmet", "outcome", "payment"):
        terms = getattr(r, name)
        index = ArraySet(terms.rows)
        setattr(m, f"RULE_{name.upper()}", index)
        setattr(m, f"rule_{name}", ArrayParam(index, terms.coefficient, f"rule_{name}"))
        setattr(m, f"{name}_in_rule", ArraySetOf(terms.rows.group((0, 1), r.rows)))
    _declare_ended(m, data)
    _declare_misses(m, data)
    for sense, rule in (("min", _rule_min), ("max", _rule_max), ("equal", _rule_equal)):
        index = ArraySet(r.of_sense(sense))
        setattr(m, f"RULE_{sense.upper()}", index)
        setattr(m, f"rule_{sense}", ArrayConstraint(index, rule=rule))


def _declare_ended(m: Any, data: Data) -> None:
    """Cost of ended contracts, which carries no overhead."""
    terms = data.rules.ended
    mine = m.ENDABLE.array_index.find(terms.rows.columns[2:]) >= 0
    rows = terms.rows.take(mine)
    m.RULE_ENDED = ArraySet(rows)
    m.rule_ended = ArrayParam(m.RULE_ENDED, terms.coefficient[mine], "rule_ended")
    m.ended_in_rule = ArraySetOf(rows.group((0, 1), data.rules.rows))
    _declare_stranded_ended(m, data)


def _declare_stranded_ended(m: Any, data: Data) -> None:
    """Stranded part of the cost of ended contracts, for rules that leave it out."""
    r, terms = data.rules, data.rules.stranded_ended
    mine = m.ENDABLE.array_index.find(terms.rows.columns[2:]) >= 0
    rows = terms.rows.take(mine)
    m.RULE_STRANDED_ENDED = ArraySet(rows)
    weight = terms.coefficient[mine]
    m.rule_stranded_ended = ArrayParam(m.RULE_STRANDED_ENDED, weight, "rule_stranded_ended")
    m.stranded_ended_in_rule = ArraySetOf(rows.group((0, 1), r.rows))

    equal = r.sense[r.rows.positions(rows.columns[:2])] == "equal"
    ended = _distinct(m.ENDABLE.array_index, rows.columns[2:])
    exact = _distinct(m.ENDABLE.array_index, [column[equal] for column in rows.columns[2:]])
    m.STRANDED_ENDED = ArraySet(ended)
    m.stranded_most = ArrayParam(m.STRANDED_ENDED, _most_stranded(data, ended), "stranded_most")
    m.stranded_ended = ArrayVar(
        m.STRANDED_ENDED, bounds=lambda m, c, t: (0.0, m.stranded_most[c, t])
    )
    m.stranded_ended_off = ArrayConstraint(m.STRANDED_ENDED, rule=_stranded_ended_off)
    m.stranded_ended_within = ArrayConstraint(m.STRANDED_ENDED, rule=_stranded_ended_within)
    m.STRANDED_ENDED_ALL = ArraySet(exact)
    m.stranded_ended_all = ArrayConstraint(m.STRANDED_ENDED_ALL, rule=_stranded_ended_all)


def _distinct(rows: Index, columns: Any) -> Index:
    """Rows of an index that columns name, each once."""
    return rows.take(np.unique(rows.positions(columns)))


def _most_stranded(data: Data, rows: Index) -> Any:
    """Most that can be stranded of the cost of each contract's programmes."""
    a, c = data.activity, data.contracts
    share = np.where(a.release_years > 0, a.fixed_share, 0.0)[:, None]
    highest = np.maximum(a.baseline, a.hi.max(axis=1))[:, None] * (1.0 + ROOM)
    most = share * a.price * np.maximum(highest - a.lo, 0.0)
    _, t, i = c.members.columns
    owner = c.rows.positions(c.members.columns[:2])
    return np.bincount(owner, most[i, t], len(c.rows))[c.rows.positions(rows.columns)]


def _stranded_of(m: Any, c: Any, t: Any) -> Any:
    """Stranded cost of the programmes of contract c."""
    return sum(m.stranded[i, t] for i in m.costs_stranded[c, t])


def _stranded_ended_off(m: Any, c: Any, t: Any) -> Any:
    return m.stranded_ended[c, t] <= m.stranded_most[c, t] * m.off[c, t]


def _stranded_ended_within(m: Any, c: Any, t: Any) -> Any:
    return m.stranded_ended[c, t] <= _stranded_of(m, c, t)


def _stranded_ended_all(m: Any, c: Any, t: Any) -> Any:
    most = m.stranded_most[c, t]
    return m.stranded_ended[c, t] >= _stranded_of(m, c, t) - most + most * m.off[c, t]


def _declare_misses(m: Any, data: Data) -> None:
    r = data.rules
    most = _most_missed(data)
    for name, direction in (("short", "below"), ("over", "above")):
        soft = r.soft(direction)
        rows = r.rows.take(soft)
        index = ArraySet(rows)
        setattr(m, name.upper(), index)
        setattr(m, f"{name}_penalty", ArrayParam(index, r.penalty[soft], f"{name}_penalty"))
        setattr(m, f"{name}_max", ArrayParam(index, most[soft], f"{name}_max"))
        same = Index((*rows.axes, rows.axes[1]), [*rows.columns, rows.columns[1]])
        setattr(m, f"{name}_here", ArraySetOf(same.group((0, 1), r.rows)))
    m.short = ArrayVar(m.SHORT, bounds=lambda m, j, t: (0.0, m.short_max[j, t]))
    m.over = ArrayVar(m.OVER, bounds=lambda m, j, t: (0.0, m.over_max[j, t]))


def _most_missed(data: Data) -> Any:
    """Upper bound of every rule's violation: the most its two sides can be apart."""
    r, a, s, c = data.rules, data.activity, data.responses, data.contracts
    paid = np.maximum(*payment_range(data))
    highest = np.maximum(a.baseline[:, None], a.top.max(axis=1, keepdims=True))
    at = s.rows.positions(s.slope_rows.columns[:3])
    width = s.width[s.segments.positions(s.slope_rows.columns[1:])]
    outcome_max = np.abs(s.base) + np.bincount(at, np.abs(s.slope) * width, len(s.rows))
    factor: Any = np.zeros(len(s.rows))
    chosen = data.options
    levels = s.rows.positions(chosen.outcomes.rows.columns[:3])
    np.maximum.at(factor, levels, np.abs(chosen.outcomes.change))
    outcome_max = outcome_max * (1.0 + factor)
    outcome_max += np.maximum(*(np.abs(x) for x in chosen.outcome.range(s.rows)))
    most = np.abs(r.right)
    late = c.rows.positions(r.stranded_ended.rows.columns[2:])
    for terms, size in (
        (r.stranded_ended, _most_stranded(data, c.rows)[late]),
        (r.activity, a.top[r.activity.rows.columns[2:]]),
        (r.surcharge, _most_surcharge(data)[r.surcharge.rows.columns[2:]]),
        (r.ended, c.cost_high[c.rows.positions(r.ended.rows.columns[2:])]),
        (r.stranded, (a.price * highest)[r.stranded.rows.columns[2:]]),
        (r.unmet, data.demand.unmet_max[data.demand.rows.positions(r.unmet.rows.columns[2:])]),
        (r.outcome, outcome_max[s.rows.positions(r.outcome.rows.columns[2:])]),
        (r.payment, paid[c.rows.positions(r.payment.rows.columns[2:])]),
    ):
        row = r.rows.positions(terms.rows.columns[:2])
        most = most + np.bincount(row, np.abs(terms.coefficient) * size, len(most))
    return most


def _most_surcharge(data: Data) -> Any:
    """Largest size of each programme's surcharge, shape (programmes, years)."""
    x = data.surcharge
    most = np.zeros(data.activity.price.shape)
    most[x.rows.columns] = np.maximum(np.abs(x.low), np.abs(x.high))
    return most


def left(m: Any, j: Any, t: Any) -> Any:
    """Left side of rule j in year t."""
    activity = sum(
        m.rule_activity[j, t, i, s] * m.activity[i, s] for i, s in m.activity_in_rule[j, t]
    )
    stranded = sum(
        m.rule_stranded[j, t, i, s] * m.stranded[i, s] for i, s in m.stranded_in_rule[j, t]
    )
    unmet = sum(m.rule_unmet[j, t, i, s] * m.unmet[i, s] for i, s in m.unmet_in_rule[j, t])
    bought = sum(
        m.rule_outcome[j, t, k, i, s] * outcome(m, k, i, s) for k, i, s in m.outcome_in_rule[j, t]
    )
    paid = sum(m.rule_payment[j, t, c, s] * m.payment[c, s] for c, s in m.payment_in_rule[j, t])
    ended = sum(m.rule_ended[j, t, c, s] * m.cost_ended[c, s] for c, s in m.ended_in_rule[j, t])
    extra = sum(
        m.rule_surcharge[j, t, i, s] * m.surcharge[i, s] for i, s in m.surcharge_in_rule[j, t]
    )
    left_out = sum(
        m.rule_stranded_ended[j, t, c, s] * m.stranded_ended[c, s]
        for c, s in m.stranded_ended_in_rule[j, t]
    )
    return activity + extra + stranded + unmet + bought + paid + ended + left_out


def short(m: Any, j: Any, t: Any) -> Any:
    """By how much a soft rule is missed from below: one term, or none for a hard rule."""
    return sum(m.short[j, s] for s in m.short_here[j, t])


def over(m: Any, j: Any, t: Any) -> Any:
    """By how much a soft rule is missed from above: one term, or none for a hard rule."""
    return sum(m.over[j, s] for s in m.over_here[j, t])


def _rule_min(m: Any, j: Any, t: Any) -> Any:
    return left(m, j, t) + short(m, j, t) >= m.right[j, t]


def _rule_max(m: Any, j: Any, t: Any) -> Any:
    return left(m, j, t) - over(m, j, t) <= m.right[j, t]


def _rule_equal(m: Any, j: Any, t: Any) -> Any:
    return left(m, j, t) + short(m, j, t) - over(m, j, t) == m.right[j, t]
