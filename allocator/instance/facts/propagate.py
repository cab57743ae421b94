"""What each programme can reach in each year, from limits, growth, need, capacity and money.

Bounds are tightened in rounds until nothing moves. Every bound remembers the row it
comes from, so that bounds that collide can be named in the planner's terms. Every
step only uses what any allowed plan must satisfy, so a collision is a proof.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from allocator.instance.facts.agreements import Agreements
from allocator.instance.facts.capacity import Capacity
from allocator.instance.facts.decisions import Decisions
from allocator.instance.facts.need import Need
from allocator.instance.facts.pools import Money, Pools
from allocator.instance.facts.purses import repr_of
from allocator.instance.tables.by_year import by_year
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import Array

_STEP = 1e-9
TOLERANCE = 1e-7
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


@dataclass
class Collision:
    """Bounds of a programme that leave no activity in a year.

    Attributes
    ----------
    programme, year : int
        Positions.
    lo, hi : float
        What it must be at least and can be at most.
    floor, ceiling : list of (table, line)
        Rows each bound comes from, the nearest first.
    """

    programme: int
    year: int
    lo: float
    hi: float
    floor: list[tuple[str, int]]
    ceiling: list[tuple[str, int]]


@dataclass
class Shortage:
    """Least use of a pool, a resource or a contract that together is more than there is.

    Attributes
    ----------
    table, line : str, int
        Row that says how much there is.
    name : str
        Pool, pools, resource or contract.
    year : int
        Position of the plan year.
    needed, available : float
        In money, or in the resource's unit.
    claims : list of (str, float)
        What needs it and how much each, largest first.
    unit : str
        Unit of a resource.
    money : Money or None
        What the available money is made of; None for a resource or contract.
    """

    table: str
    line: int
    name: str
    year: int
    needed: float
    available: float
    claims: list[tuple[str, float]]
    unit: str = ""
    money: Money | None = None


@dataclass
class Ranges:
    """Bounds by programme and year, and what made them impossible.

    Attributes
    ----------
    lo, hi : ndarray, shape (programmes, years)
        Activity.
    driver_lo, driver_hi : ndarray, shape (programmes, years)
        Activity, or met need for a programme with demand.
    collisions : list of Collision
    shortages : list of Shortage
    """

    lo: Array
    hi: Array
    driver_lo: Array
    driver_hi: Array
    collisions: list[Collision] = field(default_factory=list)
    shortages: list[Shortage] = field(default_factory=list)


def propagate(draft: Draft) -> Ranges:
    """Tighten bounds until nothing moves; the draft's tables must be whole."""
    state = _State(draft)
    state.apply_limits()
    for _ in range(4 * len(draft.years) + 8):
        before = (state.lo.copy(), state.hi.copy())
        state.grow_forward()
        state.start_large()
        state.follow_demand()
        state.fit_capacity()
        state.fit_contracts()
        state.fit_pools()
        state.grow_backward()
        if np.array_equal(before[0], state.lo) and np.array_equal(before[1], state.hi):
            break
    lo, hi = state.lo, np.maximum(state.lo, state.hi)
    driver_lo, driver_hi = state.drivers(lo, hi)
    return Ranges(lo, hi, driver_lo, driver_hi, state.collisions, state.shortages)


