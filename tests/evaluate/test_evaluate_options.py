"""Options worked by hand: runs, shares of years, groups, links, and what they cost."""

from __future__ import annotations

from typing import Any

import pytest
from judging import allowed, breaks, column, expect, only, run
from small import round_of

from allocator.evaluate import Evaluation, evaluate
from allocator.instance.instance import Instance

YEARS = (2025, 2026, 2027, 2028, 2029)
PROGRAMMES = """
    programme,sector,pool,baseline,unit_cost
    Care,community,NHS,100,10
    Homes,social care,Council,50,4"""
ACTIVITY = {"Care": 100, "Homes": 50}
BUDGETS = "pool,kind,amount\nNHS,recurrent,5000\nNHS,capital,900\nCouncil,recurrent,900"


def deciding(options: str, *, years: tuple[int, ...] = YEARS, **more: Any) -> Instance:
    """Round with options, `head: cells; cells ...`, + between names; the pool is the NHS
    unless they say.
    """
    head, _, rows = " ".join(options.split()).partition(": ")
    lines = [line.replace("+", "; ") for line in rows.split("; ")]
    if "pool" not in head.split(",") and "programme" not in head.split(","):
        head, lines = f"{head},pool", [f"{line},NHS" for line in lines]
    tables = {
        "options": "\n".join([head, *lines]),
        "programmes": PROGRAMMES,
        "budgets": BUDGETS,
        **more,
    }
    return round_of(years=years, **tables)


def taking(**options: str) -> str:
    """Plan table from the years in which each option is taken, `2025 2026`."""
    rows = [f"{o},{year},yes" for o, years in options.items() for year in years.split()]
    return "\n".join(["option,year,taken", *rows])


def taken(instance: Instance, **options: str) -> Evaluation:
    return run(instance, ACTIVITY, options=taking(**options))


def kept(instance: Instance, **options: str) -> Evaluation:
    return allowed(instance, ACTIVITY, options=taking(**options))


def complaint(instance: Instance, **options: str) -> str:
    """Year and message, without its subject, of the one thing wrong."""
    kind, name, year, _, message = only(taken(instance, **options))
    assert kind == "option"
    what, said = message.split(f" '{name}' in {instance.settings.year_label(year)} ")
    assert what in ("Option", "Group")
    return f"{year} {said}"


# Runs ------------------------------------------------------------------------------------


def test_nothing_is_taken_unless_the_plan_says_so() -> None:
    instance = deciding("option,cost_once: A,10; B,20")
    for plan in ({}, {"options": "option,year,taken\nA,2025,no\nB,2026,"}):
        result = allowed(instance, ACTIVITY, **plan)
        assert not result.options.taken.any()
        expect(result.options, option=["A"] * 5 + ["B"] * 5, year=[*YEARS, *YEARS])
        expect(result.budgets, option_cost=[0] * 10)


def test_every_run_of_an_option_is_one_of_its_own() -> None:
    instance = deciding("option,cost_once,latest,min_years: A,10,2027,2")
    # A year between two runs; the second one starts in time and ends with the plan.
    expect(taken(instance, A="2025 2026 2028 2029").options, cost_once=[10, 0, 0, 10, 0])
    result = kept(deciding("option,cost_once: A,10"), A="2025 2027 2029")
    expect(result.options, cost_once=[10, 0, 10, 0, 10])


REVIEWED = "it may be left after 2, 4 years only."
LEAST = "it must be kept for at least {} years, or to the end of the plan."
ONE = "exactly one must be taken."

