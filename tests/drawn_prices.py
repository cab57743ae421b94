"""Small rounds with a bit of everything that has a price, or that fixes what has one."""

from __future__ import annotations

import numpy as np
from small import round_of, table_of

from allocator.instance.instance import Instance

YEARS = (2025, 2026)

Draw = np.random.Generator
Row = dict[str, object]
Rows = dict[str, list[Row]]

KINDS = (
    "ending",
    "income",
    "sliding",
    "start_min",
    "held",
    "curve_rule",
    "transfer",
    "share",
    "option",
    "capacity",
    "growth",
    "share_rule",
    "deficit",
    "carry",
)


def everything(rng: Draw) -> Instance:
    """A round of two pools and two years, each kind of thing in it or not."""
    has = {kind: bool(rng.random() < 0.45) for kind in KINDS}
    programmes = [_programme(name, "Council" if name in "DE" else "NHS") for name in "ABCDE"]
    programmes[0]["sector"] = programmes[1]["sector"] = "acute"
    tables: Rows = {"limits": [], "rules": [], "option_effects": []}
    tables["responses"] = [
        {"programme": n, "outcome": "QALY", "shape": "points"} for n in ("A", "B", "D")
    ]
    tables["responses"] += [
        {"programme": n, "outcome": "QALY", "per_unit": int(rng.integers(1, 8))} for n in "CE"
    ]
    tables["response_points"] = [
        {"programme": name, "outcome": "QALY", "activity": at, "effect": effect}
        for name in "ABD"
        for at, effect in _curve(rng, concave=name != "B")
    ]
    money = {"NHS": int(rng.integers(25, 60)), "Council": int(rng.integers(15, 40))}
    tables["budgets"] = [
        {
            "pool": pool,
            "year": year,
            "amount": amount + int(rng.integers(0, 6)),
            "carry_max": 3 if has["carry"] and pool == "NHS" and year == 2025 else 0,
        }
        for pool, amount in money.items()
        for year in YEARS
    ]
    for kind in KINDS:
        if has[kind] and kind in _ADDS:
            _ADDS[kind](rng, tables, programmes)
    tables["limits"].append(
        {"programme": "C", "basis": "activity", "max": int(rng.integers(8, 25))}
    )
    tables["limits"].append(
        {"programme": "E", "basis": "activity", "max": int(rng.integers(8, 25))}
    )
    written = {name: table_of(*rows) for name, rows in tables.items() if rows}
    outcomes = "outcome,weight\nQALY,1" + ("\nK,0" if has["curve_rule"] else "")
    return round_of(table_of(*programmes), years=YEARS, outcomes=outcomes, **written)


def _programme(name: str, pool: str) -> Row:
    return {"programme": name, "sector": "s", "pool": pool, "baseline": 10}


def _curve(rng: Draw, *, concave: bool) -> list[tuple[int, int]]:
    slopes = rng.permutation(9)[:4] + 1
    if concave:
        slopes = np.sort(slopes)[::-1]
    return _points([0, *np.cumsum(slopes * 10).tolist()])


def _points(effects: list[int]) -> list[tuple[int, int]]:
    """Points ten apart."""
    return [(10 * k, e) for k, e in enumerate(effects)]


def _ending(rng: Draw, tables: Rows, programmes: list[Row]) -> None:
    programmes[2] |= {"contract": "Block", "provider": "Trust"}
    tables["contracts"] = [
        {
            "contract": "Block",
            "type": "block",
            "notice_years": int(rng.integers(0, 2)),
            "exit_fee": int(rng.integers(0, 4)),
        }
    ]


def _income(rng: Draw, tables: Rows, programmes: list[Row]) -> None:
    tables.setdefault("incomes", []).append(
        {
            "income": "Step",
            "pool": "NHS",
            "measure": "activity",
            "selection": "acute",
            "threshold": int(rng.integers(10, 30)),
            "amount": int(rng.integers(2, 9)),
        }
    )
    tables.setdefault("selections", [{"selection": "acute", "sector": "acute"}])


def _sliding(rng: Draw, tables: Rows, programmes: list[Row]) -> None:
    low = int(rng.integers(5, 20))
    tables.setdefault("incomes", []).append(
        {
            "income": "Slide",
            "pool": "Council",
            "measure": "value",
            "selection": "acute",
            "threshold": low,
            "full": low + int(rng.integers(5, 15)),
            "amount": int(rng.integers(2, 9)),
        }
    )
    tables.setdefault("selections", [{"selection": "acute", "sector": "acute"}])


