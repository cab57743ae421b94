"""Decisions of a plan undone, to start a search for the best plan without them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from allocator.instance.instance import Instance
from allocator.solver.forced import Decision

COSTS = ("cost_once", "cost_yearly", "double_running", "cost_exit", "capital")


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
        rows["ended"] = rows["ended"].astype(bool) & ~pd.Series(
            undone, index=rows.index, dtype=bool
        )
        out["contracts"] = rows
    return out


def idle(instance: Instance) -> set[str]:
    """Options that cost and change nothing: what is there while nothing is decided."""
    table = instance.options
    none = (table[list(COSTS)] == 0).all(axis=1) & (table["provider"] == "")
    return set(table.loc[none, "option"]) - set(instance.option_effects["option"])


def _free(instance: Instance) -> dict[str, str]:
    """For options of a group that needs one: the one there that costs and changes nothing."""
    columns = (instance.options[c] for c in ("option", "group", "choose"))
    rows, still = list(zip(*columns, strict=True)), idle(instance)
    free = {group: name for name, group, _ in rows if name in still}
    return {
        name: free[group]
        for name, group, choose in rows
        if choose == "exactly_one" and group in free and free[group] != name
    }
