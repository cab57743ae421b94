"""Two plans held against each other: true differences, and what the searches leave open."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from examples import avonside
from shown import joined, out_json, printed
from small import csv, round_of, solved

import allocator
from allocator.cli import main
from allocator.errors import InstanceError, UsageError
from allocator.evaluate import evaluate
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.report.files.folder import write_plan
from allocator.report.files.plans import plan_of_folder
from allocator.report.text.differences import print_difference


def year(money: int, **more: str) -> Instance:
    """GP cannot shrink; what is over goes to nursing, five a pound, then to the ward, one.

    Rolling forward takes part of whatever more there is, so that gains on it flatter nobody.
    """
    return round_of(
        "programme,label,sector,pool,unit,baseline,unit_cost\nGP,,primary,NHS,visit,100,1\n"
        "Nursing,Nursing at home,community,NHS,visit,100,1\nWard,,acute,NHS,day,100,1",
        years=(2025, 2026),
        budgets=f"pool,year,amount\nNHS,2025,300\nNHS,2026,{money}",
        limits="programme,basis,min,max\nGP,baseline,1,3\nNursing,baseline,0.5,1.5\n"
        "Ward,baseline,0.5,3",
        responses="programme,outcome,per_unit\nGP,QALY,0\nNursing,QALY,5\nWard,QALY,1",
        outcomes="outcome,unit,weight\nQALY,QALY,1",
        rules="rule,label,year,measure,selection,sense,value,penalty\n"
        "path,Ward keeps its days,2026,activity,Ward,min,90,2",
        selections="selection,programme\nWard,Ward",
        **more,
    )


def plans(*rounds: Instance) -> list[Plan]:
    return [solved(instance) for instance in rounds]


def test_objectives_are_compared_and_not_gains() -> None:
    # 2026: 200 over GP; nursing takes 150, the ward 50 and misses its path by 40.
    # 30 more go to the ward: 30 QALY, and 30 days fewer missed at 2 each.
    one, two = plans(year(300), year(330))
    found = allocator.compare_plans(one, two)
    assert found.objective == pytest.approx(30 + 60)
    assert two.certificate.gain is not None
    assert one.certificate.gain is not None
    assert two.certificate.gain - one.certificate.gain != pytest.approx(90, abs=1)
    parts = found.parts.set_index("part")["difference"].to_dict()
    assert parts == pytest.approx({"outcomes": 30, "penalties": -60, "other": 0})
    (row,) = found.penalties.to_dict("records")
    assert (row["rule"], row["label"]) == ("path", "Ward keeps its days")
    assert (row["first"], row["second"]) == (pytest.approx(80), pytest.approx(20))
    (move,) = found.moves.to_dict("records")
    assert (move["programme"], move["year"], move["sector"]) == ("Ward", 2026, "acute")
    assert (move["first_spend"], move["spend"], move["activity"]) == pytest.approx((50, 30, 30))
    by_year = found.outcomes.set_index("year")["difference"].to_dict()
    assert by_year == pytest.approx({2025: 0, 2026: 30})
    assert found.too_close is False


def test_the_other_way_round_is_the_opposite() -> None:
    one, two = plans(year(300), year(330))
    there, back = allocator.compare_plans(one, two), allocator.compare_plans(two, one)
    assert back.objective == -there.objective
    assert back.moves["spend"].tolist() == [-m for m in there.moves["spend"]]
    assert back.least == pytest.approx(-(there.most or 0.0))


def test_what_the_searches_leave_open_is_the_sum_of_both_proofs() -> None:
    one, two = plans(year(300), year(330))
    worth = [p.certificate.true_objective or 0.0 for p in (one, two)]
    loose = [
        replace(p, certificate=replace(p.certificate, certified_bound=w + gap, curve_error=error))
        for p, w, gap, error in zip((one, two), worth, (40.0, 45.0), (1.0, 4.0), strict=True)
    ]
    found = allocator.compare_plans(*loose)
    assert (found.first_room, found.second_room) == pytest.approx((41, 49))
    assert found.room == pytest.approx(90)
    assert found.too_close is True
    assert (found.least, found.most) == pytest.approx((90 - 41, 90 + 49))
    tight = [loose[0], replace(two, certificate=replace(two.certificate, curve_error=0.0))]
    assert allocator.compare_plans(*tight).too_close is False


def test_tables_and_evaluations_compare_as_plans_do() -> None:
    rounds = year(300), year(330)
    one, two = plans(*rounds)
    known = allocator.compare_plans(one, two)
    decided = [dict(p.tables) for p in (one, two)]
    for found in (
        allocator.compare_plans(*decided, instance=rounds),
        allocator.compare_plans(*(evaluate(i, d) for i, d in zip(rounds, decided, strict=True))),
        allocator.compare_plans(one, decided[1], instance=rounds),
    ):
        assert found.objective == pytest.approx(known.objective)
        assert found.moves["spend"].tolist() == pytest.approx(known.moves["spend"].tolist())
        assert found.too_close is None
    with pytest.raises(UsageError, match="need the instance"):
        allocator.compare_plans(one, decided[1])
    with pytest.raises(UsageError, match="b is a str"):
        allocator.compare_plans(one, "folder")  # type: ignore[arg-type]
    nothing = replace(one, tables={}, status="infeasible")
    with pytest.raises(UsageError, match="ended infeasible"):
        allocator.compare_plans(nothing, two)


def test_every_cell_in_which_rounds_differ_is_named() -> None:
    before = year(300)
    table = before.programmes.copy()
    table.loc[table["programme"] == "GP", "note"] = "nothing is worked out from this"
    table.loc[table["programme"] == "Ward", "unit_cost"] = 2.0
    after = year(330).replace(programmes=table, discount_rate=0.03)
    found = allocator.compare_plans(solved(before), solved(after), instance=(before, after))
    assert found.same_round is False
    assert found.inputs.to_numpy().tolist() == [
        ["instance.toml", "", "discount_rate", 0.0, 0.03],
        ["programmes", "Ward", "unit_cost", 1.0, 2.0],
        ["budgets", "NHS, 2026, recurrent", "amount", 300.0, 330.0],
    ]
    # Without the instances: what the plans repeat of them.
    found = allocator.compare_plans(solved(before), solved(after))
    assert found.inputs.to_numpy().tolist() == [["budgets", "NHS, 2026", "amount", 300.0, 330.0]]


def test_other_evidence_and_other_weights_are_said() -> None:
    one = solved(year(300))
    low = replace(one, instance={**one.instance, "evidence": "low"})
    assert "do not measure the same" in allocator.compare_plans(one, low).notes[0]
    heavy = year(300).replace(outcomes=csv("outcome,unit,weight\nQALY,QALY,2"))
    found = allocator.compare_plans(one, solved(heavy), instance=(year(300), heavy))
    assert "weigh outcomes differently" in found.notes[0]


DECIDING: dict[str, Any] = {
    "options": "option,label,group,pool,cost_once\nHub,The hub,,NHS,20\nVan,The van,,NHS,20",
    "option_effects": "option,measure,target,outcome,operation,value\n"
    "Hub,outcome,Nursing,QALY,add,300\nVan,outcome,GP,QALY,add,200",
}


def test_decisions_that_differ() -> None:
    both = year(340, **DECIDING)
    dear = both.replace(options=both.options.assign(cost_once=[20.0, 5000.0]))
    found = allocator.compare_plans(*plans(both, dear))
    assert set(found.decisions["name"]) == {"Van"}
    rows = found.decisions[["label", "year", "first", "second"]].to_numpy().tolist()
    assert rows == [["The van", 2025, True, False], ["The van", 2026, True, False]]


def test_labels_that_others_share_do_not_name_what_differs() -> None:
    alike = DECIDING["options"].replace("The hub", "New").replace("The van", "New")
    both = year(340, **{**DECIDING, "options": alike})
    dear = both.replace(options=both.options.assign(cost_once=[20.0, 5000.0]))
    found = allocator.compare_plans(*plans(both, dear))
    said = joined(printed(print_difference, found, dear, name="plan/base"))
    assert "Van: not taken, before" in said
    assert "New" not in said


def test_words(tmp_path: Path) -> None:
    one, two = plans(year(300), year(330))
    found = allocator.compare_plans(one, two)
    text = printed(print_difference, found, year(330), name="plan/base")
    assert max(len(line) for line in text.splitlines()) <= 80
    said = joined(text)
    assert "Against plan/base: worth 90 QALY more." in said
    assert "outcomes +30 QALY, penalties for missed rules +60 QALY" in said
    assert "Ward keeps its days: missing it costs 20 instead of 80 QALY." in said
    assert "The rounds differ: budgets, NHS, 2026, amount: 300 to 330." in said
    assert "Ward 2026/27 50.00 80.00 +30.00" in said
    assert "90 in objective" in str(found)


def test_what_does_not_differ_is_a_plain_zero() -> None:
    """Neither a zero with a sign nor a unit that says the outcome's name again."""
    instance = year(300)
    instance = instance.replace(outcomes=instance.outcomes.assign(unit="QALYs"))
    (plan,) = plans(instance)
    same = allocator.compare_plans(plan, plan)
    said = joined(printed(print_difference, same, instance, name="a"))
    assert "outcomes 0 QALYs, penalties for missed rules 0 QALYs, harm and later savings 0" in said
    assert "All years: QALY 0." in said


