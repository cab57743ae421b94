"""Every family makes what it says, the same every time, and its known answers are right."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from allocator.solver.mps import MpsError
from benchmarks.suite.families import grid, planted, published
from benchmarks.suite.families.base import SIZES, Assembly, Draw, Sweep
from benchmarks.suite.families.registry import FAMILIES
from benchmarks.suite.mps import read_mps, write_mps
from benchmarks.suite.problem import Problem
from benchmarks.suite.solvers.binding import held, loaded

NAMED_IN_THE_PLAN = {
    "knapsack",
    "systems",
    "adopt",
    "carryover",
    "concave",
    "s-shaped",
    "contracts",
    "integration",
    "maxmin",
    "sweep",
    "scaling",
    "ties",
    "hidden-conflict",
    "unbounded",
    "planted",
    "avonside",
    "england",
}
TABLES = (
    "systems",
    "systems-apart",
    "contracts",
    "integration",
    "decisions",
    "sweep",
    "avonside",
    "england",
)
DRAWN = sorted(name for name in FAMILIES if name not in TABLES)
XS = sorted(name for name in FAMILIES if "XS" in FAMILIES[name].sizes)
LIMIT = 20.0
FAULTY_HERE = ("highs-3274",)
"""Published faults that the solver the product depends on still has with presolve."""


def solved(problem: Problem, **options: object) -> tuple[str, float]:
    """Status and objective by HiGHS without presolve, or with the options given."""
    usual: dict[str, Any] = {"presolve": "off", "time_limit": LIMIT, "mip_rel_gap": 0.0}
    highs = loaded(problem, **usual | options)
    highs.run()
    status = highs.modelStatusToString(highs.getModelStatus()).lower()
    return status, float(highs.getInfo().objective_function_value)


def without_row(problem: Problem, row: int) -> Problem:
    kept = np.arange(problem.shape[0]) != row
    return replace(
        problem,
        matrix=sparse.csr_array(problem.matrix[kept]),
        row_lower=problem.row_lower[kept],
        row_upper=problem.row_upper[kept],
        cost=np.zeros(problem.shape[1]),
    )


def same(one: Problem, other: Problem) -> None:
    """Every array to the last bit, and all that is known."""
    assert one.sha256 == other.sha256
    for part in ("cost", "row_lower", "row_upper", "col_lower", "col_upper", "integer"):
        assert np.array_equal(getattr(one, part), getattr(other, part)), part
    for part in ("indptr", "indices", "data"):
        assert np.array_equal(getattr(one.matrix, part), getattr(other.matrix, part)), part
    known = ("family", "size", "seed", "maximise", "offset", "optimum", "status", "conflict")
    assert [getattr(one, k) for k in known] == [getattr(other, k) for k in known]
    assert one.about == other.about


# what there is


def test_every_family_of_the_plan_is_there() -> None:
    assert set(FAMILIES) >= NAMED_IN_THE_PLAN
    published = [name for name in FAMILIES if "highs-" in name]
    assert len(published) >= 15


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_family_says_why_it_is_there_and_in_what_sizes(name: str) -> None:
    family = FAMILIES[name]
    assert family.name == name
    assert 20 <= len(family.reason) <= 120
    assert family.kind in ("lp", "mip", "pathology", "sweep")
    assert family.sizes
    assert set(family.sizes) <= set(SIZES)
    assert (family.sweeps is not None) == (family.kind == "sweep")


def test_unknown_size_names_the_sizes_there_are() -> None:
    with pytest.raises(ValueError, match="avonside has no size XL; it has S"):
        FAMILIES["avonside"].make("XL", 0)


def test_families_that_grow_come_in_all_sizes() -> None:
    """Rounds with decisions stop where making them takes as long as a run is worth."""
    growing = {name: f for name, f in FAMILIES.items() if len(f.sizes) > 1}
    assert {n for n, f in growing.items() if set(f.sizes) != set(SIZES)} == {
        "contracts",
        "decisions",
    }


@pytest.mark.parametrize("name", XS)
def test_programme_is_canonical_and_the_same_every_time(name: str) -> None:
    family = FAMILIES[name]
    problem = family.make("XS", 1)
    matrix = problem.matrix
    assert matrix.has_canonical_format
    assert matrix.has_sorted_indices
    assert (matrix.data != 0.0).all()
    assert matrix.nnz <= 10_000
    for numbers in (matrix.data, problem.cost, np.array([problem.offset])):
        assert np.isfinite(numbers).all()
    assert not np.isnan(np.concatenate([problem.row_lower, problem.row_upper])).any()
    assert (np.isfinite(problem.row_lower) | np.isfinite(problem.row_upper)).all()
    assert (problem.family, problem.size, problem.seed) == (name, "XS", 1)
    assert bool(problem.integer.any()) <= (family.kind in ("mip", "pathology"))
    assert family.kind != "mip" or problem.integer.any()
    same(problem, family.make("XS", 1))


STATED = [case.name for case in published.CASES]
"""Families in which nothing is drawn."""


@pytest.mark.parametrize("name", [name for name in XS if name not in STATED])
def test_another_seed_gives_another_programme(name: str) -> None:
    assert len({FAMILIES[name].make("XS", seed).sha256 for seed in (0, 1)}) == 2


def test_hash_is_the_same_in_another_process_with_other_hashing() -> None:
    names = ("adopt", "integration")
    code = (
        "from benchmarks.suite.families.registry import FAMILIES\n"
        f"print(*(FAMILIES[n].make('XS', 3).sha256 for n in {names}))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
        env=environment,
    )
    assert done.stdout.split() == [FAMILIES[n].make("XS", 3).sha256 for n in names]


def test_drawn_figures_are_those_of_every_machine_and_version() -> None:
    """PCG64's own words, documented to stay: nothing of numpy's distributions."""
    draw = Draw("anything", 0)
    assert draw.whole(0, 9, 8).tolist() == DRAWN_WHOLE
    assert draw.order(6).tolist() == DRAWN_ORDER
    assert [value.hex() for value in draw.share(2).tolist()] == DRAWN_SHARE


DRAWN_WHOLE = [9, 1, 5, 8, 9, 6, 2, 9]
DRAWN_ORDER = [2, 1, 5, 4, 0, 3]
DRAWN_SHARE = ["0x1.be3740480101ap-1", "0x1.cdd884f1bdc20p-3"]

HASHES = {
    "adopt": "321f2bcf3d0abb0e",
    "carryover": "74309f486d198f95",
    "concave": "cc3227a2db0cf943",
    "hidden-conflict": "67a93962a59e0112",
    "knapsack": "63a4118a4df89674",
    "maxmin": "2619d7651c34f26a",
    "overspent": "ea15a5836dd09f58",
    "parity": "1bc5fea8bac2432e",
    "planted": "a9ecb2c29ba0aa16",
    "planted-degenerate": "e32d7b7da53ada99",
    "planted-whole": "6bf4f9230cb23c75",
    "s-shaped": "707c738bfdfe8e86",
    "scaling": "494863bfc080e14e",
    "ties": "99675855f465d07a",
    "unbounded": "4d82ea30070305f4",
}
"""First digits of the hashes of drawn families at XS, seed 0."""


@pytest.mark.parametrize("name", sorted(HASHES))
def test_drawn_programme_has_its_published_hash(name: str) -> None:
    assert FAMILIES[name].make("XS", 0).sha256.startswith(HASHES[name])


def test_sizes_have_the_nonzeros_they_promise() -> None:
    wanted = {"S": 1e4, "M": 1e5}
    for name in DRAWN:
        for size, nonzeros in wanted.items():
            if size in FAMILIES[name].sizes and name != "parity":
                made = FAMILIES[name].make(size, 0).matrix.nnz
                assert 0.85 * nonzeros <= made <= 1.15 * nonzeros, (name, size, made)


# known answers


SEVERAL = [name for name in XS if name not in STATED and name not in TABLES]


@pytest.mark.parametrize(
    ("name", "seed"), [(name, 0) for name in XS] + [(name, n) for name in SEVERAL for n in (1, 2)]
)
def test_known_answer_is_right(name: str, seed: int) -> None:
    problem = FAMILIES[name].make("XS", seed)
    status, objective = solved(problem)
    assert status == (problem.status or "optimal")
    if problem.optimum is not None:
        assert objective == pytest.approx(problem.optimum, rel=1e-9, abs=2e-6)


@pytest.mark.parametrize("name", ["concave", "maxmin", "planted", "s-shaped"])
def test_known_answer_is_right_where_more_is_linked(name: str) -> None:
    problem = FAMILIES[name].make("S", 5)
    status, objective = solved(problem, presolve="on", mip_rel_gap=1e-6)
    assert status == "optimal"
    assert objective == pytest.approx(problem.optimum, rel=2e-6)


def test_knapsack_by_hand() -> None:
    """Worth 6 a pound, then 4, then 1: budget 25 buys 10, then 15 of 20."""
    problem = FAMILIES["knapsack"].make("XS", 0)
    cost, worth, most = problem.matrix.toarray()[0], problem.cost, problem.col_upper
    left, total = float(problem.row_upper[0]), 0.0
    for j in sorted(range(len(cost)), key=lambda j: -worth[j] / cost[j]):
        units = min(most[j], left / cost[j])
        left, total = left - units * cost[j], total + units * worth[j]
    assert problem.optimum == pytest.approx(total, rel=1e-13)
    assert left == pytest.approx(0.0, abs=1e-6)


def test_concave_ring_fences_bind() -> None:
    """The same money buys more without the ceilings, and without the floors."""
    problem = FAMILIES["concave"].make("S", 0)
    assert problem.optimum is not None
    fenced = slice(len(problem.row_upper) - 1 - 12 - 72, -1)
    free = replace(problem, row_lower=problem.row_lower.copy(), row_upper=problem.row_upper.copy())
    free.row_upper[fenced] = np.inf
    assert solved(free)[1] > problem.optimum * 1.001
    free.row_lower[fenced] = -np.inf
    without_both = solved(free)[1]
    free.row_upper[fenced] = problem.row_upper[fenced]
    assert problem.optimum * 1.0001 < solved(free)[1] < without_both


def test_max_min_level_is_shared() -> None:
    """At the optimum the budget is spent and hardly any place is above the least."""
    problem = FAMILIES["maxmin"].make("XS", 0)
    found = linprog(
        -problem.cost,
        A_ub=problem.matrix.toarray(),
        b_ub=problem.row_upper,
        bounds=np.column_stack([problem.col_lower, problem.col_upper]).tolist(),
    )
    assert -found.fun == pytest.approx(problem.optimum, rel=1e-9)
    assert found.slack[-1] == pytest.approx(0.0, abs=1e-6)
    assert (found.slack[:-1] < 1e-6).sum() >= 0.9 * (len(found.slack) - 1)


@pytest.mark.parametrize(
    ("table", "gain", "best"),
    [
        ([0, 0, 0, 0], [0, 5, 7], [0, 5, 7, 7]),
        ([0, 3, 4, 9], [0, 1, 8], [0, 3, 8, 11]),
        ([0, 2], [0, grid.NEVER, 9], [0, 2]),
    ],
)
def test_folding_two_tables(table: list[int], gain: list[int], best: list[int]) -> None:
    """(0, 3, 4, 9) and (0, 1, 8): with three pounds 3 + 8 beats 9 and 4 + 1."""
    assert grid.folded(np.array(table), np.array(gain)).tolist() == best


def test_s_shaped_curve_must_be_filled_in_order() -> None:
    """Widths 2, 1, 1 and worths 1, 9, 3 a pound: 0, 1, 2, 11, 14, then no more."""
    worth = grid.worth_of_curves(np.array([[2, 1, 1]]), np.array([[1, 9, 3]]))
    assert worth[0].tolist() == [0, 1, 2, 11, 14]
    problem = FAMILIES["s-shaped"].make("XS", 0)
    relaxed = replace(problem, integer=np.zeros_like(problem.integer))
    assert problem.optimum is not None
    assert solved(relaxed)[1] > problem.optimum + 1


@pytest.mark.parametrize("name", ["s-shaped", "adopt", "planted-whole"])
def test_whole_number_answers_agree_with_another_way_to_solve(name: str) -> None:
    problem = FAMILIES[name].make("XS", 7)
    found = milp(
        -problem.cost,
        constraints=LinearConstraint(problem.matrix, problem.row_lower, problem.row_upper),
        bounds=Bounds(problem.col_lower, problem.col_upper),
        integrality=problem.integer.astype(int),
        options={"mip_rel_gap": 0.0},
    )
    assert found.fun is not None
    assert -found.fun == pytest.approx(problem.optimum, rel=1e-9)


def test_adopting_nothing_else_than_what_the_rows_allow() -> None:
    """Every group at most once, every option that needs the shared system with it."""
    problem = FAMILIES["adopt"].make("XS", 0)
    relaxed = replace(problem, integer=np.zeros_like(problem.integer))
    assert problem.optimum is not None
    assert solved(relaxed)[1] > problem.optimum + 1


@pytest.mark.parametrize("shares", [{}, {"degenerate": 0.5, "tied": 0.5}, {"whole": 0.5}])
def test_planted_solution_and_prices_prove_each_other(shares: dict[str, float]) -> None:
    """Feasible both ways, no price on anything loose, and equal objectives, all exactly."""
    made = planted.planted("planted", "XS", 4, 200, **shares)
    problem, x, price = made.problem, made.x.astype(float), made.price.astype(float)
    activity = problem.matrix @ x
    assert ((problem.row_lower <= activity) & (activity <= problem.row_upper)).all()
    assert ((problem.col_lower <= x) & (x <= problem.col_upper)).all()
    reduced = problem.cost - price @ problem.matrix
    assert (price[activity < problem.row_upper] <= 0).all()
    assert (price[activity > problem.row_lower] >= 0).all()
    assert (reduced[x < problem.col_upper] <= 0).all()
    assert (reduced[x > problem.col_lower] >= 0).all()
    assert problem.cost @ x == problem.optimum
    assert np.isinf(problem.row_lower).any()
    assert (problem.row_lower == problem.row_upper).any()


def test_degeneracy_is_what_was_asked_for() -> None:
    """Of 1,000 rows 800 hold at the vertex; a tenth more makes 900, a tenth of them free."""
    made = planted.planted("planted", "S", 0, 1000, degenerate=0.1, tied=0.1)
    problem = made.problem
    activity = problem.matrix @ made.x
    active = (activity == problem.row_lower) | (activity == problem.row_upper)
    assert active.sum() == 900
    assert (made.price[active] == 0).sum() == pytest.approx(90, abs=30)
    plain = planted.planted("planted", "S", 0, 1000, degenerate=0.0, tied=0.0)
    assert (plain.price != 0).sum() == 800


def test_scaling_keeps_the_optimum_and_spoils_the_units() -> None:
    base = FAMILIES["planted"].make("S", 3)
    spoiled = FAMILIES["scaling"].make("S", 3)
    assert spoiled.optimum == base.optimum
    size = np.abs(spoiled.matrix.data)
    assert size.max() / size.min() > 1e12
    assert size.min() > 1e-9  # smaller ones a solver would drop
    digits = [np.frexp(made.matrix.data)[0] for made in (base, spoiled)]
    assert np.array_equal(*digits)  # only powers of two off


@pytest.mark.parametrize("name", ["hidden-conflict", "overspent"])
def test_conflict_is_one_and_no_row_of_it_can_be_spared(name: str) -> None:
    problem = FAMILIES[name].make("XS", 2)
    assert len(problem.conflict) > 2
    rows = list(problem.conflict)
    alone = replace(
        problem,
        matrix=sparse.csr_array(problem.matrix[rows]),
        row_lower=problem.row_lower[rows],
        row_upper=problem.row_upper[rows],
        cost=np.zeros(problem.shape[1]),
    )
    assert solved(alone)[0] == "infeasible"
    for row in rows:
        assert solved(without_row(problem, row))[0] == "optimal"


def test_permuted_conflict_is_still_the_conflict() -> None:
    problem = FAMILIES["hidden-conflict"].make("XS", 0).permuted(3)
    alone = problem.matrix[list(problem.conflict)]
    assert sorted(alone.data.tolist()) == [-1.0] * 6 + [1.0] * 6
    assert (problem.row_upper[list(problem.conflict)] == -1.0).all()


def test_parity_is_infeasible_only_in_whole_numbers() -> None:
    problem = FAMILIES["parity"].make("XS", 0)
    assert problem.row_lower[0] % 2 == 1
    assert (problem.matrix.data % 2 == 0).all()
    relaxed = replace(problem, integer=np.zeros_like(problem.integer))
    assert solved(relaxed)[0] == "optimal"


def test_unbounded_columns_can_only_grow_together() -> None:
    problem = FAMILIES["unbounded"].make("XS", 0)
    ray = np.zeros(problem.shape[1])
    ray[-6:] = 1.0
    assert not (problem.matrix @ ray).any()
    assert problem.cost @ ray == 1.0
    held = replace(problem, col_upper=problem.col_upper.copy())
    held.col_upper[-1] = 5.0
    assert solved(held)[0] == "optimal"


# published faults


@pytest.mark.parametrize("case", published.CASES, ids=lambda case: case.name)
def test_published_case_says_what_went_wrong_and_why_its_answer_is_right(
    case: published.Case,
) -> None:
    problem = FAMILIES[case.name].make("XS", 0)
    assert set(problem.about) == {"report", "fault", "answer"}
    assert "#" in problem.about["report"]
    if problem.status == "infeasible":
        assert problem.optimum is None
        for row in problem.conflict:
            assert solved(without_row(problem, row))[0] == "optimal"


def test_no_published_fault_is_back_in_the_solver_the_product_uses() -> None:
    """With presolve the claims are right but for those listed."""
    wrong = []
    for case in published.CASES:
        problem = FAMILIES[case.name].make("XS", 0)
        status, objective = solved(problem, presolve="on")
        known = objective if problem.optimum is None else problem.optimum
        if (status != problem.status) or abs(objective - known) > 2e-6:
            wrong.append(case.name)
    assert set(wrong) <= set(FAULTY_HERE)


def test_enumeration_by_hand() -> None:
    """x whole in 0..3, y at most 2.5, x + y at most 4.2: 2x + 3y is best at x = 2, y = 2.2."""
    made = Assembly()
    x = made.columns(1, upper=3.0, cost=2.0, integer=True)
    y = made.columns(1, upper=2.5, cost=3.0)
    row = made.rows(1, upper=4.2)
    made.put(row, x)
    made.put(row, y)
    assert published.by_enumeration(made.problem("f", "XS", 0)) == pytest.approx(10.6)


def test_enumeration_finds_nothing_where_there_is_nothing() -> None:
    made = Assembly()
    x = made.columns(1, upper=3.0, integer=True)
    made.put(made.rows(1, lower=0.4, upper=0.6), x)
    with pytest.raises(ValueError, match="no feasible point"):
        published.by_enumeration(made.problem("f", "XS", 0))


# rounds of the product


@pytest.mark.parametrize("name", ["systems", "contracts", "integration"])
def test_round_behind_a_programme_can_be_planned(name: str) -> None:
    from allocator.planning.solve import solve

    family = FAMILIES[name]
    assert family.instance is not None
    plan = solve(family.instance("XS", 1))
    assert (plan.status, plan.verified) == ("optimal", True)


def test_contracts_come_in_every_form_with_decisions() -> None:
    family = FAMILIES["contracts"]
    assert family.instance is not None
    instance = family.instance("XS", 0)
    forms = set(instance.contracts["type"])
    assert forms == {
        "block",
        "activity",
        "cost_and_volume",
        "aligned",
        "capitated",
        "outcome",
    }
    assert family.make("XS", 0).integer.sum() >= 15


def test_integration_has_reviews_hubs_and_suspended_contracts() -> None:
    family = FAMILIES["integration"]
    assert family.instance is not None
    instance = family.instance("XS", 0)
    assert {"2", "1; 3"} <= set(instance.options["review_years"])
    assert set(instance.option_links["link"]) == {"requires", "excludes"}
    assert "suspend" in set(instance.option_effects["operation"])
    assert "exactly_one" in set(instance.options["choose"])


def test_real_rounds_are_families() -> None:
    problem = FAMILIES["avonside"].make("S", 0)
    assert problem.maximise
    assert problem.matrix.nnz > 5_000
    assert FAMILIES["avonside"].instance is not None
    assert set(FAMILIES["england"].sizes) == {"M"}


# sweeps


@pytest.fixture(scope="module")
def swept() -> list[Sweep]:
    sweeps = FAMILIES["sweep"].sweeps
    assert sweeps is not None
    return list(sweeps("XS", 0))


def test_sweep_begins_with_the_programme_of_the_family(swept: list[Sweep]) -> None:
    assert len(swept) == FAMILIES["sweep"].sizes["XS"]["systems"] == 2
    assert swept[0].problem.sha256 == FAMILIES["sweep"].make("XS", 0).sha256
    assert swept[1].problem.sha256 == FAMILIES["sweep"].make("XS", 1).sha256


def test_draws_change_budgets_rates_and_weights_and_nothing_else(swept: list[Sweep]) -> None:
    sweep = swept[0]
    assert len(sweep) == 3
    base = sweep.problem
    for draw in range(len(sweep)):
        drawn = sweep.drawn(draw)
        changed = np.flatnonzero(
            (drawn.row_upper != base.row_upper) | (drawn.row_lower != base.row_lower)
        )
        assert set(changed) <= set(sweep.rows.tolist())
        assert len(changed) > 0
        ratio = drawn.cost[sweep.columns] / base.cost[sweep.columns]
        assert 0.75 <= ratio.min() < ratio.max() <= 1.25
        moved = np.flatnonzero(drawn.matrix.data != base.matrix.data)
        assert 0 < len(moved) <= len(sweep.entries)
        assert set(moved) <= set(sweep.entries.tolist())
        assert np.array_equal(drawn.matrix.indices, base.matrix.indices)
        assert np.array_equal(drawn.col_upper, base.col_upper)
    assert len({sweep.drawn(draw).sha256 for draw in range(len(sweep))}) == 3


def test_every_draw_has_a_plan(swept: list[Sweep]) -> None:
    for sweep in swept:
        found = [solved(sweep.drawn(draw)) for draw in range(len(sweep))]
        assert {status for status, _ in found} == {"optimal"}
        assert len({round(objective, 3) for _, objective in found}) == len(sweep)


def test_rate_draws_multiply_what_avoids_and_not_what_is_avoided(swept: list[Sweep]) -> None:
    """A row ``avoided - sum of rate x activity <= -sum of rate x baseline`` keeps its first."""
    sweep = swept[0]
    drawn = sweep.drawn(0)
    rows = np.searchsorted(drawn.matrix.indptr, sweep.entries, side="right") - 1
    for row in np.unique(rows):
        mine = sweep.entries[rows == row]
        ratio = drawn.matrix.data[mine] / sweep.problem.matrix.data[mine]
        side = drawn.row_upper[row] / sweep.problem.row_upper[row]
        assert np.allclose(ratio, ratio[0], rtol=1e-14)
        assert side == pytest.approx(ratio[0], rel=1e-14)


# exact MPS


@pytest.mark.parametrize("name", XS)
def test_mps_round_trip_is_exact(name: str, tmp_path: Path) -> None:
    problem = FAMILIES[name].make("XS", 0)
    path = tmp_path / "problem.mps"
    write_mps(problem, path)
    same(read_mps(path), problem)


def awkward() -> Problem:
    """Every kind of row and column, empty ones too, and figures that do not print short."""
    third = 1.0 / 3.0
    matrix = np.zeros((9, 8))
    matrix[0, [0, 1]] = third, -1e-7
    matrix[1, 2] = 1e15 + 0.3
    matrix[2, [3, 4, 5]] = np.pi, -np.e, 5e-324
    matrix[4, 6] = 0.1 + 0.2
    matrix[5:9, 0] = 1.0
    return Problem.of(
        "awkward",
        "XS",
        9,
        maximise=True,
        cost=[third, 0, -0.0, 1e300, 2, 0, 0, 0],
        offset=-1.0 / 7.0,
        matrix=matrix,
        row_lower=[-np.inf, third, 7.7, -np.inf, -0.3, 0.1, -1e308, 1.0, -np.inf],
        row_upper=[2.5, np.inf, 7.7, np.inf, 0.9, 1e16, 1e308, 1.0 + 2**-52, -4.0],
        col_lower=[0, -np.inf, -np.inf, 0, -2, third, -3, 0],
        col_upper=[np.inf, np.inf, -5, 0, np.inf, third, 8.5, 1e-300],
        integer=[False, True, False, True, True, False, True, False],
        optimum=1.0 / 3.0,
        status="optimal",
        conflict=(1, 2),
        about={"why": "rounding"},
    )


@pytest.mark.parametrize("name", ["awkward.mps", "awkward.mps.gz"])
def test_awkward_figures_come_back_to_the_last_bit(name: str, tmp_path: Path) -> None:
    write_mps(awkward(), tmp_path / name)
    same(read_mps(tmp_path / name), awkward())


def test_random_sides_come_back_to_the_last_bit(tmp_path: Path) -> None:
    """Ranges of all magnitudes and signs, of which most are no difference of two floats."""
    rng = np.random.default_rng(0)
    ends = rng.normal(size=(4000, 2)) * 10.0 ** rng.integers(-12, 12, (4000, 2))
    lower, upper = ends.min(axis=1), ends.max(axis=1)
    made = Assembly()
    x = made.columns(1, cost=1.0)
    made.put(made.rows(len(lower), lower=lower, upper=upper), x)
    problem = made.problem("sides", "XS", 0)
    write_mps(problem, tmp_path / "sides.mps")
    same(read_mps(tmp_path / "sides.mps"), problem)


@pytest.mark.parametrize("name", ["planted-whole", "contracts", "unbounded", "highs-3274"])
def test_another_reader_reads_the_same_programme(name: str, tmp_path: Path) -> None:
    problem = FAMILIES[name].make("XS", 0)
    path = tmp_path / "problem.mps"
    write_mps(problem, path)
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    assert held(highs).sha256 == problem.sha256


def test_file_of_another_writer_is_read(tmp_path: Path) -> None:
    """Two pairs a line, bounds of every type, a negative range, a free row."""
    path = tmp_path / "other.mps"
    path.write_text(
        "* by hand\nNAME other\nOBJSENSE MAX\nROWS\n N profit\n L cap\n E both\n N aside\n"
        "COLUMNS\n x profit 3 cap 1\n x both 2\n M1 'MARKER' 'INTORG'\n y cap 1 both -1\n"
        " M2 'MARKER' 'INTEND'\n z aside 4\nRHS\n r cap 4 both 6\nRANGES\n g both -2\n"
        "BOUNDS\n UP b x 9\n BV b y\n MI b z\nENDATA\n",
        encoding="utf-8",
    )
    problem = read_mps(path)
    assert problem.maximise
    assert problem.cost.tolist() == [3, 0, 0]
    assert problem.matrix.toarray().tolist() == [[1, 1, 0], [2, -1, 0], [0, 0, 4]]
    assert problem.row_lower.tolist() == [-np.inf, 4, -np.inf]
    assert problem.row_upper.tolist() == [4, 6, np.inf]
    assert problem.col_lower.tolist() == [0, 0, -np.inf]
    assert problem.col_upper.tolist() == [9, 1, np.inf]
    assert problem.integer.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ROWS\n N o\n X r\n", "line 2|line 3.*no row has type X"),
        ("ROWS\n N o\nCOLUMNS\n c r 1\n", "line 4.*'r'"),
        ("ROWS\n N o\nCOLUMNS\n c o\n", "line 4.*pairs"),
        ("QUADOBJ\n a b 1\n", "line 1.*unknown section"),
        ("ROWS\n N o\n L r\n L r\n", "line 4.*already"),
        (" a b\n", "line 1.*before the first"),
        ("ROWS\n N o\nCOLUMNS\n c o 1\nBOUNDS\n XX b c 1\n", "line 6.*no bound has type XX"),
    ],
)
def test_file_that_makes_no_sense_is_refused_by_line(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.mps"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MpsError, match=words):
        read_mps(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cost": np.array([np.inf])}, "cost of column 0 is inf"),
        ({"offset": np.nan}, "offset 0 is nan"),
        ({"row_lower": np.array([3.0])}, "row 0 is to lie between 3.0 and 1.0"),
        ({"col_upper": np.array([-np.inf])}, "column 0 is to lie between 0.0 and -inf"),
    ],
)
def test_programme_mps_has_no_words_for_is_refused(
    change: dict[str, object], words: str, tmp_path: Path
) -> None:
    made = Assembly()
    made.put(made.rows(1, upper=1.0), made.columns(1, cost=1.0))
    problem = replace(made.problem("f", "XS", 0), **change)  # type: ignore[arg-type]
    with pytest.raises(MpsError, match=words):
        write_mps(problem, tmp_path / "no.mps")
    assert not list(tmp_path.iterdir())
