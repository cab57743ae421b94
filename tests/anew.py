"""Rounds with a little more or less of something, solved anew with a plan's decisions kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from small import built

from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.planning.starting import starting
from allocator.solver.highs.door import Solver
from allocator.solver.program import Program

YEAR = ("year",)


@dataclass(frozen=True)
class Moved:
    """Something with a price, and how to change the round so that there is more of it.

    `cells` are (table, key, column, what the figure moves by for one unit of room); `rows` are
    (block, member) where no figure of a table says how much room there is.
    """

    name: str
    price: float
    reach: float
    less: float
    less_reach: float
    cells: tuple[tuple[str, dict[str, object], str, float], ...] = ()
    rows: tuple[tuple[str, tuple[object, ...]], ...] = ()

    @property
    def written(self) -> str:
        """Where its figure stands."""
        return self.cells[0][0] if self.cells else self.rows[0][0]


def worth_moved(instance: Instance, plan: Plan, moved: Moved, room: float) -> float | None:
    """The same with so much more room of something."""
    rows = [(block, member, room) for block, member in moved.rows]
    return worth_anew(changed(instance, moved, room) if moved.cells else instance, plan, rows)


def worth_anew(
    instance: Instance, plan: Plan, rows: Sequence[tuple[str, tuple[object, ...], float]] = ()
) -> float | None:
    """Objective of the best plan with the decisions and the held programmes of another."""
    data, program = built(with_evidence(instance))
    program = _shifted(program, rows)
    lower, upper = program.col_lower.copy(), program.col_upper.copy()

    def fix(name: str, values: dict[tuple[object, ...], float]) -> None:
        block = program.block(name)
        if block is None or block.index is None:
            return
        for at, member in enumerate(block.index.members(), start=block.start):
            if member in values:
                lower[at] = upper[at] = values[member]

    held = plan.allocation[plan.allocation["held"].astype(bool)]
    fix("activity", {(p, y): a for p, y, a in held[["programme", "year", "activity"]].to_numpy()})
    for name, values in starting(data, program, plan.tables).items():
        block = program.block(name)
        assert block is not None
        lower[block.span] = upper[block.span] = values
    done = {
        (p, y): float(a > 1e-9)
        for p, y, a in plan.allocation[["programme", "year", "activity"]].to_numpy()
    }
    fix("on", done)
    reached = program.block("reached")
    if reached is not None and reached.index is not None:
        for at, (part, year) in enumerate(reached.index.members(), start=reached.start):
            here = plan.incomes["year"] == year
            named = (" / " + plan.incomes["part"]).where(plan.incomes["part"] != "", "")
            row = plan.incomes[here & (plan.incomes["income"] + named == part)]
            if len(row) == 1:
                lower[at] = upper[at] = float(row["earned"].iloc[0] > 1e-9)
    found = Solver(program.replaced(col_lower=lower, col_upper=upper)).run()
    return None if found.x is None else found.objective


def _shifted(program: Program, rows: Sequence[tuple[str, tuple[object, ...], float]]) -> Program:
    """A programme with so much more room at the sides of some rows."""
    lower, upper = program.row_lower.copy(), program.row_upper.copy()
    for name, member, room in rows:
        block = program.block(name)
        assert block is not None
        assert block.index is not None
        at = block.start + list(block.index.members()).index(member)
        lower[at] -= room
        upper[at] += room
    return program.replaced(row_lower=lower, row_upper=upper)


def changed(instance: Instance, moved: Moved, room: float) -> Instance:
    """The round with so much more room."""
    rows = {}
    for table, key, column, per_unit in moved.cells:
        frame = rows.get(table, instance.tables[table]).copy()
        rows[table] = _with(frame, key, column, per_unit * room)
    return instance.replace(**rows)


def _with(frame: pd.DataFrame, key: dict[str, object], column: str, by: float) -> pd.DataFrame:
    """A table in which one figure of one year is another."""
    mine = np.ones(len(frame), dtype=bool)
    for name, value in key.items():
        if name != "year":
            mine &= (frame[name] == value).to_numpy()
    year = key["year"]
    own = mine & (frame["year"] == year).fillna(False).to_numpy(dtype=bool)
    if own.any():
        frame.loc[own, column] += by
        return frame
    every = frame[mine & frame["year"].isna().to_numpy()]
    assert len(every) == 1, (key, column)
    row = every.assign(year=pd.array([year], dtype="Int64"))
    row[column] += by
    return pd.concat([frame, row], ignore_index=True)


def moves(instance: Instance, plan: Plan) -> Iterator[Moved]:
    """Everything of a plan that has a price, where one figure of a table says how much there is."""
    by_options = set(instance.option_effects["target"])
    yield from _pools(instance, plan)
    for row in plan.capacity.to_dict("records"):
        key = {name: row[name] for name in ("resource", "place", "year")}
        if row["resource"] in by_options:
            continue
        yield _moved(row, key, ("capacity", key, "amount", 1.0))
    for row in plan.rules.to_dict("records"):
        given = instance.rules[instance.rules["rule"] == row["rule"]]
        sense = {"min": -1.0, "max": 1.0}.get(row["sense"])
        if sense is not None and (given["basis"] == "amount").all():
            key = {"rule": row["rule"], "year": row["year"]}
            yield _moved(row, key, ("rules", key, "value", sense))
        elif sense is not None and (given["basis"] == "share").all() and row["measure"] == "spend":
            # A share of what is spent is more money where more is spent: its row moves instead.
            side = ("rule_min" if sense < 0.0 else "rule_max", (row["rule"], row["year"]))
            name = f"{row['rule']} {row['year']}"
            yield Moved(name, *_figures(row), rows=(side,))
    for row in plan.providers.to_dict("records"):
        if np.isfinite(row["deficit_max"]):
            key = {"provider": row["provider"], "year": row["year"]}
            yield _moved(row, key, ("providers", key, "deficit_max", 1.0))
    for row in plan.transfers.to_dict("records"):
        key = {name: row[name] for name in ("from_pool", "to_pool", "year")}
        yield _moved(row, key, ("transfers", key, "max", 1.0))
    yield from _agreed(instance, plan)
    yield from _limits(instance, plan)


def _agreed(instance: Instance, plan: Plan) -> Iterator[Moved]:
    """Agreed shares of two pools that bind: one gives way, and the other with it."""
    for row in plan.funding.to_dict("records"):
        here = plan.funding["year"] == row["year"]
        shares = plan.funding[here & (plan.funding["programme"] == row["programme"])]
        cost = float(shares["paid"].sum())
        others = shares[shares["pool"] != row["pool"]]
        if not row["side"] or len(others) != 1 or not cost:
            continue
        other = others.iloc[0]
        column, against, way = (
            ("share_max", "share_min", 1.0)
            if row["side"] == "most"
            else ("share_min", "share_max", -1.0)
        )
        key = {name: row[name] for name in ("programme", "pool", "year")}
        cells = [("funding", key, column, way / cost)]
        if other["side"] == ("least" if row["side"] == "most" else "most"):
            cells.append(("funding", key | {"pool": other["pool"]}, against, -way / cost))
        yield _moved(row, key, *cells)


def _moved(row: dict[str, object], key: dict[str, object], *cells: object) -> Moved:
    return Moved(" ".join(map(str, key.values())), *_figures(row), cells)


def _figures(row: dict[str, object]) -> list[float]:
    return [float(row[c]) for c in ("price", "price_range", "price_less", "price_less_range")]


def _pools(instance: Instance, plan: Plan) -> Iterator[Moved]:
    kinds = instance.budgets.groupby("pool")["kind"].agg(set)
    if (instance.incomes["basis"] == "held_back").any():
        return  # a share of it is held back
    for row in plan.budgets.to_dict("records"):
        if "recurrent" in kinds[row["pool"]]:
            key = {"pool": row["pool"], "kind": "recurrent", "year": row["year"]}
            yield _moved(row, key, ("budgets", key, "amount", 1.0))


def _limits(instance: Instance, plan: Plan) -> Iterator[Moved]:
    """Limits in activity or against the baseline that bind alone."""
    base = instance.programmes.set_index("programme")["baseline"]
    for row in plan.limits.to_dict("records"):
        given = instance.limits[instance.limits["programme"] == row["programme"]]
        if len(given) != 1 or row["programme"] in set(instance.option_effects["target"]):
            continue
        line, most = given.iloc[0], row["side"] == "most"
        unit = 1.0 if line["basis"] == "activity" else float(base[row["programme"]])
        column = "max" if most else "min"
        if line["basis"] == "growth" and most and pd.notna(line["max"]):
            key = {"programme": row["programme"], "basis": "growth", "year": row["year"]}
            yield _moved(row, key, ("limits", key, "growth_amount", 1.0))
        if line["basis"] == "growth" or not unit or pd.isna(line[column]):
            continue
        key = {"programme": row["programme"], "basis": line["basis"], "year": row["year"]}
        yield _moved(row, key, ("limits", key, column, (1.0 if most else -1.0) / unit))
