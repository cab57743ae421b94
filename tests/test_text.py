"""Text: nothing a terminal would act on reaches it, nothing a spreadsheet would run is written."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import round_of, solved

import allocator
from allocator.cli import main
from allocator.errors import InstanceError, Problem, UsageError
from allocator.instance.tables.guard import guarded, unguarded
from allocator.report.files.folder import read_plan, write_plan
from allocator.words import shown, unseen

ACTING = ["\x1b[31mX", "\x1b]52;c;eA==\x07", "\x9b2J", "\x08", "\u202eX", "\u200b", "\x7f", "\r"]
FORMULAS = ["=1+1", "=cmd|'/C calc'!A0", "+1", "-1", "@SUM(1)", ";=1", "'=1", "''-1", "\uff1d1"]


@given(st.text())
def test_what_is_shown_does_not_act(text: str) -> None:
    assert not unseen(shown(text), "\n\t")
    assert shown(text) == text or unseen(text, "\n\t")


@given(st.one_of(st.text(), st.text(alphabet="'=+-@;\t\ra", max_size=6)))
def test_a_guard_comes_off_again(text: str) -> None:
    written = guarded(text)
    assert unguarded(written) == text
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert ";=" not in written


@pytest.mark.parametrize("text", ["it's", "'quoted'", "A - B", "x=1", "-", "St John's; -5"])
def test_text_that_is_no_formula_is_left_alone(text: str) -> None:
    assert guarded(text) == (text if text != "-" else "'-")


@pytest.mark.parametrize("text", ACTING)
def test_errors_say_it_safely(text: str) -> None:
    problem = Problem(text, 1, text, text, f"'{text}' is wrong", f"or '{text}'?")
    for error in (UsageError(f"no {text}"), InstanceError([problem])):
        assert not unseen(str(error), "\n\t")
    assert not unseen(str(problem), "\n\t")
    assert problem.value == text


@pytest.mark.parametrize("text", ACTING[:-1])
def test_the_command_line_says_it_safely(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "round"
    assert main(["new", str(folder)]) == 0
    programmes = folder / "programmes.csv"
    lines = programmes.read_text().splitlines()
    bad = [f'"{text}1"' if n == 6 else cell for n, cell in enumerate(lines[1].split(","))]
    programmes.write_text("\n".join([lines[0], ",".join(bad), *lines[2:]]), newline="")
    assert main(["check", str(folder)]) == 2
    assert main(["check", str(folder), "--debug", "--json"]) == 2
    assert main(["solve", str(folder), "--debug"]) == 2
    assert main(["solve", str(tmp_path / f"no{text}"), "--out", str(tmp_path / text)]) == 2
    assert main(["solve", str(folder), f"--{text}"]) == 2
    assert main([text]) == 2
    (folder / "instance.toml").write_text(f'name = "{text.encode("unicode_escape").decode()}"')
    main(["check", str(folder)])
    out, err = capfd.readouterr()
    assert not unseen(out + err, "\n\t")


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_are_text_in_files_and_come_back(tmp_path: Path, name: str) -> None:
    cell = '"' + name.replace('"', '""') + '"'
    instance = round_of(
        f"programme,sector,pool,baseline,label\n{cell},{cell},NHS,100,{cell}\nb,s,NHS,5,",
        responses=f"programme,outcome,per_unit\n{cell},QALY,-0.5",
        options=f"option,pool,cost_yearly\n{cell},NHS,-1",
    )
    assert name in instance.programmes["programme"].tolist()
    allocator.write(instance, tmp_path / "round")
    assert allocator.read(tmp_path / "round").sha256 == instance.sha256
    plan = solved(instance)
    write_plan(plan, instance, tmp_path / "plan")
    for path in tmp_path.rglob("*.csv"):
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")):
            for text in row:
                assert not text.startswith(("=", "+", "@", "\t")), path
                assert not text.startswith("-") or float(text) < 0
    given_back = read_plan(tmp_path / "plan")
    assert name in given_back["allocation"]["programme"].tolist()
    assert allocator.evaluate(instance, given_back).allowed
    as_pandas = {
        table: pd.read_csv(tmp_path / "plan" / f"{table}.csv", dtype=str, keep_default_na=False)
        for table in ("allocation", "options")
    }
    assert allocator.evaluate(instance, as_pandas).allowed
    assert allocator.solve(instance, start=as_pandas).verified


def test_plans_with_semicolons_and_years_as_spreadsheets_save_them(tmp_path: Path) -> None:
    instance = round_of("programme,sector,pool,baseline\na,s,NHS,100", years=(2025, 2026))
    plan = tmp_path / "plan.csv"
    plan.write_text("Programme;Year;Activity\na;2025-26;90,5\na;FY26/27;91\n", encoding="utf-16")
    given_plan = read_plan(plan)
    assert given_plan["allocation"]["activity"].tolist() == [90.5, 91]
    assert allocator.evaluate(instance, given_plan).allowed
