"""Reading: encodings, zips, memory, and what is forgiven with a warning."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from base_round import FILES, round_files, write_round
from declared import assert_as_declared

from allocator.errors import InstanceError
from allocator.instance.instance import Instance, diagnose, from_tables, read
from allocator.instance.tables.schema import TABLES

SETTINGS = {"name": "Memory", "base_year": 2024, "years": [2025, 2026]}


def frames() -> dict[str, pd.DataFrame]:
    return {
        "programmes": pd.DataFrame(
            {"programme": ["b", "a"], "sector": "acute", "pool": "NHS", "baseline": [10, 5.5]}
        ),
        "budgets": pd.DataFrame(
            {"pool": ["NHS", "NHS"], "year": [None, 2026], "amount": [100, 110]}
        ),
        "outcomes": pd.DataFrame({"outcome": ["QALY"], "weight": [1]}),
        "responses": pd.DataFrame({"programme": ["a"], "outcome": ["QALY"], "per_unit": [2.0]}),
    }


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    return read(write_round(tmp_path_factory.mktemp("clean")))


def test_tables_have_the_schema_and_are_sorted(clean: Instance) -> None:
    for name, table in TABLES.items():
        frame = clean.tables[name]
        assert_as_declared(table, frame)
        assert len(frame) > 0, name
        assert isinstance(frame.index, pd.RangeIndex)
        expected = frame.sort_values(list(table.key)).reset_index(drop=True)
        pd.testing.assert_frame_equal(frame, expected)


def test_defaults_fill_blanks_and_missing_columns() -> None:
    instance = from_tables(SETTINGS, frames())
    programmes = instance.programmes
    assert programmes["programme"].tolist() == ["a", "b"]
    assert programmes["unit"].tolist() == ["money", "money"]
    assert programmes["unit_cost"].tolist() == [1.0, 1.0]
    assert programmes["cost_uplift"].isna().all()
    assert instance.budgets["year"].tolist()[0] == 2026
    assert instance.budgets["year"].isna().tolist() == [False, True]
    assert instance.limits.empty
    assert list(instance.limits.columns) == list(TABLES["limits"].columns)


@pytest.mark.parametrize("years", [[None, 2026], [np.nan, 2026.0], ["", "2026/27"], [pd.NA, 2026]])
def test_years_in_memory(years: list[object]) -> None:
    tables = frames()
    tables["budgets"] = pd.DataFrame(
        {"pool": ["NHS", "NHS"], "year": pd.Series(years, dtype=object), "amount": [100, 110]}
    )
    assert from_tables(SETTINGS, tables).sha256 == from_tables(SETTINGS, frames()).sha256


def test_lines_in_memory_are_positions() -> None:
    tables = frames()
    tables["programmes"].loc[1, "baseline"] = -1.0
    with pytest.raises(InstanceError) as raised:
        from_tables(SETTINGS, tables)
    problem = raised.value.problems[0]
    assert (problem.table, problem.line, problem.column) == ("programmes", 3, "baseline")


def test_infinity_and_negatives_in_memory() -> None:
    tables = frames()
    tables["budgets"]["amount"] = [np.inf, -1.0]
    with pytest.raises(InstanceError) as raised:
        from_tables(SETTINGS, tables)
    assert [p.line for p in raised.value.problems if p.severity == "error"] == [2, 3]


def test_unknown_table_in_memory() -> None:
    with pytest.raises(InstanceError, match="did you mean 'limits'"):
        from_tables(SETTINGS, {**frames(), "limit": pd.DataFrame({"a": [1]})})


def test_replace_checks_like_a_fresh_instance() -> None:
    instance = from_tables(SETTINGS, frames())
    assert instance.replace(cost_uplift=0.1).settings.cost_uplift == 0.1
    assert instance.replace().sha256 == instance.sha256
    with pytest.raises(InstanceError, match="negative"):
        instance.replace(budgets=instance.budgets.assign(amount=-1.0))


@pytest.mark.parametrize(
    ("encoding", "mark", "warned"),
    [
        ("utf-8", "", False),
        ("utf-8-sig", "", False),
        ("utf-16", "", False),
        ("utf-16-be", "\ufeff", False),
        ("cp1252", "", True),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, mark: str, warned: bool) -> None:
    folder = write_round(tmp_path)
    text = FILES["programmes.csv"].replace("Practices", "Café £")
    (folder / "programmes.csv").write_bytes((mark + text).encode(encoding))
    instance, problems = diagnose(folder)
    assert instance is not None, problems
    assert "Café £" in instance.programmes["provider"].tolist()
    assert any("cp1252" in p.message for p in problems) == warned


def test_byte_order_mark_in_settings(tmp_path: Path, clean: Instance) -> None:
    folder = write_round(tmp_path)
    text = FILES["instance.toml"].replace("\n", "\r\n")
    (folder / "instance.toml").write_bytes(text.encode("utf-8-sig"))
    assert read(folder).sha256 == clean.sha256


LIMITS, (HEADER, *ROWS) = FILES["limits.csv"], FILES["use.csv"].splitlines()
TURNED = [",".join(line.split(",")[::-1]) for line in (HEADER, *ROWS[::-1])]
FORGIVEN: dict[str, dict[str, Any]] = {
    "blank lines and spaces": {
        "limits": LIMITS.replace("\n", "\n\n,,,,,\n").replace("GP access,", "  GP access ,")
    },
    "trailing empty columns": {"limits": LIMITS.replace("\n", ",,\n")},
    "order of rows and columns": {"use": "\n".join(TURNED) + "\n"},
    "financial years": {
        "settings": {"years": '["2025/26", "2026/27", "2027/28"]'},
        "budgets": {"NHS,2026": {"year": "2026/27"}, "Council,2027": {"year": "2027/2028"}},
    },
    **{
        f"lines that end in {ending!r}": {
            name.removesuffix(".csv"): text.replace("\n", ending)
            for name, text in FILES.items()
            if name.endswith(".csv")
        }
        for ending in ("\r\n", "\r")
    },
}


@pytest.mark.parametrize("changes", FORGIVEN.values(), ids=FORGIVEN)
def test_ways_of_writing_the_same_round(
    tmp_path: Path, changes: dict[str, Any], clean: Instance
) -> None:
    assert read(write_round(tmp_path, **changes)).sha256 == clean.sha256


def test_lines_count_quoted_line_breaks(tmp_path: Path) -> None:
    use = (
        'programme,resource,per_unit,note\nEmergency admissions,beds,8,"a\nb"\n'
        "Planned operations,beds,many,\n"
    )
    _, problems = diagnose(write_round(tmp_path, use=use))
    assert [(p.line, p.value) for p in problems if p.severity == "error"] == [(4, "many")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("£17,500,000", 17_500_000),
        ("17,500,000.50", 17_500_000.5),
        ("£ 17500000", 17_500_000),
        ("+17500000", 17_500_000),
        ("1.75E+07", 17_500_000),
    ],
)
def test_numbers_as_planners_write_them(tmp_path: Path, written: str, meant: float) -> None:
    changed = {"NHS,2025": {"amount": f'"{written}"'}}
    instance, problems = diagnose(write_round(tmp_path, budgets=changed))
    assert instance is not None, problems
    budgets = instance.budgets
    assert budgets.loc[budgets["year"] == 2025, "amount"].tolist() == [meant]
    noted = [p for p in problems if p.table == "budgets"]
    assert len(noted) == (1 if "£" in written or "," in written else 0)
    assert all(p.line == 2 and written in p.message for p in noted)


def test_one_note_for_a_column_of_pounds(tmp_path: Path) -> None:
    text = FILES["budgets.csv"].replace("recurrent,", "recurrent,£")
    instance, problems = diagnose(write_round(tmp_path, budgets=text))
    assert instance is not None
    noted = [p for p in problems if p.table == "budgets"]
    assert len(noted) == 1
    assert "4 more cells" in noted[0].message


def test_tabs_are_read_and_noted(tmp_path: Path, clean: Instance) -> None:
    text = FILES["use.csv"].replace(",", "\t")
    instance, problems = diagnose(write_round(tmp_path, use=text))
    assert instance is not None
    assert instance.sha256 == clean.sha256
    assert any("tabs" in p.message for p in problems)


def zipped(path: Path, files: dict[str, str], top: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(top + name, text)
    return path


@pytest.mark.parametrize("top", ["", "round/"])
def test_zip(tmp_path: Path, top: str, clean: Instance) -> None:
    extra = {"__MACOSX/._use.csv": "junk", "round/data/raw.csv": "junk", ".DS_Store": "junk"}
    files = {f"{top}{name}": text for name, text in FILES.items()}
    assert read(zipped(tmp_path / "round.zip", {**files, **extra})).sha256 == clean.sha256


@pytest.mark.parametrize("name", ["../use.csv", "/etc/use.csv", "a/../../use.csv", "c:/use.csv"])
def test_unsafe_zip(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "round.zip", {**FILES, name: "x"})
    instance, problems = diagnose(path)
    assert instance is None
    assert "points outside" in problems[0].message


def test_zip_of_two_rounds(tmp_path: Path) -> None:
    files = {f"{top}/{name}": text for top in "ab" for name, text in FILES.items()}
    instance, problems = diagnose(zipped(tmp_path / "both.zip", files))
    assert instance is None
    assert "several folders" in problems[0].message


def test_broken_zip(tmp_path: Path) -> None:
    path = zipped(tmp_path / "round.zip", FILES)
    content = bytearray(path.read_bytes())
    content[60:200] = b"x" * 140
    path.write_bytes(content)
    with pytest.raises(InstanceError, match="neither a folder nor a zip"):
        read(path)


def test_workbook(tmp_path: Path) -> None:
    path = zipped(tmp_path / "round.xlsx", {"xl/workbook.xml": ""})
    with pytest.raises(InstanceError, match="workbooks are not supported yet"):
        read(path)


def test_paths_that_are_no_instance(tmp_path: Path) -> None:
    (tmp_path / "avonside").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InstanceError, match="did you mean 'avonside'"):
        read(tmp_path / "avonsid")
    with pytest.raises(InstanceError, match="neither a folder nor a zip"):
        read(tmp_path / "notes.txt")
    with pytest.raises(InstanceError, match=r"instance\.toml: the file is missing"):
        read(tmp_path / "avonside")


def test_capitals_in_file_names(tmp_path: Path, clean: Instance) -> None:
    folder = write_round(tmp_path)
    (folder / "use.csv").rename(folder / "Use.CSV")
    assert read(folder).sha256 == clean.sha256


def test_a_folder_in_the_place_of_a_table_is_ignored(tmp_path: Path, clean: Instance) -> None:
    folder = write_round(tmp_path)
    (folder / "data.csv").mkdir()
    (folder / "README.md").write_text("about")
    assert read(folder).sha256 == clean.sha256


def test_a_table_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    folder = write_round(tmp_path)
    (folder / "use.csv").unlink()
    (folder / "use.csv").symlink_to(folder / "nowhere.csv")
    _, problems = diagnose(folder)
    assert [p.table for p in problems if p.severity == "error"] == ["use.csv"]


def test_settings_from_memory_are_checked_too() -> None:
    with pytest.raises(InstanceError, match="there is no entry 'title'"):
        from_tables({**SETTINGS, "title": "x"}, frames())


def test_problems_come_in_the_order_of_the_tables(tmp_path: Path) -> None:
    files = round_files(
        use={"Emergency admissions": {"per_unit": "x"}},
        limits={"GP access,,baseline": {"min": "x"}, "GP access,,growth": {"max": "x"}},
    )
    backwards = {name: files[name] for name in sorted(files, reverse=True)}
    _, problems = diagnose(zipped(tmp_path / "round.zip", backwards))
    errors = [(p.table, p.line) for p in problems if p.severity == "error"]
    assert errors == [("limits", 2), ("limits", 3), ("use", 2)]
