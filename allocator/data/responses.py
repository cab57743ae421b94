"""What activity buys: segments of the response curves and what they are worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from allocator.data import curves
from allocator.data.activity import ROOM
from allocator.data.index import Axis, Codes, Index
from allocator.instance.instance import Instance
from allocator.instance.tables.rows import positions_of

_NONE = np.empty(0, dtype=np.int64)

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
    stretch : ndarray
        Most that options multiply an outcome by, at least 1, following `rows`.
    slope, gap, over : ndarray
        Outcome per unit of activity on the segment, and most by which the true curve can
        lie above the chord, and below it, in outcome; all following `slope_rows`.
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
    over: Numbers
    stretch: Numbers

    def worst(self, error: Numbers) -> Numbers:
        """Largest `gap` or `over` of each row of `rows`, with what options make of it."""
        out = np.zeros(len(self.rows))
        np.maximum.at(out, self.rows.positions(self.slope_rows.columns[:3]), error)
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

    def spans(self, low: Numbers, high: Numbers) -> tuple[Numbers, Numbers]:
        """Least and most outcome of each row while its driver stays within a range.

        Parameters
        ----------
        low, high : ndarray, shape (programmes, years)
            Range of each driver.
        """
        at = self.drivers.positions(self.rows.columns[1:])
        first = np.searchsorted(self._owner, np.arange(len(self.drivers) + 1))
        left = self.start[self._owner] + np.cumsum(self.width) - self.width
        left -= (np.cumsum(self.width) - self.width)[first[self._owner]]
        pair = self.rows.positions(self.slope_rows.columns[:3])
        segment = self.segments.positions(self.slope_rows.columns[1:])
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

    @property
    def _owner(self) -> Codes:
        """Driver of each segment."""
        return self.drivers.positions(self.segments.columns[:2])


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
    knots: dict[tuple[int, int], Numbers] | None = None,
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
    knots : dict of (programme, year) to ndarray, optional
        Where the chords of a driver shall meet its curves besides.
    """
    table = instance.responses
    curve = _Curves(instance, programme, knots or {})
    i, k = curve.programme, outcome.codes(table["outcome"].tolist())
    years = len(year)
    lo, hi = ranges
    curved = np.unique(i)
    drivers = Index(
        (programme, year), [np.repeat(curved, years), np.tile(np.arange(years), len(curved))]
    )
    start = lo[drivers.columns]
    sparing = _wanted_low(instance, programme)
    owner, ends = _cut(curve, drivers, start, hi[drivers.columns], sparing)
    number = np.arange(len(owner)) - np.searchsorted(owner, owner)
    labels = Axis("segment number", tuple(range(1, int(number.max(initial=0)) + 2)))

    row_of = np.repeat(np.arange(len(table)), years)
    t = np.tile(np.arange(years), len(table))
    rows = Index((outcome, programme, year), [k[row_of], i[row_of], t])
    at = drivers.positions(rows.columns[1:])
    pair, segment = _meet(owner, at, len(drivers))
    which, left, right = row_of[pair], ends[segment, 0], ends[segment, 1]
    slope = curve.chord(which, left, right)
    ends_at = curve.slope(which, left), curve.slope(which, right), slope
    bent = curve.bent(which)
    gap = np.where(bent, curves.chord_gap(*ends_at, right - left), 0.0)
    falling = (-ends_at[0], -ends_at[1], -ends_at[2])
    over = np.where(bent, curves.chord_gap(*falling, right - left), 0.0)
    slope, lost = _felt(slope, bent, right - left, pair)
    value, delay = _value(instance, row_of, t, k, equity[i])
    base, width = curve.effect(row_of, start[at]), ends[:, 1] - ends[:, 0]
    reach = start, hi[drivers.columns]
    steep = _steepens(pair, slope, at, len(drivers)) | sparing[drivers.columns[0]]
    below, beyond = _drawn_out(owner, drivers, reach, outer, steep)
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
        over,
        np.ones(len(rows)),
    )


def _wanted_low(instance: Instance, programme: Axis) -> npt.NDArray[np.bool_]:
    """Programmes with a response to an outcome that something may want low.

    There the order of filling has to be decided at every breakpoint of a concave curve.
    """
    rules, incomes = instance.rules, instance.incomes
    low = set(instance.outcomes.loc[instance.outcomes["weight"] < 0, "outcome"])
    low |= set(rules.loc[rules["sense"] != "min", "outcome"])
    low |= set(incomes.loc[incomes["sense"] != "min", "outcome"])
    low |= set(instance.contracts["bonus_outcome"])
    buys = instance.responses.loc[instance.responses["outcome"].isin(low), "programme"]
    out = np.zeros(len(programme), dtype=bool)
    out[programme.codes(buys.tolist())] = True
    return out


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


def _steepens(pair: Codes, slope: Numbers, at: Codes, drivers: int) -> npt.NDArray[np.bool_]:
    """Drivers with a curve whose slope rises somewhere."""
    rises = (pair[1:] == pair[:-1]) & (slope[1:] > slope[:-1] + 1e-9 * np.abs(slope[:-1]))
    out = np.zeros(drivers, dtype=bool)
    out[at[pair[1:][rises]]] = True
    return out


