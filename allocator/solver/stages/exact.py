"""Decisions that cannot be kept to the penny, and the cuts that rule them out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy import sparse

from allocator.arrays import Flags, Floats, Ints
from allocator.data import Data
from allocator.solver.highs.exact import Exactly
from allocator.solver.program import Program
from allocator.solver.stages.limits import Limits
from allocator.tolerances import FEASIBILITY, IN_RAY, MILL

IN_MONEY = (
    *("pool", "capital_pool", "recurrent_pool", "paid_in_full", "share_least", "share_most"),
    *("position", "block_ceiling", "payment_is", "payment_covers", "payment_filled"),
    *("payment_follows", "piece_full", "piece_open", "piece_whole", "piece_on"),
    *("ended_least", "ended_most", "cost_ended_least", "cost_ended_most", "cost_held_least"),
    *("cost_held_most", "passing_if", "passing_within", "surcharge_is", "tier_below", "tier_full"),
    *("tier_above", "level_least", "level_most", "rest_least", "rest_most", "level_filled"),
    *("level_open", "rest_filled", "rest_open", "stranded_since", "stranded_at_start"),
    *("stranded_source", "stranded_none", "stranded_ended_off", "stranded_ended_within"),
    "stranded_ended_all",
)
"""Rows of the formulation that are money, or that say what something costs."""

HANDED_ON = ("transfer", "carried", "paid")
"""Columns whose bounds are money."""

MOST_TERMS = 200_000
"""Coefficients that are added up in fractions, which takes a second, before a cut is sought by
other means."""


def money_of(program: Program, data: Data) -> Exactly:
    """What of a programme must be kept to the penny."""
    rows, columns = (np.zeros(n, dtype=bool) for n in program.shape)
    for flags, names in ((rows, IN_MONEY), (columns, HANDED_ON)):
        for name in names:
            block = program.block(name)
            if block is not None:
                flags[block.span] = True
    for sense in ("min", "max", "equal"):
        block = program.block(f"rule_{sense}")
        if block is not None and block.index is not None:
            rows[block.span] = data.rules.money[data.rules.rows.positions(block.index.columns)]
    return Exactly(rows, columns, MILL / data.money_scale)


@dataclass(frozen=True, eq=False)
class Unkept:
    """Decisions with which nothing meets all rows to the penny.

    Attributes
    ----------
    x : ndarray
        A solution with these decisions, whole numbers whole.
    matrix, lower, upper, scale
        All rows, as :meth:`~allocator.solver.highs.loaded.Loaded.every_row` gives them.
    ray : ndarray or None
        Prices of rows that show it.
    """

    x: Floats
    matrix: sparse.csr_array
    lower: Floats
    upper: Floats
    scale: Floats
    ray: Floats | None


@dataclass(frozen=True)
class Cut:
    """At least one of some decisions must be another: ``coefficients x >= least``."""

    coefficients: Floats
    least: float


def cut_off(case: Unkept, money: Exactly, limits: Limits, whole: Flags) -> Cut | None:
    """A cut that rules out the decisions of a solution, and others for the same reason.

    Prices of rows that show why nothing meets them all with these decisions (a dual ray) make
    one inequality in the decisions that every plan meets. Its coefficients may be pounds beside
    billions, so what it says is put into whole numbers: these of the decisions cannot all be
    so. It is worked out in fractions; where that shows nothing, all decisions are named.

    Parameters
    ----------
    case : Unkept
    money : Exactly
    limits : Limits
        What the search is held to.
    whole : ndarray of bool
        Which columns are decisions.

    Returns
    -------
    Cut or None
        Without coefficients where nothing decided otherwise would help; None where no row can
        say what would.
    """
    open_ = np.flatnonzero(whole & (limits.lower < limits.upper))
    blamed = None
    for price in () if case.ray is None else (case.ray, -case.ray):
        blamed = _blamed(case, money, limits, price, open_) if blamed is None else blamed
    return _other_than(open_ if blamed is None else blamed, limits, case.x)


def _other_than(blamed: Ints, limits: Limits, x: Floats) -> Cut | None:
    """That one of some decisions is another; None where no row can say so."""
    low = blamed[x[blamed] <= limits.lower[blamed]]
    high = blamed[x[blamed] >= limits.upper[blamed]]
    if len(low) + len(high) < len(blamed):
        return None  # a whole number between its bounds
    coefficients = np.zeros(len(x))
    coefficients[low], coefficients[high] = 1.0, -1.0
    least = 1.0 + float(limits.lower[low].sum()) - float(limits.upper[high].sum())
    return Cut(coefficients, least)


def _blamed(
    case: Unkept, money: Exactly, limits: Limits, price: Floats, open_: Ints
) -> Ints | None:
    """The fewest decisions, taken one by one, that leave some prices their proof; None without.

    The rows add up to ``g x <= side``; where the least that ``g x`` can be is more, nothing
    meets them. A decision that could be anything without undoing that is not to blame.
    """
    size = np.abs(price)
    rows = np.flatnonzero(size > IN_RAY * size.max(initial=0.0))
    part = case.matrix[rows]
    if not len(rows) or part.nnz > MOST_TERMS:
        return None
    room, own = FEASIBILITY / case.scale[rows], rows < len(money.rows)
    held = np.where(money.rows[rows[own]], money.forgiven, np.inf)
    room[own] = np.minimum(room[own], held)
    sides = np.where(price[rows] > 0, case.upper[rows] + room, case.lower[rows] - room)
    if not np.isfinite(sides).all():
        return None
    spare, pull = Fraction(0), dict[int, Fraction]()
    starts = part.indptr.tolist()
    for n, (y, side) in enumerate(zip(price[rows].tolist(), sides.tolist(), strict=True)):
        spare -= Fraction(y) * Fraction(side)
        here = slice(starts[n], starts[n + 1])
        for j, a in zip(part.indices[here].tolist(), part.data[here].tolist(), strict=True):
            pull[j] = pull.get(j, Fraction(0)) + Fraction(y) * Fraction(a)
    free, gains = set(open_.tolist()), list[tuple[Fraction, int]]()
    for j, g in pull.items():
        least = float(limits.lower[j] if g > 0 else limits.upper[j])
        if g and not np.isfinite(least):
            return None
        if j in free:
            at = g * Fraction(float(case.x[j]))
            gains.append((at - g * Fraction(least), j))
            spare += at
        elif g:
            spare += g * Fraction(least)
    if spare <= 0:
        return None
    blamed = []
    for gain, j in sorted(gains):
        if gain < spare:
            spare -= gain
        else:
            blamed.append(j)
    return np.array(blamed, dtype=np.int64)
