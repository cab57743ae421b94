"""The command line for plans with yes-or-no decisions; the solver is replaced by a made plan."""

from __future__ import annotations

import inspect
import json
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
from allocator.plan import Certificate, Plan
from allocator.report.files.folder import read_plan, write_plan
from allocator.tolerances import GAP

HERE = Path(__file__).resolve().parent
DRAFT = "programme,year,activity\n" + "".join(
    f"{p},{y},{a}\n"
    for p, a in {"ae": 100_000, "nursing": 400_000, "gp": 1_200_000, "reable": 5_000}.items()
    for y in (2025, 2026)
)


def test_gap_nodes_and_start_are_passed_on(solved: Any, two_pools: Path, tmp_path: Path) -> None:
    calls = solved()
    (tmp_path / "draft.csv").write_text(DRAFT, encoding="utf-8")
    words = ["--gap", "0.01", "--nodes", "500", "--start", str(tmp_path / "draft.csv")]
    assert main(["solve", str(two_pools), *words]) == 0
    (asked,) = calls
    assert (asked["gap"], asked["nodes"]) == (0.01, 500)
    assert list(asked["start"]) == ["allocation"]
    assert asked["start"]["allocation"]["activity"].tolist()[:2] == [100_000.0, 100_000.0]


def test_what_is_not_asked_for_is_left_to_the_library(solved: Any, two_pools: Path) -> None:
    calls = solved()
    assert main(["solve", str(two_pools), "--gap", "0"]) == 0
    assert calls[0]["gap"] == 0.0
    assert main(["solve", str(two_pools)]) == 0
    assert not {"gap", "nodes", "start"} & set(calls[1])


def test_help_gives_the_gap_of_the_library(capsys: Any) -> None:
    default = inspect.signature(allocator.solve).parameters["gap"].default
    assert default == GAP
    assert main(["solve", "--help"]) == 0
    assert f"{GAP:.5f}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--gap", "-0.1"],
        ["--gap", "nan"],
        ["--gap", "inf"],
        ["--gap", "little"],
        ["--time-limit", "nan"],
        ["--nodes", "0"],
        ["--nodes", "-3"],
        ["--nodes", "1.5"],
        ["--start", "nowhere"],
        ["--start", "."],
    ],
)
def test_bad_usage_is_2_before_any_work(
    solved: Any,
    two_pools: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
    words: list[str],
) -> None:
    calls = solved()
    monkeypatch.chdir(tmp_path)
    assert main(["solve", str(two_pools), *words]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert words[0] in shown.err or "plan" in shown.err
    assert calls == []
    assert main(["solve", str(two_pools), *words, "--json"]) == 2
    assert out_json(capsys)["status"] == "error"


def test_start_needs_only_what_it_decides(
    solved: Any, two_pools: Path, tmp_path: Path, capsys: Any
) -> None:
    calls = solved()
    (tmp_path / "options.csv").write_text("option,year,taken\na,2025,yes\n", encoding="utf-8")
    assert main(["solve", str(two_pools), "--start", str(tmp_path)]) == 0
    assert calls[0]["start"]["options"]["taken"].tolist() == [True]
    assert main(["evaluate", str(two_pools), str(tmp_path)]) == 2
    assert "it has no allocation.csv" in " ".join(capsys.readouterr().err.split())
    assert main(["solve", str(two_pools), "--start", str(two_pools.parent / "none")]) == 2
    assert "there is no plan at" in " ".join(capsys.readouterr().err.split())


def test_start_that_cannot_be_read_names_its_line(
    solved: Any, two_pools: Path, tmp_path: Path, capsys: Any
) -> None:
    calls = solved()
    folder = tmp_path / "last"
    folder.mkdir()
    (folder / "allocation.csv").write_text(DRAFT, encoding="utf-8")
    (folder / "options.csv").write_text("option,year,taken\nward,2025,perhaps\n", encoding="utf-8")
    assert main(["solve", str(two_pools), "--start", str(folder), "--json"]) == 2
    (problem,) = out_json(capsys)["problems"]
    assert (problem["table"], problem["line"], problem["column"]) == ("options.csv", 2, "taken")
    assert "'perhaps' is neither yes nor no" in problem["message"]
    assert calls == []


def test_interrupted_plan_is_written_and_marked(
    solved: Any, two_pools: Path, tmp_path: Path, capsys: Any
) -> None:
    solved(status="limit", solver={"name": "highs", "interrupted": True})
    out = tmp_path / "plan"
    assert main(["solve", str(two_pools), "--out", str(out)]) == 4
    shown = capsys.readouterr()
    assert "Interrupted: the best plan found so far" in " ".join(shown.out.split())
    assert "Written to" in shown.err
    assert shown.err.splitlines()[-1] == "Interrupted: this is the best plan found until then."
    record = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    assert (record["status"], record["solver"]["interrupted"]) == ("limit", True)
    assert main(["solve", str(two_pools), "--json"]) == 4
    assert out_json(capsys)["solver"]["interrupted"] is True


def test_interrupted_before_any_plan_is_stopped(
    solved: Any, two_pools: Path, tmp_path: Path, capsys: Any
) -> None:
    solved(status="limit", tables={}, verified=False, certificate=NOTHING,
           solver={"interrupted": True})  # fmt: skip
    assert main(["solve", str(two_pools), "--out", str(tmp_path / "plan")]) == 130
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "Stopped.\n")
    assert not (tmp_path / "plan").exists()


