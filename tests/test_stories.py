"""The stories Avonside must be able to tell, on small instances cut from it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd
import pytest
from avonside_cut import cut
from examples import avonside
from shown import printed
from small import solved

import allocator
from allocator.errors import InstanceError
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.planning.compare import compare
from allocator.report.text.problems import unvalued
from allocator.report.text.summary import print_summary

IN_SCOPE = (
    "Talking therapies",
    "Community mental health",
    "Crisis mental health",
    "Mental health inpatients",
    "Children's mental health",
)
INTERMEDIATE = "Intermediate care and urgent response"
DELAYED = "Delayed discharge days"
ELECTIVE = "Planned inpatients"
BLOCK = "Emergency block"
COUNCILS = ("Avon City", "North Coast", "South Vale")
NETWORKS = ("Avon City North", "Avon City Central", "Avon City South", "North Coast", "South Vale")
NET = 1.0215


def proven(instance: Instance, **options: Any) -> Plan:
    plan = solved(instance, **options)
    assert plan.status == "optimal"
    assert plan.verified
    return plan


def board_plan() -> Plan:
    return proven(avonside())


def at(frame: pd.DataFrame, column: str, **where: Any) -> float:
    """The one figure of a frame in the row that answers."""
    rows = frame
    for name, value in where.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1, where
    return float(rows[column].iloc[0])


def changed(table: pd.DataFrame, where: Mapping[str, Any], **values: Any) -> pd.DataFrame:
    """Table with values put into the rows that answer."""
    rows = pd.Series(data=True, index=table.index)
    for name, value in where.items():
        rows &= table[name].isin(value if isinstance(value, (list, tuple)) else [value])
    assert rows.any(), where
    return table.assign(**{name: table[name].where(~rows, value) for name, value in values.items()})


def spend(plan: Plan, year: int) -> pd.Series[float]:
    rows = plan.allocation[plan.allocation["year"] == year]
    return rows.set_index("programme")["spend"]


# 1. A&E has no response


def test_1_accident_and_emergency_without_a_response_is_held_and_listed() -> None:
    instance = cut(["A&E", INTERMEDIATE, "Community therapies"], demand=avonside().demand.iloc[:0])
    plan = proven(instance)
    rows = plan.allocation[plan.allocation["programme"] == "A&E"]
    assert rows["held"].all()
    assert rows["activity"].to_numpy() == pytest.approx(rows["baseline"].to_numpy())
    assert unvalued(instance) == pytest.approx({"A&E": 71_323_100}, rel=1e-4)


def test_1_what_is_unvalued_in_avonside_is_held_and_totals_864m() -> None:
    unknown = unvalued(avonside())
    assert sum(unknown.values()) / 1e6 == pytest.approx(864.3, abs=0.05)
    assert "A&E" not in unknown
    allocation = board_plan().allocation
    assert allocation.loc[allocation["programme"].isin(list(unknown)), "held"].all()
    rows = allocation[allocation["programme"] == "A&E"]
    arriving = [236756, 239124, 241515, 243930, 246369]
    elsewhere = pd.Series(arriving, index=rows.index) - rows["activity"]
    assert elsewhere.between(-1e-6, 0.006 * rows["activity"]).all()
    assert (rows["unmet"] < 1e-6).all()


# 2. The Mental Health Investment Standard


def test_2_the_investment_standard_reads_225_6m_and_displaces_other_care() -> None:
    lines = [*IN_SCOPE, INTERMEDIATE, "Day cases", "Community therapies"]
    asked = cut(lines, rules=["MHIS"])
    plan = proven(asked)
    assert at(plan.rules, "right", rule="MHIS", year=2025) / 1e6 == pytest.approx(225.6, abs=0.05)
    assert at(plan.rules, "slack", rule="MHIS", year=2025) == pytest.approx(0.0, abs=1.0)
    assert at(plan.rules, "price", rule="MHIS", year=2025) > 0
    free = proven(cut(lines))
    assert plan.objective is not None
    assert free.objective is not None
    assert free.objective > plan.objective
    displaced = spend(free, 2025) - spend(plan, 2025)
    assert displaced[list(IN_SCOPE)].sum() < -1e5
    assert displaced[[INTERMEDIATE, "Day cases", "Community therapies"]].sum() > 1e5


# 3. A block until 2027/28

DAYS = 5000.0
FREED = [INTERMEDIATE, DELAYED]


@cache
def block(days: float) -> Plan:
    """Intermediate care that frees a number of bed-days a year and does nothing else."""
    base = cut(FREED, rules=["Delayed days goal"])
    before = at(base.programmes, "baseline", programme=INTERMEDIATE)
    per_unit = at(base.effects, "per_unit", source=INTERMEDIATE)
    level = before + days / per_unit
    limits = pd.DataFrame(
        [{"programme": INTERMEDIATE, "basis": "activity", "min": level, "max": level}]
    )
    budgets = changed(base.budgets, {"pool": "NHS"}, amount=80e6)
    wanted = base.rules.assign(value=0.0)
    return proven(base.replace(limits=limits, budgets=budgets, rules=wanted))


@pytest.mark.parametrize("year", [2025, 2026, 2027, 2028, 2029])
def test_3_a_block_frees_beds_at_once_and_cash_only_when_rebased(year: int) -> None:
    with_care, without = block(DAYS), block(0.0)
    price = 118.5 * NET ** (year - 2024)
    assert at(with_care.allocation, "avoided", programme=DELAYED, year=year) == pytest.approx(DAYS)
    both = (without, with_care)
    paid = [at(p.contracts, "pool_payment", contract=BLOCK, year=year) for p in both]
    freed = 0.0 if year < 2027 else DAYS * price
    assert paid[0] - paid[1] == pytest.approx(freed, abs=1.0)
    stranded = DAYS * price if year < 2027 else 0.0
    assert at(with_care.contracts, "stranded", contract=BLOCK, year=year) == pytest.approx(
        stranded, abs=1.0
    )
    state = with_care.contracts.set_index(["contract", "year"])["state"]
    assert state[BLOCK, year] == ("fixed until 2027/28" if year < 2027 else "rebased")


def test_3_a_board_sees_the_stranded_cost_at_its_hospitals() -> None:
    contracts = board_plan().contracts
    row = contracts[(contracts["contract"] == BLOCK) & (contracts["year"] == 2026)].iloc[0]
    assert row["payment"] == pytest.approx(row["fixed"])
    assert row["stranded"] > 1e6


# 4. A scheme from October

HUB = (
    "Transfer of care hub",
    "Transfer of care hub, full year",
    "Transfer of care hub, double running",
)


@cache
def hub(*items: str) -> Plan:
    lines = [INTERMEDIATE, "Community therapies", "Community nursing"]
    return proven(cut(lines, adjustments=items, years=(2025, 2026, 2027)))


def test_4_a_3m_scheme_from_october_costs_1_5m_and_then_3m() -> None:
    steps = hub(*HUB).bridge
    steps = steps[steps["pool"] == "NHS"].groupby(["year", "step"])["amount"].sum() / 1e6
    assert steps.get((2025, "pressure"), 0.0) == pytest.approx(1.5)
    assert steps.get((2025, "full_year_effect"), 0.0) == pytest.approx(0.0)
    both = [steps[2026, step] for step in ("pressure", "full_year_effect")]
    assert sum(both) == pytest.approx(3.0)
    assert steps[2025, "double_running"] == pytest.approx(0.75)


def test_4_double_running_stays_outside_the_underlying_position() -> None:
    with_it, without = hub(*HUB), hub(*HUB[:2])
    steps = with_it.bridge
    assert not steps.loc[steps["step"] == "double_running", "recurrent"].any()
    for plan in (with_it, without):
        rows = plan.budgets[plan.budgets["pool"] == "NHS"].set_index("year")
        expected = rows["recurrent_income"] - rows["recurrent_spend"]
        assert rows["underlying"].to_numpy() == pytest.approx(expected.to_numpy())
    items = [p.adjustments.groupby("year")["amount"].sum() for p in (with_it, without)]
    assert items[0][2025] - items[1][2025] == pytest.approx(750_000)
    lasting = steps[steps["recurrent"] & (steps["pool"] == "NHS") & (steps["step"] != "plan")]
    recurrent = lasting.groupby("year")["amount"].sum()
    paid = with_it.budgets.set_index(["pool", "year"])["recurrent_spend"]["NHS"]
    assert recurrent.to_numpy() == pytest.approx(paid.to_numpy())


def test_4_a_team_from_october_costs_half_and_then_all_with_double_running() -> None:
    name = "Home-first team"
    instance = cut([INTERMEDIATE, DELAYED], years=(2025, 2026, 2027), options=[name])
    options = instance.options.assign(group="start", choose="exactly_one", latest=2025)
    plan = proven(instance.replace(options=options))
    whole = {year: 1_378_680 * NET ** (year - 2024) for year in (2025, 2026, 2027)}
    assert at(plan.options, "in_place", year=2025) == pytest.approx(0.5)
    for year, share in ((2025, 0.5), (2026, 1.0), (2027, 1.0)):
        assert at(plan.options, "cost_yearly", year=year) == pytest.approx(share * whole[year])
        less = at(plan.allocation, "activity", programme=DELAYED, year=year)
        less += at(plan.allocation, "avoided", programme=DELAYED, year=year)
        assert less == pytest.approx(84_388 - share * 3_360)
    running = plan.options.set_index("year")["double_running"]
    assert running.to_numpy() == pytest.approx([345_000 * NET, 0.0, 0.0])
    steps = plan.bridge[plan.bridge["step"] == "double_running"]
    assert not steps["recurrent"].any()
    assert (plan.budgets["underlying"] + plan.budgets["support"]).sum() > 0.0


# 5. Half the efficiency programme


ENVELOPE = 2.17e9
"""NHS money of the base year."""


def room(instance: Instance, year: int = 2025) -> float:
    """Growth of NHS money less costs above the base year and what efficiency gives back."""
    base = ENVELOPE
    money = instance.budgets
    money = money[(money["pool"] == "NHS") & (money["kind"] == "recurrent")]
    items = instance.adjustments
    gives = items[(items["kind"] == "efficiency") & (items["year"] == year)]
    gross = at(items, "amount", item="Cost growth above net prices", year=year)
    prices = instance.settings.cost_uplift * base + gross
    saved = float((gives["amount"] * gives["delivery"]).sum())
    return at(money, "amount", year=year) - base - prices + saved


def halved(instance: Instance, *, contingency: bool) -> Instance:
    table = changed(instance.adjustments, {"kind": "efficiency", "year": 2025}, delivery=0.5)
    if contingency:
        table = changed(table, {"kind": "reserve", "year": 2025}, delivery=0.0)
    return instance.replace(adjustments=table)


def test_5_half_the_efficiency_leaves_27_1m_of_48_8m() -> None:
    assert room(avonside()) / 1e6 == pytest.approx(48.8, abs=0.1)
    assert room(halved(avonside(), contingency=False)) / 1e6 == pytest.approx(27.1, abs=0.1)


@pytest.mark.long
def test_5_what_drops_is_named_in_order_and_adds_up() -> None:
    plan = proven(halved(avonside(), contingency=True))
    paid = []
    for each in (board_plan(), plan):
        rows = each.budgets[(each.budgets["pool"] == "NHS") & (each.budgets["year"] == 2025)]
        paid.append(float(rows["spend"].iloc[0] + rows["transfers_out"].iloc[0]))
    assert paid[0] - paid[1] == pytest.approx(21.7e6 - 5.425e6, rel=0.06)
    drops = (spend(board_plan(), 2025) - spend(plan, 2025)).sort_values(ascending=False)
    drops = drops[drops > 1e5]
    assert {INTERMEDIATE, "Outpatients", "Day cases"} <= set(drops.index)
    untouched = {"A&E", "Continuing healthcare", "Prescribing"}
    untouched |= {f"Core general practice {network}" for network in NETWORKS}
    assert not untouched & set(drops.index)


def test_5_without_the_contingency_no_plan_keeps_every_rule() -> None:
    plan = solved(halved(avonside(), contingency=False))
    assert plan.status == "infeasible"
    assert plan.conflict


# 6. Home care below a council's share


def test_6_a_council_below_its_share_of_home_care_is_named_in_pounds() -> None:
    name, council = "Home care Avon City", "Avon City council"
    instance = cut([name], years=(2025,))
    plan = proven(instance)
    cost = float(spend(plan, 2025)[name])
    paid = pd.DataFrame(
        [
            {"programme": name, "pool": "NHS", "year": 2025, "paid": 0.5 * cost},
            {"programme": name, "pool": council, "year": 2025, "paid": 0.5 * cost},
        ]
    )
    draft = {"allocation": plan.allocation[["programme", "year", "activity"]], "funding": paid}
    evaluation = allocator.evaluate(instance, draft)
    assert not evaluation.allowed
    least = at(instance.funding, "share_min", pool=council) * cost
    (text,) = (t for t in evaluation.violations["message"] if council in t)
    for part in (
        name,
        "2025/26",
        f"£{0.5 * cost:,.0f}",
        f"below its least share of 55.1%, £{least:,.0f}",
    ):
        assert part in text


# 7. Electives left waiting


def test_7_2000_untreated_in_year_1_are_on_the_list_of_year_2() -> None:
    whole = cut([ELECTIVE], rules=["Inpatient waiting list"], years=(2025, 2026))
    treated = {2025: 17_100.0, 2026: 17_300.0}
    plans = []
    for fewer in (0.0, 2000.0):
        limits = pd.DataFrame(
            [
                {"programme": ELECTIVE, "year": y, "basis": "activity", "min": a, "max": a}
                for y, a in {**treated, 2025: treated[2025] - fewer}.items()
            ]
        )
        plans.append(proven(whole.replace(limits=limits)))
    for year in (2025, 2026):
        waiting = [at(p.allocation, "unmet", programme=ELECTIVE, year=year) for p in plans]
        assert waiting[1] - waiting[0] == pytest.approx(2000.0)
        path = [at(p.rules, "left", rule="Inpatient waiting list", year=year) for p in plans]
        assert path[1] - path[0] == pytest.approx(2000.0)
        missed = [at(p.rules, "violation", rule="Inpatient waiting list", year=year) for p in plans]
        assert missed[1] > missed[0]


# 8. Occupancy of 92% from the first year

BED_USERS = ("Emergency stays over one day", "Emergency short stays", ELECTIVE, DELAYED)


def test_8_92_per_cent_occupancy_in_year_1_is_48_beds_short() -> None:
    base = cut(BED_USERS, years=(2025,))
    baseline = base.programmes.set_index("programme")["baseline"]
    demand = base.demand.assign(
        demand=base.demand["programme"].map(baseline).astype(float), opening_backlog=0.0
    )
    beds = changed(
        base.capacity, {"resource": "General and acute beds"}, amount=1638.5, extra_max=0.0
    )
    limits = pd.DataFrame([{"programme": ELECTIVE, "basis": "baseline", "min": 1.0, "max": 1.0}])
    with pytest.raises(
        InstanceError, match=r"General and acute beds.*2025/26.* 48(\.\d+)? occupied bed"
    ):
        base.replace(demand=demand, capacity=beds, limits=limits)


# 9. Low, central and high evidence


@pytest.mark.long
def test_9_moves_of_year_1_that_survive_every_reading_of_the_evidence() -> None:
    comparison = compare(avonside())
    assert comparison.complete
    assert all(plan.verified for plan in comparison.plans.values())
    moves = comparison.moves.set_index("programme")
    firm = set(moves.index[moves["survives"]])
    assert {"Children's mental health", "Community nursing"} <= firm
    assert moves.loc["Children's mental health", "direction"] == "more"
    assert moves.loc["Community nursing", "direction"] == "less"
    assert INTERMEDIATE not in firm
    assert moves.loc[INTERMEDIATE, "direction"] == "mixed"
    changes = comparison.changes[comparison.changes["move"]]
    signs = changes.groupby("programme")["change"].agg(["min", "max", "size"])
    same = (signs["size"] == 3) & (signs["min"] * signs["max"] > 0)
    assert firm == set(signs.index[same])
    for plan in comparison.plans.values():
        first = plan.allocation[plan.allocation["year"] == 2025].set_index("programme")
        grown = first["activity"] / first["baseline"] - 1.0
        for council in COUNCILS:
            assert grown[f"Home care {council}"] > 0.015
        assert -1e-6 < grown[INTERMEDIATE] < 0.1001
    for case in ("low", "central"):
        assert taken(comparison.plans[case])[ALLIANCE] == [2027, 2028, 2029]
    assert taken(comparison.plans["high"])["Adults: Westmere Care"] == [2027, 2028, 2029]
    weak = comparison.cases.set_index("case")["weak_share"]
    assert weak.between(0.5, 1.0).all()


# What a sensible plan looks like


def test_a_board_has_the_plan_on_two_pages() -> None:
    text = printed(print_summary, board_plan(), avonside(), width=80)
    lines = text.rstrip().splitlines()
    assert len(lines) <= 60, text
    assert max(map(len, lines)) <= 80


def test_the_plan_reads_like_a_sensible_one() -> None:
    allocation = board_plan().allocation
    level = allocation.assign(level=allocation["activity"] / allocation["baseline"])
    ratio = level.set_index(["programme", "year"])["level"]
    assert ratio[INTERMEDIATE, 2025] == pytest.approx(1.10)
    for council in COUNCILS:
        assert ratio[f"Reablement {council}", 2026] == pytest.approx(1.25, abs=0.03)
        assert ratio[f"Home care {council}", 2025] == pytest.approx(1.02, abs=0.001)
    assert ratio["Children's mental health", 2025] == pytest.approx(1.10)
    assert ratio["Crisis mental health", 2029] > 1.15
    contracts = board_plan().contracts
    hospital = contracts[
        (contracts["provider"] == "Avonside Hospitals") & (contracts["pool"] == "NHS")
    ]
    cash = hospital.groupby("year")["pool_payment"].sum()
    base = avonside().programmes
    mine = (base["provider"] == "Avonside Hospitals") & (base["pool"] == "NHS")
    before = float((base["unit_cost"] * base["baseline"])[mine].sum())
    assert 0.0 < cash[2025] / before - 1.0 < 0.044


def test_nothing_unvalued_is_cut_and_every_pool_lives_within_what_lasts() -> None:
    plan = board_plan()
    assert (plan.budgets["underlying"] + plan.budgets["support"] >= -1.0).all()
    worst = plan.providers.assign(room=plan.providers["position"] + plan.providers["deficit_max"])
    assert (worst["room"].dropna() >= -1.0).all()
    late = plan.providers[plan.providers["year"] >= 2028]
    trusts = late[late["provider"].isin(["Avonside Hospitals", "Avonside Mental Health"])]
    assert (trusts.groupby("year")["position"].sum() >= -1.0).all()


# 10. Decisions

ALLIANCE = "Both lots: Avonside Alliance"
WARD = "Rehabilitation ward South Vale"
CLOSE = "Close the South Vale ward"
FULL = "Avon City South: full integration"
GMS = "GMS Avon City South"
THERAPIES = "Talking therapies outcomes"


def taken(plan: Plan) -> dict[str, list[int]]:
    """Years in which each option is taken."""
    rows = plan.options[plan.options["taken"]]
    return {str(name): list(years) for name, years in rows.groupby("option")["year"]}


def test_10_it_is_proved_to_a_thousandth_of_the_gain_and_says_what_was_decided() -> None:
    plan = board_plan()
    certificate = plan.certificate
    assert certificate.bound is not None
    assert plan.objective is not None
    gain = plan.objective - certificate.reference_objective
    assert certificate.bound - plan.objective <= 1e-3 * gain
    kinds = set(plan.decisions["kind"])
    assert {"option runs", "curves", "payments", "thresholds", "minimum scales"} <= kinds


def test_10_one_bid_wins_both_lots_from_2027() -> None:
    table = board_plan().options
    for lot in ("community-adults", "community-children"):
        bids = table[table["group"].str.split("; ").map(lambda words, lot=lot: lot in words)]
        won = bids.groupby("year")["taken"].sum()
        assert won.to_dict() == {2025: 0, 2026: 0, 2027: 1, 2028: 1, 2029: 1}
    assert taken(board_plan())[ALLIANCE] == [2027, 2028, 2029]
    line = board_plan().allocation.set_index(["programme", "year"]).loc["Community therapies", 2028]
    assert line["spend"] == pytest.approx(100 * 0.985 * NET**4 * line["activity"])


def test_10_a_closed_ward_costs_nothing_but_what_is_left_of_its_building() -> None:
    assert taken(board_plan())[CLOSE] == [2026, 2027, 2028, 2029]
    assert set(taken(board_plan())["Home-first team"]) >= {2026, 2027, 2028, 2029}
    rows = board_plan().allocation.set_index(["programme", "year"]).loc[WARD]
    assert rows["activity"].to_numpy() == pytest.approx([6716, 6716, 0, 0, 0])
    left = [0.3 * 6716 * 656.24 * NET ** (y - 2024) for y in (2027, 2028)]
    assert rows["spend"].to_numpy()[2:] == pytest.approx([*left, 0.0])


def test_10_full_integration_suspends_the_contracts_of_its_practices() -> None:
    years = taken(board_plan())[FULL]
    assert years in ([2026, 2027, 2028, 2029], [2027, 2028, 2029])
    rows = board_plan().contracts.set_index(["contract", "year"]).loc[GMS]
    assert list(rows.index[rows["suspended"]]) == years
    held = rows[~rows["suspended"]]
    assert held["payment"].to_numpy() == pytest.approx(held["fixed"].to_numpy())
    first = rows.loc[2028]
    assert first["pool_payment"] == pytest.approx(0.995 * 22_592_000 * 1.180287)
    for network in NETWORKS:
        mine = board_plan().options
        mine = mine[mine["group"] == network.lower().replace(" ", "-")]
        assert (mine.groupby("year")["taken"].sum() == 1).all()


@pytest.mark.parametrize(("last", "allowed"), [(2027, True), (2026, False), (2028, False)])
def test_10_practices_return_on_the_second_anniversary_only(last: int, *, allowed: bool) -> None:
    plan, back = board_plan(), "Avon City South: virtual integration"
    options = plan.options[["option", "year", "taken"]].copy()
    inside = options["year"].between(2026, last)
    options.loc[options["option"] == FULL, "taken"] = inside
    options.loc[options["option"] == back, "taken"] = ~inside
    draft = {
        "allocation": plan.allocation[["programme", "year", "activity"]],
        "options": options,
        "contracts": plan.contracts[["contract", "year", "ended"]],
    }
    found = allocator.evaluate(avonside(), draft).violations
    broken = found[(found["kind"] == "option") & found["message"].str.contains(FULL)]
    assert broken.empty == allowed


def test_10_talking_therapies_are_held_to_the_step_until_notice_runs_out() -> None:
    plan = board_plan()
    rows = plan.contracts.set_index(["contract", "year"]).loc[THERAPIES]
    ended = list(rows.index[rows["ended"]])
    assert ended
    assert ended == list(range(ended[0], 2030))
    assert ended[0] >= 2026
    assert rows["exit_fee"].sum() == pytest.approx(272_000 * NET ** (ended[0] - 2024))
    found = plan.outcomes[plan.outcomes["outcome"] == "Recoveries"].set_index("year")["amount"]
    for year in range(2025, ended[0]):
        assert found[year] == pytest.approx(1500, rel=1e-3)
        uplift = NET ** (year - 2024)
        paid = (10_880_038 + 1888 * found[year] + 340_000) * uplift
        assert rows.loc[year, "payment"] == pytest.approx(paid)
    assert found[ended[0]] > 1600


def test_10_what_medicines_save_beyond_the_cap_stays_with_practices() -> None:
    rows = board_plan().contracts.set_index(["contract", "year"]).loc["Prescribing risk share"]
    for year in taken(board_plan())["Medicines optimisation"]:
        back = 1_000_000 * NET ** (year - 2024)
        assert rows.loc[year, "fixed"] - rows.loc[year, "payment"] == pytest.approx(back)
        assert rows.loc[year, "payment"] > rows.loc[year, "cost"] + 1e6


def test_10_the_premium_is_received_a_year_later_and_capital_keeps_within_its_limit() -> None:
    plan = board_plan()
    incomes = plan.incomes
    assert (incomes["received"].isin([0]) | (incomes["received"] == incomes["year"] + 1)).all()
    full = incomes[(incomes["income"] == "Quality premium") & (incomes["earned"] == 1.0)]
    shares = {"Recovery": 0.125, "Waiting list": 0.125}
    expected = 5 * 1_097_695 * full["part"].map(shares).fillna(0.25)
    assert full["amount"].to_numpy() == pytest.approx(expected.to_numpy())
    nhs = plan.budgets[plan.budgets["pool"] == "NHS"].set_index("year")
    paid = incomes[incomes["received"] > 0].groupby("received")["amount"].sum()
    paid = paid.reindex(nhs.index, fill_value=0.0)
    assert nhs["incomes"].to_numpy() == pytest.approx(paid.to_numpy(), abs=1.0)
    assert (nhs["capital_spend"] <= nhs["capital_amount"] + 1.0).all()
    assert nhs["capital_spend"].sum() > 9e6


def test_10_new_services_are_nothing_or_at_least_what_makes_them_work() -> None:
    falls = board_plan().allocation.set_index(["programme", "year"])["activity"]["Falls response"]
    assert ((falls < 1e-6) | (falls >= 600 - 1e-6)).all()
    assert falls.max() > 600
    teams = board_plan().allocation.set_index(["programme", "year"])["activity"]
    assert teams["Neighbourhood teams"].is_monotonic_increasing
    assert teams["Neighbourhood teams"][2029] > 2.5e6
