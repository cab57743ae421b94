"""What activity buys: segments of the response curves and what they are worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.data import curves
from allocator.data.index import Axis, Codes, Index
from allocator.errors import NeedsBinaries, Problem
from allocator.instance.instance import Instance

Numbers = npt.NDArray[np.float64]

FAINT = 1e-9
"""Slopes of this size and below are flat: a solver drops them."""


@dataclass(frozen=True)
class Responses:
    """Chords of the response curves.

    Attributes
    ----------
    rows : Index
        (outcome, programme, year) with a response; the arrays below follow it.
    base : ndarray
        Outcome where the driver's first segment starts, on its chord.
    value : ndarray
        Objective per unit of outcome: weight, discount and equity.
    delay : ndarray of int
        Years until the outcome arrives.
    drivers : Index
        (programme, year) with a curve; the driver is activity, or need met.
    start : ndarray
        Where the driver's first segment starts, following `drivers`.
    segments : Index
        (programme, year, segment).
    width : ndarray
        Length of each segment in activity, following `segments`.
    slope_rows : Index
        (outcome, programme, year, segment).
    slope, gap : ndarray
        Outcome per unit of activity on the segment, and most by which the true curve can
        rise above the chord, in outcome; both following `slope_rows`.
    """

    rows: Index
    base: Numbers
    value: Numbers
    delay: Codes
    drivers: Index
    start: Numbers
    segments: Index
    width: Numbers
    slope_rows: Index
    slope: Numbers
    gap: Numbers

    @property
    def curve_error(self) -> float:
        """Most that the chords may leave out of the objective, wherever the plan lies."""
        worst = np.zeros(len(self.rows))
        np.maximum.at(worst, self.rows.positions(self.slope_rows.columns[:3]), self.gap)
        return float(np.sum(np.abs(self.value) * worst))


def discount(instance: Instance) -> tuple[float, npt.NDArray[np.bool_]]:
    """Discount factor of one year, and which outcomes are discounted."""
    flags = instance.outcomes["discounted"].to_numpy(dtype=bool)
    return 1.0 / (1.0 + instance.settings.discount_rate), flags


def responses(
    instance: Instance,
    programme: Axis,
    year: Axis,
    outcome: Axis,
    ranges: tuple[Numbers, Numbers],
    outer: tuple[Numbers, Numbers],
    equity: Numbers,
) -> Responses:
    """Extract response curves as chords on the reachable range of their drivers.

    Parameters
    ----------
    instance, programme, year, outcome
        The instance and its axes.
    ranges : pair of ndarray, shape (programmes, years)
        Least and most the driver of each programme can be.
    outer : pair of ndarray, shape (programmes, years)
        A wider range that its first and last segments are drawn out to. Nothing can be
        reached there; but a curve that ended where a limit, a budget or a growth rate
        binds would take the price that belongs to them.
    equity : ndarray, shape (programmes,)
        Equity weight of each programme.
    """
    table = instance.responses
    curve = _Curves(instance, programme)
    i, k = curve.programme, outcome.codes(table["outcome"].tolist())
    years = len(year)
    lo, hi = ranges
    curved = np.unique(i)
    drivers = Index(
        (programme, year), [np.repeat(curved, years), np.tile(np.arange(years), len(curved))]
    )
    start = lo[drivers.columns]
    owner, ends = _cut(curve, drivers, start, hi[drivers.columns], len(programme))
    number = np.arange(len(owner)) - np.searchsorted(owner, owner)
    labels = Axis("segment number", tuple(range(1, int(number.max(initial=0)) + 2)))

    row_of = np.repeat(np.arange(len(table)), years)
    t = np.tile(np.arange(years), len(table))
    rows = Index((outcome, programme, year), [k[row_of], i[row_of], t])
    at = drivers.positions(rows.columns[1:])
    pair, segment = _meet(owner, at, len(drivers))
    which, left, right = row_of[pair], ends[segment, 0], ends[segment, 1]
    slope = curve.chord(which, left, right)
    gap = curves.chord_gap(curve.slope(which, left), curve.slope(which, right), slope, right - left)
    gap = np.where(curve.bent(which), gap, 0.0)
    slope, lost = _felt(slope, curve.bent(which), right - left, pair)
    value, delay = _value(instance, row_of, t, k, equity[i])
    _assert_concave(table, which, pair, slope, value)
    base, width = curve.effect(row_of, start[at]), ends[:, 1] - ends[:, 0]
    below, beyond = _drawn_out(owner, drivers, (start, hi[drivers.columns]), outer)
    first = np.flatnonzero(number == 0)
    last = np.flatnonzero(np.append(number[1:] == 0, len(number) > 0))
    opening = number[segment] == 0
    base[pair[opening]] -= slope[opening] * below[at[pair[opening]]]
    width[first] += below[owner[first]]
    width[last] += beyond[owner[last]]
    return Responses(
        rows,
        base,
        value,
        delay,
        drivers,
        start - below,
        Index((programme, year, labels), [*(c[owner] for c in drivers.columns), number]),
        width,
        Index((*rows.axes, labels), [*(c[pair] for c in rows.columns), number[segment]]),
        slope,
        gap + lost,
    )


def _felt(
    slope: Numbers, bent: npt.NDArray[np.bool_], width: Numbers, pair: Codes
) -> tuple[Numbers, Numbers]:
    """Slopes without those at the end of a curve that a solver would drop, and what that loses.

    Returns
    -------
    slope, lost : ndarray
        The loss is that of the segment and of all before it: chords stay below the curve.
    """
    faint = bent & (np.abs(slope) <= FAINT)
    if not faint.any():
        return slope, np.zeros(len(slope))
    lost = np.cumsum(np.where(faint, slope * width, 0.0))
    first = np.searchsorted(pair, pair)
    before = np.where(first > 0, lost[np.maximum(first - 1, 0)], 0.0)
    return np.where(faint, 0.0, slope), lost - before


def _drawn_out(
    owner: Codes,
    drivers: Index,
    inner: tuple[Numbers, Numbers],
    outer: tuple[Numbers, Numbers],
) -> tuple[Numbers, Numbers]:
    """How far each driver's first and last segments reach beyond what can be reached."""
    cut = np.bincount(owner, minlength=len(drivers)) > 0
    below = np.where(cut, inner[0] - outer[0][drivers.columns], 0.0)
    beyond = np.where(cut, outer[1][drivers.columns] - inner[1], 0.0)
    return np.maximum(below, 0.0), np.maximum(beyond, 0.0)


