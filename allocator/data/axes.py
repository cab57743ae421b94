"""Labels of everything that arrays are about."""

from __future__ import annotations

from allocator.data.index import Axis
from allocator.instance.instance import Instance


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
        Providers of programmes, contracts, options and the providers table.
    """

    def __init__(self, instance: Instance) -> None:
        rows, agreements = instance.rows, instance.facts.agreements
        programmes = rows["programmes"]
        named = (rows["contracts"]["lead"], programmes["provider"], rows["options"]["provider"])
        paid = [name for column in named for name in column.tolist()]
        providers = [*rows["providers"]["provider"].tolist(), *(name for name in paid if name)]
        contracts = [agreements.names[c] for c in agreements.in_force[0].tolist()]
        self.programme = Axis("programme", tuple(programmes["programme"].tolist()))
        self.year = Axis("year", instance.settings.years)
        self.pool = Axis("pool", tuple(instance.facts.budgets.names))
        self.outcome = Axis("outcome", tuple(rows["outcomes"]["outcome"].tolist()))
        self.contract = Axis("contract", tuple(dict.fromkeys(contracts)))
        self.provider = Axis("provider", tuple(dict.fromkeys(providers)))
