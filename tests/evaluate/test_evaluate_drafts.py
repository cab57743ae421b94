"""Plans that were edited after they were written, say money for activity, or are wide."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from judging import allocation, expect, run
from small import csv, one_row, round_of, solved

from allocator.errors import InstanceError
from allocator.evaluate import evaluate
from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance

YEARS = (2025, 2026, 2027)
lists = partial(
    round_of,
    """\
    programme,sector,pool,unit,baseline,unit_cost
    Surgery,acute,NHS,operation,100,10
    Community,community,NHS,visit,200,2
    Home care,social care,Council,hour,50,4
    """,
    years=YEARS,
    budgets="pool,amount\nNHS,1400\nCouncil,500",
    transfers="from_pool,to_pool,max\nNHS,Council,100",
    funding="programme,pool,share_min,share_max\nHome care,Council,0,1\nHome care,NHS,0,0.5",
    demand="programme,demand,opening_backlog,carry\nSurgery,110,10,1",
    effects="source,target,per_unit\nCommunity,Surgery,0.1",
    limits="programme,min\nCommunity,0.5",
    responses="programme,outcome,per_unit\nSurgery,QALY,3\nCommunity,QALY,0.1\nHome care,QALY,1",
    resources="resource\nbeds",
    capacity="resource,amount,extra_max,extra_cost,extra_pool\nbeds,100,50,1,NHS",
    use="programme,resource,per_unit\nSurgery,beds,1",
    rules=one_row(
        rule="list", measure="unmet", selection="Surgery", sense="max", value=10, penalty=5
    ),
    selections="selection,programme\nSurgery,Surgery",
)
LISTS = lists()


def tables(instance: Instance) -> dict[str, pd.DataFrame]:
    """Tables of the best plan, to be edited."""
    return {name: table.copy() for name, table in solved(instance).tables.items()}


def edited(plan: dict[str, pd.DataFrame], programme: str, year: int, more: float) -> None:
    lines = plan["allocation"]
    lines.loc[(lines["programme"] == programme) & (lines["year"] == year), "activity"] += more


def same(one: Any, other: Any) -> None:
    """Two evaluations come to the same in every table."""
    assert one.objective == pytest.approx(other.objective)
    for name, table in one.tables().items():
        pd.testing.assert_frame_equal(table, getattr(other, name), rtol=1e-9, atol=1e-9)


def test_a_plan_nobody_edited_is_believed_to_the_last_figure() -> None:
    plan = solved(LISTS)
    again = evaluate(LISTS, dict(plan.tables))
    assert again.notes == ()
    assert again.objective == plan.certificate.true_objective
    expect(again.allocation, unmet=plan.allocation["unmet"].tolist())


@pytest.mark.parametrize(
    ("programme", "more"), [("Surgery", -20.0), ("Community", 30.0), ("Community", -30.0)]
)
def test_edited_activity_wins_over_what_stood_beside_it(programme: str, more: float) -> None:
    plan = tables(LISTS)
    edited(plan, programme, 2025, more)
    columns = plan["allocation"][["programme", "year", "activity"]]
    result, bare = evaluate(LISTS, plan), evaluate(LISTS, {"allocation": columns})
    assert result.objective == pytest.approx(bare.objective)
    for name in ("allocation", "outcomes", "rules", "capacity"):
        pd.testing.assert_frame_equal(getattr(result, name), getattr(bare, name))
    said = " ".join(result.notes)
    assert said.startswith(f"Activity, edited for {programme}, is believed.")
    assert "unmet of allocation.csv (Surgery)" in said
    before = solved(LISTS).allocation
    moved = result.allocation["unmet"] - before["unmet"]
    assert moved[result.allocation["programme"] == "Surgery"].abs().max() > 1


def test_shares_of_pools_are_settled_anew_where_their_programme_was_edited() -> None:
    plan = tables(LISTS)
    edited(plan, "Home care", 2026, -5.0)
    result = evaluate(LISTS, plan)
    assert result.allowed, result.violations["message"].tolist()
    assert "paid of funding.csv (Home care)" in result.notes[0]
    # Without the columns that follow it is meant as it stands.
    meant = {**plan, "funding": plan["funding"][["programme", "pool", "year", "paid"]]}
    assert set(evaluate(LISTS, meant).violations["kind"]) == {"funding"}


def test_money_is_settled_anew_where_pools_then_balance() -> None:
    pools = round_of(
        "programme,sector,pool,baseline\nGP,primary,NHS,100\nHome care,social,Council,100",
        years=YEARS,
        budgets="pool,amount,carry_max\nNHS,150,50\nCouncil,100,0",
        transfers="from_pool,to_pool,max\nNHS,Council,50",
        responses="programme,outcome,per_unit\nGP,QALY,1\nHome care,QALY,3",
        limits="programme,min,max\nGP,0.5,1\nHome care,0.5,1.2",
    )
    plan = tables(pools)
    assert plan["transfers"]["amount"].tolist() == pytest.approx([20.0] * 3)
    edited(plan, "Home care", 2026, 10.0)
    found = evaluate(pools, plan)
    expect(found.transfers, amount=[20.0, 30.0, 20.0])
    assert "amount of transfers.csv (NHS to Council)" in found.notes[0]
    # Where it does not help, money is left as stated; and so are transfers edited as well.
    edited(plan, "Home care", 2026, 100.0)
    short = evaluate(pools, plan)
    expect(short.transfers, amount=[20.0] * 3)
    assert short.notes == ()
    plan = tables(pools)
    edited(plan, "GP", 2026, -30.0)
    plan["transfers"].loc[plan["transfers"]["year"] == 2026, "amount"] = 45.0
    expect(evaluate(pools, plan).transfers, amount=[20.0, 45.0, 20.0])


def test_unmet_need_stated_alone_is_meant() -> None:
    activity = {"Surgery": [100, 100, 100], "Community": 200, "Home care": 50}
    stated = allocation(LISTS, activity, unmet=[60, np.nan, np.nan] + [np.nan] * 6)
    result = evaluate(LISTS, {"allocation": stated})
    assert result.notes == ()
    assert result.violations["name"].tolist() == ["Surgery"]
    # Beside columns of another plan it is not, unless those are blank in its row.
    beside = stated.assign(avoided=[0.0, 0.0, 0.0] + [np.nan] * 6)
    assert evaluate(LISTS, {"allocation": beside}).allowed
    blank = stated.assign(avoided=[np.nan] * 9)
    assert not evaluate(LISTS, {"allocation": blank}).allowed


# Money for activity ----------------------------------------------------------------------

MONEY = round_of(
    """\
    programme,sector,pool,baseline,unit_cost,fixed_share,release_years,cost_threshold,cost_above
    Plain,s,NHS,100,2,,,,
    Dearer,s,NHS,100,2,,,120,1.5
    Fixed,s,NHS,100,2,0.25,2,,
    """,
    years=YEARS,
    settings={"cost_uplift": 0.1},
    options="option,programme,cost_yearly\nTeam,Plain,10",
    option_effects="option,measure,target,operation,value\nTeam,unit_cost,Plain,multiply,0.5",
)


@pytest.mark.parametrize("seed", range(8))
def test_spend_is_turned_into_the_activity_it_buys(seed: int) -> None:
    draw = np.random.default_rng(seed)
    activity = {n: draw.uniform(0, 200, 3).tolist() for n in ("Plain", "Dearer", "Fixed")}
    options = "option,year,taken\nTeam,2026,yes\nTeam,2027,yes"
    done = run(MONEY, activity, options=options)
    money = done.allocation[["programme", "year", "spend"]]
    bought = evaluate(MONEY, {"allocation": money, "options": csv(options)})
    same(done, bought)


def test_spend_by_hand() -> None:
    # Prices are 2.2, 2.42 and 2.662. 330 buys 120 dearer units at 2.2 and 20 at 3.3.
    # Of 100 fixed ones 60 remain: 132 and a quarter of 40 at 2.2 is 154.
    rows = [("Plain", 2025, 22.0), ("Dearer", 2025, 330.0), ("Fixed", 2025, 154.0)]
    rows += [(n, y, 0.0) for n in ("Plain", "Dearer", "Fixed") for y in (2026, 2027)]
    draft = pd.DataFrame(rows, columns=["programme", "year", "spend"])
    found = evaluate(MONEY, {"allocation": draft}).allocation
    expect(found, year=2025, activity=[140.0, 60.0, 10.0])


def test_activity_wins_over_spend_and_one_of_them_is_needed() -> None:
    both = allocation(MONEY, {"Plain": 10, "Dearer": 20, "Fixed": 30}, spend=["?"] * 9)
    assert evaluate(MONEY, {"allocation": both}).allocation["activity"].sum() == 180
    some = both.assign(
        activity=[10.0, np.nan, np.nan] + [1.0] * 6, spend=[np.nan, 24.2, np.nan] * 3
    )
    with pytest.raises(InstanceError) as error:
        evaluate(MONEY, {"allocation": some})
    assert [str(p) for p in error.value.problems] == [
        "allocation, line 4, activity: activity is blank, and so is spend."
    ]


# A column a year -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heads", [("2025", "2026", "2027"), ("2025/26", "2026/27", "2027/28"), (2025, 2026, 2027)]
)
def test_a_column_a_year(heads: tuple[Any, ...]) -> None:
    long = allocation(MONEY, {"Plain": [1, 2, 3], "Dearer": [4, 5, 6], "Fixed": 7})
    figures = {name: rows["activity"].tolist() for name, rows in long.groupby("programme")}
    rows = [[name, *by_year] for name, by_year in figures.items()]
    wide = pd.DataFrame(rows, columns=["programme", *heads])
    same(evaluate(MONEY, {"allocation": wide}), evaluate(MONEY, {"allocation": long}))


def test_a_column_a_year_of_money() -> None:
    activity = {"Plain": [1, 2, 3], "Dearer": [4, 5, 6], "Fixed": 7}
    done = run(MONEY, activity)
    spent = done.allocation.set_index(["programme", "year"])["spend"]
    mixed = csv(
        f"""\
        programme,measure,2025,2026,spend 2027
        Plain,,1,2,{spent["Plain", 2027]}
        Dearer,activity,4,5,{spent["Dearer", 2027]}
        Fixed,spend,{",".join(str(s) for s in spent["Fixed"])}
        """
    )
    same(evaluate(MONEY, {"allocation": mixed}), done)


def test_a_measure_nobody_knows_is_refused() -> None:
    wide = csv("programme,measure,2025\nPlain,hours,1")
    with pytest.raises(InstanceError, match="activity is blank"):
        evaluate(MONEY, {"allocation": wide})


def test_other_evidence_is_not_called_an_edit() -> None:
    effects = "source,target,per_unit,low,high\nCommunity,Surgery,0.1,0.05,0.15"
    round_ = lists(effects=effects)
    result = evaluate(with_evidence(round_, "high"), dict(solved(round_).tables))
    (said,) = result.notes
    assert "edited" not in said
    assert said.startswith("The plan was made with other evidence or for another round")
    assert "unmet of allocation.csv" in said
    assert "funding" not in said