class _State:
    """Bounds on their way, with the row each one comes from."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.years = draft.years
        programmes = draft["programmes"]
        names = programmes["programme"].tolist()
        self.rank = {name: i for i, name in enumerate(names)}
        self.baseline = programmes["baseline"]
        shape = (len(names), len(self.years))
        self.lo, self.hi = np.zeros(shape), np.full(shape, np.inf)
        self.lo_from = np.zeros(shape, dtype=np.int64)
        self.hi_from = np.zeros(shape, dtype=np.int64)
        self.collisions: list[Collision] = []
        self.shortages: list[Shortage] = []
        self.broken = np.zeros(len(names), dtype=bool)
        self.limits = by_year(draft["limits"], self.years)
        self.growth = self._growth_grid()
        self.decisions = Decisions(draft)
        self.may_close, self.must_close = self._closing_grids()
        self.start_min, self.start_line = self._start_grids()
        self.need = Need(draft, self.rank, self.decisions)
        self.capacity = Capacity(draft, self.rank, self.decisions)
        self.names = [repr_of(name) for name in names]
        self.agreements = Agreements(draft, self.decisions)
        self.full = np.zeros(len(self.agreements.names), dtype=bool)
        self.pools = Pools(draft, self.agreements, self.decisions)

    def _growth_grid(self) -> dict[str, Array]:
        shape = self.lo.shape
        grid = {
            "min": np.full(shape, np.nan),
            "max": np.full(shape, np.nan),
            "growth_amount": np.zeros(shape),
            "line": np.zeros(shape, dtype=np.int64),
        }
        chosen = [g for g, key in enumerate(self.limits.keys) if key[1] == "growth"]
        at = [self.rank[self.limits.keys[g][0]] for g in chosen]
        for name in ("min", "max", "growth_amount"):
            grid[name][at] = self.limits.values(name)[chosen]
        grid["line"][at] = self.limits.lines()[chosen]
        grid["growth_amount"] = np.nan_to_num(grid["growth_amount"])
        return grid

    def _closing_grids(self) -> tuple[Array, Array]:
        """Where options may, and where they must, have closed a programme."""
        may, must = np.zeros(self.lo.shape, dtype=bool), np.zeros(self.lo.shape, dtype=bool)
        for name in self.decisions.of("close"):
            if name in self.rank:
                i = self.rank[name]
                may[i], must[i] = self.decisions.stopped("close", name)
        return may, must

    def _start_grids(self) -> tuple[Array, Array]:
        """Least activity a programme may have unless it has none, and the row that says so."""
        least, line = np.zeros(self.lo.shape), np.zeros(self.lo.shape, dtype=np.int64)
        given, lines = self.limits.values("start_min"), self.limits.lines()
        for group in np.flatnonzero((given > 0.0).any(axis=1)).tolist():
            name, basis = self.limits.keys[group]
            i = self.rank[name]
            scale = self.baseline[i] if basis == "baseline" else 1.0
            start = np.nan_to_num(given[group]) * (scale if basis != "growth" else 0.0)
            line[i] = np.where(start > least[i], lines[group], line[i])
            least[i] = np.maximum(least[i], start)
        return least, line

    # Bounds

    def raise_lo(self, at: tuple[Array, Array], values: Array, source: Array) -> None:
        """Lift lower bounds; only steps that matter count."""
        old = self.lo[at]
        better = (values > old + _STEP * np.maximum(1.0, np.abs(old))) & ~self.broken[at[0]]
        where = (at[0][better], at[1][better])
        self.lo[where] = values[better]
        self.lo_from[where] = source[better]

    def cut_hi(self, at: tuple[Array, Array], values: Array, source: Array) -> None:
        """Lower upper bounds; only steps that matter count."""
        old = self.hi[at]
        step = np.where(np.isinf(old), 0.0, _STEP * np.maximum(1.0, np.abs(old)))
        better = (values < old - step) & ~self.broken[at[0]]
        where = (at[0][better], at[1][better])
        self.hi[where] = np.maximum(values[better], 0.0)
        self.hi_from[where] = source[better]

    def find_collisions(self) -> None:
        """Record programmes without a possible activity and set them free afterwards."""
        gap = self.lo - self.hi
        with np.errstate(invalid="ignore"):
            wrong = gap > TOLERANCE * np.maximum(1.0, np.abs(self.lo))
        for i in np.flatnonzero(wrong.any(axis=1)).tolist():
            t = int(np.flatnonzero(wrong[i])[0])
            floor = self._trail(i, t, self.lo_from)
            ceiling = self._trail(i, t, self.hi_from)
            lo, hi = float(self.lo[i, t]), float(self.hi[i, t])
            self.collisions.append(Collision(i, t, lo, hi, floor, ceiling))
            self.broken[i] = True
            self.lo[i], self.hi[i] = 0.0, np.inf

    def _trail(self, i: int, t: int, origin: Array) -> list[tuple[str, int]]:
        """Rows behind a bound: a growth limit leads on to the bound it grew from."""
        trail: list[tuple[str, int]] = []
        while 0 <= t < len(self.years) and origin[i, t]:
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
        lines = self.limits.lines()
        least, most = self.limits.values("min"), self.limits.values("max")
        held_up = np.zeros(self.lo.shape, dtype=bool)
        for group, (name, _) in enumerate(self.limits.keys):
            held_up[self.rank[name]] |= ~np.isnan(least[group])
        for basis in ("activity", "baseline"):
            chosen = [g for g, key in enumerate(self.limits.keys) if key[1] == basis]
            at = np.array([self.rank[self.limits.keys[g][0]] for g in chosen], dtype=np.int64)
            scale = self.baseline[at][:, None] if basis == "baseline" else 1.0
            cells = _cells(at, len(self.years))
            source = _code("limits", lines[chosen]).ravel()
            low = np.nan_to_num(least[chosen] * scale, nan=-np.inf)
            high = np.nan_to_num(most[chosen] * scale, nan=np.inf)
            self.raise_lo(cells, low.ravel(), source)
            self.cut_hi(cells, high.ravel(), source)
        programmes = self.draft["programmes"]
        safe = (programmes["class"] == "safety")[:, None] & ~held_up
        where = (np.nonzero(safe)[0], np.nonzero(safe)[1])
        self.raise_lo(
            where, self.baseline[where[0]], _code("programmes", programmes.lines[where[0]])
        )
        self.change_limits()
        self.find_collisions()

    def change_limits(self) -> None:
        """Limits at their loosest, whatever options do to them; nothing else bounds yet."""
        own = self.lo, self.hi
        for bound, origin, measure in zip(
            own, (self.lo_from, self.hi_from), ("limit_min", "limit_max"), strict=True
        ):
            for name, effects in self.decisions.of(measure).items():
                if name in self.rank:
                    i = self.rank[name]
                    ends = self.decisions.span(measure, name, bound[i], bound[i])
                    bound[i] = np.maximum(ends[0 if measure == "limit_min" else 1], 0.0)
                    line = _code("option_effects", np.array(effects[0].line))
                    origin[i] = np.where((origin[i] == 0) & np.isfinite(bound[i]), line, origin[i])
        self.lo[self.may_close] = 0.0
        self.hi[self.must_close] = 0.0

    def start_large(self) -> None:
        """Activity that is not nothing is at least the minimum viable scale."""
        started = self.lo > TOLERANCE * np.maximum(1.0, self.start_min)
        small = self.hi < self.start_min * (1.0 - TOLERANCE)
        source = _code("limits", self.start_line)
        rows, years = np.nonzero(started & (self.start_min > 0.0))
        self.raise_lo((rows, years), self.start_min[rows, years], source[rows, years])
        rows, years = np.nonzero(small & ~started)
        self.cut_hi((rows, years), np.zeros(len(rows)), source[rows, years])
        self.find_collisions()

    def grow_forward(self) -> None:
        """Growth limits from each year to the next, the first against the baseline."""
        for t in range(len(self.years)):
            before_lo = self.baseline if t == 0 else self.lo[:, t - 1]
            before_hi = self.baseline if t == 0 else self.hi[:, t - 1]
            cells = (np.arange(len(self.lo)), np.full(len(self.lo), t))
            source = _code("limits", self.growth["line"][:, t], grown=t > 0)
            low, high = self.growth["min"][:, t], self.growth["max"][:, t]
            with np.errstate(invalid="ignore"):
                free = np.isnan(low) | self.may_close[:, t]
                lifted = np.where(free, -np.inf, (1 + low) * before_lo)
                grown = (1 + high) * before_hi + self.growth["growth_amount"][:, t]
            self.raise_lo(cells, lifted, source)
            self.cut_hi(cells, np.where(np.isnan(grown), np.inf, grown), source)
        self.find_collisions()

    def grow_backward(self) -> None:
        """Growth limits read from each year to the one before."""
        for t in range(len(self.years) - 1, 0, -1):
            cells = (np.arange(len(self.lo)), np.full(len(self.lo), t - 1))
            source = -_code("limits", self.growth["line"][:, t], grown=True)
            low, high = self.growth["min"][:, t], self.growth["max"][:, t]
            with np.errstate(invalid="ignore", divide="ignore"):
                needed = (self.lo[:, t] - self.growth["growth_amount"][:, t]) / (1 + high)
                bearable = self.hi[:, t] / (1 + low)
            self.raise_lo(cells, np.where(1 + high > 0, needed, -np.inf), source)
            binds = (1 + low > 0) & ~self.may_close[:, t]
            self.cut_hi(cells, np.where(binds, bearable, np.inf), source)
        self.find_collisions()

    def follow_demand(self) -> None:
        """Activity meets need that cannot be avoided or left unmet, and no more."""
        need = self.need
        if not len(need.at):
            return
        must, high = need.activity(self.lo, self.hi)
        cells = _cells(need.at, len(self.years))
        source = _code("demand", need.lines).ravel()
        self.raise_lo(cells, np.nan_to_num(must, nan=-np.inf).ravel(), source)
        self.cut_hi(cells, high.ravel(), source)
        self.find_collisions()

    def fit_capacity(self) -> None:
        """Activity fits into what others leave of a resource."""
        capacity = self.capacity
        if not len(capacity.group):
            return
        each = capacity.per_unit[:, None] * self.lo[capacity.programme]
        floor = np.zeros(capacity.available.shape)
        np.add.at(floor, capacity.group, each)
        scale = np.maximum(1.0, floor)
        over = (floor - capacity.available > TOLERANCE * scale) & ~capacity.short[:, None]
        for group in np.flatnonzero(over.any(axis=1)).tolist():
            self.shortages.append(self._out_of_capacity(group, over[group], floor, each))
            capacity.short[group] = True
        left = capacity.available[capacity.group] - floor[capacity.group] + each
        fits = np.where(
            capacity.short[capacity.group][:, None], np.inf, left / capacity.per_unit[:, None]
        )
        source = _code("capacity", capacity.lines[capacity.group]).ravel()
        self.cut_hi(_cells(capacity.programme, len(self.years)), fits.ravel(), source)
        self.find_collisions()

    def _out_of_capacity(self, group: int, over: Array, floor: Array, each: Array) -> Shortage:
        capacity = self.capacity
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
        ceiling, tariff = self.agreements.ceiling, self.agreements.tariff
        floor = self.agreements.worth(self.lo)
        for c in np.flatnonzero(np.isfinite(ceiling).any(axis=1) & ~self.full).tolist():
            members = self.agreements.members[c]
            over = floor[c] - ceiling[c] > TOLERANCE * np.maximum(1.0, floor[c])
            if over.any():
                self.full[c] = True
                self.shortages.append(self._over_ceiling(c, int(np.flatnonzero(over)[0]), floor))
                continue
            left = ceiling[c] - floor[c]
            with np.errstate(divide="ignore", invalid="ignore"):
                fits = self.lo[members] + left / tariff[members]
            fits = np.where(tariff[members] > 0, fits, np.inf)
            source = np.repeat(_code("contracts", self.agreements.lines[c])[None], len(members), 0)
            self.cut_hi(_cells(members, len(self.years)), fits.ravel(), source.ravel())
        self.find_collisions()

    def _over_ceiling(self, c: int, t: int, floor: Array) -> Shortage:
        agreements = self.agreements
        worth = agreements.tariff[:, t] * self.lo[:, t]
        return Shortage(
            "contracts",
            int(agreements.lines[c, t]),
            agreements.names[c],
            t,
            float(floor[c, t]),
            float(agreements.ceiling[c, t]),
            self._claims((i, float(worth[i])) for i in agreements.members[c].tolist()),
        )

    def fit_pools(self) -> None:
        """What pools must pay fits into the money that can reach them."""
        pools = self.pools
        least = pools.least(self.lo, self.hi)
        for found in pools.shortages(least):
            self.shortages.append(
                Shortage(
                    "budgets",
                    found.line,
                    found.name,
                    found.year,
                    found.needed,
                    found.money.total,
                    found.claims,
                    money=found.money,
                )
            )
        high, lines = pools.ceilings(least)
        cells = _cells(np.arange(len(self.lo)), len(self.years))
        self.cut_hi(cells, high.ravel(), _code("budgets", lines).ravel())
        self.find_collisions()

    def drivers(self, lo: Array, hi: Array) -> tuple[Array, Array]:
        """Range of the driver of curves: activity, or met need where there is demand."""
        driver_lo, driver_hi = lo.copy(), hi.copy()
        if len(self.need.at):
            low, high, avoided = self.need.span(lo, hi)
            at = self.need.at
            least = np.maximum(self.need.min_met * low, lo[at] - self.need.slack)
            driver_lo[at] = np.maximum(least, 0.0)
            driver_hi[at] = np.minimum(high, hi[at] + avoided)
            driver_hi[at] = np.maximum(driver_lo[at], driver_hi[at])
        return driver_lo, driver_hi


def _cells(at: Array, years: int) -> tuple[Array, Array]:
    return np.repeat(at, years), np.tile(np.arange(years), len(at))


def _code(table: str, lines: Array, *, grown: bool = False) -> Array:
    """Table and line as one number; those grown from another year count tables from 10."""
    rank = _TABLES.index(table) + (10 if grown else 0)
    return np.where(lines > 0, rank * _LINES + lines, 0)
