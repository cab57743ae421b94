"""Options: which are taken, from when, at what cost, and when they may be left again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rich.text import Text

from allocator.arrays import Flags
from allocator.instance.tables.lists import names_in
from allocator.report.language.by_year import Line, across, year_tables
from allocator.report.language.layout import bullet
from allocator.report.language.units import display_names, money_of, years_text
from allocator.tolerances import ROUNDING
from allocator.words import count, listed, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Plan
    from allocator.report.language.units import Money

COSTS = ("cost_once", "cost_yearly", "double_running", "cost_exit")
"""Revenue costs of an option, in money of the year."""


@dataclass(frozen=True)
class Run:
    """An option taken in years that follow each other.

    Attributes
    ----------
    option, name : str
        Its key, and what it is called in reports.
    groups : tuple of str
        Choices it belongs to.
    years : tuple of int
        Years in which it is taken.
    rows : pandas.DataFrame
        Its rows from the first of them to the year before it is taken again.
    reference : bool
        Whether it is taken in the same years when the baseline is rolled forward.
    """

    option: str
    name: str
    groups: tuple[str, ...]
    years: tuple[int, ...]
    rows: pd.DataFrame
    reference: bool

    @property
    def within_reference(self) -> bool:
        """Whether rolling forward takes it in all of these years as well."""
        rows = self.rows[self.rows["year"].isin(self.years)]
        return "reference_taken" in rows and bool(rows["reference_taken"].astype(bool).all())

    @property
    def cost(self) -> float:
        """All it costs over the plan, capital included; orders lists."""
        return float(np.abs(self.rows[[*COSTS, "capital"]].to_numpy(dtype=float)).sum())


def options_of(plan: Plan) -> pd.DataFrame:
    """Options of a plan by year; no rows where the plan knows of none."""
    return plan.tables.get("options", pd.DataFrame())


def runs_of(options: pd.DataFrame) -> list[Run]:
    """Runs of a table of options, those that cost most first.

    Parameters
    ----------
    options : pandas.DataFrame
        Of a plan or of an evaluation.
    """
    if options.empty:
        return []
    names = display_names(options["option"], options["label"])
    code = pd.factorize(options["option"])[0]
    table = options.iloc[np.lexsort((options["year"], code))]
    keys, years, group = (table[c].to_numpy() for c in ("option", "year", "group"))
    taken = table["taken"].to_numpy(dtype=bool)
    new = np.append(True, keys[1:] != keys[:-1])
    starts = np.flatnonzero(taken & (new | ~np.append(False, taken[:-1])))
    # Years in which nothing starts belong to the run before them: an exit is paid then.
    edges = np.union1d(starts, np.append(np.flatnonzero(new), len(table)))
    ends = edges[np.searchsorted(edges, starts, side="right")]
    rolls = _rolls(table, taken)
    found = [
        Run(
            str(keys[a]),
            names[keys[a]],
            tuple(names_in(str(group[a]))),
            tuple(years[a:b][taken[a:b]].tolist()),
            table.iloc[a:b],
            bool(rolls[a:b].all()),
        )
        for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    return sorted(found, key=lambda run: (-run.cost, run.years[0], run.name))


def _rolls(table: pd.DataFrame, taken: Flags) -> Flags:
    """Whether the reference plan takes the option just as the plan does, row by row."""
    if "reference_taken" not in table:
        return np.zeros(len(table), dtype=bool)
    return table["reference_taken"].to_numpy(dtype=bool) == taken


def run_sentence(run: Run, settings: Settings, money: Money) -> str:
    """One option taken: its years, the part of its first year, what it costs.

    Parameters
    ----------
    run : Run
        Of :func:`runs_of`.
    settings : Settings
        The round.
    money : Money
        How amounts are told.
    """
    said = f"{run.name}: {years_text(run.years, settings)}{_in_place(run, settings)}"
    if run.groups:
        said += f", chosen in {listed(run.groups)}"
    if run.reference:
        said += ", as when rolling forward"
    return f"{said}; {_costs(run, settings, money)}."


def _in_place(run: Run, settings: Settings) -> str:
    """From when it works, and for how much of that year, where that is not at once and wholly."""
    there = run.rows[run.rows["in_place"] > 0]
    if there.empty:
        return " (not in place within the plan)"
    year, share = int(there["year"].iloc[0]), float(there["in_place"].iloc[0])
    said = []
    if year != run.years[0]:
        said.append(f"in place from {settings.year_label(year)}")
    if share < 1.0 - ROUNDING:
        said.append(f"{percent(share)} of the first year")
    return f" ({', '.join(said)})" if said else ""


def _costs(run: Run, settings: Settings, money: Money) -> str:
    rows = run.rows
    parts = [
        f"{money.text(amount)} {words}"
        for column, words in (("cost_once", "once"), ("capital", "of capital"))
        if (amount := float(rows[column].sum())) != 0
    ]
    yearly = _yearly(rows, settings, money)
    if yearly:
        parts.append(yearly)
    parts += [
        f"{money.text(amount)} {words}"
        for column, words in (("double_running", "of double running"), ("cost_exit", "to leave it"))
        if (amount := float(rows[column].sum())) != 0
    ]
    return ", ".join(parts) if parts else "at no cost of its own"


def _yearly(rows: pd.DataFrame, settings: Settings, money: Money) -> str:
    """What it costs a year, in its whole years where it has any."""
    paid = rows[rows["cost_yearly"] != 0]
    if paid.empty:
        return ""
    whole = paid[paid["in_place"] >= 1.0 - ROUNDING]
    amounts = (whole if len(whole) else paid)["cost_yearly"]
    saved = "saves " if amounts.iloc[0] < 0 else ""
    ends = (amounts.abs().min(), amounts.abs().max())
    told = " to ".join(dict.fromkeys(money.text(float(end)) for end in ends))
    when = "a year" if len(paid) > 1 else f"in {settings.year_label(int(paid['year'].iloc[0]))}"
    return f"{saved}{told} {when}"


def left_out(options: pd.DataFrame, most: int | None = None) -> str:
    """Options that are never taken, counted and named, as a sentence; empty when there are none.

    Parameters
    ----------
    options : pandas.DataFrame
        Of a plan that was found.
    most : int, optional
        How many are named; all of them when left out.
    """
    if options.empty:
        return ""
    ever = options["taken"].astype(bool).groupby(options["option"], sort=False).any()
    names = display_names(options["option"], options["label"])
    out = [names[str(option)] for option in ever.index[~ever]]
    if not out:
        return ""
    return f"Not taken, {len(out)} of {count(len(ever), 'option')}: {_cut(out, most)}."


def empty_groups(options: pd.DataFrame, most: int | None = None) -> str:
    """Groups in which nothing is chosen in any year, as a sentence; empty when there are none.

    Parameters
    ----------
    options : pandas.DataFrame
        Of a plan that was found.
    most : int, optional
        How many are named; all of them when left out.
    """
    if options.empty:
        return ""
    chosen: dict[str, bool] = {}
    for groups, taken in zip(options["group"], options["taken"].astype(bool), strict=True):
        for group in names_in(str(groups)):
            chosen[group] = chosen.get(group, False) or bool(taken)
    nothing = [group for group, any_taken in chosen.items() if not any_taken]
    return f"Nothing is chosen in {_cut(nothing, most)}." if nothing else ""


def bound_to_stay(
    runs: Sequence[Run], instance: Instance, most: int | None = None
) -> Iterator[str]:
    """Options taken that may be left only at certain times, a sentence for each set of times.

    Parameters
    ----------
    runs : sequence of Run
        Options taken.
    instance : Instance
        The instance, which says when each may be left.
    most : int, optional
        How many options a sentence names; all of them when left out.
    """
    settings = instance.settings
    alike: dict[str, list[str]] = {}
    for run in runs:
        said = _leaving(run.years[0], _ends(run, instance), settings)
        if said:
            alike.setdefault(said, []).append(run.name)
    for said, names in alike.items():
        yield f"{_cut(names, most)} {said}."


def _leaving(start: int, ends: set[int], settings: Settings) -> str:
    """When an option started in `start` may be left; empty when at the end of any year."""
    last = settings.years[-1]
    early = sorted(ends - {last})
    if early == list(range(start, last)):
        return ""
    if not early:
        return "may not be left again within the plan"
    if early == list(range(early[0], last)):
        return f"may not be left before {settings.year_label(early[0] + 1)}"
    return f"may only be left after {listed([settings.year_label(y) for y in early], 'or')}"


def _cut(names: Sequence[str], most: int | None) -> str:
    """Names in a sentence, those beyond the first `most` counted."""
    if most is None or len(names) <= most:
        return listed(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def _ends(run: Run, instance: Instance) -> set[int]:
    """Years after which a run that starts as this one does may end."""
    first, runs = instance.settings.years[0], instance.facts.runs
    mine = runs.of(instance.facts.choices.rank[run.option])
    alike = mine[runs.start[mine] == run.years[0] - first]
    return set((first + runs.stop[alike]).tolist())


def option_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """Every option taken by year with its costs, and those that are not.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance
        The instance it answers.
    """
    settings, money, options = instance.settings, money_of(plan, instance), options_of(plan)
    yield Text("Options: what is taken, and what it costs", style="bold")
    if options.empty:
        yield bullet("The instance has no options.")
        return
    runs = runs_of(options)
    yield from (bullet(run_sentence(run, settings, money)) for run in runs)
    said = [empty_groups(options), *bound_to_stay(runs, instance), left_out(options)]
    yield from (bullet(sentence) for sentence in said if sentence)
    lines = list(_lines(options, runs, settings))
    if any(line.shown(money) for line in lines):
        yield ""
        yield from year_tables("Option", lines, settings, money)


def _lines(options: pd.DataFrame, runs: Sequence[Run], settings: Settings) -> Iterator[Line]:
    """Costs of every option that is taken, then of all by kind."""
    cost = options.assign(cost=options[list(COSTS)].sum(axis=1))
    amounts = cost.pivot_table(["cost", "capital"], "option", "year", "sum")
    names = {run.option: run.name for run in runs}
    for option in dict.fromkeys(run.option for run in runs):
        mine = amounts.loc[option]
        yield Line(names[option], mine["cost"].tolist())
        yield Line("  capital", mine["capital"].tolist(), "dim")
    yield Line("All options", across(cost, "cost", settings), "bold")
    for column, words in (
        ("cost_once", "once"),
        ("cost_yearly", "every year"),
        ("double_running", "double running"),
        ("cost_exit", "leaving"),
    ):
        yield Line(f"  {words}", across(cost, column, settings), "dim")
    yield Line("Capital", across(cost, "capital", settings), "bold")
