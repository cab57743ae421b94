"""Every legal rule, kept to the edge and missed by one, and stranded cost against all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from judging import allowed, breaks, column, expect, run
from small import round_of

from allocator.instance.instance import Instance
from allocator.instance.tables.legal import LEGAL_RULES

PROGRAMMES = """
    programme,sector,pool,provider,contract,baseline,unit,unit_cost,place,tags,recurrent
    A,acute,NHS,Trust,Acute,100,visit,2,North,scope; first,yes
    B,community,NHS,,,300,visit,1,South,scope,yes
    C,primary,NHS,,,50,visit,4,,,no"""
CONTRACTS = "contract,type,threshold,marginal_rate,lead,overhead\nAcute,activity,200,0.5,Lead,0.1"
YEARS = (2025, 2026)
PLACES = "place,year,heads\nNorth,,40\nSouth,,150\nNorth,2026,50"
SELECTIONS = """
    selection,sector,place,tag,share
    acute,acute,North,,1
    both,,,scope,1"""
HEAD = "rule,year,measure,selection,outcome,segment,sense,value,basis,relative_to,reference,penalty"
PLAN = {"A": [110, 120], "B": [300, 320], "C": [50, 50]}


def ruled(*rules: str, **more: Any) -> Instance:
    tables = {
        "responses": "programme,outcome,per_unit\nA,QALY,0.5",
        "demand": "programme,demand,harm,harm_outcome\nB,350,0.1,QALY",
        "places": PLACES,
        "selections": SELECTIONS,
        "settings": {"cost_uplift": 0.1},
        "contracts": CONTRACTS,
        "providers": "provider\nLead",
        **more,
    }
    return round_of(PROGRAMMES, years=YEARS, rules="\n".join([HEAD, *rules]), **tables)


# In 2026 prices are 1.21 times the base year's: 2.42, 1.21 and 4.84. The contract pays for 242 in
# full and for half of the 48.4 above, and its lead a tenth on top: 266.2 and 26.62.
LEFT = {"spend": 290.4, "value": 240, "activity": 120, "outcome": 60, "unmet": 30}
LEFT |= {"recurrent_spend": 290.4, "payment": 266.2 * 1.1, "position": 266.2 - 290.4}
ALL = {"spend": 2.42 * 120 + 1.21 * 320 + 4.84 * 50, "value": 760, "activity": 490}
ALL |= {"recurrent_spend": 2.42 * 120 + 1.21 * 320, "payment": 292.82 + 1.21 * 320 + 4.84 * 50}
BEFORE = {"spend": 2.2 * 110, "value": 220, "activity": 110}
BEFORE |= {"recurrent_spend": 2.2 * 110, "payment": (220 + 0.5 * 22) * 1.1}
HEADS = 50
LEGAL = [
    (m, b, s) for m, bases in LEGAL_RULES.items() for b, senses in bases.items() for s in senses
]


def value_for(measure: str, basis: str, right: float, heads: float = HEADS) -> float:
    """Value of a rule whose right side, multiplied out, is `right`."""
    if basis in ("share", "ratio"):
        return right / ALL[measure]
    if basis == "growth":
        return right / BEFORE[measure] - 1
    return right / heads if basis == "per_head" else right


@pytest.mark.parametrize(("measure", "basis", "sense"), LEGAL)
def test_every_legal_rule_kept_and_missed_by_one(measure: str, basis: str, sense: str) -> None:
    selection, heads = ("all", 200) if measure == "unmet" else ("acute", HEADS)
    outcome = "QALY" if measure == "outcome" else ""

    def judged(right: float) -> Any:
        value = value_for(measure, basis, right, heads)
        rule = f"R,2026,{measure},{selection},{outcome},,{sense},{value!r},{basis},,,"
        return run(ruled(rule), PLAN)

    left = LEFT[measure]
    kept = judged(left)
    assert kept.allowed
    assert column(kept.rules, "slack") == pytest.approx([0], abs=1e-9)
    expect(kept.rules, value=[value_for(measure, basis, left, heads)])
    easier = judged(left - 1 if sense == "min" else left + 1)
    if sense != "equal":
        expect(easier.rules, slack=[1])
        assert easier.allowed
    missed = judged(left + 1 if sense == "min" else left - 1)
    breaks(missed, "rule", "R", 2026, pytest.approx(1))
    expect(missed.rules, violation=[1], slack=[-1], left=[left])


def test_an_equal_rule_is_missed_on_both_sides() -> None:
    for value in (119, 121):
        result = run(ruled(f"R,2026,activity,acute,,,equal,{value},amount,,,"), PLAN)
        breaks(result, "rule", "R", 2026, 1)


def test_messages_say_both_sides_in_their_unit() -> None:
    spend = run(ruled("R,2026,spend,acute,,,max,0.2,share,all,,"), PLAN)
    assert spend.violations.message[0] == (
        "Rule 'R' in 2026/27 is missed by £106.48: spend is £290.40 and must be at most £183.92; "
        "share 0.315789 against 0.2."
    )
    visits = run(ruled("R,2026,activity,acute,,,min,130,amount,,,"), PLAN)
    assert "activity is 120 visits and must be at least 130 visits" in visits.violations.message[0]


def test_a_rule_with_a_year_replaces_the_blank_one() -> None:
    rules = ruled(
        "R,,activity,acute,,,max,110,amount,,,", "R,2026,activity,acute,,,max,120,amount,,,"
    )
    result = allowed(rules, PLAN)
    expect(result.rules, limit=[110, 120], slack=[0, 0])


@pytest.mark.parametrize(
    ("reference", "value", "left", "against"),
    [
        ("", [0.1, 290.4 / 242 - 1], [242, 290.4], [200, 242]),
        ("previous", [0, 0], [242, 290.4], [200, 242]),
        ("baseline", [0, 0], [242, 290.4], [200, 200]),
    ],
)
def test_growth_on_the_year_before_or_the_base_year(
    reference: str, value: list[float], left: list[float], against: list[float]
) -> None:
    rules = [
        f"R,{y},spend,acute,,,min,{v!r},growth,,{reference},"
        for y, v in zip(YEARS, value, strict=True)
    ]
    result = run(ruled(*rules), PLAN)
    right = [(1 + v) * a for v, a in zip(value, against, strict=True)]
    expect(result.rules, left=left, right=right)
    growth = [x / a - 1 for x, a in zip(left, against, strict=True)]
    expect(result.rules, value=growth)


def test_growth_on_a_named_year() -> None:
    rule = "R,2026,activity,acute,,,max,0.05,growth,,2025,"
    breaks(run(ruled(rule), PLAN), "rule", "R", 2026, 4.5)


def test_value_is_at_base_year_unit_cost_and_the_base_year_at_base_year_prices() -> None:
    rules = ruled(
        "R,2025,value,acute,,,max,0.1,growth,,,", "S,2025,spend,acute,,,max,0.21,growth,,,"
    )
    result = allowed(rules, PLAN)
    expect(result.rules, left=[220, 242], right=[220, 242])


def test_ratio_to_another_selection() -> None:
    rule = "R,,activity,acute,,,min,0.36,ratio,community,,"
    selections = SELECTIONS + "\n    community,community,,,1"
    result = run(ruled(rule, selections=selections), PLAN)
    expect(result.rules, value=[110 / 300, 120 / 320])
    broken = run(ruled(rule, selections=selections), PLAN | {"A": [110, 115]})
    breaks(broken, "rule", "R", 2026, pytest.approx(0.36 * 320 - 115))


def test_selections_add_up_count_once_and_by_share() -> None:
    selections = """
        selection,sector,programme,tag,share
        mix,acute,,,0.5
        mix,,,first,0.5
        mix,community,,scope,0.25
        mix,,C,,1
        none,acute,,scope,1
        none,community,,scope,1"""
    rules = ("R,2026,activity,mix,,,max,190,amount,,,", "S,2026,activity,none,,,max,440,amount,,,")
    result = run(ruled(*rules, selections=selections), PLAN)
    expect(result.rules, left=[0.5 * 120 + 0.25 * 320 + 50, 440])


def test_heads_are_those_of_the_places_a_selection_names_in_all_its_rows() -> None:
    selections = """
        selection,sector,place
        here,acute,North
        two,acute,North
        two,community,South
        some,acute,North
        some,community,"""
    rules = [
        f"{name},,spend,{select},,,max,1000,per_head,,,"
        for name, select in (("a", "here"), ("b", "two"), ("c", "some"), ("d", "all"), ("e", ""))
    ]
    result = run(ruled(*rules, selections=selections), PLAN)
    heads = [1000 * h for h in (40, 50, 190, 200, 190, 200, 190, 200, 190, 200)]
    expect(result.rules, right=heads)
    spend = 2.42 * 120 + 1.21 * 320
    expect(result.rules, rule="b", year=2026, value=[spend / 200])


# Outcomes --------------------------------------------------------------------------------


def test_outcomes_in_rules_are_net_of_harm_and_unweighted() -> None:
    more = {
        "outcomes": "outcome,weight\nQALY,7",
        "responses": "programme,outcome,per_unit,delay\nA,QALY,0.5,3",
        "settings": {"cost_uplift": 0.1, "discount_rate": 0.1},
    }
    result = allowed(ruled("R,,outcome,,QALY,,min,50,amount,,,", **more), PLAN)
    expect(result.rules, left=[55 - 5, 60 - 3])
    broken = run(ruled("R,,outcome,,QALY,,min,51,amount,,,", **more), PLAN)
    breaks(broken, "rule", "R", 2025, 1)


def test_outcome_of_a_segment() -> None:
    segments = "segment,place,heads,weight\nPoor,North,10,3\nRich,North,40,1\nRich,South,150,1"
    rule = "R,2026,outcome,acute,QALY,Poor,min,12,amount,,,"
    result = allowed(ruled(rule, segments=segments), PLAN)
    expect(result.rules, left=[60 * 10 / 50])
    broken = run(ruled(rule.replace("12", "14"), segments=segments), PLAN)
    breaks(broken, "rule", "R", 2026, 2)


# Soft rules ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sense", "value", "missed"),
    [("min", 130, 10), ("max", 115, 5), ("equal", 118, 2), ("equal", 123, 3), ("min", 120, 0)],
)
def test_a_soft_rule_costs_its_penalty_and_is_no_violation(
    sense: str, value: float, missed: float
) -> None:
    result = allowed(ruled(f"R,2026,activity,acute,,,{sense},{value},amount,,,0.25"), PLAN)
    assert result.max_violation < 1e-12
    expect(result.rules, violation=[missed], penalty=[0.25 * missed], soft=[True])
    assert result.parts["penalties"] == 0.25 * missed
    free = run(ruled(), PLAN)
    assert result.objective == pytest.approx(free.objective - 0.25 * missed)


def test_the_penalty_is_per_unit_multiplied_out_in_every_year() -> None:
    result = run(ruled("R,,spend,acute,,,max,0,growth,,baseline,0.5"), PLAN)
    assert result.parts["penalties"] == pytest.approx(0.5 * (42 + 90.4))


# Payment and position --------------------------------------------------------------------


def test_payment_before_the_plan_is_the_baseline_at_its_tariff() -> None:
    programmes = """
        programme,sector,pool,place,baseline,unit_cost,tariff
        A,acute,NHS,North,100,2,3
        B,community,NHS,South,300,1,
        C,primary,NHS,,50,4,"""
    rules = ("R,2025,payment,acute,,,max,9,growth,,,", "S,2026,payment,,,,max,9,growth,,baseline,")
    selections = "selection,sector\nacute,acute"
    instance = round_of(
        programmes,
        years=YEARS,
        rules="\n".join([HEAD, *rules]),
        selections=selections,
        places=PLACES,
    )
    result = run(instance, PLAN)
    expect(result.rules, right=[10 * 300, 10 * (300 + 300 + 200)], left=[220, 240 + 320 + 200])


def test_a_contract_counts_with_the_least_share_of_its_programmes() -> None:
    selections = """
        selection,sector,share
        most,acute,0.5
        most,community,0.25"""
    rule = "R,2026,payment,most,,,max,1000,amount,,,"
    result = run(ruled(rule, selections=selections), PLAN)
    expect(result.rules, left=[0.5 * 292.82 + 0.25 * 387.2])


def test_position_is_of_the_providers_of_the_programmes_whole() -> None:
    programmes = """
        programme,sector,pool,provider,contract,baseline
        A,acute,NHS,Trust,Acute,100
        B,community,NHS,Trust,Elsewhere,100
        C,community,NHS,Other,,50"""
    contracts = "contract,type,fixed,ceiling\nAcute,block,90,200\nElsewhere,block,130,200"
    instance = round_of(
        programmes,
        contracts=contracts,
        providers="provider,other_income,other_cost\nTrust,7,3\nOther,0,5",
        limits="programme,max\nA,2\nB,2",
        selections="selection,sector,share\nacute,acute,1\ncommunity,community,1",
        rules=f"""{HEAD}
            R,,position,acute,,,min,19,amount,,,
            S,,position,community,,,min,14,amount,,,""",
    )
    result = allowed(instance, {"A": 110, "B": 95, "C": 60})
    trust = 90 - 110 + 130 - 95 + 7 - 3
    expect(result.rules, left=[trust, trust - 5])
    missed = run(instance, {"A": 110, "B": 96, "C": 60}).violations
    assert missed.name.tolist() == ["R", "S"]
    assert missed.violation.tolist() == [1, 1]
    assert "position is £18.00 and must be at least £19.00" in missed.message[0]


# Stranded cost ---------------------------------------------------------------------------

STRANDED = """
    programme,sector,pool,recurrent,baseline,fixed_share,release_years
    A,acute,NHS,yes,100,0.5,1
    B,community,NHS,no,100,0,0"""
CONTRACTED = """
    programme,sector,pool,recurrent,provider,contract,baseline,fixed_share,release_years
    A,acute,NHS,yes,Trust,Acute,100,0.5,1
    B,community,NHS,no,,,100,0,0"""
# A falls by 20 in 2025 and again in 2026: spend 80 and 60, stranded 10 and 10.
FALLING = {"A": [80, 60], "B": [100, 100]}


def stranding(rule: str, programmes: str = STRANDED, **more: Any) -> Instance:
    selections = "selection,sector\nacute,acute\ncommunity,community"
    rules = f"{HEAD}\nR,2026,{rule}"
    return round_of(programmes, years=YEARS, rules=rules, selections=selections, **more)


@pytest.mark.parametrize(
    ("rule", "left", "right"),
    [
        # Spend of A alone: a floor does not see it, a ceiling does, an equal rule does not.
        ("spend,acute,,,min,10,amount,,,", 60, 10),
        ("spend,acute,,,max,99,amount,,,", 70, 99),
        ("spend,acute,,,equal,60,amount,,,", 60, 60),
        ("spend,,,,max,99,per_head,,,", 170, 99 * 10),
        # A share of everything: both sides see it under a ceiling, neither under a floor.
        ("spend,acute,,,max,0.5,share,,,", 70, 85),
        ("spend,acute,,,min,0.1,share,,,", 60, 16),
        # Another programme's share: stranded cost of A helps a ceiling, so it stays out.
        ("spend,community,,,max,0.9,share,,,", 100, 0.9 * 160),
        ("spend,community,,,min,0.5,share,,,", 100, 0.5 * 170),
        ("spend,community,,,min,0.5,ratio,acute,,", 100, 35),
        ("spend,community,,,max,2,ratio,acute,,", 100, 120),
        # A share that is always kept: stranded cost makes it no harder and stays out.
        ("spend,acute,,,max,1,share,,,", 60, 160),
        # Growth: this year's makes a ceiling harder, last year's a floor.
        ("spend,acute,,,max,0.1,growth,,previous,", 70, 88),
        ("spend,acute,,,min,-0.5,growth,,previous,", 60, 45),
        ("spend,acute,,,equal,-0.25,growth,,previous,", 60, 60),
        ("spend,acute,,,min,-0.5,growth,,baseline,", 60, 50),
        # What comes back every year, and what pools pay at cost, are measured alike.
        ("recurrent_spend,acute,,,max,99,amount,,,", 70, 99),
        ("recurrent_spend,,,,max,2,ratio,acute,,", 60, 120),
        ("payment,acute,,,max,99,amount,,,", 70, 99),
        ("payment,acute,,,min,-0.5,growth,,previous,", 60, 45),
        # Value and activity know nothing of it.
        ("value,acute,,,max,99,amount,,,", 60, 99),
        ("activity,acute,,,max,99,amount,,,", 60, 99),
    ],
)
def test_stranded_cost_counts_against_a_rule_and_never_towards_it(
    rule: str, left: float, right: float
) -> None:
    result = run(stranding(rule, places="place,heads\nHere,10"), FALLING)
    expect(result.rules, left=[left], right=[right])


@pytest.mark.parametrize(("sense", "left"), [("min", 20), ("max", 30), ("equal", 30)])
def test_stranded_cost_worsens_a_position_only_where_a_rule_wants_it_high(
    sense: str, left: float
) -> None:
    instance = stranding(
        f"position,acute,,,{sense},30,amount,,,",
        CONTRACTED,
        contracts="contract,type,fixed\nAcute,block,90",
        limits="programme,max\nA,1",
    )
    result = run(instance, FALLING)
    expect(result.rules, left=[left])
    assert result.allowed == (sense != "min")
    expect(result.providers, position=[90 - 90, 90 - 70])


def test_payment_of_a_contract_at_cost_has_its_stranded_cost_whatever_the_rule() -> None:
    instance = stranding(
        "payment,acute,,,min,30,amount,,,",
        CONTRACTED,
        contracts="contract,type,lead,overhead\nAcute,cost,Lead,0.5",
        providers="provider\nLead",
    )
    expect(run(instance, FALLING).rules, left=[1.5 * 70])


def test_stranded_cost_breaks_a_ceiling() -> None:
    instance = stranding("spend,acute,,,max,64,amount,,,")
    breaks(run(instance, FALLING), "rule", "R", 2026, 6)
    allowed(instance, {"A": [60, 60], "B": [100, 100]})


def test_a_rule_that_cannot_be_computed_counts_as_missed() -> None:
    result = run(ruled("R,2026,spend,acute,,,max,0.5,share,,,"), PLAN | {"A": [110, 1e308]})
    expect(result.violations, kind="rule", violation=[np.inf])
    assert result.max_violation == np.inf


def test_a_share_of_nothing_has_no_value() -> None:
    result = run(ruled("R,2026,activity,acute,,,max,0.5,share,,,"), {"A": 0, "B": 0, "C": 0})
    assert np.isnan(column(result.rules, "value")[0])
    assert result.allowed