def test_a_plan_folder_reads_back_as_the_plan(tmp_path: Path) -> None:
    instance = year(340, **DECIDING)
    plan = solved(instance)
    write_plan(plan, instance, tmp_path / "plan")
    again = plan_of_folder(tmp_path / "plan")
    assert again.certificate == plan.certificate
    assert again.instance == plan.instance
    for name in ("allocation", "outcomes", "rules", "options", "budgets"):
        pd.testing.assert_frame_equal(again.tables[name], plan.tables[name], check_exact=True)
    found = allocator.compare_plans(plan, again, instance=instance)
    assert found.objective == 0.0
    assert found.moves.empty
    assert found.decisions.empty
    assert found.same_round


@pytest.mark.parametrize(
    ("name", "text", "error", "said"),
    [
        ("plan.json", None, UsageError, "it has no plan.json"),
        ("plan.json", "{", UsageError, "is damaged"),
        ("plan.json", "[]", UsageError, "was not written whole"),
        ("allocation.csv", None, InstanceError, "cannot be read"),
        ("rules.csv", None, InstanceError, "cannot be read"),
    ],
)
def test_folders_that_are_no_plan(
    tmp_path: Path, name: str, text: str | None, error: type[Exception], said: str
) -> None:
    instance = year(300)
    write_plan(solved(instance), instance, tmp_path / "plan")
    file = tmp_path / "plan" / name
    file.unlink() if text is None else file.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=said):
        plan_of_folder(tmp_path / "plan")