DECISIONS = {
    # Runs within their window, first and last years included.
    "option,earliest,latest: A,2026,2027": {
        "A 2026 2027 2028 2029": "",
        "A 2027": "",
        "A 2026": "",
        "A 2027 2028 2029": "",
        "A 2025 2026": "2025 starts, and 2026/27 is the earliest year in which it may.",
        "A 2028 2029": "2028 starts, and 2027/28 is the latest year in which it may.",
    },
    "option,latest,min_years: A,2027,2": {
        "A 2025 2026 2028 2029": "2028 starts, and 2027/28 is the latest year in which it may."
    },
    # Least years, unless the plan ends first.
    "option,min_years: A,3": {
        "A 2025 2026 2027": "",
        "A 2025 2026 2027 2028": "",
        "A 2025 2026": f"2027 is left 2 years after it started in 2025/26; {LEAST.format(3)}",
        "A 2028 2029": "",
        "A 2029": "",
    },
    "option,min_years: A,9": {"A 2025 2026 2027 2028 2029": ""},
    "option,min_years: A,1": {"A 2025": ""},
    "option,min_years: A,2": {
        "A 2026": f"2027 is left 1 year after it started in 2026/27; {LEAST.format(2)}"
    },
    # On the second and the fourth anniversary, not a year before or after.
    "option,review_years: A,2 4": {
        "A 2025": f"2026 is left 1 year after it started in 2025/26; {REVIEWED}",
        "A 2025 2026": "",
        "A 2025 2026 2027": f"2028 is left 3 years after it started in 2025/26; {REVIEWED}",
        "A 2025 2026 2027 2028": "",
        "A 2025 2026 2027 2028 2029": "",
        "A 2027": f"2028 is left 1 year after it started in 2027/28; {REVIEWED}",
        "A 2027 2028 2029": "",
    },
    "option,review_years: A,none": {
        "A 2025 2026 2027 2028": "2029 is left 4 years after it started in 2025/26; it must be "
        "kept to the end of the plan.",
        "A 2027 2028 2029": "",
    },
    "option,review_years: A,": {"A 2025": ""},
    "option,review_years,min_years: A,4,3": {
        "A 2025 2026 2027 2028": "",
        "A 2025 2026": "2027 is left 2 years after it started in 2025/26; it may be left after "
        "4 years only.",
        "A 2025 2026 2027": "2028 is left 3 years after it started in 2025/26; it may be left "
        "after 4 years only.",
    },
    # Groups: at most one, at most so many, any.
    "option,group,choose,most: A,G,at_most_one,1; B,G,at_most_one,1": {
        "": "",
        "A 2025": "",
        "A 2025 2026, B 2027 2028 2029": "",
        "A 2025 2026 2027 2028 2029, B 2029": "2029 takes A, B; at most 1 may be taken.",
    },
    "option,group,choose,most: A,G,at_most,2; B,G,at_most,2; C,G,at_most,2": {
        "A 2029, B 2029": "",
        "A 2029, B 2029, C 2029": "2029 takes A, B, C; at most 2 may be taken.",
    },
    "option,group: A,G; B,G": {"A 2029, B 2029": ""},
    # Exactly one from the first year in which one may start, without a year between.
    "option,group,choose,earliest: A,G,exactly_one,2027; B,G,exactly_one,2026": {
        "B 2026 2027 2028 2029": "",
        "B 2026 2027, A 2028 2029": "",
        "A 2027 2028 2029": f"2026 takes none of A, B; {ONE}",
        "B 2026 2027, A 2029": f"2028 takes none of A, B; {ONE}",
        "B 2026 2027 2028 2029, A 2029": f"2029 takes A, B; {ONE}",
    },
    "option: A; B; C with A,requires,B\nC,excludes,A": {
        "A 2026 2027, B 2025 2026 2027 2028": "",
        "B 2025, C 2025": "",
        "A 2025, B 2025, C 2026": "",
        "A 2026 2027, B 2025 2026": "2027 is taken without 'B', which it requires.",
        "A 2025, B 2025, C 2025": "2025 is taken together with 'A', which it excludes.",
    },
}
"""Options and what links them, each with plans and what is wrong with them."""


@pytest.mark.parametrize(
    ("options", "plan", "wrong"),
    [(options, *case) for options, cases in DECISIONS.items() for case in cases.items()],
)
def test_when_options_may_be_taken(options: str, plan: str, wrong: str) -> None:
    options, _, links = options.partition(" with ")
    instance = deciding(options, option_links=f"option,link,other\n{links}")
    years = dict(option.split(" ", 1) for option in plan.split(", ") if option)
    if wrong:
        assert complaint(instance, **years) == wrong
    else:
        kept(instance, **years)