def test_interrupted_comparisons_are_stopped(
    solved: Any, two_pools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    calls = solved(status="limit", solver={"interrupted": True})
    (tmp_path / "draft.csv").write_text(DRAFT, encoding="utf-8")
    words = ["evaluate", str(two_pools), str(tmp_path / "draft.csv")]
    assert main([*words, "--out", str(tmp_path / "judged")]) == 130
    assert not (tmp_path / "judged").exists()
    import allocator.planning.compare

    def solve(instance: object, **options: Any) -> Plan:
        return allocator.solve(instance, **options)

    monkeypatch.setattr(sys.modules["allocator.planning.compare"], "solve", solve)
    calls.clear()
    assert main(["compare", str(two_pools)]) == 130
    assert [call["evidence"] for call in calls] == ["low"], "the other cases are not begun"
    assert capsys.readouterr().out == ""


def test_json_of_a_search_has_bounds_and_nodes(solved: Any, two_pools: Path, capsys: Any) -> None:
    solved(
        certificate=Certificate(
            2000.0, 1000.0, 2004.0, None, 0.0, 2000.0,
            root_bound=2100.0, integer=True, price_of_money=1e-5, years=2,
        ),
        solver={"name": "highs", "nodes": 17, "root_gap": 0.1},
    )  # fmt: skip
    assert main(["solve", str(two_pools), "--json"]) == 0
    record = out_json(capsys)
    assert (record["bound"], record["certified_bound"]) == (2004.0, None)
    assert (record["root_bound"], record["nodes"]) == (2100.0, 17)
    assert record["gap_money"] == pytest.approx(200_000)


def test_flags_of_a_plan_folder_are_yes_and_no(tmp_path: Path) -> None:
    folder = tmp_path / "plan"
    folder.mkdir()
    (folder / "allocation.csv").write_text(DRAFT, encoding="utf-8")
    (folder / "options.csv").write_text(
        "Option,Year,Taken\na,2025/26,yes\na,2026,No\nb,2025,1\nb,2026,\nc,2025,TRUE\nc,2026,0\n",
        encoding="utf-8",
    )
    (folder / "contracts.csv").write_text(
        "contract,year,state,ended\nAcute,2025,fixed,no\nAcute,2026,at cost,yes\n",
        encoding="utf-8",
    )
    plan = read_plan(folder)
    assert plan["options"]["taken"].tolist() == [True, False, True, False, True, False]
    assert plan["options"]["year"].tolist() == [2025, 2026] * 3
    assert plan["contracts"]["ended"].tolist() == [False, True]


def test_contracts_that_do_not_say_what_is_ended_decide_nothing(tmp_path: Path) -> None:
    (tmp_path / "allocation.csv").write_text(DRAFT, encoding="utf-8")
    (tmp_path / "contracts.csv").write_text("contract,year,state\nA,2025,fixed\n", encoding="utf-8")
    assert set(read_plan(tmp_path)) == {"allocation"}


def test_plan_may_be_named_by_its_record(
    make_plan: Any, small_instance: Any, tmp_path: Path
) -> None:
    write_plan(make_plan(), small_instance, tmp_path / "plan")
    by_file = read_plan(tmp_path / "plan" / "plan.json")
    by_folder = read_plan(tmp_path / "plan")
    assert set(by_file) == set(by_folder)
    assert by_file["allocation"].equals(by_folder["allocation"])


@pytest.fixture
def network() -> Path:
    """Example: a network of practices takes full integration for two years, then partial."""
    return HERE.parent / "instances" / "examples" / "network-integration"


def test_check_counts_the_options(network: Path, capsys: Any) -> None:
    assert main(["check", str(network)]) == 0
    assert "4 years, 3 options, £100.0m in 2024/25" in " ".join(capsys.readouterr().out.split())


def test_plan_folder_goes_round(network: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "plan"
    assert main(["solve", str(network), "--out", str(out)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Full 2025/26" in shown
    names = {file.name for file in out.iterdir()}
    assert {"options.csv", "incomes.csv", "decisions.csv"} <= names
    assert "Full,Full integration,integration,2025,yes" in (out / "options.csv").read_text("utf-8")
    assert main(["evaluate", str(network), str(out)]) == 0
    assert "as much as the best plan" in " ".join(capsys.readouterr().out.split())
    assert main(["solve", str(network), "--start", str(out), "--json"]) == 0
    record = out_json(capsys)
    assert record["solver"]["start"] == "used"
    assert record["objective"] == pytest.approx(
        json.loads((out / "plan.json").read_text("utf-8"))["objective"]
    )


def test_options_against_their_terms_are_told(network: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "plan"
    assert main(["solve", str(network), "--out", str(out)]) == 0
    file = out / "options.csv"
    text = file.read_text(encoding="utf-8")
    # Full integration may only be left at its reviews, and excludes the others meanwhile.
    file.write_text(
        text.replace("Full,Full integration,integration,2026,yes",
                     "Full,Full integration,integration,2026,no"),
        encoding="utf-8",
    )  # fmt: skip
    assert file.read_text(encoding="utf-8") != text
    capsys.readouterr()
    assert main(["evaluate", str(network), str(out)]) == 5
    shown = " ".join(capsys.readouterr().out.split())
    assert "This plan is not allowed" in shown
    assert "Full integration" in shown
    assert "yours 2025/26, best 2025/26 to 2026/27" in shown
    assert main(["evaluate", str(network), str(out), "--json"]) == 5
    kinds = {v["kind"] for v in out_json(capsys)["violations"]}
    assert "option" in kinds


def test_reports_of_decisions_from_the_command_line(network: Path, capsys: Any) -> None:
    words = ["--show", "options", "--show", "incomes", "--show", "decisions"]
    assert main(["solve", str(network), *words]) == 0
    shown = capsys.readouterr().out
    titles = ("Options: what is taken", "Conditional money:", "Yes-or-no decisions: how many")
    assert [shown.index(t) for t in titles] == sorted(shown.index(t) for t in titles)
    assert main(["solve", str(network), *words, "--json"]) == 0
    tables = out_json(capsys)["tables"]
    assert list(tables) == ["options", "incomes", "decisions"]
    assert sum(row["count"] for row in tables["decisions"]) > 0


SLOW = """
import sys, time
sys.path[:0] = [{tests!r}, {reports!r}]
import allocator
from allocator.cli import main
from deciding import deciding_plan

def solve(instance, **options):
    try:
        print("solving", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    {then}
    return deciding_plan(status="limit", solver={{"name": "highs", "interrupted": True}})

vars(allocator)["solve"] = solve
sys.exit(main())
"""


def interrupted(
    then: str, *words: str, again: float | None = None, number: int = signal.SIGINT
) -> tuple[int, str, list[str]]:
    """Exit status, output and lines of errors of a verb whose solve meets Ctrl-C, say."""
    code = SLOW.format(tests=str(HERE), reports=str(HERE / "report"), then=then)
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        seen = [process.stdout.readline()]
        process.send_signal(number)
        seen.append(process.stdout.readline())
        if again is not None:
            time.sleep(again)
            process.send_signal(number)
        shown, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert seen == [b"solving\n", b"interrupted\n"], errors.decode()
    return process.returncode, shown.decode(), errors.decode().splitlines()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_control_c_waits_for_the_best_plan_so_far(
    name: str, two_pools: Path, tmp_path: Path
) -> None:
    out = tmp_path / "plan"
    words = ["solve", str(two_pools), "--json", "--out", str(out)]
    number = getattr(signal, name)
    status, shown, errors = interrupted("time.sleep(2.5)", *words, number=number)
    assert status == 4
    assert json.loads(shown)["status"] == "limit"
    assert errors[0].startswith("Stopping: the best plan found so far is being checked.")
    assert errors[-1] == "Interrupted: this is the best plan found until then."
    assert (out / "plan.json").is_file()


def test_second_control_c_stops_at_once_and_writes_nothing(two_pools: Path, tmp_path: Path) -> None:
    # Hashing neither looks at signals nor holds the interpreter, like the solver.
    then = "import hashlib; hashlib.pbkdf2_hmac('sha256', b'', b'', 2_000_000_000)"
    out = tmp_path / "plan"
    status, shown, errors = interrupted(then, "solve", str(two_pools), "--out", str(out), again=0.3)
    assert (status, shown, errors[-1]) == (130, "", "Stopped.")
    assert not out.exists()


def test_work_given_up_is_not_waited_for(two_pools: Path) -> None:
    # The solver's thread may go on for long after the wait for it is given up.
    then = (
        "import hashlib, threading; work = ('sha256', b'', b'', 2_000_000_000); "
        "threading.Thread(target=hashlib.pbkdf2_hmac, args=work).start(); raise KeyboardInterrupt"
    )
    status, shown, errors = interrupted(then, "solve", str(two_pools))
    assert (status, shown, errors) == (130, "", ["Stopped."])


def test_control_c_ends_other_verbs_after_a_second(two_pools: Path, tmp_path: Path) -> None:
    draft = tmp_path / "draft.csv"
    draft.write_text(DRAFT, encoding="utf-8")
    began = time.monotonic()
    status, shown, errors = interrupted("time.sleep(50)", "evaluate", str(two_pools), str(draft))
    assert (status, shown, errors) == (130, "", ["Stopped."])
    assert time.monotonic() - began < 40
