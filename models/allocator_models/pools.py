"""Pools of money: what is spent, what moves between pools and what between years."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set, Var, optional
from allocator_models.capacity import extra_cost
from allocator_models.ended import led_payment
from allocator_models.indices import Expression, Pool, Relation, Year
from allocator_models.options import effect, effects
from allocator_models.spend import spend


def declare(m: Model, data: Data) -> None:
    """Balance every pool in every year.

    Variables (in money)
        transfer[p, q, t]: money pool p hands to pool q, 0 <= transfer <= max.
        carried[b, t]: money carried into the next year (negative: owed to it),
        -overdraw_max <= carried <= carry_max, and nothing owed after the last year.

    Constraints (money)
        pool[b, t]: programmes at cost + shares paid + contracts (1 + overhead) payment
                    + adjustments + extra capacity + options - their income + exit fees
                    + transfers out + carried[b, t]
                    <= income - held back + earned + transfers in + carried[b, t-1]

    A body may not spend more than it receives; each part of spending brings its own term. A
    programme under a contract, or paid by several pools, stands in the pool through that and
    not at cost. Pools and years whose money is not limited have no row.
    """
    f, x, o = data.money, data.pools, data.options
    m.POOLS = Set(x.limited)
    m.TRANSFERS = Set(f.transfers)
    m.CARRIED = Set(x.carried)
    m.pays_at_cost = Members(x.at_cost, x.rows)
    m.pays_shares = Members(x.shared, x.rows, by=(1, 2))
    m.pays_contracts = Members(x.contracts, x.rows)
    m.pays_to_end = Members(x.ends, x.rows)
    m.earns = Members(data.incomes.received, x.rows)
    m.gives_to = Members(f.transfers, x.rows, by=(0, 2))
    m.takes_from = Members(f.transfers, x.rows, by=(1, 2))
    m.carried_here = optional(x.carried, x.rows)

    m.transfer_max = Param(m.TRANSFERS, f.transfer_max)
    m.carried_min = Param(m.CARRIED, x.carried_min)
    m.carried_max = Param(m.CARRIED, f.carry_max)
    m.income = Param(m.POOLS, x.income, over=x.rows)
    m.option_cost = effects(o.cost, x.rows)
    m.option_income = effects(o.income, x.rows)
    m.exit_fee = Param(data.contracts.ends, data.contracts.fee)

    m.transfer = Var(m.TRANSFERS, bounds=lambda m, p, q, t: (0.0, m.transfer_max[p, q, t]))
    m.carried = Var(m.CARRIED, bounds=lambda m, b, t: (m.carried_min[b, t], m.carried_max[b, t]))

    m.pool = Constraint(m.POOLS, rule=_pool)


def handed_on(m: Model, b: Pool, t: Year) -> Expression:
    """Transfers out of a pool less transfers into it."""
    out = sum(m.transfer[b, q, t] for q in m.gives_to[b, t])
    return out - sum(m.transfer[p, b, t] for p in m.takes_from[b, t])


def under_contract(m: Model, b: Pool, t: Year) -> Expression:
    """What a pool pays for its contracts, overheads included."""
    paid = sum(m.payment[c, t] for c in m.pays_contracts[b, t])
    return paid + sum(m.overhead[c, t] * led_payment(m, c, t) for c in m.pays_contracts[b, t])


def _carried(m: Model, b: Pool, t: Year) -> Expression:
    """Money a pool carries on: one term, or none."""
    return sum(m.carried[q, s] for q, s in m.carried_here[b, t])


def _pool(m: Model, b: Pool, t: Year) -> Relation:
    care = (
        sum(spend(m, i, t) for i in m.pays_at_cost[b, t])
        + sum(m.paid[i, b, t] for i in m.pays_shares[b, t])
        + under_contract(m, b, t)
        + extra_cost(m, b, t)
    )
    options = effect(m, m.option_cost, b, t) - effect(m, m.option_income, b, t)
    fees = sum(m.exit_fee[c, t] * m.end[c, t] for c in m.pays_to_end[b, t])
    onward = handed_on(m, b, t) + _carried(m, b, t)
    earned = sum(m.income_amount[j, s] * m.earned[j, s] for j, s in m.earns[b, t])
    brought = sum(_carried(m, b, s) for s in m.year_before[t])
    return care + options + fees + onward <= m.income[b, t] + earned + brought
