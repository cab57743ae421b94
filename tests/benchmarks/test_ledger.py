"""Disagreements: facts beat claims, and only facts."""

from __future__ import annotations

from typing import Any

import pytest
from results_made import line, problem, results

from benchmarks.suite.ledger import Entry, bound_of, fact_of, residual_of
from benchmarks.suite.page.figures import Figures

WHOLE = problem("adopt", integers=5, kind="mip")


def ledger(*lines: dict[str, Any]) -> list[Entry]:
    return Figures(results(lines)).ledger


def test_agreement_is_no_entry() -> None:
    assert ledger(line(), line("scip", objective=50.0 + 4e-5)) == []


def test_optimum_is_wrong_when_a_verified_solution_beats_it() -> None:
    (entry,) = ledger(line("scip", objective=51.0), line("highs", objective=50.0))
    assert (entry.verdict, entry.problem) == ("wrong", "knapsack-S-0")
    assert entry.who == "highs (permutation 0, repeat 0)"
    assert entry.claim == "optimum 50"
    assert entry.against == "solution of scip (permutation 0, repeat 0): 51, residual 1e-12"
    assert entry.difference == pytest.approx(1 / 51)
    assert entry.line == 1


def test_sense_of_the_objective_decides_what_is_better() -> None:
    least = problem(maximise=False)
    (entry,) = ledger(line("scip", objective=51.0, problem=least), line(problem=least))
    assert entry.who.startswith("scip")


def test_solution_that_uses_the_tolerance_decides_nothing() -> None:
    rough = {"row": 5e-7, "bound": 0.0}
    (entry,) = ledger(line("pdlp", objective=51.0, residual=rough), line(objective=50.0))
    assert entry.verdict == "not decided"
    assert entry.who.startswith("highs")
    assert "residual 5e-07" in entry.against
    unchecked = ledger(line("pdlp", objective=51.0, residual={}), line(objective=50.0))
    assert [e.verdict for e in unchecked] == ["not decided"]


def test_whole_numbers_within_tolerance_count_by_what_rounding_does() -> None:
    near = {"row": 0.0, "bound": 0.0, "integer": 3e-7}
    assert residual_of(line(residual=near)) == 3e-7
    clean = line(residual=near, residual_absolute={"row_after_rounding": 1e-12})
    assert residual_of(clean) == 1e-12
    off = line(residual={**near, "integer": 1e-3}, residual_absolute={"row_after_rounding": 1e-12})
    assert residual_of(off) == 1e-3


@pytest.mark.parametrize(
    ("settled", "verdict"),
    [
        ({"objective": 50.9, "row": 1e-12}, "wrong"),
        ({"objective": 50.9, "row": 1e-7}, "not decided"),
        ({"objective": 50.00001, "row": 0.0}, "not decided"),
        (None, "not decided"),
    ],
)
def test_a_solution_decides_once_its_tolerance_is_taken_away(
    settled: dict[str, float] | None, verdict: str
) -> None:
    rough = {"row": 0.0, "bound": 5e-7, "integer": 0.0}
    other = line("pdlp", objective=51.0, residual=rough, settled=settled)
    (entry,) = ledger(other, line(objective=50.0))
    assert entry.verdict == verdict
    assert ("50.9" in entry.against and "put within bounds" in entry.against) == (
        verdict == "wrong"
    )
    # what it is worth then is less than another claims: nothing is in question
    assert ledger(other, line(objective=51.0)) == []


def test_a_clean_solution_is_worth_what_it_is_without_its_tolerance() -> None:
    near = {"row": 0.0, "bound": 0.0, "integer": 3e-7}
    rounded = {"row_after_rounding": 0.0}
    settled = {"objective": 50.0, "row": 0.0}
    best = line("scip", objective=51.0, residual=near, residual_absolute=rounded, settled=settled)
    (entry,) = ledger(best, line(objective=50.0))
    assert entry.verdict == "not decided"  # 51 only while a whole number is not quite whole
    assert fact_of(best) == (50.0, 0.0, True)
    assert fact_of(line()) == (50.0, 1e-12, False)
    assert fact_of(line(residual=near)) is None


def test_bound_of_an_integer_programme_is_held_against_it() -> None:
    solution = line("scip", objective=60.0, status="feasible-at-limit", problem=WHOLE)
    (entry,) = ledger(solution, line(objective=50.0, bound=55.0, gap=0.1, problem=WHOLE))
    assert (entry.verdict, entry.claim) == ("wrong", "bound 55")
    assert entry.difference == pytest.approx(5 / 60)
    assert ledger(solution, line(objective=50.0, bound=60.0, problem=WHOLE)) == []


