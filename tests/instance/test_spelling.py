"""What planners and spreadsheets write, and what is meant by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from base_round import FILES, write_round
from small import A, csv, round_of, solved

import allocator
from allocator.errors import InstanceError, Problem
from allocator.instance.instance import Instance, diagnose, from_tables, read
from allocator.instance.tables.years import not_a_year, year_of

CASES = Path(__file__).parents[1] / "cases"


def said(problems: list[Problem], words: str) -> list[Problem]:
    return [p for p in problems if words in p.message]


def good(folder: Path) -> tuple[Instance, list[Problem]]:
    instance, problems = diagnose(folder)
    assert instance is not None, [str(p) for p in problems]
    return instance, problems


def columns(text: str, separator: str) -> str:
    return text.replace(",", separator)


# Lists


def test_a_group_whose_name_has_a_space_is_one_group() -> None:
    instance, problems = good(CASES / "group-names-with-spaces")
    assert solved(instance).options["taken"].sum() == 3
    certificate = solved(instance).certificate
    assert certificate.objective is not None
    assert certificate.objective == pytest.approx(570)
    assert not said(problems, "separate several by")


@pytest.mark.parametrize(
    ("groups", "odd"),
    [
        (("one", "two", "one two"), "one two"),
        (("one two", "two three", "three one"), "one two"),
        (("one", "two", "one; two"), ""),
        (("Region A", "Region A", "Region B"), ""),
    ],
)
def test_spaces_that_look_like_separators_are_said_once(groups: tuple[str, ...], odd: str) -> None:
    rows = "\n".join(f"{n},NHS,{group},at_most_one" for n, group in enumerate(groups))
    instance = round_of(A, options=f"option,pool,group,choose\n{rows}")
    found = said(list(instance.warnings), "separate several by ';'")
    assert [p.value for p in found] == ([odd] if odd else [])


def test_tags_may_have_spaces_and_stand_in_any_spacing() -> None:
    programmes = "programme,sector,pool,baseline,tags\na,s,NHS,1,mental health;core\nb,s,NHS,2,core"
    selections = "selection,tag\nm,mental health\nc,core"
    instance = round_of(programmes, selections=selections)
    assert instance.programmes["tags"].tolist() == ["mental health; core", "core"]
    again = round_of(programmes.replace(";core", " ;  core;"), selections=selections)
    assert again.sha256 == instance.sha256


@pytest.mark.parametrize("written", ["1 2", "1;2", "1; 2", "1 ; 2;"])
def test_review_years_in_any_spacing(written: str) -> None:
    instance = round_of(
        A,
        years=(2025, 2026, 2027),
        options=f"option,pool,cost_once,review_years\no,NHS,1,{written}",
    )
    assert instance.options["review_years"].tolist() == ["1; 2"]


# Spaces and what cannot be seen


def test_no_break_spaces_are_spaces() -> None:
    instance, problems = good(CASES / "names-with-nbsp")
    assert all("\u00a0" not in name for name in instance.programmes["programme"])
    noted = said(problems, "a no-break space (U+00A0) was read as a space")
    assert sorted(p.table for p in noted) == ["limits", "programmes", "responses"]


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2007", "\u3000", "\n", "\t", "\u2028"])
def test_every_space_is_a_space_in_frames_and_files(tmp_path: Path, space: str) -> None:
    name = f"Planned{space}operations"
    text = FILES["use.csv"].replace("Planned operations", f'"{name}"')
    clean, _ = good(write_round(tmp_path / "clean"))
    instance, problems = good(write_round(tmp_path / "round", use=text))
    assert instance.sha256 == clean.sha256
    assert len(said(problems, "read as a space")) == 1
    frames = {
        "programmes": pd.DataFrame(
            {"programme": [name, "b"], "sector": "s", "pool": "NHS", "baseline": 1}
        ),
        **{k: csv(v) for k, v in REST.items()},
    }
    made = from_tables(SETTINGS, frames)
    assert "Planned operations" in made.programmes["programme"].tolist()


SETTINGS = {"name": "Test", "base_year": 2024, "years": [2025]}
REST = {
    "budgets": "pool,amount\nNHS,100",
    "outcomes": "outcome,weight\nQALY,1",
    "responses": "programme,outcome,per_unit",
}


@pytest.mark.parametrize("hidden", ["\x1b", "\x07", "\x7f", "\x9b", "\u200b", "\u202e", "\u00ad"])
@pytest.mark.parametrize("column", ["programme", "label", "sector", "provider", "unit", "note"])
def test_what_cannot_be_seen_is_refused_once_a_column(column: str, hidden: str) -> None:
    frame = csv(
        "programme,sector,pool,baseline,label,provider,unit,note\na,s,NHS,1,,,,\nb,s,NHS,1,,,,"
    )
    frame[column] = [f"x{hidden}y", f"z{hidden}"]
    with pytest.raises(InstanceError) as raised:
        from_tables(SETTINGS, {"programmes": frame, **{k: csv(v) for k, v in REST.items()}})
    mine = said(raised.value.problems, "cannot be seen")
    assert [(p.line, p.column) for p in mine] == [(2, column)]
    assert f"U+{ord(hidden):04X}" in mine[0].message
    assert "as does 1 more cell" in mine[0].message


def test_notes_keep_their_lines(tmp_path: Path) -> None:
    text = 'programme,resource,per_unit,note\nPlanned operations,beds,8,"a\nb"\n'
    instance, problems = good(write_round(tmp_path, use=text))
    assert instance.use["note"].tolist() == ["a\nb"]
    assert not said(problems, "read as a space")


# Rows, columns, separators


def test_rows_may_end_before_their_blank_cells() -> None:
    instance, problems = good(CASES / "short-rows-from-spreadsheet")
    noted = said(problems, "the row ends before the header's last column")
    assert [(p.table, p.line, p.severity) for p in noted] == [("programmes", 3, "warning")]
    assert solved(instance).verified


def test_short_rows_are_said_once(tmp_path: Path) -> None:
    lines = FILES["limits.csv"].splitlines()
    text = "\n".join([f"{lines[0]},note", *lines[1:]])
    instance, problems = good(write_round(tmp_path / "short", limits=text))
    assert instance.sha256 == read(write_round(tmp_path / "whole")).sha256
    assert len(said(problems, "more rows like it")) == 1


@pytest.mark.parametrize("separator", [";", "\t"])
def test_files_of_other_separators(tmp_path: Path, separator: str) -> None:
    clean = read(write_round(tmp_path / "clean"))
    changed = {
        name.removesuffix(".csv"): columns(text, separator)
        for name, text in FILES.items()
        if name in ("use.csv", "reach.csv", "places.csv", "programmes.csv")
    }
    if separator == ";":
        changed["programmes"] = changed["programmes"].replace("core; out", '"core; out"')
    instance, problems = good(write_round(tmp_path / "round", **changed))
    assert instance.sha256 == clean.sha256
    assert len(said(problems, "instead of commas; read as such")) == 4


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        (["12,5", "3"], [12.5, 3]),
        (["12,5", "1,234"], [12.5, 1.234]),
        (["1.234,5", "3"], [1234.5, 3]),
        (["1 234,5", "3"], [1234.5, 3]),
        (["£12,50", "3"], [12.5, 3]),
        (["12.5", "3"], [12.5, 3]),
        (["1,234", "3"], None),
        (["12,5", "1.234"], None),
        (["12,5", "12.5"], None),
    ],
)
def test_decimal_commas(tmp_path: Path, cells: list[str], meant: list[float] | None) -> None:
    rows = "\n".join(
        f"{name};{cell}" for name, cell in zip(["Deprived", "Others"], cells, strict=True)
    )
    folder = write_round(tmp_path, segments=f"segment;heads\n{rows}\n", reach=False, rules=False)
    instance, problems = diagnose(folder)
    mine = [p for p in problems if p.table == "segments" and p.severity == "error"]
    if meant is None:
        assert len(mine) == 1
        assert "write it with a decimal point" in mine[0].message
    else:
        assert not mine, mine
        assert instance is not None, [str(p) for p in problems]
        assert instance.segments["heads"].tolist() == meant
        noted = said(problems, "was read with a decimal comma")
        assert len(noted) == any("," in cell for cell in cells)


def test_a_line_that_names_the_separator(tmp_path: Path) -> None:
    text = "sep=;\n" + columns(FILES["use.csv"], ";") + "Estates;beds;x\n"
    _, problems = diagnose(write_round(tmp_path, use=text))
    line = len(FILES["use.csv"].splitlines()) + 2
    assert [p.line for p in problems if p.severity == "error"] == [line]


def test_columns_in_any_capitals(tmp_path: Path) -> None:
    clean = read(write_round(tmp_path / "clean"))
    programmes, rest = FILES["programmes.csv"].split("\n", 1)
    header = programmes.replace("unit_cost", "Unit Cost").replace("baseline", " BASELINE ")
    instance, _ = good(write_round(tmp_path / "round", programmes=f"{header}\n{rest}"))
    assert instance.sha256 == clean.sha256


def test_a_column_twice_in_a_frame() -> None:
    frame = csv(A)
    frame["Sector"] = "t"
    with pytest.raises(InstanceError, match="column 'sector' appears twice"):
        from_tables(SETTINGS, {"programmes": frame, **{k: csv(v) for k, v in REST.items()}})
    twice = pd.concat([csv(A), csv(A)[["pool"]]], axis=1)
    with pytest.raises(InstanceError, match="column 'pool' appears twice"):
        from_tables(SETTINGS, {"programmes": twice, **{k: csv(v) for k, v in REST.items()}})


@pytest.mark.parametrize(
    ("meant", "name"),
    [("baseline", "basline"), ("baseline", "Base line"), ("sector", "kind of care")],
)
def test_a_misnamed_column_is_one_error(meant: str, name: str) -> None:
    frame = csv(A.replace(meant, name))
    with pytest.raises(InstanceError) as raised:
        from_tables(SETTINGS, {"programmes": frame, **{k: csv(v) for k, v in REST.items()}})
    errors = [p for p in raised.value.problems if p.severity == "error"]
    assert [p.column for p in errors] == [name]
    assert f"did you mean '{meant}'" in errors[0].suggestion


def test_a_column_that_is_like_none_is_one_error() -> None:
    """What it says is not known: nothing is told of the figures it may have had."""
    curved = {
        **REST,
        "responses": "programme,outcome,shape,per_unit,elasticity\na,QALY,power,1,0.5",
    }
    frame = csv(A.replace("baseline", "opening stock"))
    with pytest.raises(InstanceError) as raised:
        from_tables(SETTINGS, {"programmes": frame, **{k: csv(v) for k, v in curved.items()}})
    errors = [p for p in raised.value.problems if p.severity == "error"]
    assert [p.column for p in errors] == ["opening stock"]
    assert "'allocator describe programmes' lists those it has" in errors[0].suggestion


# Years


@pytest.mark.parametrize(
    "written",
    [
        "2026",
        "2026.0",
        "2026-27",
        "2026/27",
        "2026-2027",
        "FY26/27",
        "FY2026/27",
        "fy26-27",
        "2026\u201327",
        "FY 2026/27",
        "2026 / 27",
    ],
)
def test_a_year_in_every_spelling(written: str) -> None:
    assert year_of(written) == 2026
    programmes = A
    tables: dict[str, Any] = {
        "budgets": f"pool,year,amount\nNHS,2025,100\nNHS,{written},110\nNHS,2027,120",
        "rules": "rule,year,measure,sense,value,basis,reference\n"
        f"r,2027,spend,min,-0.5,growth,{written}",
        "options": f"option,pool,cost_once,earliest\no,NHS,1,{written}",
    }
    plain = {k: v.replace(written, "2026") for k, v in tables.items()}
    years: Any = (2025, written, "2027/28")
    instance = round_of(programmes, years=years, **tables)
    assert instance.sha256 == round_of(programmes, years=(2025, 2026, 2027), **plain).sha256
    assert solved(instance).verified
    plan = {
        "allocation": csv(f"programme,year,activity\na,2025,90\na,{written},90\na,2027,90"),
        "options": csv(f"option,year,taken\no,2025,no\no,{written},no\no,2027,no"),
    }
    assert allocator.evaluate(instance, plan).allowed
    assert allocator.solve(instance, start=plan).verified


@pytest.mark.parametrize(
    "written", ["2026-28", "2026/26", "FY2026", "FY26", "26", "26/27", "x", "0"]
)
def test_what_is_no_year(written: str) -> None:
    assert year_of(written) is None
    assert written in not_a_year(written)


def test_a_rule_may_refer_to_a_year_with_a_point() -> None:
    rules = "rule,year,measure,sense,value,basis,reference\nr,2026,spend,min,0,growth,2025.0"
    instance = round_of(A, years=(2025, 2026), rules=rules)
    assert instance.rules["reference"].tolist() == ["2025"]
    assert solved(instance).verified


# Totals


def test_a_total_that_adds_up_is_skipped(tmp_path: Path) -> None:
    clean = read(write_round(tmp_path / "clean"))
    text = FILES["places.csv"] + "Total,,180000\n"
    instance, problems = good(write_round(tmp_path / "round", places=text))
    assert instance.sha256 == clean.sha256
    noted = said(problems, "'Total' looks like a total of the other rows")
    assert [(p.line, p.severity) for p in noted] == [(text.count("\n"), "warning")]


@pytest.mark.parametrize("name", ["Total", "TOTAL", "Grand total", "Sum", "Sub-total", "total:"])
def test_a_total_that_does_not_add_up_is_one_error(tmp_path: Path, name: str) -> None:
    text = FILES["budgets.csv"] + f"{name},2025,,999,,,\n"
    _, problems = diagnose(write_round(tmp_path, budgets=text))
    errors = [p for p in problems if p.severity == "error"]
    assert len(errors) == 1
    assert "looks like a total of the other rows, but its amount is 999" in errors[0].message
    assert errors[0].message.endswith("correct or delete the row.")


BUDGETS = "pool,year,amount\nNHS,2025,100\nNHS,2026,110\nCouncil,2025,50\nCouncil,2026,52\n"


def of_total(row: str) -> Instance:
    programmes = "programme,sector,pool,baseline\na,s,NHS,50\nb,s,Council,25"
    return round_of(programmes, years=(2025, 2026), budgets=f"{BUDGETS}{row}")


@pytest.mark.parametrize("row", ["Total,,312", "Total,2025,150", "Total,2025,150\nTotal,2026,162"])
def test_totals_of_a_year_and_of_all_years_are_skipped(row: str) -> None:
    found = of_total(row)
    assert sorted(set(found.budgets["pool"])) == ["Council", "NHS"]
    assert said(list(found.warnings), "the row is skipped")


def test_a_total_that_is_off_says_by_how_much() -> None:
    with pytest.raises(InstanceError) as caught:
        of_total("Total,,310")
    only = next(problem for problem in caught.value.problems if problem.severity == "error")
    assert only.message == (
        "'Total' looks like a total of the other rows, but its amount is 310 and they add up to "
        "312, so it is 2 too little; correct or delete the row."
    )


def test_a_total_of_programmes_without_sector_or_pool() -> None:
    programmes = "programme,sector,pool,baseline\na,s,NHS,100\nb,s,NHS,50\nTotal,,,150"
    instance = round_of(programmes)
    assert instance.programmes["programme"].tolist() == ["a", "b"]


def test_a_pool_may_be_called_total() -> None:
    programmes = "programme,sector,pool,baseline\na,s,Total,100\nb,s,NHS,50"
    instance = round_of(programmes, budgets="pool,amount\nNHS,100\nTotal,100")
    assert sorted(instance.budgets["pool"]) == ["NHS", "Total"]
    assert not said(list(instance.warnings), "looks like a total")


@pytest.mark.parametrize(
    "written", ["consultation; consent", "consultation;consent", "consultation consent"]
)
def test_steps_that_come_first_in_any_spacing(written: str) -> None:
    instance = round_of(
        "programme,sector,pool,baseline\na,s,NHS,1",
        options=f"option,pool,cost_once,needs,needs_months\no,NHS,1,{written},3",
    )
    assert instance.options["needs"].tolist() == ["consultation; consent"]