def test_how_far_a_decision_is_missed() -> None:
    instance = deciding("option,review_years,min_years: A,4,3")
    row = taken(instance, A="2025 2026").violations.iloc[0]
    assert (row.value, row.limit, row.violation, row.relative) == (2, 4, 2, 1)
    costly = "option,group,choose,earliest,cost_yearly: A,G,exactly_one,2026,1"
    result = taken(deciding(costly))
    expect(result.violations, year=[2026, 2027, 2028, 2029], name=["G"] * 4)


def test_the_option_that_costs_and_changes_nothing_is_assumed() -> None:
    rows = "Today,G,exactly_one,2026,; New,G,exactly_one,2026,1; Newer,G,exactly_one,2026,2"
    instance = deciding(f"option,group,choose,earliest,cost_yearly: {rows}")
    expect(kept(instance).options, option="Today", taken=[False, True, True, True, True])
    some = kept(instance, New="2027 2028").options
    expect(some, option="Today", taken=[False, True, False, False, True])
    # A plan that says no to it means it, and of two free options neither is assumed.
    refused = run(instance, ACTIVITY, options="option,year,taken\nToday,2029,no")
    expect(refused.violations, year=[2029], name=["G"])
    two = "Today,G,exactly_one; Also,G,exactly_one"
    assert len(taken(deciding(f"option,group,choose: {two}")).violations) == 5


def test_an_option_may_belong_to_several_groups() -> None:
    rows = "N1,north,exactly_one,1; S1,south,exactly_one,1; Both,north+south,exactly_one,"
    instance = deciding(f"option,group,choose,cost_once: {rows}", years=(2025,))
    kept(instance, Both="2025")
    kept(instance, N1="2025", S1="2025")
    assert complaint(instance, N1="2025") == f"2025 takes none of Both, S1; {ONE}"
    result = taken(instance, N1="2025", Both="2025")
    expect(result.violations, name=["north"])
    expect(result.options, group=["north; south", "north", "south"])


# Shares of years -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "years", "financial", "share"),
    [
        ("lead_years: A,0", "2025 2026", True, [1, 1, 0, 0, 0]),
        # October: half of a financial year, a quarter of a calendar year.
        ("start_month: A,10", "2025 2026 2027", True, [0.5, 1, 1, 0, 0]),
        ("start_month: A,10", "2025 2026 2027", False, [0.25, 1, 1, 0, 0]),
        ("start_month: A,4", "2025", True, [1, 0, 0, 0, 0]),
        ("start_month: A,4", "2025", False, [0.75, 0, 0, 0, 0]),
        ("start_month: A,1", "2025", True, [0.25, 0, 0, 0, 0]),
        ("start_month: A,1", "2025", False, [1, 0, 0, 0, 0]),
        ("start_month: A,3", "2025 2026", True, [1 / 12, 1, 0, 0, 0]),
        ("start_month: A,12", "2025 2026", False, [1 / 12, 1, 0, 0, 0]),
        # In place after the lead time, part of that year only.
        ("lead_years: A,2", "2025 2026 2027 2028", True, [0, 0, 1, 1, 0]),
        ("lead_years: A,2", "2025 2026", True, [0, 0, 0, 0, 0]),
        ("lead_years,start_month: A,1,10", "2026 2027 2028 2029", True, [0, 0, 0.5, 1, 1]),
        # Every run begins anew.
        ("start_month: A,10", "2025 2026 2028 2029", True, [0.5, 1, 0, 0.5, 1]),
    ],
)
def test_share_of_the_year_in_place(
    terms: str, years: str, financial: bool, share: list[float]
) -> None:
    settings = {"financial_years": financial}
    result = kept(deciding(f"option,{terms}", settings=settings), A=years)
    expect(result.options, in_place=share)
    assert result.options.taken.tolist() == [str(y) in years.split() for y in YEARS]


