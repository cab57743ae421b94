from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from shown import NOTHING, joined, line_of, printed, whole

from allocator.instance.instance import Instance
from allocator.plan import Certificate, Plan
from allocator.report.text.problems import unvalued
from allocator.report.text.reports import print_reports
from allocator.report.text.summary import print_summary

Make = Callable[..., Plan]


def enlarged(plan: Plan, factor: float, years: tuple[int, ...], names: str = "") -> Plan:
    """The plan with `factor` times the money, its last year repeated, and longer names."""
    tables = dict(plan.tables)
    allocation = tables["allocation"].copy()
    money = ["baseline_spend", "reference_spend", "spend", "change"]
    allocation[money] *= factor
    allocation["sector"] += names
    allocation["label"] += names
    last = allocation[allocation["year"] == 2026]
    more = [last.assign(year=year) for year in years if year > 2026]
    tables["allocation"] = pd.concat([allocation, *more], ignore_index=True)
    outcomes = tables["outcomes"]
    amounts = ["amount", "reference_amount"]
    outcomes = outcomes.assign(**{c: outcomes[c] * factor for c in amounts})
    last = outcomes[outcomes["year"] == 2026]
    more = [last.assign(year=year) for year in years if year > 2026]
    tables["outcomes"] = pd.concat([outcomes, *more], ignore_index=True)
    return replace(plan, tables=tables)


def board(plan: Plan, instance: Instance, width: int = 80) -> str:
    return printed(print_summary, plan, instance, width=width)


def test_it_begins_with_what_is_kept_missed_gained_and_moved(
    make_plan: Make, small_instance: Instance
) -> None:
    text = joined(board(make_plan(), small_instance))
    assert text.startswith("Two pools, 2025/26 to 2026/27. For decision: this plan. IN SHORT")
    for sentence in (
        "Every hard rule is kept. Missed at a price: floor by 8.5 percentage points (2025/26).",
        "Against 2024/25: £80.0m to £86.0m in 2026/27, cash +7%, volume +7.5%.",
        "Against rolling forward, 2 years: health +225.",
        "At most £2.0m (2.3%) moves, in 2026/27.",
        "First, in 2025/26: Community nursing +£1.0m, gp -£1.0m.",
        "Furthest above rolling forward: Community nursing, £2.0m in 2026/27 (on 2024/25 cash "
        "+20%, volume +20.0%).",
    ):
        assert sentence in text, text


def test_penalties_are_apart_rule_by_rule(make_plan: Make, small_instance: Instance) -> None:
    plan = make_plan()
    text = joined(board(plan, small_instance))
    assert "Apart from outcomes: 0.25 of penalties added (floor 0.25)." in text
    plan.worth.loc[2, ["plan", "reference"]] = [-70.0, -470.0]
    plan.rules.loc[2, "reference_penalty"] = 470.0
    plan.worth.loc[3, "plan"] = 10.0
    text = joined(board(plan, small_instance))
    assert (
        "Apart from outcomes: 200 of penalties avoided (floor 200) and 5 of later savings." in text
    )


def test_nothing_apart_is_not_mentioned(make_plan: Make, small_instance: Instance) -> None:
    plan = make_plan()
    plan.worth.loc[2, ["plan", "reference"]] = 0.0
    assert "Apart from outcomes" not in board(plan, small_instance)
    assert "points" not in joined(board(plan, small_instance)).replace("percentage points", "")


def test_a_small_share_of_a_large_outcome_is_told_where_it_is_the_gain(
    make_plan: Make, small_instance: Instance
) -> None:
    plan = make_plan()
    plan.outcomes[["amount", "reference_amount"]] *= 1000.0
    plan.outcomes["amount"] = plan.outcomes["reference_amount"] + 100.0
    assert "health +200" in joined(board(plan, small_instance))


def test_no_rise_is_shown_as_a_cut(make_plan: Make, small_instance: Instance) -> None:
    plan = make_plan()
    row = plan.allocation["programme"].eq("nursing") & plan.allocation["year"].eq(2026)
    plan.allocation.loc[row, ["reference_spend", "change"]] = [40e6, -16e6]
    text = joined(board(plan, small_instance))
    assert (
        "Furthest below rolling forward: Community nursing, £16.0m in 2026/27 (on 2024/25 " in text
    )
    assert "cash +20%, volume +20.0%)" in text
    assert "up Community nursing +20%" in text


