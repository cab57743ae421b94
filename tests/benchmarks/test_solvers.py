"""Solvers of the suite, the process each has to itself, and what is made of its answers."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from benchmarks.suite import verify, worker
from benchmarks.suite.lines import STATUSES
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.base import Options, Outcome, refused
from benchmarks.suite.solvers.cbc import below, binary, count
from benchmarks.suite.solvers.registry import SOLVERS, find

INF = np.inf


def problem_of(matrix: list[list[float]], rows: list[tuple[float, float]], **parts: Any) -> Problem:
    columns = len(matrix[0])
    row_lower, row_upper = np.array(rows, dtype=float).T
    given: dict[str, Any] = {
        "maximise": True,
        "offset": 0.0,
        "col_lower": np.zeros(columns),
        "col_upper": np.full(columns, INF),
        "integer": np.zeros(columns, dtype=bool),
    }
    given |= parts
    return Problem.of(
        "test",
        "XS",
        0,
        matrix=sparse.csr_array(np.array(matrix, dtype=float)),
        row_lower=row_lower,
        row_upper=row_upper,
        **given,
    )


def mixed() -> Problem:
    """Every kind of row and column; a = 4, b = 2, c = 3, d = 1.5 give 12 + 2 - 3 + 6 + 10 = 27."""
    return problem_of(
        [[1, 1, 0, 0], [-1, 0, 1, 0], [-0.5, 1, 0, 0], [1, 0, 1, 0], [0, 1, 1, 1]],
        [(1, 6), (-1, -1), (-INF, 3), (-3, INF), (-INF, INF)],
        cost=np.array([3.0, 1.0, -1.0, 4.0]),
        offset=10.0,
        col_lower=np.array([0.0, -2.0, -INF, 1.5]),
        col_upper=np.array([4.0, INF, INF, 1.5]),
        optimum=27.0,
    )


def whole() -> Problem:
    """Most of 5x + 8y with 7x + 11y <= 50.5: x = 4, y = 2 give 36, of the relaxation 36.7."""
    return problem_of(
        [[7, 11]],
        [(-INF, 50.5)],
        cost=np.array([5.0, 8.0]),
        offset=2.0,
        col_upper=np.array([10.0, 10.0]),
        integer=np.ones(2, dtype=bool),
        optimum=38.0,
    )


def impossible() -> Problem:
    return problem_of(
        [[1, 1], [1, 1]], [(-INF, 1), (3, INF)], cost=np.array([1.0, 2.0]), status="infeasible"
    )


def endless() -> Problem:
    return problem_of([[1, -1]], [(-INF, 1)], cost=np.array([1.0, 1.0]), status="unbounded")


def run(problem: Problem, folder: Path, solver: str, **request: Any) -> dict[str, Any]:
    path = folder / f"{problem.sha256[:12]}.npz"
    if not path.exists():
        problem.save(path)
    limit = request.pop("hard_limit", 60.0)
    return worker.execute({"problem": str(path), "solver": solver, **request}, limit)


def installed(name: str) -> bool:
    if name == "cbc":
        return binary() is not None
    return all(
        importlib.util.find_spec(module.partition(".")[0]) is not None
        for module in SOLVERS[name].modules
    )


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    return "python:suite_fakes:"


# What an answer is worth.


def test_a_solution_has_no_residuals() -> None:
    found = verify.residuals(mixed(), np.array([4.0, 2.0, 3.0, 1.5]))
    assert found.relative == {"row": 0.0, "bound": 0.0, "integer": 0.0}
    assert found.sound
    assert verify.objective_of(mixed(), np.array([4.0, 2.0, 3.0, 1.5])) == 27.0


def test_residuals_are_measured_in_units_and_against_the_size_of_what_is_violated() -> None:
    # first row: 4 + 2.5 = 6.5 where at most 6 is allowed, terms of 6.5 together
    found = verify.residuals(mixed(), np.array([4.0, 2.5, 3.0, 1.5]))
    assert found.row_absolute == pytest.approx(0.5)
    assert found.row == pytest.approx(0.5 / 6.5)
    assert not found.sound
    # a bound of 4 exceeded by 0.2 and a bound of 0 by 0.2: the second is more, against 1
    high = verify.residuals(mixed(), np.array([4.2, 1.0, 3.2, 1.5]))
    assert (high.bound_absolute, high.bound) == pytest.approx((0.2, 0.05))
    low = verify.residuals(mixed(), np.array([-0.2, 1.5, -1.2, 1.5]))
    assert (low.bound_absolute, low.bound) == pytest.approx((0.2, 0.2))


def test_small_rows_are_measured_against_themselves_but_judged_by_what_was_asked() -> None:
    tiny = problem_of([[1e-3, 1e-3]], [(-INF, 1e-3)], cost=np.ones(2))
    found = verify.residuals(tiny, np.array([0.5, 0.5005]))
    assert found.row_absolute == pytest.approx(5e-7)
    assert found.row == pytest.approx(5e-7 / 1.0005e-3)
    assert found.sound
    assert not verify.residuals(tiny, np.array([0.5, 0.503])).sound


def test_whole_numbers_that_hide_in_the_tolerance_show_once_rounded() -> None:
    # 1000 people may be let in when the door is open; a door open by 5e-7 lets 0.0005 in
    door = problem_of(
        [[1.0, -1000.0]],
        [(-INF, 0.0)],
        cost=np.array([1.0, -1.0]),
        integer=np.array([False, True]),
    )
    found = verify.residuals(door, np.array([5e-4, 5e-7]))
    assert found.row == 0.0
    assert found.integer == pytest.approx(5e-7)
    assert found.rounded == pytest.approx(5e-4 / 1000.0)
    assert found.sound


def test_a_point_is_settled_by_bounds_and_whole_numbers() -> None:
    # a little above its bound of 4 and paid for by the second row
    found = verify.settled(mixed(), np.array([4.0 + 5e-7, 2.0, 3.0 + 5e-7, 1.5]))
    assert found is not None
    assert found.objective == pytest.approx(27.0 - 5e-7, abs=1e-12)
    assert found.row == pytest.approx(5e-7 / 7.0, rel=1e-3)
    inside = verify.settled(mixed(), np.array([4.0 + 5e-7, 2.0, 3.0, 1.5]))
    assert inside == verify.Settled(27.0, 0.0)
    # 4.0000004 and 2.0 take 50.0000028 of 50.5, and are whole once rounded
    near = verify.settled(whole(), np.array([4.0000004, 2.0]))
    assert near == verify.Settled(38.0, 0.0)
    # whole numbers go within their bounds as whole numbers
    narrow = replace(whole(), col_upper=np.array([3.7, 10.0]))
    assert verify.settled(narrow, np.array([3.7, 2.0])) == verify.Settled(33.0, 0.0)
    none = replace(narrow, col_lower=np.array([3.2, 0.0]))
    assert verify.settled(none, np.array([3.5, 2.0])) is None


def test_what_a_point_is_worth_once_settled_is_in_the_line(tmp_path: Path, fakes: str) -> None:
    told = {"claim": "limit", "x": [4.0 + 5e-7, 1.0, 3.0, 1.5]}
    line = run(mixed(), tmp_path, f"{fakes}told", options=told)
    assert line["objective"] == pytest.approx(26.0 + 1.5e-6, abs=1e-9)
    assert line["settled"] == {"objective": 26.0, "row": 0.0}


def test_duals_bound_the_objective_in_both_senses() -> None:
    dual = np.array([1.0, -1.0, 0.0, 0.0, 0.0])
    # 6 of row 1, 1 of row 2, 1 a unit of the 4 of column a, 4 of the 1.5 of d, and 10
    assert verify.dual_bound(mixed(), dual) == (27.0, 0.0)
    least = replace(mixed(), maximise=False, cost=-mixed().cost, offset=-10.0)
    assert verify.dual_bound(least, -dual) == (-27.0, 0.0)
    # other duals bound it too, but less: 9 + 1 + 0.5 x 4 + 0.5 x 2 (b at its least) + 6 + 10
    assert verify.dual_bound(mixed(), np.array([1.5, -1.0, 0.0, 0.0, 0.0])) == (29.0, 0.0)
    # a dual for the side that the row does not have counts as zero
    assert verify.dual_bound(mixed(), np.array([1.0, -1.0, 0.0, 9.0, 0.0])) == (27.0, 0.0)


def test_a_free_column_with_a_reduced_cost_leaves_no_bound() -> None:
    bound, residual = verify.dual_bound(mixed(), np.array([1.0, 0.0, 0.0, 0.0, 0.0]))
    assert bound == np.inf
    assert residual == 1.0


@pytest.mark.parametrize(
    ("claimed", "x", "status", "word"),
    [
        ("optimal", [4.0, 2.0, 3.0, 1.5], "verified-optimal", ""),
        ("optimal", [4.0, 1.9, 3.0, 1.5], "wrong", "worse than the known 27.0"),
        ("optimal", [4.0, 2.1, 3.0, 1.5], "wrong", "violates rows by up to 1.00e-01"),
        ("optimal", [np.nan, 2.0, 3.0, 1.5], "wrong", "not finite"),
        ("optimal", None, "error", "no values"),
        ("limit", [4.0, 1.9, 3.0, 1.5], "feasible-at-limit", ""),
        ("limit", [4.0, 2.1, 3.0, 1.5], "soft-time-out", "no solution"),
        ("limit", None, "soft-time-out", ""),
        ("gave-up", [4.0, 2.1, 3.0, 1.5], "error", "no solution"),
        ("infeasible", None, "wrong", "known to be optimal"),
        ("infeasible-or-unbounded", None, "wrong", "known to be optimal"),
        ("licence-limit", None, "licence-limit", ""),
    ],
)
def test_a_claim_is_held_against_the_answer(
    claimed: str, x: list[float] | None, status: str, word: str
) -> None:
    found = verify.judge(mixed(), claimed, None if x is None else np.array(x))
    assert found.status == status
    assert word in " ".join(found.notes)


def test_an_optimum_better_than_the_known_one_is_wrong_too() -> None:
    modest = replace(mixed(), optimum=26.9)
    found = verify.judge(modest, "optimal", np.array([4.0, 2.0, 3.0, 1.5]))
    assert found.status == "wrong"
    assert "better than the known 26.9" in found.notes[0]


def test_what_is_known_of_a_problem_decides_about_claims_without_a_solution() -> None:
    assert verify.judge(impossible(), "infeasible").status == "infeasible"
    assert verify.judge(impossible(), "unbounded").status == "wrong"
    assert verify.judge(impossible(), "infeasible-or-unbounded").status == "infeasible"
    assert verify.judge(endless(), "infeasible-or-unbounded").status == "unbounded"
    assert verify.judge(endless(), "optimal", np.zeros(2)).status == "wrong"
    unknown = replace(whole(), optimum=None)
    assert verify.judge(unknown, "unbounded").status == "wrong"  # its columns have bounds
    assert verify.judge(unknown, "infeasible-or-unbounded").status == "infeasible"
    assert verify.judge(unknown, "infeasible").status == "infeasible"


def test_an_optimum_rests_on_duals_where_they_close_the_gap() -> None:
    unknown, x = replace(mixed(), optimum=None), np.array([4.0, 2.0, 3.0, 1.5])
    dual = np.array([1.0, -1.0, 0.0, 0.0, 0.0])
    assert verify.judge(unknown, "optimal", x).proof == "claim"
    proved = verify.judge(unknown, "optimal", x, row_dual=dual)
    assert (proved.proof, proved.gap, proved.dual_bound) == ("duals", 0.0, 27.0)
    weak = verify.judge(unknown, "optimal", x, row_dual=np.array([1.0, -1.0, 0.5, 0.0, 0.0]))
    assert weak.proof == "claim"
    assert weak.gap is not None
    assert weak.gap > 0.01
    assert verify.judge(unknown, "optimal", x, row_dual=np.ones(2)).proof == "claim"


def test_an_optimum_whose_own_bound_is_far_off_is_no_more_than_a_solution() -> None:
    unknown = replace(whole(), optimum=None)
    found = verify.judge(unknown, "optimal", np.array([4.0, 2.0]), bound=38.7)
    assert found.status == "feasible-at-limit"
    assert found.gap == pytest.approx(0.7 / 38.0)
    assert verify.judge(unknown, "optimal", np.array([4.0, 2.0]), bound=38.0).status == (
        "verified-optimal"
    )


# The solvers.


@pytest.mark.parametrize("name", SOLVERS)
def test_every_solver_solves_a_programme_with_every_kind_of_row_and_column(
    name: str, tmp_path: Path
) -> None:
    line = run(replace(mixed(), optimum=None), tmp_path, name, time_limit=30.0, permutation=2)
    if not installed(name):
        assert line["status"] == "missing"
        assert SOLVERS[name].package.split(",")[0] in line["note"]
        return
    if name == "cp-sat":
        assert line["status"] == "unsupported"
        return
    assert (line["status"], line["claimed_status"]) == ("verified-optimal", "optimal"), line["note"]
    assert line["objective"] == pytest.approx(27.0, rel=2e-6)
    assert max(line["residual"].values()) <= 1e-6
    assert line["options"], "options are read back"
    assert line["seconds"]["solve"] > 0.0
    assert line["seconds"]["total"] >= line["seconds"]["solve"]
    assert line["cpu_seconds"]["total"] is not None
    if name not in ("scip", "cbc"):  # the rest give duals, in the right sign
        assert line["proof"] == "duals"


@pytest.mark.parametrize("name", [n for n, s in SOLVERS.items() if "mip" in s.kinds])
def test_every_solver_for_whole_numbers_finds_the_optimum(name: str, tmp_path: Path) -> None:
    if not installed(name):
        pytest.skip(f"{SOLVERS[name].package} is not installed")
    line = run(whole(), tmp_path, name, permutation=1, options={"seed": 3})
    assert line["status"] == "verified-optimal", line["note"]
    assert line["objective"] == 38.0
    assert line["proof"] == "known"
    assert line["permutation"] == 1
    assert line["problem"]["integers"] == 2
    if line["bound"] is not None:
        assert line["bound"] == pytest.approx(38.0, rel=1e-6)
        assert line["gap"] <= 1e-6
    if line["primal_log"]:
        assert line["primal_log"][-1][1] == pytest.approx(38.0)


@pytest.mark.parametrize(
    "name", ["highs", "scip", "cbc", "glop", "ortools-pdlp", "clarabel", "glpk"]
)
def test_no_solution_and_no_end_are_told(name: str, tmp_path: Path) -> None:
    if not installed(name):
        pytest.skip(f"{SOLVERS[name].package} is not installed")
    assert run(impossible(), tmp_path, name)["status"] == "infeasible"
    assert run(endless(), tmp_path, name)["status"] == "unbounded"


def test_options_are_what_was_asked_and_are_read_back(tmp_path: Path) -> None:
    line = run(
        whole(),
        tmp_path,
        "highs",
        time_limit=7.5,
        threads=2,
        options={"feasibility": 1e-7, "gap": 1e-5, "seed": 4, "presolve": "off"},
    )
    asked = {
        "time_limit": 7.5,
        "threads": 2,
        "mip_feasibility_tolerance": 1e-7,
        "mip_rel_gap": 1e-5,
        "random_seed": 4,
        "presolve": "off",
    }
    assert asked.items() <= line["options"].items()
    assert line["threads"] == 2
    assert line["primal_log"], "improving solutions are noted"


def test_an_option_that_is_refused_is_an_error_and_says_so(tmp_path: Path) -> None:
    line = run(whole(), tmp_path, "highs", options={"presolv": "off"})
    assert line["status"] == "error"
    assert "presolv" in line["note"]


def test_a_solver_stopped_at_its_limit_is_not_optimal(tmp_path: Path) -> None:
    options = {"simplex_iteration_limit": 0, "presolve": "off"}
    line = run(mixed(), tmp_path, "highs-simplex", options=options)
    assert line["claimed_status"] == "limit"
    assert line["status"] == "soft-time-out"


def test_kinds_that_a_solver_does_not_take_are_unsupported(tmp_path: Path) -> None:
    line = run(whole(), tmp_path, "highs-ipx")
    assert line["status"] == "unsupported"
    assert "linear programmes only" in line["note"]


def test_any_solver_of_pyomo_can_be_used_by_name(tmp_path: Path) -> None:
    line = run(mixed(), tmp_path, "pyomo:highs", time_limit=30.0)
    assert line["status"] == "verified-optimal", line["note"]
    assert line["objective"] == pytest.approx(27.0)
    assert line["options"]["primal_feasibility_tolerance"] == 1e-6
    assert line["seconds"]["build"] > 0.0
    absent = run(mixed(), tmp_path, "pyomo:nosuchsolver")
    assert absent["status"] == "missing"


class _Refusing:
    """A solver of Pyomo's whose licence does not reach."""

    def __init__(self, words: str = "", fails: bool = False) -> None:
        self.options: dict[str, Any] = {}
        self.words, self.fails = words, fails

    def available(self, exception_flag: bool = True) -> bool:
        if self.fails:
            raise RuntimeError(self.words)
        return True

    def solve(self, model: Any, **_: Any) -> Any:
        from pyomo.opt import SolverResults, SolverStatus, TerminationCondition

        results = SolverResults()
        results.solver.status = SolverStatus.error
        results.solver.termination_condition = TerminationCondition.error
        results.solver.message = self.words
        return results


