"""Plans that sit exactly on a threshold, a cap, a notice or a review, worked by hand.

Each round is planned, checked and worked out once more by trying everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from oracle_round import Choice, Round, Tables
from small import as_instance, round_of

import allocator
from allocator.evaluate import evaluate
from allocator.instance.instance import Instance
from allocator.plan import Plan

PROGRAMMES = """
programme,sector,pool,provider,contract,baseline,held
A,acute,NHS,T,{contract},10,no
B,community,NHS,,,10,no
"""
LIMITS = "programme,basis,min,max\nA,activity,0,20\nB,activity,0,100"


def rows(text: str) -> list[dict[str, Any]]:
    """Rows of a table as a planner writes it."""
    head, *lines = (line.split(",") for line in text.strip().splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]


@dataclass(frozen=True)
class Case:
    """Services A and B at a cost of 1 a unit, and what is written about them."""

    settings: dict[str, Any]
    tables: Tables

    @property
    def instance(self) -> Instance:
        return as_instance(self.settings, self.tables)

    def tried(self) -> float:
        """Value of the best plan, by trying everything."""
        best = Round(self.settings, self.tables).best()
        assert best is not None
        return best.value


def case(years: int = 1, **texts: str) -> Case:
    contract = "K" if "contracts" in texts else ""
    usual = {
        "programmes": PROGRAMMES.format(contract=contract),
        "limits": LIMITS,
        "outcomes": "outcome,weight,discounted\nQALY,1,no",
    }
    settings = {"name": "Edge", "base_year": 2024, "years": [2025 + n for n in range(years)]}
    return Case(settings, {name: rows(text) for name, text in (usual | texts).items()})


def worth(a: float, b: float = 1.0) -> str:
    return f"programme,outcome,per_unit\nA,QALY,{a}\nB,QALY,{b}"


def planned(edge: Case, value: float, room: float = 1e-6) -> Plan:
    """The plan, which is worth what trying everything and working by hand say."""
    assert edge.tried() == pytest.approx(value, abs=1e-6)
    plan = allocator.solve(edge.instance)
    assert plan.status == "optimal"
    assert plan.verified, plan.max_violation
    assert plan.objective == pytest.approx(value, abs=room)
    return plan


def level(plan: Plan, programme: str = "A", year: int = 2025) -> float:
    table = plan.allocation
    mine = (table["programme"] == programme) & (table["year"] == year)
    return float(table.loc[mine, "activity"].iloc[0])


# A step of 6 is paid once A's outcome reaches 24, which 12 units do.
STEP = "contract,type,fixed,bonus_outcome,bonus_threshold,bonus_step\nK,outcome,4,QALY,24,{step}"


def test_a_bonus_step_is_earned_by_sitting_on_its_threshold() -> None:
    # The trust may lose 2: 6 units without the step, 12 with it; 24 + (30 - 10) = 44.
    edge = case(
        budgets="pool,amount\nNHS,30",
        contracts=STEP.format(step=6),
        providers="provider,deficit_max\nT,2",
        responses=worth(2),
    )
    plan = planned(edge, 44)
    assert level(plan) == pytest.approx(12)
    assert plan.contracts["payment"].tolist() == pytest.approx([10])


def test_a_bonus_step_is_avoided_by_staying_just_below_its_threshold() -> None:
    # 12 units and no step: 24 + 26; with a step of 20 at most 40 + 6.
    edge = case(budgets="pool,amount\nNHS,30", contracts=STEP.format(step=20), responses=worth(2))
    plan = planned(edge, 50, room=1e-3)
    assert plan.objective is not None
    assert plan.objective < 50
    assert 11.999 < level(plan) < 12
    assert plan.contracts["payment"].tolist() == pytest.approx([4])


def test_a_bonus_step_binds_at_an_activity_that_cannot_move() -> None:
    # A does 12 units and no other number: the step is paid though the pool would rather not.
    edge = case(
        budgets="pool,amount\nNHS,30",
        contracts=STEP.format(step=20),
        responses=worth(2),
        limits="programme,basis,min,max\nA,activity,12,12\nB,activity,0,100",
    )
    plan = planned(edge, 24 + 6)
    assert plan.contracts["payment"].tolist() == pytest.approx([24])


INCOME = "income,pool,measure,selection,threshold,full,sense,amount\nI,NHS,{terms}"
ONLY_A = "selection,programme\nA,A"


@pytest.mark.parametrize(
    "terms",
    ["activity,A,12,,min,10", "activity,A,8,12,min,10", "value,A,12,,min,10"],
)
def test_an_income_is_earned_exactly_at_its_threshold(terms: str) -> None:
    # 12 units of A buy 6 and earn 10, which B turns into 10; without them B does 20.
    edge = case(
        budgets="pool,amount\nNHS,20",
        incomes=INCOME.format(terms=terms),
        selections=ONLY_A,
        responses=worth(0.5),
    )
    plan = planned(edge, 6 + 18)
    assert level(plan) == pytest.approx(12)
    assert plan.incomes["amount"].tolist() == pytest.approx([10])


def test_an_income_for_doing_less_is_earned_exactly_at_its_threshold() -> None:
    # A is worth more than B, but beyond 5 units it costs an income of 8.
    edge = case(
        budgets="pool,amount\nNHS,10",
        incomes=INCOME.format(terms="activity,A,5,,max,8"),
        selections=ONLY_A,
        responses=worth(1.5),
    )
    plan = planned(edge, 7.5 + 13)
    assert level(plan) == pytest.approx(5)


def test_activity_stops_where_a_unit_becomes_dearer() -> None:
    edge = case(
        budgets="pool,amount\nNHS,20",
        programmes="programme,sector,pool,baseline,held,cost_threshold,cost_above\n"
        "A,acute,NHS,10,no,10,2\nB,community,NHS,10,no,,",
        responses=worth(1.5),
    )
    plan = planned(edge, 15 + 10)
    assert level(plan) == pytest.approx(10)


def test_cheaper_units_come_after_the_dear_ones() -> None:
    # 10 units at 1 and 8 at a quarter: 14.4 for 12, where B would buy 12.
    edge = case(
        budgets="pool,amount\nNHS,12",
        programmes="programme,sector,pool,baseline,held,cost_threshold,cost_above\n"
        "A,acute,NHS,10,no,10,0.25\nB,community,NHS,10,no,,",
        responses=worth(0.8),
    )
    plan = planned(edge, 14.4)
    assert level(plan) == pytest.approx(18)
    # With 8 in the pool nothing gets past the threshold.
    poorer = Case(edge.settings, edge.tables | {"budgets": rows("pool,amount\nNHS,8")})
    assert level(planned(poorer, 8)) == pytest.approx(0)


@pytest.mark.parametrize(("money", "value", "done"), [(8.0, 16.0, 8.0), (7.875, 7.875, 0.0)])
def test_a_service_starts_at_its_smallest_scale_or_not(
    money: float, value: float, done: float
) -> None:
    edge = case(
        budgets=f"pool,amount\nNHS,{money}",
        responses=worth(2),
        limits="programme,basis,max,start_min\nA,activity,20,8\nB,activity,100,",
    )
    assert level(planned(edge, value)) == pytest.approx(done, abs=1e-7)


def test_a_service_that_must_be_there_is_there_at_its_smallest_scale() -> None:
    # 9 at least, and nothing between 0 and 12: 12 of A and 8 of B.
    edge = case(
        budgets="pool,amount\nNHS,20",
        responses=worth(0.1),
        limits="programme,basis,min,max,start_min\nA,activity,9,15,12\nB,activity,0,100,",
    )
    assert level(planned(edge, 9.2)) == pytest.approx(12)


def test_a_payment_stays_at_its_cap() -> None:
    # Up to 10 the pool pays 1 a unit of A; the trust does 6 more at its own loss.
    edge = case(
        budgets="pool,amount\nNHS,20",
        contracts="contract,type,max_income\nK,activity,10",
        providers="provider,deficit_max\nT,6",
        responses=worth(1, 1.5),
    )
    plan = planned(edge, 16 + 15)
    assert level(plan) == pytest.approx(16)
    assert plan.contracts["payment"].tolist() == pytest.approx([10])


def test_a_gain_stays_at_its_cap() -> None:
    # The trust gives back half of what it does not spend of 20, at most 4: worth it to 12.
    edge = case(
        budgets="pool,amount\nNHS,30",
        contracts="contract,type,per_head,gain_share,gain_cap\nK,capitated,0.2,0.5,4",
        places="place,heads\nHere,100",
        responses=worth(0.25),
    )
    plan = planned(edge, 3 + 14)
    assert level(plan) == pytest.approx(12)
    assert plan.contracts["payment"].tolist() == pytest.approx([16])


def test_a_block_covers_activity_to_its_ceiling() -> None:
    edge = case(
        budgets="pool,amount\nNHS,20",
        contracts="contract,type,fixed,ceiling\nK,block,10,12",
        responses=worth(1),
    )
    assert level(planned(edge, 12 + 10)) == pytest.approx(12)


BLOCK = "contract,type,fixed,notice_years,exit_fee\nK,block,10,{notice},2"


@pytest.mark.parametrize(
    ("notice", "value", "first"), [(0, 8 + 10 + 10, 2025), (1, 2 + 8 + 10, 2026), (2, 12, 2027)]
)
def test_a_contract_ends_as_soon_as_notice_allows(notice: int, value: float, first: int) -> None:
    # Under the block A does all 20 for nothing more, worth 2; without it B does 10 a year.
    edge = case(
        3,
        budgets="pool,amount\nNHS,10",
        contracts=BLOCK.format(notice=notice),
        responses=worth(0.1),
    )
    plan = planned(edge, value)
    ended = plan.contracts.set_index("year")["ended"]
    assert [bool(ended[y]) for y in (2025, 2026, 2027)] == [y >= first for y in (2025, 2026, 2027)]


def with_table(plan: Plan, name: str, **changed: Any) -> dict[str, Any]:
    """A plan's tables with a table's columns changed."""
    given = {"allocation": plan.allocation[["programme", "year", "activity"]]}
    return given | {name: getattr(plan, name).assign(**changed)}


def test_a_year_too_early_is_no_notice() -> None:
    edge = case(
        3, budgets="pool,amount\nNHS,30", contracts=BLOCK.format(notice=1), responses=worth(0.1)
    )
    plan = allocator.solve(edge.instance)
    assert evaluate(edge.instance, with_table(plan, "contracts", ended=[False, True, True])).allowed
    early = evaluate(edge.instance, with_table(plan, "contracts", ended=[True, True, True]))
    assert "contract" in early.violations["kind"].tolist()
    back = evaluate(edge.instance, with_table(plan, "contracts", ended=[False, True, False]))
    assert "contract" in back.violations["kind"].tolist()


REVIEWED = {
    "budgets": "pool,year,amount\nNHS,2025,20\nNHS,2026,5\nNHS,2027,5\nNHS,2028,5",
    "limits": "programme,basis,min,max\nA,activity,0,5\nB,activity,0,100",
    "option_effects": "option,measure,target,operation,value\nO,limit_max,A,add,9.5",
    "responses": worth(2),
}


@pytest.mark.parametrize(
    ("review", "value", "years"),
    [
        # 32.5 in its first year instead of 25, 6 instead of 10 in every other one.
        ("", 32.5 + 10 + 10 + 10, 1),
        ("2", 32.5 + 6 + 10 + 10, 2),
        ("2;3", 32.5 + 6 + 10 + 10, 2),
        ("3", 25 + 10 + 10 + 10, 0),
        ("none", 25 + 10 + 10 + 10, 0),
    ],
)
def test_an_option_is_left_on_its_review(review: str, value: float, years: int) -> None:
    options = f"option,pool,cost_yearly,latest,review_years\nO,NHS,2,2025,{review}"
    edge = case(4, options=options, **REVIEWED)
    plan = planned(edge, value)
    taken = plan.options.set_index("year")["taken"]
    assert [bool(taken[2025 + n]) for n in range(4)] == [n < years for n in range(4)]


@pytest.mark.parametrize("years", [1, 2, 3, 4])
def test_leaving_between_reviews_is_not_allowed(years: int) -> None:
    options = "option,pool,cost_yearly,latest,review_years\nO,NHS,2,2025,2"
    edge = case(4, options=options, **REVIEWED)
    plan = allocator.solve(edge.instance)
    given = with_table(plan, "options", taken=[n < years for n in range(4)])
    given["allocation"] = given["allocation"].assign(activity=0.0)
    found = evaluate(edge.instance, given)
    assert found.allowed == (years in (2, 4)), found.violations["message"].tolist()


def test_trying_everything_tells_a_plan_that_is_not_allowed() -> None:
    edge = case(
        budgets="pool,amount\nNHS,30",
        contracts=STEP.format(step=6),
        providers="provider,deficit_max\nT,2",
        responses=worth(2),
    )
    tried = Round(edge.settings, edge.tables)
    none = Choice({}, {"K": None})
    assert tried.judged(none, {("A", 0): 12.0, ("B", 0): 20.0}, {}) == pytest.approx(44)
    assert tried.judged(none, {("A", 0): 11.0, ("B", 0): 20.0}, {}) is None, "a loss of 7"
    assert tried.judged(none, {("A", 0): 12.0, ("B", 0): 20.1}, {}) is None, "30.1 of 30"


SUSPENDS: dict[str, Any] = {
    "options": "option,pool\nO,NHS",
    "option_effects": "option,measure,target,operation\nO,contract,K,suspend",
}


def test_a_suspended_contract_is_recurrent_only_as_far_as_its_programmes_are() -> None:
    # The block of 20 is beyond the pool; without it A is bought with 5 of each year and 10 once.
    edge = case(
        budgets="pool,kind,amount\nNHS,recurrent,5\nNHS,non_recurrent,10",
        programmes="programme,sector,pool,provider,contract,baseline,held,recurrent\n"
        "A,acute,NHS,T,K,10,no,no\nB,community,NHS,,,1,no,yes",
        contracts="contract,type,fixed\nK,block,20",
        responses=worth(2),
        **SUSPENDS,
    )
    edge = Case(edge.settings | {"recurrent_balance": True}, edge.tables)
    plan = planned(edge, 30)
    assert plan.contracts["suspended"].tolist() == [True]


LATE = (
    "programme,sector,pool,provider,contract,baseline,held,fixed_share,release_years\n"
    "A,acute,NHS,T,K,10,no,0.5,1\nB,community,NHS,,,10,no,,"
)


def test_stranded_cost_that_must_be_exact_does_not_stop_growth() -> None:
    # The payment must be 8 at least, which no cost that is not there may make up.
    edge = case(
        budgets="pool,amount\nNHS,30",
        programmes=LATE,
        contracts="contract,type,fixed\nK,block,4",
        selections="selection,contract\nK,K",
        rules="rule,measure,selection,sense,value\nR,payment,K,min,8",
        responses=worth(2),
        **SUSPENDS,
    )
    assert level(planned(edge, 40 + 10)) == pytest.approx(20)


def test_stranded_cost_is_not_overstated_to_keep_a_payment_high() -> None:
    # With the contract left, a units cost a + (10 - a) / 2, which is 8 from 6 units on; of a
    # staff of 9 that leaves 3 for B, and of a pool of 10 it leaves 2.
    edge = case(
        budgets="pool,amount\nNHS,10",
        programmes=LATE,
        contracts="contract,type,fixed\nK,block,4",
        selections="selection,contract\nK,K",
        rules="rule,measure,selection,sense,value\nR,payment,K,min,8",
        resources="resource\nstaff",
        capacity="resource,amount\nstaff,9",
        use="programme,resource,per_unit\nA,staff,1\nB,staff,1",
        responses=worth(0.5),
        **SUSPENDS,
    )
    assert level(planned(edge, 3 + 2)) == pytest.approx(6)


def test_stranded_cost_is_no_gain_to_a_provider_whose_contract_is_left() -> None:
    # At cost the trust's position is 0 whatever is stranded: 5 of 15, and 10 for B.
    edge = case(
        budgets="pool,amount\nNHS,15",
        programmes=LATE,
        contracts="contract,type,fixed\nK,block,8",
        selections="selection,contract\nK,K",
        rules="rule,measure,selection,sense,value\nR,position,K,max,1",
        responses=worth(0.1, 2),
        **SUSPENDS,
    )
    assert level(planned(edge, 20)) == pytest.approx(0)


# Under the block A does all 20 for nothing more, worth 2, and B has 7 of 15: 16 a year. Without it
# the trust's position is 0, though A at 0 strands 5 in the first year: B has 10, and then 15.
ENDED = {
    "budgets": "pool,amount\nNHS,15",
    "programmes": LATE,
    "contracts": "contract,type,fixed,notice_years,exit_fee\nK,block,8,0,{fee}",
    "selections": "selection,contract\nK,K",
    "rules": "rule,measure,selection,sense,value,penalty\nR,position,K,{sense},{value},{penalty}",
    "responses": worth(0.1, 2),
}


def ending(sense: str, value: float, *, fee: float = 0.0, penalty: str = "") -> Case:
    texts = {
        name: text.format(fee=fee, sense=sense, value=value, penalty=penalty)
        for name, text in ENDED.items()
    }
    return case(2, **texts)


@pytest.mark.parametrize(
    ("fee", "value", "first"),
    [
        (0.0, 20 + 30, 2025),
        (1.0, 18 + 30, 2025),
        (14.0, 2 * 16, 2027),  # 14 and what is stranded are more than there is
    ],
)
def test_a_provider_may_be_left_with_stranded_cost_and_keeps_to_its_position(
    fee: float, value: float, first: int
) -> None:
    plan = planned(ending("max", 1.0, fee=fee), value)
    ended = plan.contracts.set_index("year")["ended"]
    assert [bool(ended[y]) for y in (2025, 2026)] == [y >= first for y in (2025, 2026)]


def test_a_provider_that_must_break_even_may_be_left_with_stranded_cost() -> None:
    # Under the block A does exactly 8, with 7 for B: 14.8 a year.
    plan = planned(ending("equal", 0.0), 20 + 30)
    assert plan.contracts["ended"].tolist() == [True, True]
    assert [level(plan, year=y) for y in (2025, 2026)] == pytest.approx([0, 0])


@pytest.mark.parametrize("sense", ["max", "equal"])
def test_a_soft_position_is_not_missed_by_what_is_stranded(sense: str) -> None:
    plan = planned(ending(sense, 0.0, penalty="3"), 20 + 30)
    assert plan.rules["violation"].tolist() == pytest.approx([0, 0])


def test_a_payment_is_not_cut_off_where_the_contract_has_ended() -> None:
    # The trust may lose 1 of what the payment leaves uncovered; at cost it loses nothing.
    edge = case(
        budgets="pool,amount\nNHS,100",
        contracts="contract,type,per_head,loss_share,loss_cap,notice_years\n"
        "K,capitated,0.05,0.5,1,0",
        places="place,heads\nHere,100",
        providers="provider,deficit_max\nT,1",
        limits="programme,basis,min,max\nA,activity,8,20\nB,activity,0,10",
        responses=worth(2),
    )
    plan = planned(edge, 40 + 10)
    assert plan.contracts["ended"].tolist() == [True]


def test_a_payment_is_not_cut_off_where_units_are_dear() -> None:
    # 1 unit at 1 and 19 at 10 with a hundredth on top: 192.91 of 200.
    edge = case(
        budgets="pool,amount\nNHS,200",
        programmes="programme,sector,pool,provider,contract,baseline,held,cost_threshold,cost_above\n"
        "A,acute,NHS,T,K,10,no,1,10\nB,community,NHS,,,1,no,,",
        contracts="contract,type,lead,overhead\nK,cost,L,0.01",
        providers="provider\nL",
        responses=worth(20),
    )
    assert level(planned(edge, 400 + 7.09)) == pytest.approx(20)


def test_a_payment_is_not_cut_off_where_an_option_adds_outcome() -> None:
    # 150 of outcome cost a bonus of 150; what is left of 200 buys 46 more either way.
    edge = case(
        budgets="pool,amount\nNHS,200",
        contracts="contract,type,fixed,bonus_outcome,bonus\nK,outcome,4,QALY,1",
        options="option,pool\nO,NHS",
        option_effects="option,measure,target,operation,value,outcome\nO,outcome,A,add,150,QALY",
        responses=worth(1),
    )
    planned(edge, 150 + 46)


@pytest.mark.parametrize(
    ("effects", "worth"),
    [
        # 300 a year: B's 90 first, then what A costs with x (unit 1.6 and 10) or y (1.4 and 12).
        ("x,unit_cost,A,,multiply,0.8\ny,unit_cost,A,,multiply,0.7", 2 * (180 + 108 / 1.4)),
        ("x,outcome,A,QALY,multiply,1.3\ny,outcome,A,QALY,multiply,1.4", 2 * (180 + 54 * 1.4)),
    ],
)
def test_what_options_multiply_may_be_kept_apart_by_a_link(effects: str, worth: float) -> None:
    plan = allocator.solve(
        round_of(
            "programme,sector,pool,unit_cost,baseline\nA,s,NHS,2,50\nB,s,NHS,2,50",
            years=(2025, 2026),
            budgets="pool,amount\nNHS,300",
            responses="programme,outcome,per_unit\nA,QALY,1\nB,QALY,2",
            limits="programme,basis,min,max\nB,activity,,90",
            options="option,pool,cost_yearly\nx,NHS,10\ny,NHS,12",
            option_links="option,link,other\nx,excludes,y",
            option_effects=f"option,measure,target,outcome,operation,value\n{effects}",
        )
    )
    assert plan.verified
    assert plan.certificate.objective == pytest.approx(worth)
