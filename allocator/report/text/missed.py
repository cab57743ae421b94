"""Soft rules that are missed, by how much and at what cost, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd
from rich.text import Text

from allocator.evaluate.measures import IN_MONEY
from allocator.report.language.layout import bullet
from allocator.report.language.units import display_names, years_text
from allocator.tolerances import NOT_MISSED, ROUNDING
from allocator.words import count, figure

if TYPE_CHECKING:
    from rich.console import RenderableType

    from allocator.instance.instance import Instance
    from allocator.plan import Plan
    from allocator.report.language.units import Money, Worth

MISSES_LISTED = 10


def missed_rules(rules: pd.DataFrame, instance: Instance, money: Money, worth: Worth) -> list[str]:
    """Soft rules that are missed, by how much and at what cost, dearest first.

    Parameters
    ----------
    rules : pandas.DataFrame
        Rules of a plan or of an evaluation.
    instance : Instance
        The instance they are from.
    money : Money
        How amounts are shown.
    worth : Worth
        Units in which value is told.
    """
    settings = instance.settings
    bases = dict(zip(instance.rules["rule"], instance.rules["basis"], strict=True))
    names = display_names(rules["rule"], rules["label"])
    missed = rules[is_missed(rules)].sort_values("penalty", ascending=False, kind="stable")
    lines = []
    for _, rows in missed.groupby("rule", sort=False):
        top = rows.iloc[0]
        asked = {"min": "at least ", "max": "at most "}.get(top["sense"], "")
        basis = bases.get(top["rule"], "amount")
        value, limit = (_measured(top[c], top["measure"], basis, money) for c in ("value", "limit"))
        line = (
            f"{names[top['rule']]}: missed in {settings.year_label(int(top['year']))}, "
            f"{value} against {asked}{limit} (costs {worth.text(top['penalty'])})"
        )
        if len(rows) > 1:
            others = years_text(rows["year"].iloc[1:].tolist(), settings)
            line += f"; also in {others} ({worth.text(rows['penalty'].sum())} in all)"
        lines.append(f"{line}.")
        if len(lines) == MISSES_LISTED:
            break
    untold = missed["rule"].nunique() - len(lines)
    if untold:
        cost = worth.text(missed["penalty"].sum())
        lines.append(f"{count(untold, 'rule')} more; all that are missed cost {cost}.")
    return lines


def missed_at_a_price(
    plan: Plan, instance: Instance, money: Money, worth: Worth
) -> Iterator[RenderableType]:
    """The rules a plan misses, under their heading; nothing where it misses none."""
    missed = missed_rules(plan.rules, instance, money, worth)
    if missed:
        yield ""
        yield Text("Rules that may be missed at a price, and are", style="bold")
        yield from (bullet(sentence) for sentence in missed)


def is_missed(rules: pd.DataFrame) -> pd.Series[bool]:
    """Soft rules that are missed by more than what a hard one may be and counts as kept."""
    near = rules["measure"].isin(IN_MONEY).map({True: ROUNDING, False: NOT_MISSED})
    over = rules["violation"] > near.astype(float) * rules["left"].abs()
    return rules["soft"].astype(bool) & (rules["penalty"] > 0) & over


def _measured(value: float, measure: str, basis: str, money: Money) -> str:
    """Left side of a rule in the unit its basis implies."""
    if basis in ("share", "growth"):
        return f"{value * 100:,.2f}%"
    if measure in IN_MONEY and basis in ("amount", "per_head"):
        return money.text(value) + (" a head" if basis == "per_head" else "")
    return figure(value) + (" a head" if basis == "per_head" else "")
