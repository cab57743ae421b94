"""How each payment under contract is held: as one line, from below, or filled in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.data.activity import distinct
from allocator.data.contracts import Contracts
from allocator.data.in_order import InOrder
from allocator.data.index import Axis, Index, numbered
from allocator.data.pieces import Pieces, clamped, pieces
from allocator.data.spans import Earnings
from allocator.data.wanted import Wanted
from allocator.tolerances import BAND, BEYOND, LEAST_BEYOND, ROOM, SEEN


class Payments:
    """Payments that are filled in order, and what keeps the order.

    Attributes
    ----------
    pieces : tuple of Pieces
        The payment of each row of the contracts.
    error : ndarray
        Most by which what the payment follows may be misstated by chords, by contract row.
    filled, from_below : ndarray of bool
        Rows of the contracts filled in order; rows held from below by every piece. All
        others are one line.
    rows : Index
        (contract, year) filled in order.
    why : tuple of str
        What a filled row needs its order for; empty for others.
    fills : Index
        (contract, year, piece) of the filled rows; the arrays below follow it.
    width, slope : ndarray
        Length of each piece and what it pays per unit.
    whole : Index
        (contract, year, piece) filled wholly or not at all: the band left out below a step.
    block : ndarray of int
        Pieces of one block need no order among themselves; following `fills`.
    first : Index
        (contract, year, piece) of the first block, where the contract may be ended.
    orders : Index
        (contract, year, block): decisions, 1 once all pieces up to the block's end are full.
    jump : ndarray
        Payment that comes with each order, following `orders`.
    in_order : InOrder
        Pieces next to a decision.
    low, at_low : ndarray
        Where filling starts and what is paid there, following the filled rows.
    """

    def __init__(
        self, contracts: Contracts, cut: tuple[Pieces, ...], error: Floats, wanted: Wanted
    ) -> None:
        self.from_below = np.zeros(len(cut), dtype=bool)
        why = [""] * len(cut)
        for row, each in enumerate(cut):
            if contracts.endable[row]:
                why[row] = "it may be ended or suspended"
            elif each.straight:
                continue
            elif not each.convex:
                why[row] = "it steps" if each.steps else "it rises more slowly above a kink"
            elif row in wanted.payments:
                why[row] = f"{wanted.payments[row]} wants it high"
            else:
                self.from_below[row] = True
        self.filled = np.array([bool(reason) for reason in why], dtype=bool)
        self.rows = rows = contracts.rows.take(self.filled)
        parts = [
            _fill_of(cut[row], float(error[row]), row in wanted.payments)
            for row in np.flatnonzero(self.filled)
        ]
        fills, orders = ([len(getattr(p, name)) for p in parts] for name in ("width", "jump"))
        most = max(fills, default=1)
        self.pieces = cut
        self.error = error
        self.why = tuple(why)
        self.fills = _numbered(rows, Axis("piece", tuple(range(1, most + 1))), fills)
        self.width = _joined([p.width for p in parts], np.float64)
        self.slope = _joined([p.slope for p in parts], np.float64)
        self.whole = self.fills.take(_joined([p.whole for p in parts], np.bool_))
        self.block = _joined([p.block for p in parts], np.int64)
        may_end = contracts.endable[contracts.rows.positions(self.fills.columns[:2])]
        self.first = self.fills.take((self.block == 0) & may_end)
        self.orders = _numbered(rows, Axis("block", tuple(range(1, most + 2))), orders)
        self.jump = _joined([p.jump for p in parts], np.float64)
        self.in_order = InOrder(self.fills, self.block, self.orders)
        self.low = np.array([p.low for p in parts], dtype=float)
        self.at_low = np.array([p.at_low for p in parts], dtype=float)


def read_pieces(contracts: Contracts) -> tuple[Pieces | None, ...]:
    """Payments that follow cost or value as pieces; None where one follows an outcome.

    What outcomes can come to depends on how curves are cut: :func:`with_bonuses`.
    """
    reach = zip(contracts.follows_low.tolist(), contracts.follows_high.tolist(), strict=True)
    return tuple(
        None if np.isnan(ends[0]) else _cut(contracts, row, ends) for row, ends in enumerate(reach)
    )


def with_bonuses(
    contracts: Contracts, cut: Sequence[Pieces | None], earnings: Earnings
) -> tuple[tuple[Pieces, ...], Floats]:
    """Pieces of every payment, and how far chords may misstate what each follows.

    Parameters
    ----------
    contracts : Contracts
    cut : sequence of Pieces or None
        Those that follow no outcome.
    earnings : Earnings
        What outcomes can come to.
    """
    found, error = [], np.zeros(len(cut))
    outcome, t = contracts.outcome.tolist(), contracts.rows.columns[1].tolist()
    for row, known in enumerate(cut):
        if known is None:
            mine = contracts.programmes[row]
            low, high, error[row] = earnings.of(outcome[row], mine, t[row])
            # A step at the very end of what can be reached must still be seen.
            seen = max(ROOM * (high - low), SEEN * max(1.0, abs(low), abs(high)))
            room = 0.0 if np.isnan(contracts.terms.bonus_threshold[row]) else seen
            known = _cut(contracts, row, (low - room, high + room))
        found.append(known)
    return tuple(found), error


def _cut(contracts: Contracts, row: int, reach: tuple[float, float]) -> Pieces:
    of = contracts.terms.take(row)
    limits = float(of.least), float(of.most)
    return pieces(*clamped(of.agreed, of.kinks().tolist(), reach, *limits), reach)


def _numbered(rows: Index, label: Axis, count: list[int]) -> Index:
    """Each of some rows so many times, numbered from 0."""
    owner, number = numbered(np.array(count, dtype=np.int64))
    return Index((*rows.axes, label), [*(column[owner] for column in rows.columns), number])


def _joined(parts: list[Any], kind: type[np.generic]) -> Any:
    return np.concatenate([np.empty(0, kind), *parts])


class _Fill(NamedTuple):
    """One payment filled in order; the attributes are those of :class:`Payments`."""

    width: Floats
    slope: Floats
    whole: Flags
    block: Ints
    jump: Floats
    low: float
    at_low: float


def _fill_of(cut: Pieces, error: float, wanted_high: bool) -> _Fill:
    """Pieces of one payment, the blocks they make and what comes with each."""
    spread = max(BEYOND * (cut.at[-1] - cut.at[0]), LEAST_BEYOND * max(1.0, abs(cut.at[-1])))
    at, jumps = cut.at.copy(), cut.jumps
    at[0], at[-1] = at[0] - spread, at[-1] + spread
    width: list[float] = []
    slope: list[float] = []
    whole: list[bool] = []
    block, jump = [0], []
    for n in range(len(cut.slope)):
        if n:
            rise = jumps[n - 1]
            steeper = cut.slope[n] > cut.slope[n - 1]
            if rise:
                # Just below the step and just above it the true figure could be either.
                band = max(BAND * max(1.0, abs(float(at[n]))), error) + error
                shift = min(band, width[-1])
                width[-1] -= shift
                width.append(shift + error)
                slope.append(cut.slope[n - 1])
                whole.append(True)
                block.append(block[-1])
                jump.append(rise - (cut.slope[n - 1] - cut.slope[n]) * error)
                block.append(block[-1] + 1)
            elif (steeper and wanted_high) or not steeper:
                jump.append(0.0)
                block.append(block[-1] + 1)
            else:
                block.append(block[-1])
        length = at[n + 1] - at[n] - (error if n and jumps[n - 1] else 0.0)
        width.append(max(length, 0.0))
        slope.append(float(cut.slope[n]))
        whole.append(False)
    start = float(cut.constant[0] + cut.slope[0] * at[0])
    return _Fill(
        distinct(np.array(width)),
        np.array(slope),
        np.array(whole),
        np.array(block, dtype=np.int64),
        np.array(jump),
        float(at[0]),
        start,
    )