def test_integer_optimum_without_bound_has_its_gap() -> None:
    solution = line("scip", objective=50.004, problem=WHOLE)
    assert ledger(solution, line(objective=50.0, problem=WHOLE)) == []
    (entry,) = ledger(solution, line(objective=50.0, gap=1e-5, problem=WHOLE))
    assert entry.verdict == "wrong"
    assert bound_of(line(objective=50.0, gap=1e-5, problem=WHOLE)) == (
        pytest.approx(50.0005),
        "optimum 50 within a gap of 1.0e-05",
    )


def test_bound_below_its_own_solution_is_wrong() -> None:
    (entry,) = ledger(line(objective=50.0, bound=49.0, problem=WHOLE))
    assert (entry.verdict, entry.against[:16]) == ("wrong", "its own solution")


def test_known_optimum_beats_a_claim() -> None:
    known = problem(known_optimum=51.0)
    (entry,) = ledger(line(objective=50.0, problem=known))
    assert (entry.verdict, entry.against) == ("wrong", "known optimum 51")
    assert ledger(line(objective=51.0, problem=known)) == []


def test_no_solution_is_wrong_where_there_is_one() -> None:
    (entry,) = ledger(line(), line("scip", status="infeasible", objective=None))
    assert (entry.verdict, entry.claim) == ("wrong", "infeasible")
    (entry,) = ledger(line(status="infeasible", problem=problem(known_status="optimal")))
    assert (entry.verdict, entry.against) == ("wrong", "known to be optimal")
    (entry,) = ledger(line(status="unbounded", problem=problem(known_status="infeasible")))
    assert entry.verdict == "wrong"


def test_no_end_is_wrong_only_where_duals_prove_one() -> None:
    endless = line("scip", status="unbounded", objective=None)
    (entry,) = ledger(line(), endless)
    assert (entry.verdict, entry.claim) == ("not decided", "unbounded")
    (entry,) = ledger(line(proof="duals"), endless)
    assert entry.verdict == "wrong"
    assert ledger(line(status="feasible-at-limit"), endless) == []


def test_solution_of_what_is_known_to_have_none_is_shown() -> None:
    none = problem(known_status="infeasible")
    (entry,) = ledger(line(problem=none))
    assert entry.verdict == "not decided"
    endless = problem(known_status="unbounded")
    (entry,) = ledger(line(problem=endless))
    assert entry.verdict == "wrong"


def test_what_failed_its_own_check_is_wrong_with_its_note() -> None:
    (entry,) = ledger(line(status="wrong", note="violates rows by up to 3"))
    assert (entry.verdict, entry.against) == ("wrong", "violates rows by up to 3")


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        ({"iterations": 101}, "101 iterations"),
        ({"iterations": {"simplex": 90, "crossover": 20}}, "110 iterations"),
        ({"nodes": 7}, ""),
        ({"objective": 50.0 - 1e-5}, ""),
    ],
)
def test_repeats_that_differ_are_not_repeatable(changes: dict[str, Any], claim: str) -> None:
    found = ledger(line(), line(repeat=1, **changes), line(repeat=2))
    assert [(e.verdict, e.claim) for e in found] == ([("not repeatable", claim)] if claim else [])


def test_repeats_are_compared_within_a_permutation_only() -> None:
    assert ledger(line(), line(permutation=1, iterations=500)) == []


def test_permutations_of_one_solver_are_held_against_each_other() -> None:
    (entry,) = ledger(line(objective=50.0), line(permutation=1, objective=49.0))
    assert (entry.verdict, entry.line) == ("wrong", 1)


def test_wrong_answers_count_as_unsolved() -> None:
    figures = Figures(results([line("scip", objective=51.0), line(objective=50.0)]))
    statuses = {entry["solver"]: entry["status"] for entry in figures.lines}
    assert statuses == {"scip": "verified-optimal", "highs": "wrong"}
    (ranking,) = (figures.ranking(kind) for kind in figures.kinds)
    assert {s.solver: s.solved for s in ranking.standings} == {"scip": 1, "highs": 0}
    assert figures.lines[0]["objective"] == 51.0
    assert figures.results.lines[1]["status"] == "verified-optimal"