def test_unspent_money_has_its_reason(make_plan: Make, small_instance: Instance) -> None:
    plan = make_plan()
    plan.budgets.loc[3, "slack"] = 1e6
    text = joined(board(plan, small_instance))
    assert (
        "Every pool balances. Unspent in Council: £1.0m (2026/27), as more spending would" in text
    )
    assert "no revenue lies unspent" in board(make_plan(), small_instance)


def test_prices_are_told_pool_by_year(make_plan: Make, small_instance: Instance) -> None:
    text = board(make_plan(), small_instance)
    assert line_of(text, "NHS") == ["52", "45"]
    assert line_of(text, "ceiling") == ["2"]
    assert "Council" not in text[text.index("WHAT HOLDS") :]


def test_sectors_are_told_in_cash_and_volume(make_plan: Make, small_instance: Instance) -> None:
    text = board(make_plan(), small_instance)
    assert line_of(text, "community") == ["20.00", "22.00", "24.00", "+20%", "+20.0%", "25.0", "to",
                                          "27.9"]  # fmt: skip
    assert line_of(text, "All")[:3] == ["80.00", "83.00", "86.00"]


def test_failed_check_is_the_first_thing_said(make_plan: Make, small_instance: Instance) -> None:
    text = joined(board(make_plan(verified=False), small_instance))
    assert "IN SHORT Checked independently: NO. Do not use these figures." in text
    assert "Every hard rule is kept" not in text


def test_headline_when_rolling_forward_is_best(make_plan: Make, small_instance: Instance) -> None:
    certificate = Certificate(10.0, 10.0, 10.0, 10.0, 0.0, 10.0)
    text = board(make_plan(certificate=certificate), small_instance)
    assert "no plan the rules allow beats rolling forward" in text
    assert "of the gain" not in text


def test_decision_adds_up(make_plan: Make, small_instance: Instance) -> None:
    text = printed(print_reports, ["sectors"], make_plan(), small_instance)
    community = line_of(text, "community")
    assert community == ["20.00", "21.00", "22.00", "+1.00", "26.5", "22.00", "24.00", "+2.00",
                         "27.9"]  # fmt: skip
    assert line_of(text, "Total")[0] == "80.00"
    assert line_of(text, "Total")[2] == "83.00"
    shares = [float(line_of(text, s)[4]) for s in ("acute", "community", "primary", "social care")]
    assert sum(shares) == pytest.approx(100.0, abs=0.2)


def test_moves_are_ordered_and_leave_out_what_stays(
    make_plan: Make, small_instance: Instance
) -> None:
    text = whole(make_plan(), small_instance)
    moves = text[text.index("Biggest moves") : text.index("Outcomes, counted")]
    assert line_of(moves, "Community nursing") == ["+1.00", "+2.00", "24.00", "+9.1%"]
    assert line_of(moves, "gp") == ["-1.00", "-2.00", "31.00", "-6.1%"]
    assert moves.index("Community nursing") < moves.index("gp")
    assert "Reablement" not in moves


def test_more_moves_than_are_listed_are_counted(make_plan: Make, small_instance: Instance) -> None:
    plan = make_plan()
    rows = plan.allocation[plan.allocation["programme"] == "gp"]
    many = [rows.assign(programme=f"p{n}", change=rows["change"] / (n + 2)) for n in range(13)]
    allocation = pd.concat([plan.allocation, *many], ignore_index=True)
    changed = replace(plan, tables={**plan.tables, "allocation": allocation})
    assert "3 more move by £167k a year or less." in joined(whole(changed, small_instance))


def test_outcomes_by_year_against_reference(make_plan: Make, small_instance: Instance) -> None:
    text = whole(make_plan(), small_instance)
    assert line_of(text, "health (QALY)") == ["5,400", "5,725", "11,125"]
    assert line_of(text, "vs ref.") == ["+100.0", "+125.2", "+225.2"]
    assert "health: 12 QALY of these arrive after 2026/27." in joined(text)


def test_what_binds_in_words(make_plan: Make, small_instance: Instance) -> None:
    text = joined(whole(make_plan(), small_instance))
    for sentence in (
        "£1m more in the NHS pool would buy 52 QALY in 2025/26 and 45 in 2026/27.",
        "Acute share ceiling: a ceiling £1m higher in 2026/27 would buy 2 QALY.",
        "nurses: 100 more whole-time nurses in 2026/27 would buy 1.5 QALY.",
        "Reablement is at its most: £1m more of it in 2026/27 would buy 10 QALY.",
        "Community floor: missed in 2025/26, 26.50% against at least 35.00% (costs 35 QALY).",
    ):
        assert sentence in text
    assert "Council pool" not in text
    assert "A&E" not in text[text.index("What binds") :], "a held programme is not a choice"


