"""How much is missing in a round without a plan: enough with it, not enough with less."""

from __future__ import annotations

import json
import pickle
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from examples import avonside
from rich.console import Console
from small import round_of, table_of

import allocator
from allocator.cli import main
from allocator.errors import InstanceError, UsageError
from allocator.instance.instance import Instance, read
from allocator.plan import Missing, Plan, Shortfall
from allocator.planning.conflicts.eased import eased
from allocator.planning.conflicts.phrases import in_words
from allocator.planning.conflicts.shortfall import Shortfalls
from allocator.planning.request import Request
from allocator.report.text.infeasible import no_plan
from allocator.solver.highs.door import Solver

CASES = Path(__file__).parent / "cases"

SHARE = 1e-5
"""Share of what is missing by which more of it is enough and less is not."""


def way(plan: Plan, name: str) -> Shortfall:
    assert plan.status == "infeasible"
    assert not plan.found
    (found,) = [shortfall for shortfall in plan.shortfall if shortfall.way == name]
    return found


def amounts(plan: Plan, name: str) -> dict[tuple[str, int | None], float]:
    return {(m.name, m.year): m.amount for m in way(plan, name).missing}


def with_money(instance: Instance, missing: tuple[Missing, ...], by: float) -> Instance:
    """The round with so many times what is missing, as money that is not held back from."""
    added = [
        {
            "pool": m.name,
            "kind": "efficiency",
            "item": f"added {m.name} {m.year}",
            "year": m.year,
            "amount": m.amount * by,
            "recurrent": True,
        }
        for m in missing
    ]
    frame = pd.concat([instance.adjustments, pd.DataFrame(added)], ignore_index=True)
    return instance.replace(adjustments=frame.astype(object).where(frame.notna(), None))


def test_a_budget_that_is_too_small_says_how_much_is_missing() -> None:
    plan = allocator.solve(read(CASES / "budget-too-small"))
    money = way(plan, "money")
    assert [(m.kind, m.name, m.year, m.unit) for m in money.missing] == [
        ("pool", "NHS", 2026, "money")
    ]
    assert money.exact
    assert plan.conflict[:2] == ("the money in NHS in 2026/27", "rule 'Acute ceiling' in 2026/27")
    assert "how far Hip and knee may fall in 2026/27" in plan.conflict
    assert not any("must grow" in entry for entry in plan.conflict)


@pytest.mark.parametrize(("more", "status"), [(1 + SHARE, "optimal"), (1 - SHARE, "infeasible")])
def test_what_is_missing_is_enough_and_less_is_not(more: float, status: str) -> None:
    instance = read(CASES / "budget-too-small")
    (missing,) = way(allocator.solve(instance), "money").missing
    assert allocator.solve(with_money(instance, (missing,), more)).status == status


def two_floors(**tables: str) -> Instance:
    """Two services that rules keep at 120 and 110, with money for 200."""
    usual = {
        "budgets": "pool,amount\nNHS,200",
        "responses": "programme,outcome,per_unit\ngp,QALY,1\nbed,QALY,1",
        "selections": "selection,sector\nprimary,primary\nacute,acute",
        "rules": """rule,measure,selection,sense,value
            primary floor,spend,primary,min,120
            acute floor,spend,acute,min,110""",
    }
    programmes = (
        "programme,sector,pool,unit_cost,baseline\ngp,primary,NHS,1,100\nbed,acute,NHS,1,100"
    )
    return round_of(programmes, **(usual | tables))


def test_money_and_rules_are_two_ways_out_by_hand() -> None:
    plan = allocator.solve(two_floors())
    assert amounts(plan, "money") == {("NHS", 2025): pytest.approx(30)}
    assert sum(amounts(plan, "rule").values()) == pytest.approx(30)
    assert [s.way for s in plan.shortfall] == ["money", "rule"]


def test_more_money_may_lift_activity_far_beyond_what_today_s_allows() -> None:
    # The floor asks for five times all the money there is: no range of today reaches it.
    rules = "rule,measure,selection,sense,value\nprimary floor,spend,primary,min,1000"
    assert amounts(allocator.solve(two_floors(rules=rules)), "money") == {
        ("NHS", 2025): pytest.approx(800)
    }


