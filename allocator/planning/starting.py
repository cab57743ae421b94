"""From the tables of a plan to the decisions a search starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from allocator.arrays import Floats
from allocator.data import Data
from allocator.errors import UsageError
from allocator.instance.instance import Instance
from allocator.instance.tables.guard import unguarded
from allocator.instance.tables.years import year_of
from allocator.plan import Plan
from allocator.solver.program import Program
from allocator.words import kind_of


def starting(
    data: Data, program: Program, plan: Mapping[str, pd.DataFrame] | None
) -> dict[str, Floats]:
    """Whole-number columns as a plan's tables decide them.

    Parameters
    ----------
    data, program
        The instance as arrays and its programme.
    plan : mapping of str to pandas.DataFrame, or None
        ``options`` (option, year, taken) and ``contracts`` (contract, year, ended).

    Returns
    -------
    dict of str to ndarray
        By block: 1 for a run that the plan takes or a contract it ends, 0 for others.
    """
    out: dict[str, Floats] = {}
    if plan is None:
        return out
    if "allocation" in plan:
        out = {
            name: np.zeros(len(block))
            for name in ("run", "end")
            if (block := program.block(name)) is not None and len(block)
        }
    years = {label: t for t, label in enumerate(data.year.labels)}
    if "options" in plan and program.block("run") is not None:
        table = plan["options"]
        covered = np.zeros((len(data.options.option), len(years) + 1), dtype=bool)
        known = data.options.option.position
        for name, year, said in zip(table["option"], table["year"], table["taken"], strict=True):
            o, t = known.get(name, known.get(unguarded(str(name)))), years.get(_year(year))
            if o is not None and t is not None:
                covered[o, t] = flag(said)
        runs, s, e = data.options.runs.columns
        since = np.cumsum(covered, axis=1)
        whole = since[runs, e] - since[runs, s] + covered[runs, s] == e - s + 1
        before = (s > 0) & covered[runs, s - 1]
        out["run"] = (whole & ~before & ~covered[runs, e + 1]).astype(float)
    if "contracts" in plan and "ended" in plan["contracts"] and program.block("end") is not None:
        table = plan["contracts"]
        first: dict[str, int] = {}
        for name, year, said in zip(table["contract"], table["year"], table["ended"], strict=True):
            t = years.get(_year(year))
            if flag(said) and t is not None:
                for written in (name, unguarded(str(name))):
                    first[written] = min(first.get(written, len(years)), t)
        ends = data.contracts.ends
        names, t = ends.column_labels(0).tolist(), ends.columns[1].tolist()
        out["end"] = np.array(
            [first.get(name) == year for name, year in zip(names, t, strict=True)], dtype=float
        )
    return out


def tables_of(given: object, name: str) -> Mapping[str, pd.DataFrame] | None:
    """Tables of the plan that an argument is, if there is one.

    Raises
    ------
    UsageError
        For anything that is no plan, naming the argument.
    """
    if isinstance(given, Plan):
        return given.tables
    if given is None or isinstance(given, Mapping):
        return given
    raise UsageError(
        f"{name} takes a plan (allocator.read_plan(folder)) or its tables, not {kind_of(given)}"
    )


def levels(instance: Instance, plan: Plan | Mapping[str, pd.DataFrame] | None) -> Floats | None:
    """Activity at which programmes are held where another plan has them.

    Parameters
    ----------
    instance : Instance
    plan : Plan, mapping of str to pandas.DataFrame, or None
        ``allocation`` (programme, year, activity, held).

    Returns
    -------
    ndarray, shape (programmes, years), or None
        NaN where the plan says nothing; None without a plan.
    """
    plan = tables_of(plan, "held")
    if plan is None:
        return None
    if "allocation" not in plan or "held" not in plan["allocation"]:
        raise UsageError(
            "held takes the tables of a plan, with an allocation that says what is held"
        )
    table = plan["allocation"]
    rank, years = instance.facts.rank, {y: t for t, y in enumerate(instance.settings.years)}
    found = np.full((len(rank), len(years)), np.nan)
    columns = (table[name] for name in ("programme", "year", "activity", "held"))
    for name, year, activity, held in zip(*columns, strict=True):
        if flag(held) and name in rank and _year(year) in years:
            found[rank[name], years[_year(year)]] = float(activity)
    return found


def _year(written: Any) -> int:
    """A year however it is written; 0 for what is none."""
    return year_of(str(written).strip()) or 0


def flag(said: Any) -> bool:
    """Yes or no as a plan's tables write it."""
    if isinstance(said, str):
        return said.strip().lower() in ("yes", "true", "1", "1.0")
    return bool(said) and not pd.isna(said)