def test_how_sure_it_is(make_plan: Make, small_instance: Instance) -> None:
    text = joined(whole(make_plan(), small_instance))
    assert "Nothing says what 1 programme (£20.0m in 2024/25) is worth" in text
    assert "62% of the gain rests on weak evidence" in text
    assert "Best for these figures" in text
    assert "Checked independently: yes" in text


@pytest.mark.parametrize(
    ("factor", "years", "names"),
    [
        (1.0, (2025, 2026), ""),
        (60.0, (2025, 2026, 2027, 2028, 2029), ""),
        (2000.0, tuple(range(2025, 2035)), " in a place with a long name"),
        (1e-4, (2025, 2026), ""),
    ],
)
def test_nothing_is_wider_than_80_or_cut_off(
    make_plan: Make, small_instance: Instance, factor: float, years: tuple[int, ...], names: str
) -> None:
    instance = replace(small_instance, settings=replace(small_instance.settings, years=years))
    plan = enlarged(make_plan(), factor, years, names)
    text = whole(plan, instance)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "…" not in text
    decision = text[text.index("Spending by sector") : text.index("Biggest moves")]
    for year in years:
        assert instance.settings.year_label(year) in decision
    # Every table of sectors has a whole row of totals: baseline and four figures a year.
    totals = [line.split()[1:] for line in decision.splitlines() if line.startswith("Total")]
    assert sum(len(row) - 1 for row in totals) == 4 * len(years)
    for year in years:
        assert instance.settings.year_label(year) in text[text.index("Outcomes, counted") :]


def test_names_are_printed_as_they_are(make_plan: Make, small_instance: Instance) -> None:
    plan = enlarged(make_plan(), 1.0, (2025, 2026), " [bold]:warning:")
    assert "Community nursing [bold]:warning:" in joined(whole(plan, small_instance, width=120))


def test_conflict_is_named(make_plan: Make, small_instance: Instance) -> None:
    conflict = ("the floor 'Community floor' in 2025/26", "the budget of NHS in 2025/26")
    plan = make_plan(
        status="infeasible", verified=False, tables={}, conflict=conflict, certificate=NOTHING
    )
    text = whole(plan, small_instance)
    assert "no plan keeps every hard rule" in text
    assert all(entry in text for entry in conflict)
    assert "was not found" in whole(replace(plan, conflict=()), small_instance)
    assert "stopped at a limit" in whole(replace(plan, status="limit"), small_instance)
    assert "value without end" in whole(replace(plan, status="unbounded"), small_instance)


def test_unvalued_programmes_by_spend(small_instance: Instance) -> None:
    assert unvalued(small_instance) == {"ae": 20e6}
    more = small_instance.replace(
        responses=small_instance.responses[small_instance.responses["programme"] != "gp"]
    )
    assert list(unvalued(more).items()) == [("gp", 30e6), ("ae", 20e6)]


def test_rule_missed_in_several_years_is_told_once(
    make_plan: Make, small_instance: Instance
) -> None:
    plan = make_plan()
    plan.rules.loc[3, ["value", "violation", "penalty"]] = [0.3, 4e6, 40.0]
    text = joined(whole(plan, small_instance))
    assert "(costs 35 QALY); also in 2026/27 (55 QALY in all)." in text
    assert text.count("Community floor: missed") == 1


def test_many_missed_rules_are_cut_and_counted(make_plan: Make, small_instance: Instance) -> None:
    plan = make_plan()
    floor = plan.rules[plan.rules["rule"] == "floor"].head(1)
    many = [floor.assign(rule=f"floor {n}", label="") for n in range(13)]
    rules = pd.concat([plan.rules, *many], ignore_index=True)
    changed = replace(plan, tables={**plan.tables, "rules": rules})
    text = joined(whole(changed, small_instance))
    assert text.count(": missed in") == 10
    assert "4 rules more; all that are missed cost 490 QALY." in text


def test_missed_by_rounding_is_not_missed(make_plan: Make, small_instance: Instance) -> None:
    plan = make_plan()
    plan.rules.loc[2, ["value", "violation", "penalty"]] = [0.35 - 1e-13, 1e-5, 1e-10]
    assert "Rules that may be missed" not in whole(plan, small_instance)
