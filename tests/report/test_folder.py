from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from allocator.errors import InstanceError, Problem, UsageError
from allocator.instance.instance import Instance
from allocator.plan import Plan
from allocator.report.files.folder import located, read_plan, write_plan
from allocator.report.files.target import check_target

Make = Callable[..., Plan]
HEADER = "programme,year,activity\n"


def test_what_is_written_reads_back_exactly(
    make_plan: Make, small_instance: Instance, tmp_path: Path
) -> None:
    plan = make_plan()
    third = plan.allocation["activity"] / 3
    plan.allocation["activity"] = third
    write_plan(plan, small_instance, tmp_path / "plan")
    back = read_plan(tmp_path / "plan")
    assert set(back) == {"allocation", "capacity", "budgets", "transfers", "funding"}
    assert back["allocation"]["activity"].tolist() == third.tolist()
    assert back["allocation"]["year"].tolist() == plan.allocation["year"].tolist()
    assert back["budgets"]["carry_out"].tolist() == [0.0] * 4


def test_record_holds_the_summary_and_the_unit_of_money(
    make_plan: Make, small_instance: Instance, tmp_path: Path
) -> None:
    write_plan(make_plan(), small_instance, tmp_path / "plan")
    record = json.loads((tmp_path / "plan" / "plan.json").read_text(encoding="utf-8"))
    assert record["status"] == "optimal"
    assert record["money"] == {"currency": "GBP", "unit": "one"}
    assert record["solver"]["algorithm"] == "simplex"
    assert len(record["sectors"]) == 8


def test_flags_are_words_and_no_limit_is_inf(
    make_plan: Make, small_instance: Instance, tmp_path: Path
) -> None:
    write_plan(make_plan(), small_instance, tmp_path / "plan")
    allocation = pd.read_csv(tmp_path / "plan" / "allocation.csv")
    assert set(allocation["held"]) == {"yes", "no"}
    limits = pd.read_csv(tmp_path / "plan" / "limits.csv")
    assert (limits["hi"] == float("inf")).sum() == 2
    assert not limits["hi"].isna().any()


def test_folder_is_written_completely_or_not_at_all(
    make_plan: Make, small_instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plan(make_plan(), small_instance, tmp_path / "plan")
    before = {f.name: f.read_bytes() for f in (tmp_path / "plan").iterdir()}
    write_text = Path.write_text

    def full(self: Path, text: str, **options: str) -> int:
        if self.name == "rules.csv":
            raise OSError(28, "No space left on device")
        return write_text(self, text, **options)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UsageError, match="No space left"):
        write_plan(make_plan(), small_instance, tmp_path / "plan", overwrite=True)
    with pytest.raises(UsageError, match="No space left"):
        write_plan(make_plan(), small_instance, tmp_path / "other")
    after = {f.name: f.read_bytes() for f in (tmp_path / "plan").iterdir()}
    assert after == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plan"]