# Money -----------------------------------------------------------------------------------

COSTS = "option,cost_once,cost_yearly,double_running,cost_exit,capital"


def test_what_an_option_costs_its_pool_in_the_prices_of_the_year() -> None:
    instance = deciding(
        f"{COSTS},start_month: A,100,40,30,20,500,10", settings={"cost_uplift": 0.1}
    )
    result = kept(instance, A="2026 2027")
    n = [1.1**t for t in range(1, 6)]
    expected = {
        "cost_once": [0, 100 * n[1], 0, 0, 0],
        # From October on, then all year.
        "cost_yearly": [0, 20 * n[1], 40 * n[2], 0, 0],
        # In its first year, as there is no lead time.
        "double_running": [0, 30 * n[1], 0, 0, 0],
        "cost_exit": [0, 0, 0, 20 * n[3], 0],
        "capital": [0, 500 * n[1], 0, 0, 0],
    }
    for name, figures in expected.items():
        assert column(result.options, name) == pytest.approx(figures), name
    assert result.options.pool.unique().tolist() == ["NHS"]
    assert result.options.programme.unique().tolist() == [""]
    total = [0, 150 * n[1], 40 * n[2], 20 * n[3], 0]
    nhs = result.budgets[result.budgets.pool == "NHS"]
    expect(nhs, option_cost=total, capital_spend=[0, 500 * n[1], 0, 0, 0])
    expect(nhs, spend=[1000 * f for f in n])
    slack = [5000 - 1000 * f - cost for f, cost in zip(n, total, strict=True)]
    expect(nhs, slack=slack)
    expect(
        nhs, recurrent_spend=[1000 * f + y for f, y in zip(n, expected["cost_yearly"], strict=True)]
    )
    expect(result.budgets, pool="Council", option_cost=[0] * 5)


@pytest.mark.parametrize(
    ("lead", "years", "both"),
    [
        (0, "2025 2026 2027", [7, 0, 0, 0, 0]),
        (1, "2025 2026 2027", [7, 0, 0, 0, 0]),
        (2, "2025 2026 2027 2028", [7, 7, 0, 0, 0]),
        (3, "2028 2029", [0, 0, 0, 7, 7]),
        # Left before it is in place.
        (3, "2025 2026", [7, 7, 0, 0, 0]),
    ],
)
def test_double_running_until_in_place(lead: int, years: str, both: list[float]) -> None:
    result = kept(deciding(f"option,double_running,lead_years: A,7,{lead}"), A=years)
    expect(result.options, double_running=both)
    expect(result.budgets, pool="NHS", option_cost=both)


def test_leaving_costs_the_year_after_and_nothing_at_the_end_of_the_plan() -> None:
    instance = deciding("option,cost_exit: A,20")
    expect(taken(instance, A="2028").options, cost_exit=[0, 0, 0, 0, 20])
    expect(taken(instance, A="2028 2029").options, cost_exit=[0] * 5)
    expect(taken(instance, A="2025 2027").options, cost_exit=[0, 20, 0, 20, 0])


def test_a_saving_frees_money_of_the_pool() -> None:
    instance = deciding("option,cost_yearly,pool: A,-30,Council")
    result = taken(instance, A="2025")
    expect(result.budgets, pool="Council", option_cost=[-30, 0, 0, 0, 0])
    expect(result.budgets, pool="Council", slack=[730, 700, 700, 700, 700])


def test_options_that_overspend_a_pool_or_its_capital() -> None:
    instance = deciding(f"{COSTS}: A,4000,0,0,0,900", years=(2025,))
    result = kept(instance, A="2025")
    expect(result.budgets, pool="NHS", slack=[0])
    instance = deciding(f"{COSTS}: A,4005,0,0,0,900", years=(2025,))
    breaks(taken(instance, A="2025"), "budget", "NHS", 2025, 5)
    instance = deciding(f"{COSTS}: A,0,0,0,0,907", years=(2025,))
    breaks(taken(instance, A="2025"), "capital", "NHS", 2025, 7)


