"""Constraints of somebody's own: what they can name, and what they are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from every_family import every_family
from examples import example
from small import round_of

import allocator
from allocator.errors import AllocatorError
from allocator.report.language.units import Worth, money_of
from allocator.report.text.binding import what_binds

SMALL = round_of(
    "programme,sector,pool,unit_cost,baseline\nbed,acute,NHS,2,50\ngp,primary,NHS,1,50",
    years=(2025, 2026),
    budgets="pool,amount\nNHS,200",
    responses="programme,outcome,per_unit\nbed,QALY,3\ngp,QALY,1",
    limits="programme,basis,max\nbed,activity,90",
)
"""A bed buys 1.5 a pound and a gp 1, in each of two years: 90 beds and 20 gp, worth 290 each."""


def beds(most: float) -> Any:
    def few_beds(model: Any, data: Any) -> None:
        model.few_beds = pyo.Constraint(
            list(data.year.labels), rule=lambda m, t: m.activity["bed", t] <= most
        )

    return few_beds


def one(rows: Any, **key: Any) -> Any:
    for column, value in key.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1
    return rows.iloc[0]


# ---- prices


def test_a_row_that_was_added_has_the_price_of_the_same_limit() -> None:
    plan = allocator.solve(SMALL, extra=beds(60))
    row = one(plan.extra, name="few_beds[2025]")
    # A bed more buys 3 and takes 2 from gp.
    assert (row["price"], row["price_less"]) == (pytest.approx(1), pytest.approx(1))
    assert (row["row"], row["value"], row["upper"]) == ("few_beds", pytest.approx(60), 60)
    assert (row["side"], row["lower"]) == ("most", -np.inf)
    assert row["price_range"] == pytest.approx(30, rel=0.01), "beds have a limit of their own at 90"
    anew = allocator.solve(SMALL, extra=beds(61)).objective
    assert anew == pytest.approx(plan.objective + 2 * row["price"])


def test_a_row_that_does_not_bind_is_worth_nothing_for_what_it_has_to_spare() -> None:
    row = one(allocator.solve(SMALL, extra=beds(95)).extra, name="few_beds[2026]")
    assert (row["price"], row["price_less"]) == (0.0, 0.0)
    assert row["price_less_range"] == pytest.approx(5)


def test_rows_of_every_side_are_priced() -> None:
    def more(model: Any, data: Any) -> None:
        model.gps = pyo.Constraint(expr=model.activity["gp", 2025] >= 40)
        model.between = pyo.Constraint(expr=(10, model.activity["bed", 2026], 70))
        model.same = pyo.Constraint(expr=model.activity["gp", 2026] == 50)
        model.block = pyo.Block()
        model.block.sum = pyo.Constraint(
            expr=model.activity["gp", 2025] + model.activity["gp", 2026] >= 60
        )

    plan = allocator.solve(SMALL, extra=more)
    found = plan.extra.set_index("name")
    assert dict(found["side"]) == {
        "gps": "least",
        "between": "most",
        "same": "exact",
        "block.sum": "least",
    }
    # 80 beds in 2025 for 40 gp; in 2026 70 beds cost 140 and 50 gp leave money over.
    assert dict(found["price"]) == pytest.approx(
        {"gps": 0.5, "between": 3.0, "same": 1.0, "block.sum": 0.0}
    )
    assert found.loc["gps", "price_less"] == pytest.approx(0.5)


def test_prices_hold_with_the_decisions_that_were_added() -> None:
    def wards(model: Any, data: Any) -> None:
        model.wards = pyo.Var(domain=pyo.NonNegativeIntegers, bounds=(0, 9))
        model.in_wards = pyo.Constraint(expr=model.activity["bed", 2025] <= 20 * model.wards)

    plan = allocator.solve(SMALL, extra=wards)
    # Five wards for the 90 beds there may be: another one would let nothing more be done.
    assert one(plan.extra, name="in_wards")["price"] == 0.0

    def few_wards(model: Any, data: Any) -> None:
        wards(model, data)
        model.few_wards = pyo.Constraint(expr=model.wards <= 3)

    found = allocator.solve(SMALL, extra=few_wards).extra.set_index("name")
    # A bed more with three wards: 1. A third of a ward cannot be built: no less, and no more.
    assert found.loc["in_wards", "price"] == pytest.approx(1)
    assert found.loc["few_wards", "price"] == 0.0
    assert found.loc["few_wards", "price_less"] == np.inf


def test_all_prices_stand_side_by_side() -> None:
    prices = allocator.solve(SMALL, extra=beds(60)).prices
    assert set(prices["table"]) == {"budgets", "extra"}
    assert one(prices, table="budgets", year=2025)["price"] == pytest.approx(1)
    assert one(prices, table="extra", name="few_beds[2025]")["side"] == "most"
    assert "extra" not in allocator.solve(SMALL).tables
    assert set(allocator.solve(SMALL).prices["table"]) == {"budgets", "limits"}


def test_what_an_added_row_holds_back_is_told() -> None:
    plan = allocator.solve(SMALL, extra=beds(60))
    kinds = what_binds(plan, SMALL, money_of(plan, SMALL), Worth.of(SMALL.outcomes))
    (told,) = [kind.sentences for kind in kinds if kind.title == "Rows that were added"]
    assert told[0] == "few_beds[2025] is at its most, 60: 1 more would buy 1 QALY."


def test_a_plan_that_was_not_found_has_no_prices() -> None:
    plan = allocator.solve(SMALL, extra=lambda m, d: m.activity["bed", 2025].setlb(990))
    with pytest.raises(AllocatorError, match="no plan to read prices from: status infeasible"):
        _ = plan.prices


def test_rows_that_were_added_are_written_and_read_back(tmp_path: Path) -> None:
    plan = allocator.solve(SMALL, extra=beds(60))
    allocator.write(plan, tmp_path / "plan")
    again = allocator.read_plan(tmp_path / "plan")
    assert again.extra["price"].tolist() == pytest.approx(plan.extra["price"].tolist())
    assert len(again.prices) == len(plan.prices)


# ---- what there is to name


def test_every_variable_and_row_of_every_family_says_what_it_is() -> None:
    built = allocator.build(every_family())
    for table in (built.variables(), built.rows()):
        assert (table["means"] != "").all()
    assert len(built.variables()) == built.program.shape[1]


def test_what_is_listed_is_what_can_be_named() -> None:
    built = allocator.build(example("shared-funding"))
    variables = built.variables()
    assert set(variables["variable"]) >= {"activity", "paid"}
    row = one(variables, name="paid[Home care,NHS,2025]")
    assert row["write"] == "model.paid['Home care', 'NHS', 2025]"
    assert row["means"].startswith("paid[i, b, t]: what pool b pays for programme i in year t")
    for write, index, name in variables[["variable", "index", "write"]].to_numpy():
        assert eval(name, {"model": built.model}) is built.model.component(write)[index]


def test_rows_are_listed_with_their_sides_and_those_added_among_them() -> None:
    rows = allocator.build(SMALL, extra=beds(60)).rows()
    assert list(one(rows, name="few_beds[2025]")[["lower", "upper", "terms"]]) == [-np.inf, 60, 1]
    assert one(rows, name="pool[NHS,2025]")["upper"] == 200
    assert len(repr(allocator.build(every_family())).splitlines()) <= 20
    assert "activity" in repr(allocator.build(SMALL))
