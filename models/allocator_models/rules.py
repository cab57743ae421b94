"""Policy and contract rules: one general table, one row a rule and year."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Coefficients, Constraint, Model, Param, Set, Var, optional
from allocator_models.ended import cost_ended
from allocator_models.indices import Expression, Relation, Rule, Year
from allocator_models.outcomes import outcome
from allocator_models.stranded_ended import stranded_ended


def declare(m: Model, data: Data) -> None:
    """Hard and soft rules.

    Variables (in the unit of the rule's left side)
        short[j, t], over[j, t]: by how much a soft rule is missed below or above, >= 0.

    Constraints
        rule_min[j, t]: left[j, t] + short[j, t] >= right[j, t]
        rule_max[j, t]: left[j, t] - over[j, t] <= right[j, t]
        rule_equal[j, t]: left[j, t] + short[j, t] - over[j, t] = right[j, t]

        left[j, t] = sum activity + surcharge + stranded + unmet + outcome + payment terms,
                     and of the cost that stands in for payment once a contract is ended and
                     its stranded part

    Every measure, basis and reference has been multiplied out: a share of a total, growth
    on last year or an amount per head all become coefficients and a right side, so one
    table says most of the planning guidance. Stranded cost stands only where it makes the
    rule harder to meet.
    """
    r, x = data.rules, data.misses
    m.RULES = Set(r.rows)
    m.RULES_MIN = Set(r.of_sense("min"))
    m.RULES_MAX = Set(r.of_sense("max"))
    m.RULES_EQUAL = Set(r.of_sense("equal"))
    m.SHORT = Set(x.short)
    m.OVER = Set(x.over)
    m.short_here = optional(x.short, r.rows)
    m.over_here = optional(x.over, r.rows)

    m.right = Param(m.RULES, r.right)
    m.most_missed = Param(m.RULES, x.most)
    m.rule_activity = Coefficients(r.activity, r.rows)
    m.rule_surcharge = Coefficients(r.surcharge, r.rows)
    m.rule_stranded = Coefficients(r.stranded, r.rows)
    m.rule_unmet = Coefficients(r.unmet, r.rows)
    m.rule_outcome = Coefficients(r.outcome, r.rows)
    m.rule_payment = Coefficients(r.payment, r.rows)
    m.rule_ended = Coefficients(r.ended, r.rows)
    m.rule_stranded_ended = Coefficients(r.stranded_ended, r.rows)

    m.short = Var(m.SHORT, bounds=lambda m, j, t: (0.0, m.most_missed[j, t]))
    m.over = Var(m.OVER, bounds=lambda m, j, t: (0.0, m.most_missed[j, t]))

    m.rule_min = Constraint(m.RULES_MIN, rule=_rule_min)
    m.rule_max = Constraint(m.RULES_MAX, rule=_rule_max)
    m.rule_equal = Constraint(m.RULES_EQUAL, rule=_rule_equal)


def _left(m: Model, j: Rule, t: Year) -> Expression:
    """Left side of rule j in year t."""
    care = (
        m.rule_activity.times(m.activity, j, t)
        + m.rule_surcharge.times(m.surcharge, j, t)
        + m.rule_stranded.times(m.stranded, j, t)
        + m.rule_unmet.times(m.unmet, j, t)
        + m.rule_payment.times(m.payment, j, t)
    )
    ended = m.rule_ended.of(m, cost_ended, j, t)
    left_out = m.rule_stranded_ended.of(m, stranded_ended, j, t)
    return care + m.rule_outcome.of(m, outcome, j, t) + ended + left_out


def _short(m: Model, j: Rule, t: Year) -> Expression:
    """By how much a soft rule is missed from below: one term, or none for a hard rule."""
    return sum(m.short[h, s] for h, s in m.short_here[j, t])


def _over(m: Model, j: Rule, t: Year) -> Expression:
    """By how much a soft rule is missed from above: one term, or none for a hard rule."""
    return sum(m.over[h, s] for h, s in m.over_here[j, t])


def _rule_min(m: Model, j: Rule, t: Year) -> Relation:
    return _left(m, j, t) + _short(m, j, t) >= m.right[j, t]


def _rule_max(m: Model, j: Rule, t: Year) -> Relation:
    return _left(m, j, t) - _over(m, j, t) <= m.right[j, t]


def _rule_equal(m: Model, j: Rule, t: Year) -> Relation:
    return _left(m, j, t) + _short(m, j, t) - _over(m, j, t) == m.right[j, t]