def test_money_is_moved_to_pools_that_options_leave_short() -> None:
    instance = deciding(
        "option,cost_once,cost_yearly,pool: A,250,100,Council",
        years=(2025, 2026),
        transfers="from_pool,to_pool,max\nNHS,Council,100",
        budgets="pool,amount,carry_max,overdraw_max\nNHS,2000,0,0\nCouncil,500,0,50",
    )
    result = kept(instance, A="2025 2026")
    # 200 on homes and 350 on the option of 500: 50 from next year or from the other pool.
    assert column(result.budgets, "slack", pool="Council")[0] == pytest.approx(0)
    expect(result.budgets, pool="Council", carry_out=[-50, 0])
    short = deciding(
        "option,cost_once,pool: A,460,Council",
        years=(2025,),
        transfers="from_pool,to_pool,max\nNHS,Council,100",
        budgets="pool,amount\nNHS,2000\nCouncil,500",
    )
    breaks(taken(short, A="2025"), "budget", "Council", 2025, 60)


def test_only_yearly_cost_and_income_count_in_the_recurrent_balance() -> None:
    instance = deciding(
        f"{COSTS}: A,100,40,30,20,0",
        years=(2025, 2026),
        settings={"recurrent_balance": True},
        budgets="pool,kind,amount\nNHS,recurrent,1030\nNHS,non_recurrent,500\nCouncil,recurrent,900",
        option_effects="option,measure,target,value\nA,income,NHS,10",
    )
    result = kept(instance, A="2025")
    nhs = result.budgets[result.budgets.pool == "NHS"]
    expect(nhs, recurrent_spend=[1040, 1000], recurrent_income=[1040, 1030], underlying=[0, 30])
    expect(nhs, option_income=[10, 0], slack=[1530 + 10 - 1000 - 170, 1530 - 1000 - 20])
    dearer = deciding(
        "option,cost_yearly: A,45",
        years=(2025,),
        settings={"recurrent_balance": True},
        budgets="pool,kind,amount\nNHS,recurrent,1030\nNHS,non_recurrent,500\nCouncil,recurrent,900",
    )
    breaks(taken(dearer, A="2025"), "recurrent", "NHS", 2025, 15)


def test_yearly_cost_that_is_part_of_a_programme() -> None:
    instance = deciding(
        f"{COSTS},start_month,programme,pool: A,100,40,30,20,500,10,Homes,NHS",
        years=(2025, 2026, 2027),
        settings={"cost_uplift": 0.1},
        rules="rule,measure,selection,sense,value\nMost,spend,homes,max,1000",
        selections="selection,programme\nhomes,Homes",
    )
    result = kept(instance, A="2025 2026")
    surcharge = [20 * 1.1, 40 * 1.21, 0]
    spend = [200 * 1.1 + 22, 200 * 1.21 + 48.4, 200 * 1.331]
    expect(result.allocation, programme="Homes", surcharge=surcharge, spend=spend)
    expect(result.allocation, programme="Care", surcharge=[0, 0, 0])
    # The council pays for homes, the NHS what the option costs once.
    expect(result.budgets, pool="Council", at_cost=spend, option_cost=[0, 0, 0])
    expect(result.budgets, pool="NHS", option_cost=[130 * 1.1, 0, 20 * 1.331])
    expect(result.rules, left=spend)
    blank = deciding("option,cost_once,programme: A,100,Homes", years=(2025,))
    result = taken(blank, A="2025")
    expect(result.options, pool=["Council"])
    expect(result.budgets, pool="Council", option_cost=[100])


def test_yearly_cost_of_a_capital_programme_is_paid_from_capital() -> None:
    programmes = PROGRAMMES.replace("unit_cost", "unit_cost,money").replace(
        ",10\n", ",10,revenue\n"
    )
    programmes = programmes.replace(",50,4", ",50,4,capital")
    instance = deciding(
        "option,cost_yearly,programme: A,60,Homes",
        years=(2025,),
        programmes=programmes,
        budgets="pool,kind,amount\nNHS,recurrent,1000\nCouncil,capital,250",
    )
    breaks(taken(instance, A="2025"), "capital", "Council", 2025, 10)


