"""What commands and reports print, as text, words or JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from allocator.plan import Certificate
from allocator.report.text.reports import print_reports
from allocator.report.text.summary import print_summary

NOTHING = Certificate(None, None, None, None, 0.0, None)
"""What a plan that was not found is worth."""


def printed(show: Callable[..., None], *what: Any, width: int = 80, **options: Any) -> str:
    """What a report prints in a window of some width."""
    out = io.StringIO()
    show(
        *what, Console(file=out, width=width, markup=False, highlight=False, emoji=False), **options
    )
    return out.getvalue()


DETAILS = ("sectors", "moves", "decided", "outcomes", "accounts", "binding", "evidence")
"""Reports that hold whole what the summary touches on."""


def whole(plan: Any, instance: Any, width: int = 80) -> str:
    """The summary of a plan and the reports behind its sentences."""
    told = printed(print_summary, plan, instance, width=width)
    if not plan.found:
        return told
    return told + printed(print_reports, DETAILS, plan, instance, width=width)


def joined(text: str) -> str:
    """Text on one line."""
    return " ".join(text.split())


def line_of(text: str, start: str) -> list[str]:
    """Words of the first line that starts with `start`, after it."""
    line = next(li for li in text.splitlines() if li.strip().startswith(start))
    return line.strip().removeprefix(start).split()


def out_json(capsys: pytest.CaptureFixture[str]) -> Any:
    """What a command has printed as JSON."""
    return json.loads(capsys.readouterr().out)
