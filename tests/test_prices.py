"""Prices: what a little more buys and what a little less costs, each as solved anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anew import Moved, moves, worth_anew, worth_moved
from drawn_prices import everything
from examples import NAMES, example
from shown import joined, printed
from small import round_of, solved

import allocator
from allocator.errors import InstanceError
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.planning import priced as planning_priced
from allocator.report.language.units import Worth, money_of
from allocator.report.text.binding import what_binds
from allocator.report.text.reports import print_reports
from allocator.report.text.summary import print_summary
from allocator.solver import freed

CASES = Path(__file__).parent / "cases"
PRICES = ["price", "price_range", "price_less", "price_less_range"]
STEP = 1e-3
WITHIN = (0.5, 0.95)
"""Shares of a range at which the round is solved anew."""


def case(name: str) -> tuple[Instance, Plan]:
    instance = allocator.read(CASES / name)
    return instance, solved(instance)


def disagreements(instance: Instance, plan: Plan) -> list[str]:
    """Prices of a plan that the changed round, solved anew, does not bear out."""
    base = worth_anew(instance, plan)
    assert base is not None
    wrong = []
    for moved in moves(instance, plan):
        for way, price, reach in (
            (1.0, moved.price, moved.reach),
            (-1.0, moved.less, moved.less_reach),
        ):
            said = _said_wrong(instance, plan, moved, base, way, price, reach)
            if said:
                wrong.append(f"{instance.settings.name}: {moved.name}: {said}")
    return wrong


def _said_wrong(
    instance: Instance,
    plan: Plan,
    moved: Moved,
    base: float,
    way: float,
    price: float,
    reach: float,
) -> str:
    if np.isnan(price):
        return ""
    size = abs(reach) if np.isfinite(reach) and reach > 0 else 1.0
    room = STEP * size if np.isfinite(price) else 1e-3
    try:
        value = worth_moved(instance, plan, moved, way * room)
    except InstanceError:
        value = None
    if value is None or np.isinf(price):
        return "" if value is None and np.isinf(price) else f"{way} {price}: {value} and {base}"
    got = (value - base) / room * way
    fine = abs(got - price) <= 0.05 * abs(price) + 1e-6 * max(1.0, abs(base)) / room * 1e-2
    return "" if fine else f"{way} {price} for {reach}, {got} anew"


def too_long(instance: Instance, plan: Plan) -> list[str]:
    """Prices of a plan that do not hold for as far as they say."""
    base = worth_anew(instance, plan)
    assert base is not None
    return [
        f"{instance.settings.name}: {moved.name}: {said}"
        for moved in moves(instance, plan)
        for way, price, reach in (
            (1.0, moved.price, moved.reach),
            (-1.0, moved.less, moved.less_reach),
        )
        if np.isfinite(price) and reach > 0.0
        for share in WITHIN
        if (said := _ends_before(instance, plan, moved, base, way, price, reach, share))
    ]


def _ends_before(
    instance: Instance,
    plan: Plan,
    moved: Moved,
    base: float,
    way: float,
    price: float,
    reach: float,
    share: float,
) -> str:
    room = share * (reach if np.isfinite(reach) else 1.0)
    try:
        value = worth_moved(instance, plan, moved, way * room)
    except InstanceError:
        return ""  # no table may say so
    got = np.nan if value is None else (value - base) / room * way
    if abs(got - price) <= 0.05 * abs(price) + 1e-6 * max(1.0, abs(base)) / room:
        return ""
    return f"{way} {price} for {reach}, but {got} on the way to {room}"


def priced(table: pd.DataFrame, **key: object) -> list[float]:
    """The four figures of the one row with this key."""
    for column, value in key.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return [float(table.iloc[0][column]) for column in PRICES]


def binding(instance: Instance, plan: Plan) -> list[str]:
    kinds = what_binds(plan, instance, money_of(plan, instance), Worth.of(instance.outcomes))
    return [found.sentence for kind in kinds for found in kind.bottlenecks]


# ---- both sides of a corner


def test_more_and_less_differ_at_a_corner_of_a_curve() -> None:
    instance, plan = case("price-at-a-kink")
    more, reach, less, _ = priced(plan.budgets, pool="Health")
    assert (more, less) == (pytest.approx(5), pytest.approx(3))
    assert reach == pytest.approx(10, rel=0.01), "B's segment of slope 5 is 10 long"
    more, _, less, _ = priced(plan.limits, programme="A", side="least")
    # A at 39 and B at 11: 203; A at 41 and B at 9: 198.
    assert (more, less) == (pytest.approx(3), pytest.approx(2))
    assert plan.certificate.price_of_money == pytest.approx(5)
    said = "$1 more in the Health pool would buy 5 QALY in 2025; $1 less in 2025 would cost 3 QALY."
    assert said in binding(instance, plan)


def test_money_that_decisions_leave_nothing_to_buy_is_worth_nothing() -> None:
    instance, plan = case("price-of-money-that-buys-nothing")
    more, _, less, _ = priced(plan.budgets, pool="Medication")
    assert (more, less) == (0.0, np.inf)
    assert plan.certificate.price_of_money == 0.0
    assert plan.certificate.gap_money is None
    assert (plan.limits["price"] == 0.0).all()
    assert binding(instance, plan) == []


def test_a_step_is_no_longer_than_its_price_holds() -> None:
    instance, plan = case("hundred-more-of-sixty")
    more, reach, less, less_reach = priced(plan.capacity, resource="Doctor")
    assert (more, less) == (pytest.approx(1 / 15), pytest.approx(1 / 15))
    # 90 minutes are all that the money can use; at 45 there are only severe cases.
    assert (reach, less_reach) == (pytest.approx(30), pytest.approx(15))
    assert "Doctor: 10 more minutes in 2025 would buy 0.667 Benefit." in binding(instance, plan)


def test_nothing_is_no_limit_that_somebody_set() -> None:
    instance, plan = case("least-at-zero")
    assert plan.limits.empty
    assert not any("harmful" in said for said in binding(instance, plan))
    assert any(said.startswith("Time: 10 more minutes in 2017") for said in binding(instance, plan))


# ---- agreements, transfers, sides


SHARED = {
    "budgets": "pool,amount\nNHS,100\nCouncil,60",
    "responses": "programme,outcome,per_unit\nGP,QALY,1\nHome,QALY,1\nParks,QALY,3",
    "funding": """\
        programme,pool,share_min,share_max
        Home,NHS,0.4,0.5
        Home,Council,0.5,0.6
    """,
    "limits": "programme,basis,min,max\nHome,activity,80,80",
}


def test_an_agreement_moves_as_a_whole() -> None:
    """Of 80 the NHS pays half at most: a pound more from it is worth 3 to the council, less 1."""
    programmes = "programme,sector,pool,baseline\nGP,s,NHS,60\nHome,s,NHS,80\nParks,s,Council,20"
    instance = round_of(programmes, **SHARED)
    plan = solved(instance)
    for pool, side in (("NHS", "most"), ("Council", "least")):
        row = plan.funding[plan.funding["pool"] == pool].iloc[0]
        assert row["side"] == side
        assert row["price"] == pytest.approx(2)
    said = [s for s in binding(instance, plan) if s.startswith("Home: NHS pays its largest share")]
    assert len(said) == 1


def test_a_transfer_at_its_most_has_a_price() -> None:
    programmes = "programme,sector,pool,baseline\nGP,s,NHS,60\nParks,s,Council,20"
    instance = round_of(
        programmes,
        budgets="pool,amount\nNHS,60\nCouncil,20",
        transfers="from_pool,to_pool,max\nNHS,Council,5",
        responses="programme,outcome,per_unit\nGP,QALY,1\nParks,QALY,3",
    )
    plan = solved(instance)
    more, _, less, _ = priced(plan.transfers, from_pool="NHS")
    assert (more, less) == (pytest.approx(2), pytest.approx(2))
    assert any(s.startswith("NHS hands Council the most it may") for s in binding(instance, plan))


def test_the_side_of_a_limit_is_told_year_by_year() -> None:
    instance = round_of(
        "programme,sector,pool,baseline\nA,s,NHS,100\nB,s,NHS,100",
        years=(2025, 2026, 2027),
        budgets="pool,amount\nNHS,200",
        responses="programme,outcome,per_unit\nA,QALY,2\nB,QALY,3",
        limits="programme,basis,year,min,max\nA,activity,2025,90,\nB,activity,2026,,120\n"
        "A,activity,2027,70,70\nB,activity,2027,,",
    )
    plan = solved(instance)
    sides = {(r["programme"], r["year"]): r["side"] for r in plan.limits.to_dict("records")}
    assert sides == {("A", 2025): "least", ("B", 2026): "most", ("A", 2027): "least"}
    said = next(s for s in binding(instance, plan) if s.startswith("A is"))
    assert said.startswith("A is at its least (2025/26) and fixed (2027/28): ")


def test_a_pool_has_a_price_in_every_year_and_an_agreement_from_where_it_binds() -> None:
    """Home care is within its shares in the first year: a pound is a pound, from either pool.

    In the second the NHS pays the most it may: a pound of the council buys parks, one of the NHS
    a gp.
    """
    instance = round_of(
        "programme,sector,pool,baseline\nGP,s,NHS,60\nHome,s,NHS,80\nParks,s,Council,20",
        years=(2025, 2026),
        budgets="pool,year,amount\nNHS,2025,130\nCouncil,2025,50\nNHS,2026,100\nCouncil,2026,60",
        responses="programme,outcome,per_unit\nGP,QALY,1\nHome,QALY,1\nParks,QALY,3",
        funding="programme,pool,year,share_min,share_max\nHome,NHS,2025,0.1,0.9\n"
        "Home,Council,2025,0.1,0.9\nHome,NHS,2026,0.4,0.5\nHome,Council,2026,0.5,0.6",
        limits="programme,basis,year,min,max\nHome,activity,,80,80\nParks,activity,2025,,30",
    )
    plan = solved(instance)
    price = {(r["pool"], r["year"]): r["price"] for r in plan.budgets.to_dict("records")}
    assert price == pytest.approx(
        {("NHS", 2025): 1, ("Council", 2025): 1, ("NHS", 2026): 1, ("Council", 2026): 3}
    )
    shares = plan.funding.set_index(["pool", "year"])["price"]
    assert dict(shares) == pytest.approx(
        {("NHS", 2025): 0, ("NHS", 2026): 2, ("Council", 2025): 0, ("Council", 2026): 2}
    )
    said = binding(instance, plan)
    council = next(s for s in said if "Council pool" in s)
    assert "1 QALY in 2025/26 and 3 in 2026/27" in council
    agreed = next(s for s in said if s.startswith("Home: NHS pays its largest share"))
    assert "2026/27" in agreed
    assert "2025/26" not in agreed
    assert disagreements(instance, plan) == []


def test_a_side_that_changes_with_growth_is_told_by_year() -> None:
    """In 2026 B may do no more than 70, so that A grows all it may, and then falls all it may.

    A pound more of A in 2025 loses 1 there, buys 2.1 in 2026 and loses 0.945 in 2027.
    """
    instance = round_of(
        "programme,sector,pool,baseline\nA,s,NHS,100\nB,s,NHS,100",
        years=(2025, 2026, 2027),
        budgets="pool,amount\nNHS,200",
        responses="programme,outcome,per_unit\nA,QALY,2\nB,QALY,3",
        limits="programme,basis,year,min,max\nA,growth,,-0.1,0.05\nB,activity,2026,,70",
    )
    plan = solved(instance)
    activity = plan.allocation[plan.allocation["programme"] == "A"]["activity"]
    assert activity.tolist() == pytest.approx([105, 110.25, 99.225])
    mine = plan.limits[plan.limits["programme"] == "A"]
    sides = dict(zip(mine["year"], mine["side"], strict=True))
    assert sides == {2025: "most", 2026: "most", 2027: "least"}
    said = next(s for s in binding(instance, plan) if s.startswith("A is"))
    assert said == (
        "A is at its most (2025/26 to 2026/27) and at its least (2027/28): £1 more of it in "
        "2026/27 would buy 1.1 QALY (moves later years too)."
    )


# ---- solved anew


@pytest.mark.parametrize(
    "name",
    # A third of them daily; each is solved anew for every price it prints.
    [
        name if n % 3 == 0 else pytest.param(name, marks=pytest.mark.long)
        for n, name in enumerate(NAMES)
    ],
)
def test_prices_of_examples_hold_when_solved_anew(name: str) -> None:
    instance = example(name)
    plan = solved(instance)
    if plan.found:
        assert disagreements(instance, plan) == []


@pytest.mark.parametrize("seed", range(12))
def test_prices_of_random_rounds_hold_when_solved_anew(seed: int) -> None:
    instance = drawn(np.random.default_rng(seed))
    plan = solved(instance)
    assert plan.verified
    assert disagreements(instance, plan) == []


@pytest.mark.parametrize(
    "seed", [n if n < 8 else pytest.param(n, marks=pytest.mark.long) for n in range(60)]
)
def test_prices_hold_among_everything_that_fixes_or_moves_a_plan(seed: int) -> None:
    """Endings, incomes, minimum scales, held lines, soft rules on curves, transfers, shares."""
    instance = everything(np.random.default_rng(seed))
    plan = solved(instance)
    assert plan.verified
    assert disagreements(instance, plan) == []


@pytest.mark.parametrize(
    "seed",
    # 5: a curve bends beyond twice its reach; 26, 41: more, and less, is spent otherwise; 103: an
    # income is earned that the best plan could do without.
    [
        n if n in (5, 26, 41, 103) else pytest.param(n, marks=pytest.mark.long)
        for n in (*range(60), 103)
    ],
)
def test_prices_hold_as_far_as_they_say(seed: int) -> None:
    instance = everything(np.random.default_rng(seed))
    assert too_long(instance, solved(instance)) == []


@pytest.mark.parametrize(
    "seed", [n if n < 2 else pytest.param(n, marks=pytest.mark.long) for n in range(12)]
)
def test_prices_hold_as_far_as_they_say_where_curves_steepen(seed: int) -> None:
    instance = drawn(np.random.default_rng(seed))
    assert too_long(instance, solved(instance)) == []


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_prices_of_examples_hold_as_far_as_they_say(name: str) -> None:
    instance = example(name)
    plan = solved(instance)
    if plan.found:
        assert too_long(instance, plan) == []


STEEPENS = round_of(
    "programme,sector,pool,baseline\na,s,NHS,8\nb,s,NHS,0",
    budgets="pool,amount\nNHS,8",
    responses="programme,outcome,shape,per_unit\na,QALY,linear,2\nb,QALY,points,",
    response_points="programme,outcome,activity,effect\nb,QALY,0,0\nb,QALY,10,10\nb,QALY,40,280",
)
"""b buys 1 for each of its first ten, then 9: from 80/7 on, all money had better go to it."""


def test_a_range_ends_where_a_curve_had_better_be_filled_from_its_start() -> None:
    plan = solved(STEEPENS)
    more, reach, _, _ = priced(plan.budgets)
    assert (more, reach) == (pytest.approx(2), pytest.approx(80 / 7 - 8, rel=1e-3))
    assert plan.price_sides == "told apart"


def test_ranges_that_could_not_be_searched_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freed, "SHARE", 0.0)
    plan = allocator.solve(STEEPENS)
    assert plan.price_sides == "told apart, ranges as far as looked"
    said = joined(printed(print_reports, ["prices"], plan, STEEPENS))
    assert "curves that steepen filled as this plan fills them" in said
    assert "not told apart" not in said
    said = joined(printed(print_reports, ["prices"], solved(STEEPENS), STEEPENS))
    assert "as far as was looked: as much again as there is" in said
    assert "curves that steepen" not in said


def drawn(rng: np.random.Generator) -> Instance:
    """Points curves that may steepen, a shared resource, limits that bind, two pools."""
    names = ["A", "B", "C", "D"]
    points = ["programme,outcome,activity,effect"]
    for name in names:
        slopes = rng.integers(1, 9, 4)
        effects = np.concatenate([[0], np.cumsum(slopes * 10)])
        points += [f"{name},QALY,{10 * k},{e}" for k, e in enumerate(effects)]
    pools = ["NHS", "NHS", "Council", "Council"]
    lines = [f"{n},s,{p},10" for n, p in zip(names, pools, strict=True)]
    return round_of(
        "\n".join(["programme,sector,pool,baseline", *lines]),
        budgets=f"pool,amount\nNHS,{rng.integers(20, 60)}\nCouncil,{rng.integers(15, 60)}",
        responses="\n".join(["programme,outcome,shape", *(f"{n},QALY,points" for n in names)]),
        response_points="\n".join(points),
        resources="resource,unit\nNurses,hours",
        capacity=f"resource,amount\nNurses,{rng.integers(50, 90)}",
        use="programme,resource,per_unit\nA,Nurses,1\nC,Nurses,2",
        transfers="from_pool,to_pool,max\nNHS,Council,3",
        limits=f"programme,basis,min,max\nA,activity,{rng.integers(2, 6)},\n"
        f"D,activity,,{rng.integers(8, 20)}",
    )


AT_A_KINK = round_of(
    "programme,sector,pool,baseline,held\na,s,NHS,60,no\nb,s,NHS,60,no",
    budgets="pool,amount\nNHS,60",
    responses="programme,outcome,per_unit\na,QALY,2\nb,QALY,1",
    limits="programme,basis,max\na,activity,60\nb,activity,60",
)
"""All money goes to a: more would go to b and buy half of what less costs."""


def test_prices_told_apart_say_so() -> None:
    plan = solved(AT_A_KINK)
    assert priced(plan.budgets)[::2] == pytest.approx([1.0, 2.0])
    assert plan.budgets["price_sides"].tolist() == ["told apart"]
    assert plan.price_sides == plan.to_dict()["price_sides"] == "told apart"
    said = joined(printed(print_reports, ["prices"], plan, AT_A_KINK))
    assert "£1 more buys" in said
    assert "not told apart" not in said


def test_one_price_for_both_sides_says_so_wherever_it_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(planning_priced, "WORK", 0.0)  # nothing may be solved again
    plan = allocator.solve(AT_A_KINK)
    price, reach, less, less_reach = priced(plan.budgets)
    assert 1.0 <= price == less <= 2.0
    assert np.isnan([reach, less_reach]).all()
    assert plan.budgets["price_sides"].tolist() == ["not told apart"]
    assert plan.to_dict()["price_sides"] == "not told apart"
    allocator.write(plan, tmp_path / "plan")
    assert "not told apart" in (tmp_path / "plan" / "budgets.csv").read_text(encoding="utf-8")
    shown = joined(printed(print_reports, ["prices"], plan, AT_A_KINK))
    summary = joined(printed(print_summary, plan, AT_A_KINK))
    for said in (shown, summary):
        assert (
            "One price, both sides not told apart: more buys at most that, less costs at least "
            "that." in said
        )
    assert "£1, more or less" in shown
    assert "more buys " not in shown.split("One price")[0]
    assert all("would buy at most" in sentence for sentence in binding(AT_A_KINK, plan))
