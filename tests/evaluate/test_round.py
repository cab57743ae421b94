"""A round is read once, however many plans are judged by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import Any

import pandas as pd
import pytest
from examples import example
from judging import allocation
from small import round_of

import allocator
from allocator.evaluate import Round, bridge, evaluate
from allocator.evaluate import round as parts
from allocator.evaluate.result_tables import ResultTables
from allocator.instance.instance import Instance
from allocator.planning import certify

PARTS = [name for name in vars(parts) if name.startswith("read_")]


def curved() -> Instance:
    """A ceiling on a curve, so that curves are cut again at the plan's own activity."""
    return round_of(
        "programme,sector,pool,baseline\nA,acute,NHS,100\nB,acute,NHS,100",
        budgets="pool,amount\nNHS,240",
        outcomes="outcome,weight\nQALY,1\nHarm,0",
        responses="programme,outcome,shape,per_unit,elasticity\n"
        "A,QALY,power,2,0.5\nB,QALY,power,1,0.5\nA,Harm,power,1,0.5",
        limits="programme,max\nA,2\nB,2",
        rules="rule,measure,outcome,sense,value\nR,outcome,Harm,max,203",
    )


@pytest.mark.parametrize(
    "instance",
    [curved, lambda: example("ties"), lambda: example("network-integration")],
    ids=["curved", "ties", "network-integration"],
)
def test_a_solve_reads_every_part_of_its_round_once(
    instance: Callable[[], Instance], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[str] = Counter()

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            calls[name] += 1
            return function(*args, **more)

        return call

    for name in PARTS:
        monkeypatch.setattr(parts, name, counted(name, getattr(parts, name)))
    monkeypatch.setattr(certify, "evaluate", counted("evaluate", certify.evaluate))
    plan = allocator.solve(instance())
    assert plan.verified
    plans = calls.pop("evaluate")
    assert plans > 2 if instance is curved else plans == 2
    assert calls == dict.fromkeys(PARTS, 1)


def test_plans_judged_by_one_round_are_judged_as_if_alone() -> None:
    """What one plan decides, and pairs of pools that only it names, are not in the next."""
    instance = round_of(
        "programme,sector,pool,provider,contract,baseline\n"
        "A,acute,NHS,Trust,Acute,100\nB,social care,Council,,,50",
        years=(2025, 2026),
        budgets="pool,amount\nNHS,900\nCouncil,300",
        contracts="contract,type,notice_years,exit_fee,lead,overhead\nAcute,block,0,7,Lead,0.1",
        options="option,pool,cost_once\nHub,NHS,5",
        option_effects="option,measure,target,value\nHub,limit_max,A,9",
        limits="programme,min,max\nA,0.5,1.1",
        transfers="from_pool,to_pool,max\nNHS,Council,10",
        funding="programme,pool,share_max\nB,NHS,1\nB,Council,1",
        providers="provider\nLead",
    )
    rows = allocation(instance, {"A": [100, 112], "B": 50})
    deciding = {
        "options": pd.DataFrame({"option": ["Hub"], "year": [2025], "taken": [True]}),
        "contracts": pd.DataFrame({"contract": ["Acute"], "year": [2026], "ended": [True]}),
        "transfers": pd.DataFrame(
            {"from_pool": ["Council"], "to_pool": ["NHS"], "year": [2025], "amount": [3.0]}
        ),
    }
    known = Round(instance)
    plans: list[dict[str, pd.DataFrame]] = [{}, deciding, {}]
    judged_together = [evaluate(known, {"allocation": rows, **plan}) for plan in plans]
    alone = [evaluate(instance, {"allocation": rows, **plan}) for plan in plans]
    for one, other in zip(judged_together, alone, strict=True):
        for name, table in one.tables().items():
            pd.testing.assert_frame_equal(table, other.tables()[name])
        assert one.parts == other.parts
    pd.testing.assert_frame_equal(bridge(*judged_together[:2]), bridge(*alone[:2]))


def test_tables_are_made_when_they_are_read() -> None:
    instance = round_of("programme,sector,pool,baseline\nA,acute,NHS,100")
    result = evaluate(instance, {"allocation": allocation(instance, {"A": 100})})
    made = {name for name, part in vars(ResultTables).items() if isinstance(part, cached_property)}
    assert not made & vars(result).keys()
    assert result.allocation is result.allocation
    assert made & vars(result).keys() == {"allocation"}
    assert set(result.tables()) == made == vars(result).keys() & made
