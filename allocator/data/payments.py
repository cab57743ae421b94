"""How each payment under contract is held: as one line, from below, or filled in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from allocator.data.activity import distinct
from allocator.data.contracts import Pieces
from allocator.data.index import Axis, Codes, Index

if TYPE_CHECKING:
    from allocator.data.data import Data

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BAND = 1e-6
"""Left out just below a step, as a share of its threshold: ten times what the check forgives."""

BEYOND = 1e-3
"""How far beyond what can be reached the first and last piece go, as a share of the range."""


@dataclass(frozen=True)
class Payments:
    """Payments that are filled in order, and what keeps the order.

    Attributes
    ----------
    filled, covered : ndarray of bool
        Rows of the contracts filled in order; rows held from below by every piece. All
        others are one line.
    high : ndarray of bool
        Rows whose payment something wants high.
    why : tuple of str
        What a filled row needs its order for; empty for others.
    fills : Index
        (contract, year, piece) of the filled rows; the arrays below follow it.
    width, slope : ndarray
        Length of each piece and what it pays per unit.
    whole : ndarray of bool
        Pieces that are filled wholly or not at all: the band left out below a step.
    block : ndarray of int
        Pieces of one block need no order among themselves.
    orders : Index
        (contract, year, block): decisions, 1 once all pieces up to the block's end are full.
    jump : ndarray
        Payment that comes with each order, following `orders`.
    low, at_low : ndarray
        Where filling starts and what is paid there, following the filled rows.
    endable : ndarray of bool
        Rows of the contracts that may be ended or suspended.
    ends : Index
        (contract, year) in which a contract may be ended; `fee` follows it.
    fee : ndarray
        Exit fee in money of the year.
    cost_low, cost_high : ndarray
        Least and most its programmes can cost, following the contract rows.
    """

    filled: Flags
    covered: Flags
    high: Flags
    why: tuple[str, ...]
    fills: Index
    width: Numbers
    slope: Numbers
    whole: Flags
    block: Codes
    orders: Index
    jump: Numbers
    low: Numbers
    at_low: Numbers
    endable: Flags
    ends: Index
    fee: Numbers
    cost_low: Numbers
    cost_high: Numbers


def payments(data: Data) -> Payments:
    """Decide how each payment is held.

    A convex payment is held by ``payment >= each piece``; that is exact only while every row
    of the programme is better off with a lower payment. A provider's deficit limit and a rule
    that asks for more payment, or for a better position, are not: then, and wherever a
    payment bends the other way, steps, or may be ended, its pieces are filled in order.
    """
    c = data.contracts
    high = _wanted_high(data)
    endable = np.zeros(len(c.rows), dtype=bool)
    contract, t = c.rows.columns
    for name, first in zip(c.ends.columns[0], c.ends.columns[1], strict=True):
        endable |= (contract == name) & (t >= first)
    suspended = c.rows.find(data.options.suspends.rows.columns[:2])
    endable[suspended[suspended >= 0]] = True

    filled, covered = np.zeros(len(c.rows), bool), np.zeros(len(c.rows), bool)
    why = [""] * len(c.rows)
    for row, cut in enumerate(c.pieces):
        if endable[row]:
            why[row] = "it may be ended or suspended"
        elif cut.straight:
            continue
        elif cut.convex and row not in high:
            covered[row] = True
            continue
        elif cut.convex:
            why[row] = f"{high[row]} wants it high"
        else:
            why[row] = "it steps" if cut.steps else "it rises more slowly above a kink"
        filled[row] = True
    return _laid_out(data, filled, covered, tuple(why), endable, high)


def _laid_out(
    data: Data,
    filled: Flags,
    covered: Flags,
    why: tuple[str, ...],
    endable: Flags,
    high: dict[int, str],
) -> Payments:
    c = data.contracts
    rows = np.flatnonzero(filled)
    parts = [_pieces_of(c.pieces[row], float(c.error[row]), row in high) for row in rows]
    count = np.array([len(p[0]) for p in parts], dtype=np.int64)
    orders = np.array([len(p[4]) for p in parts], dtype=np.int64)
    owner, of_order = np.repeat(rows, count), np.repeat(rows, orders)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    step = np.arange(len(of_order)) - np.repeat(np.cumsum(orders) - orders, orders)
    piece = Axis("piece", tuple(range(1, int(count.max(initial=1)) + 1)))
    block = Axis("block", tuple(range(1, int(count.max(initial=1)) + 2)))

    def joined(k: int, kind: type) -> npt.NDArray[np.generic]:
        return np.concatenate([np.empty(0, kind), *(p[k] for p in parts)])

    return Payments(
        filled=filled,
        covered=covered,
        high=np.isin(np.arange(len(c.rows)), list(high)),
        why=why,
        fills=Index((*c.rows.axes, piece), [*(x[owner] for x in c.rows.columns), number]),
        width=joined(0, float),  # type: ignore[arg-type]
        slope=joined(1, float),  # type: ignore[arg-type]
        whole=joined(2, bool),  # type: ignore[arg-type]
        block=joined(3, int),  # type: ignore[arg-type]
        orders=Index((*c.rows.axes, block), [*(x[of_order] for x in c.rows.columns), step]),
        jump=joined(4, float),  # type: ignore[arg-type]
        low=np.array([p[5] for p in parts], dtype=float),
        at_low=np.array([p[6] for p in parts], dtype=float),
        endable=endable,
        ends=c.ends,
        fee=c.fee,
        cost_low=c.cost_low,
        cost_high=c.cost_high,
    )


def _pieces_of(
    cut: Pieces, error: float, wanted_high: bool
) -> tuple[Numbers, Numbers, Flags, Codes, Numbers, float, float]:
    """Widths, slopes, whole flags, blocks and jumps of one payment, and where it starts."""
    spread = max(BEYOND * (cut.at[-1] - cut.at[0]), 1e-6 * max(1.0, abs(cut.at[-1])))
    at = cut.at.copy()
    at[0], at[-1] = at[0] - spread, at[-1] + spread
    width: list[float] = []
    slope: list[float] = []
    whole: list[bool] = []
    block, jump = [0], []
    for n in range(len(cut.slope)):
        if n:
            rise = cut.jumps[n - 1]
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
        length = at[n + 1] - at[n] - (error if n and cut.jumps[n - 1] else 0.0)
        width.append(max(length, 0.0))
        slope.append(float(cut.slope[n]))
        whole.append(False)
    start = float(cut.constant[0] + cut.slope[0] * at[0])
    return (
        distinct(np.array(width)),
        np.array(slope),
        np.array(whole),
        np.array(block, dtype=np.int64),
        np.array(jump),
        float(at[0]),
        start,
    )


def _wanted_high(data: Data) -> dict[int, str]:
    """Rows whose payment something gains from raising, with what that is."""
    out = _limited(data, data.contracts.provider) | _limited(data, _leads(data))
    for row, rule, raises in _rules_on_payment(data):
        if raises > 0:
            out[row] = f"rule {_rule_name(data, rule)!r}"
    return out


def _leads(data: Data) -> Codes:
    """Lead that gains an overhead from each row; -1 for none."""
    return np.where(data.contracts.markup > 1.0, data.contracts.lead, -1)


def _limited(data: Data, who: Codes) -> dict[int, str]:
    """Rows that pay a provider whose deficit is limited."""
    c, p = data.contracts, data.providers
    rows = np.flatnonzero(who >= 0)
    at = p.rows.positions([who[rows], c.rows.columns[1][rows]])
    names = p.axis.labels
    return {
        int(row): f"the deficit limit of {names[who[row]]!r}"
        for row, limit in zip(rows, p.deficit_max[at], strict=True)
        if np.isfinite(limit)
    }


def _rules_on_payment(data: Data) -> list[tuple[int, int, float]]:
    """Contract row, rule row, and by how much a higher payment helps to keep the rule."""
    c, r = data.contracts, data.rules
    rule = r.rows.positions(r.payment.rows.columns[:2])
    row = c.rows.positions(r.payment.rows.columns[2:])
    raises = np.where(r.sense[rule] == "max", -1.0, 1.0) * r.payment.coefficient
    raises = np.where(r.sense[rule] == "equal", np.abs(raises), raises)
    return list(zip(row.tolist(), rule.tolist(), raises.tolist(), strict=True))


def _rule_name(data: Data, rule: int) -> str:
    rows = data.rules.rows
    return str(rows.axes[0].labels[rows.columns[0][rule]])


def _stranded_left_out(data: Data) -> set[tuple[int, int]]:
    """Rule rows and contract rows where the stranded cost of an ended contract cancels."""
    r, terms = data.rules, data.rules.stranded_ended
    rule = r.rows.positions(terms.rows.columns[:2])
    row = data.contracts.rows.positions(terms.rows.columns[2:])
    return set(zip(rule.tolist(), row.tolist(), strict=True))


def stranded_wanted(data: Data) -> Flags:
    """Programme-years whose stranded cost something would gain from overstating.

    A lead's overhead rises with it, and so does a payment that a rule wants high, where the
    stranded cost itself does not weigh as much in the same rule.

    Returns
    -------
    ndarray of bool, shape (programmes, years)
    """
    c, a, r = data.contracts, data.activity, data.rules
    late = (a.fixed_share > 0) & (a.release_years > 0)
    out = np.zeros(a.price.shape, dtype=bool)
    of = c.rows.positions(c.members.columns[:2])
    member, year = c.members.columns[2], c.members.columns[1]
    rises = np.array([cut.slope.max() for cut in c.pieces])
    follows = (c.kind == "cost") & (rises > 0) if len(rises) else np.zeros(0, dtype=bool)
    led = follows.copy()
    # Once it has been ended or suspended, a contract of any kind is paid at cost.
    paid = np.where(follows, rises, 0.0)
    rises = np.where(data.payments.endable, np.maximum(paid, 1.0), rises)
    left_out = _stranded_left_out(data)
    follows = follows | data.payments.endable
    for row in _limited(data, _leads(data)):
        mine = (of == row) & late[member] & led[row]
        out[member[mine], year[mine]] = True
    at_rule = r.rows.positions(r.stranded.rows.columns[:2])
    for row, rule, raises in _rules_on_payment(data):
        if raises <= 0 or not follows[row]:
            continue
        if (rule, row) in left_out and paid[row] == 0.0:
            continue
        mine = (of == row) & late[member]
        _, _, i, t = r.stranded.rows.columns
        same = (at_rule == rule) & (t == c.rows.columns[1][row])
        weighs = dict(zip(i[same].tolist(), np.abs(r.stranded.coefficient[same]), strict=True))
        for n, y in zip(member[mine].tolist(), year[mine].tolist(), strict=True):
            if raises * rises[row] > weighs.get(n, 0.0) * (1.0 + 1e-9):
                out[n, y] = True
    return out
