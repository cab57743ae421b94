"""What each programme can reach in each year, from limits, growth, need, capacity and money.

Bounds are tightened in rounds until nothing moves. Every bound remembers the row it
comes from, so that bounds that collide can be named in the planner's terms. Every
step only uses what any allowed plan must satisfy, so a collision is a proof.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.instance.facts.agreements import Agreements
from allocator.instance.facts.capacity import Capacity
from allocator.instance.facts.commitments import Commitments
from allocator.instance.facts.decisions import Decisions
from allocator.instance.facts.limits import Limits
from allocator.instance.facts.need import Need
from allocator.instance.facts.pools import Pools
from allocator.instance.facts.purses import Purse, repr_of
from allocator.instance.facts.ranges import Collision, Ranges, Shortage
from allocator.instance.tables.rows import Rows
from allocator.tolerances import COLLISION, STEP

_TABLES = (
    "",
    "programmes",
    "limits",
    "demand",
    "capacity",
    "budgets",
    "contracts",
    "option_effects",
)
_LINES = 10**9

Cells = tuple[Ints, Ints]
"""Programmes and years."""


@dataclass(frozen=True)
class Bounding:
    """All that bounds activity.

    Attributes
    ----------
    programmes, limits : Rows
        The tables; of the limits only the lines matter.
    levels : Limits
        Limits by programme and year.
    decisions : Decisions
        What options may change.
    need, capacity, agreements, commitments, pools
        Need, resources, contracts and money.
    """

    programmes: Rows
    limits: Rows
    levels: Limits
    decisions: Decisions
    need: Need
    capacity: Capacity
    agreements: Agreements
    commitments: Commitments
    pools: Pools


def propagate(bounding: Bounding) -> Ranges:
    """Tighten bounds until nothing moves."""
    state = _settled(bounding, money=True)
    lo, hi = state.lo, np.maximum(state.lo, state.hi)
    free = lo, hi
    if len(bounding.agreements.names):
        before = _settled(bounding, money=False)
        free = before.lo, np.maximum(before.lo, before.hi)
    return Ranges(lo, hi, *state.drivers(lo, hi), *free, state.collisions, state.shortages)


def _settled(bounding: Bounding, *, money: bool) -> _State:
    """Bounds that no longer move, with or without what pools can pay."""
    state = _State(bounding)
    state.apply_limits()
    for _ in range(4 * state.years + 8):
        before = (state.lo.copy(), state.hi.copy())
        state.grow_forward()
        state.start_large()
        state.follow_demand()
        state.fit_capacity()
        state.fit_contracts()
        if money:
            state.fit_pools()
        state.grow_backward()
        if np.array_equal(before[0], state.lo) and np.array_equal(before[1], state.hi):
            break
    return state


class _State:
    """Bounds on their way, with the row each one comes from."""

    def __init__(self, by: Bounding) -> None:
        self.by, self.limits = by, by.levels
        names = by.programmes["programme"].tolist()
        self.rank = {name: i for i, name in enumerate(names)}
        self.names = [repr_of(name) for name in names]
        self.baseline = by.programmes["baseline"]
        shape = self.limits.least.shape
        self.years = shape[1]
        self.everywhere = self.years_of(np.arange(shape[0]))
        self.lo, self.hi = np.zeros(shape), np.full(shape, np.inf)
        self.lo_from = np.zeros(shape, dtype=np.int64)
        self.hi_from = np.zeros(shape, dtype=np.int64)
        self.collisions: list[Collision] = []
        self.shortages: list[Shortage] = []
        self.broken = np.zeros(len(names), dtype=bool)
        self.growth_line = by.limits.lines_at(self.limits.growth_row)
        self.start_line = by.limits.lines_at(self.limits.start_row)
        self.may_close, self.must_close = self._closing_grids()
        self.short = np.zeros(len(by.capacity.keys), dtype=bool)
        self.full = np.zeros(len(by.agreements.names), dtype=bool)
        self.spent: set[Purse] = set()

    def _closing_grids(self) -> tuple[Flags, Flags]:
        """Where options may, and where they must, have closed a programme."""
        may, must = np.zeros(self.lo.shape, dtype=bool), np.zeros(self.lo.shape, dtype=bool)
        for name in self.by.decisions.of("close"):
            if name in self.rank:
                i = self.rank[name]
                may[i], must[i] = self.by.decisions.stopped("close", name)
        return may, must

    # Bounds

    def raise_lo(self, at: Cells, values: Floats, source: Ints) -> None:
        """Lift lower bounds; only steps that matter count."""
        values, old = values.ravel(), self.lo[at]
        better = (values > old + STEP * np.maximum(1.0, np.abs(old))) & ~self.broken[at[0]]
        where = (at[0][better], at[1][better])
        self.lo[where] = values[better]
        self.lo_from[where] = source.ravel()[better]

    def cut_hi(self, at: Cells, values: Floats, source: Ints) -> None:
        """Lower upper bounds; only steps that matter count."""
        values, old = values.ravel(), self.hi[at]
        step = np.where(np.isinf(old), 0.0, STEP * np.maximum(1.0, np.abs(old)))
        better = (values < old - step) & ~self.broken[at[0]]
        where = (at[0][better], at[1][better])
        self.hi[where] = np.maximum(values[better], 0.0)
        self.hi_from[where] = source.ravel()[better]

    def years_of(self, programmes: Ints) -> Cells:
        """Every year of some programmes."""
        return np.repeat(programmes, self.years), np.tile(np.arange(self.years), len(programmes))

    def find_collisions(self) -> None:
        """Record programmes without a possible activity and set them free afterwards."""
        gap = self.lo - self.hi
        with np.errstate(invalid="ignore"):
            wrong = gap > COLLISION * np.maximum(1.0, np.abs(self.lo))
        for i in np.flatnonzero(wrong.any(axis=1)).tolist():
            t = int(np.flatnonzero(wrong[i])[0])
            floor = self._trail(i, t, self.lo_from)
            ceiling = self._trail(i, t, self.hi_from)
            lo, hi = float(self.lo[i, t]), float(self.hi[i, t])
            self.collisions.append(Collision(i, t, lo, hi, floor, ceiling))
            self.broken[i] = True
            self.lo[i], self.hi[i] = 0.0, np.inf

    def _trail(self, i: int, t: int, origin: Ints) -> list[tuple[str, int]]:
        """Rows behind a bound: a growth limit leads on to the bound it grew from."""
        trail: list[tuple[str, int]] = []
        while 0 <= t < self.years and origin[i, t]:
            code = int(origin[i, t])
            step, code = (-1 if code > 0 else 1), abs(code)
            place = (_TABLES[code // _LINES % 10], code % _LINES)
            if place not in trail:
                trail.append(place)
            if code // _LINES < 10:
                break
            t += step
        return trail

    # Sources of bounds

    def apply_limits(self) -> None:
        """Limits in activity and against the baseline, and the floor of safety."""
        limits, rows = self.limits, self.by.limits
        safety = _code("programmes", self.by.programmes.lines)[:, None]
        floor = np.where(limits.safe, safety, _code("limits", rows.lines_at(limits.least_row)))
        self.raise_lo(self.everywhere, limits.least, floor)
        self.cut_hi(self.everywhere, limits.most, _code("limits", rows.lines_at(limits.most_row)))
        self.change_limits()
        self.find_collisions()

    def change_limits(self) -> None:
        """Limits at their loosest, whatever options do to them; nothing else bounds yet."""
        own = self.lo, self.hi
        for bound, origin, measure in zip(
            own, (self.lo_from, self.hi_from), ("limit_min", "limit_max"), strict=True
        ):
            for name, effects in self.by.decisions.of(measure).items():
                if name in self.rank:
                    i = self.rank[name]
                    ends = self.by.decisions.span(measure, name, bound[i], bound[i])
                    bound[i] = np.maximum(ends[0 if measure == "limit_min" else 1], 0.0)
                    line = _code("option_effects", np.array(effects[0].line))
                    origin[i] = np.where((origin[i] == 0) & np.isfinite(bound[i]), line, origin[i])
        self.lo[self.may_close] = 0.0
        self.hi[self.must_close] = 0.0

    def start_large(self) -> None:
        """Activity that is not nothing is at least the minimum viable scale."""
        started = self.lo > COLLISION * np.maximum(1.0, self.limits.start_min)
        small = self.hi < self.limits.start_min * (1.0 - COLLISION)
        source = _code("limits", self.start_line)
        rows, years = np.nonzero(started & (self.limits.start_min > 0.0))
        self.raise_lo((rows, years), self.limits.start_min[rows, years], source[rows, years])
        rows, years = np.nonzero(small & ~started)
        self.cut_hi((rows, years), np.zeros(len(rows)), source[rows, years])
        self.find_collisions()

    def grow_forward(self) -> None:
        """Growth limits from each year to the next, the first against the baseline."""
        for t in range(self.years):
            before_lo = self.baseline if t == 0 else self.lo[:, t - 1]
            before_hi = self.baseline if t == 0 else self.hi[:, t - 1]
            cells = (np.arange(len(self.lo)), np.full(len(self.lo), t))
            source = _code("limits", self.growth_line[:, t], grown=t > 0)
            least, most = self.limits.grown(t, before_lo, before_hi)
            free = np.isnan(self.limits.growth_min[:, t]) | self.may_close[:, t]
            self.raise_lo(cells, np.where(free, -np.inf, least), source)
            self.cut_hi(cells, np.where(np.isnan(most), np.inf, most), source)
        self.find_collisions()

    def grow_backward(self) -> None:
        """Growth limits read from each year to the one before."""
        for t in range(self.years - 1, 0, -1):
            cells = (np.arange(len(self.lo)), np.full(len(self.lo), t - 1))
            source = -_code("limits", self.growth_line[:, t], grown=True)
            low, high = self.limits.growth_min[:, t], self.limits.growth_max[:, t]
            with np.errstate(invalid="ignore", divide="ignore"):
                needed = (self.lo[:, t] - self.limits.growth_amount[:, t]) / (1 + high)
                bearable = self.hi[:, t] / (1 + low)
            self.raise_lo(cells, np.where(1 + high > 0, needed, -np.inf), source)
            binds = (1 + low > 0) & ~self.may_close[:, t]
            self.cut_hi(cells, np.where(binds, bearable, np.inf), source)
        self.find_collisions()

    def follow_demand(self) -> None:
        """Activity meets need that cannot be avoided or left unmet, and no more."""
        need = self.by.need
        if not len(need.at):
            return
        must, high = need.activity(self.lo, self.hi)
        cells, source = self.years_of(need.at), _code("demand", need.lines)
        self.raise_lo(cells, np.nan_to_num(must, nan=-np.inf), source)
        self.cut_hi(cells, high, source)
        self.find_collisions()

    def fit_capacity(self) -> None:
        """Activity fits into what others leave of a resource."""
        capacity = self.by.capacity
        if not len(capacity.group):
            return
        each = capacity.per_unit[:, None] * self.lo[capacity.programme]
        floor = np.zeros(capacity.available.shape)
        np.add.at(floor, capacity.group, each)
        scale = np.maximum(1.0, floor)
        over = (floor - capacity.available > COLLISION * scale) & ~self.short[:, None]
        for group in np.flatnonzero(over.any(axis=1)).tolist():
            self.shortages.append(self._out_of_capacity(group, over[group], floor, each))
            self.short[group] = True
        left = capacity.available[capacity.group] - floor[capacity.group] + each
        fits = np.where(
            self.short[capacity.group][:, None], np.inf, left / capacity.per_unit[:, None]
        )
        source = _code("capacity", capacity.lines[capacity.group])
        self.cut_hi(self.years_of(capacity.programme), fits, source)
        self.find_collisions()

    def _out_of_capacity(self, group: int, over: Flags, floor: Floats, each: Floats) -> Shortage:
        capacity = self.by.capacity
        t = int(np.flatnonzero(over)[0])
        users = np.flatnonzero(capacity.group == group).tolist()
        return Shortage(
            "capacity",
            int(capacity.lines[group, t]),
            capacity.names[group],
            t,
            float(floor[group, t]),
            float(capacity.available[group, t]),
            self._claims((int(capacity.programme[u]), float(each[u, t])) for u in users),
            capacity.units[group],
        )

    def _claims(self, needs: Iterable[tuple[int, float]]) -> list[tuple[str, float]]:
        """Programmes and what each needs, largest first."""
        claims = [(self.names[i], need) for i, need in needs if need > 0]
        return sorted(claims, key=lambda claim: -claim[1])

    def fit_contracts(self) -> None:
        """Activity fits under the ceilings of blocks."""
        agreements, ceiling = self.by.agreements, self.by.commitments.ceiling
        floor = self.by.commitments.worth(self.lo)
        for c in np.flatnonzero(np.isfinite(ceiling).any(axis=1) & ~self.full).tolist():
            members = agreements.members[c]
            over = floor[c] - ceiling[c] > COLLISION * np.maximum(1.0, floor[c])
            if over.any():
                self.full[c] = True
                self.shortages.append(self._over_ceiling(c, int(np.flatnonzero(over)[0]), floor))
                continue
            left, tariff = ceiling[c] - floor[c], agreements.tariff[members]
            with np.errstate(divide="ignore", invalid="ignore"):
                fits = np.where(tariff > 0, self.lo[members] + left / tariff, np.inf)
            source = np.broadcast_to(_code("contracts", agreements.lines[c]), fits.shape)
            self.cut_hi(self.years_of(members), fits, source)
        self.find_collisions()

    def _over_ceiling(self, c: int, t: int, floor: Floats) -> Shortage:
        agreements = self.by.agreements
        worth = agreements.tariff[:, t] * self.lo[:, t]
        return Shortage(
            "contracts",
            int(agreements.lines[c, t]),
            agreements.names[c],
            t,
            float(floor[c, t]),
            float(self.by.commitments.ceiling[c, t]),
            self._claims((i, float(worth[i])) for i in agreements.members[c].tolist()),
        )

    def fit_pools(self) -> None:
        """What pools must pay fits into the money that can reach them."""
        pools = self.by.pools
        least = pools.least(self.lo, self.hi)
        self.shortages += pools.shortages(least, self.spent)
        high, lines = pools.ceilings(least, self.spent)
        self.cut_hi(self.everywhere, high, _code("budgets", lines))
        self.find_collisions()

    def drivers(self, lo: Floats, hi: Floats) -> tuple[Floats, Floats]:
        """Range of the driver of curves: activity, or met need where there is demand."""
        driver_lo, driver_hi = lo.copy(), hi.copy()
        if len(self.by.need.at):
            low, high, avoided = self.by.need.span(lo, hi)
            at = self.by.need.at
            least = np.maximum(self.by.need.min_met * low, lo[at] - self.by.need.slack)
            driver_lo[at] = np.maximum(least, 0.0)
            driver_hi[at] = np.minimum(high, hi[at] + avoided)
            driver_hi[at] = np.maximum(driver_lo[at], driver_hi[at])
        return driver_lo, driver_hi


def _code(table: str, lines: Ints, *, grown: bool = False) -> Ints:
    """Table and line as one number; those grown from another year count tables from 10."""
    rank = _TABLES.index(table) + (10 if grown else 0)
    return np.where(lines > 0, rank * _LINES + lines, 0)