def _start_min(rng: Draw, tables: Rows, programmes: list[Row]) -> None:
    programmes.append(_programme("S", "NHS") | {"baseline": 0})
    tables["responses"].append(
        {"programme": "S", "outcome": "QALY", "per_unit": int(rng.integers(2, 9))}
    )
    tables["limits"].append(
        {"programme": "S", "basis": "activity", "start_min": int(rng.integers(4, 9)), "max": 20}
    )


def _held(rng: Draw, tables: Rows, programmes: list[Row]) -> None:
    programmes.append(_programme("H", "NHS") | {"baseline": int(rng.integers(2, 9))})


def _curve_rule(rng: Draw, tables: Rows, programmes: list[Row]) -> None:
    tables["responses"].append({"programme": "A", "outcome": "K", "shape": "points"})
    tables["response_points"] += [
        {"programme": "A", "outcome": "K", "activity": at, "effect": effect}
        for at, effect in _curve(rng, concave=bool(rng.random() < 0.7))
    ]
    tables["rules"].append(
        {
            "rule": "K floor",
            "measure": "outcome",
            "outcome": "K",
            "sense": "min",
            "value": int(rng.integers(20, 160)),
            "penalty": float(rng.integers(1, 30)) / 10,
        }
    )


def _transfer(rng: Draw, tables: Rows, programmes: list[Row]) -> None:
    tables["transfers"] = [
        {"from_pool": "NHS", "to_pool": "Council", "max": int(rng.integers(1, 8))},
        {"from_pool": "Council", "to_pool": "NHS", "max": int(rng.integers(1, 8))},
    ]


def _share(rng: Draw, tables: Rows, programmes: list[Row]) -> None:
    programmes.append(_programme("J", "NHS"))
    tables["responses"].append(
        {"programme": "J", "outcome": "QALY", "per_unit": int(rng.integers(2, 9))}
    )
    # As much as it must be: shares and money that gives way are then one to one.
    much = int(rng.integers(6, 14))
    tables["limits"].append({"programme": "J", "basis": "activity", "min": much, "max": much})
    low = int(rng.integers(2, 6)) / 10
    tables["funding"] = [
        {"programme": "J", "pool": "NHS", "share_min": low, "share_max": low + 0.2},
        {"programme": "J", "pool": "Council", "share_min": 0.8 - low, "share_max": 1 - low},
    ]


def _option(rng: Draw, tables: Rows, programmes: list[Row]) -> None:
    tables["options"] = [
        {
            "option": "hub",
            "pool": "NHS",
            "cost_yearly": int(rng.integers(1, 6)),
            "review_years": "none",
        }
    ]
    tables["option_effects"] = [
        {
            "option": "hub",
            "measure": "unit_cost",
            "target": "A",
            "operation": "multiply",
            "value": 0.8,
        }
    ]


def _capacity(rng: Draw, tables: Rows, programmes: list[Row]) -> None:
    tables["resources"] = [{"resource": "Nurses", "unit": "hours"}]
    tables["capacity"] = [{"resource": "Nurses", "amount": int(rng.integers(30, 70))}]
    tables["use"] = [
        {"programme": "A", "resource": "Nurses", "per_unit": 1},
        {"programme": "D", "resource": "Nurses", "per_unit": 2},
    ]


def _growth(rng: Draw, tables: Rows, programmes: list[Row]) -> None:
    tables["limits"].append(
        {"programme": "B", "basis": "growth", "min": -0.5, "max": 0.3, "growth_amount": 1}
    )


def _share_rule(rng: Draw, tables: Rows, programmes: list[Row]) -> None:
    tables.setdefault("selections", [{"selection": "acute", "sector": "acute"}])
    tables["rules"].append(
        {
            "rule": "Acute ceiling",
            "measure": "spend",
            "selection": "acute",
            "sense": "max",
            "value": float(rng.integers(30, 60)) / 100,
            "basis": "share",
        }
    )


def _deficit(rng: Draw, tables: Rows, programmes: list[Row]) -> None:
    programmes[4] |= {"contract": "Fixed", "provider": "Home"}
    tables.setdefault("contracts", []).append({"contract": "Fixed", "type": "block", "fixed": 10})
    tables["providers"] = [
        {
            "provider": "Home",
            "other_income": 0,
            "other_cost": 0,
            "deficit_max": int(rng.integers(1, 9)),
        }
    ]


_ADDS = {
    "ending": _ending,
    "income": _income,
    "sliding": _sliding,
    "start_min": _start_min,
    "held": _held,
    "curve_rule": _curve_rule,
    "transfer": _transfer,
    "share": _share,
    "option": _option,
    "capacity": _capacity,
    "growth": _growth,
    "share_rule": _share_rule,
    "deficit": _deficit,
}