@pytest.mark.parametrize(
    ("words", "fails", "claimed"),
    [
        ("Model too large for size-limited license", False, "licence-limit"),
        ("CPLEX Error  1016: Community Edition. Problem size limits", False, "licence-limit"),
        ("No license file found", True, "licence-limit"),
        ("No executable found", True, "missing"),
        ("it broke", False, "error"),
    ],
)
def test_a_licence_that_does_not_reach_is_told_from_a_failure(
    words: str, fails: bool, claimed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyomo.environ as pyo

    from benchmarks.suite.solvers import pyomo as solvers_pyomo

    monkeypatch.setattr(pyo, "SolverFactory", lambda _: _Refusing(words, fails))
    found = solvers_pyomo.solve(mixed(), Options(), find("pyomo:costly"))
    assert found.claimed == claimed


def test_an_unknown_solver_is_told_with_what_may_have_been_meant() -> None:
    with pytest.raises(LookupError, match=r"highs-simplex.*pyomo:NAME"):
        find("highs-simplx")
    assert find("pyomo:gurobi").settings == {"name": "gurobi"}


def test_words_about_licences() -> None:
    assert refused("gurobipy._exception.GurobiError: Model too large for size-limited license")
    assert refused("no valid licence found")
    assert not refused("singular basis")


def test_numbers_that_cbc_has_rounded_are_taken_for_the_lowest_they_may_be() -> None:
    assert below("-1.27724e+06") == pytest.approx(-1277245.0)
    assert below("-334965.338") == pytest.approx(-334965.3385)
    assert below("-3579") == pytest.approx(-3579.005)
    assert below("2") < 2.0
    assert below("0") == 0.0


# A process for each.


def test_nothing_heavy_is_loaded_before_a_solver_is_known() -> None:
    code = (
        "import sys; import benchmarks.suite.worker, benchmarks.suite.solvers.registry; "
        "heavy = ('highspy', 'ortools', 'pandas', 'pyomo', 'pyscipopt', 'allocator.data'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=worker.ROOT, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_crash_is_told_with_its_signal(tmp_path: Path, fakes: str) -> None:
    line = run(mixed(), tmp_path, f"{fakes}segfault")
    assert line["status"] == "crash"
    assert "SIGSEGV" in line["note"]
    assert line["objective"] is None


def test_a_process_that_leaves_without_a_result_is_a_crash(tmp_path: Path, fakes: str) -> None:
    line = run(mixed(), tmp_path, f"{fakes}leave")
    assert line["status"] == "crash"
    assert "exit status 3" in line["note"]
    assert "this is the end" in line["note"]


def test_a_process_that_dies_after_its_answer_is_believed_and_noted(
    tmp_path: Path, fakes: str
) -> None:
    options = {"x": [4.0, 2.0, 3.0, 1.5]}
    line = run(mixed(), tmp_path, f"{fakes}dies_at_the_end", options=options)
    assert line["status"] == "verified-optimal"
    assert "SIGSEGV" in line["note"]


@pytest.mark.skipif(sys.platform == "win32", reason="processes are told by /proc or signals")
def test_beyond_the_hard_limit_everything_is_stopped(tmp_path: Path, fakes: str) -> None:
    told = tmp_path / "pid"
    options = {"tell": str(told)}
    line = run(mixed(), tmp_path, f"{fakes}hang", options=options, hard_limit=4.0)
    assert line["status"] == "hard-time-out"
    assert line["seconds"]["total"] is None
    pid = int(told.read_text())
    patience = time.monotonic() + 30
    while running(pid) and time.monotonic() < patience:  # a killed process takes a moment
        time.sleep(0.05)
    assert not running(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_a_run_ends_with_the_process_that_asked_for_it(tmp_path: Path, fakes: str) -> None:
    told, path = tmp_path / "pid", tmp_path / "problem.npz"
    mixed().save(path)
    request = {"problem": str(path), "solver": f"{fakes}wait", "options": {"tell": str(told)}}
    code = f"from benchmarks.suite import worker; worker.execute({request!r}, 300.0)"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=worker.ROOT)
    try:
        patience = time.monotonic() + 60
        while not told.exists() and time.monotonic() < patience:
            time.sleep(0.05)
        pid = int(told.read_text())
        assert running(pid)
    finally:
        parent.kill()
        parent.wait()
    patience = time.monotonic() + 30
    while running(pid) and time.monotonic() < patience:
        time.sleep(0.05)
    left = running(pid)
    if left:
        os.kill(pid, signal.SIGKILL)
    assert not left


def test_a_process_whose_parent_is_gone_already_ends_at_once() -> None:
    code = "from benchmarks.suite import process; process.die_with(1 << 22); print('here')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=worker.ROOT, check=False
    )
    if sys.platform == "linux":
        assert (done.returncode, done.stdout) == (1, "")
    else:
        assert (done.returncode, done.stdout.strip()) == (0, "here")


def running(pid: int) -> bool:
    """Whether a process is there and has not ended; told by /proc where there is one."""
    if not Path("/proc/self").exists():
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
    else:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on data alone is Linux's")
def test_memory_beyond_a_limit_is_out_of_memory(tmp_path: Path, fakes: str) -> None:
    options = {"bytes": 3_000_000_000}
    line = run(mixed(), tmp_path, f"{fakes}hungry", options=options, memory_limit=1 << 30)
    assert line["status"] == "out-of-memory"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the parent's memory may count")
def test_memory_is_the_child_s_own(tmp_path: Path, fakes: str) -> None:
    ballast = np.ones(300 * 2**20 // 8)  # what this process holds is not the child's
    line = run(mixed(), tmp_path, f"{fakes}hungry", options={"bytes": 100 * 2**20})
    assert ballast.sum() > 0
    used = line["peak_memory"] - line["import_memory"]
    assert 100 * 2**20 <= used < 150 * 2**20
    assert line["peak_memory"] < 290 * 2**20


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("std::bad_alloc", "out-of-memory"),
        ("Model too large for size-limited license", "licence-limit"),
        ("it broke", "error"),
    ],
)
def test_exceptions_are_told_apart(words: str, status: str, tmp_path: Path, fakes: str) -> None:
    line = run(mixed(), tmp_path, f"{fakes}failing", options={"words": words})
    assert line["status"] == status
    assert words in line["note"]


