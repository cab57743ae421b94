"""Which contracts a linear programme can hold, and what all of them pay, against brute force.

One year, a hospital under one contract and a community service. For every level of the
hospital's activity the payment is written down once more here, in plain Python, and the best
plan is found by trying levels: once with the payment as agreed, once with any payment at
least as high, which is all a linear programme can ask for. Yes-or-no decisions are needed
exactly where the two may differ, and with them the plan is the best as agreed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import round_of

import allocator
from allocator.data.pieces import pieces
from allocator.evaluate import check_bridge, evaluate
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.report.files.folder import read_plan, write_plan

LOW, HIGH = 60.0, 140.0
LEVELS = np.linspace(LOW, HIGH, 1601)
STEP = LEVELS[1] - LEVELS[0]
BIG = 1e9


@dataclass(frozen=True)
class Case:
    """A contract on a hospital of 100 at cost 1, and what surrounds it.

    Attributes
    ----------
    terms : dict
        Columns of the contracts table.
    tariff, worth : float
        Of a unit of hospital activity: price, and outcome; the community's is 1.
    staff, money : float
        What both may use together, and what the pool has.
    deficit, lead_deficit : float or None
        Most the hospital and the lead may lose; None for no limit.
    lead_cost : float
        What it costs to be the lead.
    rule : tuple or None
        Measure, sense and value of a rule on the hospital.
    """

    terms: dict[str, Any]
    tariff: float = 1.0
    worth: float = 0.0
    staff: float = 160.0
    money: float = 150.0
    deficit: float | None = None
    lead_deficit: float | None = None
    lead_cost: float = 0.0
    rule: tuple[str, str, float] | None = None

    def term(self, name: str, default: float = np.nan) -> float:
        return float(self.terms.get(name, default))

    def payment(self, a: float) -> float:
        """Payment at a level of activity, as the agreement reads."""
        value, cost, baseline = self.tariff * a, a, self.tariff * 100.0
        fixed = self.term("fixed", baseline)
        above = value - self.term("threshold", BIG)
        over_volume = value - self.term("volume", fixed)
        budget = self.term("per_head", 0.0) * 100.0
        less, more = max(0.0, budget - cost), max(0.0, cost - budget)
        rate_up = self.term("up_rate", 1.0)
        paid = {
            "cost": cost,
            "block": fixed,
            "activity": value - (1 - self.term("marginal_rate", 1.0)) * max(0.0, above),
            "cost_and_volume": fixed + rate_up * max(0.0, over_volume),
            "aligned": fixed
            + rate_up * max(0.0, value - baseline)
            - self.term("down_rate", 1.0) * max(0.0, baseline - value),
            "capitated": budget
            - min(self.term("gain_cap", BIG), self.term("gain_share", 0.0) * less)
            + min(self.term("loss_cap", BIG), self.term("loss_share", 0.0) * more),
            "outcome": fixed + self.term("bonus", 0.0) * self.worth * a,
        }[self.terms["type"]]
        return min(max(paid, self.term("min_income", -BIG)), self.term("max_income", BIG))

    @property
    def overhead(self) -> float:
        return self.term("overhead", 0.0)

    def limits(self, a: float) -> tuple[float, float]:
        """Least and most payment that limits and rules allow at a level of activity."""
        least, most = -BIG, BIG
        if self.deficit is not None:
            least = max(least, a - self.deficit)
        if self.lead_deficit is not None:
            least = max(least, (self.lead_cost - self.lead_deficit) / self.overhead)
        if self.rule is not None:
            measure, sense, value = self.rule
            asked = value + a if measure == "position" else value / (1.0 + self.overhead)
            least = max(least, asked) if sense in ("min", "equal") else least
            most = min(most, asked) if sense in ("max", "equal") else most
        return least, most

    def best(self, agreed: bool) -> float:
        """Best outcome over all levels, with the payment as agreed or anything above it."""
        best = -np.inf
        for a in LEVELS[self.staff + 1e-9 >= LEVELS]:
            payment, (least, most) = self.payment(a), self.limits(a)
            paid = payment if agreed else max(payment, least)
            room = min(self.money - paid * (1.0 + self.overhead), self.staff - a)
            if least - 1e-9 <= paid <= most + 1e-9 and room >= -1e-9:
                best = max(best, self.worth * a + max(room, 0.0))
        return best

    def instance(self) -> Instance:
        terms = {"lead": "Lead", **self.terms} if self.overhead else self.terms
        limits = [("Trust", self.deficit, 0.0), ("Lead", self.lead_deficit, self.lead_cost)]
        limits = limits if self.overhead else limits[:1]
        tables = {
            "budgets": f"pool,amount\nNHS,{self.money!r}",
            "contracts": f"contract,{','.join(terms)}\nK,{','.join(map(str, terms.values()))}",
            "providers": "provider,deficit_max,other_cost\n"
            + "\n".join(f"{p},{'' if d is None else d},{cost}" for p, d, cost in limits),
            "limits": f"programme,basis,min,max\nA,activity,{LOW},{HIGH}\nB,activity,0,1000",
            "resources": "resource\nstaff",
            "capacity": f"resource,amount\nstaff,{self.staff!r}",
            "use": "programme,resource,per_unit\nA,staff,1\nB,staff,1",
            "responses": f"programme,outcome,per_unit\nA,QALY,{self.worth!r}\nB,QALY,1",
            "places": "place,heads\nHere,100",
            "selections": "selection,contract\nK,K",
        }
        if self.rule is not None:
            measure, sense, value = self.rule
            tables["rules"] = f"rule,measure,selection,sense,value\nR,{measure},K,{sense},{value!r}"
        programmes = f"""
            programme,sector,pool,provider,contract,baseline,tariff,held
            A,acute,NHS,Trust,K,100,{self.tariff!r},no
            B,community,NHS,,,20,,no"""
        return round_of(programmes, **tables)

    def kinks(self) -> tuple[bool, bool]:
        """Whether the payment bends upward and downward, by second differences."""
        levels = LEVELS[self.staff + 1e-9 >= LEVELS]
        paid = np.array([self.payment(a) for a in levels])
        bend = np.diff(paid, 2)
        return bool((bend > 1e-7).any()), bool((bend < -1e-7).any())

    @property
    def wanted_high(self) -> bool:
        """Whether a higher payment would help to keep something."""
        by_rule = self.rule is not None and self.rule[1] in ("min", "equal")
        return by_rule or self.deficit is not None or self.lead_deficit is not None


def planned(case: Case) -> Plan:
    """The plan, solved to the end and checked: it pays what is agreed."""
    plan = allocator.solve(case.instance(), gap=0.0)
    if plan.status == "infeasible":
        return plan
    assert plan.status == "optimal"
    assert plan.verified, plan.max_violation
    line = plan.contracts.iloc[0]
    level = float(plan.allocation["activity"].iloc[0])
    assert line["payment"] == pytest.approx(case.payment(level), abs=1e-6)
    return plan


def value(plan: Plan) -> float:
    """What the plan is worth; nothing is worse than no plan."""
    return plan.certificate.true_objective or 0.0 if plan.found else -np.inf


def judged(case: Case) -> Plan:
    """The plan and how many decisions it took, held against brute force."""
    plan = planned(case)
    upward, downward = case.kinks()
    needed = downward or (upward and case.wanted_high)
    assert (plan.model["integers"] > 0) == needed, (case, plan.model, upward, downward)
    agreed, found = case.best(agreed=True), value(plan)
    if agreed > -np.inf:
        # No level tried is better, and the plan is better by no more than half a step may be.
        assert found >= agreed - 1e-6 * abs(agreed), case
        assert found <= agreed + STEP * (case.worth + 3.0), case
    assert needed or not upward or case.best(agreed=False) == pytest.approx(agreed)
    return plan


TERMS: list[dict[str, Any]] = [
    {"type": "cost", "overhead": 0.1},
    {"type": "cost", "min_income": 90},
    {"type": "cost", "max_income": 110},
    {"type": "block"},
    {"type": "block", "fixed": 80},
    {"type": "block", "min_income": 120},
    {"type": "activity"},
    {"type": "activity", "threshold": 110, "marginal_rate": 0.5},
    {"type": "activity", "threshold": 110, "marginal_rate": 1.5},
    {"type": "activity", "threshold": 190, "marginal_rate": 0.5},
    {"type": "activity", "min_income": 95},
    {"type": "activity", "max_income": 105},
    {"type": "activity", "min_income": 20, "max_income": 500},
    {"type": "cost_and_volume", "up_rate": 0.7},
    {"type": "cost_and_volume", "volume": 30, "up_rate": 0.7},
    {"type": "cost_and_volume", "volume": 300},
    {"type": "cost_and_volume", "max_income": 110},
    {"type": "aligned", "up_rate": 1, "down_rate": 0.5},
    {"type": "aligned", "up_rate": 0.5, "down_rate": 0.5},
    {"type": "aligned", "up_rate": 0.5, "down_rate": 1},
    {"type": "aligned", "up_rate": 1, "down_rate": 0.5, "min_income": 90},
    {"type": "aligned", "up_rate": 1, "down_rate": 0.5, "max_income": 120},
    {"type": "capitated", "per_head": 1},
    {"type": "capitated", "per_head": 1, "gain_share": 0.5, "loss_share": 0.5},
    {"type": "capitated", "per_head": 1, "gain_share": 0.2, "loss_share": 0.8},
    {"type": "capitated", "per_head": 1, "gain_share": 0.8, "loss_share": 0.2},
    {"type": "capitated", "per_head": 1, "gain_share": 0.5, "gain_cap": 10},
    {"type": "capitated", "per_head": 1, "gain_share": 0.5, "gain_cap": 30},
    {"type": "capitated", "per_head": 1, "gain_share": 0.5, "loss_share": 0.5, "gain_cap": 10},
    {"type": "capitated", "per_head": 1, "loss_share": 0.5, "loss_cap": 10},
    {"type": "capitated", "per_head": 1, "loss_share": 0.5, "loss_cap": 30},
    {"type": "outcome", "fixed": 70, "bonus": 0.5, "bonus_outcome": "QALY"},
    {"type": "outcome", "fixed": 70, "bonus": 0.5, "bonus_outcome": "QALY", "min_income": 95},
    {"type": "outcome", "fixed": 70, "bonus": 0.5, "bonus_outcome": "QALY", "max_income": 95},
]
SURROUNDINGS: list[dict[str, Any]] = [
    {},
    {"worth": 2.0},
    {"deficit": 5.0},
    {"deficit": 200.0, "worth": 0.5},
    {"rule": ("payment", "max", 104.0)},
    {"rule": ("payment", "min", 104.0)},
    {"rule": ("payment", "equal", 100.0), "worth": 0.5},
    {"rule": ("position", "min", -3.0)},
    {"rule": ("position", "max", 3.0), "worth": 2.0},
]


# Every contract alone, and a third of its surroundings: each of these is met by many contracts.
PAIRS = [
    (terms, around)
    for terms in range(len(TERMS))
    for around in range(len(SURROUNDINGS))
    if around == 0 or (terms + around) % 3 == 0
]


@pytest.mark.parametrize(("terms", "around"), PAIRS)
def test_the_decision_is_that_of_brute_force(terms: int, around: int) -> None:
    worth = {"worth": 1.5} if TERMS[terms]["type"] == "outcome" else {}
    judged(Case(TERMS[terms], **(worth | SURROUNDINGS[around])))


@pytest.mark.parametrize(
    "case",
    [
        # A floor on payment or a limit on loss that a payment above the agreed one would keep.
        Case(
            {"type": "aligned", "fixed": 90, "up_rate": 0.5, "down_rate": 0.25},
            deficit=2.0,
            worth=3.0,
        ),
        Case({"type": "cost_and_volume", "up_rate": 0.5}, rule=("payment", "min", 110.0)),
        Case({"type": "capitated", "per_head": 1, "loss_share": 0.5}, deficit=4.0, worth=3.0),
        Case({"type": "activity", "min_income": 95}, rule=("position", "min", 10.0), worth=3.0),
        Case({"type": "cost", "min_income": 90}, rule=("payment", "equal", 98.0)),
        Case(
            {"type": "aligned", "up_rate": 1, "down_rate": 0.5, "overhead": 0.5},
            lead_deficit=0.0,
            lead_cost=60.0,
        ),
    ],
)
def test_decisions_keep_a_payment_from_being_overstated(case: Case) -> None:
    case = replace(case, money=250.0)
    plan = judged(case)
    assert plan.model["integers"] > 0
    assert case.best(agreed=False) > max(case.best(agreed=True), value(plan)) + 0.1


def reasons(plan: Plan) -> list[tuple[str, str, int, str]]:
    table = plan.decisions
    columns = (table[c].tolist() for c in ("kind", "name", "count", "why"))
    return list(zip(*columns, strict=True))


def test_the_plan_names_contract_and_reason() -> None:
    concave = Case({"type": "activity", "threshold": 110, "marginal_rate": 0.5})
    assert reasons(planned(concave)) == [
        ("payments", "K", 1, "it rises more slowly above a kink"),
    ]
    terms = {"type": "aligned", "up_rate": 1, "down_rate": 0.5}
    kinked = Case(terms, deficit=5.0)
    assert reasons(planned(kinked)) == [
        ("payments", "K", 1, "the deficit limit of 'Trust' wants it high"),
    ]
    ruled = Case(terms, rule=("payment", "min", 1.0))
    assert reasons(planned(ruled)) == [("payments", "K", 1, "rule 'R' wants it high")]
    assert reasons(planned(Case(terms))) == []


def test_a_kink_beyond_reach_is_none() -> None:
    terms = {"type": "activity", "threshold": 110, "marginal_rate": 0.5}
    assert judged(Case(terms)).model["integers"] == 1
    # Staff for 105 at most, or a tariff so low that the threshold is never met.
    assert judged(Case(terms, staff=105.0)).model["integers"] == 0
    assert judged(Case(terms, tariff=0.75)).model["integers"] == 0
    assert judged(Case(terms, tariff=0.9)).model["integers"] == 1


def test_reach_is_not_cut_by_money_that_does_not_pay_for_it() -> None:
    # The pool pays 50 for a hospital that costs 60 and more: its activity is not limited to 55.
    case = Case({"type": "block", "fixed": 50}, money=55.0, worth=1.0, staff=200.0)
    assert value(judged(case)) == pytest.approx(HIGH + 5.0)


STRANDED = """
    programme,sector,pool,provider,contract,baseline,fixed_share,release_years,held
    A,acute,NHS,Trust,K,100,0.9,1,no
    B,community,NHS,,,10,0,0,no"""


def stranding(contracts: str, rules: str = "", providers: str = "provider\nLead") -> Instance:
    more = {"rules": f"rule,measure,selection,sense,value\n{rules}"} if rules else {}
    return round_of(
        STRANDED,
        budgets="pool,amount\nNHS,120",
        contracts=contracts,
        providers=providers,
        limits="programme,basis,min,max\nA,baseline,0.1,1.5\nB,activity,,1000",
        resources="resource\nstaff",
        capacity="resource,amount\nstaff,30",
        use="programme,resource,per_unit\nA,staff,1\nB,staff,1",
        responses="programme,outcome,per_unit\nA,QALY,1\nB,QALY,10",
        selections="selection,contract\nK,K",
        **more,
    )


AT_COST = "contract,type,lead,overhead\nK,cost,Lead,0.1"


def test_stranded_cost_is_not_overstated_to_keep_a_payment_high() -> None:
    # At most 30 are done, so 63 to 81 of cost are stranded: cost is 90 and a tenth of activity,
    # and a payment of 1.1 times that never reaches 110.
    beyond = allocator.solve(stranding(AT_COST, "R,payment,K,min,110"))
    assert beyond.status == "infeasible"
    # 102 take 27.27 units, which leave staff for 2.73 of the other: 27.27 + 27.27.
    within = allocator.solve(stranding(AT_COST, "R,payment,K,min,102"), gap=0.0)
    assert within.verified
    assert within.objective == pytest.approx(300 / 11 + 10 * (30 - 300 / 11))
    assert reasons(within) == [
        ("stranded costs", "A", 1, "something gains from a higher stranded cost"),
    ]


def test_a_lead_does_not_live_on_stranded_cost_that_is_not_there() -> None:
    limited = "provider,other_cost,deficit_max\nLead,{},0"
    # A tenth of 93 at most is no 10; 9.2 take a cost of 92, which 20 units make.
    assert allocator.solve(stranding(AT_COST, providers=limited.format(10))).status == "infeasible"
    plan = allocator.solve(stranding(AT_COST, providers=limited.format(9.2)), gap=0.0)
    assert plan.verified
    assert plan.objective == pytest.approx(20 + 10 * 10)
    assert plan.model["integers"] == 1


def test_stranded_cost_needs_no_decision_where_nothing_gains_from_it() -> None:
    capped = allocator.solve(stranding(AT_COST, "R,payment,K,max,105"))
    assert capped.verified
    assert capped.model["integers"] == 0
    # Where it is paid in full, stranded cost weighs in the position as much as in the payment.
    whole = allocator.solve(stranding(AT_COST, "R,position,K,min,0"))
    assert whole.verified
    assert whole.model["integers"] == 0


def test_rounding_is_no_slope() -> None:
    cut = pieces(lambda x: np.where(x < 50.0, 300.0, 300.0 + 6e-14), [50.0], (0.0, 100.0))
    assert cut.slope.tolist() == [0.0]
    assert cut.straight


def test_a_plan_hands_over_its_accounts_and_what_a_limit_on_loss_is_worth() -> None:
    # Each unit of the hospital loses 0.1: a pound more of loss lets ten more replace ten others.
    case = Case({"type": "activity"}, tariff=0.9, worth=2.0, staff=150.0, deficit=10.0)
    plan = allocator.solve(case.instance())
    assert plan.verified
    trust = plan.providers.set_index("provider").loc["Trust"]
    assert trust["position"] == pytest.approx(-10)
    assert trust["slack"] == pytest.approx(0, abs=1e-9)
    assert trust["price"] == pytest.approx(10)
    assert plan.contracts["payment"].tolist() == pytest.approx([90])
    assert plan.budgets["contract_payments"].tolist() == pytest.approx([90])
    assert {"outturn", "contracts", "plan"} <= set(plan.bridge["step"])
    again = evaluate(case.instance(), plan.tables)
    assert check_bridge(plan.bridge, again.budgets) == []


def test_shared_funding_is_handed_over_and_written_and_read_back(tmp_path: Path) -> None:
    instance = round_of(
        "programme,sector,pool,baseline\nHome care,social care,Council,100",
        budgets="pool,amount\nNHS,70\nCouncil,50",
        funding="programme,pool,share_min\nHome care,NHS,0.2\nHome care,Council,0.4",
        responses="programme,outcome,per_unit\nHome care,QALY,1",
        limits="programme,max\nHome care,2",
    )
    plan = allocator.solve(instance)
    assert plan.verified
    assert plan.allocation["spend"].tolist() == pytest.approx([120])
    assert plan.funding["paid"].tolist() == pytest.approx([50, 70])
    write_plan(plan, instance, tmp_path / "plan")
    back = read_plan(tmp_path / "plan")
    checked = evaluate(instance, back)
    assert checked.allowed
    assert checked.funding["paid"].tolist() == plan.funding["paid"].tolist()
