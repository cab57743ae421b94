"""Facts that rest on the tables alone, and how every fact is derived once and remembered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar, overload

from allocator.arrays import Flags
from allocator.instance.facts.groups import Group, groups_of, payers_of
from allocator.instance.facts.held import Held
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import Rows, among
from allocator.instance.tables.selections import Selections

T = TypeVar("T")


class fact(Generic[T]):  # noqa: N801 (it is used as a decorator, like property)
    """Property that is derived at first need and kept while the rows it was read from stay."""

    def __init__(self, derive: Callable[[Any], T]) -> None:
        self._derive = derive
        self.__doc__ = derive.__doc__
        self._name = derive.__name__

    @overload
    def __get__(self, facts: None, owner: type) -> Self: ...
    @overload
    def __get__(self, facts: Timeless, owner: type) -> T: ...
    def __get__(self, facts: Timeless | None, owner: type) -> Self | T:
        if facts is None:
            return self
        found: T = facts.once(self._name, lambda: self._derive(facts))
        return found


@dataclass(frozen=True)
class _Known:
    """A fact and the rows it rests on, by table."""

    value: Any
    rests_on: dict[str, Rows]


class Timeless:
    """What follows from the tables of an instance, whatever its plan years.

    A fact stands on the rows it was derived from: once some of them are set aside, or
    replaced, it is derived again at the next need.

    Parameters
    ----------
    draft : Draft
        A fact may be asked for once the rows it rests on are final.

    Attributes
    ----------
    derived : Counter
        How often each fact has been derived.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.derived: Counter[str] = Counter()
        self._known: dict[str, _Known] = {}
        self._reading: list[dict[str, Rows]] = []

    def __getitem__(self, table: str) -> Rows:
        rows = self.draft[table]
        if self._reading:
            self._reading[-1][table] = rows
        return rows

    def once(self, name: str, derive: Callable[[], Any]) -> Any:
        """A fact as it is known, derived where it is not."""
        known = self._known.get(name)
        if known is None or not self._stands(known):
            self._reading.append({})
            try:
                value = derive()
            finally:
                rests_on = self._reading.pop()
            known = self._known[name] = _Known(value, rests_on)
            self.derived[name] += 1
        if self._reading:
            self._reading[-1].update(known.rests_on)
        return known.value

    def _stands(self, known: _Known) -> bool:
        return all(self.draft[name] is rows for name, rows in known.rests_on.items())

    def inherit(self, other: Timeless) -> None:
        """Know what another knew, as far as it stands on the same rows."""
        self._known = dict(other._known)

    def drop(self, table: str, keep: Flags) -> None:
        """Set rows aside that a check has refused."""
        self.draft.drop(table, keep)

    @fact
    def rank(self) -> dict[str, int]:
        """Position of each programme."""
        return {name: i for i, name in enumerate(self["programmes"]["programme"].tolist())}

    @fact
    def selections(self) -> Selections:
        """Members of every selection."""
        return Selections(self["programmes"], self["selections"])

    @fact
    def held(self) -> Held:
        """Programmes that nothing values, and those kept at the reference plan."""
        return Held(
            self["programmes"],
            responses=self["responses"],
            demand=self["demand"],
            effects=self["effects"],
            option_effects=self["option_effects"],
        )

    @fact
    def groups(self) -> dict[str, Group]:
        """Groups of options by name."""
        return groups_of(self["options"])

    @fact
    def payers(self) -> list[str]:
        """Pool that pays for each option; blank where unknown."""
        return payers_of(self["options"], self["programmes"])

    @fact
    def buyers(self) -> dict[str, Flags]:
        """Programmes that change each outcome: by a response, by harm, or by an option."""
        pairs = [
            *self["responses"].tuples(("programme", "outcome")),
            *self["demand"].tuples(("programme", "harm_outcome")),
            *self["option_effects"].tuples(("target", "outcome")),
        ]
        found: dict[str, list[str]] = {}
        for programme, outcome in pairs:
            found.setdefault(outcome, []).append(programme)
        names = self["programmes"]["programme"]
        return {outcome: among(names, buyers) for outcome, buyers in found.items()}
