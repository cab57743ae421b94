"""How much activity a block contract covers."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Model, Param, Set
from allocator_models.ended import follows_ended
from allocator_models.endings import off
from allocator_models.indices import Contract, Relation, Year
from allocator_models.payments import value


def declare(m: Model, data: Data) -> None:
    """Ceilings of block contracts.

    Constraints (money)
        block_ceiling[c, t]: sum_i tariff activity <= ceiling, where the contract holds

    A fixed payment is agreed for so much activity and no more.
    """
    m.CEILINGS = Set(data.paid.ceilings)
    m.ceiling = Param(m.CEILINGS, data.contracts.ceiling, over=data.contracts.rows)

    m.block_ceiling = Constraint(m.CEILINGS, rule=_block_ceiling)


def _block_ceiling(m: Model, c: Contract, t: Year) -> Relation:
    covered = value(m, c, t) - follows_ended(m, c, t)
    return covered <= m.ceiling[c, t] * (1.0 - off(m, c, t))
