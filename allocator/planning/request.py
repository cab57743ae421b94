"""What a solve is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from allocator.errors import UsageError
from allocator.planning.formulation import Extra
from allocator.tolerances import GAP


@dataclass(frozen=True, kw_only=True, eq=False)
class Request:
    """What a solve is asked for; see :func:`allocator.planning.solve.solve`.

    Raises
    ------
    UsageError
        For an option that makes no sense.
    """

    keep: float | None = None
    evidence: str = "central"
    algorithm: str = "auto"
    threads: int = 1
    time_limit: float | None = None
    gap: float = GAP
    node_limit: int | None = None
    start: Mapping[str, pd.DataFrame] | None = None
    held: Mapping[str, pd.DataFrame] | None = None
    formulation: str = "allocation"
    extra: Extra | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.gap < 1.0:
            raise UsageError(
                f"gap is a share of the outcomes gained, from 0 to below 1, not {self.gap}"
            )
        if self.node_limit is not None and self.node_limit < 1:
            raise UsageError(f"the search needs at least one node, not {self.node_limit}")
        if self.keep is not None and not 0.0 <= self.keep <= 1.0:
            raise UsageError(f"keep is a share of the gain between 0 and 1, not {self.keep}")
