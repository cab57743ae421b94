"""How many people live in each place."""

from __future__ import annotations

from collections.abc import Iterable

from allocator.arrays import Floats
from allocator.instance.tables.by_year import ByYear


class Heads:
    """People by place and year.

    Parameters
    ----------
    places : ByYear
        The places table.

    Attributes
    ----------
    of : dict of str to ndarray
        People of each place, shape (years,).
    total : ndarray, shape (years,)
        People of all places.
    """

    def __init__(self, places: ByYear) -> None:
        heads = places.values("heads", 0.0)
        self.of: dict[str, Floats] = dict(zip((p for (p,) in places.keys), heads, strict=True))
        self.total: Floats = heads.sum(axis=0)

    def among(self, homes: Iterable[str]) -> Floats:
        """People of some places together; of all places when one of them is blank."""
        named = set(homes)
        if "" in named:
            return self.total
        found: Floats = sum((self.of[p] for p in sorted(named) if p in self.of), 0.0 * self.total)
        return found
