"""The one owner of what follows from the tables: each fact derived once, at first need."""

from __future__ import annotations

from functools import cached_property

from allocator.instance.facts.agreements import Agreements
from allocator.instance.facts.capacity import Capacity
from allocator.instance.facts.choices import Choices
from allocator.instance.facts.decisions import Decisions
from allocator.instance.facts.need import Need
from allocator.instance.facts.pools import Pools
from allocator.instance.facts.propagate import Ranges, propagate
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.selections import Selections


class Facts:
    """What follows from the tables of a draft.

    Parameters
    ----------
    draft : Draft
        A fact may be asked for once the tables it rests on are whole and the years are known.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    @cached_property
    def rank(self) -> dict[str, int]:
        """Position of each programme."""
        return {name: i for i, name in enumerate(self.draft["programmes"]["programme"].tolist())}

    @cached_property
    def selections(self) -> Selections:
        """Members of every selection."""
        return Selections(self.draft["programmes"], self.draft["selections"])

    @cached_property
    def decisions(self) -> Decisions:
        """Options, their runs, and what they can do to each figure."""
        return Decisions(self.draft)

    @cached_property
    def choices(self) -> Choices:
        """Groups of options and what links them."""
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
        return Capacity(self.draft, self.rank, self.decisions)

    @cached_property
    def pools(self) -> Pools:
        """Pools of money, alone and together."""
        return Pools(self.draft, self.agreements, self.decisions)

    @cached_property
    def ranges(self) -> Ranges:
        """Least and most activity each programme can reach in each year."""
        return propagate(self.draft)
