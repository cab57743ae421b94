"""What a plan leaves open between pools and years, settled in its favour."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.evaluate.funding import Funding, first_parts
from allocator.evaluate.ledger import Ledger, Uses
from allocator.evaluate.plans import Given
from allocator.evaluate.pools import Pools
from allocator.evaluate.shortfall import Open, least_shortfall
from allocator.evaluate.tables import summed


class Shared(NamedTuple):
    """Programmes that several pools pay for.

    Attributes
    ----------
    funding : Funding
        The parts they may pay.
    spend : numpy.ndarray
        Shape (programme, year): what is to be paid.
    lasting : numpy.ndarray
        Shape (programme,): whether it comes back every year.
    """

    funding: Funding
    spend: Floats
    lasting: Flags


def settle(pools: Pools, uses: Uses, shared: Shared, given: Given) -> Ledger:
    """Ledger of a plan; what it does not say moves as little money as fills the gaps best.

    Parameters
    ----------
    pools, uses : Pools, Uses
        Pools, what may move between them and between years, and what they pay for.
    shared : Shared
        Programmes that several pools pay for.
    given : Given
        Carry, transfers and parts as the plan states them; NaN where it does not.
    """
    funding, spend, _ = shared
    still = np.nan_to_num(given.carry), np.nan_to_num(given.transfers)
    ledger = _ledger(pools, uses, shared, *still, first_parts(funding, spend, given.paid))
    short = ledger.slack(pools) < 0
    if pools.balanced:
        short |= ledger.may_last(pools) < ledger.lasting
    if not short.any() or not np.isfinite(ledger.out).all():
        return ledger
    task = Open(
        pools=_endowed(pools, uses, spend),
        uses=uses,
        carry=given.carry,
        transfers=given.transfers,
        paid=given.paid,
        least=funding.share_min * spend[funding.programme],
        most=funding.share_max * spend[funding.programme],
        programme=funding.programme,
        payer=funding.pool,
        rank=funding.rank,
        due=spend,
        lasting=shared.lasting[funding.programme],
    )
    return _ledger(pools, uses, shared, *least_shortfall(task)) if task.any() else ledger


def _endowed(pools: Pools, uses: Uses, spend: Floats) -> Pools:
    """Pools that have more than anything could take where their money is not limited."""
    moved = pools.transfer_max.sum() + pools.carry_max.sum() - pools.carry_min.sum()
    enough = float(np.abs(uses.total).sum() + np.abs(uses.gained).sum() + spend.sum() + moved)
    amount, lasting, support = (
        np.where(np.isinf(figures), enough, figures)
        for figures in (pools.amount, pools.lasting, pools.support)
    )
    return replace(pools, amount=amount, lasting=lasting, support=support)


def _ledger(
    pools: Pools, uses: Uses, shared: Shared, carry: Floats, transfers: Floats, paid: Floats
) -> Ledger:
    funding, size = shared.funding, len(pools.names)
    always = shared.lasting[funding.programme, None]
    return Ledger(
        uses=uses,
        funded=summed(funding.pool, paid, size),
        funded_lasting=summed(funding.pool, np.where(always, paid, 0.0), size),
        paid=paid,
        carry=carry,
        carry_in=np.column_stack([pools.opening, carry[:, :-1]]),
        transfers=transfers,
        transfers_in=summed(pools.taker, transfers, size),
        transfers_out=summed(pools.giver, transfers, size),
    )
