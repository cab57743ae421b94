"""How much is missing in a round that was refused for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import allocator
from allocator.cli.output import working
from allocator.errors import AllocatorError, InstanceError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from allocator.plan import Shortfall


class Short:
    """The least that is missing, where a round was refused for nothing else.

    Parameters
    ----------
    error : InstanceError or None
        What refused it.
    """

    def __init__(self, error: InstanceError | None) -> None:
        self._instance: Any = None if error is None else error.short
        self.ways: tuple[Shortfall, ...] = ()
        if self._instance is not None:
            with working("Finding how much is missing"):
                self.ways = self._find()

    def _find(self) -> tuple[Shortfall, ...]:
        chosen = self._instance.settings.evidence or "central"
        try:
            return allocator.shortfall(self._instance, evidence=chosen)
        except AllocatorError:  # the refusal stands without it
            return ()

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        if self._instance is None:
            return {}
        return {"shortfall": [record for way in self.ways for record in way.to_dicts()]}

    def told(self, *, every: bool = False) -> list[RenderableType]:
        """As people read it; nothing where nothing was found."""
        from allocator.report.text.infeasible import what_is_missing

        if not self.ways:
            return []
        return list(what_is_missing(self.ways, self._instance.settings, every=every))
