"""Small rounds for the tests of the independent check, written as the tables a planner would."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pandas as pd

from allocator.evaluate import Evaluation, evaluate
from allocator.instance.instance import Instance
from allocator.instance.reading.reader import from_tables


def csv(text: str) -> pd.DataFrame:
    """Table from CSV text whose lines may be indented."""
    lines = "\n".join(line.strip() for line in text.strip().splitlines())
    return pd.read_csv(StringIO(lines), dtype=str, keep_default_na=False)


def case(
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


def allocation(instance: Instance, activity: dict[str, Any], **more: Any) -> pd.DataFrame:
    """Rows of an allocation from lists by year; `more` are further columns."""
    years = instance.settings.years
    rows: dict[str, list[Any]] = {"programme": [], "year": [], "activity": []}
    for name, figures in activity.items():
        rows["programme"] += [name] * len(years)
        rows["year"] += years
        rows["activity"] += figures if isinstance(figures, list) else [figures] * len(years)
    return pd.DataFrame(rows | more)


def run(instance: Instance, activity: dict[str, Any], **plan: str) -> Evaluation:
    """Evaluate activity by year, with further tables of the plan as CSV text."""
    tables = {name: csv(text) for name, text in plan.items()}
    return evaluate(instance, {"allocation": allocation(instance, activity), **tables})


def column(frame: pd.DataFrame, name: str, **where: Any) -> list[float]:
    """Figures of a column, in order, where other columns have a value."""
    for key, value in where.items():
        frame = frame[frame[key] == value]
    return [float(v) for v in frame[name]]


def only(evaluation: Evaluation) -> tuple[str, str, int, float]:
    """Kind, name, year and size of the one violation there is."""
    assert not evaluation.allowed
    assert len(evaluation.violations) == 1, evaluation.violations.message.tolist()
    row = evaluation.violations.iloc[0]
    assert f"'{row['name']}'" in row["message"]
    assert evaluation.max_violation == row["relative"] > 1e-6
    return row["kind"], row["name"], int(row["year"]), round(float(row["violation"]), 9)
