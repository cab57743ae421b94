"""Small programmes that HiGHS once solved wrongly, with presolve on and off.

The figures are those of the public reports where they are small enough to be stated there,
otherwise a programme of the same kind; every answer was worked by hand.
"""

from __future__ import annotations

import pytest
from small import INF, arrays

from allocator.solver.highs.door import Solver
from allocator.solver.program import Program

CASES: dict[str, tuple[Program, float]] = {
    # ERGO-Code/HiGHS issue 2957: x + 2y, x whole, y >= 8, x + y >= 20.1: x 12, y 8.1
    "2957 one whole number": (
        arrays([[1, 1]], [20.1], [INF], [0, 8], [20, 20], [1, 2], maximise=False, integer=[1, 0]),
        28.2,
    ),
    # issue 3043: 2x + 3z, z whole, x + z >= 4.5: x 4.5
    "3043 nothing whole is best": (
        arrays([[1, 1]], [4.5], [INF], [0, 0], [10, 10], [2, 3], maximise=False, integer=[0, 1]),
        9.0,
    ),
    # issue 3002, of the kind of 2975: z = 7.5 + y with z whole is least at y -0.5, z 7, x 3
    "2975 an equation fixes a fraction": (
        arrays(
            [[1, 1, 0], [1, 0, 1], [0, -1, 1]],
            [-INF, 10, 7.5],
            [5, INF, 7.5],
            [0, -1, 0],
            [4, 1, 1000],
            [1, 4, 9],
            maximise=False,
            integer=[0, 0, 1],
        ),
        3 + 4 * -0.5 + 9 * 7,
    ),
    # issue 3094, of the kind of 2806: one of two branches may be served; the dearer one is
    "2806 one branch of two": (
        arrays(
            [
                [1, 0, 0, 0, -1000, 0],
                [0, 1, 0, 0, 0, -1000],
                [1, 0, 1, 0, 0, 0],
                [0, 1, 0, 1, 0, 0],
                [0, 0, 0, 0, 1, 1],
            ],
            [-INF, -INF, 1000, 1000, -INF],
            [0, 0, 1000, 1000, 1],
            [0] * 6,
            [1000, 1000, 1000, 1000, 1, 1],
            [0, 0, 10, 8, 0, 0],
            maximise=False,
            integer=[0, 0, 0, 0, 1, 1],
        ),
        8000.0,
    ),
    # of the kind of issue 2900: figures so far apart that an objective collapsed to zero
    "2900 figures far apart": (
        arrays(
            [[1, -1e6], [1, 1]],
            [0, 2.5],
            [INF, INF],
            [0, 0],
            [1e4, 1e3],
            [667.0, 1e12],
            maximise=False,
        ),
        667.0 * 2.5,
    ),
    "2900 a rise by a large step": (
        arrays(
            [[1, -1e6], [0, 1]],
            [0, 1],
            [INF, INF],
            [0, 0],
            [1e9, 1e3],
            [667.0, 1e6],
            maximise=False,
        ),
        667.0 * 1e6 + 1e6,
    ),
    # of the kind of 3258: rows alike and a free column. With s = x + y, z >= 2 - s and
    # z >= s - 4, so that z - s is at least 2 - 2s and at least -4; s = 3 reaches both
    "3258 rows alike and a free column": (
        arrays(
            [[1, 1, 1], [1, 1, 0], [1, 1, -1]],
            [2, -INF, -INF],
            [INF, 5, 4],
            [0, 0, -INF],
            [INF, INF, INF],
            [-1, -1, 1],
            maximise=False,
        ),
        -4.0,
    ),
}
"""Programme and its best objective."""


@pytest.mark.parametrize("presolve", ["on", "off"])
@pytest.mark.parametrize("name", CASES)
def test_best_with_presolve_and_without(name: str, presolve: str) -> None:
    program, best = CASES[name]
    found = Solver(program, options={"presolve": presolve, "mip_rel_gap": 0.0}).run()
    assert found.status == "optimal"
    assert found.objective == pytest.approx(best, rel=1e-7)