def test_beds_that_are_missing_are_counted_in_beds() -> None:
    plan = allocator.solve(
        two_floors(
            budgets="pool,amount\nNHS,1000",
            resources="resource,unit\nbeds,occupied bed",
            capacity="resource,amount\nbeds,90",
            use="programme,resource,per_unit\ngp,beds,0.5\nbed,beds,1",
        )
    )
    (missing,) = way(plan, "capacity").missing
    assert (missing.name, missing.unit) == ("beds", "occupied bed")
    assert missing.amount == pytest.approx(80)
    assert "money" not in [s.way for s in plan.shortfall]


def a_block_that_does_not_pay(deficit_max: float) -> Instance:
    """A provider that is paid 100 for activity that costs at least 150, whatever pools have."""
    return round_of(
        "programme,sector,pool,provider,contract,unit_cost,baseline\nbed,acute,NHS,Trust,Block,1,150",
        budgets="pool,amount\nNHS,1000",
        responses="programme,outcome,per_unit\nbed,QALY,1",
        limits="programme,basis,min,max\nbed,activity,150,200",
        contracts="contract,type,fixed\nBlock,block,100",
        providers=f"provider,other_income,other_cost,deficit_max\nTrust,0,0,{deficit_max}",
    )


def test_where_nothing_does_alone_the_least_mix_is_told() -> None:
    plan = allocator.solve(a_block_that_does_not_pay(20))
    assert [s.way for s in plan.shortfall] == ["mix"]
    assert way(plan, "mix").total == pytest.approx(30)
    assert sum(amounts(plan, "mix").values()) == pytest.approx(30)
    assert allocator.solve(a_block_that_does_not_pay(50)).status == "optimal"


def test_whole_decisions_need_more_than_parts_of_them() -> None:
    # A third of the option would do; it is taken whole or not: 40 is its cost, 25 are there.
    plan = allocator.solve(
        round_of(
            "programme,sector,pool,unit_cost,baseline,held\nA,community,NHS,1,10,no",
            budgets="pool,amount\nNHS,25",
            outcomes="outcome,weight\nQALY,1\nk,0",
            responses="programme,outcome,per_unit\nA,QALY,1",
            options="option,pool,review_years,cost_once\nsite,NHS,none,40",
            option_effects="option,measure,target,outcome,value\nsite,outcome,A,k,12",
            rules="rule,measure,outcome,sense,value\nR,outcome,k,min,4",
        )
    )
    assert "no combination of the yes-or-no decisions" in plan.conflict[0]
    assert amounts(plan, "money") == {("NHS", 2025): pytest.approx(15)}
    assert way(plan, "money").exact