# What options change ---------------------------------------------------------------------


def effecting(effects: str, **more: Any) -> Instance:
    """Round of three years with options A (from October) and B and their effects."""
    years = (2025, 2026, 2027)
    head, _, rows = " ".join(effects.split()).partition(": ")
    return deciding(
        more.pop("options", "option,start_month: A,10; B,0"),
        **{"years": years, "option_effects": "\n".join([f"option,{head}", *rows.split("; ")])}
        | more,
    )


def test_income_of_a_pool_from_an_option() -> None:
    instance = effecting(
        "measure,target,value,delay: A,income,Council,80,1; B,income,Council,-5,0",
        settings={"cost_uplift": 0.1},
    )
    result = taken(instance, A="2025 2026 2027", B="2027")
    income = [0, 40 * 1.21, 80 * 1.331 - 5 * 1.331]
    expect(result.budgets, pool="Council", option_income=income)
    expect(result.budgets, pool="NHS", option_income=[0, 0, 0])
    # Felt while the option is taken only.
    result = taken(instance, A="2025")
    expect(result.budgets, pool="Council", option_income=[0, 0, 0])


def test_capacity_is_multiplied_and_then_added_to() -> None:
    instance = effecting(
        "measure,target,place,operation,value: A,capacity,beds,North,add,20; "
        "B,capacity,beds,North,multiply,1.5; B,capacity,beds,,multiply,0.5",
        programmes=PROGRAMMES.replace("unit_cost", "unit_cost,place").replace(
            ",10\n", ",10,North\n"
        )
        + ",North",
        places="place,heads\nNorth,1",
        resources="resource\nbeds",
        capacity="resource,place,amount\nbeds,North,100\nbeds,,400",
        use="programme,resource,per_unit\nCare,beds,1.5",
    )
    result = taken(instance, A="2025 2026 2027", B="2026 2027")
    expect(result.capacity, place="North", amount=[110, 170, 170])
    expect(result.capacity, place="", amount=[400, 200, 200])
    breaks(result, "capacity", "beds, North", 2025, 40)
    assert taken(instance, B="2025 2026 2027").allowed


def test_need_arriving() -> None:
    instance = effecting(
        "measure,target,operation,value: A,demand,Care,add,-20; B,demand,Care,multiply,0.9",
        demand="programme,demand,min_met\nCare,100,1",
    )
    plan = taking(A="2025 2026 2027", B="2027")
    result = allowed(instance, {"Care": [90, 80, 70], "Homes": 50}, options=plan)
    expect(result.allocation, programme="Care", need=[90, 80, 70])
    result = run(instance, {"Care": [90, 80, 67], "Homes": 50}, options=plan)
    breaks(result, "demand", "Care", 2027, 3)


def test_limits_taken_together_are_multiplied_and_then_added_to() -> None:
    instance = effecting(
        "measure,target,operation,value: A,limit_min,Care,add,-40; A,limit_max,Care,add,10; "
        "B,limit_min,Care,multiply,0.5; B,limit_max,Care,multiply,2; A,limit_min,Homes,add,8",
        limits="programme,basis,min,max\nCare,baseline,0.8,1.2\nCare,activity,90,130\n"
        "Care,growth,-0.9,9",
        programmes=PROGRAMMES.replace("unit_cost", "unit_cost,held").replace(",10\n", ",10,\n")
        + ",no",
    )
    plan = taking(A="2025 2026 2027", B="2027")
    result = allowed(instance, {"Care": [70, 50, 5], "Homes": [4, 8, 8]}, options=plan)
    # The largest least is 90, the smallest most 120; Homes has no least, which is nothing.
    expect(result.allocation, programme="Care", lo=[70, 50, 5], hi=[125, 130, 250])
    expect(result.allocation, programme="Homes", lo=[4, 8, 8])
    result = run(instance, {"Care": [69, 131, 100], "Homes": [4, 8, 8]}, options=plan)
    expect(result.violations, kind=["limit", "limit"], violation=[1, 1])
    result = run(instance, {"Care": [90, 90, 90], "Homes": [4, 8, 7]}, options=plan)
    breaks(result, "limit", "Homes", 2027, 1)