def test_old_plan_comes_back_when_the_swap_fails(
    make_plan: Make, small_instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plan(make_plan(), small_instance, tmp_path / "plan")
    rename = Path.rename

    def stubborn(self: Path, target: Path) -> Path:
        if Path(target).name == "plan" and not self.name.endswith("-old"):
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr("allocator.instance.reading.folder.exchanged", lambda one, other: False)
    monkeypatch.setattr(Path, "rename", stubborn)
    with pytest.raises(UsageError, match="Permission denied"):
        write_plan(make_plan(), small_instance, tmp_path / "plan", overwrite=True)
    assert (tmp_path / "plan" / "plan.json").is_file()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plan"]


def test_only_a_plan_is_replaced_and_only_when_asked(
    make_plan: Make, small_instance: Instance, tmp_path: Path, two_pools: Path
) -> None:
    with pytest.raises(UsageError, match="is not a plan folder"):
        write_plan(make_plan(), small_instance, two_pools, overwrite=True)
    folder = tmp_path / "plan"
    folder.mkdir()
    write_plan(make_plan(), small_instance, folder)
    with pytest.raises(UsageError, match="--overwrite replaces it"):
        write_plan(make_plan(), small_instance, folder)
    write_plan(make_plan(), small_instance, folder, overwrite=True)
    for name in ("mine.csv", "notes.docx"):
        (folder / name).write_text("mine", encoding="utf-8")
        with pytest.raises(UsageError, match=rf"also holds {name}, which is not part of the plan"):
            write_plan(make_plan(), small_instance, folder, overwrite=True)
        (folder / name).unlink()
    with pytest.raises(UsageError, match="is a file"):
        check_target(folder / "plan.json", overwrite=True)


def test_tables_the_new_plan_has_no_more_go_with_the_old_one(
    make_plan: Make, small_instance: Instance, tmp_path: Path
) -> None:
    folder, tables = tmp_path / "plan", make_plan().tables
    write_plan(make_plan(), small_instance, folder)
    fewer = {name: table for name, table in tables.items() if name != "bridge"}
    write_plan(make_plan(tables=fewer), small_instance, folder, overwrite=True)
    assert not (folder / "bridge.csv").exists()


def test_a_plan_of_version_0_1_0_is_known_by_its_tables(
    make_plan: Make, small_instance: Instance, tmp_path: Path
) -> None:
    folder = tmp_path / "plan"
    write_plan(make_plan(), small_instance, folder)
    record = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    del record["files"]
    (folder / "plan.json").write_text(json.dumps(record), encoding="utf-8")
    for later in ("system.csv", "worth.csv"):
        (folder / later).unlink()
    write_plan(make_plan(), small_instance, folder, overwrite=True)


def test_the_folder_one_works_in_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for folder in (".", "..", str(tmp_path / "work")):
        with pytest.raises(UsageError, match="is the folder you work in"):
            check_target(Path(folder), overwrite=True)


def test_hand_made_plan(tmp_path: Path) -> None:
    file = tmp_path / "draft.csv"
    file.write_bytes(
        "\ufeffProgramme,Year,Activity,why\r\n\r\nA&E,2025/26,\"1,234.5\",more\r\nA&E,2026,7,\r\n"
        .encode()
    )  # fmt: skip
    allocation = read_plan(file)["allocation"]
    assert allocation["activity"].tolist() == [1234.5, 7.0]
    assert allocation["year"].tolist() == [2025, 2026]
    assert list(allocation.index) == [3, 4]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        (HEADER + "a,25/26,1\n", 2, "year", "'25/26' is not a year"),
        (HEADER + "a,2025/27,1\n", 2, "year", "'2025/27' is not a year"),
        (HEADER + "a,2025,1\nb,2025,lots\n", 3, "activity", "'lots' is not a number"),
        (HEADER + 'a,2025,"1,5"\n', 2, "activity", "'1,5' is not a number"),
        ("programme,year\na,2025\n", 1, "activity", "the column 'activity' is missing"),
        (HEADER + "a,2025\n", 2, "", "the row has 2 cells"),
        ("", None, "", "the file is empty"),
    ],
)
def test_bad_plan_is_refused_by_line_and_column(
    tmp_path: Path, text: str, line: int | None, column: str, message: str
) -> None:
    (tmp_path / "allocation.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InstanceError) as caught:
        read_plan(tmp_path)
    (problem,) = caught.value.problems
    assert (problem.table, problem.line, problem.column) == ("allocation.csv", line, column)
    assert message in problem.message


def test_every_problem_at_once(tmp_path: Path) -> None:
    (tmp_path / "allocation.csv").write_text(HEADER + "a,x,y\nb,x,1\n", encoding="utf-8")
    (tmp_path / "capacity.csv").write_text("resource,year,extra\nr,x,1\n", encoding="utf-8")
    with pytest.raises(InstanceError) as caught:
        read_plan(tmp_path)
    assert [p.table for p in caught.value.problems] == ["allocation.csv"] * 3 + ["capacity.csv"] * 2


def test_no_plan_there(tmp_path: Path, two_pools: Path) -> None:
    with pytest.raises(UsageError, match="there is no plan at"):
        read_plan(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"it has no allocation\.csv"):
        read_plan(two_pools)


def test_problems_are_given_the_lines_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "draft.csv"
    file.write_text(HEADER + "\n\na,2025,1\n", encoding="utf-8")
    rows = [Problem("allocation", 2, "programme", "a", "is not in the instance.")]
    missing = [Problem("allocation", None, "programme", "b", "has no row.")]
    found = located(InstanceError(rows + missing), read_plan(file), file).problems
    assert [p.line for p in found] == [4, None]
    assert [p.table for p in found] == ["draft.csv"] * 2
    in_folder = located(InstanceError(rows + missing), {}, tmp_path).problems
    assert [p.table for p in in_folder] == ["allocation.csv"] * 2
