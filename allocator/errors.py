"""What can go wrong, said so that a planner can mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allocator.words import shown


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with an instance, and where.

    Attributes
    ----------
    table : str
        Table or file the problem is in; ``instance.toml`` for settings.
    line : int or None
        Line of the file (the header is line 1); None when no single line is to blame.
    column : str
        Column or setting; empty when no single one is to blame.
    value : str
        The offending text as written: show it only through :func:`allocator.words.shown`,
        as the other texts of a problem are already.
    message : str
        What is wrong and what is allowed, as a full sentence without the place.
    suggestion : str
        What was probably meant, or how to mend it; empty when nothing is close.
    severity : str
        ``error`` stops the run; ``warning`` is reported and the run goes on.
    """

    table: str
    line: int | None
    column: str
    value: str
    message: str
    suggestion: str = ""
    severity: str = "error"

    def __post_init__(self) -> None:
        for name in ("table", "column", "message", "suggestion"):
            text = getattr(self, name)
            if not text.isprintable():
                object.__setattr__(self, name, shown(text))

    @property
    def place(self) -> str:
        """Where it is: table, line and column as far as known."""
        parts = [self.table]
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.column:
            parts.append(self.column)
        return ", ".join(parts)

    def __str__(self) -> str:
        hint = f" {self.suggestion}" if self.suggestion else ""
        return f"{self.place}: {self.message}{hint}"


class AllocatorError(Exception):
    """Base of every error this package raises on purpose; what it says is safe to show."""

    def __str__(self) -> str:
        return shown(super().__str__())


class InstanceError(AllocatorError):
    """An instance that cannot be used; carries every problem found.

    Parameters
    ----------
    problems : list of Problem
        All problems found in one pass, errors and warnings alike.
    short : Instance, optional
        The instance, where nothing is wrong with it but that money or capacity does not suffice
        for what must be done: :func:`allocator.shortfall` says how much is missing.
    """

    def __init__(self, problems: list[Problem], short: Any = None) -> None:
        self.problems, self.short = problems, short
        errors = [p for p in problems if p.severity == "error"]
        super().__init__("\n".join(str(p) for p in errors))

    def __reduce__(self) -> tuple[type[InstanceError], tuple[list[Problem], Any]]:
        return type(self), (self.problems, self.short)


class UsageError(AllocatorError):
    """A request that cannot be carried out as asked."""


class SolverError(AllocatorError):
    """The solver, or what it was given, cannot be trusted."""


class FiguresError(SolverError):
    """Figures of a round that no solver can hold: the round is at fault, not the solver."""


class UnsoundError(SolverError):
    """A solution that failed its check, by whatever solver: a fault of ours, and no plan.

    Parameters
    ----------
    message : str
    bundle : bytes
        A zip to send us: the round, what was found and what it breaks.
    """

    def __init__(self, message: str, bundle: bytes) -> None:
        super().__init__(message)
        self.message, self.bundle = message, bundle

    def __reduce__(self) -> tuple[type[UnsoundError], tuple[str, bytes]]:
        return type(self), (self.message, self.bundle)


class VerificationError(AllocatorError):
    """A solution that failed its independent check and so is no plan."""
