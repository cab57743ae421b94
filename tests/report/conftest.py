"""A small round with contracts, shared funding and adjustments, and a plan made by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from small import round_of

from allocator.evaluate import Evaluation, bridge, evaluate
from allocator.instance.instance import Instance
from allocator.plan import Certificate, Plan
from allocator.planning.tables import worth_parts

PROGRAMMES = """\
    programme,sector,provider,pool,contract,class,unit,unit_cost,baseline,fixed_share,release_years
    Admissions,acute,Trust,NHS,Acute,emergency,bed-day,100,1000,0.7,1
    Community,community,Nurses,NHS,,discretionary,contact,10,1000,0,0
    Home care,social care,Carers,Council,,discretionary,hour,20,500,0,0
"""

TABLES = {
    "budgets": """\
        pool,year,kind,amount
        NHS,,recurrent,115000
        NHS,2025,non_recurrent,2000
        Council,,recurrent,9000
    """,
    "responses": """\
        programme,outcome,per_unit,evidence,low,high
        Community,QALY,1,C,0.1,2
        Home care,QALY,0.5,B,0.4,0.6
    """,
    "limits": """\
        programme,min,max,status
        Community,0.5,1.4,assumed
        Home care,0.9,1.1,physical
    """,
    "demand": "programme,demand\nAdmissions,1000",
    "effects": "source,target,per_unit\nCommunity,Admissions,0.05",
    "funding": """\
        programme,pool,share_min,share_max
        Home care,Council,0.4,1
        Home care,NHS,0,0.6
    """,
    "adjustments": """\
        item,pool,year,kind,amount,recurrent
        Pay award,NHS,,pressure,500,yes
        Savings,NHS,,efficiency,1000,yes
        Moving in,NHS,2025,double_running,300,no
    """,
    "contracts": """\
        contract,label,type,rebasing_year
        Acute,Acute block,block,2027
    """,
    "selections": "selection,programme\nBeds,Admissions",
    "rules": """\
        rule,label,measure,selection,sense,value,penalty,status
        beds,At most 990 bed-days,activity,Beds,max,990,100,assumed
    """,
    "providers": """\
        provider,other_cost,deficit_max
        Trust,2000,5000
    """,
}


@pytest.fixture(scope="session")
def money_round() -> Instance:
    """Three years: a block until 2027, a shared programme, adjustments, one-off money.

    At most 990 bed-days are wanted, so 10 are avoided while the block still pays for 1,000.
    """
    return round_of(PROGRAMMES, years=(2025, 2026, 2027), **TABLES)


@pytest.fixture(scope="session")
def money_plan(money_round: Instance) -> Plan:
    """A plan made by hand, as recomputed, against a reference plan made by hand."""
    council = (7800.0, 9000.0, 8500.0)
    decided = decisions((990.0, 1400.0), (550.0, 525.0, 550.0), council)
    checked = evaluate(money_round, decided)
    assert checked.allowed
    before = evaluate(money_round, decisions((1000.0, 1400.0), (450.0,) * 3, (9000.0,) * 3))
    return Plan(
        status="optimal",
        verified=True,
        max_violation=checked.max_violation,
        certificate=Certificate(
            checked.objective, before.objective, checked.objective, checked.objective, 0.0, None
        ),
        tables=plan_tables(money_round, checked, before),
        model={},
        solver={"name": "HiGHS", "version": "1.15.1", "algorithm": "simplex"},
        seconds={"total": 0.2},
        instance={"name": "Test", "sha256": "ab" * 32, "evidence": "central"},
        weak_share=0.4,
    )


def decisions(
    always: tuple[float, float], hours: tuple[float, ...], council: tuple[float, ...]
) -> dict[str, pd.DataFrame]:
    """Bed-days and contacts of every year, hours of home care, and what the council pays."""
    rows, paid = [], []
    for year, hour, part in zip((2025, 2026, 2027), hours, council, strict=True):
        done = {"Admissions": always[0], "Community": always[1], "Home care": hour}
        rows += [{"programme": p, "year": year, "activity": a} for p, a in done.items()]
        parts = {"Council": part, "NHS": 20.0 * hour - part}
        paid += [
            {"programme": "Home care", "pool": p, "year": year, "paid": m} for p, m in parts.items()
        ]
    return {"allocation": pd.DataFrame(rows), "funding": pd.DataFrame(paid)}


def plan_tables(
    instance: Instance, checked: Evaluation, before: Evaluation
) -> dict[str, pd.DataFrame]:
    """Tables of a plan without prices."""
    programmes = instance.programmes.set_index("programme")
    mine, theirs = checked.allocation, before.allocation
    lines = mine.join(programmes[["label", "sector", "place", "pool", "baseline"]], on="programme")
    cost = lines["programme"].map(programmes["unit_cost"])
    allocation = lines.assign(
        label=lines["programme"],
        baseline_spend=lines["baseline"] * cost,
        reference_spend=theirs["spend"],
        reference_activity=theirs["activity"],
        change=mine["spend"] - theirs["spend"],
        held=False,
        given_up=0.0,
    )
    outcomes = checked.outcomes.assign(
        reference_amount=before.outcomes["amount"], reference_value=before.outcomes["value"]
    )
    priced = {
        name: getattr(checked, name).assign(price=0.0)
        for name in ("rules", "capacity", "budgets", "providers")
    }
    priced["rules"]["reference_penalty"] = before.rules["penalty"]
    community = mine[mine["programme"] == "Community"]
    limits = community[["programme", "year", "activity", "lo", "hi"]].assign(price=0.1)
    return {
        "allocation": allocation,
        "outcomes": outcomes,
        "worth": worth_parts(checked, before),
        "segments": checked.segments.assign(reference_amount=before.segments["amount"]),
        **priced,
        "limits": limits,
        "transfers": checked.transfers,
        "funding": checked.funding,
        "adjustments": checked.adjustments,
        "contracts": checked.contracts.assign(reference_stranded=before.contracts["stranded"]),
        "system": checked.system,
        "bridge": bridge(checked, before),
    }
