"""Arguments of what a person calls: one that is not known is named, with what was meant."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from allocator.errors import UsageError
from allocator.words import Suggester, listed, sentence

P = ParamSpec("P")
T = TypeVar("T")


def told(function: Callable[P, T]) -> Callable[P, T]:
    """The same function, which says what its arguments are when it is given another.

    Raises
    ------
    UsageError
        By the function, for an argument of a name that it has not.
    """
    parameters = inspect.signature(function).parameters.values()
    known = [p.name for p in parameters]
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return function
    suggest = Suggester(known)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        for name in kwargs:
            if name not in known:
                hint = suggest(name)
                said = sentence(f"{function.__name__} has no argument {name!r}", hint)
                raise UsageError(f"{said} {hint or f'It takes {listed(known)}.'}")
        return function(*args, **kwargs)

    return call
