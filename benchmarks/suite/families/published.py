"""Small programmes on which a released solver was publicly reported to go wrong.

Each is stated from the public report as a handful of figures, with its answer worked out by
hand or by going through every whole number, not taken from a solver. What the reports leave
out (attached files) is not guessed at: two programmes near such reports are constructed
instead, and say so. Solve them with presolve on and off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from allocator.arrays import Flags, Floats
from benchmarks.suite.families.base import Draw, Family, family
from benchmarks.suite.problem import Problem

INF = np.inf
HIGHS = "ERGO-Code/HiGHS"


@dataclass(frozen=True)
class Case:
    """One reported programme.

    Attributes
    ----------
    name : str
    report : str
        Repository and number of the public issue.
    fault : str
        What a released version did.
    answer : str
        Why the known answer is right.
    columns : sequence of (cost, lower, upper, whole)
    rows : sequence of (lower, coefficients of all columns, upper)
    optimum : float, callable or None
        Known objective, or what works it out of the programme.
    status : str
    maximise : bool
    conflict : tuple of int
    """

    name: str
    report: str
    fault: str
    answer: str
    columns: Sequence[tuple[float, float, float, bool]]
    rows: Sequence[tuple[float, Sequence[float], float]]
    optimum: float | Callable[[Problem], float] | None = None
    status: str = "optimal"
    maximise: bool = False
    conflict: tuple[int, ...] = ()

    def problem(self, name: str, size: str, seed: int) -> Problem:
        """The programme, with its known answer."""
        cost, lower, upper, whole = zip(*self.columns, strict=True)
        made = Problem.of(
            name,
            size,
            seed,
            maximise=self.maximise,
            cost=cost,
            offset=0.0,
            matrix=np.array([coefficients for _, coefficients, _ in self.rows], dtype=float),
            row_lower=[low for low, _, _ in self.rows],
            row_upper=[high for _, _, high in self.rows],
            col_lower=lower,
            col_upper=upper,
            integer=whole,
            status=self.status,
            conflict=self.conflict,
            about={"report": self.report, "fault": self.fault, "answer": self.answer},
        )
        known = self.optimum(made) if callable(self.optimum) else self.optimum
        return replace(made, optimum=known)


def by_enumeration(problem: Problem) -> float:
    """Optimum by trying every value of the whole columns, and every vertex of the others.

    For programmes with few bounded whole columns and at most two others.

    Raises
    ------
    ValueError
        When nothing is feasible.
    """
    whole = np.flatnonzero(problem.integer)
    free = np.flatnonzero(~problem.integer)
    ranges = [np.arange(problem.col_lower[j], problem.col_upper[j] + 1) for j in whole.tolist()]
    grid = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, len(whole))
    matrix = problem.matrix.toarray()
    alone = ~matrix[:, free].any(axis=1)
    decided = matrix[alone][:, whole] @ grid.T
    sides = problem.row_lower[alone, None], problem.row_upper[alone, None]
    grid = grid[_within(decided, *sides)]
    normals = np.vstack([matrix[:, free], np.eye(len(free))])
    fixed = np.vstack([matrix[:, whole] @ grid.T, np.zeros((len(free), len(grid)))])
    lower = np.append(problem.row_lower, problem.col_lower[free])[:, None] - fixed
    upper = np.append(problem.row_upper, problem.col_upper[free])[:, None] - fixed
    value = grid @ problem.cost[whole]
    best = -INF
    sign = 1.0 if problem.maximise else -1.0
    for point in _vertices(normals, lower, upper):
        inside = _within(normals @ point, lower, upper)
        if inside.any():
            found = sign * (value + problem.cost[free] @ point)
            best = max(best, float(found[inside].max()))
    if best == -INF:
        raise ValueError(f"{problem.name} has no feasible point")
    return sign * best + problem.offset


def _vertices(normals: Floats, lower: Floats, upper: Floats) -> list[Floats]:
    """Points at which as many sides meet as there are columns, for every grid point."""
    count = normals.shape[1]
    if not count:
        return [np.zeros((0, lower.shape[1]))]
    sides = [
        (n, side[n])
        for n in range(len(normals))
        for side in (lower, upper)
        if np.isfinite(side[n]).all()
    ]
    points = []
    for chosen in combinations(sides, count):
        rows = normals[[n for n, _ in chosen]]
        if abs(np.linalg.det(rows)) > 1e-9:
            points.append(np.linalg.solve(rows, np.stack([side for _, side in chosen])))
    return points


def _within(value: Floats, lower: Floats, upper: Floats) -> Flags:
    room = 1e-9 * np.maximum(1.0, np.abs(value))
    return np.asarray(((value >= lower - room) & (value <= upper + room)).all(axis=0))


WHOLE, ANY = True, False

CASES = (
    Case(
        "highs-2957",
        f"{HIGHS}#2957",
        "1.14.0 with presolve claimed 29",
        "x = 12 leaves y = 8.1: 12 + 16.2; fewer x cost y two a unit",
        [(1, 0, 20, WHOLE), (2, 8, 20, ANY)],
        [(20.1, [1, 1], INF)],
        optimum=28.2,
    ),
    Case(
        "highs-3043",
        f"{HIGHS}#3043",
        "1.14.0 with presolve claimed 15",
        "all of the 4.5 from the cheaper x: 2 x 4.5",
        [(2, 0, 10, ANY), (3, 0, 10, WHOLE)],
        [(4.5, [1, 1], INF)],
        optimum=9.0,
    ),
    Case(
        "highs-3073",
        f"{HIGHS}#3073",
        "1.14.0 with presolve claimed 200.01",
        "x = 3 closes the gap, t = |x| = 3 at 0.01 each",
        [(100, 0, INF, ANY), (0.01, -INF, INF, ANY), (0, 0, INF, WHOLE)],
        [
            (3, [1, 0, 1], 3),
            (-INF, [0, -1, 1], 0),
            (-INF, [0, -1, -1], 0),
            (-INF, [0, 0, 1], 3),
            (-INF, [0, 0, -1], -0.45),
        ],
        optimum=0.03,
    ),
    Case(
        "highs-3094",
        f"{HIGHS}#3094",
        "1.14.0 with presolve claimed 10000",
        "one of two may be served: the dearer one, so 8 x 1000 is lost",
        [
            (0, 0, 1, WHOLE),
            (0, 0, 1, WHOLE),
            (0, 0, 1000, ANY),
            (0, 0, 1000, ANY),
            (10, 0, 1000, ANY),
            (8, 0, 1000, ANY),
        ],
        [
            (-INF, [-1000, 0, 1, 0, 0, 0], 0),
            (-INF, [0, -1000, 0, 1, 0, 0], 0),
            (1000, [0, 0, 1, 0, 1, 0], 1000),
            (1000, [0, 0, 0, 1, 0, 1], 1000),
            (-INF, [1, 1, 0, 0, 0, 0], 1),
        ],
        optimum=8000.0,
    ),
    Case(
        "highs-3002",
        f"{HIGHS}#3002",
        "1.14.0 with presolve claimed 76",
        "z - y = 7.5 with |y| <= 1: z is 7 or 8; z = 7, y = -0.5, x = 3 gives 3 - 2 + 63",
        [(1, 0, 4, ANY), (4, -1, 1, ANY), (9, 0, INF, WHOLE)],
        [(-INF, [1, 1, 0], 5), (10, [1, 0, 1], INF), (7.5, [0, -1, 1], 7.5)],
        optimum=64.0,
    ),
    Case(
        "linopy-648",
        "PyPSA/linopy#648",
        "HiGHS 1.14.0 with presolve claimed 11",
        "the row alone makes 2x + y at least 10, and x = 0, y = 10 gives just that",
        [(2, 0, 1, WHOLE), (1, 9, INF, ANY)],
        [(10, [2, 1], INF)],
        optimum=10.0,
    ),
    Case(
        "highs-2409",
        f"{HIGHS}#2409",
        "1.11.0 with presolve went wrong",
        "y - x is at least 0.1 by the first row; y = 1, x = 0.9 gives just that",
        [(-1, -INF, INF, ANY), (1, -INF, INF, WHOLE)],
        [(0.1, [-1, 1], INF), (0.1, [1, 1], INF)],
        optimum=0.1,
    ),
    Case(
        "highs-3274",
        f"{HIGHS}#3274",
        "1.15.1 with presolve claimed 1",
        "x1 is at least x2, which is at least 0; all at 0 is feasible",
        [(0, -INF, INF, WHOLE), (1, -INF, INF, WHOLE), (0, 0, INF, ANY), (0, 0, INF, WHOLE)],
        [
            (0, [0, 1, -1, 0], INF),
            (0, [1, 0, 1, -1], 0),
            (-12, [0, 0, -68, -1], INF),
        ],
        optimum=0.0,
    ),
    Case(
        "highs-2432",
        f"{HIGHS}#2432",
        "1.11.0 with presolve claimed infeasible",
        "every whole v0 and v2, with v1 as low as the rows let it",
        [(-93, -100, 120, WHOLE), (25, -100, 10, ANY), (17, -100, 0, WHOLE)],
        [
            (3994.5, [-89, -40.7, -12], INF),
            (-4878.3, [-0.1, 77.2, -23.7], INF),
            (-4930, [-8.6, -6.5, 72.78], INF),
        ],
        optimum=by_enumeration,
    ),
    Case(
        "highs-2585",
        f"{HIGHS}#2585",
        "1.11.0 with presolve claimed infeasible",
        "every whole c and d, with all vertices in a and b",
        [
            (-24, -100, 100, ANY),
            (5, -100, 100, ANY),
            (7.4, -100, 100, WHOLE),
            (9, -100, 100, WHOLE),
        ],
        [
            (-INF, [96.55, 0, -32.45, 88.78], 1216.06),
            (-INF, [-3.14, -78.02, 0, 0], -50.5404),
            (-INF, [0, 11.8, -21.94, 0], 3.422),
            (-INF, [0, 0, 91.59, -10.58], -35.25),
            (-INF, [79.17, 1.73, 0, -73.23], 411.403),
            (-INF, [-10.61, -94.66, 0, 76.88], 195.69),
        ],
        optimum=by_enumeration,
    ),
    Case(
        "highs-1530",
        f"{HIGHS}#1530",
        "1.6.0 with presolve claimed infeasible",
        "c2 at its most by the second row, 14, lets c0 be 1.7; c1 as low as may be, -62",
        [(9, -91, 50, ANY), (-2, -62, 104, ANY), (-2, -49, 96, ANY), (0, -53, 100, ANY)],
        [
            (-INF, [3, 0, 0, -8], -67),
            (-70, [0, 0, -5, 0], -39),
            (67, [-10, 0, 6, 0], 86),
            (-INF, [0, 0, -2, 9], 60),
        ],
        optimum=111.3,
        maximise=True,
    ),
    Case(
        "highs-295",
        f"{HIGHS}#295",
        "an early version gave column values that do not have the objective it claimed",
        "the last two columns at -1 and 1; the others cost nothing, and one is in no row",
        [
            (0, -INF, INF, ANY),
            (0, -INF, INF, ANY),
            (0, -INF, INF, ANY),
            (1, -1, 1, ANY),
            (-1, -1, 1, ANY),
        ],
        [(-INF, [1, 0, 0, 0, 0], 2), (-INF, [0, 1, 0, 0, 0], -2)],
        optimum=-2.0,
    ),
    Case(
        "highs-771",
        f"{HIGHS}#771",
        "1.2.1 let the binary be 0 within its tolerance and broke the row by 1",
        "y = 1 must be switched on by x; nothing costs anything",
        [(0, 0, 1, WHOLE), (0, -INF, INF, ANY)],
        [(1, [0, 1], 1), (-INF, [-1e6, 1], 0)],
        optimum=0.0,
    ),
    Case(
        "cbc-old-21",
        "coin-or/Cbc.old#21",
        "a release claimed 1",
        "a = 0, b = 0.75, c = 0.25 meets both rows with nothing over",
        [(0, 0, 1, WHOLE), (0, 0, INF, ANY), (0, 0, INF, ANY), (1, 0, INF, ANY)],
        [(3, [4, 4, 0, 1], INF), (1, [0, 0, 4, 1], INF), (1, [1, 1, 1, 0], 1)],
        optimum=0.0,
    ),
    Case(
        "highs-3034",
        f"{HIGHS}#3034",
        "1.9.0 with a looser tolerance claimed optimal",
        "a - b = 193200 and c = 1 make the second row 200 too much",
        [(0, 0, 1e8, ANY), (0, 0, 1e8, ANY), (0, 1, 1, ANY), (0, -INF, INF, WHOLE)],
        [(193_200, [1, -1, 0, 0], 193_200), (-INF, [1, -1, 99_807_000, 0], 1e8)],
        status="infeasible",
        conflict=(0, 1),
    ),
    Case(
        "highs-1966",
        f"{HIGHS}#1966",
        "interior point found no infeasibility",
        "x - y is to be at most 1 and at least 2",
        [(2, 0, INF, ANY), (-1, 0, INF, ANY)],
        [(-INF, [1, -1], 1), (2, [1, -1], INF)],
        status="infeasible",
        conflict=(0, 1),
    ),
    Case(
        "highs-1807",
        f"{HIGHS}#1807",
        "interior point without presolve reported a feasible point",
        "x is to be at most 0 and at least 1",
        [(0, -INF, INF, ANY)],
        [(-INF, [1], 0), (1, [1], INF)],
        status="infeasible",
        conflict=(0, 1),
    ),
    Case(
        "near-highs-3258",
        f"near {HIGHS}#3258",
        "a feasible whole column was called infeasible at tight tolerances; constructed: the "
        "report's figures are not all public",
        "both small columns at their most, 2**-21 each, make just room for the binary",
        [(1, 0, 1, WHOLE), (0, 0, 2.0**-21, ANY), (0, 0, 2.0**-21, ANY)],
        [(0, [-1, 2.0**20, 2.0**20], INF)],
        optimum=1.0,
        maximise=True,
    ),
)


def near_2900(name: str, size: str, seed: int, steps: int) -> Problem:
    """Near a report whose file is an attachment: stages with figures of many millions.

    Each binary needs the one before it, and every stage's balance of much given and taken
    must stay within a small remainder. The optimum is found by trying all 2**steps.
    """
    draw = Draw("near-2900", seed)
    worth = draw.whole(10_000, 340_000_000, steps)
    taken = draw.whole(100_000, 60_000_000, steps)
    balance = np.diag(taken) - np.diag(draw.whole(100_000, 60_000_000, steps)[:-1], k=1)
    order = -np.eye(steps - 1, steps) + np.eye(steps - 1, steps, k=1)
    order = order[::2]  # every second step needs the one before
    matrix = np.vstack([balance, order])
    made = Problem.of(
        name,
        size,
        seed,
        maximise=True,
        cost=worth,
        offset=0.0,
        matrix=matrix,
        row_lower=np.full(len(matrix), -INF),
        row_upper=np.append(np.full(steps, 18_000_000.0), np.zeros(len(order))),
        col_lower=np.zeros(steps),
        col_upper=np.ones(steps),
        integer=np.ones(steps, dtype=bool),
        status="optimal",
        about={
            "report": f"near {HIGHS}#2900",
            "fault": "1.13.1 with presolve claimed 0; constructed: the report's file is attached",
            "answer": "all combinations tried",
        },
    )
    return replace(made, optimum=by_enumeration(made))


def _of(case: Case) -> Family:
    reason = f"{case.report}: {case.fault.partition(';')[0]}"
    return family(case.name, reason, "pathology", {"XS": {}}, case.problem)


FAMILIES = (
    *(_of(case) for case in CASES),
    family(
        "near-highs-2900",
        f"near {HIGHS}#2900: figures of many millions that presolve took for nothing",
        "pathology",
        {"XS": {"steps": 14}},
        near_2900,
    ),
)