def drawn(seed: int) -> Instance:
    """A round whose rules, shares and decisions may ask for more than there is.

    No range shows it: what programmes must do alone is little.
    """
    draw = np.random.default_rng(seed)
    pools = {"a": "NHS", "b": "NHS", "c": "NHS", "d": "Council"}
    cost = {name: int(draw.integers(1, 5)) for name in pools}
    acute, primary = 100 * (cost["a"] + cost["b"]), 100 * (cost["c"] + cost["d"])
    programmes = table_of(
        *(
            {
                "programme": name,
                "sector": "acute" if name in "ab" else "primary",
                "pool": pool,
                "unit_cost": cost[name],
                "baseline": 100,
            }
            for name, pool in pools.items()
        )
    )
    nhs, council = acute + 100 * cost["c"], 100 * cost["d"]
    budgets = ["pool,year,amount,carry_max"]
    for year in (2025, 2026):
        budgets.append(f"NHS,{year},{nhs * draw.uniform(0.8, 1.0):.2f},10")
        budgets.append(f"Council,{year},{council * draw.uniform(0.8, 1.0):.2f},0")
    limits = ["programme,basis,min,max"]
    limits += [f"{name},growth,{draw.uniform(-0.5, -0.3):.3f},0.4" for name in pools]
    rules = [
        "rule,measure,selection,sense,value,basis,relative_to",
        f"acute floor,spend,acute,min,{acute * draw.uniform(0.85, 1.1):.2f},amount,",
        f"primary floor,spend,primary,min,{primary * draw.uniform(0.85, 1.1):.2f},amount,",
        f"ceiling,spend,acute,max,{acute / (acute + primary) + 0.05:.3f},share,all",
    ]
    tables = {
        "budgets": "\n".join(budgets),
        "limits": "\n".join(limits),
        "rules": "\n".join(rules),
        "transfers": "from_pool,to_pool,max\nNHS,Council,15",
        "responses": "programme,outcome,per_unit\na,QALY,1\nb,QALY,2\nc,QALY,1\nd,QALY,3",
        "selections": "selection,sector\nacute,acute\nprimary,primary",
    }
    if seed % 2:
        costs = draw.integers(5, 60, 2)
        tables["options"] = (
            "option,group,choose,pool,review_years,cost_once\n"
            f"x,one,exactly_one,NHS,none,{costs[0]}\ny,one,exactly_one,NHS,none,{costs[1]}"
        )
        tables["option_effects"] = (
            "option,measure,target,outcome,operation,value\n"
            "x,outcome,a,QALY,add,5\ny,unit_cost,b,,multiply,0.9"
        )
    return round_of(programmes, years=(2025, 2026), **tables)


@pytest.mark.parametrize("seed", range(20))
def test_random_rounds_have_a_plan_with_what_is_missing_and_none_with_less(seed: int) -> None:
    instance = drawn(seed)
    plan = allocator.solve(instance)
    assert bool(plan.shortfall) is bool(plan.conflict) is (plan.status == "infeasible")
    for found in plan.shortfall:
        if found.way == "money":
            assert found.exact
            for more, status in ((1 + SHARE, "optimal"), (1 - SHARE, "infeasible")):
                changed = with_money(instance, found.missing, more)
                assert allocator.solve(changed).status == status


def test_the_draws_are_of_every_kind() -> None:
    drew = set()
    for seed in range(20):
        plan = allocator.solve(drawn(seed))
        ways = tuple(s.way for s in plan.shortfall)
        drew.add((bool(plan.model["integers"]), plan.status, ways[:1]))
    assert {(whole, "infeasible", ("money",)) for whole in (True, False)} < drew


def test_with_no_time_amounts_come_all_the_same() -> None:
    plan = allocator.solve(two_floors(), time_limit=0.05)
    if plan.status == "infeasible":
        assert amounts(plan, "money") == {("NHS", 2025): pytest.approx(30)}


def test_the_record_has_every_amount() -> None:
    record = allocator.solve(two_floors()).to_dict()["shortfall"]
    assert record[0] == {
        "kind": "pool",
        "name": "NHS",
        "year": 2025,
        "amount": pytest.approx(30),
        "unit": "money",
        "what": "the money in NHS in 2025/26",
        "value": None,
        "basis": "",
        "way": "money",
        "at_least": False,
        "least_total": pytest.approx(30),
    }


def short_of_lasting_money() -> Instance:
    """What comes every year is 80, a twentieth of it held back; 100 must be spent every year."""
    return round_of(
        "programme,sector,pool,unit_cost,baseline,held\ngp,primary,NHS,1,100,no",
        years=(2025, 2026),
        settings={"recurrent_balance": True},
        budgets="pool,kind,amount\nNHS,recurrent,80\nNHS,non_recurrent,100",
        responses="programme,outcome,per_unit\ngp,QALY,1",
        rules="rule,measure,selection,sense,value\nfloor,spend,,min,100",
        incomes="income,pool,measure,sense,threshold,full,basis,amount\n"
        "kept,NHS,activity,min,70,100,held_back,0.05",
    )


@pytest.mark.parametrize(("more", "status"), [(1 + SHARE, "optimal"), (1 - SHARE, "infeasible")])
def test_money_that_must_come_every_year_is_counted_so(more: float, status: str) -> None:
    plan = allocator.solve(short_of_lasting_money())
    found = way(plan, "money")
    assert {(m.name, m.year): m.amount for m in found.missing} == {
        ("NHS", 2025): pytest.approx(20),
        ("NHS", 2026): pytest.approx(20),
    }
    changed = with_money(short_of_lasting_money(), found.missing, more)
    assert allocator.solve(changed).status == status


