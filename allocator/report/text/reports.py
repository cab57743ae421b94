"""The reports a plan can be shown in besides its summary, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.report.text.bridge import bridge_report, sector_bridge_report
from allocator.report.text.contracts import contract_report
from allocator.report.text.decisions import decision_report
from allocator.report.text.detail import (
    account_report,
    binding_report,
    decided_report,
    evidence_report,
    move_report,
    outcome_report,
    sector_report,
)
from allocator.report.text.incomes import income_report
from allocator.report.text.options import option_report
from allocator.report.text.pools import pool_report
from allocator.report.text.prices import price_report
from allocator.report.text.providers import provider_report

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from allocator.instance.instance import Instance
    from allocator.plan import Plan

Report = Callable[["Plan", "Instance"], "Iterator[RenderableType]"]

REPORTS: dict[str, tuple[Report, tuple[str, ...]]] = {
    "sectors": (sector_report, ("allocation",)),
    "moves": (move_report, ("allocation",)),
    "decided": (decided_report, ("options", "contracts", "incomes")),
    "outcomes": (outcome_report, ("outcomes", "segments", "worth")),
    "accounts": (account_report, ("contracts", "providers", "system")),
    "binding": (binding_report, ("rules", "limits", "capacity", "budgets")),
    "evidence": (evidence_report, ("allocation",)),
    "providers": (provider_report, ("providers",)),
    "contracts": (contract_report, ("contracts",)),
    "pools": (pool_report, ("budgets", "transfers", "funding")),
    "bridge": (bridge_report, ("bridge",)),
    "bridge-by-sector": (sector_bridge_report, ("bridge",)),
    "options": (option_report, ("options",)),
    "incomes": (income_report, ("incomes",)),
    "decisions": (decision_report, ("decisions",)),
    "prices": (
        price_report,
        ("budgets", "rules", "capacity", "limits", "providers", "funding", "transfers"),
    ),
}
"""Report by name, with the tables of a plan it shows."""

WITHIN = {"binding": "prices"}
"""Reports that another one holds whole: asked for together, that one is printed alone."""


def print_reports(names: Iterable[str], plan: Plan, instance: Instance, console: Console) -> None:
    """Print reports of a plan that was found, one after the other.

    Parameters
    ----------
    names : iterable of str
        Keys of :data:`REPORTS`.
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    console : rich.console.Console
        Where to print.
    """
    names = list(names)
    for name in names:
        if WITHIN.get(name) in names:
            continue
        report, _ = REPORTS[name]
        console.print()
        for part in report(plan, instance):
            console.print(part)


def report_tables(names: Iterable[str], plan: Plan) -> dict[str, Any]:
    """Tables of a plan that reports show, as records by table."""
    tables = dict.fromkeys(table for name in names for table in REPORTS[name][1])
    none = pd.DataFrame()
    return {table: plan.tables.get(table, none).to_dict("records") for table in tables}
