"""The system as a whole, and programmes that an award moves to another provider, by hand."""

from __future__ import annotations

from typing import Any

import pytest
from judging import allowed, breaks, expect, run
from small import round_of

from allocator.instance.instance import Instance

PROGRAMMES = """
    programme,sector,pool,provider,contract,baseline
    Wards,acute,NHS,Trust,Acute,100
    Nursing,community,NHS,Incumbent,,50"""
ROUND: dict[str, Any] = {
    "years": (2025, 2026),
    "budgets": "pool,year,kind,amount\nNHS,2025,recurrent,160\nNHS,2026,recurrent,170\n"
    "NHS,2025,support,18\nNHS,2026,support,0",
    "contracts": "contract,type,fixed\nAcute,block,100",
    "providers": "provider,year,other_cost\nTrust,2025,22\nTrust,2026,4",
    "settings": {"recurrent_balance": True},
}
DEFICIT = """
    item,year,pool,kind,amount,recurrent,provider
    Passed on,2025,NHS,deficit,18,{0},Trust
    Passed on,2026,NHS,deficit,0,{0},Trust
    Held,,NHS,deficit,4,{0},"""
AS_BEFORE = {"Wards": 100, "Nursing": 50}


def system(recurrent: str = "", **more: Any) -> Instance:
    tables = ROUND | {"adjustments": DEFICIT.format(recurrent)} | more
    return round_of(PROGRAMMES, **tables)


def test_underlying_position_of_the_system_counts_every_pound_once() -> None:
    result = allowed(system(), AS_BEFORE)
    # The pool: 160 - 150 - 18 - 4 and 170 - 150 - 4. The trust: 100 + 18 - 22 - 100, and -4.
    # 4 of the trust's loss is what the pool holds against it.
    expect(
        result.system,
        pools=[-12, 16],
        held=[4, 4],
        providers=[-4, -4],
        underlying=[-12, 16],
        support=[18, 0],
    )
    expect(result.providers, provider="Trust", adjustments=[18, 0], position=[-4, -4])
    expect(result.budgets, underlying=[-12, 16], support=[18, 0])


def test_support_may_pay_for_what_is_spent_every_year_and_nothing_more() -> None:
    budgets = "pool,year,kind,amount\nNHS,2025,recurrent,160\nNHS,2026,recurrent,170\n"
    allowed(system(budgets=budgets + "NHS,,support,12"), AS_BEFORE)
    short = run(system(budgets=budgets + "NHS,,support,11.9\nNHS,,non_recurrent,9"), AS_BEFORE)
    breaks(short, "recurrent", "NHS", 2025, pytest.approx(0.1))


def test_one_off_deficit_flatters_the_pool_and_not_the_system() -> None:
    result = allowed(system("no"), AS_BEFORE)
    expect(result.system, pools=[10, 20], held=[0, 0], providers=[-22, -4], underlying=[-12, 16])


AWARD: dict[str, Any] = {
    "options": """
        option,pool,group,choose,provider,earliest,latest,start_month
        Stay,NHS,lot,exactly_one,,2026,2026,0
        Winner,NHS,lot,exactly_one,Newcomer,2026,2026,{0}""",
    "option_effects": "option,measure,target,operation\nWinner,provider,Nursing,move",
}


@pytest.mark.parametrize(("month", "share"), [("0", 1.0), ("10", 0.5)])
def test_award_moves_cost_and_payment_to_the_winner(month: str, share: float) -> None:
    award = AWARD | {"options": AWARD["options"].format(month)}
    plan = "option,year,taken\nWinner,2025,no\nWinner,2026,yes\nStay,2025,no\nStay,2026,no"
    result = allowed(system(**award), AS_BEFORE, options=plan)
    expect(result.providers, provider="Newcomer", income=[0, 50 * share], cost=[0, 50 * share])
    left = [50, 50 * (1 - share)]
    expect(result.providers, provider="Incumbent", income=left, cost=left, position=[0, 0])
    stays = plan.replace("Winner,2026,yes", "Winner,2026,no").replace(
        "Stay,2026,no", "Stay,2026,yes"
    )
    before = run(system(**award), AS_BEFORE, options=stays)
    expect(before.providers, provider="Incumbent", income=[50, 50], cost=[50, 50])
