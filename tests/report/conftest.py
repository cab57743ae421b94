"""A small round with contracts, shared funding and adjustments, and its best plan."""

from __future__ import annotations

import pytest
from small import round_of

import allocator
from allocator.instance.instance import Instance
from allocator.plan import Plan

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
    plan: Plan = allocator.solve(money_round)
    assert plan.verified
    return plan
