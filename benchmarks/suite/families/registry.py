"""All families of the suite, by name.

A size has the same meaning in every family: XS below some 1e4 nonzeros and made in under a
second, S about 1e4, M 1e5, L 1e6, XL 1e7; for a sweep it counts all systems together. Rounds
with decisions stop at M or L, where checking their tables takes longer than solving. The
families drawn here (all but those of the product's own tables) have the same hash on every
machine; the others change when the product's formulation does.
"""

from __future__ import annotations

from benchmarks.suite.families import allocator, grid, lp, planted, published, sweep, years
from benchmarks.suite.families.base import Family

__all__ = ["FAMILIES", "Family"]

FAMILIES: dict[str, Family] = {
    one.name: one
    for module in (lp, years, grid, allocator, sweep, planted, published)
    for one in module.FAMILIES
}
"""Families by name."""
