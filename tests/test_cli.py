"""The command line: exit statuses, JSON, messages. The solver is replaced by a made plan."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from shown import NOTHING, out_json

import allocator
from allocator.cli import main
from allocator.cli.stages import Teller
from allocator.cli.usage import CommandLineError
from allocator.errors import SolverError, UsageError, VerificationError
from allocator.instance.tables.schema import TABLES
from allocator.report.files.folder import write_plan


def test_solve_shows_the_plan(solved: Any, two_pools: Path, capsys: Any) -> None:
    solved()
    assert main(["solve", str(two_pools)]) == 0
    shown = capsys.readouterr()
    assert "WHERE THE MONEY GOES" in shown.out
    assert "Proof: " in shown.out


def test_solve_passes_its_options_on(solved: Any, two_pools: Path, capsys: Any) -> None:
    calls = solved(status="feasible")
    words = ["--keep", "0.9", "--algorithm", "ipx", "--threads", "2", "--time-limit", "5000"]
    assert main(["solve", str(two_pools), "--evidence", "low", *words]) == 0
    options = {"keep": 0.9, "solver": "ipx", "threads": 2, "time_limit": 5000.0}
    # What reading took counts.
    assert 0.0 < calls[0].pop("time_limit") < options.pop("time_limit")
    assert calls == [{"evidence": "low", **options}]
    assert "Checked independently: yes" in capsys.readouterr().out


def test_years_shows_every_year(solved: Any, two_pools: Path, capsys: Any) -> None:
    solved()
    assert main(["solve", str(two_pools), "--years"]) == 0
    assert "2026/27" in capsys.readouterr().out


def test_solve_json_is_one_object(solved: Any, two_pools: Path, capsys: Any) -> None:
    solved(max_violation=float("nan"))
    assert main(["solve", str(two_pools), "--json"]) == 0
    record = out_json(capsys)
    assert record["status"] == "optimal"
    assert record["max_violation"] is None
    assert record["seconds"]["read"] > 0
    assert record["seconds"]["total"] > record["seconds"]["read"]
    assert {"objective", "certified_bound", "gain_gap", "sectors", "outcomes"} <= set(record)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "infeasible", "tables": {}, "verified": False, "certificate": NOTHING}, 3),
        ({"status": "limit", "tables": {}, "verified": False, "certificate": NOTHING}, 4),
        ({"status": "limit"}, 4),
        ({"status": "unbounded", "tables": {}, "verified": False, "certificate": NOTHING}, 2),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_exit_status_of_what_was_found(
    solved: Any, two_pools: Path, capsys: Any, changes: dict[str, Any], status: int, as_json: bool
) -> None:
    solved(**changes)
    assert main(["solve", str(two_pools), *(["--json"] if as_json else [])]) == status
    if as_json:
        assert out_json(capsys)["status"] == changes["status"]


def test_plan_at_a_limit_is_written_and_marked(
    solved: Any, two_pools: Path, tmp_path: Path, capsys: Any
) -> None:
    solved(status="limit")
    assert main(["solve", str(two_pools), "--out", str(tmp_path / "plan")]) == 4
    record = json.loads((tmp_path / "plan" / "plan.json").read_text(encoding="utf-8"))
    assert record["status"] == "limit"
    assert "Stopped at a limit" in capsys.readouterr().out


@pytest.mark.parametrize("how", ["raised", "found"])
def test_plan_that_failed_its_check_is_no_plan(
    solved: Any, two_pools: Path, tmp_path: Path, capsys: Any, how: str
) -> None:
    if how == "raised":
        solved(VerificationError("the pool NHS is overspent by £5."))
    else:
        solved(verified=False, max_violation=0.01)
    assert main(["solve", str(two_pools), "--json", "--out", str(tmp_path / "plan")]) == 5
    shown = capsys.readouterr()
    assert json.loads(shown.out)["status"] == "error"
    assert "Nothing here is a plan" in shown.err
    assert not (tmp_path / "plan").exists()


def test_bad_input_names_everything(two_pools: Path, capsys: Any) -> None:
    text = (two_pools / "responses.csv").read_text(encoding="utf-8")
    (two_pools / "responses.csv").write_text(text.replace("nursing", "nursng"), encoding="utf-8")
    assert main(["solve", str(two_pools)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "did you mean 'nursing'?" in " ".join(shown.err.split())
    assert main(["solve", str(two_pools), "--json"]) == 2
    problems = out_json(capsys)["problems"]
    assert problems[0]["table"] == "responses"
    assert problems[0]["line"] == 2


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["plan"],
        ["solve"],
        ["solve", "x", "--bad"],
        ["solve", "x", "--keep", "2"],
        ["solve", "x", "--algorithm", "magic"],
        ["solve", "x", "--evidence", "best"],
        ["solve", "x", "--show", "everything"],
        ["compare", "nowhere"],
        ["solve", "nowhere"],
        ["export", "x", "--format", "docx", "--out", "y"],
        ["evaluate", "nowhere", "nothing"],
    ],
)
def test_bad_usage_is_2_and_json_all_the_same(words: list[str], capsys: Any) -> None:
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.err
    assert "Traceback" not in shown.err
    if words:
        assert main([*words, "--json"]) == 2
        assert out_json(capsys)["status"] == "error"


def test_command_line_errors_are_known_by_their_base() -> None:
    assert CommandLineError.__name__ == "ClickException"


def test_our_fault_is_short_until_asked(solved: Any, two_pools: Path, capsys: Any) -> None:
    solved(ZeroDivisionError("division by zero"))
    assert main(["solve", str(two_pools)]) == 1
    shown = capsys.readouterr().err
    assert "A fault in allocator" in shown
    assert f"allocator {allocator.__version__}" in " ".join(shown.split())
    assert "--debug" in shown
    assert "Traceback" not in shown
    assert main(["solve", str(two_pools), "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status"),
    [(UsageError("hipo is not installed."), 2), (SolverError("the basis is singular."), 1)],
)
def test_errors_raised_on_purpose(
    solved: Any, two_pools: Path, capsys: Any, error: Exception, status: int
) -> None:
    solved(error)
    assert main(["solve", str(two_pools), "--json"]) == status
    assert str(error) in out_json(capsys)["problems"][0]["message"]


def test_control_c_is_130_without_a_traceback(solved: Any, two_pools: Path, capsys: Any) -> None:
    solved(KeyboardInterrupt())
    assert main(["solve", str(two_pools)]) == 130
    errors = capsys.readouterr().err
    assert errors.splitlines()[-1] == "Stopped."
    assert "Traceback" not in errors


def test_refused_folder_costs_no_solve(solved: Any, two_pools: Path, capsys: Any) -> None:
    calls = solved()
    assert main(["solve", str(two_pools), "--out", str(two_pools)]) == 2
    assert calls == []
    assert "is not a plan folder" in capsys.readouterr().err


def test_overwrite(solved: Any, two_pools: Path, tmp_path: Path, capsys: Any) -> None:
    solved()
    words = ["solve", str(two_pools), "--out", str(tmp_path / "plan")]
    assert [main(words), main(words), main([*words, "--overwrite"])] == [0, 2, 0]
    assert "Written to" in capsys.readouterr().err


def test_check_lists_what_is_unvalued(two_pools: Path, capsys: Any) -> None:
    assert main(["check", str(two_pools)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Unvalued: 1 programme, £20.0m in 2024/25" in shown
    assert "Good to solve: 4 programmes in 4 sectors, 2 pools, 2 years" in shown
    assert main(["check", str(two_pools), "--json"]) == 0
    record = out_json(capsys)
    assert record["status"] == "ok"
    assert record["unvalued"] == [{"programme": "ae", "spend": 20e6}]


def test_unvalued_programmes_are_told_once(two_pools: Path, capsys: Any) -> None:
    assert main(["check", str(two_pools)]) == 0
    shown = capsys.readouterr().out
    assert shown.count("Unvalued") == 1
    assert "Warnings" not in shown
    assert "no warnings" in " ".join(shown.split())
    assert main(["check", str(two_pools), "--json"]) == 0
    assert len(out_json(capsys)["problems"]) == 1, "other programs still get the warning"


def test_nothing_to_report_on_when_nothing_was_found(
    solved: Any, two_pools: Path, capsys: Any
) -> None:
    solved(status="infeasible", tables={}, verified=False, certificate=NOTHING)
    assert main(["solve", str(two_pools), "--show", "all"]) == 3
    assert "Providers:" not in capsys.readouterr().out


def test_check_groups_errors_and_stops_at_about_40_lines(two_pools: Path, capsys: Any) -> None:
    rows = "".join(f"gp{n},health,0.1,\n" for n in range(60))
    with (two_pools / "responses.csv").open("a", encoding="utf-8") as file:
        file.write(rows)
    with (two_pools / "limits.csv").open("a", encoding="utf-8") as file:
        file.write("nobody,baseline,lots,\n")
    assert main(["check", str(two_pools)]) == 2
    short = capsys.readouterr().out.splitlines()
    assert 30 <= len(short) <= 46
    assert "Refused: " in short[-1] or "Refused: " in short[-2]
    assert any("more (--all shows them)" in line for line in short)
    assert main(["check", str(two_pools), "--all"]) == 2
    every = capsys.readouterr().out
    assert every.count("gp") >= 60
    assert "--all" not in every
    assert main(["check", str(two_pools), "--json"]) == 2
    assert len(out_json(capsys)["problems"]) >= 61


def test_draft_of_the_made_plan(
    make_plan: Any, small_instance: Any, solved: Any, two_pools: Path, tmp_path: Path, capsys: Any
) -> None:
    solved()
    write_plan(make_plan(), small_instance, tmp_path / "plan")
    words = ["evaluate", str(two_pools), str(tmp_path / "plan")]
    assert main(words) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "This plan is allowed" in shown
    assert "best plan" in shown
    assert main([*words, "--json", "--no-best"]) == 0
    record = out_json(capsys)
    assert record["status"] == "allowed"
    assert record["best"] is None
    assert record["violations"] == []


def test_draft_that_overspends_is_refused_by_pool_and_pounds(
    solved: Any, two_pools: Path, tmp_path: Path, capsys: Any
) -> None:
    solved()
    activity = {"ae": 100_000, "nursing": 440_000, "gp": 1_400_000, "reable": 5_000}
    rows = [f"{p},{y},{a}" for p, a in activity.items() for y in ("2025/26", "2026/27")]
    draft = tmp_path / "draft.csv"
    draft.write_text("\n".join(["programme,year,activity", *rows]), encoding="utf-8")
    words = ["evaluate", str(two_pools), str(draft), "--out", str(tmp_path / "judged")]
    assert main(words) == 5
    shown = " ".join(capsys.readouterr().out.split())
    assert "This plan is not allowed" in shown
    assert "NHS" in shown
    assert "2025/26" in shown
    record = json.loads((tmp_path / "judged" / "evaluation.json").read_text(encoding="utf-8"))
    assert record["status"] == "not_allowed"
    assert {v["kind"] for v in record["violations"]} == {"budget"}
    assert (tmp_path / "judged" / "violations.csv").is_file()


def test_draft_with_an_unknown_programme_names_its_line(
    solved: Any, two_pools: Path, tmp_path: Path, capsys: Any
) -> None:
    solved()
    draft = tmp_path / "draft.csv"
    draft.write_text("programme,year,activity\n\nnursng,2025,1\n", encoding="utf-8")
    assert main(["evaluate", str(two_pools), str(draft), "--json"]) == 2
    problems = out_json(capsys)["problems"]
    assert any(p["line"] == 3 and "nursng" in p["message"] for p in problems)


def test_stages_and_gaps_are_told_when_asked_for(two_pools: Path, capsys: Any) -> None:
    assert main(["solve", str(two_pools), "--progress"]) == 0
    told = [line.strip() for line in capsys.readouterr().err.splitlines()]
    stages = ["Reading ...", "Finding the best plan ...", "Building the programme"]
    stages += ["Finding the reference plan", "Finding the best plan", "Checking the plan"]
    assert [line for line in told if line in stages] == stages
    assert main(["solve", str(two_pools)]) == 0
    assert capsys.readouterr().err == ""


def test_a_gap_is_told_each_time_it_has_halved() -> None:
    told: list[str] = []
    teller = Teller(told.append)
    teller.hear("best decisions", None)
    for gap in (0.5, 0.4, 0.2, 0.19, 0.001):
        teller.hear("", gap)
    teller.hear("another", None)
    named = "Finding the best decisions"
    better = [f"{named}: at most {gap} better" for gap in ("50.00%", "20.00%", "0.10%")]
    assert told == [named, *better, "Solving: another"]


def test_the_time_told_is_that_of_the_whole_command(
    solved: Any, two_pools: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved()
    moments = iter([100.0, 103.0, 107.5])
    monkeypatch.setattr("allocator.cli.steps.time.perf_counter", lambda: next(moments, 107.5))
    assert main(["solve", str(two_pools), "--json"]) == 0
    seconds = out_json(capsys)["seconds"]
    assert (seconds["read"], seconds["total"]) == (3.0, 7.5)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["solve", "x", "--kep", "1"], "No such option: --kep. Did you mean '--keep'? Try"),
        (["sovle", "x"], "No such command 'sovle'. Did you mean 'solve'? Try"),
        (["solve", "x", "--show", "provider"], "prices, all. Did you mean 'providers'? Try"),
        (["solve", "x", "--evidence", "centrl"], "high. Did you mean 'central'? Try"),
        (["solve", "x", "y"], "(y); a name with spaces goes in quotes. Try 'allocator solve"),
        (["describe", "programs"], "instance.toml. Did you mean 'programmes'?"),
    ],
)
def test_what_was_probably_meant(words: list[str], told: str, capsys: Any) -> None:
    assert main(words) == 2
    assert told in capsys.readouterr().err


def test_tables_are_described_within_a_terminal(capsys: Any) -> None:
    assert main(["describe"]) == 0
    listed = capsys.readouterr().out
    for name, table in TABLES.items():
        assert f"\n{name} " in listed
        assert main(["describe", f"{name}.csv"]) == 0
        shown = capsys.readouterr().out
        assert max(map(len, shown.splitlines())) <= 80
        for column in table.columns.values():
            assert f" {column.name} " in shown
        assert main(["describe", name, "--json"]) == 0
        record = out_json(capsys)
        assert [c["column"] for c in record["columns"]] == list(table.columns)
    assert main(["describe", "programmes"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "* programme text; required name of the programme" in words
    assert "unit text; left out: money unit of activity" in words
    assert main(["describe", "instance.toml"]) == 0
    assert "base_year" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="shells quote in another way elsewhere")
@pytest.mark.parametrize("name", ["my town", "it's", "-x", "$HOME;ls"])
def test_next_commands_can_be_pasted(
    name: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "--", name]) == 0
    told = capsys.readouterr().err.strip().partition(" Next: ")[2]
    commands = [shlex.split(command) for command in told.split(", then: ")]
    assert [words[:2] for words in commands] == [["allocator", "check"], ["allocator", "solve"]]
    assert main(commands[0][1:]) == 0


def test_the_plan_that_is_judged_is_not_replaced(
    make_plan: Any, small_instance: Any, solved: Any, two_pools: Path, tmp_path: Path, capsys: Any
) -> None:
    calls, folder = solved(), tmp_path / "plan"
    write_plan(make_plan(), small_instance, folder)
    for plan in (folder, folder / "plan.json", folder / "allocation.csv"):
        words = ["evaluate", str(two_pools), str(plan), "--out", str(folder), "--overwrite"]
        assert main(words) == 2
        assert "holds the plan that is judged" in capsys.readouterr().err
    assert calls == []


def test_new_makes_an_instance_that_checks(tmp_path: Path, capsys: Any) -> None:
    assert main(["new", str(tmp_path / "first")]) == 0
    assert main(["check", str(tmp_path / "first")]) == 0
    assert main(["new", str(tmp_path / "first")]) == 2
    capsys.readouterr()
    assert main(["new", str(tmp_path / "second"), "--json"]) == 0
    assert out_json(capsys)["status"] == "written"


def test_export_writes_a_file_once(two_pools: Path, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "model.mps"
    words = ["export", str(two_pools), "--format", "mps", "--out", str(file)]
    assert main(words) == 0
    assert file.stat().st_size > 0
    assert main(words) == 2
    assert main([*words, "--overwrite"]) == 0
    assert "already exists" in capsys.readouterr().err


def command(*words: str, **options: Any) -> subprocess.Popen[bytes]:
    code = "import sys; from allocator.cli import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def test_control_c_ends_a_solver_that_does_not_listen(two_pools: Path) -> None:
    # Hashing neither looks at signals nor holds the interpreter, like the solver.
    code = (
        "import sys, hashlib, allocator; from allocator.cli import main\n"
        "def solve(instance, **options):\n"
        "    print('solving', flush=True)\n"
        "    hashlib.pbkdf2_hmac('sha256', b'', b'', 2_000_000_000)\n"
        "vars(allocator)['solve'] = solve\n"
        "sys.exit(main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "solve", str(two_pools)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"solving\n"
        time.sleep(1.0)  # from the line it prints to where no signal is heard
        process.send_signal(signal.SIGINT)  # asks for the best plan so far
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"Stopping")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert errors.splitlines()[-1] == b"Stopped."


def test_reader_that_goes_away_is_no_error(two_pools: Path) -> None:
    process = command("check", str(two_pools))
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=60)
    assert errors == b""
    assert process.returncode == 141


def test_narrow_encodings_do_not_stop_the_printing(two_pools: Path) -> None:
    process = command("check", str(two_pools), env={**os.environ, "PYTHONIOENCODING": "ascii"})
    printed, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")
    assert b"Good to solve" in printed


@pytest.mark.parametrize(
    ("verb", "more", "undone"),
    [
        ("check", (), "Nothing can be solved yet."),
        ("solve", (), "Nothing was solved."),
        ("evaluate", ("draft.csv",), "Nothing was judged."),
        ("compare", (), "Nothing was compared."),
        ("export", ("--format", "mps", "--out", "model.mps"), "Nothing was written."),
    ],
)
def test_what_is_refused_ends_with_what_was_not_done(
    two_pools: Path,
    verb: str,
    more: tuple[str, ...],
    undone: str,
    capsys: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(two_pools.parent)
    with (two_pools / "limits.csv").open("a", encoding="utf-8") as file:
        file.write("nobody,baseline,lots,\n")
    Path("draft.csv").write_text("programme,year,activity\n", encoding="utf-8")
    assert main([verb, str(two_pools), *more]) == 2
    shown = capsys.readouterr()
    said = (shown.out or shown.err).strip().splitlines()[-1]
    assert said == f"Refused: 1 error in 1 table. {undone}"
    assert main([verb, "nowhere", *more]) == 2
    shown = capsys.readouterr()
    assert (shown.out or shown.err).strip().splitlines()[-1] == f"Refused: 1 error. {undone}"


def test_a_refused_draft_says_that_nothing_was_judged(two_pools: Path, capsys: Any) -> None:
    draft = two_pools.parent / "draft.csv"
    draft.write_text("programme,year,activity\nnobody,2025,1\n", encoding="utf-8")
    assert main(["evaluate", str(two_pools), str(draft), "--json"]) == 2
    shown = capsys.readouterr()
    assert json.loads(shown.out)["status"] == "error"
    assert shown.err.strip().splitlines()[-1] == "Refused: 1 error in 1 table. Nothing was judged."
