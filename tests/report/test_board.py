"""What the summary counts: choices, conditional money, outcomes that are harm."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from deciding import YEARS, deciding_plan, deciding_round
from shown import joined, printed

from allocator.plan import Plan
from allocator.report.text.summary import print_summary

ROUND = deciding_round()


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
