"""What is said of plans with yes-or-no decisions: options, contracts ended, incomes, proof."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from deciding import (
    TABLES,
    contracts_table,
    deciding_plan,
    deciding_round,
    decisions_table,
    incomes_table,
    options_table,
)
from shown import joined, line_of, printed, whole

from allocator.instance.instance import Instance
from allocator.plan import Certificate, Plan
from allocator.planning.compare import compared
from allocator.report.language.proof import best_found, certificate_sentences, possible_more
from allocator.report.language.units import Worth, money_of
from allocator.report.text.comparison import comparison_record, print_comparison
from allocator.report.text.decisions import decided, decision_count
from allocator.report.text.reports import REPORTS, print_reports, report_tables
from allocator.words import listed

QALY = Worth("QALY", 1.0)


@pytest.fixture(scope="module")
def instance() -> Instance:
    return deciding_round()


def report(name: str, plan: Plan, instance: Instance) -> str:
    return printed(print_reports, [name], plan, instance)


def with_tables(plan: Plan, **tables: pd.DataFrame) -> Plan:
    return replace(plan, tables={**plan.tables, **tables})


# ---- the certificate


def test_gap_in_money_is_a_year_at_the_price_of_money() -> None:
    certificate = deciding_plan().certificate
    # 4 of value missing; £1 buys 0.00001: £400,000 over four years.
    assert certificate.gap_money == pytest.approx(100_000)
    assert certificate.gain_gap == pytest.approx(4 / 1000)
    assert certificate.gap == pytest.approx(4 / 2000)
    assert certificate.best_bound == 2004.0


@pytest.mark.parametrize(
    "changes",
    [{"price_of_money": None}, {"price_of_money": 0.0}, {"bound": None}, {"objective": None}],
)
def test_gap_in_money_is_unknown_without_a_price_or_a_bound(changes: dict[str, Any]) -> None:
    assert replace(deciding_plan().certificate, **changes).gap_money is None


def test_objective_above_its_bound_by_rounding_leaves_no_gap() -> None:
    certificate = replace(deciding_plan().certificate, bound=1999.9999)
    assert (certificate.gap, certificate.gap_money) == (0.0, 0.0)


def test_record_of_an_integer_plan() -> None:
    record = deciding_plan().to_dict()
    assert record["certified_bound"] is None
    assert (record["bound"], record["root_bound"], record["nodes"]) == (2004.0, 2100.0, 17)
    assert record["gain_gap"] == pytest.approx(0.004)
    assert record["gap_money"] == pytest.approx(100_000)
    assert record["integer"] is True
    assert record["model"]["integers"] == 25


# ---- the claim


def test_headline_gives_the_gap_in_value_gain_and_money(instance: Instance) -> None:
    text = joined(whole(deciding_plan(), instance))
    assert (
        "Best found; no plan the rules allow can be worth more than 4 QALY more (0.4% of the "
        "gain, about £100k a year at the plan's price of money)."
    ) in text


def test_claim_says_whose_word_the_bound_is() -> None:
    claim = certificate_sentences(deciding_plan(), QALY)[0]
    assert claim.startswith("Best found for these figures: no plan the rules allow gains more")
    assert "1,004 QALY" in claim
    assert claim.endswith("The bound is the solver's word, not proved apart from it.")


@pytest.mark.parametrize(
    ("solver", "words"),
    [({}, "Stopped at a limit"), ({"interrupted": True}, "Interrupted")],
)
def test_plan_cut_short_says_so(instance: Instance, solver: dict[str, Any], words: str) -> None:
    plan = deciding_plan(status="limit", solver=solver)
    text = joined(whole(plan, instance))
    assert f"{words}: the best found so far; no plan the rules allow can be worth more" in text
    assert f"{words}; this is the best plan found so far" in text
    assert "Best found" not in text


def test_curve_error_counts_as_missing() -> None:
    plan = deciding_plan()
    room = replace(plan.certificate, curve_error=1.5, true_objective=2000.5)
    assert possible_more(replace(plan, certificate=room)) == pytest.approx(5.0)


def test_what_is_not_known_is_not_claimed(instance: Instance) -> None:
    money = money_of(deciding_plan(), instance)
    plan = deciding_plan()
    unknown = replace(plan.certificate, bound=None)
    said = best_found(replace(plan, certificate=unknown), QALY, money)
    assert said == "Best found; how much better another plan could be is not known."
    no_price = replace(plan.certificate, price_of_money=None)
    said = best_found(replace(plan, certificate=no_price), QALY, money)
    assert said.endswith("4 QALY more (0.4% of the gain).")
    exact = replace(plan.certificate, bound=2000.0)
    said = best_found(replace(plan, certificate=exact), QALY, money)
    assert said == "Best found; nothing but rounding could be missing."


def test_linear_and_calm_plans_have_no_such_headline(instance: Instance) -> None:
    plan = deciding_plan()
    money = money_of(plan, instance)
    linear = Certificate(2000.0, 1000.0, 2000.0, 2000.0, 0.0, 2000.0)
    assert best_found(replace(plan, certificate=linear), QALY, money) == ""
    assert best_found(replace(plan, status="feasible"), QALY, money) == ""


def test_prices_are_labelled(instance: Instance) -> None:
    plan = deciding_plan()
    assert "room would buy, with the decisions fixed" in joined(whole(plan, instance))
    linear = Certificate(2000.0, 1000.0, 2000.0, 2000.0, 0.0, 2000.0)
    plain = joined(whole(replace(plan, certificate=linear), instance))
    assert "What binds" in plain
    assert "with the decisions fixed" not in plain


# ---- what was decided


def said(plan: Plan, instance: Instance) -> list[str]:
    return list(decided(plan, instance, money_of(plan, instance)))


def test_options_taken_with_years_share_and_cost(instance: Instance) -> None:
    sentences = said(deciding_plan(), instance)
    assert sentences[:4] == [
        "New wing: every year (in place from 2027/28), as when rolling forward; £8.0m of capital, "
        "£300k of double running.",
        "Full integration: 2026/27 to 2028/29, chosen in network; £1.0m once, £300k a year.",
        "Close the old ward: 2027/28 to 2028/29; saves £500k a year.",
        "Partial integration: 2025/26 (50% of the first year), chosen in network; £200k once, "
        "£100k in 2025/26, £50k to leave it.",
    ]


def test_options_not_taken_and_empty_groups(instance: Instance) -> None:
    sentences = said(deciding_plan(), instance)
    assert "Not taken, 2 of 6 options: North bid and South bid." in sentences
    assert "Nothing is chosen in lot." in sentences


def test_option_without_money_and_never_in_place(instance: Instance) -> None:
    options = options_table()
    options.loc[options["option"] == "north", ["taken"]] = True
    sentences = said(with_tables(deciding_plan(), options=options), instance)
    assert any(
        s == "North bid: every year (not in place within the plan), chosen in lot; at no cost of "
        "its own."
        for s in sentences
    )
    assert not any("Nothing is chosen" in s for s in sentences)


def test_costs_that_grow_and_a_part_year(instance: Instance) -> None:
    options = options_table()
    mine = options["option"] == "ward"
    options.loc[mine, "taken"] = [False, True, True, True]
    options.loc[mine, "in_place"] = [0.0, 0.0, 0.25, 1.0]
    options.loc[mine, "cost_yearly"] = [0.0, 0.0, 2.5e5, 1.02e6]
    sentences = said(with_tables(deciding_plan(), options=options), instance)
    assert (
        "Close the old ward: 2026/27 to 2028/29 (in place from 2027/28, 25% of the first year); "
        "£1.0m a year." in sentences
    )
    options.loc[mine, "in_place"] = [0.0, 1.0, 1.0, 1.0]
    options.loc[mine, "cost_yearly"] = [0.0, 2e5, 2.04e5, 2.081e5]
    sentences = said(with_tables(deciding_plan(), options=options), instance)
    assert "Close the old ward: 2026/27 to 2028/29; £200k to £208k a year." in sentences


def test_option_taken_twice_is_told_twice(instance: Instance) -> None:
    options = options_table()
    mine = options["option"] == "ward"
    options.loc[mine, "taken"] = [True, False, True, True]
    options.loc[mine, "in_place"] = [1.0, 0.0, 1.0, 1.0]
    options.loc[mine, "cost_yearly"] = [-1e5, 0.0, -5e5, -5e5]
    options.loc[mine, "cost_exit"] = [0.0, 7e4, 0.0, 0.0]
    sentences = said(with_tables(deciding_plan(), options=options), instance)
    assert "Close the old ward: 2025/26; saves £100k in 2025/26, £70k to leave it." in sentences
    assert "Close the old ward: 2027/28 to 2028/29; saves £500k a year." in sentences


def test_what_may_not_be_left_at_will(instance: Instance) -> None:
    sentences = said(deciding_plan(), instance)
    # Full integration, begun in 2026, has its review after two years.
    assert "Full integration may not be left before 2028/29." in sentences
    assert "New wing may not be left again within the plan." in sentences
    assert not any("Partial integration may" in s or "ward may" in s for s in sentences)


def test_reviews_are_named(instance: Instance) -> None:
    options = options_table()
    options.loc[options["option"] == "full", "taken"] = True
    sentences = said(with_tables(deciding_plan(), options=options), instance)
    assert "Full integration may only be left after 2026/27." in sentences


def test_options_that_stay_alike_are_told_together() -> None:
    terms = TABLES["options"].replace("NHS,10,0,", "NHS,10,0,none")
    terms = terms.replace("review_years", "review_years,min_years")
    lines = [line.strip() for line in terms.strip().splitlines()]
    least = {"ward": "2"}
    rows = [f"{line},{least.get(line.split(',')[0], '1')}" for line in lines[1:]]
    instance = deciding_round(options="\n".join([lines[0], *rows]))
    options = options_table()
    options.loc[options["option"] == "ward", "taken"] = True
    sentences = said(with_tables(deciding_plan(), options=options), instance)
    assert "New wing and Partial integration may not be left again within the plan." in sentences
    assert "Close the old ward may not be left before 2027/28." in sentences


def test_contracts_ended_and_suspended(instance: Instance) -> None:
    sentences = said(deciding_plan(), instance)
    assert (
        "Acute block: ended from 2027/28 for a fee of £400k; its activity is paid at cost from "
        "then on." in sentences
    )
    assert (
        "GMS contract: does not hold in 2026/27 to 2028/29, because of Full integration; its "
        "activity is then paid at cost." in sentences
    )


def test_incomes_earned_and_missed(instance: Instance) -> None:
    sentences = said(deciding_plan(), instance)
    # £5 a head for 200,000 heads is £1m a year, the last of it paid after the plan; 0.6 missed
    # twice.
    assert (
        "premium: £1.8m of £3.0m is earned; missed: Cancers found early by 10 in 2025/26 (1,990 "
        "against at least 2,000; £600k lost); also in 2026/27; of £1.0m that is paid after the "
        "plan, £1.0m is earned." in sentences
    )


def test_income_that_only_comes_after_the_plan(instance: Instance) -> None:
    last = incomes_table()[lambda t: t["year"] == 2028]
    sentences = said(with_tables(deciding_plan(), incomes=last), instance)
    assert "premium: nothing of it is paid within the plan." in sentences


@pytest.mark.parametrize(("earned", "words"), [(1.0, "all of £3.0m"), (0.0, "nothing of £3.0m")])
def test_incomes_all_or_nothing(instance: Instance, earned: float, words: str) -> None:
    incomes = incomes_table()
    stake = incomes["part"].map({"cancer": 6e5, "access": 4e5})
    incomes = incomes.assign(earned=earned, amount=earned * stake)
    sentences = said(with_tables(deciding_plan(), incomes=incomes), instance)
    (told,) = (s for s in sentences if s.startswith("premium"))
    assert told.startswith(f"premium: {words} is earned")
    assert ("missed" in told) == (earned == 0.0)


def test_sliding_income_that_is_partly_earned() -> None:
    instance = deciding_round(
        incomes="""\
        income,part,label,year,pool,measure,outcome,threshold,full,basis,amount
        slide,,,,NHS,outcome,health,1000,2000,amount,800000
        slide,,,2026,NHS,outcome,health,1000,2000,amount,100000
        """
    )
    row = incomes_table().iloc[:2].assign(
        income="slide", part="", label="", threshold=1000.0, full=2000.0, value=[1250.0, 2000.0],
        earned=[0.25, 1.0], amount=[2e5, 1e5],
    )  # fmt: skip
    (told,) = (s for s in said(with_tables(deciding_plan(), incomes=row), instance) if "slide" in s)
    assert told == (
        "slide: £300k of £900k is earned; missed: the condition by 750 in 2025/26 (1,250 against "
        "at least 2,000, 25% earned; £600k lost)."
    )


def test_money_held_back_is_what_is_at_stake() -> None:
    instance = deciding_round(
        incomes="""\
        income,part,label,pool,measure,selection,outcome,sense,threshold,basis,amount
        improve,,Fewer beds,NHS,activity,beds,,max,80000,held_back,0.01
        """,
        selections="selection,programme\nbeds,Beds",
    )
    row = incomes_table().iloc[:1].assign(
        income="improve", part="", label="Fewer beds", measure="activity", sense="max",
        threshold=80_000.0, value=90_000.0, earned=0.0, amount=0.0, held_back=2.5e5,
    )  # fmt: skip
    (told,) = (
        s for s in said(with_tables(deciding_plan(), incomes=row), instance) if "improve" in s
    )
    assert told == (
        "improve: nothing of £250k is earned; missed: Fewer beds by 10,000 in 2025/26 (90,000 "
        "against at most 80,000; £250k lost)."
    )


def test_long_lists_are_cut_and_counted(instance: Instance) -> None:
    options = options_table()
    ward = options[options["option"] == "ward"]
    more = [ward.assign(option=f"w{n}", label=f"Ward {n}") for n in range(12)]
    out = options[options["option"] == "north"]
    others = [out.assign(option=f"n{n}", label=f"Bid {n}") for n in range(8)]
    many = pd.concat([options, *more, *others], ignore_index=True)
    every = with_more_options(wards=12, bids=8)
    plan = with_tables(deciding_plan(), options=many)
    sentences = said(plan, every)
    assert "6 more are taken and cost less (--show options)." in sentences
    assert any(
        s.startswith("Not taken, 10 of 26 options: North bid, South bid, Bid 0")
        and s.endswith(" and 4 more.")
        for s in sentences
    )


def with_more_options(wards: int, bids: int) -> Instance:
    """The round with more wards to close and more bids."""
    options = [f"w{n},Ward {n},,any,NHS,0,0," for n in range(wards)]
    options += [f"n{n},Bid {n},lot,at_most_one,NHS,0,0," for n in range(bids)]
    effects = [f"{row.split(',')[0]},income,NHS,add,10" for row in options]
    return deciding_round(
        options="\n".join([TABLES["options"].rstrip(), *options]),
        option_effects="\n".join([TABLES["option_effects"].rstrip(), *effects]),
    )


def test_plan_without_decisions_says_nothing_of_them(instance: Instance) -> None:
    plan = deciding_plan()
    empty = {name: plan.tables[name].iloc[:0] for name in ("options", "incomes", "decisions")}
    contracts = contracts_table().assign(ended=False, suspended=False)
    plain = with_tables(plan, **empty, contracts=contracts)
    assert said(plain, instance) == []
    text = whole(plain, instance)
    assert "Nothing is decided yes or no." in text
    assert "CHOICES" not in text
    assert "yes-or-no decisions" not in text


# ---- how many decisions


def test_decisions_are_counted_by_kind(instance: Instance) -> None:
    assert decision_count(deciding_plan()) == (
        "25 yes-or-no decisions: 18 option runs, 4 thresholds, 2 contract ends and 1 curve "
        "(--show decisions says why)."
    )
    text = joined(whole(deciding_plan(), instance))
    assert "25 yes-or-no decisions: 18 option runs" in text
    assert "Searched: 17 nodes; before it began at most 10% of the gain was missing." in text
    plan = deciding_plan()
    none = replace(
        plan, solver={"nodes": 0}, certificate=replace(plan.certificate, root_bound=None)
    )
    assert "Settled without a search." in joined(whole(none, instance))
    stopped = joined(whole(replace(none, status="limit"), instance))
    assert "Searched: 0 nodes." in stopped


def test_decision_report_says_why(instance: Instance) -> None:
    text = report("decisions", deciding_plan(), instance)
    assert "25 yes-or-no decisions in all." in text
    assert "GP / health: 1 (steepens below 4,100)" in joined(text)
    assert text.index("18 option runs") < text.index("partial: 10") < text.index("full: 6")
    more = [decisions_table().iloc[:1].assign(name=f"o{n}", count=1) for n in range(30)]
    plan = with_tables(deciding_plan(), decisions=pd.concat([decisions_table(), *more]))
    assert "and 13 more with 13 together." in joined(report("decisions", plan, instance))


# ---- the reports


def test_option_report_adds_up(instance: Instance) -> None:
    text = report("options", deciding_plan(), instance)
    # Partial 0.2 + 0.1 and double running of the wing 0.15 in the first year.
    assert line_of(text, "All options") == ["0.45", "1.50", "-0.20", "-0.20"]
    assert line_of(text, "every year") == ["0.10", "0.30", "-0.20", "-0.20"]
    assert line_of(text, "leaving") == ["0.00", "0.05", "0.00", "0.00"]
    table = text[text.index("£m") :]
    assert line_of(table, "Full integration") == ["0.00", "1.30", "0.30", "0.30"]
    assert line_of(table, "New wing") == ["0.15", "0.15", "0.00", "0.00"]
    assert line_of(text, "Capital") == ["8.00", "0.00", "0.00", "0.00"]
    assert "Not taken, 2 of 6 options: North bid and South bid." in joined(text)


def test_income_report_by_year(instance: Instance) -> None:
    text = report("incomes", deciding_plan(), instance)
    assert line_of(text, "Cancers found early") == ["0.00", "0.00", "0.60", "0.60"]
    assert line_of(text, "share earned") == ["0.0%", "0.0%", "100.0%", "100.0%"]
    assert line_of(text, "received") == ["0.00", "0.40", "0.40", "1.00"]
    assert "£1.8m of £3.0m is earned" in joined(text)


def test_contract_report_shows_what_is_ended(instance: Instance) -> None:
    text = report("contracts", deciding_plan(), instance)
    assert line_of(text, "fee for ending it") == ["0.00", "0.00", "0.40", "0.00"]
    assert "Acute block: ended from 2027/28 for a fee of £400k" in joined(text)
    every_year = contracts_table(end=2025)
    text = report("contracts", with_tables(deciding_plan(), contracts=every_year), instance)
    assert "ended from 2025/26" in joined(text)
    assert "Paid what the activity costs: Acute" not in joined(text)


def test_pool_report_shows_the_new_lines(instance: Instance) -> None:
    text = report("pools", deciding_plan(), instance)
    assert line_of(text, "options") == ["-0.35", "-1.50", "0.20", "0.20"]
    assert line_of(text, "conditional money received") == ["0.00", "0.40", "0.40", "1.00"]
    assert line_of(text, "fees for ending contracts") == ["0.00", "0.00", "-0.40", "0.00"]
    assert line_of(text, "held back until conditions are met") == ["0.00", "-0.25", "0.00", "0.00"]


def test_bridge_shows_steps_it_has_no_words_for(instance: Instance) -> None:
    plan = deciding_plan()
    bridge = plan.bridge.assign(step=plan.bridge["step"].replace("exit_fees", "some_new_step"))
    text = report("bridge", with_tables(plan, bridge=bridge), instance)
    assert line_of(text, "some new step") == ["0.40"] * 4


def test_reports_without_decisions_say_so(instance: Instance) -> None:
    plan = deciding_plan()
    bare = {n: t for n, t in plan.tables.items() if n not in ("options", "incomes", "decisions")}
    plain = replace(plan, tables=bare)
    assert "has no options" in report("options", plain, instance)
    assert "No money depends on a condition" in report("incomes", plain, instance)
    assert "a linear programme" in report("decisions", plain, instance)
    assert report_tables(["options"], plain) == {"options": []}
    assert report_tables(["incomes"], plan)["incomes"][0]["income"] == "premium"


@pytest.mark.parametrize("name", [*REPORTS, "summary"])
def test_nothing_is_wider_than_80_or_cut_off(instance: Instance, name: str) -> None:
    plan = deciding_plan()
    long = options_table().assign(
        label=lambda t: t["label"] + " of the northern locality's practices and their partners"
    )
    plan = with_tables(plan, options=long)
    text = whole(plan, instance) if name == "summary" else report(name, plan, instance)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "…" not in text


# ---- where money could not move


@pytest.mark.parametrize(
    ("terms", "year", "words"),
    [
        ("2,400000,,", 2025, "; it may be ended from 2027/28 at the earliest."),
        ("2,400000,,", 2028, "; to end it, possible from 2027/28 for £400k, is not chosen."),
        # The fee grows from base-year prices: 400,000 by 10% a year over three years.
        ("2,400000,,0.1", 2028, "; to end it, possible from 2027/28 for £532k, is not chosen."),
        ("0,,,", 2025, "; to end it, possible from 2025/26, is not chosen."),
        ("20,,,", 2025, "; notice to end it runs beyond the plan."),
        ("1,,2025,", 2025, "; it cannot be ended early."),
        (",,,", 2025, "; it cannot be ended early."),
    ],
)
def test_money_that_could_not_move_says_when_the_contract_could_end(
    terms: str, year: int, words: str
) -> None:
    instance = deciding_round(
        contracts=f"""\
        contract,label,type,notice_years,exit_fee,end,uplift
        Acute,Acute block,block,{terms}
        GMS,GMS contract,block,,,,
        """
    )
    contracts = contracts_table().assign(ended=False, suspended=False, state="fixed")
    contracts = contracts[(contracts["contract"] == "Acute") & (contracts["year"] == year)]
    text = joined(whole(with_tables(deciding_plan(), contracts=contracts), instance))
    assert "releases no cash, as the payment is fixed" in text
    assert words in text


# ---- words


@pytest.mark.parametrize(
    ("names", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"],
                                                                          "a, b and c")]
)  # fmt: skip
def test_names_in_a_sentence(names: list[str], text: str) -> None:
    assert listed(names) == text


def test_start_is_told(instance: Instance) -> None:
    plan = deciding_plan()
    started = replace(plan, solver={**plan.solver, "start": "taken as the first plan"})
    assert "The plan to start from: taken as the first plan." in joined(whole(started, instance))


# ---- comparisons


def test_options_that_differ_between_cases(instance: Instance) -> None:
    low, high = deciding_plan(), deciding_plan()
    options = options_table()
    options.loc[options["option"] == "north", "taken"] = True
    options.loc[(options["option"] == "full") & (options["year"] == 2026), "taken"] = False
    comparison = compared({"low": low, "high": with_tables(high, options=options)}, instance)
    assert set(comparison.options["option"]) == {"full", "north"}
    assert list(comparison.options.columns) == ["option", "label", "case", "year", "taken"]
    text = joined(printed(print_comparison, comparison, instance))
    assert "Options that differ: 2" in text
    assert "Full integration: low 2026/27 to 2028/29; high 2027/28 to 2028/29." in text
    assert "North bid: low not taken; high every year." in text
    same = compared({"low": low, "high": low}, instance)
    assert same.options.empty
    record = comparison_record(comparison, instance)
    assert len(record["options"]) == 16