def test_a_solver_that_lies_is_wrong(tmp_path: Path, fakes: str) -> None:
    lie = {"claim": "optimal", "x": [4.0, 1.0, 3.0, 1.5]}
    line = run(mixed(), tmp_path, f"{fakes}told", options=lie)
    assert line["status"] == "wrong"
    assert line["objective"] == 26.0
    assert "known 27.0" in line["note"]


def test_a_programme_that_was_made_in_another_order_is_checked_as_it_was_made(
    tmp_path: Path, fakes: str
) -> None:
    options = {"x": [4.0, 2.0, 3.0, 1.5]}
    line = run(mixed(), tmp_path, f"{fakes}reordered", options=options)
    assert (line["status"], line["objective"]) == ("verified-optimal", 27.0)
    assert line["problem"]["sha256"] == mixed().sha256


def test_a_function_in_the_folder_one_is_in_can_be_a_solver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_own.py").write_text(
        "import numpy as np\n"
        "from benchmarks.suite.solvers import Outcome\n"
        "def solve(problem, options, spec):\n"
        "    return Outcome('optimal', x=np.array([4.0, 2.0, 3.0, 1.5]))\n"
    )
    monkeypatch.chdir(tmp_path)
    line = run(mixed(), tmp_path, "python:my_own:solve")
    assert (line["status"], line["objective"]) == ("verified-optimal", 27.0), line["note"]
    assert line["iterations"] is None


