"""Yes-or-no decisions stand only where the data need them: how many, and of which kind."""

from __future__ import annotations

from typing import Any

import pytest
from small import compiled, round_of

from allocator.solver.program import Program

COLUMNS = "programme,sector,pool,provider,contract,baseline,held,cost_threshold,cost_above"

ROUND = """{columns},fixed_share,release_years
    A,acute,NHS,T,K,100,no,{tier},{late}
    B,community,NHS,,,100,no,,,0,0"""


def whole(program: Program) -> dict[str, int]:
    """Binaries by block."""
    return {
        block.name: int(program.integer[block.span].sum())
        for block in program.columns
        if program.integer[block.span].any()
    }


def counted(
    *, tier: str = ",", late: str = "0,0", years: int = 2, start: str = "", **tables: str
) -> dict[str, int]:
    usual = {
        "outcomes": "outcome,weight\nQALY,1\nother,0",
        "responses": "programme,outcome,per_unit\nA,QALY,1\nB,QALY,1",
        "limits": f"programme,basis,min,max,start_min\nA,activity,0,160,{start}\nB,activity,0,200,",
        "selections": "selection,programme,contract\nA,A,\nK,,K",
        "places": "place,heads\nHere,100",
        "contracts": "contract,type\nK,activity",
    }
    programmes = ROUND.format(columns=COLUMNS, tier=tier, late=late)
    return whole(
        compiled(round_of(programmes, years=tuple(range(2025, 2025 + years)), **(usual | tables)))
    )


def curve(line: str, weight: float = 1) -> dict[str, str]:
    head = "programme,outcome,shape,per_unit,elasticity,maximum,half,steepness"
    return {
        "responses": f"{head}\nA,QALY,{line}\nB,other,linear,1,,,,",
        "outcomes": f"outcome,weight\nQALY,{weight}\nother,1",
        "response_points": "programme,outcome,activity,effect\n"
        "A,QALY,0,0\nA,QALY,40,4\nA,QALY,80,40\nA,QALY,160,60"
        if line.startswith("points")
        else "programme,outcome,activity,effect",
    }


def contract(columns: str, values: str) -> dict[str, str]:
    return {"contracts": f"contract,{columns}\nK,{values}"}


def rule(text: str) -> dict[str, str]:
    return {"rules": f"rule,measure,selection,outcome,sense,value,penalty\nR,{text}"}