@pytest.mark.parametrize(("beds", "status"), [(169.999, "infeasible"), (170.001, "optimal")])
def test_beds_that_are_missing_are_enough_and_fewer_are_not(beds: float, status: str) -> None:
    tables = {
        "budgets": "pool,amount\nNHS,1000",
        "resources": "resource,unit\nbeds,occupied bed",
        "capacity": f"resource,amount\nbeds,{beds}",
        "use": "programme,resource,per_unit\ngp,beds,0.5\nbed,beds,1",
    }
    assert allocator.solve(two_floors(**tables)).status == status


# ---- rounds that checks refuse for what is missing


OCCUPIED = {
    "budgets": "pool,amount\nNHS,1000000000",
    "demand": "programme,demand\nEmergency admissions,84300",
    "resources": "resource,unit\nBeds at 92%,bed",
    "use": "programme,resource,per_unit\nEmergency admissions,Beds at 92%,0.02",
}
"""1,686 beds are occupied by emergencies; 92% of 1,780 holds 1,638."""


def occupied(beds: float, **tables: str) -> Instance:
    return round_of(
        """programme,class,sector,pool,unit,unit_cost,baseline
           Emergency admissions,emergency,s,NHS,admissions,3000,84300""",
        capacity=f"resource,amount\nBeds at 92%,{beds}",
        **(OCCUPIED | tables),
    )


def refused(beds: float, **tables: str) -> InstanceError:
    with pytest.raises(InstanceError) as raised:
        occupied(beds, **tables)
    return raised.value


def test_a_round_that_checks_refuse_is_told_what_it_is_short_of() -> None:
    ((missing,),) = [way.missing for way in allocator.shortfall(refused(1638))]
    assert (missing.kind, missing.name, missing.unit) == ("capacity", "Beds at 92%", "bed")
    assert missing.amount == pytest.approx(48)
    assert allocator.solve(occupied(1638 + missing.amount * (1 + SHARE))).found
    refused(1638 + missing.amount * (1 - SHARE))


def test_checks_count_each_at_its_least_and_the_amounts_all_that_must_hold() -> None:
    """Teams could avoid 1,000 admissions, 20 beds, of which a rule leaves 100."""
    tables = {
        "effects": "source,target,per_unit\nTeams,Emergency admissions,1",
        "limits": "programme,basis,max\nTeams,activity,1000",
        "rules": "rule,measure,selection,sense,value\nAs now,activity,teams,max,100",
        "selections": "selection,programme\nteams,Teams",
    }
    with pytest.raises(InstanceError) as raised:
        round_of(
            """programme,class,sector,pool,unit,unit_cost,baseline,held
               Emergency admissions,emergency,s,NHS,admissions,3000,84300,
               Teams,discretionary,s,NHS,visits,4000,0,no""",
            capacity="resource,amount\nBeds at 92%,1638",
            **(OCCUPIED | tables),
        )
    assert "at least 28 beds are missing" in str(raised.value)
    ways = {way.way: way for way in allocator.shortfall(raised.value)}
    (missing,) = ways["capacity"].missing
    assert missing.amount == pytest.approx(46)


def test_what_else_is_wrong_is_mended_first() -> None:
    error = refused(1638, outcomes="outcome,weight\nQALY,many")
    assert error.short is None
    with pytest.raises(InstanceError):
        allocator.shortfall(error)
    with pytest.raises(UsageError, match="takes an instance"):
        allocator.shortfall(3)  # type: ignore[arg-type]
    assert allocator.shortfall(occupied(1700)) == ()


def test_what_refused_a_round_travels_with_it() -> None:
    again = pickle.loads(pickle.dumps(refused(1638)))
    assert [way.way for way in allocator.shortfall(again)] == ["capacity"]


