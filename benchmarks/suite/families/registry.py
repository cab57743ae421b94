"""All families of the suite, by name.

A size has the same meaning in every family: XS below some 1e4 nonzeros and made in under a
second, S about 1e4, M 1e5, L 1e6, XL 1e7; for a sweep it counts all systems together. Rounds
with decisions stop at M or L, where checking their tables takes longer than solving. The
families drawn here (all but those of the product's own tables) have the same hash on every
machine; the others change when the product's formulation does.
"""

from __future__ import annotations

from benchmarks.suite.families import (
    allocator,
    decisions,
    grid,
    lp,
    planted,
    published,
    real,
    sweep,
    years,
)
from benchmarks.suite.families.base import Family

FAMILIES: dict[str, Family] = {
    one.name: one
    for part in (lp, years, grid, allocator, decisions, real, sweep, planted, published)
    for one in part.FAMILIES
}
"""Families by name."""
