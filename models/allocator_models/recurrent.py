"""Recurrent balance: what is spent every year stays within what comes every year."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set
from allocator_models.indices import Pool, Relation, Year
from allocator_models.options import effect, effects
from allocator_models.passing import passing_cost
from allocator_models.pools import handed_on, under_contract
from allocator_models.spend import spend


def declare(m: Model, data: Data) -> None:
    """Balance what comes every year.

    Constraints (money)
        recurrent_pool[b, t]: what is spent every year + transfers out
                              <= what comes every year + transfers in

    A body may not spend once what it must find again every year. One-off programmes, extra
    capacity and carried money are not part of it; a one-off programme under a contract is
    while the contract holds.
    """
    x, o = data.pools, data.options
    m.RECURRENT = Set(x.recurrent)
    m.pays_every_year = Members(x.at_cost_recurrent, x.rows)
    m.shares_every_year = Members(x.shared_recurrent, x.rows, by=(1, 2))

    m.recurrent_income = Param(m.RECURRENT, x.recurrent_income)
    m.option_lasting = effects(o.lasting, x.rows)

    m.recurrent_pool = Constraint(m.RECURRENT, rule=_recurrent_pool)


def _recurrent_pool(m: Model, b: Pool, t: Year) -> Relation:
    care = (
        sum(spend(m, i, t) for i in m.pays_every_year[b, t])
        + sum(m.paid[i, b, t] for i in m.shares_every_year[b, t])
        + under_contract(m, b, t)
        - passing_cost(m, b, t)
    )
    options = effect(m, m.option_lasting, b, t) - effect(m, m.option_income, b, t)
    return care + options + handed_on(m, b, t) <= m.recurrent_income[b, t]
