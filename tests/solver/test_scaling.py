"""Scaling changes units and no digit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from small import INF, arrays, production

from allocator.solver.highs.door import Solver
from allocator.solver.highs.scaling import Scaling
from allocator.solver.program import Program
from allocator.solver.stages.opinion import second_opinion
from allocator.tolerances import UNFELT

sizes = st.floats(1e-3, 1e6, allow_subnormal=False)


@st.composite
def programmes(draw: st.DrawFn) -> Program:
    """Feasible (nothing done) and bounded, with coefficients over many sizes."""
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    matrix = draw(st.lists(sizes, min_size=rows * columns, max_size=rows * columns))
    return arrays(
        np.reshape(matrix, (rows, columns)),
        [-INF] * rows,
        draw(st.lists(sizes, min_size=rows, max_size=rows)),
        [0] * columns,
        draw(st.lists(st.one_of(sizes, st.just(INF)), min_size=columns, max_size=columns)),
        draw(st.lists(sizes, min_size=columns, max_size=columns)),
    )


@given(programmes())
@settings(max_examples=60, deadline=None)
def test_every_factor_is_a_power_of_two(program: Program) -> None:
    scaling = Scaling.of(program)
    for factors in (scaling.column, scaling.row, np.array([scaling.cost])):
        mantissa, _ = np.frexp(factors)
        assert (mantissa == 0.5).all()


@given(programmes())
@settings(max_examples=60, deadline=None)
def test_scaling_back_gives_every_number_to_the_last_digit(program: Program) -> None:
    scaling = Scaling.of(program)
    matrix = program.matrix
    dense = np.zeros(program.shape)
    rows = np.repeat(np.arange(program.shape[0]), np.diff(matrix.indptr))
    dense[rows, matrix.indices] = matrix.data
    scaled = scaling.matrix(program).toarray()
    back = scaled / scaling.row[:, None] / scaling.column[None, :]
    felt = np.abs(dense * scaling.row[:, None] * scaling.column[None, :]) > UNFELT
    assert (back == np.where(felt, dense, 0.0)).all()
    assert (np.abs(scaled).max(axis=1) >= 0.5).all()
    assert ((program.col_upper / scaling.column) * scaling.column == program.col_upper).all()
    assert ((program.row_upper * scaling.row) / scaling.row == program.row_upper).all()
    cost = program.cost * scaling.column * scaling.cost
    assert (cost / scaling.column / scaling.cost == program.cost).all()


@given(programmes())
@settings(max_examples=40, deadline=None)
def test_other_units_are_worth_the_same(program: Program) -> None:
    scaled = best(program)
    units = np.exp2(np.arange(len(program.cost)))
    other = program.replaced(
        matrix=sparse.csr_array(program.matrix.toarray() * units),
        cost=program.cost * units,
        col_upper=program.col_upper / units,
    )
    assert best(other) == pytest.approx(scaled, rel=1e-6)


def best(program: Program) -> float:
    found = Solver(program).run()
    if found.status != "optimal":  # figures far apart are asked about twice
        found = second_opinion(program, 1).run()
    assert found.status == "optimal"
    assert found.objective is not None
    return found.objective


def test_a_small_row_is_not_called_infeasible() -> None:
    """Nothing at all is allowed; a presolve at a tolerance of 1e-7 said nothing was."""
    program = arrays(
        [[4.56481198e-05, 9.93702315e-01, 2.32526061e-06]],
        [-INF],
        [1.918372249429928e-06],
        [0, 0, 0],
        [0.90497458, 1.10661095, 0.85817868],
        [32, 256, 256],
    )
    assert Solver(program).run().status == "optimal"


def test_a_term_that_cannot_be_felt_is_left_out_and_nothing_warns() -> None:
    program = arrays([[1e-6, 1e9]], [-INF], [1e9], [0, 0], [1e-3, 1], [1, 1])
    scaling = Scaling.of(program)
    assert scaling.matrix(program).nnz == 1
    assert program.matrix.nnz == 2
    assert Solver(program).run().x == pytest.approx([1e-3, 1])


def test_unscaled_result_is_identical_where_arithmetic_is_exact() -> None:
    scaled = Solver(production()).run()
    plain = Solver(production(), scaled=False).run()
    assert scaled.x is not None
    assert plain.x is not None
    assert scaled.x.tolist() == plain.x.tolist() == [4, 0]
    assert scaled.row_dual is not None
    assert plain.row_dual is not None
    assert scaled.row_dual.tolist() == plain.row_dual.tolist() == [3, 0]
    assert scaled.objective == plain.objective == 12


def test_whole_numbers_keep_their_scale() -> None:
    program = production(
        col_upper=np.array([1000.0, 1000.0]),
        row_upper=np.array([4.5, 1e5]),
        integer=np.array([True, False]),
    )
    assert Scaling.of(program).column.tolist() == [1, 1024]
    found = Solver(program).run()
    assert found.x == pytest.approx([4, 0.5])


def test_whole_numbers_without_end_keep_their_scale() -> None:
    program = arrays(
        [[4, 1]], [-INF], [510.5], [0, 0], [INF, 500], [3, 1e-3], integer=[True, False]
    )
    assert Scaling.of(program).column[0] == 1
    assert Solver(program).run().x == pytest.approx([127, 2.5])