def test_the_command_line_says_what_is_missing(tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "round"
    allocator.write(occupied(1700), folder)
    capacity = folder / "capacity.csv"
    capacity.write_text(capacity.read_text(encoding="utf-8").replace("1700", "1638"), "utf-8")
    said = "Beds at 92% is 48 beds short in 2025/26."
    assert main(["check", str(folder)]) == 2
    assert said in capsys.readouterr().out
    assert main(["solve", str(folder)]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.err.splitlines()[-1] == "Refused: 1 error in 1 table. Nothing was solved."
    assert main(["check", str(folder), "--json"]) == 2
    record = json.loads(capsys.readouterr().out)
    assert [(m["name"], round(m["amount"])) for m in record["shortfall"]] == [("Beds at 92%", 48)]


@pytest.mark.long
def test_a_whole_system_at_92_percent_is_told_its_beds() -> None:
    frame = avonside().capacity
    mine = (frame["resource"] == "General and acute beds") & (frame["year"] == 2025)
    frame.loc[mine, ["amount", "extra_max"]] = 1638.5, 0.0
    with pytest.raises(InstanceError, match="beds are missing") as raised:
        avonside().replace(capacity=frame)
    (way,) = allocator.shortfall(raised.value)
    ((name, year, beds),) = [(m.name, m.year, m.amount) for m in way.missing]
    assert (name, year) == ("General and acute beds", 2025)
    frame.loc[mine, "amount"] = 1638.5 + beds * (1 + 1e-3)
    assert allocator.solve(avonside().replace(capacity=frame), gap=0.5, nodes=1).found
    frame.loc[mine, "amount"] = 1638.5 + beds * (1 - 1e-3)
    assert (
        allocator.solve(avonside().replace(capacity=frame), gap=0.5, nodes=1).status == "infeasible"
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("table", "change", "pool_year"),
    [
        ("adjustments", "efficiency", ("NHS", 2025)),
        ("rules", "ceiling", ("NHS", 2029)),
        ("budgets", "money", ("NHS", 2025)),
    ],
)
def test_a_whole_system_is_told_what_it_is_short_of(
    table: str, change: str, pool_year: tuple[str, int]
) -> None:
    instance = avonside()
    frame = instance.tables[table].copy()
    if change == "efficiency":
        mine = (frame["kind"] == "efficiency") & (frame["year"] == 2025)
        frame.loc[mine, "delivery"] = 0.5
    elif change == "ceiling":
        mine = (frame["rule"] == "Acute share ceiling") & (frame["year"] == 2029)
        frame.loc[mine, "value"] = 0.48
    else:
        mine = (frame["pool"] == "NHS") & (frame["kind"] == "recurrent")
        frame.loc[mine, "amount"] *= 0.97
    assert mine.any()
    changed = instance.replace(**{table: frame})
    plan = allocator.solve(changed)
    money = way(plan, "money")
    assert pool_year in amounts(plan, "money")
    assert plan.conflict
    assert not [words for words in plan.conflict if "[" in words]
    enough = with_money(changed, money.missing, 1 + 1e-4)
    assert allocator.solve(enough, gap=0.5, nodes=1).found
    if money.exact:
        less = with_money(changed, money.missing, 1 - 1e-3)
        assert allocator.solve(less, gap=0.5, nodes=1).status == "infeasible"


# ---- rules in their own units


def ruled(rule: str, **tables: str) -> Instance:
    """Two services of 100, one of which a rule keeps up and another keeps down."""
    return round_of(
        "programme,sector,pool,unit_cost,baseline\ngp,primary,NHS,1,100\nbed,acute,NHS,1,100",
        responses="programme,outcome,per_unit\ngp,QALY,1\nbed,QALY,1",
        limits="programme,basis,min,max\nbed,activity,90,\ngp,activity,,110",
        selections="selection,sector\nprimary,primary\nacute,acute",
        rules=f"rule,measure,selection,sense,value,basis,reference\n{rule}",
        budgets="pool,amount\nNHS,400",
        **tables,
    )


@pytest.mark.parametrize(
    ("rule", "table", "value", "told"),
    [
        # 90 beds beside 110 gp at most are 45% of 200: five points more than 40%.
        ("R,spend,acute,max,0.4,share,", "", 0.05, "R' in 2025/26: 5 percentage points (£10) more"),
        ("R,spend,primary,min,0.2,growth,baseline", "", 0.1, "10 percentage points (£10) less"),
        (
            "R,spend,acute,max,8,per_head,",
            "place,heads\nTown,10",
            1.0,
            "R' in 2025/26: £1 a head (£10) more",
        ),
    ],
)
def test_a_rule_is_short_in_its_own_units_first(
    rule: str, table: str, value: float, told: str
) -> None:
    instance = ruled(rule, **({"places": table} if table else {}))
    plan = allocator.solve(instance)
    (missing,) = way(plan, "rule").missing
    assert missing.amount == pytest.approx(10)
    assert missing.value == pytest.approx(value)
    page = "\n".join(str(getattr(line, "plain", line)) for line in _lines(plan, instance))
    assert told in page
    better = instance.rules.assign(value=lambda r: r["value"] + (1 if missing.more else -1) * value)
    near = instance.rules.assign(
        value=lambda r: r["value"] + (1 if missing.more else -1) * value * 0.999
    )
    assert allocator.solve(instance.replace(rules=better)).found
    assert not allocator.solve(instance.replace(rules=near)).found


def _lines(plan: Plan, instance: Instance) -> list[str]:
    console = Console(width=200, file=StringIO())
    for line in no_plan(plan, instance):
        console.print(line)
    return str(console.file.getvalue()).splitlines()  # type: ignore[attr-defined]


# ---- what cannot hold together


def without(instance: Instance, kept: tuple[str, ...], words: str) -> str:
    """Status of a round in which, of all that could be set otherwise, one thing is let go.

    Only what is kept holds besides what says what something is.
    """
    search = Shortfalls(instance, Request(), {}, 60.0)
    search.find()
    assert search.proof is not None
    program = search.proof.program
    lower, upper = program.row_lower.copy(), program.row_upper.copy()
    below, above = program.col_lower.copy(), program.col_upper.copy()
    for part in eased(program, instance):
        (name,) = in_words(program, instance, part.rows, part.columns)
        if name == words or name not in kept:
            lower[part.rows], upper[part.rows] = -np.inf, np.inf
            below[part.columns] = np.where(below[part.columns] < 0, -np.inf, 0.0)
            above[part.columns] = np.inf
    free = program.replaced(
        cost=np.zeros(program.shape[1]),
        integer=np.zeros(program.shape[1], dtype=bool),
        row_lower=lower,
        row_upper=upper,
        col_lower=below,
        col_upper=above,
    )
    return Solver(free).run().status


@pytest.mark.parametrize("seed", range(20))
def test_each_of_what_cannot_hold_together_is_needed(seed: int) -> None:
    instance = drawn(seed)
    plan = allocator.solve(instance)
    if plan.status != "infeasible" or "no combination" in plan.conflict[0]:
        return
    assert plan.conflict_needed
    assert without(instance, plan.conflict, "") == "infeasible"
    for words in plan.conflict:
        assert without(instance, plan.conflict, words) == "optimal", words


def test_rounds_of_which_something_is_told_are_among_them() -> None:
    told = [allocator.solve(drawn(seed)).conflict_needed for seed in range(20)]
    assert sum(told) >= 5


@pytest.mark.long
def test_a_whole_system_is_told_only_what_is_needed() -> None:
    instance = avonside()
    frame = instance.tables["rules"].copy()
    mine = (frame["rule"] == "Acute share ceiling") & (frame["year"] == 2029)
    frame.loc[mine, "value"] = 0.48
    changed = instance.replace(rules=frame)
    plan = allocator.solve(changed)
    assert plan.conflict_needed
    assert {"the money in NHS in 2029/30", "rule 'Acute share ceiling' in 2029/30"} <= {
        *plan.conflict
    }
    assert len(plan.conflict) <= 40
    assert without(changed, plan.conflict, "") == "infeasible"
    for words in plan.conflict:
        assert without(changed, plan.conflict, words) == "optimal", words
