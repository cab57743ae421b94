"""Why there is no plan, as it is printed."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from small import round_of

import allocator
from allocator.instance.instance import Instance
from allocator.plan import Missing, Plan, Shortfall
from allocator.report.text.summary import print_summary
from allocator.words import missing_amount, missing_money

INSTANCE = round_of(
    "programme,sector,pool,unit_cost,baseline\ngp,primary,NHS,1,100\nbed,acute,NHS,1,100",
    settings={"money_unit": "million"},
    budgets="pool,amount\nNHS,200",
    responses="programme,outcome,per_unit\ngp,QALY,1\nbed,QALY,1",
    selections="selection,sector\nprimary,primary\nacute,acute",
    rules="""rule,measure,selection,sense,value
    primary floor,spend,primary,min,120
    acute floor,spend,acute,min,110""",
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return allocator.solve(INSTANCE)


def printed(plan: Plan, instance: Instance = INSTANCE, *, every: bool = False) -> str:
    out = StringIO()
    print_summary(plan, instance, Console(file=out, width=80), every=every)
    return out.getvalue()


def test_the_amount_comes_first_then_what_collides(plan: Plan) -> None:
    text = printed(plan)
    assert text.splitlines()[1:3] == [
        "More money would do, all else as it is; this is the least:",
        "  NHS is £30.0m short in 2025/26 of the least that the rules allow.",
    ]
    assert text.index("short in") < text.index("These cannot hold together")
    assert "rule 'primary floor' in 2025/26" in text


def told(plan: Plan, **changes: object) -> str:
    (first, *_) = plan.shortfall
    missing = Missing(
        **{
            "kind": "capacity",
            "name": "beds",
            "year": 2025,
            "amount": 22.3,
            "unit": "occupied bed",
            "price": 1.0,
            "what": "beds in 2025/26",
            "more": True,
        }
        | changes
    )
    return printed(replace(plan, shortfall=(replace(first, way="mix", missing=(missing,)),)))


def test_amounts_are_in_the_planner_s_units(plan: Plan) -> None:
    assert "beds is 22.3 occupied beds short in 2025/26." in told(plan)
    assert "beds is 1 occupied bed short in 2025/26." in told(plan, amount=1.0)
    pool = {"kind": "pool", "name": "NHS", "unit": "money"}
    assert "NHS is £0.003 short in 2025/26" in told(plan, amount=3e-9, **pool)
    capital = pool | {"kind": "capital"}
    assert "The capital of NHS is £2.0m short in 2025/26." in told(plan, amount=2.0, **capital)
    limit = {"kind": "limit", "what": "how far hip may fall in 2026/27", "unit": "operation"}
    text = told(plan, **limit, amount=51.0, more=False)
    assert "how far hip may fall in 2026/27: 51 operations less." in text


def test_what_is_not_proved_to_be_enough_is_a_least(plan: Plan) -> None:
    (first, *_) = plan.shortfall
    bounded = replace(first, least=29.0)
    text = printed(replace(plan, shortfall=(bounded,)))
    assert "this much is enough, and at least £29.0m of it is needed" in " ".join(text.split())
    relaxed = replace(first, enough=False)
    text = " ".join(printed(replace(plan, shortfall=(relaxed,))).split())
    assert "if anything does; at least £30.0m of it" in text
    assert "NHS is at least £30.0m short" in text


def test_lists_are_short_unless_all_is_asked_for(plan: Plan) -> None:
    (first, *_) = plan.shortfall
    (one,) = first.missing
    many = Shortfall("money", (one,) * 20, 600.0, 600.0, True)
    long = replace(plan, conflict=tuple(f"limit {n}" for n in range(25)), shortfall=(many,))
    text = printed(long)
    assert "and 13 more; --show all lists them." in text
    assert "and 8 more; --show all lists them." in text
    every = printed(long, every=True)
    assert "more;" not in every
    assert "limit 24" in every


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0.004, "£0.004"), (0.0, "£0"), (0.5, "£0.50"), (1234567.0, "£1.2m")],
)
def test_missing_money_is_never_shown_as_nothing(amount: float, words: str) -> None:
    assert missing_money(amount, "GBP") == words


@pytest.mark.parametrize(
    ("amount", "unit", "words"),
    [
        (22.28, "occupied bed", "22.3 occupied beds"),
        (1.0, "bed", "1 bed"),
        (3.0, "bed-days", "3 bed-days"),
        (3.0, "staff", "3 staff"),
        (3.0, "WTE", "3 WTE"),
        (0.00002, "bed", "2.0e-05 beds"),
        (5.0, "", "5"),
    ],
)
def test_missing_amounts_are_counted_in_their_unit(amount: float, unit: str, words: str) -> None:
    assert missing_amount(amount, unit) == words
