"""Soft rules that are missed, by how much and at what cost, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from allocator.evaluate.measures import IN_MONEY
from allocator.report.language.units import display_names, years_text
from allocator.tolerances import ROUNDING
from allocator.words import count, figure

if TYPE_CHECKING:
    from allocator.instance.instance import Instance
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


def is_missed(rules: pd.DataFrame) -> pd.Series[bool]:
    """Soft rules that are missed by more than rounding."""
    size = rules[["value", "limit"]].abs().max(axis=1)
    met = (rules["value"] - rules["limit"]).abs() <= ROUNDING * size
    return rules["soft"].astype(bool) & (rules["penalty"] > 0) & ~met


def _measured(value: float, measure: str, basis: str, money: Money) -> str:
    """Left side of a rule in the unit its basis implies."""
    if basis in ("share", "growth"):
        return f"{value * 100:,.2f}%"
    if measure in IN_MONEY and basis in ("amount", "per_head"):
        return money.text(value) + (" a head" if basis == "per_head" else "")
    return figure(value) + (" a head" if basis == "per_head" else "")
