"""Plans written as a planner would, judged, and what the judgement must say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import csv

from allocator.evaluate import Evaluation, evaluate
from allocator.instance.instance import Instance


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


def allowed(instance: Instance, activity: dict[str, Any], **plan: str) -> Evaluation:
    """The same of a plan that keeps every rule."""
    result = run(instance, activity, **plan)
    assert result.allowed, result.violations.message.tolist()
    return result


def column(frame: pd.DataFrame, name: str, **where: Any) -> list[float]:
    """Figures of a column, in order, where other columns have a value."""
    for key, value in where.items():
        frame = frame[frame[key] == value]
    return [float(v) for v in frame[name]]


def expect(frame: pd.DataFrame, **columns: Any) -> None:
    """Columns hold these lists, in order, where others have a single value."""
    lists = {name: given for name, given in columns.items() if not np.isscalar(given)}
    for name in columns.keys() - lists.keys():
        frame = frame[frame[name] == columns[name]]
    for name, given in lists.items():
        got = frame[name].tolist()
        exact = isinstance(given, list) and any(isinstance(v, str | bool) for v in given)
        loose = not isinstance(given, list)
        asked = given if exact or loose else pytest.approx(given, rel=1e-9, abs=1e-9, nan_ok=True)
        assert got == asked, name


def only(evaluation: Evaluation) -> tuple[str, str, int, float, str]:
    """Kind, name, year, size and message of the one violation there is."""
    assert not evaluation.allowed
    assert len(evaluation.violations) == 1, evaluation.violations.message.tolist()
    row = evaluation.violations.iloc[0]
    assert f"'{row['name']}'" in row["message"]
    assert evaluation.max_violation == row["relative"] > 1e-6
    size = round(float(row["violation"]), 9)
    return row["kind"], row["name"], int(row["year"]), size, row["message"]


def breaks(evaluation: Evaluation, kind: str, name: str, year: int, size: Any = None) -> str:
    """Message of the one violation there is, which is this one, of any size unless given."""
    *found, excess, message = only(evaluation)
    assert found == [kind, name, year]
    assert size is None or excess == size
    return message
