"""What can be reached: hand-worked ranges, and a linear programme as the judge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linear_programme import feasible_range
from small import reachable

from allocator.instance.facts.propagate import propagate
from allocator.instance.instance import Instance
from allocator.instance.reading.reader import from_tables
from allocator.instance.tables.by_year import by_year
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import from_frame
from allocator.instance.tables.schema import TABLES
from allocator.instance.tables.settings import Settings

YEARS = [2025, 2026, 2027]
Row = dict[str, Any]


def make(programmes: list[Row], budgets: list[Row] | None = None, **tables: list[Row]) -> Instance:
    budgets = budgets or [{"pool": "NHS", "amount": 1e6}]
    return from_tables(
        {"name": "x", "base_year": 2024, "years": YEARS, "cost_uplift": tables.pop("uplift", 0.0)},
        {
            "programmes": pd.DataFrame([{"sector": "s", "pool": "NHS", **p} for p in programmes]),
            "budgets": pd.DataFrame(budgets),
            "outcomes": pd.DataFrame([{"outcome": "QALY", "weight": 1.0}]),
            "responses": pd.DataFrame(columns=["programme", "outcome"], dtype=str),
            **{name: pd.DataFrame(rows) for name, rows in tables.items()},
        },
    )


def bounds(instance: Instance, programme: str) -> list[tuple[float, float]]:
    table = reachable(instance)
    table = table[table["programme"] == programme]
    assert table["year"].tolist() == YEARS
    return [
        (pytest.approx(lo), pytest.approx(hi))
        for lo, hi in zip(table["lo"].tolist(), table["hi"].tolist(), strict=True)
    ]


def test_baseline_and_activity_limits_hold_together() -> None:
    limits = [
        {"programme": "a", "basis": "baseline", "min": 0.9, "max": 1.5},
        {"programme": "a", "basis": "activity", "year": 2026, "min": 95.0, "max": 120.0},
    ]
    found = bounds(make([{"programme": "a", "baseline": 100}], limits=limits), "a")
    assert found == [(90, 150), (95, 120), (90, 150)]


def test_a_row_with_a_year_replaces_the_row_without() -> None:
    limits = [
        {"programme": "a", "basis": "baseline", "year": None, "min": 0.9, "max": 1.1},
        {"programme": "a", "basis": "baseline", "year": 2026, "min": None, "max": 2.0},
    ]
    found = bounds(make([{"programme": "a", "baseline": 100}], limits=limits), "a")
    assert found == [(90, 110), (0, 200), (90, 110)]


def test_growth_runs_forward_from_the_baseline() -> None:
    limits = [{"programme": "a", "basis": "growth", "min": -0.1, "max": 0.1, "growth_amount": 5.0}]
    found = bounds(make([{"programme": "a", "baseline": 100}], limits=limits), "a")
    assert found == [(90, 115), (81, 131.5), (72.9, 149.65)]


def test_growth_runs_backward_from_a_later_limit() -> None:
    limits = [
        {"programme": "a", "basis": "growth", "year": None, "min": -0.5, "max": 0.1},
        {"programme": "a", "basis": "activity", "year": 2027, "min": 121.0, "max": 125.0},
    ]
    found = bounds(make([{"programme": "a", "baseline": 100}], limits=limits), "a")
    assert found == [(100, 110), (110, 121), (121, 125)]


def test_a_fall_that_cannot_be_faster_binds_the_years_before() -> None:
    limits = [
        {"programme": "a", "basis": "growth", "year": None, "min": -0.5, "max": 9.0},
        {"programme": "a", "basis": "activity", "year": 2027, "min": None, "max": 50.0},
    ]
    found = bounds(make([{"programme": "a", "baseline": 100}], limits=limits), "a")
    assert [high for _, high in found] == [200, 100, 50]


def test_safety_keeps_its_baseline_unless_a_limit_says_otherwise() -> None:
    limits = [{"programme": "a", "basis": "baseline", "year": 2026, "min": 0.5, "max": None}]
    programmes = [{"programme": "a", "baseline": 100, "class": "safety"}]
    found = bounds(make(programmes, limits=limits), "a")
    assert [low for low, _ in found] == [100, 50, 100]


def test_money_bounds_what_nothing_else_does() -> None:
    programmes = [
        {"programme": "a", "baseline": 10, "unit_cost": 100.0},
        {"programme": "b", "baseline": 10, "unit_cost": 50.0},
    ]
    limits = [{"programme": "b", "basis": "baseline", "min": 1.0}]
    budgets = [{"pool": "NHS", "year": 2025 + t, "amount": 1500 + 100 * t} for t in range(3)]
    instance = make(programmes, budgets, limits=limits)
    assert bounds(instance, "a") == [(0, 10), (0, 11), (0, 12)]
    assert bounds(instance, "b") == [(10, 30), (10, 32), (10, 34)]


def test_money_carried_owed_and_transferred_counts() -> None:
    programmes = [{"programme": "a", "baseline": 1, "pool": "P"}]
    budgets = [
        {
            "pool": "P",
            "year": 2025,
            "amount": 100,
            "opening": 7,
            "carry_max": 30,
            "overdraw_max": 20,
        },
        {"pool": "P", "year": 2026, "amount": 100, "overdraw_max": 20},
        {"pool": "P", "year": 2027, "amount": 100, "overdraw_max": 20},
        {"pool": "Q", "year": None, "amount": 1000},
    ]
    transfers = [{"from_pool": "Q", "to_pool": "P", "year": 2026, "max": 11}]
    instance = make(programmes, budgets, transfers=transfers)
    assert [high for _, high in bounds(instance, "a")] == [127, 161, 100]


def test_uplift_makes_money_buy_less() -> None:
    programmes = [{"programme": "a", "baseline": 1, "cost_uplift": 0.25}]
    budgets = [{"pool": "NHS", "amount": 125.0}]
    assert [high for _, high in bounds(make(programmes, budgets), "a")] == [100, 80, 64]


def test_cost_that_is_not_released_leaves_less_for_others() -> None:
    programmes = [
        {"programme": "a", "baseline": 100, "fixed_share": 0.5, "release_years": 2},
        {"programme": "b", "baseline": 0},
    ]
    limits = [{"programme": "a", "basis": "activity", "max": 0.0}]
    found = bounds(make(programmes, [{"pool": "NHS", "amount": 100.0}], limits=limits), "b")
    assert [high for _, high in found] == [50, 50, 100]


def test_need_is_met_unless_it_is_avoided() -> None:
    programmes = [
        {"programme": "a", "baseline": 100, "class": "emergency"},
        {"programme": "h", "baseline": 10, "unit_cost": 10.0},
    ]
    effects = [{"source": "h", "target": "a", "per_unit": 2.0, "delay": 1, "fade": 0.5}]
    limits = [{"programme": "h", "basis": "baseline", "min": 0.5, "max": 1.5}]
    demand = [{"programme": "a", "demand": 100.0}]
    instance = make(programmes, effects=effects, limits=limits, demand=demand)
    # At most 5 units more of h avoid 10 a year later and 5 more the year after that;
    # what h could stop avoiding altogether (20, then 30) may come on top.
    assert bounds(instance, "a") == [(100, 100), (90, 120), (85, 130)]
    table = reachable(instance)
    table = table[table["programme"] == "a"]
    assert table["driver_lo"].tolist() == [100, 100, 100]
    assert table["driver_hi"].tolist() == [100, 100, 100]


def test_a_backlog_waits_and_grows() -> None:
    programmes = [{"programme": "a", "baseline": 100}]
    demand = [
        {"programme": "a", "demand": 100.0, "opening_backlog": 40.0, "carry": 1.0, "min_met": 0.5}
    ]
    limits = [{"programme": "a", "basis": "activity", "year": 2025, "max": 90.0}]
    instance = make(programmes, demand=demand, limits=limits)
    # Need 140 in year 1, of which 50 are left at least and 70 at most.
    assert bounds(instance, "a") == [(70, 90), (75, 170), (50, 185)]


def test_capacity_is_shared() -> None:
    programmes = [
        {"programme": "a", "baseline": 10, "place": "N"},
        {"programme": "b", "baseline": 10, "place": "N"},
        {"programme": "c", "baseline": 10, "place": "S"},
    ]
    instance = make(
        programmes,
        places=[{"place": "N", "heads": 1}, {"place": "S", "heads": 1}],
        resources=[{"resource": "beds"}],
        capacity=[
            {
                "resource": "beds",
                "place": "N",
                "amount": 50.0,
                "extra_max": 10.0,
                "extra_pool": "NHS",
            },
            {"resource": "beds", "place": "", "amount": 100.0, "extra_max": 0.0, "extra_pool": ""},
        ],
        use=[
            {"programme": "a", "resource": "beds", "per_unit": 2},
            {"programme": "b", "resource": "beds", "per_unit": 1},
            {"programme": "c", "resource": "beds", "per_unit": 1},
        ],
        limits=[{"programme": "b", "basis": "activity", "min": 20.0}],
    )
    assert bounds(instance, "a")[0] == (0, 20)
    assert bounds(instance, "b")[0] == (20, 60)
    assert bounds(instance, "c")[0] == (0, 80)


def test_exact_fits_are_no_collisions() -> None:
    """Floors that add up to the money to the penny leave a plan."""
    programmes = [{"programme": p, "baseline": 0.1, "class": "safety"} for p in "abc"]
    budgets = [{"pool": "NHS", "amount": 0.3}]
    assert bounds(make(programmes, budgets), "a") == [(0.1, 0.1)] * 3


def test_by_year_lays_out_overrides() -> None:
    frame = make(
        [{"programme": "a", "baseline": 1}],
        limits=[
            {"programme": "a", "basis": "growth", "year": None, "max": 0.1},
            {"programme": "a", "basis": "growth", "year": 2026, "max": 0.2},
        ],
    ).limits
    grid = by_year(from_frame("limits", frame), YEARS)
    assert grid.keys == [("a", "growth")]
    assert grid.values("max").tolist() == [[0.1, 0.2, 0.1]]


# Random rounds, judged by a linear programme that says the same in full

amounts = st.sampled_from([0.0, 5.0, 20.0, 60.0, 100.0, 150.0, 250.0])
ratios = st.sampled_from([0.0, 0.5, 0.8, 0.95, 1.0, 1.1, 1.5])


@st.composite
def rounds(draw: st.DrawFn, *, contracts: bool = False) -> Draft:
    names = ["a", "b", "c"]
    maybe = st.booleans()
    tables: dict[str, list[Row]] = {name: [] for name in TABLES}
    for i, name in enumerate(names):
        tables["programmes"].append(
            {
                "programme": name,
                "sector": "s",
                "pool": draw(st.sampled_from(["P", "Q"])),
                "class": "safety" if draw(maybe) and i == 2 else "discretionary",
                "baseline": draw(amounts),
                "unit_cost": draw(st.sampled_from([1.0, 2.0])),
                "fixed_share": draw(st.sampled_from([0.0, 0.5])),
                "release_years": draw(st.integers(0, 2)),
            }
        )
        for basis in ("baseline",) if contracts else ("activity", "baseline", "growth"):
            if draw(maybe):
                low = draw(st.none() | (amounts if basis == "activity" else ratios))
                high = draw(st.none() | (amounts if basis == "activity" else ratios))
                if low is not None and high is not None:
                    low, high = min(low, high), max(low, high)
                shift = 1.0 if basis == "growth" else 0.0
                year = draw(st.sampled_from([None, *YEARS]))
                tables["limits"].append(
                    {
                        "programme": name,
                        "basis": basis,
                        "year": year,
                        "min": np.nan if low is None else low - shift,
                        "max": np.nan if high is None else high - shift,
                    }
                )
    tables["demand"].append(
        {
            "programme": "a",
            "demand": draw(amounts),
            "opening_backlog": draw(st.sampled_from([0.0, 30.0])),
            "carry": draw(st.sampled_from([0.0, 0.5, 1.0])),
            "min_met": draw(st.sampled_from([0.0, 0.9, 1.0])),
        }
    )
    if draw(maybe):
        tables["effects"].append(
            {
                "source": "b",
                "target": "a",
                "per_unit": draw(st.sampled_from([0.2, 0.8, -0.1])),
                "delay": draw(st.integers(0, 2)),
                "fade": draw(st.sampled_from([0.0, 0.5])),
            }
        )
    tables["resources"].append({"resource": "beds"})
    tables["capacity"].append(
        {"resource": "beds", "amount": draw(amounts) + 50.0, "extra_max": 10.0, "extra_pool": "P"}
    )
    tables["use"] += [{"programme": n, "resource": "beds", "per_unit": 1.0} for n in ("a", "b")]
    for pool in ("P", "Q"):
        tables["budgets"].append(
            {
                "pool": pool,
                "amount": draw(st.sampled_from([100.0, 200.0, 400.0])) * (1 + contracts),
                "opening": draw(st.sampled_from([0.0, 25.0, -10.0])),
                "carry_max": draw(st.sampled_from([0.0, 40.0])),
                "overdraw_max": draw(st.sampled_from([0.0, 15.0])),
            }
        )
    if draw(maybe):
        tables["transfers"].append({"from_pool": "P", "to_pool": "Q", "max": draw(amounts)})
    tables["outcomes"].append({"outcome": "QALY", "weight": 1.0})
    balance = False
    if contracts:
        _pay_otherwise(draw, tables)
        balance = draw(maybe)
    return _unchecked(tables, recurrent_balance=balance)


def _pay_otherwise(draw: st.DrawFn, tables: dict[str, list[Row]]) -> None:
    """Contracts, shared funding, adjustments and kinds of money."""
    maybe = st.booleans()
    programmes, tables["places"] = tables["programmes"], [{"place": "N", "heads": 10}]
    under = [programmes[2]]
    if programmes[0]["pool"] == programmes[2]["pool"] and draw(maybe):
        under.append(programmes[0])
    for row in under:
        row |= {"contract": "C", "tariff": draw(st.sampled_from([np.nan, 0.5, 3.0]))}
    kind = draw(st.sampled_from(sorted(TYPES)))
    tables["contracts"].append(
        {
            "contract": "C",
            "type": kind,
            "start": draw(st.sampled_from([None, 2026])),
            "end": draw(st.sampled_from([None, 2026])),
            "overhead": draw(st.sampled_from([0.0, 0.1])),
            "uplift": 0.1,
            "min_income": draw(st.sampled_from([np.nan, 30.0])),
            **{name: draw(values) for name, values in TYPES[kind].items()},
        }
    )
    if draw(maybe):
        least, most = draw(st.sampled_from([(0.0, 1.0), (0.5, 0.8), (0.0, 0.4), (1.0, 1.0)]))
        tables["funding"] += [
            {"programme": "b", "pool": "P", "share_min": least, "share_max": most},
            {"programme": "b", "pool": "Q", "share_min": 0.0, "share_max": 1.0 - least},
        ]
    elif draw(maybe):
        programmes[1]["money"] = "capital"
        tables["budgets"].append(
            {"pool": programmes[1]["pool"], "kind": "capital", "amount": draw(amounts)}
        )
    programmes[0]["recurrent"] = draw(maybe)
    tables["budgets"].append(
        {"pool": "P", "kind": "non_recurrent", "amount": draw(amounts), "year": 2026}
    )
    for item in ("pressure", "efficiency"):
        tables["adjustments"].append(
            {
                "item": item,
                "kind": item,
                "pool": draw(st.sampled_from(["P", "Q"])),
                "year": draw(st.sampled_from([None, 2025])),
                "amount": draw(st.sampled_from([0.0, 30.0, 80.0])),
                "delivery": draw(st.sampled_from([1.0, 0.5])),
                "recurrent": draw(maybe),
            }
        )


money_amounts = st.sampled_from([np.nan, 40.0, 160.0])
TYPES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "cost": {},
    "block": {
        "fixed": money_amounts,
        "ceiling": money_amounts,
        "rebasing_year": st.sampled_from([None, 2026]),
    },
    "activity": {},
    "cost_and_volume": {"fixed": money_amounts, "up_rate": st.sampled_from([0.0, 0.5, 2.0])},
    "aligned": {
        "fixed": money_amounts,
        "up_rate": st.sampled_from([1.0, 2.0]),
        "down_rate": st.sampled_from([0.0, 1.0]),
    },
    "capitated": {
        "per_head": st.sampled_from([0.0, 5.0, 20.0]),
        "gain_share": st.sampled_from([0.0, 0.5]),
        "loss_share": st.sampled_from([0.5, 1.0]),
    },
}


def _unchecked(tables: dict[str, list[Row]], *, recurrent_balance: bool) -> Draft:
    """Draft with defaults filled in and no judgement on what it says."""
    settings_ = Settings(
        "x", 2024, tuple(YEARS), cost_uplift=0.1, recurrent_balance=recurrent_balance
    )
    frames = {}
    for name, table in TABLES.items():
        rows = pd.DataFrame(tables[name], index=range(len(tables[name])))
        columns = {}
        for column in table.columns:
            meta = table.meta(column)
            default = {"required": "", None: np.nan}.get(meta["default"], meta["default"])
            values = rows[column] if column in rows else [default] * len(rows)
            dtype = {"number": float, "integer": int, "flag": bool, "year": "Int64"}
            filled = pd.Series(values, dtype="object").where(lambda v: v.notna(), default)
            if meta["kind"] == "year":
                filled = pd.Series(values, dtype="object").map(lambda v: pd.NA if v != v else v)
            columns[column] = filled.astype(dtype.get(meta["kind"], "str"))
        frames[name] = pd.DataFrame(columns)
    return Instance(settings_, frames).facts.draft


def _judge(draft: Draft, programmes: str, year: int) -> None:
    """Collisions are proofs, and ranges hold what a linear programme can reach."""
    ranges = propagate(draft)
    t = YEARS.index(year)
    for programme in programmes:
        allowed = feasible_range(draft, programme, year)
        if ranges.collisions or ranges.shortages:
            assert allowed is None
            return
        if allowed is None:
            return
        i = draft["programmes"]["programme"].tolist().index(programme)
        assert ranges.lo[i, t] <= allowed[0] + 1e-5
        assert ranges.hi[i, t] >= allowed[1] - 1e-5


@settings(max_examples=40, deadline=None)
@given(rounds(), st.sampled_from(["a", "b", "c"]), st.sampled_from(YEARS))
def test_ranges_hold_every_allowed_plan(draft: Draft, programme: str, year: int) -> None:
    _judge(draft, programme, year)


@settings(max_examples=60, deadline=None)
@given(rounds(contracts=True), st.sampled_from(YEARS))
def test_ranges_hold_every_allowed_plan_however_it_is_paid(draft: Draft, year: int) -> None:
    _judge(draft, "abc", year)
