"""Drafts of a few lines, in the shapes planners write them, judged by the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from shown import joined, out_json
from small import csv, round_of

import allocator
from allocator.cli import main
from allocator.errors import InstanceError, UsageError
from allocator.report.files.folder import read_plan

YEARS = (2025, 2026)
ROUND = round_of(
    "programme,sector,pool,unit,baseline,unit_cost\nGP,primary,NHS,visit,100,1\n"
    "Nursing,community,NHS,visit,50,2\nWard,acute,NHS,bed-day,20,10",
    years=YEARS,
    settings={"financial_years": True},
    budgets="pool,amount\nNHS,450",
    limits="programme,min,max\nGP,0.5,2\nNursing,0.5,2\nWard,0.5,1",
    responses="programme,outcome,per_unit,low\nGP,QALY,1,0.5\nNursing,QALY,4,1\nWard,QALY,5,5",
    options="option,group,choose,pool,cost_once,latest\nToday,network,exactly_one,NHS,,\n"
    "Merged,network,exactly_one,NHS,10,\nLot A,lot,exactly_one,NHS,1,2025\n"
    "Lot B,lot,exactly_one,NHS,2,2025",
    option_effects="option,measure,target,outcome,operation,value\nMerged,outcome,GP,QALY,add,50",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    allocator.write(ROUND, tmp_path / "round")
    return tmp_path / "round"


def judged(folder: Path, draft: str, capsys: Any, *words: str) -> str:
    file = folder.parent / "draft.csv"
    file.write_text("\n".join(li.strip() for li in draft.strip().splitlines()), encoding="utf-8")
    main(["evaluate", str(folder), str(file), "--no-best", *words])
    return joined(capsys.readouterr().out)


def rolled() -> pd.DataFrame:
    checked = allocator.roll_forward(ROUND).checked
    assert checked is not None
    return checked.allocation


def nursing() -> float:
    """What rolling forward does of it in the first year."""
    lines = rolled().set_index(["programme", "year"])
    return float(lines.loc[("Nursing", 2025), "activity"])


SHAPES = [
    "programme,year,activity\nNursing,2025,60",
    "programme,year,spend\nNursing,2025,120",
    "programme,2025,2026\nNursing,60,",
    "programme,2025/26,2026/27\nNursing,60,",
    "programme,measure,2025/26,2026/27\nNursing,spend,120,",
    "Programme,Spend 2025/26\nNursing,120",
]


@pytest.mark.parametrize("draft", SHAPES)
def test_what_a_draft_does_not_name_stays_as_rolled_forward(
    folder: Path, draft: str, capsys: Any
) -> None:
    said = judged(folder, draft, capsys)
    assert "This plan is allowed" in said
    assert "does not name 5 of 6 lines (a programme and a year) and 4 of 4 options" in said
    # Four QALYs a visit more than rolling forward.
    more = 4 * (60 - nursing())
    assert f", {more:g} QALY more than rolling the baseline forward." in said
    record = json.loads(judged(folder, draft, capsys, "--json"))
    assert record["gain"] == pytest.approx(more)


def test_completed_lines_are_those_of_the_reference_plan() -> None:
    draft = {"allocation": csv("programme,year,activity\nNursing,2025,60")}
    whole = allocator.complete_draft(ROUND, draft)
    found = allocator.evaluate(ROUND, whole.tables).allocation
    before = rolled()
    own = (found["programme"] == "Nursing") & (found["year"] == 2025)
    assert found.loc[own, "activity"].tolist() == [60]
    assert found.loc[~own, "activity"].tolist() == before.loc[~own, "activity"].tolist()


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ("", {"Today": "2025 2026", "Lot A": "2025 2026"}),
        ("Merged,2026,yes", {"Today": "2025", "Merged": "2026", "Lot A": "2025 2026"}),
        # A yes holds until the draft says otherwise.
        ("Merged,2025,yes", {"Merged": "2025 2026", "Lot A": "2025 2026"}),
        (
            "Merged,2025,yes\nMerged,2026,no",
            {"Merged": "2025", "Today": "2026", "Lot A": "2025 2026"},
        ),
        ("Lot B,2025,yes", {"Today": "2025 2026", "Lot B": "2025 2026"}),
        # No free option takes the place of a lot that is refused.
        ("Lot A,2025,no", {"Today": "2025 2026"}),
    ],
)
def test_decisions_a_draft_names_and_those_it_does_not(options: str, taken: dict[str, str]) -> None:
    draft = {"allocation": rolled(), "options": csv(f"option,year,taken\n{options}")}
    whole = allocator.complete_draft(ROUND, draft)
    found = allocator.evaluate(ROUND, whole.tables)
    rows = found.options[found.options["taken"]]
    years = rows.groupby("option")["year"].apply(lambda ys: " ".join(str(y) for y in ys)).to_dict()
    assert years == taken
    assert found.allowed == ("Lot A" in taken or "Lot B" in taken)


def test_a_group_that_takes_nothing_is_one_line(folder: Path, capsys: Any) -> None:
    plan = folder.parent / "plan"
    plan.mkdir()
    rolled().to_csv(plan / "allocation.csv", index=False)
    (plan / "options.csv").write_text("option,year,taken\nLot A,2025,no\n", encoding="utf-8")
    assert main(["evaluate", str(folder), str(plan), "--no-best"]) == 5
    said = joined(capsys.readouterr().out)
    assert said.count("Group 'lot'") == 1
    assert (
        "Group 'lot' in 2025/26 takes none of Lot A, Lot B; exactly one must be taken. "
        "Also in 2026/27." in said
    )


def test_what_was_valued_with_other_evidence(folder: Path, capsys: Any) -> None:
    draft = "programme,year,activity\nNursing,2025,60"
    said = judged(folder, draft, capsys, "--evidence", "low")
    assert "It is valued with the low figures" in said
    assert "Both" not in said
    assert f", {60 - nursing():g} QALY more than rolling the baseline forward" in said


def test_an_edited_plan_folder(folder: Path, capsys: Any) -> None:
    plan = folder.parent / "plan"
    assert main(["solve", str(folder), "--out", str(plan)]) == 0
    lines = pd.read_csv(plan / "allocation.csv")
    lines.loc[lines["programme"] == "Nursing", "activity"] -= 1
    lines.to_csv(plan / "allocation.csv", index=False)
    capsys.readouterr()
    assert main(["evaluate", str(folder), str(plan), "--json"]) == 0
    record = out_json(capsys)
    assert record["assumed"] == ""
    assert record["best"]["distance"] == pytest.approx(8.0)


def test_nothing_to_complete_a_draft_from() -> None:
    short = round_of(
        "programme,sector,pool,baseline\nGP,primary,NHS,100\nWard,acute,NHS,100",
        rules="rule,measure,selection,sense,value\nr,spend,GP,min,80\nq,spend,Ward,min,80",
        selections="selection,programme\nGP,GP\nWard,Ward",
        budgets="pool,amount\nNHS,100",
    )
    draft = {"allocation": csv("programme,year,activity\nGP,2025,60")}
    with pytest.raises(UsageError, match="cannot stay as rolled forward"):
        allocator.complete_draft(short, draft)


# What is in a draft by mistake


def test_a_problem_names_the_file_it_is_in(folder: Path, capsys: Any) -> None:
    file = folder.parent / "my draft.csv"
    file.write_text("programme,year,activity\nNursing,2025,60\nWards,2025,1\n", encoding="utf-8")
    assert main(["evaluate", str(folder), str(file), "--no-best"]) == 2
    said = joined(capsys.readouterr().err)
    assert "Errors: 1 my draft.csv line 3, programme: programme 'Wards' is not in the" in said
    with pytest.raises(InstanceError, match=r"my draft\.csv"):
        allocator.evaluate(folder, file)


@pytest.mark.parametrize(
    "draft",
    [
        "programme,year,activity\nNursing,2025,60\nGP,2025,100\nTotal,2025,160",
        "programme,year,activity\nNursing,2025,60\nGP,2025,100\nGrand total,,160",
        "programme,2025/26,2026/27\nNursing,60,\nGP,100,\nTotal,160,0",
        "programme,spend 2025/26\nNursing,120\nSum,220\nGP,100",
    ],
)
def test_a_row_of_totals_is_skipped_and_told(folder: Path, draft: str, capsys: Any) -> None:
    said = judged(folder, draft, capsys)
    assert "This plan is allowed" in said
    assert "looks like a total of the other rows of allocation, and its figures are: the" in said
    assert "delete it" in said
    assert "does not name 4 of 6 lines" in said


def test_a_total_that_does_not_add_up_is_a_problem_at_its_line(folder: Path, capsys: Any) -> None:
    draft = "programme,year,activity\nTotal,2025,162\nNursing,2025,60\nGP,2025,100\nGPs,2025,1"
    assert judged(folder, draft, capsys) == ""
    file = folder.parent / "draft.csv"
    with pytest.raises(InstanceError) as caught:
        allocator.evaluate(ROUND, allocator.complete_draft(ROUND, read_plan(file)).tables)
    first, second = caught.value.problems
    assert first.message == (
        "'Total' looks like a total of the other rows, but its activity is 162 and they add up "
        "to 161, so it is 1 too much; correct or delete the row."
    )
    assert (first.line, second.line, second.value) == (2, 5, "GPs")


def test_a_programme_may_be_called_total() -> None:
    named = round_of(
        "programme,sector,pool,baseline\nGP,primary,NHS,100\nTotal,primary,NHS,50",
        limits="programme,max\nGP,2\nTotal,2",
        demand="programme,demand\nTotal,100",
        effects="source,target,per_unit\nGP,Total,0.1",
    )
    draft = {"allocation": csv("programme,year,activity\nGP,2025,100\nTotal,2025,100")}
    found = allocator.evaluate(named, draft)
    assert found.allocation["activity"].tolist() == [100, 100]
    assert found.notes == ()


COSTLY = round_of(
    "programme,sector,pool,unit,baseline,unit_cost\nGP,primary,NHS,visit,100,1.6\n"
    "Nursing,community,NHS,visit,50,2\nWard,acute,NHS,bed-day,20,100",
    limits="programme,min,max\nGP,0,100\nNursing,0,100\nWard,0,100",
)


def noted(draft: str) -> str:
    whole = allocator.complete_draft(COSTLY, {"allocation": csv(draft)})
    return " ".join(allocator.evaluate(COSTLY, whole.tables).notes)


def test_money_read_as_activity_is_told_with_how_to_say_it() -> None:
    said = noted("programme,2025\nWard,2100")
    assert said == (
        "Of 1 line named, 1 has a figure more than 10 times the baseline activity, or less than a "
        "10th of it (Ward in 2025/26: 2,100, baseline activity 20). If they are money, say so: "
        "call the column 'spend', or 'spend 2025/26' where each year has a column."
    )
    assert noted("programme,spend 2025\nWard,2100") == ""
    # Two of three lie where the baseline's cost is.
    near = noted("programme,year,activity\nGP,2025,165\nNursing,2025,98\nWard,2025,21")
    assert "Of 3 lines named, 2 have a figure near what the baseline costs" in near


def test_activity_read_as_money_is_told_as_well() -> None:
    said = noted("programme,year,spend\nWard,2025,20")
    assert "(Ward in 2025/26: 20, cost of the baseline 2,000)" in said
    assert "If they are activity, say so: call the column 'activity'" in said


@pytest.mark.parametrize(
    "draft",
    [
        "programme,year,activity\nGP,2025,160",  # one unit cost is met by chance
        "programme,year,activity\nGP,2025,100\nNursing,2025,60\nWard,2025,900",
        "programme,year,activity\nGP,2025,0\nNursing,2025,0",
        "programme,year,activity,spend\nWard,2025,2100,210000",  # it says both
    ],
)
def test_what_may_well_be_meant_is_not_doubted(draft: str) -> None:
    assert noted(draft) == ""


def problems_of(folder: Path, draft: str) -> list[str]:
    """What the library says of a draft that is no plan."""
    file = folder.parent / "draft.csv"
    file.write_text(draft, encoding="utf-8")
    with pytest.raises(InstanceError) as caught:
        allocator.evaluate(folder, file)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("heads", "lost", "meant"),
    [
        ("programme,year,Activty", "activity", "activty"),
        ("programme,year,spnd", "activity", "spnd"),
        ("programe,year,activity", "programme", "programe"),
        ("programme,yaer,activity", "year", "yaer"),
    ],
)
def test_a_column_that_is_spelt_otherwise(folder: Path, heads: str, lost: str, meant: str) -> None:
    (said,) = problems_of(folder, f"{heads}\nNursing,2025,60")
    assert said.startswith(f"draft.csv, line 1, {lost}: the column '{lost}' is missing;")
    assert said.endswith(f"; did you mean it by '{meant}'?")


def test_all_that_is_wrong_with_a_draft_is_told_at_once(folder: Path, capsys: Any) -> None:
    draft = (
        "programme,year,activity\nNursing,2025,6o\nGP,2025,100\nGP,2025,100\nWard,2031,5\n"
        "Nursng,2025,3\nWard,2025,-5\nWard,2o26,5"
    )
    said = problems_of(folder, draft)
    lines = [
        ("line 2, activity", "'6o' is not a number."),
        ("line 8, year", "2o26"),
        ("line 4", "is there more than once"),
        ("line 5, year", "'2031' is not a year of the plan"),
        ("line 6, programme", "did you mean 'Nursing'?"),
        ("line 7, activity", "less than nothing"),
    ]
    for place, what in lines:
        assert len([s for s in said if place in s and what in s]) == 1, (place, said)
    judged(folder, draft, capsys)
    main(["evaluate", str(folder), str(folder.parent / "draft.csv"), "--no-best"])
    told = capsys.readouterr().err
    assert "Errors: 6" in joined(told)


def test_a_cell_that_is_no_number_is_no_blank(folder: Path, capsys: Any) -> None:
    draft = "programme,year,activity,unmet\nNursing,2025,60,none"
    said = judged(folder, draft, capsys)
    assert said == ""
    assert any("'none' is not a number" in s for s in problems_of(folder, draft))
