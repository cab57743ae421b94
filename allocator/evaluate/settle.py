"""What a plan leaves open between pools and years, settled in its favour."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.evaluate.funding import Funding, first_parts
from allocator.evaluate.ledger import Ledger, Uses
from allocator.evaluate.plans import Given, Usual
from allocator.evaluate.pools import Pools
from allocator.evaluate.shortfall import Open, least_shortfall
from allocator.evaluate.tables import summed
from allocator.evaluate.tolerances import PENNY, SAME


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

    What is usual stays where that fills them. Where nothing can, programmes are paid as usual
    in the years that stay short, so that a pool is short of what the plan itself asks of it
    and not of what others could have paid for it.

    Parameters
    ----------
    pools, uses : Pools, Uses
        Pools, what may move between them and between years, and what they pay for.
    shared : Shared
        Programmes that several pools pay for.
    given : Given
        Carry, transfers and parts as the plan states them, NaN where it does not; and as they
        are usually.
    """
    funding, spend, _ = shared
    carry, transfers, share = given.usual or Usual(*(np.array(np.nan),) * 3)
    usual = _usual_parts(funding, spend, given.paid, share)
    still = (
        _kept(given.carry, carry, pools.carry_min, pools.carry_max),
        _kept(given.transfers, transfers, 0.0, pools.transfer_max),
        first_parts(funding, spend, np.where(np.isnan(given.paid), usual, given.paid)),
    )
    ledger = _ledger(pools, uses, shared, *still)
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
        usual=still,
        least=funding.share_min * spend[funding.programme],
        most=funding.share_max * spend[funding.programme],
        programme=funding.programme,
        payer=funding.pool,
        rank=funding.rank,
        due=spend,
        lasting=shared.lasting[funding.programme],
    )
    if not task.any():
        return ledger
    settled = _ledger(pools, uses, shared, *least_shortfall(task))
    stuck = _short(pools, settled).any(axis=0) & ~np.isnan(usual)
    if not stuck.any():
        return settled
    as_usual = np.where(stuck & np.isnan(given.paid), still[2], given.paid)
    return _ledger(pools, uses, shared, *least_shortfall(replace(task, paid=as_usual)))


def _kept(given: Floats, usual: Floats, least: Floats | float, most: Floats) -> Floats:
    """What is given, else what is usual as far as it is allowed, else nothing."""
    return np.where(np.isnan(given), np.clip(np.nan_to_num(usual), least, most), given)


def _usual_parts(funding: Funding, spend: Floats, given: Floats, share: Floats) -> Floats:
    """What pools usually pay; NaN for programmes where that is not known or not allowed."""
    cost = spend[funding.programme]
    apart = ~(np.abs(share - np.clip(share, funding.share_min, funding.share_max)) <= SAME)
    apart = (apart | ~np.isnan(given)) & funding.there
    other = summed(funding.programme, apart.astype(float), len(spend)) > 0
    known = funding.there & ~other[funding.programme]
    return np.where(known, np.clip(share, funding.share_min, funding.share_max) * cost, np.nan)


def _short(pools: Pools, ledger: Ledger) -> Flags:
    """Pools that are short of more than a penny."""
    penny = PENNY / pools.settings.money_scale
    short = ledger.short(pools) > penny
    if pools.balanced:
        short |= ledger.short_every_year(pools) > penny
    return short


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
