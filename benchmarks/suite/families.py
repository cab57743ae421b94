"""All families of the suite."""

from __future__ import annotations

from benchmarks.suite import families_allocator, families_grid, families_lp, families_planted, families_years
from benchmarks.suite.families_base import Family

FAMILIES: dict[str, Family] = {
    one.name: one
    for module in (families_lp, families_years, families_grid, families_planted, families_allocator)
    for one in module.FAMILIES
}
