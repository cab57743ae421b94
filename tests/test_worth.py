"""What decisions are worth, by solving without each and by trying everything without each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from examples import avonside, example
from oracle_round import Round
from shown import joined, out_json, printed
from small import as_instance, solved

import allocator
from allocator.cli import main
from allocator.errors import UsageError
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.planning.differences import compare_plans
from allocator.planning.undone import idle
from allocator.planning.worth import DecisionWorth, decision_worth
from allocator.report.files.folder import write_plan
from allocator.report.files.plans import plan_of_folder
from allocator.report.text.reports import print_reports
from allocator.report.text.summary import print_summary
from allocator.report.text.worth import print_waiting

SETTINGS = {"name": "Test", "base_year": 2024, "years": [2025, 2026, 2027]}
OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Sure": ({"cost_once": 10}, {"value": 40, "low": 30, "high": 50}),
    "Consulted": (
        {
            "cost_once": 10,
            "needs": "consultation; consent",
            "needs_months": 9,
            "decided_by": "partnership board",
        },
        {"value": 50},
    ),
    "Late": ({"cost_once": 10, "earliest": 2026}, {"value": 30}),
    "Doubtful": ({"cost_once": 10}, {"value": 20, "low": 1, "high": 25}),
    "Central only": (
        {"cost_once": 10, "group": "pair", "choose": "at_most_one"},
        {"value": 10, "low": 0.5, "high": 11},
    ),
    "Rival": (
        {"cost_once": 10, "group": "pair", "choose": "at_most_one"},
        {"value": 3, "low": 2, "high": 30},
    ),
    "Idle": ({"cost_once": 50}, {"value": 1}),
    "Today": ({"group": "level", "choose": "exactly_one"}, {}),
    "Merged": ({"group": "level", "choose": "exactly_one", "cost_yearly": 4}, {"value": 12}),
}
TABLES: dict[str, list[dict[str, Any]]] = {
    "programmes": [
        {"programme": "Care", "sector": "s", "pool": "NHS", "baseline": 100, "unit_cost": 1}
    ],
    "budgets": [{"pool": "NHS", "amount": 160}],
    "limits": [{"programme": "Care", "min": 0.5, "max": 3}],
    "outcomes": [{"outcome": "QALY", "unit": "QALY", "weight": 1}],
    "responses": [{"programme": "Care", "outcome": "QALY", "per_unit": 1}],
    "options": [
        {"option": n, "pool": "NHS", "min_years": 3, "latest": o.get("earliest", 2025), **o}
        for n, (o, _) in OPTIONS.items()
    ],
    "option_effects": [
        {"option": n, "measure": "outcome", "target": "Care", "outcome": "QALY", **e}
        for n, (_, e) in OPTIONS.items()
        if e
    ],
}
ROUND = as_instance(SETTINGS, TABLES)


def lacking(*names: str) -> dict[str, list[dict[str, Any]]]:
    """The tables without some options."""
    return {
        name: [row for row in rows if row.get("option") not in names]
        for name, rows in TABLES.items()
    }


def tried(*names: str) -> float:
    """Value of the best plan without some options, by trying every other decision."""
    best = Round(SETTINGS, lacking(*names)).best()
    assert best is not None
    return best.value


@pytest.fixture(scope="module")
def plan() -> Plan:
    return solved(ROUND, gap=0.0)


@pytest.fixture(scope="module")
def valued(plan: Plan) -> DecisionWorth:
    return decision_worth(ROUND, plan, asked=["Idle"], gap=0.0)


def rows(valued: DecisionWorth) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in valued.table.to_dict("records")}


def test_worth_is_what_trying_everything_without_it_loses(valued: DecisionWorth) -> None:
    best = tried()
    found = rows(valued)
    assert set(found) == {"Sure", "Consulted", "Late", "Doubtful", "Central only", "Merged", "Idle"}
    for name in set(found) - {"Idle"}:
        assert found[name]["worth"] == pytest.approx(best - tried(name), abs=1e-6), name
        assert found[name]["worth_gap"] == pytest.approx(0, abs=1e-5)
        assert found[name]["taken"]
    # Idle is asked about and not taken: fifty pounds of care for three QALYs.
    assert found["Idle"]["worth"] == pytest.approx(-47)
    assert not found["Idle"]["taken"]


def test_what_an_exact_sum_says(valued: DecisionWorth) -> None:
    # A pound buys a QALY: forty a year for three years, less ten paid once.
    assert rows(valued)["Sure"]["worth"] == pytest.approx(3 * 40 - 10)
    assert rows(valued)["Sure"]["worth_money"] == pytest.approx(110)
    assert rows(valued)["Merged"]["worth"] == pytest.approx(3 * (12 - 4))


def test_lists_and_cases(valued: DecisionWorth) -> None:
    found = rows(valued)
    assert {name: row["list"] for name, row in found.items()} == {
        "Sure": "now",
        "Merged": "now",
        "Consulted": "prepare",
        "Late": "not_yet",
        "Doubtful": "not_yet",
        "Central only": "not_yet",
        "Idle": "not_yet",
    }
    cases = {name: (row["low"], row["central"], row["high"]) for name, row in found.items()}
    assert cases["Sure"] == (True, True, True)
    assert cases["Doubtful"] == (False, True, True)
    assert cases["Central only"] == (False, True, False)
    # In the order of the year they start in; what is not taken last.
    assert valued.table["starts"].tolist() == [2025] * 5 + [2026, 0]
    assert found["Consulted"]["decided_by"] == "partnership board"


def test_what_waiting_costs(valued: DecisionWorth) -> None:
    lost = tried() - tried("Late", "Doubtful", "Central only", "Rival", "Idle")
    assert valued.waiting == pytest.approx(lost, abs=1e-6)
    assert valued.complete


def test_too_close_to_call_is_below_what_both_proofs_leave_open(plan: Plan) -> None:
    c = plan.certificate
    assert c.bound is not None
    loose = replace(plan, certificate=replace(c, bound=c.bound + 23, curve_error=2.0))
    found = rows(decision_worth(ROUND, loose, gap=0.0))
    assert found["Merged"]["worth_gap"] == pytest.approx(25, abs=1e-5)
    assert {name for name, row in found.items() if row["too_close"]} == {"Merged", "Central only"}
    assert found["Merged"]["list"] == "not_yet"
    assert found["Sure"]["list"] == "now"


def granted(**terms: Any) -> Instance:
    """A round that needs a grant in its second year, which has to be asked for in the first."""
    money = zip((2025, 2026, 2027), (160, 40, 160), strict=True)
    option = {"option": "Grant", "pool": "NHS", "latest": 2025, "cost_once": 1, **terms}
    effect = {"option": "Grant", "measure": "income", "target": "NHS", "value": 30}
    tables = {
        **TABLES,
        "budgets": [{"pool": "NHS", "year": y, "amount": a} for y, a in money],
        "options": [option],
        "option_effects": [effect],
    }
    return as_instance(SETTINGS, tables)


def test_waiting_leaves_what_rolling_forward_takes_as_well() -> None:
    instance = granted(min_years=3, needs="consent")
    plan = solved(instance)
    found = decision_worth(instance, plan)
    (row,) = found.table.to_dict("records")
    assert (row["worth"], row["list"]) == (float("inf"), "prepare")
    assert found.complete
    assert found.waiting is None


def test_a_decision_there_is_no_plan_without() -> None:
    instance = granted()
    plan = solved(instance)
    found = decision_worth(instance, plan)
    (row,) = found.table.to_dict("records")
    assert (row["worth"], row["too_close"], row["list"]) == (float("inf"), False, "now")
    assert "without it no plan keeps every rule" in shown(plan, found, instance)


def test_no_time_leaves_everything_open(plan: Plan) -> None:
    told: list[str] = []
    found = decision_worth(ROUND, plan, seconds=0.0, progress=told.append)
    assert not found.complete
    assert set(found.table["list"]) == {""}
    assert found.table["worth"].isna().all()
    assert found.table["central"].all()
    assert found.waiting is None
    assert told == ["With low evidence"]


def test_what_is_solved_is_told_in_order(plan: Plan) -> None:
    told: list[str] = []
    decision_worth(ROUND, plan, progress=told.append, gap=0.0)
    assert told[:3] == ["With low evidence", "With high evidence", "Without Central only (1 of 6)"]
    assert told[-1] == "With what is not yet to be decided left as it is"


def test_a_chosen_case_is_the_only_one() -> None:
    instance = as_instance({**SETTINGS, "evidence": "high"}, TABLES)
    found = decision_worth(instance, solved(instance, gap=0.0), gap=0.0)
    assert set(found.plans) == {"high"}
    assert rows(found)["Sure"]["low"] is None


def test_questions_that_make_no_sense(plan: Plan) -> None:
    with pytest.raises(UsageError, match="another round"):
        decision_worth(ROUND.replace(discount_rate=0.1), plan)
    with pytest.raises(UsageError, match="no option 'Nothing'"):
        decision_worth(ROUND, plan, asked=["Nothing"])
    with pytest.raises(UsageError, match="no plan to look at"):
        decision_worth(ROUND, replace(plan, tables={}))


def shown(plan: Plan, valued: DecisionWorth, instance: Instance = ROUND) -> str:
    full = replace(plan, tables={**plan.tables, "decision_worth": valued.table})
    text = printed(lambda *a: print_reports(["decisions"], *a), full, instance)
    assert max(len(line) for line in text.splitlines()) <= 80
    return joined(text + printed(print_waiting, valued, instance))


def test_words(plan: Plan, valued: DecisionWorth) -> None:
    said = shown(plan, valued)
    now, prepare, later = (said.index(word) for word in ("Decide now", "Prepare:", "Not yet"))
    assert now < said.index("Sure") < prepare < said.index("Consulted") < later
    assert "Sure, every year: worth 110 QALY (£110); holds with low, central and high" in said
    assert (
        "Consulted, every year: worth 140 QALY (£140); holds with low, central and high evidence; "
        "needs consultation and consent (9 months); decided by partnership board." in said
    )
    assert said.index("Central only, every year") > later
    assert "worth 20 QALY (£20); holds with central evidence only." in said
    assert "Idle, not taken: taking it loses 47 QALY" in said
    assert "Waiting with all that is not yet to be decided, as rolled forward, costs" in said


def test_worth_from_the_command_line(tmp_path: Path, capsys: Any) -> None:
    allocator.write(ROUND, tmp_path / "round")
    words = ["solve", str(tmp_path / "round"), "--worth", "--out", str(tmp_path / "plan")]
    assert main([*words, "--json"]) == 0
    record = out_json(capsys)
    assert {d["name"]: d["list"] for d in record["worth"]["decisions"]}["Sure"] == "now"
    again = plan_of_folder(tmp_path / "plan").tables["decision_worth"]
    assert again["list"].tolist().count("now") == 2
    assert again["needs_months"].tolist().count(9) == 1
    assert main([*words, "--overwrite", "--worth-seconds", "0"]) == 0
    said = joined(capsys.readouterr().out)
    assert "Not worked out: the time did not reach" in said
    assert "did not reach for everything" in said


def test_a_plan_with_worth_is_written_and_read(
    plan: Plan, valued: DecisionWorth, tmp_path: Path
) -> None:
    full = replace(plan, tables={**plan.tables, "decision_worth": valued.table})
    write_plan(full, ROUND, tmp_path / "plan")
    again = plan_of_folder(tmp_path / "plan").tables["decision_worth"]
    assert again["worth"].tolist() == pytest.approx(valued.table["worth"].tolist())
    assert again["low"].tolist() == valued.table["low"].tolist()


def test_what_was_not_worked_out_is_read_back_as_blank(plan: Plan, tmp_path: Path) -> None:
    short = decision_worth(ROUND, plan, seconds=0).table
    mixed = short.assign(low=[True, None, False, *[None] * (len(short) - 3)], central=True)
    mixed["worth"] = [float("inf"), *[1.0] * (len(short) - 1)]
    mixed["list"] = "now"
    for name, table in (("short", short), ("mixed", mixed)):
        full = replace(plan, tables={**plan.tables, "decision_worth": table})
        write_plan(full, ROUND, tmp_path / name)
        again = plan_of_folder(tmp_path / name)
        for column in ("low", "central", "high", "too_close"):
            assert again.tables["decision_worth"][column].tolist() == table[column].tolist()
        said = [printed(print_reports, ["decisions"], p, ROUND) for p in (full, again)]
        assert said[0] == said[1]
    assert "without it no plan keeps every rule" in joined(said[1])


def test_choices_of_the_summary_say_worth_and_steps(plan: Plan, valued: DecisionWorth) -> None:
    full = replace(plan, tables={**plan.tables, "decision_worth": valued.table})
    text = printed(print_summary, full, ROUND)
    assert max(len(line) for line in text.splitlines()) <= 80
    said = joined(text)
    assert "CHOICES, £; worth: QALY from once a year capital needs worth when" in said
    assert "Consulted 2025/26 10 9 mths 140 prepare" in said
    assert "Sure 2025/26 10 110 now" in said
    plain = joined(printed(print_summary, plan, ROUND))
    assert "Consulted 2025/26 10 9 mths Doubtful" in plain
    assert "prepare" not in plain


def test_choices_say_what_is_known_where_time_ran_out(plan: Plan, valued: DecisionWorth) -> None:
    """Evidence alone may say that an option is not yet to be decided; the rest is open."""
    part = valued.table.assign(worth=float("nan"), too_close=None, list="")
    full = replace(plan, tables={**plan.tables, "decision_worth": part})
    said = joined(printed(print_summary, full, ROUND))
    assert "Sure 2025/26 10 open open" in said
    assert "Central only 2025/26 10 open not yet" in said


def test_labels_that_others_share_do_not_name_an_option(plan: Plan, valued: DecisionWorth) -> None:
    """Also where only one of them is listed."""
    options = ROUND.options.assign(label="The same for all")
    alike = replace(ROUND, tables={**ROUND.tables, "options": options})
    one = replace(valued, table=valued.table.head(1).assign(label="The same for all"))
    said = shown(plan, one, alike)
    assert "The same for all" not in said
    assert str(one.table["name"].iloc[0]) in said


def test_a_contract_ended_is_a_decision_as_well() -> None:
    instance = example("notice-and-exit-fee")
    plan = solved(instance, gap=0.0)
    found = decision_worth(instance, plan, gap=0.0)
    ended = found.table[found.table["kind"] == "contract"]
    assert len(ended)
    contracts = instance.contracts.copy()
    for row in ended.to_dict("records"):
        mine = contracts["contract"] == row["name"]
        kept = instance.replace(contracts=contracts.assign(
            notice_years=contracts["notice_years"].mask(mine),
            exit_fee=contracts["exit_fee"].mask(mine, 0.0),
        ))  # fmt: skip
        lost = compare_plans(solved(kept, gap=0.0), plan).objective
        assert row["worth"] == pytest.approx(lost, abs=1e-6)
        assert row["worth"] > 1


def test_what_is_there_while_nothing_is_decided() -> None:
    # A bid that costs nothing moves its provider, so it is a decision; the present trust is not.
    still = {name.split(":")[-1].strip() for name in idle(avonside())}
    assert still == {"virtual integration", "Avonside Community Health"}
