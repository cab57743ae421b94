"""Results as JSON other programs can rely on: plain types, no NaN, no infinities.

What is not known is null; what has no end is the text ``inf`` or ``-inf``, as in a CSV.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from allocator.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable


def to_json(value: Any) -> str:
    """`value` as one JSON text of ASCII characters; NaN becomes null, what has no end ``"inf"``."""
    return json.dumps(_plain(value), indent=2, allow_nan=False)


def problems_record(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Problems as records: table, line, column, value, message, suggestion, severity."""
    return [asdict(problem) for problem in problems]


def error_record(problems: Iterable[Problem]) -> dict[str, Any]:
    """The object that stands for a result when there is none."""
    return {"status": "error", "problems": problems_record(problems)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, float):
        return None if math.isnan(value) else str(value) if math.isinf(value) else value
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)
