"""How facts are derived: once, at first need, and again only when what they rest on changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar, overload

from allocator.arrays import Flags, Values
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import Rows

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
    def __get__(self, facts: Deriving, owner: type) -> T: ...
    def __get__(self, facts: Deriving | None, owner: type) -> Self | T:
        if facts is None:
            return self
        found: T = facts.once(self._name, lambda: self._derive(facts))
        return found


@dataclass
class _Known:
    """A fact, and what it was derived from.

    Attributes
    ----------
    value : object
        The fact.
    tables : dict of (str, str) to object
        Columns by table and name; whole tables under a blank column.
    facts : dict of str to object
        Other facts by name.
    """

    value: Any = None
    tables: dict[tuple[str, str], Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


class Deriving:
    """Derives facts of a draft, each once.

    A fact stands on what it was derived from: once some of those rows are set aside, or
    replaced by others, it is derived again at the next need.

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
        self._deriving: list[_Known] = [_Known()]
        self._standing: set[str] = set()
        self._tables: list[Rows] = []

    def __getitem__(self, table: str) -> Rows:
        rows = self._deriving[-1].tables[table, ""] = self.draft[table]
        return rows

    def columns(self, table: str, *names: str) -> list[Values]:
        """Some columns of a table: what rests on them stands while only others change."""
        found = {(table, name): self.draft[table][name] for name in names}
        self._deriving[-1].tables.update(found)
        return list(found.values())

    def once(self, name: str, derive: Callable[[], Any]) -> Any:
        """A fact as it is known, derived where it is not."""
        self._notice_changes()
        known = self._known.get(name)
        if known is None or not (name in self._standing or self._stands(known)):
            self._known[name] = known = self._derived(derive, known)
            self.derived[name] += 1
        self._standing.add(name)
        self._deriving[-1].facts[name] = known.value
        return known.value

    def named(self, name: str) -> Any:
        """A fact by its name."""
        return getattr(self, name)

    def _derived(self, derive: Callable[[], Any], before: _Known | None) -> _Known:
        known = _Known()
        self._deriving.append(known)
        try:
            known.value = derive()
        finally:
            self._deriving.pop()
        if before and isinstance(before.value, frozenset) and known.value == before.value:
            known.value = before.value  # so that what rests on it stands
        return known

    def _notice_changes(self) -> None:
        tables = list(self.draft.tables.values())
        if tables != self._tables:
            self._standing.clear()
            self._tables = tables

    def _stands(self, known: _Known) -> bool:
        return all(
            (self.draft[table][column] if column else self.draft[table]) is found
            for (table, column), found in known.tables.items()
        ) and all(self.named(name) is found for name, found in known.facts.items())

    def inherit(self, other: Deriving) -> None:
        """Know what another knew, as far as it stands on the same rows."""
        self._known = dict(other._known)

    def drop(self, table: str, keep: Flags) -> None:
        """Set rows aside that a check has refused."""
        self.draft.drop(table, keep)