def _drawn_out(
    owner: Codes,
    drivers: Index,
    inner: tuple[Numbers, Numbers],
    outer: tuple[Numbers, Numbers],
    steep: npt.NDArray[np.bool_],
) -> tuple[Numbers, Numbers]:
    """How far each driver's first and last segments reach beyond what can be reached.

    Those that decisions open must be no longer than they need to be, or the relaxation
    fills them too cheaply.
    """
    cut = np.bincount(owner, minlength=len(drivers)) > 0
    below = np.where(cut, inner[0] - outer[0][drivers.columns], 0.0)
    beyond = np.where(cut, outer[1][drivers.columns] - inner[1], 0.0)
    below = np.where(steep, np.minimum(below, ROOM * inner[0]), below)
    beyond = np.where(steep, np.minimum(beyond, ROOM * inner[1]), beyond)
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
    curve: _Curves,
    drivers: Index,
    low: Numbers,
    high: Numbers,
    sparing: npt.NDArray[np.bool_],
) -> tuple[Codes, Numbers]:
    """Chord ends of each driver's range: one set of segments serves all its outcomes."""
    bend, decay = np.zeros(len(sparing)), np.zeros(len(sparing))
    power, saturating = curve.shape == "power", curve.shape == "saturating"
    np.maximum.at(bend, curve.programme[power], 1.0 - curve.parameters["elasticity"][power])
    halves = curve.parameters["half"][saturating]
    np.maximum.at(decay, curve.programme[saturating], curves.LN2 / halves)
    at = drivers.columns[0]
    owner, ends = curves.breakpoints(low, high, bend[at], decay[at], sparing[at])
    knot_owner, knots = curve.knots(drivers, low, high)
    if not len(knots):
        return owner, ends
    wide = np.flatnonzero(high > low)
    at = np.concatenate([owner, wide, knot_owner])
    x = np.concatenate([ends[:, 0], high[wide], knots])
    order = np.lexsort((x, at))
    at, x = at[order], x[order]
    apart = (at[1:] == at[:-1]) & (x[1:] > x[:-1] + 1e-9 * high[at[1:]])
    return at[:-1][apart].astype(np.int64), np.column_stack([x[:-1][apart], x[1:][apart]])


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

    def __init__(
        self,
        instance: Instance,
        programme: Axis,
        asked: dict[tuple[int, int], Numbers],
    ) -> None:
        table = instance.responses
        self.asked = asked
        self.programme = programme.codes(table["programme"].tolist())
        self.shape = table["shape"].to_numpy(dtype=object)
        self.parameters = {
            name: table[name].to_numpy(dtype=float)
            for name in ("per_unit", "elasticity", "maximum", "half", "steepness")
        }
        self.parameters["baseline"] = instance.programmes["baseline"].to_numpy()[self.programme]
        self._points: dict[int, tuple[Numbers, Numbers]] = {}
        if (self.shape == "points").any():
            given = instance.response_points
            groups = given.groupby(["programme", "outcome"], sort=False).indices
            activity, effect = given["activity"].to_numpy(), given["effect"].to_numpy()
            names, outcomes = table["programme"].tolist(), table["outcome"].tolist()
            for row in np.flatnonzero(self.shape == "points").tolist():
                line = np.asarray(groups[names[row], outcomes[row]])
                line = line[np.argsort(activity[line], kind="stable")]
                self._points[row] = (activity[line], effect[line])

    def bent(self, rows: Codes) -> npt.NDArray[np.bool_]:
        """Whether each row's curve bends between its breakpoints."""
        return np.isin(self.shape[rows], ["power", "saturating", "logistic"])

    def knots(self, drivers: Index, low: Numbers, high: Numbers) -> tuple[Codes, Numbers]:
        """Points strictly inside each driver's range, with the driver they belong to."""
        owners, at = [np.empty(0, np.int64)], [np.empty(0)]
        of_programme, year = positions_of(drivers.columns[0]), drivers.columns[1]
        for row, (activity, _) in self._points.items():
            for d in of_programme.get(int(self.programme[row]), _NONE).tolist():
                inside = activity[(activity > low[d]) & (activity < high[d])]
                owners.append(np.full(len(inside), d))
                at.append(inside)
        for d, inside in self._steepening(drivers, low, high):
            owners.append(np.full(len(inside), d))
            at.append(inside)
        for (i, t), wanted in self.asked.items():
            mine = of_programme.get(i, _NONE)
            for d in mine[year[mine] == t].tolist():
                inside = wanted[(wanted > low[d]) & (wanted < high[d])]
                owners.append(np.full(len(inside), d))
                at.append(inside)
        return np.concatenate(owners), np.concatenate(at)

    def _steepening(
        self, drivers: Index, low: Numbers, high: Numbers
    ) -> Iterator[tuple[int, Numbers]]:
        """Breakpoints of the curves that steepen somewhere, driver by driver."""
        steep = (self.shape == "logistic") | (
            (self.shape == "power") & (self.parameters["elasticity"] > 1.0)
        )
        of_programme = positions_of(drivers.columns[0])
        for row in np.flatnonzero(steep).tolist():
            p = {name: value[row] for name, value in self.parameters.items()}
            slope = curves.SLOPE[self.shape[row]]
            for d in of_programme.get(int(self.programme[row]), _NONE).tolist():
                lo, hi = float(low[d]), float(high[d])
                if hi <= lo:
                    continue
                turn = p["half"] if self.shape[row] == "logistic" else lo
                parts = [lo, turn, hi] if lo < turn < hi else [lo, hi]
                ends = curves.EFFECT[self.shape[row]](np.array([lo, hi]), p)
                change = float(abs(ends[1] - ends[0]))
                for left, right in pairwise(parts):
                    yield d, curves.even_knots(slope, p, left, right, change)
                yield d, np.array(parts[1:-1])

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
        for row, mine in positions_of(rows).items() if self._points else ():
            if row in self._points:
                out[mine] = points(row, x[mine])
        return out
