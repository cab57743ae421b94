"""A pool whose money ends where a payment bends: the payment holds, and so does the pool."""

from __future__ import annotations

import pytest
from small import round_of

import allocator

PROGRAMME = "programme,sector,pool,baseline,contract,provider"
CARE = f"{PROGRAMME}\ncare,primary,NHS,10,C1,Trust"
ROUND = {
    "budgets": "pool,amount\nNHS,10",
    "contracts": "contract,type\nC1,cost_and_volume",
    "limits": "programme,basis,max\ncare,activity,20",
    "responses": "programme,outcome,per_unit\ncare,QALY,2",
}
PLACES = {"places": "place,heads\nHere,10"}

BROTHERS = {
    "volume": (CARE, {}, 20),
    "floor of income and cap": (
        CARE,
        {
            "contracts": "contract,type,min_income,max_income\nC1,cost,10,11",
            "limits": "programme,basis,min,max\ncare,activity,5,20",
        },
        20,
    ),
    "floor of income by activity": (
        CARE,
        {"contracts": "contract,type,min_income\nC1,activity,10"},
        20,
    ),
    "capitated without gain share": (
        CARE,
        {
            "contracts": "contract,type,per_head,gain_share,loss_share\nC1,capitated,1,0,0.5",
            **PLACES,
        },
        20,
    ),
    "capitated, a dearer unit": (
        f"{PROGRAMME},cost_threshold,cost_above\ncare,primary,NHS,10,C1,Trust,10,3",
        {"contracts": "contract,type,per_head,loss_share\nC1,capitated,1,0.5", **PLACES},
        20,
    ),
    "aligned without a way down": (
        CARE,
        {"contracts": "contract,type,down_rate\nC1,aligned,0"},
        20,
    ),
    "block beside it": (
        f"{CARE}\nward,acute,NHS,20,C2,Other",
        {
            "contracts": "contract,type\nC1,cost_and_volume\nC2,block",
            "budgets": "pool,amount\nNHS,30",
            "limits": f"{ROUND['limits']}\nward,activity,40",
            "responses": f"{ROUND['responses']}\nward,QALY,1",
        },
        60,
    ),
    "notice": (
        CARE,
        {"contracts": "contract,type,notice_years,exit_fee\nC1,cost_and_volume,1,5"},
        20,
    ),
    "demand": (CARE, {"demand": "programme,demand\ncare,18"}, 20),
    "curve": (
        CARE,
        {"responses": "programme,outcome,shape,maximum,half\ncare,QALY,saturating,100,10"},
        50,
    ),
    "uplift over two years": (
        CARE,
        {
            "contracts": "contract,type,uplift\nC1,cost_and_volume,0.25",
            "budgets": "pool,year,amount\nNHS,2025,12.5\nNHS,2026,15.625",
            "years": (2025, 2026),
        },
        2 * (12.5 + 15.625),
    ),
    "one exact year of two": (
        CARE,
        {"budgets": "pool,year,amount\nNHS,2025,10\nNHS,2026,12", "years": (2025, 2026)},
        44,
    ),
    "deficit": (CARE, {"providers": "provider,deficit_max\nTrust,2"}, 20),
    "money handed over": (
        CARE,
        {
            "budgets": "pool,amount\nNHS,4\nCouncil,6",
            "transfers": "from_pool,to_pool,max\nCouncil,NHS,6",
        },
        20,
    ),
    "no limit": (CARE, {"limits": "programme,basis,min\ncare,activity,0"}, 20),
}


@pytest.mark.parametrize("name", BROTHERS)
def test_a_flat_payment_that_takes_all_the_money_is_held(name: str) -> None:
    programmes, tables, most = BROTHERS[name]
    plan = allocator.solve(round_of(programmes, **{**ROUND, **tables}))  # type: ignore[arg-type]
    assert (plan.status, plan.verified) == ("optimal", True)
    assert plan.objective == pytest.approx(most, abs=1e-9)


@pytest.mark.parametrize("more", [0.0, 1e-9, 1e-6, 1e-3, 0.1])
def test_a_little_more_money_buys_a_little_more(more: float) -> None:
    tables = {**ROUND, "budgets": f"pool,amount\nNHS,{10 + more!r}"}
    plan = allocator.solve(round_of(CARE, **tables))
    assert plan.verified
    assert plan.objective == pytest.approx(20 + 2 * more, abs=1e-9)
