"""Held lines below the level they are held at: planned down, or giving way when money is short."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.report.language.units import Money, display_names, years_text
from allocator.tolerances import NOT_MISSED, ROUNDING
from allocator.words import listing

if TYPE_CHECKING:
    from allocator.instance.instance import Instance
    from allocator.plan import Plan

LINES_LISTED = 5
"""Held lines that are named, those that fall most first; the rest are counted."""


@dataclass(frozen=True)
class Below:
    """Held lines of a plan that lie below their level in a year.

    A line is *planned down* in a year where a hard ceiling on it alone is met: the planner has said
    which line falls. (No option closes or limits what is held.) Everything else *gives way*, and
    which line does is the stated rule.

    Attributes
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    money : Money
        How amounts are told.
    """

    plan: Plan
    instance: Instance
    money: Money

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The allocation of these lines, with ``level`` (money) and ``ceiling`` (rule or blank)."""
        lines = self.plan.allocation
        rows = lines[lines["held"].astype(bool) & (lines["given_up"] >= self.money.visible)]
        keys = zip(rows["programme"], rows["year"], strict=True)
        level = rows["spend"] + rows["given_up"]
        met = [self._ceilings.get((str(p), int(y)), "") for p, y in keys]
        return rows.assign(level=level, ceiling=pd.Series(met, rows.index, dtype=object))

    @property
    def planned(self) -> pd.DataFrame:
        """Rows that a ceiling on one line lowers."""
        return self.rows[self.rows["ceiling"] != ""]

    @property
    def giving_way(self) -> pd.DataFrame:
        """Rows that fall because money, or a rule over several lines, leaves no room for all."""
        return self.rows[self.rows["ceiling"] == ""]

    @cached_property
    def names(self) -> dict[str, str]:
        """Programmes by the names that are shown."""
        lines = self.plan.allocation
        return display_names(lines["programme"], lines["label"])

    def as_before(self) -> bool:
        """Whether rolling forward gives up the same in every pool and year."""
        held = self.plan.tables.get("held")
        if held is None or held.empty:
            return False
        some = held[held["given_up"] >= self.money.visible]
        off = np.abs(some["given_up"] - some["reference_given_up"])
        return bool((off < self.money.visible).all())

    def even(self) -> bool:
        """Whether every line that gives way does so by the share of its pool and year."""
        held, rows = self.plan.tables.get("held"), self.giving_way
        if held is None or held.empty:
            return False
        at = set(zip(rows["pool"], rows["year"], strict=True))
        mine = [key in at for key in zip(held["pool"], held["year"], strict=True)]
        some = held[np.array(mine, dtype=bool) & (held["given_up"] >= self.money.visible)]
        return bool(some["even"].all())

    @cached_property
    def _ceilings(self) -> dict[tuple[str, int], str]:
        """The hard ceiling on a programme alone that is met, by programme and year."""
        facts, rules = self.instance.facts, self.plan.rules
        programme = {place: name for name, place in facts.rank.items()}
        chosen = self.instance.rules.drop_duplicates("rule").set_index("rule")["selection"]
        found = {}
        tight = rules["slack"].abs() <= NOT_MISSED * rules["left"].abs().clip(lower=ROUNDING)
        hard = rules[~rules["soft"].astype(bool) & rules["sense"].isin(("max", "equal")) & tight]
        for rule, year in zip(hard["rule"], hard["year"], strict=True):
            places = facts.selections.counted(chosen[rule])[0].tolist() if chosen[rule] else []
            if len(places) == 1:
                found[programme[places[0]], int(year)] = str(rule)
        return found


def held_sentences(below: Below) -> Iterator[str]:
    """Which held lines give way, by how much and by which rule; which are planned down."""
    rows = below.giving_way
    if len(rows):
        yield f"Held lines that give way: {listing(_most(below, rows), LINES_LISTED)}."
        yield _rule(below)
    if len(below.planned):
        said = listing(_most(below, below.planned), LINES_LISTED)
        yield f"Held lines that are planned down, which is no choice between lines: {said}."


def _most(below: Below, rows: pd.DataFrame) -> list[str]:
    """Every line in the year in which it falls most."""
    text, settings = below.money.text, below.instance.settings
    top = rows.sort_values("given_up", ascending=False, kind="stable").drop_duplicates("programme")
    return [
        f"{below.names[row['programme']]} {text(row['given_up'])} of {text(row['level'])} in "
        f"{settings.year_label(int(row['year']))}"
        + (f" (rule {row['ceiling']})" if row["ceiling"] else "")
        for row in top.to_dict("records")
    ]


def _rule(below: Below) -> str:
    """How it is settled which lines give way, told as the choice it is."""
    rows, settings = below.giving_way, below.instance.settings
    total = below.money.text(float(rows["given_up"].sum()))
    years = years_text([int(y) for y in rows["year"].unique()], settings)
    ordered = below.instance.programmes["held_order"].astype(float).fillna(0.0)
    first = "a higher held_order first, and lines alike in it " if len(set(ordered)) > 1 else ""
    near = "" if below.even() else ", as near to that as limits and rules on single lines let it be"
    return (
        f"{total} in all ({years}) falls on lines nobody has valued. It is the least that any plan "
        f"must; where it falls is a choice: {first}pro rata to how far each may fall in its pool "
        f"and year{near}. held_order in programmes.csv, a least in limits.csv, or a figure of what "
        f"a line is worth changes it."
    )
