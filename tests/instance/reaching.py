"""Small rounds of three years, and what their programmes can reach."""

from __future__ import annotations

from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from small import round_of

from allocator.instance.instance import Instance

YEARS = (2025, 2026, 2027)
UNJUDGED = patch("allocator.instance.checks.run.run", return_value=[])
"""While it holds, rounds are read and no check says anything about them."""

A = "programme,sector,pool,baseline\na,s,NHS,100"
MONEY = "pool,amount\nNHS,100"

three_years = partial(round_of, years=YEARS)


def unjudged(programmes: str = A, **tables: Any) -> Instance:
    """A round of three years as it is, whatever a check would say."""
    with UNJUDGED:
        return three_years(programmes, **tables)


def table(header: str, *rows: str) -> str:
    """A table of rows that may leave out cells at their end."""
    width = header.count(",")
    return "\n".join([header, *(row + "," * (width - row.count(",")) for row in rows)])


def one_row(**cells: Any) -> str:
    """A table of one row."""
    return f"{','.join(cells)}\n{','.join(map(str, cells.values()))}"


def bounds(instance: Instance, programme: str) -> list[Any]:
    """Least and most activity of a programme by year, in a round where nothing collides."""
    ranges = instance.facts.ranges
    assert ranges.collisions == []
    assert ranges.shortages == []
    i = instance.programmes["programme"].tolist().index(programme)
    return [pytest.approx(pair) for pair in zip(ranges.lo[i], ranges.hi[i], strict=True)]