def _value(
    instance: Instance, row_of: Codes, t: Codes, k: Codes, equity: Numbers
) -> tuple[Numbers, Codes]:
    """Objective per unit of outcome, and the years until it arrives, of each response row."""
    factor, discounted = discount(instance)
    delay = instance.responses["delay"].to_numpy()[row_of]
    fall = np.where(discounted[k[row_of]], factor ** (t + delay), 1.0)
    weight = instance.outcomes["weight"].to_numpy()[k[row_of]]
    return weight * fall * equity[row_of], delay


def _meet(owner: Codes, at: Codes, drivers: int) -> tuple[Codes, Codes]:
    """Pairs of response row and segment: every response meets all segments of its driver."""
    first = np.searchsorted(owner, np.arange(drivers + 1))
    count = np.diff(first)[at]
    pair = np.repeat(np.arange(len(at)), count)
    step = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    return pair, step + first[at[pair]]


def _cut(
    curve: _Curves, drivers: Index, low: Numbers, high: Numbers, programmes: int
) -> tuple[Codes, Numbers]:
    """Chord ends of each driver's range: one set of segments serves all its outcomes."""
    bend, decay = np.zeros(programmes), np.zeros(programmes)
    power, saturating = curve.shape == "power", curve.shape == "saturating"
    np.maximum.at(bend, curve.programme[power], 1.0 - curve.parameters["elasticity"][power])
    halves = curve.parameters["half"][saturating]
    np.maximum.at(decay, curve.programme[saturating], curves.LN2 / halves)
    owner, ends = curves.breakpoints(low, high, bend[drivers.columns[0]], decay[drivers.columns[0]])
    knot_owner, knots = curve.knots(drivers, low, high)
    if not len(knots):
        return owner, ends
    wide = np.flatnonzero(high > low)
    at = np.concatenate([owner, wide, knot_owner])
    x = np.concatenate([ends[:, 0], high[wide], knots])
    order = np.lexsort((x, at))
    at, x = at[order], x[order]
    apart = (at[1:] == at[:-1]) & (x[1:] > x[:-1] + 1e-12 * np.abs(x[1:]))
    return at[:-1][apart].astype(np.int64), np.column_stack([x[:-1][apart], x[1:][apart]])


