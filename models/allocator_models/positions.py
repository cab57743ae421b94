"""Where contracts leave the providers whose deficit is limited."""

from __future__ import annotations

from allocator.data import Data
from allocator_models.arrays import Constraint, Members, Model, Param, Set
from allocator_models.ended import led_payment
from allocator_models.indices import Provider, Relation, Year
from allocator_models.payments import contract_cost


def declare(m: Model, data: Data) -> None:
    """Provider positions.

    Constraints (money)
        position[p, t]: sum of payments + overheads + other income - cost >= -deficit_max

    over the contracts a provider holds, and the overheads of those it leads. A payment below
    cost is a saving to a pool and a deficit to somebody else.
    """
    p, x = data.providers, data.positions
    m.LIMITED = Set(x.rows)
    m.holds = Members(x.holds, x.rows)
    m.leads = Members(x.leads, x.rows)

    m.deficit_max = Param(m.LIMITED, p.deficit_max, over=p.rows)
    m.other_income = Param(m.LIMITED, p.other, over=p.rows)

    m.position = Constraint(m.LIMITED, rule=_position)


def _position(m: Model, p: Provider, t: Year) -> Relation:
    paid = sum(m.payment[c, t] for c in m.holds[p, t])
    led = sum(m.overhead[c, t] * led_payment(m, c, t) for c in m.leads[p, t])
    cost = sum(contract_cost(m, c, t) for c in m.holds[p, t])
    return paid + led + m.other_income[p, t] - cost >= -m.deficit_max[p, t]