def test_solve_against_a_plan(tmp_path: Path, capsys: Any) -> None:
    for name, money in (("old", 300), ("new", 330)):
        allocator.write(year(money), tmp_path / name)
    old, new, plan = (str(tmp_path / name) for name in ("old", "new", "plan"))
    assert main(["solve", old, "--out", plan]) == 0
    capsys.readouterr()
    assert main(["solve", new, "--against", plan]) == 0
    assert "plan: worth 90 QALY more." in joined(capsys.readouterr().out)
    words = ["solve", new, "--against", plan, "--against-round", old, "--json"]
    assert main(words) == 0
    record = out_json(capsys)["against"]
    assert record["objective"] == pytest.approx(90)
    assert [r["table"] for r in record["inputs"]] == ["budgets"]
    assert main(["solve", new, "--against-round", old]) == 2
    assert main(["solve", new, "--against", plan, "--against-round", new]) == 2
    assert "does not answer" in joined(capsys.readouterr().err)
    assert main(["solve", new, "--against", old]) == 2


def held(money: int, **more: str) -> Instance:
    """A held line that gives way for want of money, and that costs a penalty when it does not."""
    return round_of(
        "programme,sector,pool,baseline,held\nGP,primary,NHS,100,yes\n"
        "Nursing,community,NHS,100,\nWard,acute,NHS,100,",
        years=(2025,),
        budgets=f"pool,amount\nNHS,{money}",
        limits="programme,basis,min,max\nGP,baseline,0,2\nNursing,baseline,1,1.5\n"
        "Ward,baseline,0.5,3",
        responses="programme,outcome,per_unit\nNursing,QALY,5\nWard,QALY,1",
        rules="rule,measure,selection,sense,value,penalty\ncap,activity,GP,max,50,2",
        selections="selection,programme\nGP,GP",
        **more,
    )