def test_an_option_moves_the_floor_of_a_safety_programme() -> None:
    programmes = PROGRAMMES.replace("unit_cost", "unit_cost,class").replace(",10\n", ",10,safety\n")
    instance = effecting(
        "measure,target,operation,value: B,limit_min,Care,multiply,0.7", programmes=programmes + ","
    )
    result = allowed(instance, {"Care": [100, 70, 100], "Homes": 50}, options=taking(B="2026"))
    expect(result.allocation, programme="Care", lo=[100, 70, 100])


def test_a_closed_programme_does_nothing_and_nothing_keeps_it_from_that() -> None:
    instance = effecting(
        "measure,target,operation,delay: A,close,Care,suspend,0; B,close,Homes,suspend,1",
        limits="programme,basis,min,max,start_min\nCare,baseline,0.8,1.2,0.9\n"
        "Care,growth,-0.1,,\nHomes,activity,10,60,",
    )
    # Part-year closures count as closed; Homes is closed a year later.
    plan = taking(A="2025 2026 2027", B="2025 2026")
    closed = {"Care": [0, 0, 0], "Homes": [50, 0, 50]}
    result = allowed(instance, closed, options=plan)
    expect(result.allocation, programme="Care", hi=[0, 0, 0], lo=[0, 0, 0])
    expect(result.allocation, programme="Homes", hi=[60, 0, 60])
    result = run(instance, closed | {"Homes": [50, 2, 50]}, options=plan)
    assert breaks(result, "limit", "Homes", 2026, 2) == (
        "Programme 'Homes' in 2026/27 does £2.00 while an option closes it."
    )
    # Once the option has been left, limits are back: half a year's growth from nothing.
    result = run(instance, closed, options=taking(A="2025 2026", B="2025 2026"))
    breaks(result, "limit", "Care", 2027, 80)


def test_outcomes_are_multiplied_and_then_added_to() -> None:
    instance = effecting(
        "measure,target,outcome,operation,value: A,outcome,Care,QALY,add,40; "
        "B,outcome,Care,QALY,multiply,1.5; A,outcome,Homes,Falls,add,-6",
        outcomes="outcome,weight\nQALY,2\nFalls,-1",
        responses="programme,outcome,per_unit,delay\nCare,QALY,0.3,2",
        settings={"discount_rate": 0.1},
        segments="segment,heads,weight\npoor,1,3\nrich,3,1",
        reach="programme,segment,share\nCare,poor,1",
    )
    result = taken(instance, A="2025 2026 2027", B="2027")
    # 30 of Care, and 20 or 40 more; Falls are bought by the option alone.
    qaly = [50, 70, 85]
    expect(result.outcomes, outcome="QALY", amount=qaly)
    expect(result.outcomes, outcome="Falls", amount=[-3, -6, -6])
    expect(result.outcomes, outcome="QALY", beyond_horizon=[0, 70, 85])
    # The mean weight is 6 / 4, so the poor count 2 and the whole 1; what arrives with the
    # outcome of Care arrives two years later.
    d = [1.1**-t for t in range(5)]
    worth = [2 * 2 * q * d[t + 2] for t, q in enumerate(qaly)]
    expect(result.outcomes, outcome="QALY", value=worth)
    expect(result.outcomes, outcome="Falls", value=[3, 6 * d[1], 6 * d[2]])
    poor = result.segments[result.segments.segment == "poor"]
    expect(poor, outcome="QALY", amount=qaly)
    expect(poor, outcome="Falls", amount=[-0.75, -1.5, -1.5])
    expect(result.by_programme, programme="Homes", amount=[-3, -6, -6])


