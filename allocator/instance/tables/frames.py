"""Tables as pandas frames, for those who ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from allocator.instance.tables.rows import Rows

if TYPE_CHECKING:
    import pandas as pd


class Frames(Mapping[str, "pd.DataFrame"]):
    """Tables by name, each made into a frame when it is first asked for.

    Attributes
    ----------
    rows : dict of str to Rows
        What they are made from.
    """

    def __init__(self, rows: Mapping[str, Rows]) -> None:
        self.rows = dict(rows)
        self._made: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._made:
            self._made[name] = self.rows[name].frame()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __reduce__(self) -> tuple[type[Frames], tuple[dict[str, Rows]]]:
        """Copies and other processes get the rows, and make frames of their own."""
        return Frames, (self.rows,)
