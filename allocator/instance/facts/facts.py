"""The one owner of what follows from the tables: each fact derived once, at first need."""

from __future__ import annotations

from functools import cached_property

from allocator.instance.facts.agreements import Agreements
from allocator.instance.facts.budgets import Adjustments, Budgets, Conditional, Funding
from allocator.instance.facts.capacity import Capacity
from allocator.instance.facts.choices import Choices
from allocator.instance.facts.decisions import Decisions
from allocator.instance.facts.groups import Group, groups_of, payers_of
from allocator.instance.facts.heads import Heads
from allocator.instance.facts.held import Held
from allocator.instance.facts.kernel import Effects
from allocator.instance.facts.limits import Limits
from allocator.instance.facts.need import Need
from allocator.instance.facts.pools import Pools
from allocator.instance.facts.prices import Prices
from allocator.instance.facts.propagate import Ranges, propagate
from allocator.instance.facts.runs import Runs
from allocator.instance.tables.by_year import ByYear, by_year
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import Rows
from allocator.instance.tables.selections import Selections
from allocator.instance.tables.settings import Settings


class Facts:
    """What follows from the tables of a draft.

    Programmes, pools, contracts, options and years are positions everywhere: those of the
    programmes and the options table, of :attr:`budgets`, of :attr:`agreements`, of the plan.

    Parameters
    ----------
    draft : Draft
        A fact may be asked for once the tables it rests on are whole and the years are known.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._by_year: dict[str, ByYear] = {}

    def __getitem__(self, table: str) -> Rows:
        return self.draft[table]

    @property
    def settings(self) -> Settings:
        """The round."""
        assert self.draft.settings is not None
        return self.draft.settings

    @property
    def years(self) -> tuple[int, ...]:
        """Plan years."""
        return self.draft.years

    def by_year(self, table: str) -> ByYear:
        """The row of a table in force by key and plan year."""
        if table not in self._by_year:
            self._by_year[table] = by_year(self.draft[table], self.years)
        return self._by_year[table]

    @cached_property
    def rank(self) -> dict[str, int]:
        """Position of each programme."""
        return {name: i for i, name in enumerate(self.draft["programmes"]["programme"].tolist())}

    @cached_property
    def selections(self) -> Selections:
        """Members of every selection."""
        return Selections(self.draft["programmes"], self.draft["selections"])

    @cached_property
    def held(self) -> Held:
        """Programmes that nothing values, and those kept at the reference plan."""
        return Held(self.draft)

    @cached_property
    def prices(self) -> Prices:
        """Unit costs and tariffs by year, and the growth of prices."""
        return Prices(self.draft["programmes"], self.settings)

    @cached_property
    def heads(self) -> Heads:
        """People by place and year."""
        return Heads(self.by_year("places"))

    @cached_property
    def limits(self) -> Limits:
        """Limits of activity by programme and year."""
        return Limits(self.draft["programmes"], self.by_year("limits"), self.rank)

    @cached_property
    def effects(self) -> Effects:
        """Effects between programmes."""
        return Effects(self.draft["effects"], self.rank, len(self.years))

    @cached_property
    def budgets(self) -> Budgets:
        """Pools and their money by year."""
        tables = self.by_year("budgets"), self.by_year("transfers")
        return Budgets(*tables, self.draft["programmes"])

    @cached_property
    def funding(self) -> Funding:
        """Shares of programmes paid from several pools."""
        return Funding(self.by_year("funding"), self.rank, self.budgets.place)

    @cached_property
    def adjustments(self) -> Adjustments:
        """Net money that adjustments take from pools."""
        table, programmes = self.by_year("adjustments"), self.draft["programmes"]
        return Adjustments(table, programmes, self.selections, self.budgets)

    @cached_property
    def conditional(self) -> Conditional:
        """Money received only if a threshold is met, and what is held back for it."""
        return Conditional(self.by_year("incomes"), self.budgets, self.heads)

    @cached_property
    def runs(self) -> Runs:
        """Every way each option can be taken."""
        return Runs(self.draft["options"], self.settings)

    @cached_property
    def groups(self) -> dict[str, Group]:
        """Groups of options by name."""
        return groups_of(self.draft["options"])

    @cached_property
    def payers(self) -> list[str]:
        """Pool that pays for each option; blank for none."""
        return payers_of(self.draft["options"], self.draft["programmes"])

    @cached_property
    def decisions(self) -> Decisions:
        """What options can do to each figure."""
        return Decisions(self.draft)

    @cached_property
    def choices(self) -> Choices:
        """Options, what links them, and which may be taken together."""
        return Choices(self.draft)

    @cached_property
    def agreements(self) -> Agreements:
        """Contracts in force and what they pay."""
        return Agreements(self.draft, self.decisions)

    @cached_property
    def need(self) -> Need:
        """Need that arrives, and what of it can be avoided."""
        return Need(self.draft, self.rank, self.decisions)

    @cached_property
    def capacity(self) -> Capacity:
        """Capacity of resources and who shares it."""
        return Capacity(self.draft, self.rank, self.decisions, self.prices)

    @cached_property
    def pools(self) -> Pools:
        """Pools of money, alone and together."""
        return Pools(self.draft, self.agreements, self.decisions)

    @cached_property
    def ranges(self) -> Ranges:
        """Least and most activity each programme can reach in each year."""
        return propagate(self.draft)
