"""Drafts of rounds in which several pools pay for one programme: who is short of what."""

from __future__ import annotations

from typing import Any

import pytest
from small import csv, round_of

import allocator
from allocator.evaluate import Evaluation
from allocator.instance.instance import Instance

PROGRAMMES = """
    programme,sector,pool,baseline,unit_cost
    Wards,acute,NHS,400,1
    Roads,other,Council,50,1
    Home care,social care,Council,100,1"""
TABLES = {
    "funding": "programme,pool,share_min,share_max\nHome care,NHS,0.3,0.5\n"
    "Home care,Council,0.5,0.7",
    "responses": "programme,outcome,per_unit\nWards,QALY,1\nRoads,QALY,1\nHome care,QALY,1",
    "limits": "programme,min,max\nWards,0.5,2\nRoads,0.5,2\nHome care,1,1",
    "budgets": "pool,amount\nNHS,450\nCouncil,130",
}


def shared(**more: Any) -> Instance:
    return round_of(PROGRAMMES, **{**TABLES, **more})


def before(round_: Instance) -> tuple[float, list[float]]:
    """Activity of wards in the first year and shares, as rolled forward."""
    checked = allocator.roll_forward(round_).checked
    assert checked is not None
    lines = checked.allocation
    return float(lines.loc[lines["programme"] == "Wards", "activity"].iloc[0]), shares(checked)


def judged(round_: Instance, draft: str, **more: str) -> Evaluation:
    tables = {"allocation": csv(f"programme,year,activity\n{draft}")}
    tables |= {name: csv(text) for name, text in more.items()}
    return allocator.evaluate(round_, allocator.complete_draft(round_, tables).tables)


def shares(found: Evaluation) -> list[float]:
    return [round(share, 6) for share in found.funding["share"]]


def short(found: Evaluation) -> list[tuple[str, int, float]]:
    rows = found.violations
    assert set(rows["kind"]) <= {"budget"}
    columns = (rows[c] for c in ("name", "year", "violation"))
    return [(name, year, round(much, 6)) for name, year, much in zip(*columns, strict=True)]


@pytest.mark.parametrize("rest", ["", "\nRoads,2025,59\nHome care,2025,100"])
def test_a_pool_is_short_of_all_that_the_draft_asks_of_it(rest: str) -> None:
    round_ = shared()
    wards, usual = before(round_)
    # The council has money left and might pay more of home care, but not enough.
    found = judged(round_, f"Wards,2025,{wards + 20}{rest}")
    assert short(found) == [("NHS", 2025, 20.0)]
    assert shares(found) == usual


@pytest.mark.parametrize("rest", ["", "\nRoads,2025,59\nHome care,2025,100"])
def test_shares_that_let_everything_fit_are_moved(rest: str) -> None:
    round_ = shared()
    wards, usual = before(round_)
    found = judged(round_, f"Wards,2025,{wards + 1}{rest}")
    assert found.allowed, found.violations["message"].tolist()
    assert shares(found) == pytest.approx([usual[0] + 0.01, usual[1] - 0.01])


def test_shares_stay_as_rolled_forward_where_they_fit() -> None:
    round_ = shared()
    wards, usual = before(round_)
    found = judged(round_, f"Wards,2025,{wards - 1}")
    assert found.allowed
    assert shares(found) == usual


def test_shares_a_draft_states_are_its_own() -> None:
    round_ = shared()
    stated = "programme,pool,year,paid\nHome care,NHS,2025,50\nHome care,Council,2025,50"
    found = judged(round_, "Wards,2025,400", funding=stated)
    assert found.allowed
    assert shares(found) == [0.5, 0.5]


def test_years_that_fit_with_other_shares_are_not_blamed() -> None:
    round_ = shared(years=(2025, 2026))
    wards, _ = before(round_)
    found = judged(round_, f"Wards,2025,{wards + 20}\nWards,2026,{wards + 1}")
    assert short(found) == [("NHS", 2025, 20.0)]


def test_transfers_fill_what_they_can() -> None:
    round_ = shared(transfers="from_pool,to_pool,max\nCouncil,NHS,3")
    wards, usual = before(round_)
    found = judged(round_, f"Wards,2025,{wards + 20}")
    already = allocator.roll_forward(round_).checked
    assert already is not None
    more = 3.0 - float(already.transfers["amount"].sum())
    assert short(found) == [("NHS", 2025, 20.0 - more)]
    assert shares(found) == usual
