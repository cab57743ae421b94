"""Prices of what limits a plan, for its tables: what a little more buys, what less costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from allocator.arrays import Floats, Ints
from allocator.data import Data, Index
from allocator.plan.plan import APART, AS_LOOKED, NOT_APART
from allocator.plan.prices import PRICE_COLUMNS
from allocator.solver.levers import Lever, Price
from allocator.solver.program import Block
from allocator.solver.sensitivity import Sensitivity, binds
from allocator.tolerances import AT_SIDE

UNKNOWN = Price(np.nan, np.nan)
FREE = Price(0.0, np.inf)

_Way = Callable[[Sensitivity, Block, int], tuple[Price, Price]]
_LEAST = ("growth_min", "limit_least", "first_growth", "scale_least")
_MOST = ("growth_max", "limit_most")


class Prices:
    """Prices of one plan.

    Parameters
    ----------
    found : (Data, Sensitivity) or None
        The programme that prices are read from, with its arrays; None for prices that nobody
        knows.
    added : frozenset of str
        Names of rows that somebody added to the model.
    """

    def __init__(
        self, found: tuple[Data, Sensitivity] | None, added: frozenset[str] = frozenset()
    ) -> None:
        self.found, self.added = found, added

    @property
    def solves(self) -> int:
        """How often the programme was solved."""
        return 0 if self.found is None else self.found[1].solves

    def budgets(self, table: pd.DataFrame) -> pd.DataFrame:
        """Budgets: per unit of money in the pool in the year.

        Where what comes every year must pay for what is spent every year, money that comes
        every year: it gives room to both.
        """
        return self._each(table, ("pool", "year"), (("pool", _pool),))

    def capacity(self, table: pd.DataFrame) -> pd.DataFrame:
        """Capacity: per unit of the resource."""
        return self._each(table, ("resource", "place", "year"), (("capacity", _row),))

    def rules(self, table: pd.DataFrame) -> pd.DataFrame:
        """Rules: per unit of the left side; of an equal one, the better of both ways."""
        ways = (("rule_min", _row), ("rule_max", _row), ("rule_equal", exact))
        return self._each(table, ("rule", "year"), ways)

    def providers(self, table: pd.DataFrame) -> pd.DataFrame:
        """Providers: per unit of money that may be lost."""
        return self._each(table, ("provider", "year"), (("position", _row),))

    def transfers(self, table: pd.DataFrame) -> pd.DataFrame:
        """Transfers: per unit of money that may be handed over."""
        return self._each(table, ("from_pool", "to_pool", "year"), (("transfer", _handed),))

    def funding(self, table: pd.DataFrame) -> pd.DataFrame:
        """Shared funding: per unit of money by which an agreed share gives way.

        Where one pool pays its most because the others pay their least, all of these give way
        together: the agreement moves, not one line of it.
        """
        found = [("", (UNKNOWN, UNKNOWN))] * len(table)
        if self.found is not None:
            shares = _Shares(self.found[1])
            keys = zip(table["programme"], table["pool"], table["year"].tolist(), strict=True)
            found = [shares.of(*key) for key in keys]
        sided = table.assign(side=[side for side, _ in found])
        return with_prices(sided, [prices for _, prices in found])

    def limits(self, table: pd.DataFrame) -> pd.DataFrame:
        """Limits of programmes that bind, told apart by side: per unit of activity.

        Parameters
        ----------
        table : pandas.DataFrame
            Every programme and year, those that are held apart.
        """
        if self.found is None:
            return with_prices(table.assign(side=""), [(UNKNOWN, UNKNOWN)] * len(table)).iloc[:0]
        data, s = self.found
        limits = _Limits(data, s)
        places = zip(
            data.programme.codes(table["programme"].tolist()).tolist(),
            data.year.codes(table["year"].tolist()).tolist(),
            strict=True,
        )
        found = [limits.of(i, t) for i, t in places]
        out = table.assign(side=[side for side, _ in found])
        out = with_prices(out, [prices for _, prices in found])
        return out[(out["price"] > 0.0) | (out["price_less"] > 0.0)].reset_index(drop=True)

    def _each(
        self, table: pd.DataFrame, keys: Sequence[str], ways: Iterable[tuple[str, _Way]]
    ) -> pd.DataFrame:
        """A table with the prices of its rows, by the blocks that may hold them."""
        found = [(UNKNOWN, UNKNOWN)] * len(table)
        if self.found is None:
            return with_prices(table, found)
        s = self.found[1]
        for name, way in ways:
            block = s.program.block(name)
            if block is None or block.index is None:
                continue
            for line, at in _places(table, keys, block.index):
                found[line] = way(s, block, at)
        return with_prices(table, found)


def with_prices(table: pd.DataFrame, prices: Sequence[tuple[Price, Price]]) -> pd.DataFrame:
    """A table with the prices of its rows."""
    figures = [(more.value, more.range, less.value, less.range) for more, less in prices]
    by_column = np.array(figures, dtype=float).reshape(len(table), len(PRICE_COLUMNS)).T
    sides = pd.Series([_sides(*each) for each in prices], index=table.index, dtype="str")
    return table.assign(**dict(zip(PRICE_COLUMNS, by_column, strict=True)), price_sides=sides)


def _sides(more: Price, less: Price) -> str:
    """Whether both prices are known apart, and how far: a dual stands for both, without a range."""
    known = [price for price in (more, less) if not np.isnan(price.value)]
    if not known:
        return ""
    duals = [price for price in known if np.isnan(price.range) and np.isfinite(price.value)]
    if duals:
        return NOT_APART
    return APART if all(price.searched for price in known) else AS_LOOKED


def _places(table: pd.DataFrame, keys: Sequence[str], index: Index) -> Iterator[tuple[int, int]]:
    """Lines of a table that are members of an index, with their place there."""
    codes = [axis.find(table[key].tolist()) for axis, key in zip(index.axes, keys, strict=True)]
    known = np.all([code >= 0 for code in codes], axis=0)
    found = np.where(known, index.find([np.maximum(code, 0) for code in codes]), -1)
    return ((line, int(at)) for line, at in enumerate(found.tolist()) if at >= 0)


def priced(s: Sensitivity, lever: Lever, slack: float) -> tuple[Price, Price]:
    """Both prices of something with so much to spare."""
    if lever.size <= 0.0:
        return UNKNOWN, UNKNOWN
    if not binds(slack, lever.size):
        return s.more(lever), Price(0.0, slack)
    return s.more(lever), s.less(lever)


def _row(s: Sensitivity, block: Block, at: int) -> tuple[Price, Price]:
    """Prices of a row with one side."""
    row = block.start + at
    if np.isinf(s.slack(row)):
        return UNKNOWN, UNKNOWN
    return priced(s, s.row(row), s.slack(row))


def exact(s: Sensitivity, block: Block, at: int) -> tuple[Price, Price]:
    """Prices of a row to be met exactly: room is worth what its better way is."""
    row = block.start + at
    if s.size(row) <= 0.0:
        return UNKNOWN, UNKNOWN
    ways = [s.more(s.shifted(row, way)) for way in (1.0, -1.0)]
    return max(ways, key=lambda price: price.value), UNKNOWN


def _pool(s: Sensitivity, block: Block, at: int) -> tuple[Price, Price]:
    """Prices of money in a pool, and of what comes every year where that is limited too."""
    rows = [block.start + at]
    every_year = s.program.block("recurrent_pool")
    if every_year is not None and every_year.index is not None and block.index is not None:
        place = int(every_year.index.find([c[[at]] for c in block.index.columns])[0])
        if place >= 0 and np.isfinite(s.slack(every_year.start + place)):
            rows.append(every_year.start + place)
    slack = min(s.slack(row) for row in rows)
    if np.isinf(s.slack(rows[0])):
        return UNKNOWN, UNKNOWN
    levers = [s.row(row) for row in rows]
    return priced(s, _together(levers[0].size, levers), slack)


def _handed(s: Sensitivity, block: Block, at: int) -> tuple[Price, Price]:
    """Prices of money that may be handed over."""
    return priced(s, *_bounds(s, block.start + at, upper=True))


def _bounds(s: Sensitivity, column: int, *, upper: bool) -> tuple[Lever, float]:
    """Room at a bound of a column, and what it has to spare."""
    bound = float((s.program.col_upper if upper else s.program.col_lower)[column])
    x = float(s.x[column])
    moves = (np.zeros(1), np.ones(1)) if upper else (-np.ones(1), np.zeros(1))
    lever = Lever(
        max(abs(bound), abs(x)), columns=np.array([column]), col_lower=moves[0], col_upper=moves[1]
    )
    return lever, bound - x if upper else x - bound


def _together(size: float, levers: Sequence[Lever]) -> Lever:
    """Levers as one."""

    def all_of(name: str) -> Floats:
        return np.concatenate([getattr(lever, name) for lever in levers])

    rows: Ints = all_of("rows").astype(np.int64)
    columns: Ints = all_of("columns").astype(np.int64)
    return Lever(
        size,
        rows,
        all_of("row_lower"),
        all_of("row_upper"),
        columns,
        all_of("col_lower"),
        all_of("col_upper"),
    )


class _Limits:
    """Limits of one programme's activity in one year, as levers."""

    def __init__(self, data: Data, s: Sensitivity) -> None:
        self._data, self._s = data, s
        a = data.activity
        first = np.zeros(a.limit_max.shape, dtype=bool)
        first[:, 0] = ~np.isnan(a.growth_max[:, 0])
        # Bounds nobody set have no price: no activity, and what is only there to be finite.
        self._set = {"most": np.isfinite(a.limit_max) | first, "least": a.floor > 0.0}

    def of(self, i: int, t: int) -> tuple[str, tuple[Price, Price]]:
        """The side that limits, and its prices; no side where nothing does."""
        found = []
        for side in ("most", "least"):
            lever = self._lever(side, i, t)
            if lever is not None:
                found.append((side, (self._s.more(lever), self._s.less(lever))))
        return max(found, key=lambda one: one[1][0].value, default=("", (UNKNOWN, UNKNOWN)))

    def _lever(self, side: str, i: int, t: int) -> Lever | None:
        """All of a side that binds, to give way together."""
        s, upper = self._s, side == "most"
        block = s.program.block("activity")
        if block is None or block.index is None:
            return None
        column = block.start + int(block.index.positions([np.array([i]), np.array([t])])[0])
        x = float(s.x[column])
        size = x if x > 0.0 else float(self._data.activity.hi[i, t])
        if size <= 0.0 or (not upper and x <= AT_SIDE * float(self._data.activity.hi[i, t])):
            return None  # there cannot be less than nothing, whoever asks
        levers = []
        bound, slack = _bounds(s, column, upper=upper)
        if self._set[side][i, t] and binds(slack, size):
            levers.append(bound)
        for name in _MOST if upper else _LEAST:
            row = self._row(name, i, t)
            if row is not None and binds(s.slack(row), size):
                levers.append(s.row(row))
        return _together(size, levers) if levers else None

    def _row(self, name: str, i: int, t: int) -> int | None:
        block = self._s.program.block(name)
        if block is None or block.index is None:
            return None
        found = int(block.index.find([np.array([i]), np.array([t])])[0])
        return None if found < 0 else block.start + found


