"""What activity buys: segments of the response curves and what they are worth."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.data import chords
from allocator.data.activity import Activity
from allocator.data.axes import Axes
from allocator.data.curves import chord_gap
from allocator.data.demand import Demand
from allocator.data.equity import Equity
from allocator.data.index import Axis, Index
from allocator.data.options import Options
from allocator.data.reach import Reach
from allocator.data.response_curves import ResponseCurves
from allocator.data.worth import worth
from allocator.instance.instance import Instance
from allocator.tolerances import ROOM


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
    stretch : ndarray
        Most that options multiply an outcome by, at least 1, following `rows`.
    slope, gap, over : ndarray
        Outcome per unit of activity on the segment, and most by which the true curve can
        lie above the chord, and below it, in outcome; all following `slope_rows`.
    owner : ndarray of int
        Driver of each segment.
    pair, segment : ndarray of int
        Row and segment of each of `slope_rows`.
    """

    def __init__(self, uncut: UncutResponses, knots: dict[tuple[int, int], Floats]) -> None:
        curve, drivers, rows = uncut.curves, uncut.drivers, uncut.rows
        start = uncut.reach[0]
        owner, ends = chords.cut(
            curve, drivers, uncut.reach, uncut.sparing, knots, finer=uncut.finer
        )
        number = np.arange(len(owner)) - np.searchsorted(owner, owner)
        labels = Axis("segment number", tuple(range(1, int(number.max(initial=0)) + 2)))

        at = drivers.positions(rows.columns[1:])
        pair, segment = chords.meet(owner, at, len(drivers))
        which, left, right = uncut.response[pair], ends[segment, 0], ends[segment, 1]
        slope = curve.chord(which, left, right)
        ends_at = curve.slope(which, left), curve.slope(which, right), slope
        bent = curve.bent(which)
        gap = np.where(bent, chord_gap(*ends_at, right - left), 0.0)
        falling = (-ends_at[0], -ends_at[1], -ends_at[2])
        self.over = np.where(bent, chord_gap(*falling, right - left), 0.0)
        slope, lost = chords.felt(slope, bent, right - left, pair)
        self.base, width = curve.effect(uncut.response, start[at]), ends[:, 1] - ends[:, 0]
        steep = chords.steepens(pair, slope, at, len(drivers)) | uncut.sparing[drivers.columns[0]]
        below, beyond = chords.drawn_out(owner, uncut.reach, uncut.outer, steep)
        first = np.flatnonzero(number == 0)
        last = np.flatnonzero(np.append(number[1:] == 0, len(number) > 0))
        opening = number[segment] == 0
        self.base[pair[opening]] -= slope[opening] * below[at[pair[opening]]]
        width[first] += below[owner[first]]
        width[last] += beyond[owner[last]]
        self.owner, self.pair, self.segment = owner, pair, segment
        self.rows = rows
        self.value = uncut.value
        self.delay = uncut.delay
        self.drivers = drivers
        self.start = start - below
        self.segments = Index(
            (*drivers.axes, labels), [*(c[owner] for c in drivers.columns), number]
        )
        self.width = width
        self.slope_rows = Index(
            (*rows.axes, labels), [*(c[pair] for c in rows.columns), number[segment]]
        )
        self.slope = slope
        self.gap = gap + lost
        self.stretch = uncut.stretch

    def worst(self, error: Floats) -> Floats:
        """Largest `gap` or `over` of each row of `rows`, with what options make of it."""
        out = np.zeros(len(self.rows))
        np.maximum.at(out, self.pair, error)
        return out * self.stretch

    @property
    def curve_error(self) -> float:
        """Most that the chords may leave out of the objective, wherever the plan lies."""
        above, below = np.maximum(self.value, 0.0), np.maximum(-self.value, 0.0)
        return float(above @ self.worst(self.gap) + below @ self.worst(self.over))

    @property
    def overstated(self) -> float:
        """Most that the chords may claim of the objective and the curves do not give."""
        above, below = np.maximum(self.value, 0.0), np.maximum(-self.value, 0.0)
        return float(above @ self.worst(self.over) + below @ self.worst(self.gap))

    def spans(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Least and most outcome of each row while its driver stays within a range.

        Parameters
        ----------
        low, high : ndarray, shape (programmes, years)
            Range of each driver.
        """
        at = self.drivers.positions(self.rows.columns[1:])
        first = np.searchsorted(self.owner, np.arange(len(self.drivers) + 1))
        left = self.start[self.owner] + np.cumsum(self.width) - self.width
        left -= (np.cumsum(self.width) - self.width)[first[self.owner]]
        pair, segment = self.pair, self.segment
        where = self.drivers.columns
        start, width = left[segment], self.width[segment]
        driver = at[pair]
        lo, hi = low[where][driver], high[where][driver]
        begin, end = np.clip(lo - start, 0.0, width), np.clip(hi - start, 0.0, width)
        before = np.bincount(pair, self.slope * begin, len(self.rows)) + self.base
        rise = self.slope * (end - begin)
        number = np.cumsum(rise)
        opening = np.searchsorted(pair, np.arange(len(self.rows)))
        base = np.append(number - rise, 0.0)[np.minimum(opening, len(rise))]
        reached = before[pair] + number - base[pair]
        least, most = before.copy(), before.copy()
        np.minimum.at(least, pair, reached)
        np.maximum.at(most, pair, reached)
        return least, most


class UncutResponses:
    """What buys which outcomes, however its curves are cut.

    Attributes
    ----------
    curves : ResponseCurves
    response : ndarray of int
        Response of each row of `rows`.
    rows, value, delay, drivers, stretch
        As in :class:`Responses`.
    reach : pair of ndarray
        Least and most each driver can be, following `drivers`.
    outer : pair of ndarray
        A wider range that first and last segments are drawn out to. Nothing can be reached
        there; but a curve that ended where a limit, a budget or a growth rate binds would
        take the price that belongs to them. Where the reach is wider than a plan can go,
        curves that bend end with it.
    sparing : ndarray of bool, shape (programmes,)
        Where a breakpoint costs a yes-or-no decision.
    finer : bool
        Whether slopes matter everywhere: not where the reach is wider than a plan can go.
    """

    def __init__(
        self,
        instance: Instance,
        axes: Axes,
        reach: Reach,
        activity: Activity,
        demand: Demand,
        equity: Equity,
        options: Options,
    ) -> None:
        self.curves = curves = ResponseCurves(instance, axes)
        years = len(axes.year)
        curved = np.unique(curves.programme)
        self.drivers = Index(
            (axes.programme, axes.year),
            [np.repeat(curved, years), np.tile(np.arange(years), len(curved))],
        )
        self.response, t = (
            np.repeat(np.arange(len(curves)), years),
            np.tile(np.arange(years), len(curves)),
        )
        k, i, self.delay = (
            x[self.response] for x in (curves.outcome, curves.programme, curves.delay)
        )
        self.rows = rows = Index((axes.outcome, axes.programme, axes.year), [k, i, t])
        self.stretch, levels = np.ones(len(rows)), options.outcomes
        np.maximum.at(self.stretch, rows.positions(levels.rows.columns[:-1]), 1.0 + levels.change)

        low, high = activity.floor * (1.0 - ROOM), np.maximum(activity.top, reach.driver_hi)
        at = demand.rows.columns
        low[at], high[at] = 0.0, np.maximum(reach.driver_hi[at], demand.need_max)
        where = self.drivers.columns
        self.value = worth(instance, k, t + self.delay) * equity.weight[i]
        self.reach = (reach.driver_lo[where], reach.driver_hi[where])
        high = high * (1.0 + ROOM)
        if reach.wider:
            # More may be bought there than was looked at: no further than the curve is cut.
            bends = np.unique(curves.programme[curves.shape != "linear"])
            high[bends] = reach.driver_hi[bends]
        self.outer = (low[where], high[where])
        self.finer = not reach.wider
        self.sparing = _maybe_wanted_low(instance, axes, curves)


def _maybe_wanted_low(instance: Instance, axes: Axes, curves: ResponseCurves) -> Flags:
    """Programmes with a response to an outcome that something may want low.

    There the order of filling has to be decided at every breakpoint of a concave curve.
    """
    tables = instance.rows
    low = set(tables["outcomes"]["outcome"][tables["outcomes"]["weight"] < 0])
    low |= set(tables["contracts"]["bonus_outcome"])
    for name in ("rules", "incomes"):
        low |= set(tables[name]["outcome"][tables[name]["sense"] != "min"])
    out = np.zeros(len(axes.programme), dtype=bool)
    out[curves.programme[np.isin(curves.outcome, axes.outcome.find(sorted(low)))]] = True
    return out
