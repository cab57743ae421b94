"""What the summary counts: choices, conditional money, outcomes that are harm."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from deciding import YEARS, deciding_plan, deciding_round
from shown import joined, line_of, printed
from small import round_of, solved

from allocator.plan import Plan
from allocator.report.text.reports import print_reports
from allocator.report.text.summary import print_summary

ROUND = deciding_round()
SOFT = round_of(
    "programme,sector,pool,baseline\nA,s,NHS,5",
    budgets="pool,amount\nNHS,12",
    responses="programme,outcome,shape,maximum,half\nA,QALY,saturating,100,5",
    limits="programme,basis,max\nA,activity,15",
    rules="rule,measure,sense,outcome,value,penalty\nR,outcome,max,QALY,43.21,1000",
)
"""A ceiling that may be missed and is met, on a curve, so to a tolerance."""


def told(plan: Plan) -> str:
    return joined(printed(print_summary, plan, ROUND, width=80))


def choosing(**taken: tuple[int, ...]) -> Plan:
    """The plan with the runs of some options; rolling forward has the north bid always."""
    plan = deciding_plan()
    options = plan.options.copy()
    for option, flags in taken.items():
        options.loc[options["option"] == option, "taken"] = [bool(flag) for flag in flags]
    options.loc[options["option"] == "north", "reference_taken"] = True
    return replace(plan, tables={**plan.tables, "options": options})


def test_the_headline_counts_the_choices_that_are_listed() -> None:
    # Two stages of a network, a wing, a ward; one contract is ended early.
    assert "For decision: this plan and its 5 choices." in told(deciding_plan())
    assert "1 contract ended early" in told(deciding_plan())


def test_what_rolling_forward_keeps_until_another_takes_its_place_is_no_choice() -> None:
    plan = choosing(north=(1, 1, 0, 0), south=(0, 0, 1, 1))
    assert "For decision: this plan and its 6 choices." in told(plan)
    assert "North bid" not in told(plan)


def test_a_plan_depends_on_conditional_money_that_it_receives() -> None:
    plan = deciding_plan()
    incomes = plan.incomes.copy()
    late = incomes["year"] == YEARS[-1]
    incomes.loc[late, "received"] = 0
    received = float(incomes.loc[~late, "amount"].sum()) / 1e6
    changed = replace(plan, tables={**plan.tables, "incomes": incomes})
    assert f"£{received:.1f}m of premium" in told(changed)


def test_less_harm_is_less() -> None:
    plan = deciding_plan()
    harm = {"outcome": "waiting", "value": -10.0, "reference_value": -12.0}
    rows = plan.outcomes.assign(amount=-10.0, reference_amount=-12.0, **harm)
    outcomes = pd.concat([plan.outcomes, rows], ignore_index=True)
    assert "waiting 8 less" in told(replace(plan, tables={**plan.tables, "outcomes": outcomes}))
    more = outcomes.rename(columns={"amount": "reference_amount", "reference_amount": "amount"})
    assert "waiting 8 more" in told(replace(plan, tables={**plan.tables, "outcomes": more}))


def test_a_rule_missed_by_a_tolerance_is_not_missed() -> None:
    plan = solved(SOFT)
    assert 0 < plan.rules["violation"].max() < 1e-5
    said = joined(printed(print_summary, plan, SOFT))
    assert "Every hard rule is kept. Against" in said
    more = plan.rules.assign(violation=0.01, penalty=10.0, left=43.22, value=43.22)
    told = replace(plan, tables={**plan.tables, "rules": more})
    assert "Missed at a price: R by 0.01" in joined(printed(print_summary, told, SOFT))


def test_all_money_spent_is_in_the_total() -> None:
    instance = round_of(
        "programme,sector,pool,unit_cost,baseline\na,s,NHS,1,1",
        budgets="pool,kind,amount\nNHS,,2000000000\nNHS,capital,700000",
        responses="programme,outcome,per_unit\na,QALY,1",
        limits="programme,min,max\na,1,1",
        options="option,pool,cost_yearly,capital\nbig,NHS,1000000000,500000",
        option_effects="option,measure,target,outcome,operation,value\nbig,outcome,a,QALY,add,1000",
    )
    text = printed(print_summary, solved(instance), instance)
    assert line_of(text, "options, other")[0] == "1,000.5"
    assert line_of(text, "All")[1] == "1,000.5"
    assert "£1 to £1,000.5m in 2025/26" in joined(text)


def test_need_avoided_and_what_it_frees_are_named() -> None:
    instance = round_of(
        """
        programme,sector,pool,unit,unit_cost,baseline
        visits,care,NHS,visit,1,100
        stays,care,NHS,bed-day,0.1,3650""",
        years=(2025, 2026),
        budgets="pool,amount\nNHS,600",
        responses="programme,outcome,per_unit\nvisits,QALY,1",
        limits="programme,min,max\nvisits,1,2",
        demand="programme,demand\nstays,3650",
        effects="source,target,per_unit\nvisits,stays,3.65",
        capacity="resource,amount\nbeds,12",
        resources="resource,unit\nbeds,bed",
        use="programme,resource,per_unit\nstays,beds,0.00273973",
        rules="rule,measure,selection,sense,value,basis,penalty\n"
        "goal,activity,stays,max,3400,amount,1",
        selections="selection,programme\nstays,stays",
    )
    text = printed(print_summary, solved(instance), instance)
    flow = text[text.index("WAITING AND FLOW") :]
    assert line_of(flow, "stays") == [
        "3,650",
        "3,285",
        "3,285",
        "met",
    ]
    assert "Need avoided frees 1 bed of beds in 2026/27." in joined(text)


def test_unmet_need_without_a_list_before_is_told() -> None:
    instance = round_of(
        "programme,sector,pool,unit_cost,baseline\nscans,care,NHS,1,100",
        years=(2025, 2026),
        budgets="pool,amount\nNHS,110",
        responses="programme,outcome,per_unit\nscans,QALY,1",
        demand="programme,year,demand\nscans,2025,110\nscans,2026,150",
    )
    text = printed(print_summary, solved(instance), instance)
    flow = text[text.index("WAITING AND FLOW") :]
    assert line_of(flow, "scans") == ["0", "40"]


def test_what_each_domain_gains_is_told() -> None:
    instance = round_of(
        "programme,sector,pool,unit_cost,baseline\na,s,NHS,1,100\nb,s,NHS,1,100",
        budgets="pool,amount\nNHS,200",
        outcomes="outcome,domain,unit,weight\nlife,clinical,QALY,1\nease,experiential,day,0.1",
        responses="programme,outcome,per_unit\na,life,1\nb,life,0.5\na,ease,2\nb,ease,1",
        limits="programme,min,max\na,0.5,1.5\nb,0.5,1.5",
    )
    plan = solved(instance)
    said = joined(printed(print_summary, plan, instance))
    assert "(a point is 1 QALY): experiential 5, clinical 25." in said
    detail = joined(printed(lambda *a: print_reports(["outcomes"], *a), plan, instance))
    assert "By domain, in points of value: experiential 5, clinical 25." in detail
    one = instance.replace(outcomes=instance.outcomes.assign(domain="clinical"))
    assert "clinical" not in joined(printed(print_summary, solved(one), one))
