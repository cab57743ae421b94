"""Properties that stand whatever the cut of the curves: made once, shared by every cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Self, TypeVar, overload

from allocator.data.stated import Stated

T = TypeVar("T")


class standing(Generic[T]):  # noqa: N801 (it is used as a decorator, like property)
    """Property made at first need from what no cut changes, and kept beside it."""

    def __init__(self, make: Callable[[Stated], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, data: None, owner: type) -> Self: ...
    @overload
    def __get__(self, data: Stated, owner: type) -> T: ...
    def __get__(self, data: Stated | None, owner: type) -> Self | T:
        if data is None:
            return self
        made = data.standing
        if self._name not in made:
            made[self._name] = self._make(data)
        found: T = made[self._name]
        return found
