"""What a plan's tables say that its own activity contradicts: left over from another plan.

A planner copies a plan folder and edits activity; the columns beside it stay as they were.
Activity, options and endings are believed then, and figures that were settled for the other
activity are settled anew: unmet need where ``avoided`` or ``spend`` stands beside it and
does not follow, extra capacity beside ``used``, what several pools pay for an edited
programme beside ``share``. Money carried, handed over and shared otherwise is settled anew
beside a pool's ``spend``, where pools do not balance as stated and then do. A table without
the columns that follow states its figures on purpose, and so does a row in which those are
blank.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.evaluate.accounts import Accounts
from allocator.evaluate.capacity import CapacityOfPlan
from allocator.evaluate.need import Need
from allocator.evaluate.plans import Given
from allocator.evaluate.round import Decided
from allocator.evaluate.tables import Names, summed
from allocator.evaluate.tolerances import NATURAL_SHARE, OUTDATED, SMALLEST_SIZE
from allocator.words import listing

NAMED = 3
"""Names told for each column that is worked out anew."""


@dataclass(frozen=True)
class Follows:
    """What follows from a plan with everything it states believed."""

    decided: Decided
    need: Need
    capacity: CapacityOfPlan
    accounts: Accounts


def reopened(
    given: Given, follows: Follows, *, money: bool = False
) -> tuple[Given, tuple[str, ...]]:
    """The plan without the figures that its activity contradicts, and what was left out.

    Parameters
    ----------
    given : Given
        The plan as stated.
    follows : Follows
        The same recomputed.
    money : bool
        Whether to settle money between pools and years anew as well.

    Returns
    -------
    Given
        As stated, but for NaN where a figure is to be worked out anew.
    tuple of str
        What is worked out anew, a sentence each; empty where everything follows.
    """
    if not given.beside:
        return given, ()
    known = follows.decided
    programmes = known.round.programmes.names
    edited, unmet = _need(given, follows)
    extra = _differs(given.beside.get(("capacity", "used")), follows.capacity.used)
    moved = _pools(given, follows) & money
    handed = _handed(given, follows, moved)
    paid = _funding(given, (edited, moved), known)
    columns = (
        ("allocation", "unmet", given.unmet, unmet, programmes),
        ("capacity", "extra", given.extra, extra, known.round.capacity.names),
        ("budgets", "carry_out", given.carry, moved, known.pools.names),
        ("transfers", "amount", given.transfers, handed, known.pools.pairs),
        ("funding", "paid", given.paid, paid, known.round.funding.names),
    )
    changes: dict[str, Any] = {}
    told = []
    fields = {"extra": "extra", "carry_out": "carry", "amount": "transfers"}
    for table, column, stated, out, names in columns:
        there = out & ~np.isnan(stated)
        if not there.any():
            continue
        changes[fields.get(column, column)] = np.where(there, np.nan, stated)
        joint = " to " if table == "transfers" else ""
        told.append(f"{column} of {table}.csv ({_named(names, there, joint)})")
    if not told:
        return given, ()
    what = "; ".join(told)
    if edited.any():
        said = f"Activity, edited for {_named(programmes, edited)}, is believed. "
        said += "What was stated beside it for another plan is"
    else:
        said = "The plan was made with other evidence or for another round, and its activity is "
        said += "believed. What stands beside it and does not follow here is"
    return replace(given, **changes), (f"{said} worked out anew: {what}.",)


def _named(names: Names, which: Flags, joint: str = "") -> str:
    """Names of rows where anything holds; of their parts only the first unless joined."""
    found = dict.fromkeys(
        (joint.join(name) if joint else name[0]) if isinstance(name, tuple) else name
        for name, any_year in zip(names.all, _ever(which), strict=True)
        if any_year
    )
    return listing(found, most=NAMED)


def _ever(which: Flags) -> Flags:
    """Rows where anything holds in any year."""
    found: Flags = np.asarray(which.any(axis=1))
    return found


def _differs(stated: Floats | None, follows: Floats, size: Floats | float = 0.0) -> Flags:
    """Where a stated figure is not the one that follows."""
    if stated is None:
        return np.zeros(follows.shape, dtype=bool)
    with np.errstate(invalid="ignore"):
        room = OUTDATED * np.maximum(np.maximum(np.abs(follows), size), SMALLEST_SIZE)
        differs: Flags = np.abs(stated - follows) > room
    return differs


def _need(given: Given, follows: Follows) -> tuple[Flags, Flags]:
    """Where activity was edited, and where unmet need does not follow from it any more.

    What activity avoids depends on the evidence as well, what it costs does not: where a cost
    stands beside activity and follows, nobody edited it.
    """
    need, known = follows.need, follows.decided.round
    there, effects = known.demand.there, known.effects
    avoided = given.beside.get(("allocation", "avoided"))
    spend = given.beside.get(("allocation", "spend"))
    balance = _differs(avoided, need.avoided, need.need) & there
    priced = _differs(spend, follows.accounts.spending.total, known.programmes.price)
    edited = priced & ~np.isnan(given.activity)
    told = np.zeros(edited.shape, dtype=bool) if spend is None else ~np.isnan(spend)
    own = edited | (balance & ~(told & (known.programmes.price > 0.0)))
    edited = edited | balance
    rests = np.zeros(len(edited), dtype=bool)
    rests[effects.target[_ever(edited)[effects.source]]] = True
    most = np.minimum(need.potential, known.demand.arriving)
    room = OUTDATED * np.maximum(need.need, NATURAL_SHARE)
    counted = there & (need.avoided > most + room)
    stale = _ever(edited) | rests | (_ever(counted) & (avoided is not None))
    copied = np.zeros(edited.shape, dtype=bool)
    for figures in (avoided, spend):
        copied |= False if figures is None else ~np.isnan(figures)
    return own, stale[:, None] & copied


def _pools(given: Given, follows: Follows) -> Flags:
    """Pools that spend otherwise than the budgets of the plan say."""
    differs = _differs(given.beside.get(("budgets", "spend")), follows.accounts.ledger.spend)
    # Money carried passes from year to year, so a pool is settled as a whole.
    whole: Flags = np.broadcast_to(_ever(differs)[:, None], differs.shape)
    return whole


def _handed(given: Given, follows: Follows, moved: Flags) -> Flags:
    """Transfers of such pools, as long as they are those the budgets count."""
    pools = follows.decided.pools
    handed = np.nan_to_num(given.transfers)
    same = np.ones(moved.shape, dtype=bool)
    for column, side in (("transfers_in", pools.taker), ("transfers_out", pools.giver)):
        stated = given.beside.get(("budgets", column))
        same &= ~_differs(stated, summed(side, handed, len(moved)))
    mine = moved & same
    either: Flags = mine[pools.giver] | mine[pools.taker]
    return either


def _funding(given: Given, touched: tuple[Flags, Flags], known: Decided) -> Flags:
    """Parts of programmes that were edited or whose pools were, in a table with shares too."""
    share, funding = given.beside.get(("funding", "share")), known.round.funding
    if share is None:
        return np.zeros(given.paid.shape, dtype=bool)
    edited, moved = touched
    own = edited[funding.programme] | moved[funding.pool]
    whole = summed(funding.programme, own.astype(float), len(edited)) > 0
    parts: Flags = whole[funding.programme] & ~np.isnan(share)
    return parts
