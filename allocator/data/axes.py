"""Labels of everything that arrays are about."""

from __future__ import annotations

from dataclasses import dataclass

from allocator.data.index import Axis
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Axes:
    """Labels of the coordinates that several families share.

    Attributes
    ----------
    programme, outcome : Axis
        In the order of their tables.
    year : Axis
        Plan years.
    pool : Axis
        Pools with a budget.
    contract : Axis
        Contracts that replace cost by a payment in some year.
    provider : Axis
        Providers of programmes, contracts and the providers table.
    """

    programme: Axis
    year: Axis
    pool: Axis
    outcome: Axis
    contract: Axis
    provider: Axis


def read_axes(instance: Instance) -> Axes:
    """Read the labels of an instance."""
    rows, agreements = instance.rows, instance.facts.agreements
    programmes = rows["programmes"]
    paid = [*rows["contracts"]["lead"].tolist(), *programmes["provider"].tolist()]
    providers = [*rows["providers"]["provider"].tolist(), *(name for name in paid if name)]
    contracts = [agreements.names[c] for c in agreements.in_force[0].tolist()]
    return Axes(
        Axis("programme", tuple(programmes["programme"].tolist())),
        Axis("year", instance.settings.years),
        Axis("pool", tuple(instance.facts.budgets.names)),
        Axis("outcome", tuple(rows["outcomes"]["outcome"].tolist())),
        Axis("contract", tuple(dict.fromkeys(contracts))),
        Axis("provider", tuple(dict.fromkeys(providers))),
    )
