"""Capital: money for buildings and equipment, kept apart."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set
from allocator_models.indices import Pool, Relation, Year
from allocator_models.options import effect, effects
from allocator_models.spend import spend


def declare(m: Model, data: Data) -> None:
    """Keep every pool within its capital.

    Constraints (money)
        capital_pool[b, t]: programmes paid from capital + capital of options
                            <= capital received

    Capital may not run services, nor be handed or carried on.
    """
    x = data.pools
    m.CAPITAL = Set(x.capital)
    m.pays_capital = Members(x.at_cost_capital, x.capital)

    m.capital_income = Param(m.CAPITAL, data.money.capital)
    m.option_capital = effects(data.options.capital, x.capital)

    m.capital_pool = Constraint(m.CAPITAL, rule=_capital_pool)


def _capital_pool(m: Model, b: Pool, t: Year) -> Relation:
    built = sum(spend(m, i, t) for i in m.pays_capital[b, t]) + effect(m, m.option_capital, b, t)
    return built <= m.capital_income[b, t]
