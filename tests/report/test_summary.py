from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from shown import NOTHING, joined, line_of, printed

from allocator.instance.instance import Instance
from allocator.plan import Certificate, Plan
from allocator.report.text.problems import unvalued
from allocator.report.text.summary import print_summary

Make = Callable[..., Plan]


def summary(plan: Plan, instance: Instance, **options: Any) -> str:
    return printed(print_summary, plan, instance, **options)


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


def test_headline_says_what_the_plan_is_worth(make_plan: Make, small_instance: Instance) -> None:
    text = joined(summary(make_plan(), small_instance))
    assert text.startswith(
        "Two pools, 2025/26 to 2026/27: worth 225 QALY more than rolling the baseline forward. "
        "At most £2.0m (2.3% of the money) is spent differently, in 2026/27."
    )


def test_headline_when_rolling_forward_is_best(make_plan: Make, small_instance: Instance) -> None:
    certificate = Certificate(10.0, 10.0, 10.0, 10.0, 0.0, 10.0)
    text = summary(make_plan(certificate=certificate), small_instance)
    assert "no plan the rules allow beats rolling forward" in text
    assert "of the gain" not in text


def test_decision_adds_up(make_plan: Make, small_instance: Instance) -> None:
    text = summary(make_plan(), small_instance)
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
    text = summary(make_plan(), small_instance)
    moves = text[text.index("Biggest moves") : text.index("Outcomes")]
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
    assert "3 more move by £167k a year or less." in joined(summary(changed, small_instance))


def test_outcomes_by_year_against_reference(make_plan: Make, small_instance: Instance) -> None:
    text = summary(make_plan(), small_instance)
    assert line_of(text, "health (QALY)") == ["5,400", "5,725", "11,125"]
    assert line_of(text, "vs ref.") == ["+100.0", "+125.2", "+225.2"]
    assert "health: 12 QALY of these arrive after 2026/27." in joined(text)


def test_what_binds_in_words(make_plan: Make, small_instance: Instance) -> None:
    text = joined(summary(make_plan(), small_instance))
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
    text = joined(summary(make_plan(), small_instance))
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
@pytest.mark.parametrize("all_years", [False, True])
def test_nothing_is_wider_than_80_or_cut_off(
    make_plan: Make,
    small_instance: Instance,
    factor: float,
    years: tuple[int, ...],
    names: str,
    all_years: bool,
) -> None:
    instance = replace(small_instance, settings=replace(small_instance.settings, years=years))
    plan = enlarged(make_plan(), factor, years, names)
    text = summary(plan, instance, all_years=all_years)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "…" not in text
    shown = years if all_years else (years[0], years[-1])
    decision = text[text.index("The decision") : text.index("Biggest moves")]
    for year in shown:
        assert instance.settings.year_label(year) in decision
    # Every table of the decision has a whole row of totals: baseline and four figures a year.
    totals = [line.split()[1:] for line in decision.splitlines() if line.startswith("Total")]
    assert sum(len(row) - 1 for row in totals) == 4 * len(shown)
    for year in years:
        assert instance.settings.year_label(year) in text[text.index("Outcomes") :]


def test_names_are_printed_as_they_are(make_plan: Make, small_instance: Instance) -> None:
    plan = enlarged(make_plan(), 1.0, (2025, 2026), " [bold]:warning:")
    assert "Community nursing [bold]:warning:" in joined(summary(plan, small_instance, width=120))


def test_conflict_is_named(make_plan: Make, small_instance: Instance) -> None:
    conflict = ("the floor 'Community floor' in 2025/26", "the budget of NHS in 2025/26")
    plan = make_plan(
        status="infeasible", verified=False, tables={}, conflict=conflict, certificate=NOTHING
    )
    text = summary(plan, small_instance)
    assert "no plan keeps every hard rule" in text
    assert all(entry in text for entry in conflict)
    assert "was not found" in summary(replace(plan, conflict=()), small_instance)
    assert "stopped at a limit" in summary(replace(plan, status="limit"), small_instance)
    assert "value without end" in summary(replace(plan, status="unbounded"), small_instance)


def test_long_conflict_is_cut_and_counted(make_plan: Make, small_instance: Instance) -> None:
    conflict = tuple(f"limit {n}" for n in range(25))
    plan = make_plan(status="infeasible", verified=False, tables={}, conflict=conflict)
    assert "and 5 more." in summary(plan, small_instance)


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
    text = joined(summary(plan, small_instance))
    assert "(costs 35 QALY); also in 2026/27 (55 QALY in all)." in text
    assert text.count("Community floor") == 1


def test_many_missed_rules_are_cut_and_counted(make_plan: Make, small_instance: Instance) -> None:
    plan = make_plan()
    floor = plan.rules[plan.rules["rule"] == "floor"].head(1)
    many = [floor.assign(rule=f"floor {n}", label="") for n in range(13)]
    rules = pd.concat([plan.rules, *many], ignore_index=True)
    changed = replace(plan, tables={**plan.tables, "rules": rules})
    text = joined(summary(changed, small_instance))
    assert text.count(": missed in") == 10
    assert "4 rules more; all that are missed cost 490 QALY." in text


def test_missed_by_rounding_is_not_missed(make_plan: Make, small_instance: Instance) -> None:
    plan = make_plan()
    plan.rules.loc[2, ["value", "violation", "penalty"]] = [0.35 - 1e-13, 1e-5, 1e-10]
    assert "Rules that may be missed" not in summary(plan, small_instance)


def test_held_programme_below_its_baseline_is_told(
    make_plan: Make, small_instance: Instance
) -> None:
    plan = make_plan()
    assert "below the baseline" not in summary(plan, small_instance)
    plan.allocation.loc[1, "activity"] = 43_000.0
    text = joined(summary(plan, small_instance))
    assert "leave no other way: A&E [main] (-57.0% in 2026/27)." in text
