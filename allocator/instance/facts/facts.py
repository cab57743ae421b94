"""The one owner of what follows from an instance: each fact derived once, at first need."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from allocator.instance.facts.agreements import Agreements
from allocator.instance.facts.budgets import Adjustments, Budgets, Conditional, Funding
from allocator.instance.facts.capacity import Capacity
from allocator.instance.facts.choices import Choices
from allocator.instance.facts.commitments import Commitments
from allocator.instance.facts.costs import LeastCosts
from allocator.instance.facts.decisions import Decisions
from allocator.instance.facts.deriving import fact
from allocator.instance.facts.heads import Heads
from allocator.instance.facts.kernel import Effects
from allocator.instance.facts.limits import Limits
from allocator.instance.facts.need import Demand, Need
from allocator.instance.facts.pools import Pools
from allocator.instance.facts.prices import Prices
from allocator.instance.facts.propagate import Bounding, propagate
from allocator.instance.facts.purses import Purses
from allocator.instance.facts.ranges import Ranges
from allocator.instance.facts.runs import Runs
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.by_year import ByYear, by_year
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.settings import Settings

_BY_YEAR = " by year"


class Facts(Timeless):
    """What follows from the tables of an instance and its plan years.

    Programmes, options, pools, contracts and years are positions everywhere: those of the
    programmes and the options table, of :attr:`budgets`, of :attr:`agreements`, of the plan.

    Parameters
    ----------
    draft : Draft
        A fact may be asked for once the rows it rests on are final and whole.
    """

    @property
    def settings(self) -> Settings:
        """The round."""
        return self.draft.settings

    @property
    def years(self) -> tuple[int, ...]:
        """Plan years."""
        return self.draft.years

    def revised(self, draft: Draft) -> Timeless:
        """Facts of a changed draft; what rests on no change of it stays known."""
        found = facts_of(draft)
        # Nothing that follows from the tables depends on which evidence they show.
        if replace(draft.settings, evidence=self.settings.evidence) == self.settings:
            found.inherit(self)
        return found

    def by_year(self, table: str) -> ByYear:
        """The row of a table in force, by key and plan year."""
        found: ByYear = self.once(table + _BY_YEAR, lambda: by_year(self[table], self.years))
        return found

    def named(self, name: str) -> Any:
        """A fact by its name."""
        if name.endswith(_BY_YEAR):
            return self.by_year(name.removesuffix(_BY_YEAR))
        return super().named(name)

    @fact
    def prices(self) -> Prices:
        """Unit costs and tariffs by year, and the growth of prices."""
        return Prices(self["programmes"], self.settings)

    @fact
    def heads(self) -> Heads:
        """People by place and year."""
        return Heads(self.by_year("places"))

    @fact
    def limits(self) -> Limits:
        """Limits of activity by programme and year."""
        return Limits(self["programmes"], self.by_year("limits"), self.rank)

    @fact
    def effects(self) -> Effects:
        """Effects between programmes."""
        return Effects(self["effects"], self.rank, len(self.years))

    @fact
    def demand(self) -> Demand:
        """Need by programme and year."""
        return Demand(self.by_year("demand"), self["programmes"], self.rank)

    @fact
    def budgets(self) -> Budgets:
        """Pools and their money by year."""
        return Budgets(self.by_year("budgets"), self.by_year("transfers"), self["programmes"])

    @fact
    def funding(self) -> Funding:
        """Shares of programmes paid from several pools."""
        return Funding(self.by_year("funding"), self.rank, self.budgets.place)

    @fact
    def adjustments(self) -> Adjustments:
        """Net money that adjustments take from pools."""
        table = self.by_year("adjustments")
        return Adjustments(table, self.base_spend, self.selections, self.budgets)

    @fact
    def conditional(self) -> Conditional:
        """Money received only if a threshold is met, and what is held back for it."""
        return Conditional(self.by_year("incomes"), self.budgets, self.heads)

    @fact
    def agreements(self) -> Agreements:
        """Contracts in force and what they pay."""
        return Agreements(self.by_year("contracts"), self["programmes"], self.prices, self.heads)

    @fact
    def runs(self) -> Runs:
        """Every way each option can be taken."""
        return Runs(self["options"], self.settings)

    @fact
    def choices(self) -> Choices:
        """What links options, and which may be taken together."""
        return Choices(self["options"], self["option_links"], self.groups, self.runs)

    @fact
    def decisions(self) -> Decisions:
        """What options can do to each figure."""
        return Decisions(
            self["options"],
            self["option_effects"],
            groups=self.groups,
            runs=self.runs,
            payers=self.payers,
            index=self.prices.index,
        )

    @fact
    def need(self) -> Need:
        """Need that can arrive, and what of it can be avoided."""
        return Need(self.demand, self.effects, self["programmes"]["baseline"], self.decisions)

    @fact
    def capacity(self) -> Capacity:
        """Capacity of resources and who shares it."""
        return Capacity(
            self.by_year("capacity"),
            self["resources"],
            self["use"],
            self["programmes"],
            rank=self.rank,
            decisions=self.decisions,
            index=self.prices.index,
        )

    @fact
    def least_costs(self) -> LeastCosts:
        """The least that activity can cost."""
        return LeastCosts(self["programmes"], self.rank, self.prices, self.decisions)

    @fact
    def commitments(self) -> Commitments:
        """What contracts can cost their pools."""
        (names,) = self.columns("programmes", "programme")
        return Commitments(self.agreements, self.decisions, names.tolist(), self.losses)

    @fact
    def purses(self) -> Purses:
        """Pools of money, alone and together, and what they must pay for."""
        return Purses(
            self["programmes"],
            self.by_year("budgets"),
            money=self.budgets,
            funding=self.funding,
            adjustments=self.adjustments,
            conditional=self.conditional,
            agreements=self.agreements,
            decisions=self.decisions,
            recurrent_balance=self.settings.recurrent_balance,
        )

    @fact
    def pools(self) -> Pools:
        """The most money that can reach each pool, against the least it must pay for."""
        return self.pools_of(self.purses, self.least_costs, self.agreements, self.commitments)

    def pools_of(
        self, purses: Purses, costs: LeastCosts, agreements: Agreements, commitments: Commitments
    ) -> Pools:
        """The same for other purses and contracts."""
        return Pools(self["programmes"], purses, costs, agreements, commitments)

    @fact
    def ranges(self) -> Ranges:
        """Least and most activity each programme can reach in each year."""
        return propagate(self.bounding())

    def bounding(self) -> Bounding:
        """All that bounds activity."""
        return Bounding(
            programmes=self["programmes"],
            limits=self["limits"],
            levels=self.limits,
            decisions=self.decisions,
            need=self.need,
            capacity=self.capacity,
            agreements=self.agreements,
            commitments=self.commitments,
            pools=self.pools,
        )


def facts_of(draft: Draft) -> Timeless:
    """Facts of a draft: all of them once its plan years are known."""
    return Facts(draft) if draft.years else Timeless(draft)
