from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from allocator.errors import Problem
from allocator.report.files.record import error_record, to_json


def test_only_plain_values() -> None:
    record = {
        "nan": math.nan,
        "inf": [np.inf, -np.inf],
        "numpy": (np.float64(1.5), np.int64(2), np.bool_(True)),
        "path": Path("a") / "b",
        2025: None,
        "text": "£ “quoted”",
    }
    text = to_json(record)
    assert text.isascii()
    assert json.loads(text) == {
        "nan": None,
        "inf": ["inf", "-inf"],
        "numpy": [1.5, 2, True],
        "path": str(Path("a") / "b"),
        "2025": None,
        "text": "£ “quoted”",
    }


def test_floats_keep_every_digit() -> None:
    assert json.loads(to_json({"x": 0.1 + 0.2}))["x"] == 0.1 + 0.2


@pytest.mark.parametrize("line", [None, 3])
def test_error_record(line: int | None) -> None:
    problem = Problem("limits", line, "max", "x", "is not a number.", "Write 1.", "error")
    record = json.loads(to_json(error_record([problem])))
    assert record["status"] == "error"
    assert record["problems"][0] == {
        "table": "limits",
        "line": line,
        "column": "max",
        "value": "x",
        "message": "is not a number.",
        "suggestion": "Write 1.",
        "severity": "error",
    }
