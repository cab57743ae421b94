"""Parts are found, their prices bound, and every way ends at the optimum of the whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from allocator.errors import SolverError
from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from benchmarks.studies import structure, ways
from benchmarks.studies.blocks import Answer, Apart, Box, sampled_prices, split
from benchmarks.studies.coordination import coordinate, joined_basis
from benchmarks.studies.ways import Measured, Step
from benchmarks.suite.families.base import Assembly, Draw
from benchmarks.suite.families.lp import concave
from benchmarks.suite.problem import Problem
from benchmarks.suite.product import linear_program_of

PARTS, WIDE = 4, 6


def linked(seed: int, *, maximise: bool = True, floor: float = 0.0) -> Problem:
    """Parts of one budget each, over columns that share two national rows, one of them soft."""
    draw = Draw("linked", seed)
    made = Assembly(maximise)
    sign = 1.0 if maximise else -1.0
    x = made.columns(
        PARTS, WIDE, upper=draw.whole(2, 9, PARTS, WIDE), cost=sign * draw.whole(1, 20, PARTS, WIDE)
    )
    made.put(made.rows(PARTS, upper=draw.whole(9, 20, PARTS))[:, None], x)
    made.put(made.rows(1, upper=30.0), x, draw.whole(1, 3, PARTS, WIDE))
    short = made.columns(1, cost=-3.0 * sign)
    row = made.rows(1, lower=floor)
    made.put(row, x, draw.whole(1, 4, PARTS, WIDE))
    made.put(row, short)
    return made.problem("linked", "XS", seed)


def shuffled(program: Program, seed: int) -> tuple[Program, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(program.shape[0]), rng.permutation(program.shape[1])
    moved = program.replaced(
        cost=program.cost[columns],
        matrix=sparse.csr_array(program.matrix[rows][:, columns]),
        row_lower=program.row_lower[rows],
        row_upper=program.row_upper[rows],
        col_lower=program.col_lower[columns],
        col_upper=program.col_upper[columns],
    )
    return moved, columns


def best(program: Program) -> float:
    solution = Solver(program).run()
    assert solution.status == "optimal"
    assert solution.objective is not None
    return solution.objective


@pytest.mark.parametrize("seed", range(3))
def test_parts_and_linking_rows_are_found_in_any_order(seed: int) -> None:
    program, columns = shuffled(linear_program_of(linked(seed)), seed)
    parts = split(program, WIDE)
    assert len(parts.linking) == 2
    assert np.diff(program.matrix.indptr)[parts.linking].min() >= PARTS * WIDE
    assert columns[parts.own].tolist() == [PARTS * WIDE]  # the slack of the soft row
    assert len(parts.parts) == PARTS
    found = {frozenset((columns[part.columns] // WIDE).tolist()) for part in parts.parts}
    assert found == {frozenset([part]) for part in range(PARTS)}
    for part in parts.parts:
        assert part.program.matrix.nnz == WIDE
        np.testing.assert_array_equal(
            part.links.toarray(), program.matrix[parts.linking][:, part.columns].toarray()
        )


def test_homes_keep_columns_together_that_numbers_alone_would_not() -> None:
    matrix = np.zeros((3, 6))
    matrix[0, [0, 3]] = matrix[1, :3] = matrix[2, 3:] = 1.0  # the linking row is the shortest
    program = replace(
        linear_program_of(linked(0)),
        cost=np.ones(6),
        matrix=sparse.csr_array(matrix),
        row_lower=np.full(3, -np.inf),
        row_upper=np.full(3, 2.0),
        col_lower=np.zeros(6),
        col_upper=np.ones(6),
        integer=np.zeros(6, dtype=bool),
    )
    assert split(program, 3).linking.tolist() != [0]
    homes = np.array([0, 0, -1, 1, 1, -1])
    assert split(program, 3, homes).linking.tolist() == [0]


def test_small_parts_are_put_together_and_none_grows_too_large() -> None:
    problem = concave("concave", "XS", 0, 7)
    one = problem.shape[1] // 7
    parts = split(linear_program_of(problem), 3 * one)
    assert len(parts.linking) == 1
    sizes = [len(part.columns) for part in parts.parts]
    assert sum(sizes) == problem.shape[1]
    assert max(sizes) <= 3 * one
    assert len(sizes) < 7


@pytest.mark.parametrize("floor", [0.0, 40.0, 60.0])
def test_no_prices_bound_the_optimum_too_low(floor: float) -> None:
    program = linear_program_of(linked(1, floor=floor))
    parts = split(program, WIDE)
    optimum, box = best(program), Box.of(parts)
    rng = np.random.default_rng(0)
    for _ in range(20):
        answer = Apart(parts, box.within(rng.normal(0.0, 4.0, 2))).last
        assert np.isfinite(answer.bound())
        assert answer.bound() >= optimum - 1e-7


def test_an_endless_column_limits_the_price_of_its_row() -> None:
    parts = split(linear_program_of(linked(0, floor=40.0)), WIDE)
    box = Box.of(parts)
    soft = int(np.argmax(np.isfinite(parts.program.row_lower[parts.linking])))
    assert (box.lower[soft], box.upper[soft]) == (-3.0, 0.0)
    beyond = np.zeros(2)
    beyond[soft] = -3.5
    assert Answer(parts, beyond, Apart(parts, beyond).last.x).bound() == np.inf


def test_the_slope_is_that_of_the_bound() -> None:
    parts = split(linear_program_of(linked(2, floor=40.0)), WIDE)
    prices = Box.of(parts).within(np.array([1.237, -1.741]))
    prices = np.where(prices == 0, np.array([1.237, 1.237]), prices)
    prices = Box.of(parts).within(prices)
    apart = Apart(parts, prices)
    here, slope = apart.last.bound(), apart.last.steepness()
    for at in np.flatnonzero(prices):
        step = np.zeros(2)
        step[at] = 1e-6
        assert apart.solve(prices + step).bound() - here == pytest.approx(
            1e-6 * slope[at], abs=1e-9
        )


@pytest.mark.parametrize("maximise", [True, False])
@pytest.mark.parametrize("floor", [0.0, 40.0, 200.0])
@pytest.mark.parametrize("seed", range(3))
def test_prices_are_brought_to_agree_at_the_optimum(
    seed: int, floor: float, maximise: bool
) -> None:
    program = linear_program_of(linked(seed, maximise=maximise, floor=floor))
    parts = split(program, WIDE)
    prices, _ = sampled_prices(parts, 0.5)
    found = coordinate(Apart(parts, prices), gap=1e-9)
    optimum = best(program)
    assert found.gap <= 1e-9
    assert parts.sign * found.value == pytest.approx(optimum, rel=1e-8)
    assert program.cost @ found.x + program.offset == pytest.approx(optimum, rel=1e-8)
    assert ways.violation(parts, found.x) < 1e-8
    assert found.bound >= parts.sign * optimum - 1e-6


def test_a_known_optimum_is_reached_every_way() -> None:
    problem = concave("concave", "XS", 3, 8)
    program = linear_program_of(problem)
    assert problem.optimum is not None
    one = ways.measure(program, None, 1500, series="concave", size=8, seed=3)
    assert one.linking == 1
    assert one.parts > 2
    assert one.disagreement() <= 1e-6
    assert one.last.objective == pytest.approx(problem.optimum, rel=1e-9)
    assert one.polish.objective == pytest.approx(problem.optimum, rel=1e-9)
    assert one.coordination.objective == pytest.approx(problem.optimum, rel=1e-6)
    assert one.bound >= problem.optimum * (1 - 1e-12)
    assert one.gap <= 1e-6
    assert one.violation < 1e-8


def test_a_basis_of_parts_that_nothing_links_is_already_optimal() -> None:
    program, homes = structure.generated(2, 1, 0, False)
    parts = split(program, round(structure.ROOM * program.shape[1] / 2), homes)
    assert (len(parts.linking), len(parts.parts)) == (0, 2)
    apart = Apart(parts, np.zeros(0))
    solution = Solver(program, options={"presolve": "off"}).run(basis=joined_basis(apart))
    assert solution.status == "optimal"
    assert sum(solution.iterations.values()) == 0
    assert solution.objective == pytest.approx(best(program), rel=1e-9)
    assert coordinate(apart).rounds == 1


def test_a_joined_basis_saves_iterations_of_linked_systems() -> None:
    program, homes = structure.generated(4, 1, 0, True)
    most = round(structure.ROOM * program.shape[1] / 4)
    one = ways.measure(program, homes, most, series="systems", size=4, seed=0)
    assert one.parts == 4
    assert 0 < one.linking < 100
    assert one.last.iterations < one.cold["simplex"].iterations / 2
    assert one.disagreement() <= 1e-6


def test_rows_that_nothing_meets_are_refused() -> None:
    problem = linked(0)
    lower = problem.row_lower.copy()
    lower[PARTS] = 29.5  # the shared money has to be spent, of which parts can use none
    upper = problem.col_upper.copy()
    upper[: PARTS * WIDE] = 1e-3
    program = linear_program_of(replace(problem, row_lower=lower, col_upper=upper))
    parts = split(program, WIDE)
    with pytest.raises(SolverError, match="nothing meets the linking rows"):
        coordinate(Apart(parts, np.zeros(2)))


def test_a_part_without_end_is_refused_by_name() -> None:
    problem = linked(0)
    lower = problem.col_lower.copy()
    lower[0] = -np.inf
    program = linear_program_of(replace(problem, col_lower=lower))
    parts = split(program, WIDE)
    with pytest.raises(SolverError, match=r"part of linked.*unbounded.*bound its columns"):
        Apart(parts, np.full(2, 50.0))


def test_whole_numbers_are_refused() -> None:
    problem = linked(0)
    with pytest.raises(SolverError, match="has whole numbers"):
        linear_program_of(replace(problem, integer=np.ones(problem.shape[1], dtype=bool)))


def made(size: int, whole: float, crash: float, rounds: float, objective: float = 5.0) -> Measured:
    def step(seconds: float) -> Step:
        return Step(seconds, 10, "optimal", objective)

    return Measured(
        series="made",
        size=size,
        seed=0,
        rows=size,
        columns=size,
        nonzeros=size,
        linking=1,
        parts=2,
        cold={"simplex": replace(step(whole), objective=5.0, iterations=30)},
        find=Step(),
        prices=Step(),
        apart=Step(0.01 * size),
        last=step(crash - 0.01 * size),
        coordination=step(rounds - 0.01 * size),
        polish=replace(step(1.0), iterations=20),
        rounds=3,
        bound=5.0,
        gap=0.0,
    )


def test_the_finding_follows_the_figures() -> None:
    found = [made(size, size**2 / 1e4, 0.02 * size, 0.04 * size) for size in (100, 200, 400)]
    text = structure.finding(found)
    assert "simplex grows faster than the work (exponent 2.00)" in text
    assert "parts apart grows no faster than linear (exponent 1.00)" in text
    assert "crash grows no faster than linear (exponent 1.00)" in text
    assert "takes 10 iterations, and 20 at the decomposition's prices, instead of 30" in text
    assert "the crash takes 0.50 times the fastest solve of the whole" in text
    assert "the decomposition takes 1.00 times the fastest" in text
    assert "the decomposition takes 2.0 times as long as the crash" in text
    assert "all answers agree" in text
    swapped = [made(size, size / 100, 0.04 * size, 0.02 * size, 5.1) for size in (100, 200, 400)]
    text = structure.finding(swapped)
    assert "simplex grows no faster than linear" in text
    assert "the crash takes 2.0 times as long as the decomposition" in text
    assert "answers differ by more than they may" in text


def test_repeats_give_the_median_of_each_step() -> None:
    runs = [made(100, seconds, 2.0 * seconds, 9.0 - seconds) for seconds in (3.0, 1.0, 2.0)]
    one = ways.typical(runs)
    assert one.cold["simplex"].seconds == 2.0
    assert one.crash == pytest.approx(4.0)
    assert one.decomposition == pytest.approx(7.0)


def test_the_command_prints_markdown_and_writes_what_it_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "structure.json"
    arguments = ["--series", "concave", "--sizes", "12", "--algorithms", "simplex", "hipo"]
    assert structure.main([*arguments, "--json", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "| concave | 12 |" in printed
    assert "all answers agree" in printed
    held = json.loads(path.read_text(encoding="utf-8"))
    (one,) = held["programmes"]
    assert one["cold"]["simplex"]["status"] == "optimal"
    assert one["disagreement"] <= 1e-6
    assert held["machine"]["highspy"]