def _assert_concave(
    table: pd.DataFrame, which: Codes, pair: Codes, slope: Numbers, value: Numbers
) -> None:
    """Refuse curves that only ordering binaries could plan."""
    together = pair[1:] == pair[:-1]
    steepest = np.zeros(len(value))
    np.maximum.at(steepest, pair, np.abs(slope))
    noise = 1e-9 * steepest[pair[1:]]  # where a curve is flat, its chords are rounding
    rise = together & (slope[1:] > slope[:-1] + noise)
    falls = together & (slope[1:] < slope[:-1] - noise)
    wrong = rise | (falls & (value[pair[1:]] < 0))
    if wrong.any():
        problems = []
        for row in np.unique(which[1:][wrong]):
            name = table["programme"].iloc[row], table["outcome"].iloc[row]
            message = (
                f"the curve of {name[0]!r} for {name[1]!r} is not concave where it can be "
                "reached, or its outcome has a negative weight: this needs yes-or-no decisions "
                "(a mixed-integer programme), not supported yet"
            )
            problems.append(Problem("responses", None, "shape", "", message))
        raise NeedsBinaries(problems)


class _Curves:
    """The curves of the response table, evaluated for many rows at once.

    Attributes
    ----------
    programme : ndarray of int
        Programme code of each response.
    shape : ndarray of str
        Shape of each response.
    parameters : dict of str to ndarray
        Parameters of each response; ``baseline`` is the programme's baseline activity.
    """

    def __init__(self, instance: Instance, programme: Axis) -> None:
        table = instance.responses
        self.programme = programme.codes(table["programme"].tolist())
        self.shape = table["shape"].to_numpy(dtype=object)
        self.parameters = {
            name: table[name].to_numpy(dtype=float)
            for name in ("per_unit", "elasticity", "maximum", "half")
        }
        self.parameters["baseline"] = instance.programmes["baseline"].to_numpy()[self.programme]
        self._points: dict[int, tuple[Numbers, Numbers]] = {}
        if (self.shape == "points").any():
            groups = instance.response_points.groupby(["programme", "outcome"], sort=False)
            for row in np.flatnonzero(self.shape == "points").tolist():
                key = (table["programme"].iloc[row], table["outcome"].iloc[row])
                line = groups.get_group(key).sort_values("activity")
                self._points[row] = (line["activity"].to_numpy(), line["effect"].to_numpy())

    def bent(self, rows: Codes) -> npt.NDArray[np.bool_]:
        """Whether each row's curve bends between its breakpoints."""
        return np.isin(self.shape[rows], ["power", "saturating"])

    def knots(self, drivers: Index, low: Numbers, high: Numbers) -> tuple[Codes, Numbers]:
        """Points strictly inside each driver's range, with the driver they belong to."""
        owners, at = [np.empty(0, np.int64)], [np.empty(0)]
        for row, (activity, _) in self._points.items():
            for d in np.flatnonzero(drivers.columns[0] == self.programme[row]):
                inside = activity[(activity > low[d]) & (activity < high[d])]
                owners.append(np.full(len(inside), d))
                at.append(inside)
        return np.concatenate(owners), np.concatenate(at)

    def effect(self, rows: Codes, x: Numbers) -> Numbers:
        """Outcome of each row's curve at x."""
        return self._each(
            rows, x, curves.EFFECT, lambda row, at: curves.points_effect(at, *self._points[row])
        )

    def slope(self, rows: Codes, x: Numbers) -> Numbers:
        """Slope of each row's curve at x; 0 for points, which do not bend."""
        return self._each(rows, x, curves.SLOPE, lambda _, at: np.zeros_like(at))

    def chord(self, rows: Codes, left: Numbers, right: Numbers) -> Numbers:
        """Slope of the chord of each row's curve; exact for straight lines."""
        rise = self.effect(rows, right) - self.effect(rows, left)
        straight = self.shape[rows] == "linear"
        return np.where(straight, self.parameters["per_unit"][rows], rise / (right - left))

    def _each(
        self,
        rows: Codes,
        x: Numbers,
        table: dict[str, curves.Curve],
        points: Callable[[int, Numbers], Numbers],
    ) -> Numbers:
        out = np.zeros(len(rows))
        for shape, curve in table.items():
            mine = (self.shape == shape)[rows]
            if mine.any():
                p = {name: value[rows[mine]] for name, value in self.parameters.items()}
                out[mine] = curve(x[mine], p)
        for row in self._points:
            mine = rows == row
            out[mine] = points(row, x[mine])
        return out
