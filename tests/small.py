"""Small rounds written as tables, and programmes written as arrays, for tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import StringIO
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import allocator
from allocator.data import Data, extract
from allocator.instance.instance import Instance, from_tables
from allocator.plan import Plan
from allocator.planning.formulation import build
from allocator.solver.compile.compiler import compile_model
from allocator.solver.program import Block, Program

INF = float("inf")
YEARS = (2025, 2026, 2027)
A = "programme,sector,pool,baseline\na,s,NHS,100"
MONEY = "pool,amount\nNHS,100"
UNJUDGED = patch("allocator.instance.checks.run.run", return_value=([], False))
"""While it holds, rounds are read and no check says anything about them."""


def csv(text: str) -> pd.DataFrame:
    """Table from CSV text whose lines may be indented."""
    lines = "\n".join(line.strip() for line in text.strip().splitlines())
    return pd.read_csv(StringIO(lines), dtype=str, keep_default_na=False)


def round_of(
    programmes: str, *, years: tuple[int, ...] = (2025,), settings: Any = None, **tables: str
) -> Instance:
    """Instance with base year 2024, a big NHS pool and one outcome unless it says otherwise."""
    every = {
        "budgets": "pool,amount\nNHS,1000000",
        "outcomes": "outcome,weight\nQALY,1",
        "responses": "programme,outcome,per_unit",
        **tables,
        "programmes": programmes,
    }
    entries = {"name": "Test", "base_year": 2024, "years": list(years), **(settings or {})}
    return from_tables(entries, {name: csv(text) for name, text in every.items()})


three_years = partial(round_of, years=YEARS)


def unjudged(programmes: str = A, **tables: Any) -> Instance:
    """A round of three years as it is, whatever a check would say."""
    with UNJUDGED:
        return three_years(programmes, **tables)


def as_instance(settings: dict[str, Any], tables: dict[str, list[dict[str, Any]]]) -> Instance:
    """Instance of tables that are lists of rows; those without a row are left out."""
    return from_tables(settings, {k: pd.DataFrame(rows) for k, rows in tables.items() if rows})


def table(header: str, *rows: str) -> str:
    """A table of rows that may leave out cells at their end."""
    width = header.count(",")
    return "\n".join([header, *(row + "," * (width - row.count(",")) for row in rows)])


def table_of(*rows: dict[str, Any]) -> str:
    """A table of a few rows, every column that any of them has."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [",".join(str(row.get(column, "")) for column in columns) for row in rows]
    return "\n".join([",".join(columns), *lines])


def one_row(**cells: Any) -> str:
    """A table of one row."""
    return table_of(cells)


def compiled(instance: Instance, extra: Callable[..., None] | None = None) -> Program:
    """The programme of an instance."""
    return built(instance, extra)[1]


def built(instance: Instance, extra: Callable[..., None] | None = None) -> tuple[Data, Program]:
    """The arrays of an instance and its programme."""
    data, model = build(instance, extra=extra)
    return data, compile_model(model)


_PLANS: dict[tuple[Any, ...], Plan] = {}


def solved(instance: Instance, **options: Any) -> Plan:
    """The plan of an instance, solved once however many tests look at it."""
    asked = instance.sha256, *sorted(options.items())
    if asked not in _PLANS:
        _PLANS[asked] = allocator.solve(instance, **options)
    return _PLANS[asked]


def row(program: Program, name: str) -> tuple[dict[str, float], float, float]:
    """Coefficients of a row by column name, and its sides; a row with one side is put as <=."""
    at = program.row_names().index(name)
    part = program.matrix[[at]].tocoo()
    columns = program.column_names()
    low, high = float(program.row_lower[at]), float(program.row_upper[at])
    sign = 1.0
    if high == INF:
        sign, low, high = -1.0, -high, 0.0 - low
    terms = {columns[j]: sign * float(v) for j, v in zip(part.coords[1], part.data, strict=True)}
    return terms, low, high


def reach(instance: Instance, programme: str, year: int) -> tuple[float, float]:
    """Range that limits, money, need and capacity leave a programme."""
    data = extract(instance)
    at = data.programme.position[programme], data.year.position[year]
    return float(data.activity.lo[at]), float(data.activity.hi[at])


def reachable(instance: Instance) -> dict[str, dict[tuple[str, int], float]]:
    """Range of activity (lo, hi) and of drivers (driver_lo, driver_hi), by programme and year.

    The driver of a programme's curves is its activity, or its met need where it has demand.
    """
    ranges, years = instance.facts.ranges, instance.settings.years
    cells = [(name, year) for name in instance.programmes["programme"] for year in years]
    return {
        side: dict(zip(cells, getattr(ranges, side).ravel().tolist(), strict=True))
        for side in ("lo", "hi", "driver_lo", "driver_hi")
    }


def spans(instance: Instance, programme: str) -> list[Any]:
    """Least and most activity of a programme by year, in a round where nothing collides."""
    ranges = instance.facts.ranges
    assert ranges.collisions == []
    assert ranges.shortages == []
    i = instance.programmes["programme"].tolist().index(programme)
    return [pytest.approx(pair) for pair in zip(ranges.lo[i], ranges.hi[i], strict=True)]


def rows_of(program: Program, component: str) -> list[str]:
    """Names of the rows of one constraint."""
    return [n for n in program.row_names() if n.split("[")[0] == component]


def bounds(program: Program, name: str) -> tuple[float, float]:
    """Bounds of a column."""
    at = program.column_names().index(name)
    return float(program.col_lower[at]), float(program.col_upper[at])


def cost(program: Program) -> dict[str, float]:
    """Objective coefficients that are not 0, by column name."""
    names = program.column_names()
    return {names[j]: float(program.cost[j]) for j in np.flatnonzero(program.cost)}


def arrays(
    matrix: Any,
    row_lower: Any,
    row_upper: Any,
    col_lower: Any,
    col_upper: Any,
    costs: Any,
    *,
    maximise: bool = True,
    integer: Any = None,
    offset: float = 0.0,
) -> Program:
    """Programme from plain lists, with rows r[0], r[1] ... and columns x[0], x[1] ..."""
    n = len(costs)
    a = sparse.csr_array(np.asarray(matrix, dtype=float).reshape(len(row_lower), n))
    m = a.shape[0]
    return Program(
        maximise,
        np.array(costs, dtype=float),
        offset,
        a,
        np.array(row_lower, dtype=float),
        np.array(row_upper, dtype=float),
        np.array(col_lower, dtype=float),
        np.array(col_upper, dtype=float),
        np.zeros(n, bool) if integer is None else np.array(integer, dtype=bool),
        (Block("x", 0, n, None, tuple(range(n))),),
        (Block("r", 0, m, None, tuple(range(m))),),
    )


def production(**changes: Any) -> Program:
    """Maximise 3 a + 2 b with a + b <= 4 and a + 3 b <= 6: a 4, b 0, worth 12, price 3 and 0."""
    program = arrays([[1, 1], [1, 3]], [-INF, -INF], [4, 6], [0, 0], [10, 10], [3, 2])
    return program.replaced(**changes)