def test_harm_is_not_touched_by_options_and_rules_see_what_they_add() -> None:
    instance = effecting(
        "measure,target,outcome,operation,value: B,outcome,Care,QALY,multiply,2; "
        "B,outcome,Homes,QALY,add,5",
        responses="programme,outcome,per_unit\nCare,QALY,1",
        demand="programme,demand,harm,harm_outcome\nHomes,60,1,QALY",
        rules="rule,measure,outcome,sense,value\nLeast,outcome,QALY,min,195",
    )
    result = kept(instance, B="2025 2026 2027")
    # 200 and 5 less the harm of 10 left unmet, which counts once.
    expect(result.outcomes, amount=[195, 195, 195])
    assert result.parts["harm"] == 30
    expect(result.rules, slack=[0, 0, 0])


def test_unit_cost() -> None:
    programmes = PROGRAMMES.replace("unit_cost", "unit_cost,cost_uplift").replace(
        ",10\n", ",10,0.2\n"
    )
    instance = effecting(
        "measure,target,operation,value: A,unit_cost,Care,add,4; B,unit_cost,Homes,multiply,0.9",
        programmes=programmes + ",",
        settings={"cost_uplift": 0.1},
        rules="rule,measure,selection,sense,value,basis,reference\n"
        "Growth,spend,care,max,1,growth,baseline\nLast,spend,care,max,1,growth,",
        selections="selection,programme\ncare,Care",
    )
    result = taken(instance, A="2025 2026", B="2026 2027")
    care = [2 * 1.2 * 100, 4 * 1.44 * 100, 0]
    expect(result.allocation, programme="Care", surcharge=care)
    homes = [0, -0.1 * 4 * 1.21 * 50, -0.1 * 4 * 1.331 * 50]
    expect(result.allocation, programme="Homes", surcharge=homes)
    spend = [1000 * 1.2 + care[0], 1000 * 1.44 + care[1], 1000 * 1.728]
    expect(result.allocation, programme="Care", spend=spend)
    # There is no surcharge before the plan.
    base = result.rules[result.rules.rule == "Growth"]
    expect(base, left=spend, right=[2000, 2000, 2000])
    last = result.rules[result.rules.rule == "Last"]
    expect(last, right=[2000, 2 * spend[0], 2 * spend[1]])


def test_a_contract_that_an_option_suspends_does_not_hold() -> None:
    programmes = """
        programme,sector,pool,provider,contract,baseline,unit_cost
        Care,community,NHS,Trust,GMS,100,10
        Homes,social care,Council,Home,,50,4"""
    instance = effecting(
        "measure,target,operation: A,contract,GMS,suspend",
        programmes=programmes,
        contracts="contract,type,fixed,ceiling,lead,overhead\nGMS,block,1200,950,Lead,0.1",
        providers="provider\nLead",
    )
    result = allowed(instance, {"Care": [90, 110, 90], "Homes": 50}, options=taking(A="2026"))
    frame = result.contracts
    expect(frame, suspended=[False, True, False], ended=[False, False, False])
    expect(frame, type=["block", "cost", "block"])
    expect(frame, state=["fixed until 2026/27", "suspended", "fixed"], payment=[1200, 1100, 1200])
    expect(frame, pool_payment=[1320, 1100, 1320], exit_fee=[0, 0, 0])
    expect(result.budgets, pool="NHS", contract_payments=[1320, 0, 1320], at_cost=[0, 1100, 0])
    expect(result.providers, provider="Trust", position=[300, 0, 300])
    expect(result.providers, provider="Lead", position=[120, 0, 120])
    # Above the ceiling once the contract is back.
    result = run(instance, {"Care": [90, 110, 96], "Homes": 50}, options=taking(A="2026"))
    breaks(result, "contract", "GMS", 2027, 10)


def test_the_options_of_a_result_can_be_evaluated_again() -> None:
    instance = deciding(f"{COSTS},start_month: A,100,40,30,20,500,10; B,1,1,1,1,1,0")
    first = taken(instance, A="2025 2026", B="2027 2028 2029")
    tables = {"allocation": first.allocation, "options": first.options}
    again = evaluate(instance, tables)
    assert again.options.equals(first.options)
    assert again.budgets.equals(first.budgets)