@pytest.mark.parametrize("options", [{}, DECIDING], ids=["without decisions", "with decisions"])
def test_more_money_is_never_worth_less_where_what_is_held_stays(
    options: dict[str, str], tmp_path: Path, capsys: Any
) -> None:
    small = held(220, **options)
    first, found = solved(small), []
    allocator.write(first, tmp_path / "plan")
    for money in (220, 240, 260):
        more = allocator.solve(held(money, **options), held=first)
        found.append(allocator.compare_plans(first, more))
        allocator.write(held(money, **options), tmp_path / str(money))
        words = ["solve", str(tmp_path / str(money)), "--against", str(tmp_path / "plan")]
        assert main([*words, "--json"]) == 0
        told = out_json(capsys)["against"]["objective"]
        assert main(words) == 0
        assert "Held programmes stay where" in joined(capsys.readouterr().out)
        assert told == pytest.approx(found[-1].objective, abs=1e-6)
    assert found[0].objective == pytest.approx(0, abs=1e-6)
    for less, after in itertools.pairwise(found):
        assert after.objective > less.objective
    # Held where its own baseline has it, the line takes the money and is fined for it.
    assert allocator.compare_plans(first, solved(held(240, **options))).objective < 0


def test_rolling_forward_and_drafts_hold_what_another_plan_holds(
    tmp_path: Path, capsys: Any
) -> None:
    small, more = held(220), held(260)
    first = solved(small)
    level = float(first.allocation["activity"].iloc[0])
    before = allocator.roll_forward(more, held=first)
    assert before.tables["allocation"]["activity"].iloc[0] == pytest.approx(level)
    assert allocator.roll_forward(more).tables["allocation"]["activity"].iloc[0] > level + 1
    draft = {"allocation": csv("programme,year,activity\nWard,2025,60")}
    whole = allocator.complete_draft(more, draft, held=first)
    assert whole.tables["allocation"]["activity"].tolist()[1] == pytest.approx(level)
    allocator.write(first, tmp_path / "plan")
    allocator.write(more, tmp_path / "more")
    (tmp_path / "draft.csv").write_text("programme,year,activity\nWard,2025,60", encoding="utf-8")
    words = [str(tmp_path / "more"), "--held", str(tmp_path / "plan"), "--json"]
    assert main(["evaluate", words[0], str(tmp_path / "draft.csv"), *words[1:]]) == 0
    judged = out_json(capsys)
    best = allocator.solve(more, held=first)
    assert judged["best"]["objective"] == pytest.approx(best.objective)
    assert judged["reference_objective"] == pytest.approx(best.reference_objective)
    assert main(["solve", *words]) == 0
    assert out_json(capsys)["objective"] == pytest.approx(best.objective)
    assert main(["solve", *words, "--against", str(tmp_path / "plan")]) == 2
    assert "leave --held out" in capsys.readouterr().err


@pytest.mark.long
def test_five_million_more_is_worth_what_its_price_says() -> None:
    before = avonside()
    budgets = before.budgets.copy()
    given = (budgets["pool"] == "NHS") & (budgets["kind"] == "recurrent")
    budgets.loc[given & (budgets["year"] == 2027), "amount"] += 5e6
    plans = solved(before), allocator.solve(before.replace(budgets=budgets))
    found = allocator.compare_plans(*plans)
    prices = plans[0].budgets.set_index(["pool", "year"])["price"]
    bought = 5e6 * float(prices["NHS", 2027])
    assert found.room is not None
    assert found.objective == pytest.approx(bought, rel=0.05, abs=found.room)
    gains = [plan.certificate.gain or 0.0 for plan in plans]
    assert gains[1] - gains[0] < 0.6 * found.objective