class _Shares:
    """Agreed shares of what several pools pay for, as levers."""

    def __init__(self, s: Sensitivity) -> None:
        self._s = s
        self._binding: dict[tuple[str, str, int], dict[str, int]] = {}
        for name in ("share_least", "share_most"):
            block = s.program.block(name)
            if block is None or block.index is None:
                continue
            for at, key in enumerate(block.index.members()):
                row = block.start + at
                if s.size(row) > 0.0 and binds(s.slack(row), s.size(row)):
                    self._binding.setdefault(key, {})[name] = row

    def of(self, programme: str, pool: str, year: int) -> tuple[str, tuple[Price, Price]]:
        """The side at which a pool stands, and what it is worth that it gives way."""
        mine = self._binding.get((programme, pool, year), {})
        found = []
        for side, name, other in (
            ("most", "share_most", "share_least"),
            ("least", "share_least", "share_most"),
        ):
            if name not in mine:
                continue
            rows = [mine[name]]
            rows += [
                at[other]
                for (i, b, t), at in self._binding.items()
                if (i, t) == (programme, year) and b != pool and other in at
            ]
            levers = [self._s.row(row) for row in rows]
            lever = _together(max(one.size for one in levers), levers)
            found.append((side, (self._s.more(lever), self._s.less(lever))))
        return max(found, key=lambda one: one[1][0].value, default=("", (FREE, UNKNOWN)))