def options(columns: str, *rows: str, effects: str = "") -> dict[str, str]:
    head = "option,measure,target,outcome,operation,value\n"
    more = {"option_effects": head + effects} if effects else {}
    return {"options": "\n".join([f"option,pool,{columns}", *rows]), **more}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        # curves: two years of breakpoints that steepen, or flatten where that is unwelcome
        (curve("points,,,,,"), {"order": 2}),
        (curve("points,,,,,", -1), {"order": 2}),
        (curve("points,,,,,", 0), {}),
        (curve("power,1,0.5,,,"), {}),
        (curve("saturating,,,60,80,"), {}),
        (curve("points,,,,,", 0) | rule("outcome,A,QALY,min,20,"), {"order": 2}),
        (curve("points,,,,,", 1) | rule("outcome,A,QALY,equal,20,1"), {"order": 4}),
        # payments
        (contract("type,threshold,marginal_rate", "activity,110,0.3"), {"step": 2}),
        (contract("type,threshold,marginal_rate", "activity,110,1.3"), {}),
        (contract("type,threshold,marginal_rate", "activity,170,0.3"), {}),
        (contract("type,up_rate,down_rate", "aligned,1,0.5"), {}),
        (contract("type,up_rate,down_rate", "aligned,0.5,1"), {"step": 2}),
        (contract("type,up_rate,down_rate", "aligned,0.7,0.7"), {}),
        (
            contract("type,up_rate,down_rate", "aligned,1,0.5")
            | {"providers": "provider,year,deficit_max\nT,2025,\nT,2026,20"},
            {"step": 1},
        ),
        (contract("type,max_income", "activity,120"), {"step": 2}),
        (contract("type,min_income", "activity,60"), {}),
        (contract("type,min_income", "activity,60") | rule("payment,K,,min,70,"), {"step": 2}),
        (contract("type,min_income", "activity,60") | rule("payment,K,,max,150,"), {}),
        (
            contract("type,per_head,loss_share,loss_cap", "capitated,1,0.5,20"),
            {"step": 2},  # where the cap is met, not where the loss begins
        ),
        (
            contract("type,fixed,bonus_outcome,bonus_threshold,bonus_step", "outcome,50,QALY,90,9"),
            {"step": 2},
        ),
        (
            contract(
                "type,fixed,bonus_outcome,bonus_threshold,bonus_step", "outcome,50,QALY,990,9"
            ),
            {},
        ),
        (contract("type,fixed,bonus_outcome,bonus", "outcome,50,QALY,0.1"), {}),
        # endings
        (contract("type,fixed,notice_years", "block,90,1"), {"end": 1}),
        (contract("type,fixed,notice_years", "block,90,0"), {"end": 2}),
        (contract("type,fixed,notice_years", "block,90,2"), {}),
        # tiers of cost and smallest scales
        ({"tier": "80,0.5"} | contract("type", "cost"), {"beyond": 2}),
        ({"tier": "80,1.5"} | contract("type", "cost"), {}),
        ({"tier": "80,1.5"}, {"beyond": 2}),
        ({"tier": "80,1"}, {}),
        ({"tier": "200,0.5"}, {}),
        ({"start": "30"}, {"on": 2}),
        # stranded cost
        ({"late": "0.5,1"}, {}),
        (
            {"late": "0.5,1"}
            | contract("type,lead,overhead", "cost,L,0.1")
            | {"providers": "provider\nL"}
            | rule("payment,K,,min,60,"),
            {"source": 2},
        ),
        # conditional money, whatever its lag
        (
            {"incomes": "income,pool,measure,selection,threshold,amount\nI,NHS,activity,A,90,9"},
            {"reached": 2},
        ),
        (
            {
                "incomes": "income,part,year,pool,measure,selection,threshold,full,amount,share\n"
                "I,x,2025,NHS,activity,A,90,120,9,0.5\nI,y,2026,NHS,activity,A,90,,9,0.5"
            },
            {"reached": 2},
        ),
        # options: one for every run
        (options("review_years", "a,NHS,none", "b,NHS,"), {"run": 2 + 3}),
        (options("min_years", "a,NHS,2", "b,NHS,1"), {"run": 2 + 3}),
        (options("latest", "a,NHS,2025"), {"run": 2}),
        (
            options("review_years", "a,NHS,none", effects="a,unit_cost,A,,multiply,0.9"),
            # the levels of a unit cost need none of their own, but the provider's cost is split
            {"run": 2},
        ),
        (
            options(
                "review_years,group,choose",
                "a,NHS,none,g,at_most_one",
                "b,NHS,none,g,at_most_one",
                effects="a,outcome,A,QALY,multiply,1.1\nb,outcome,A,QALY,multiply,1.2",
            ),
            {"run": 4},
        ),
        (
            options("review_years", "a,NHS,none", effects="a,contract,K,,suspend,"),
            {"run": 2},
        ),
    ],
)
def test_as_many_as_the_data_need(given: dict[str, Any], expected: dict[str, int]) -> None:
    assert counted(**given) == expected


def test_a_curve_that_steepens_costs_a_decision_a_breakpoint() -> None:
    # A parabola to 160: as wide as sqrt(8 x 1e-3 x 160 x 160 / 2 / 1) = 10.1 allows, 16 chords.
    assert counted(**curve("power,1,2,,,"), years=1) == {"order": 15}
    # An S curve costs as many as lie before its turn, half of its range.
    s_curve = counted(**curve("logistic,,,60,80,0.05"), years=1)["order"]
    assert counted(**curve("logistic,,,60,160,0.05"), years=1)["order"] > s_curve
    assert 2 <= s_curve <= 20


def test_what_a_concave_curve_costs_where_it_is_unwelcome() -> None:
    # 1 / 0.5 x (x / 100)^0.5, unwelcome: every breakpoint, as few as the error allows.
    few = counted(**curve("saturating,,,60,80,", -1), years=1)["order"]
    assert 2 <= few <= 25