@pytest.mark.parametrize("name", ["python:my_own", "python::solve", "python:my_own:", "pyomo:"])
def test_half_a_name_of_a_solver_is_refused(name: str) -> None:
    with pytest.raises(LookupError, match=r"missing|MODULE:FUNCTION"):
        find(name)


def test_what_is_not_counted_is_not_zero() -> None:
    assert count("", r"Total iterations:") is None
    assert count("Total iterations:   12", r"Iters:", r"Total iterations:") == 12


def test_highs_counts_what_it_did_and_no_more(tmp_path: Path) -> None:
    line = run(whole(), tmp_path, "highs")
    assert set(line["iteration_counts"]) == {"simplex"}
    assert line["nodes"] is not None
    linear = run(mixed(), tmp_path, "highs-simplex")
    assert linear["iterations"] == sum(linear["iteration_counts"].values())
    assert linear["nodes"] is None


def test_a_module_that_is_not_there_is_missing(tmp_path: Path) -> None:
    assert run(mixed(), tmp_path, "python:no_such_module:solve")["status"] == "missing"


@pytest.mark.parametrize(
    ("code", "words", "kills", "status"),
    [
        (-9, "", 1, "out-of-memory"),
        (-6, "terminate called after throwing an instance of 'std::bad_alloc'", 0, "out-of-memory"),
        (-6, "Assertion failed", 0, "crash"),
        (1, "memory allocation of 8000 bytes failed", 0, "out-of-memory"),
    ],
)
def test_how_a_process_ended_says_why(
    code: int, words: str, kills: int, status: str, tmp_path: Path
) -> None:
    ended = {"in_time": True, "code": code, "words": words, "oom_kills": kills, "seconds": 1.0}
    found = worker.collected(tmp_path / "result.json", ended)
    assert found["status"] == status
    assert found["status"] in STATUSES


def test_a_line_is_plain_json(tmp_path: Path, fakes: str) -> None:
    told = {"claim": "limit", "x": [4.0, 1.0, 3.0, 1.5]}
    line = run(mixed(), tmp_path, f"{fakes}told", options=told, permutation=0)
    assert json.loads(json.dumps(line, allow_nan=False)) == line
    assert line["status"] == "feasible-at-limit"
    assert line["problem"]["sha256"] == mixed().sha256


@pytest.mark.parametrize(
    ("claimed", "spent", "limit", "told"),
    [
        ("gave-up", 9.95, 10.0, "limit"),
        ("gave-up", 4.0, 10.0, "gave-up"),
        ("gave-up", 4.0, None, "gave-up"),
        ("optimal", 10.0, 10.0, "optimal"),
    ],
)
def test_who_gives_up_when_the_time_is_up_was_stopped(
    claimed: str, spent: float, limit: float | None, told: str
) -> None:
    outcome = Outcome(claimed)
    outcome.clock.wall["solve"] = spent
    worker.stopped_at(outcome, limit)
    assert outcome.claimed == told
