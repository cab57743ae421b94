"""Decisions taken out of a programme or put into it, for what they are worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from allocator.data import Data
from allocator.instance.instance import Instance
from allocator.planning.formulation import Extra

Decision = tuple[str, str]
"""Kind (option or contract) and name."""

VARIABLES = {"option": "run", "contract": "end"}
"""Variables whose first coordinate is the name, by kind of decision."""

COSTS = ("cost_once", "cost_yearly", "double_running", "cost_exit", "capital")


def forcing(
    off: Iterable[Decision] = (), on: Iterable[Decision] = (), also: Extra | None = None
) -> Extra:
    """What to add to a model so that decisions are not taken, or are at some time.

    Parameters
    ----------
    off, on : iterable of (str, str)
        Kind and name.
    also : callable, optional
        What is added to the model besides.
    """
    without, taken = set(off), sorted(set(on))

    def force(model: Any, data: Data) -> None:
        import pyomo.environ as pyo

        if also is not None:
            also(model, data)
        for kind, variable in VARIABLES.items():
            every = getattr(model, variable, None)
            # A variable holds only the members somebody asked for; its set has them all.
            for key in () if every is None else list(every.index_set()):
                if (kind, key[0]) in without:
                    every[key].fix(0)
        if taken:
            model.forced_on = pyo.ConstraintList()
        for kind, name in taken:
            every = getattr(model, VARIABLES[kind])
            ways = [every[key] for key in list(every.index_set()) if key[0] == name]
            model.forced_on.add(sum(ways) >= 1 if ways else pyo.Constraint.Infeasible)

    return force


def without(
    instance: Instance, tables: Mapping[str, pd.DataFrame], off: Iterable[Decision]
) -> dict[str, pd.DataFrame]:
    """A plan's decisions to start a search from, some of them undone.

    Where a group needs one, the option that costs and changes nothing takes the place.

    Parameters
    ----------
    instance : Instance
        The round.
    tables : mapping of str to pandas.DataFrame
        The plan.
    off : iterable of (str, str)
        Kind and name of the decisions to undo.
    """
    out = {}
    gone = set(off)
    if "options" in tables:
        table = tables["options"]
        rows = table[["option", "year", "taken"]].copy()
        undone = [("option", name) in gone for name in rows["option"]]
        was = {
            (name, year)
            for name, year, said, mine in zip(*(rows[c] for c in rows), undone, strict=True)
            if said and mine
        }
        free = _free(instance)
        takes = {(free[name], year) for name, year in was if name in free}
        keys = list(zip(rows["option"], rows["year"], strict=True))
        rows["taken"] = [
            (said and key not in was) or key in takes
            for key, said in zip(keys, rows["taken"], strict=True)
        ]
        out["options"] = rows
    if "contracts" in tables and "ended" in tables["contracts"]:
        rows = tables["contracts"][["contract", "year", "ended"]].copy()
        undone = [("contract", name) in gone for name in rows["contract"]]
        rows["ended"] = rows["ended"].astype(bool) & ~pd.Series(undone, index=rows.index, dtype=bool)
        out["contracts"] = rows
    return out


def _free(instance: Instance) -> dict[str, str]:
    """For options of a group that needs one: the one there that costs and changes nothing."""
    table = instance.options
    busy = set(instance.option_effects["option"])
    idle = ~table["option"].isin(busy) & (table[list(COSTS)] == 0).all(axis=1)
    free = {
        group: name
        for name, group in zip(table.loc[idle, "option"], table.loc[idle, "group"], strict=True)
    }
    return {
        name: free[group]
        for name, group, choose in zip(table["option"], table["group"], table["choose"], strict=True)
        if choose == "exactly_one" and group in free and free[group] != name
    }
