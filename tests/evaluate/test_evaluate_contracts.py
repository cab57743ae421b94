"""Every contract type worked by hand at, below and above its break points, and providers."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from judging import allowed, breaks, column, expect, run
from small import round_of

from allocator.evaluate import Evaluation, evaluate
from allocator.instance.instance import Instance

# Baseline 100 visits at 4 and 50 beds at 10: 900 at cost, 800 at tariff.
PROGRAMMES = """
    programme,sector,pool,provider,contract,baseline,unit,unit_cost,tariff,place
    Visits,acute,NHS,Trust,Acute,100,visit,4,3,North
    Beds,acute,NHS,Trust,Acute,50,bed,10,,South
    Other,community,NHS,Trust,,20,visit,1,,"""
LIMITS = "programme,max\nVisits,2\nBeds,2"
PLACES = "place,heads\nNorth,30\nSouth,50\nEast,20"


STEP = "type,bonus_outcome,bonus,bonus_threshold,bonus_step: outcome,QALY,3"


def agreed(contract: str, years: tuple[int, ...] = (2025,), **more: Any) -> Instance:
    """Round whose programmes Visits and Beds are under one contract, `head: cells`."""
    head, cells = (" ".join(contract.split())).split(": ")
    tables = {
        "contracts": f"contract,{head}\nAcute,{cells}",
        "limits": LIMITS,
        "places": PLACES,
        "responses": "programme,outcome,per_unit\nVisits,QALY,0.5\nBeds,QALY,2\nOther,QALY,1",
        "programmes": PROGRAMMES,
        **more,
    }
    return round_of(years=years, **tables)


def doing(visits: Any, beds: Any, other: Any = 20) -> dict[str, Any]:
    return {"Visits": visits, "Beds": beds, "Other": other}


def paid(contract: str, visits: float, beds: float, **more: Any) -> tuple[float, str]:
    """Payment of the one year, and the state it is in."""
    result = allowed(agreed(contract, **more), doing(visits, beds))
    line = result.contracts.iloc[0]
    assert line["pool_payment"] == line["payment"]
    assert line["cost"] == 4 * visits + 10 * beds
    assert line["value"] == 3 * visits + 10 * beds
    budget = result.budgets.iloc[0]
    assert budget["contract_payments"] == pytest.approx(line["payment"])
    assert budget["at_cost"] == 20
    assert budget["spend"] == pytest.approx(line["payment"] + 20)
    provider = result.providers.iloc[0]
    assert provider["contract_income"] == pytest.approx(line["payment"])
    assert provider["income"] == pytest.approx(line["payment"] + 20)
    assert provider["cost"] == line["cost"] + 20
    assert provider["position"] == pytest.approx(line["payment"] - line["cost"])
    return float(line["payment"]), str(line["state"])


@pytest.mark.parametrize(
    ("contract", "visits", "beds", "payment", "state"),
    [
        ("type,min_income,max_income: cost,900,950", 110, 50, 940, "at cost"),
        ("type,min_income,max_income: cost,900,950", 90, 50, 900, "at cost, at its least income"),
        ("type,min_income,max_income: cost,900,950", 130, 50, 950, "at cost, at its most income"),
        # A block is paid whatever is done.
        ("type: block", 100, 50, 800, "fixed"),
        ("type: block", 60, 20, 800, "fixed"),
        ("type: block", 150, 60, 800, "fixed"),
        ("type,fixed: block,750", 150, 60, 750, "fixed"),
        # Activity at tariff; above 830 at 40% of it.
        ("type: activity", 90, 40, 670, "by activity"),
        ("type,threshold,marginal_rate: activity,830,0.4", 90, 50, 770, "by activity"),
        ("type,threshold,marginal_rate: activity,830,0.4", 110, 50, 830, "by activity"),
        ("type,threshold,marginal_rate: activity,830,0.4", 120, 50, 842, "above its threshold"),
        ("type,threshold,marginal_rate: activity,830,1.5", 120, 50, 875, "above its threshold"),
        # 800 covers 800, or 820.
        ("type,up_rate: cost_and_volume,0.7", 90, 50, 800, "within its volume"),
        ("type,up_rate: cost_and_volume,0.7", 100, 50, 800, "within its volume"),
        ("type,up_rate: cost_and_volume,0.7", 110, 50, 821, "above its volume"),
        ("type,volume: cost_and_volume,820", 110, 50, 810, "above its volume"),
        ("type,fixed: cost_and_volume,700", 100, 50, 800, "above its volume"),
        # 30 above the baseline's 800, or below.
        ("type,up_rate,down_rate: aligned,0.75,0.5", 110, 50, 822.5, "above its baseline"),
        ("type,up_rate,down_rate: aligned,0.75,0.5", 100, 50, 800, "at its baseline"),
        ("type,up_rate,down_rate: aligned,0.75,0.5", 90, 50, 785, "below its baseline"),
        ("type,fixed,up_rate,down_rate: aligned,850,1,0", 90, 50, 850, "below its baseline"),
        ("type,fixed,up_rate,down_rate: aligned,850,1,0", 110, 50, 880, "above its baseline"),
        # 80 heads at 11.75: 940 against a cost of 4 and 10.
        ("type,per_head: capitated,11.75", 100, 50, 940, "underspent"),
        ("type,per_head: capitated,11.75", 110, 50, 940, "on budget"),
        ("type,per_head,gain_share: capitated,11.75,0.5", 90, 50, 900, "underspent"),
        ("type,per_head,gain_share: capitated,11.75,0.5", 120, 50, 940, "overspent"),
        ("type,per_head,gain_share,gain_cap: capitated,11.75,0.5,30", 90, 50, 910, "underspent"),
        ("type,per_head,gain_share,gain_cap: capitated,11.75,0.5,30", 95, 50, 910, "underspent"),
        ("type,per_head,gain_share,gain_cap: capitated,11.75,0.5,30", 100, 50, 920, "underspent"),
        ("type,per_head,loss_share: capitated,11.75,0.5", 120, 50, 960, "overspent"),
        ("type,per_head,loss_share: capitated,11.75,0.5", 90, 50, 940, "underspent"),
        ("type,per_head,loss_share,loss_cap: capitated,11.75,1,30", 115, 50, 960, "overspent"),
        ("type,per_head,loss_share,loss_cap: capitated,11.75,1,30", 120, 50, 970, "overspent"),
        # 0.5 and 2 QALYs a unit, at 3 each.
        ("type,bonus_outcome,bonus: outcome,QALY,3", 100, 50, 800 + 450, "with its bonus"),
        ("type,fixed,bonus_outcome,bonus: outcome,10,QALY,3", 0, 1, 16, "with its bonus"),
        # A step at 150 QALYs, which 100 visits and 50 beds buy.
        (f"{STEP},150,40", 100, 50, 800 + 450 + 40, "with its bonus and its step"),
        (f"{STEP},150,40", 99.999, 50, 1249.9985, "with its bonus, without its step"),
        # Rounding is not held against it.
        (f"{STEP},150,40", 100 - 1e-5, 50, 1289.999985, "with its bonus and its step"),
        (f"{STEP},151,40", 100, 50, 1250, "with its bonus, without its step"),
        (f"{STEP},-3,40", 0, 0, 840, "with its bonus and its step"),
        # Exactly at a threshold, a cap or the budget.
        ("type,threshold,marginal_rate: activity,830,0.3", 100, 53, 830, "by activity"),
        ("type,threshold,marginal_rate: activity,830,0.3", 100, 54, 833, "above its threshold"),
        ("type,threshold,marginal_rate: activity,830,0.7", 100, 54, 837, "above its threshold"),
        ("type,up_rate,down_rate: aligned,0.2,0.5", 110, 50, 806, "above its baseline"),
        ("type,up_rate,down_rate: aligned,0.2,0.5", 90, 50, 785, "below its baseline"),
        ("type,per_head,loss_share,loss_cap: capitated,11.75,0.2,8", 120, 50, 948, "overspent"),
        ("type,per_head,loss_share,loss_cap: capitated,11.75,0.2,8", 130, 50, 948, "overspent"),
        ("type,per_head,loss_share,loss_cap: capitated,11.75,0.2,8", 119, 50, 947.2, "overspent"),
        ("type,max_income: activity,830", 110, 50, 830, "by activity, at its most income"),
        # Least and most income.
        ("type,min_income: activity,700", 60, 50, 700, "by activity, at its least income"),
        ("type,min_income: activity,700", 70, 50, 710, "by activity"),
        ("type,max_income: activity,850", 120, 50, 850, "by activity, at its most income"),
        ("type,max_income: activity,850", 110, 50, 830, "by activity"),
    ],
)
def test_payment(contract: str, visits: float, beds: float, payment: float, state: str) -> None:
    assert paid(contract, visits, beds) == (pytest.approx(payment), state)


def test_a_contract_at_cost_changes_nothing() -> None:
    result = run(agreed("type: cost"), doing(110, 50))
    assert column(result.contracts, "payment") == column(result.contracts, "cost") == [940]
    expect(result.contracts, state=["at cost"])
    expect(result.budgets, at_cost=[960], contract_payments=[0])
    expect(result.providers, contract_income=[0], income=[960], position=[0])


def test_a_contract_whose_programmes_serve_everywhere_counts_all_heads() -> None:
    everywhere = PROGRAMMES.replace("bed,10,,South", "bed,10,,")
    assert paid("type,per_head: capitated,10", 100, 50)[0] == 800
    assert paid("type,per_head: capitated,10", 100, 50, programmes=everywhere)[0] == 1000


def test_a_block_covers_activity_up_to_its_ceiling() -> None:
    instance = agreed("type,ceiling: block,830")
    assert run(instance, doing(110, 50)).allowed
    result = run(instance, doing(112, 50))
    assert breaks(result, "contract", "Acute", 2025, 6) == (
        "Contract 'Acute' in 2025/26 covers activity worth £830.00 at tariff; £836.00 is planned, "
        "£6.00 above its ceiling."
    )


YEARS = (2025, 2026, 2027, 2028)


def test_a_block_until_rebasing_frees_no_cash_and_strands_cost() -> None:
    programmes = """
        programme,sector,pool,provider,contract,baseline,unit_cost,fixed_share,release_years
        Beds,acute,NHS,Trust,Acute,1000,1,0.7,1
        Home,community,NHS,,,0,1,0,0"""
    instance = round_of(
        programmes,
        years=YEARS,
        contracts="contract,type,rebasing_year,ceiling\nAcute,block,2027,1000",
        limits="programme,max\nBeds,1.2",
    )
    result = allowed(instance, {"Beds": [1000, 900, 900, 1100], "Home": 0})
    expect(result.contracts, payment=[1000, 1000, 900, 1100], stranded=[0, 70, 0, 0])
    expect(result.contracts, cost=[1000, 970, 900, 1100])
    assert column(result.contracts, "fixed")[:2] == [1000, 1000]
    assert result.contracts["fixed"].isna().tolist() == [False, False, True, True]
    fixed = "fixed until 2027/28"
    expect(result.contracts, state=[fixed, fixed, "rebased", "rebased"])
    expect(result.providers, provider="Trust", position=[0, 30, 0, 0])
    expect(result.budgets, spend=[1000, 1000, 900, 1100])


def test_a_contract_holds_from_its_start_to_its_end_and_is_otherwise_paid_cost() -> None:
    instance = agreed("type,start,end,fixed: block,2026,2027,700", years=YEARS)
    result = run(instance, doing(110, 50))
    expect(result.contracts, payment=[940, 700, 700, 940])
    until = "fixed until 2028/29"
    expect(result.contracts, state=["at cost", until, until, "at cost"])
    expect(result.contracts, type=["cost", "block", "block", "cost"])
    expect(result.budgets, at_cost=[960, 20, 20, 960], contract_payments=[0, 700, 700, 0])
    expect(result.providers, position=[0, -240, -240, 0])


def test_a_year_of_its_own_replaces_the_terms_and_years_without_terms_are_paid_cost() -> None:
    contracts = "contract,year,type,fixed\nAcute,,block,700\nAcute,2026,activity,"
    instance = agreed("type: block", years=(2025, 2026), contracts=contracts)
    expect(run(instance, doing(110, 50)).contracts, payment=[700, 830])
    only_one = contracts.replace("Acute,,block,700\n", "")
    instance = agreed("type: block", years=(2025, 2026), contracts=only_one)
    expect(run(instance, doing(110, 50)).contracts, payment=[940, 830])


@pytest.mark.parametrize(
    ("contract", "payment"),
    [
        # Prices and tariffs grow by 10% a year, the contract by 5%: 1.21 and 1.1025 in 2026.
        ("type,uplift: block,0.05", 1.1025 * 800),
        ("type,uplift: activity,0.05", 1.21 * 830),
        ("type: block", 1.21 * 800),
        ("type,uplift,threshold,marginal_rate: activity,0.05,600,0.5", None),
        ("type,uplift: cost_and_volume,0.05", 1.1025 * 800 + (1.21 * 830 - 1.1025 * 800)),
        ("type,uplift,volume: cost_and_volume,0,900", 800 + (1.21 * 830 - 900)),
        ("type,uplift: aligned,0.05", 1.1025 * 800 + 1.21 * 30),
        ("type,uplift,per_head: capitated,0.05,12", 1.1025 * 12 * 80),
        ("type,uplift,per_head,loss_share,loss_cap: capitated,0.05,11,1,20", None),
        ("type,uplift,fixed,bonus_outcome,bonus: outcome,0.05,10,QALY,2", None),
        ("type,uplift,min_income: activity,0.05,950", 1.1025 * 950),
        ("type,uplift,max_income: activity,0.05,850", 1.1025 * 850),
    ],
)
def test_every_amount_of_a_contract_grows_with_its_uplift(
    contract: str, payment: float | None
) -> None:
    instance = agreed(contract, years=(2025, 2026), settings={"cost_uplift": 0.1})
    found = column(run(instance, doing(110, 50)).contracts, "payment")[1]
    by_hand = {
        "threshold": 1.1025 * 600 + 0.5 * (1.21 * 830 - 1.1025 * 600),
        "loss_share": 1.1025 * (11 * 80 + 20),
        "bonus": 1.1025 * (10 + 2 * (0.5 * 110 + 2 * 50)),
    }
    if payment is None:
        payment = next(v for k, v in by_hand.items() if f",{k}" in contract)
    assert found == pytest.approx(payment)


def test_a_ceiling_grows_with_its_uplift() -> None:
    instance = agreed("type,uplift,ceiling: block,0.05,800", years=(2025, 2026))
    result = run(instance, doing([105, 128], [50, 50]))
    expect(result.violations, violation=[884 - 882])
    breaks(result, "contract", "Acute", 2026)


def test_the_lead_adds_its_overhead_and_keeps_it() -> None:
    contract = "type,fixed,lead,overhead: block,800,Lead,0.1"
    instance = agreed(contract, providers="provider,other_income,other_cost\nLead,5,60")
    result = run(instance, doing(100, 50))
    expect(result.contracts, payment=[800], pool_payment=[880])
    expect(result.budgets, spend=[900])
    lead = result.providers[result.providers.provider == "Lead"].iloc[0]
    assert lead["income"] == pytest.approx(80)
    assert lead["contract_income"] == 0
    assert lead["position"] == pytest.approx(80 + 5 - 60)
    expect(result.providers, provider="Trust", position=[800 - 900])


def test_an_overhead_on_cost_is_paid_while_the_contract_holds() -> None:
    contract = "type,lead,overhead,end: cost,Lead,0.1,2025"
    instance = agreed(contract, years=(2025, 2026), providers="provider\nLead")
    result = run(instance, doing(100, 50))
    expect(result.contracts, pool_payment=[990, 900])
    expect(result.budgets, spend=[1010, 920])
    expect(result.providers, provider="Lead", income=[90, 0])
    expect(result.providers, provider="Trust", position=[0, 0])


def test_a_contract_that_names_no_terms_changes_nothing() -> None:
    instance = round_of(
        "programme,sector,pool,provider,contract,baseline\nA,acute,NHS,Trust,Name,100"
    )
    result = run(instance, {"A": 90})
    assert not len(result.contracts)
    expect(result.providers, position=[0])
    expect(result.budgets, at_cost=[90])


def test_a_bonus_is_on_the_true_outcome_of_its_programmes_alone() -> None:
    contract = "type,fixed,bonus_outcome,bonus: outcome,0,QALY,10"
    result = run(agreed(contract), doing(100, 50, 1000))
    expect(result.contracts, payment=[10 * (50 + 100)])


# Providers -------------------------------------------------------------------------------


def limited(providers: str, contract: str = "type,fixed: block,800", **more: Any) -> Instance:
    return agreed(contract, providers=f"provider,{providers}", **more)


def test_a_provider_may_lose_what_is_allowed() -> None:
    instance = limited("deficit_max\nTrust,100")
    result = allowed(instance, doing(100, 50))
    expect(result.providers, slack=[0])
    broken = run(instance, doing(102, 50))
    assert breaks(broken, "provider", "Trust", 2025, 8) == (
        "Provider 'Trust' in 2025/26 loses £108.00, £8.00 more than the most allowed, £100.00."
    )


def test_other_income_and_cost_count_and_change_with_the_year() -> None:
    rows = "year,other_income,other_cost,deficit_max\nTrust,,40,10,70\nTrust,2026,0,0,"
    instance = limited(rows, years=(2025, 2026))
    result = allowed(instance, doing(100, 50))
    expect(result.providers, position=[-70, -100])
    assert column(result.providers, "deficit_max")[0] == 70
    assert result.providers.deficit_max.isna().tolist() == [False, True]
    assert result.providers.slack.isna().tolist() == [False, True]


def test_a_provider_may_have_to_break_even_after_stranded_cost() -> None:
    programmes = """
        programme,sector,pool,provider,contract,baseline,fixed_share,release_years
        A,acute,NHS,Trust,Acute,100,0.5,1"""
    instance = round_of(
        programmes,
        contracts="contract,type\nAcute,activity",
        providers="provider,deficit_max\nTrust,4",
    )
    assert run(instance, {"A": [92]}).allowed
    breaks(run(instance, {"A": [90]}), "provider", "Trust", 2025, 1)


def test_providers_without_a_row_are_shown_and_never_limited() -> None:
    result = allowed(agreed("type,fixed: block,1"), doing(200, 100))
    expect(result.providers, position=[1 - 1800])


def frames(result: Evaluation) -> dict[str, pd.DataFrame]:
    return {name: getattr(result, name) for name in ("contracts", "providers")}


def test_frames_are_tidy_with_and_without_contracts() -> None:
    with_terms = frames(run(agreed("type: block", years=(2025, 2026)), doing(100, 50)))
    bare = frames(run(round_of("programme,sector,pool,baseline\nA,acute,NHS,1"), {"A": 1}))
    for name, frame in with_terms.items():
        assert list(frame.columns) == list(bare[name].columns)
        assert frame.dtypes.tolist() == bare[name].dtypes.tolist()
        expect(frame, year=[2025, 2026])
        assert not len(bare[name])


# Ending contracts early ------------------------------------------------------------------

BLOCK = "type,fixed,ceiling,overhead,lead,notice_years,exit_fee"


def ending(terms: str, *years: int, **more: Any) -> Evaluation:
    """The years 2025 to 2028, with the contract ended in some of them."""
    rows = "".join(f"\nAcute,{year},yes" for year in years)
    instance = agreed(terms, YEARS, **more)
    return run(instance, doing(100, 50), contracts=f"contract,year,ended{rows}")


def test_a_contract_ended_early_pays_cost_and_a_fee_once() -> None:
    contract = f"{BLOCK}: block,1200,830,0.1,Lead,1,50"
    providers, settings = "provider\nTrust\nLead", {"cost_uplift": 0.1}
    result = ending(contract, 2027, settings=settings, providers=providers)
    assert result.allowed, result.violations.message.tolist()
    n = [1.1, 1.21, 1.331, 1.4641]
    frame = result.contracts
    expect(frame, ended=[False, False, True, True], suspended=[False] * 4)
    expect(frame, state=["fixed until 2027/28"] * 2 + ["ended"] * 2)
    expect(frame, type=["block", "block", "cost", "cost"])
    paid = [1200 * n[0], 1200 * n[1], 900 * n[2], 900 * n[3]]
    expect(frame, payment=paid, exit_fee=[0, 0, 50 * n[2], 0])
    budgets = result.budgets
    expect(budgets, contract_payments=[1320 * n[0], 1320 * n[1], 0, 0])
    at_cost = [20 * n[0], 20 * n[1], 920 * n[2], 920 * n[3]]
    expect(budgets, at_cost=at_cost, exit_fees=[0, 0, 50 * n[2], 0])
    spent = [1340 * n[0], 1340 * n[1], 970 * n[2], 920 * n[3]]
    expect(budgets, slack=[1e6 - s for s in spent])
    expect(result.providers, provider="Trust", position=[300 * n[0], 300 * n[1], 0, 0])
    expect(result.providers, provider="Lead", position=[120 * n[0], 120 * n[1], 0, 0])


def test_no_ceiling_and_no_payment_rule_after_the_end() -> None:
    instance = agreed(
        f"{BLOCK}: block,800,830,0,,2,0",
        YEARS,
        rules="rule,measure,sense,value\nMost,payment,max,1600",
    )
    plan = doing([100, 100, 150, 150], 50)
    result = allowed(instance, plan, contracts="contract,year,ended\nAcute,2027,yes")
    expect(result.rules, left=[820, 820, 1120, 1120])
    kept = run(instance, plan)
    expect(kept.violations, kind=["contract", "contract"], year=[2027, 2028])


@pytest.mark.parametrize(
    ("terms", "year", "first"),
    [
        # A year of notice: from the second plan year on, or a year after it starts.
        ("1,", 2026, 0),
        ("1,", 2025, "2026/27"),
        ("1,2026", 2027, 0),
        ("1,2026", 2026, "2027/28"),
        ("1,2020", 2026, 0),
        ("1,2020", 2025, "2026/27"),
        ("0,", 2025, 0),
        ("2,", 2027, 0),
        ("2,", 2026, "2027/28"),
        ("3,", 2028, 0),
    ],
)
def test_notice(terms: str, year: int, first: Any) -> None:
    result = ending(f"type,notice_years,start: block,{terms}", year)
    assert result.contracts.ended.tolist() == [y >= year for y in YEARS]
    if not first:
        assert result.allowed, result.violations.message.tolist()
        return
    breaks(result, "contract", "Acute", year, 1)
    label = f"{year}/{(year + 1) % 100}"
    assert result.violations.message[0] == (
        f"Contract 'Acute' in {label} is ended; its notice allows that from {first} on."
    )


def test_a_contract_without_notice_cannot_be_ended() -> None:
    message = breaks(ending("type: block", 2028), "contract", "Acute", 2028)
    assert "nothing in its terms allows that" in message


def test_once_ended_a_contract_stays_ended() -> None:
    instance = agreed("type,notice_years,exit_fee: block,1,50", YEARS)
    rows = "contract,year,ended\nAcute,2026,yes\nAcute,2028,no"
    result = run(instance, doing(100, 50), contracts=rows)
    assert breaks(result, "contract", "Acute", 2028, 1) == (
        "Contract 'Acute' in 2028/29 goes on; once ended it stays ended."
    )
    expect(result.contracts, ended=[False, True, True, True], exit_fee=[0, 50, 0, 0])
    # Rows that say it has not been ended yet are no contradiction.
    rows = "contract,year,ended\nAcute,2025,no\nAcute,2026,no\nAcute,2027,yes"
    assert run(instance, doing(100, 50), contracts=rows).allowed


def test_the_contracts_of_a_result_can_be_evaluated_again() -> None:
    instance = agreed("type,notice_years,exit_fee: block,1,50", YEARS)
    plan = {"allocation": run(instance, doing(100, 50)).allocation}
    rows = pd.DataFrame({"contract": ["Acute"], "year": [2027], "ended": [True]})
    first = evaluate(instance, plan | {"contracts": rows})
    expect(first.contracts, exit_fee=[0, 0, 50, 0])
    again = evaluate(instance, plan | {"contracts": first.contracts})
    pd.testing.assert_frame_equal(first.contracts, again.contracts)
    pd.testing.assert_frame_equal(first.budgets, again.budgets)


def test_surcharges_are_cost_of_the_provider() -> None:
    programmes = PROGRAMMES.replace(",place", ",place,cost_threshold,cost_above")
    programmes = programmes.replace("4,3,North", "4,3,North,100,1.5")
    programmes = programmes.replace("bed,10,,South", "bed,10,,South,,").replace(
        "visit,1,,", "visit,1,,,,"
    )
    instance = agreed(
        "type,per_head,gain_share,loss_share: capitated,11.75,0.5,0.5", programmes=programmes
    )
    # 20 visits at 6: 980 and 20 for the dearer ones, against 940.
    result = run(instance, doing(120, 50))
    expect(result.contracts, cost=[1020], payment=[980])
    expect(result.providers, position=[-40])
