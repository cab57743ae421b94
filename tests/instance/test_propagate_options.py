"""What can be reached with decisions still open, worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small import MONEY, A, one_row, spans, table, three_years, unjudged

from allocator.errors import InstanceError
from allocator.instance.instance import Instance

BETWEEN = "programme,basis,min,max\na,activity,80,120"
BALANCE: Any = {"recurrent_balance": True}
SAFE = "programme,sector,pool,baseline,class\na,s,NHS,100,safety"


def options(columns: str = "", *rows: str) -> str:
    """Options that the NHS pays for: name and further columns of each; one named o else."""
    named = [row.split(",", 1) for row in rows or ("o",)]
    paid = [",".join([name, "NHS", *rest]) for name, *rest in named]
    return table(f"option,pool,{columns}".strip(","), *paid)


def effects(*rows: str, more: str = "") -> str:
    """Effects of options: option, measure, target, value, operation and one column more."""
    return table(f"option,measure,target,value,operation,{more}".strip(","), *rows)


LATE_BID, LOTS = "g,exactly_one,2026,none", {"p": "one", "q": "two", "both": "one; two"}
LOOSENED = {
    # In place from the second October on: half of 40 in that year, all of it after.
    "by what an option may do": (
        options("earliest,start_month,lead_years", "o,2025,10,1"),
        effects("o,limit_max,a,40", "o,limit_min,a,0.5,multiply"),
        [(80, 120), (60, 140), (40, 160)],
    ),
    "never by what tightens": (
        options(),
        effects("o,limit_max,a,-30", "o,limit_min,a,10"),
        [(80, 120)] * 3,
    ),
    # Bidders add 10 or 25 from 2026 on, one of them always; before, none can.
    "by exactly one of a group": (
        options("group,choose,earliest,review_years", f"p,{LATE_BID}", f"q,{LATE_BID}"),
        effects("p,limit_max,a,10", "q,limit_max,a,25", "p,limit_min,a,5", "q,limit_min,a,8"),
        [(80, 120), (85, 145), (85, 145)],
    ),
    "not at all by a bidder without effect": (
        options("group,choose", "p,g,exactly_one", "q,g,exactly_one"),
        effects("p,limit_min,a,5"),
        [(80, 120)] * 3,
    ),
    # The lots go to p and q (10 and 20 more) or to one bid for both (5 more).
    "once by a bid for two lots": (
        options("group,choose", *(f"{name},{lot},exactly_one" for name, lot in LOTS.items())),
        effects("p,limit_min,a,10", "q,limit_min,a,20", "both,limit_min,a,5"),
        [(85, 120)] * 3,
    ),
    **{
        f"together as far as {choose}": (
            options("group,choose,most", *(f"{name},g,{choose},{most}" for name in "pqr")),
            effects("p,limit_max,a,20", "q,limit_max,a,30", "r,limit_max,a,20"),
            [(80, high)] * 3,
        )
        for choose, most, high in (("any", 1, 190), ("at_most", 2, 170), ("at_most_one", 1, 150))
    },
}


@pytest.mark.parametrize(("taken", "changes", "expected"), LOOSENED.values(), ids=LOOSENED)
def test_options_loosen_limits(taken: str, changes: str, expected: list[Any]) -> None:
    instance = unjudged(limits=BETWEEN, options=taken, option_effects=changes)
    assert spans(instance, "a") == expected


CLOSING = effects("o,close,a,,suspend")


def test_a_closure_lifts_every_minimum_from_the_year_it_may_come() -> None:
    """Closed in 2026 at the earliest; in 2025 growth and safety hold the floor."""
    instance = unjudged(
        SAFE,
        limits="programme,basis,min,max\na,growth,-0.1,0.2",
        options=options("earliest,lead_years", "o,2025,1"),
        option_effects=CLOSING,
    )
    assert spans(instance, "a") == [(90, 120), (0, 144), (0, 172.8)]


def test_a_closure_lifts_the_floors_of_limits_and_of_safety() -> None:
    closing = {"options": options("earliest", "o,2026"), "option_effects": CLOSING}
    assert spans(unjudged(SAFE, **closing), "a") == [(100, 1e6), (0, 1e6), (0, 1e6)]
    assert spans(unjudged(limits=BETWEEN, **closing), "a") == [(80, 120), (0, 120), (0, 120)]


def test_a_later_maximum_does_not_reach_back_through_a_year_that_may_be_closed() -> None:
    tables = {
        "limits": "programme,basis,year,min,max\na,growth,,-0.5,\na,activity,2027,,50",
        "budgets": "pool,amount\nNHS,2000",
    }
    assert spans(unjudged(**tables), "a") == [(50, 200), (25, 100), (12.5, 50)]
    closing = {"options": options("earliest", "o,2027"), "option_effects": CLOSING}
    assert spans(unjudged(**tables, **closing), "a") == [(50, 2e3), (25, 2e3), (0, 50)]


def test_what_must_be_closed_is_nothing() -> None:
    instance = unjudged(
        options=options("group,choose,earliest", "o,g,exactly_one,2026"),
        option_effects=CLOSING,
        budgets="pool,amount\nNHS,500",
    )
    assert spans(instance, "a") == [(0, 500), (0, 0), (0, 0)]


def test_activity_that_must_be_something_is_viable() -> None:
    """Demand of 10 that must be met asks for 40; 30 of money is too little for 40."""
    instance = unjudged(
        f"{A}\nb,s,Q,1",
        limits="programme,basis,start_min\na,baseline,0.4\nb,activity,40",
        demand="programme,demand,min_met\na,60,0.2",
        budgets="pool,amount\nNHS,1000000\nQ,30",
    )
    assert spans(instance, "a") == [(40, 60)] * 3
    assert spans(instance, "b") == [(0, 0)] * 3


def test_a_scale_that_nothing_allows_is_a_collision() -> None:
    limits = "programme,basis,min,max,start_min\na,activity,1,30,40"
    found = unjudged(limits=limits).facts.ranges.collisions
    assert [(c.lo, c.hi, c.floor, c.ceiling) for c in found] == [
        (40.0, 30.0, [("limits", 2)], [("limits", 2)])
    ]


def test_need_may_rise_and_fall_by_options() -> None:
    """100 arrive, 60 to 150 with the options, a year after they are in place."""
    instance = unjudged(
        SAFE.replace("safety", "emergency"),
        demand="programme,demand\na,100",
        options=options("", "less", "more"),
        option_effects=effects(
            "less,demand,a,0.6,multiply,1", "more,demand,a,50,add,1", more="delay"
        ),
    )
    assert spans(instance, "a") == [(100, 100), (60, 150), (60, 150)]
    ranges = instance.facts.ranges
    assert ranges.driver_lo[0].tolist() == [100, 60, 60]
    assert ranges.driver_hi[0].tolist() == [100, 150, 150]


AVOIDED = {
    "programmes": f"{A}\nh,s,NHS,0",
    "effects": "source,target,per_unit\nh,a,1",
    "limits": "programme,basis,max\nh,activity,30",
}
FEWER = {"options": options(), "option_effects": effects("o,demand,a,-80")}


def test_more_need_may_be_avoided_where_more_arrives() -> None:
    """With 90% to meet: of 100, 90 less 30; of 20, 18 less 20; the least is at 30: -3."""
    tables = {**AVOIDED, "demand": "programme,demand,min_met\na,100,0.9"}
    assert spans(unjudged(**tables), "a") == [(60, 100)] * 3
    assert spans(unjudged(**tables, **FEWER), "a") == [(0, 100)] * 3


def test_more_need_may_be_avoided_where_more_arrives_besides_a_backlog() -> None:
    """90% of 100 waiting and 20 arriving, less 20, are 88; with 30 arriving, less 30, 87."""
    demand = "programme,demand,opening_backlog,min_met\na,100,100,0.9"
    assert spans(unjudged(**AVOIDED, **FEWER, demand=demand), "a")[0] == (87, 200)


def test_capacity_is_the_most_that_options_build() -> None:
    instance = unjudged(
        resources="resource\nbeds",
        capacity="resource,amount,extra_max,extra_pool\nbeds,50,5,NHS",
        use="programme,resource,per_unit\na,beds,0.5",
        options=options("lead_years", "o,2"),
        option_effects=effects("o,capacity,beds,20"),
    )
    assert spans(instance, "a") == [(0, 110), (0, 110), (0, 150)]


def paid(programmes: str = A, **tables: str) -> Instance:
    """A round as it is in which the NHS has 100 a year."""
    return unjudged(programmes, **{"budgets": MONEY, **tables})


def test_options_raise_money_net_of_what_they_cost() -> None:
    """30 a year less 12, and 20 at the start: nothing gained in the first year, 18 after."""
    instance = paid(
        options=options("earliest,latest,cost_once,cost_yearly", "o,2025,2025,20,12"),
        option_effects=effects("o,income,NHS,30"),
    )
    assert spans(instance, "a") == [(0, 100), (0, 118), (0, 118)]


@pytest.mark.parametrize("programme", ["", "a"])
def test_savings_raise_money_in_the_pool_or_in_the_programme(programme: str) -> None:
    instance = paid(options=options("cost_yearly,programme", f"o,-10,{programme}"))
    assert spans(instance, "a") == [(0, 110)] * 3


def test_an_option_that_must_be_taken_costs_at_least_the_cheapest() -> None:
    columns, one = "group,choose,cost_yearly", "p,g,exactly_one,15"
    instance = paid(options=options(columns, one, "q,g,exactly_one,40"))
    assert spans(instance, "a") == [(0, 85)] * 3
    short = paid(limits="programme,basis,min\na,activity,90", options=options(columns, one))
    found = short.facts.ranges.shortages[0]
    assert (found.needed, found.available) == (105.0, 100.0)
    assert found.claims == [("'a'", 90.0), ("options", 15.0)]


def test_conditional_income_is_received_later_and_what_is_held_back_is_gone() -> None:
    """10% of 100 is held back each year and may come back the year after; 2 a head, 4 heads."""
    incomes = """income,year,pool,threshold,basis,amount,share,lag
        i,,NHS,0,held_back,0.2,0.5,1
        j,2025,NHS,0,per_head,2,1,2
        k,2027,NHS,0,amount,7,1,1"""
    instance = paid(incomes=incomes, places="place,heads\nN,3\nS,1")
    assert spans(instance, "a") == [(0, 90), (0, 100), (0, 108)]
    assert spans(paid(settings=BALANCE), "a") == [(0, 100)] * 3


def test_income_that_is_not_recurrent_does_not_widen_the_recurrent_balance() -> None:
    instance = paid(incomes="income,pool,threshold,amount\nk,NHS,0,7", settings=BALANCE)
    assert spans(instance, "a") == [(0, 100)] * 3
    raised = effects("o,income,NHS,7")
    instance = paid(options=options(), option_effects=raised, settings=BALANCE)
    assert spans(instance, "a") == [(0, 107)] * 3


def test_the_old_service_runs_alongside_until_the_new_one_is_in_place() -> None:
    columns = "group,choose,latest,lead_years,double_running"
    instance = paid(options=options(columns, "o,g,exactly_one,2025,2,10"))
    assert spans(instance, "a") == [(0, 90), (0, 90), (0, 100)]


def test_capital_of_an_option_that_must_be_taken_is_gone() -> None:
    instance = unjudged(
        "programme,sector,pool,baseline,money\na,s,NHS,100,capital",
        budgets="pool,kind,amount\nNHS,,100\nNHS,capital,50",
        options=options("group,choose,latest,capital", "o,g,exactly_one,2025,30"),
    )
    assert spans(instance, "a") == [(0, 20), (0, 50), (0, 50)]


def bent(above: float, *others: str) -> str:
    """The programme with another price above 60 units, and others."""
    header = "programme,sector,pool,baseline,cost_threshold,cost_above"
    return table(header, f"a,s,NHS,100,60,{above}", *(f"{name},s,NHS,1" for name in others))


CHEAPER = {"options": options(), "option_effects": effects("o,unit_cost,a,-0.5")}


def test_money_buys_as_much_as_the_cheapest_unit_allows() -> None:
    """100 buy 100 at 1, 200 at 0.5; above 60 at 0.2 each: 60 and 200 more."""
    assert spans(paid(**CHEAPER), "a") == [(0, 200)] * 3
    assert spans(paid(bent(0.2)), "a") == [(0, 260)] * 3
    assert spans(paid(bent(2)), "a") == [(0, 80)] * 3
    assert spans(paid(bent(2), budgets="pool,amount\nNHS,40"), "a") == [(0, 40)] * 3
    # Half price: 60 for 30, and the other 70 at 1.5.
    assert spans(paid(bent(2), **CHEAPER), "a") == [(0, 60 + 70 / 1.5)] * 3
    # 10 do not pay for 60 at 0.3 each, but units above them save 0.2 each: enough of them do.
    saving = {**CHEAPER, "option_effects": effects("o,unit_cost,a,-0.7")}
    assert spans(paid(bent(0.5), budgets="pool,amount\nNHS,10", **saving), "a")[0] == (0, np.inf)


def test_floors_cost_what_the_cheapest_unit_costs() -> None:
    """90 of a cost at least 60 + 30 x 0.2 = 66, which leaves 34 for b."""
    programmes, limits = bent(0.2, "b"), "programme,basis,min\na,activity,90"
    assert spans(paid(programmes, limits=limits), "b") == [(0, 34)] * 3
    cheaper = {"options": options(), "option_effects": effects("o,unit_cost,a,0.9,multiply")}
    assert spans(paid(programmes, limits=limits, **cheaper), "b") == [(0, 43)] * 3


def test_activity_that_saves_money_pays_for_others_up_to_its_most() -> None:
    """A unit more of a saves 0.5: 40 of them leave 20 more for b."""
    instance = paid(
        f"{A}\nb,s,NHS,1",
        limits="programme,basis,max\na,activity,40",
        options=options(),
        option_effects=effects("o,unit_cost,a,-1.5"),
    )
    assert spans(instance, "b") == [(0, 120)] * 3
    assert spans(instance, "a") == [(0, 40)] * 3


def under(terms: dict[str, Any], tariff: float = 2.0, **tables: str) -> Instance:
    """Programme a under a contract and b without one, from 100 a year."""
    programmes = f"""programme,sector,pool,baseline,contract,tariff,provider
        a,s,NHS,40,C,{tariff},H
        b,s,NHS,1,,,"""
    return paid(programmes, **{"contracts": one_row(contract="C", **terms), **tables})


def test_a_contract_binds_until_its_notice_is_over() -> None:
    """A block of 80 covers 45 units; ended from 2026 on, b may have all, and a as well."""
    block = {"type": "block", "ceiling": 90, "notice_years": 1}
    instance = under(block)
    assert spans(instance, "a") == [(0, 45), (0, 100), (0, 100)]
    assert spans(instance, "b") == [(0, 20), (0, 100), (0, 100)]
    later = under({**block, "start": 2026})
    assert spans(later, "b") == [(0, 100), (0, 20), (0, 100)]
    assert spans(under({**block, "notice_years": 0}), "b") == [(0, 100)] * 3


def test_a_contract_once_ended_stays_ended() -> None:
    """Only the row of 2026 lets it be ended, and 2027 is then without it as well."""
    contracts = """contract,type,year,notice_years
        C,block,2025,
        C,block,2026,1
        C,block,2027,"""
    limits = "programme,basis,max\na,activity,50"
    instance = under({}, contracts=contracts, limits=limits)
    assert spans(instance, "b") == [(0, 20), (0, 100), (0, 100)]


def test_a_contract_cheaper_than_its_cost_buys_more_while_it_holds() -> None:
    instance = under({"type": "activity", "notice_years": 0}, tariff=0.5)
    assert spans(instance, "a") == [(0, 200)] * 3


def test_a_contract_may_be_suspended() -> None:
    instance = under(
        {"type": "block"},
        limits="programme,basis,min,max\na,activity,30,50",
        options=options("earliest", "o,2026"),
        option_effects=effects("o,contract,C,,suspend"),
    )
    assert spans(instance, "b") == [(0, 20), (0, 70), (0, 70)]
    assert spans(instance, "a") == [(30, 50)] * 3


def test_a_contract_that_cannot_be_paid_any_more_limits_activity_to_its_cost() -> None:
    """The block of 80 does not fit beside 30 of b, so a costs what it costs: at most 70."""
    limits = "programme,basis,min\nb,activity,30"
    instance = under({"type": "block", "notice_years": 0}, limits=limits)
    assert spans(instance, "a") == [(0, 70)] * 3


SHARED = {"type": "capitated", "gain_share": 0.8, "loss_share": 0.4}


@pytest.mark.parametrize(
    ("contract", "high"),
    [
        # T = 60 for 30 units; 40 more at 0.5 of the tariff buy 40 units.
        ({"type": "activity", "threshold": 60, "marginal_rate": 0.5}, 70),
        ({"type": "activity", "threshold": 60, "marginal_rate": 0}, np.inf),
        ({"type": "activity", "threshold": 100, "marginal_rate": 0}, np.inf),
        ({"type": "activity", "threshold": 101, "marginal_rate": 0}, 50),
        ({"type": "activity", "max_income": 100}, np.inf),
        ({"type": "activity", "max_income": 101}, 50),
        # V0 = 80 is paid; 20 more at 0.3 of the tariff buy 33 1/3 units more.
        ({"type": "aligned", "up_rate": 0.3, "down_rate": 0.9}, 40 + 20 / 0.6),
        # 120 expected: 20 less is given back, where costs are at most 120 - 20 / 0.8.
        ({**SHARED, "per_head": 120}, 95),
        # 90 expected: 10 more at 0.4 of the cost.
        ({**SHARED, "per_head": 90}, 115),
        ({**SHARED, "per_head": 90, "loss_cap": 10}, np.inf),
    ],
)
def test_money_limits_activity_only_while_a_payment_rises(
    contract: dict[str, Any], high: float
) -> None:
    assert spans(under(contract, places="place,heads\nN,1"), "a")[0] == (0, high)


def test_a_step_that_need_not_be_earned_costs_nothing() -> None:
    step = {"type": "outcome", "fixed": 70, "bonus_outcome": "QALY"}
    step |= {"bonus_threshold": 5, "bonus_step": 15}
    assert spans(under(step), "b") == [(0, 30)] * 3
    # An option that lowers the outcome may turn the bonus into a loss without end.
    instance = under(
        {**step, "bonus": 1},
        options=options(),
        option_effects=effects("o,outcome,a,-1,add,QALY", more="outcome"),
    )
    assert spans(instance, "b")[0] == (0, np.inf)


WORTH = "programme,outcome,per_unit\na,QALY,1"


def test_more_of_what_costs_nothing_needs_a_limit() -> None:
    free = """programme,sector,pool,baseline,cost_threshold,cost_above
        a,s,NHS,10,20,0"""
    tables = {"budgets": MONEY, "responses": WORTH}
    with pytest.raises(InstanceError, match=r"nothing limits 'a' in 2025/26: with its cost_above"):
        three_years(free, **tables)
    three_years(free, **tables, limits="programme,basis,max\na,activity,90")


def test_what_options_cost_and_bring_is_named_where_money_does_not_suffice() -> None:
    """90 of a and one of two options, at 15 or 40, against 100 and at most 2 of income."""
    with pytest.raises(InstanceError) as raised:
        three_years(
            "programme,sector,pool,baseline\na,s,NHS,10",
            budgets=MONEY,
            responses=WORTH,
            limits="programme,basis,min\na,activity,90",
            incomes="income,pool,amount,outcome,threshold\ni,NHS,2,QALY,5",
            options=options("group,choose,cost_yearly", "p,g,exactly_one,15", "q,g,exactly_one,40"),
        )
    assert (
        "pool 'NHS' cannot pay in 2025/26 what must be paid: at least £105 ('a' £90, options £15) "
        "against at most £102 (£100 received, £2 raised by options and incomes); "
        "at least £3 is missing."
    ) in str(raised.value)


def test_links_and_figures_that_are_not_there_are_left_out() -> None:
    instance = unjudged(
        options=options(), option_effects=effects("o,demand,a,5", "o,contract,C,,suspend")
    )
    decisions = instance.facts.decisions
    assert decisions.names == ["o"]
    assert decisions.stopped("contract", "C")[0].tolist() == [True] * 3
    assert instance.facts.ranges.collisions == []
