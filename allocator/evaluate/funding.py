"""Programmes that several pools pay for together, within agreed shares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from allocator.arrays import Flags, Floats, Ints
from allocator.evaluate import frames
from allocator.evaluate.findings import Findings
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.tables import Names, Tables, summed
from allocator.words import told_apart


@dataclass(frozen=True)
class Funding:
    """Pools that pay parts of programmes; arrays of shape (part, year) unless said.

    Attributes
    ----------
    names : Names
        programme and pool of every part, in the order in which a plan that does not say
        fills them: the programme's own pool first.
    programme, pool : numpy.ndarray
        Shape (part,): positions.
    rank : numpy.ndarray
        Shape (part,): place in the programme's order, from 0.
    there : numpy.ndarray
        Whether the pool has a share in the year.
    share_min, share_max : numpy.ndarray
        Shares of the programme's cost; nothing where the pool has none.
    size : int
        Number of programmes.
    """

    names: Names
    programme: Ints
    pool: Ints
    rank: Ints
    there: Flags
    share_min: Floats
    share_max: Floats
    size: int

    @cached_property
    def shared(self) -> Flags:
        """Whether its parts pay for a programme, shape (programme, year)."""
        shared = np.zeros((self.size, self.there.shape[1]), dtype=bool)
        np.logical_or.at(shared, self.programme, self.there)
        return shared

    def beside(self, contracted: Flags) -> Funding:
        """Parts of programmes that no contract pays for in the year.

        Parameters
        ----------
        contracted : numpy.ndarray
            Shape (programme, year): whether a contract pays for it in place of its parts.
        """
        there = self.there & ~contracted[self.programme]
        return replace(
            self,
            there=there,
            share_min=np.where(there, self.share_min, 0.0),
            share_max=np.where(there, self.share_max, 0.0),
        )


def read_funding(tables: Tables, programmes: Programmes, pools: Names) -> Funding:
    """Funding in force, whatever contracts pay for."""
    rows = tables["funding"]
    names = Names(rows.tuples(("programme", "pool")))
    programme = programmes.names.positions(rows, "programme")
    pool = pools.positions(rows, "pool")
    code = names.find(rows.tuples(("programme", "pool")))
    in_force = tables.in_force(rows, names, "programme", "pool")
    first = np.unique(code, return_index=True)[1]
    programme, pool = programme[first], pool[first]
    order = np.lexsort((pool, programmes.pool[programme] != pool, programme))
    programme = programme[order]
    return Funding(
        names=Names(names.all[part] for part in order.tolist()),
        programme=programme,
        pool=pool[order],
        rank=np.arange(len(order)) - np.searchsorted(programme, programme),
        there=in_force.there[order],
        share_min=in_force.figures("share_min", 0.0)[order],
        share_max=in_force.figures("share_max", 0.0)[order],
        size=len(programmes.names),
    )


def first_parts(funding: Funding, spend: Floats, given: Floats) -> Floats:
    """What each pool pays: as the plan says, otherwise its least share and then in order."""
    free = np.isnan(given)
    least = np.where(free, funding.share_min * spend[funding.programme], given)
    room = np.where(free, (funding.share_max - funding.share_min) * spend[funding.programme], 0.0)
    left = spend - summed(funding.programme, least, len(spend))
    paid = least.copy()
    for part, i in enumerate(funding.programme):
        more = np.clip(left[i], 0.0, room[part])
        paid[part] += more
        left[i] -= more
    return paid


def check_funding(
    funding: Funding, paid: Floats, spend: Floats, programmes: Programmes, findings: Findings
) -> None:
    """Note pools that pay outside their shares, and programmes not paid in full.

    Parameters
    ----------
    funding : Funding
        Shares in force.
    paid : numpy.ndarray
        Shape (part, year).
    spend : numpy.ndarray
        Shape (programme, year): what is to be paid.
    programmes : Programmes
        Names and prices.
    findings : Findings
        Takes the violations.
    """
    if not len(funding.names):
        return
    settings = programmes.settings
    cost = spend[funding.programme]
    natural = np.max(cost, axis=1, initial=0.0)[:, None]
    least, most = funding.share_min * cost, funding.share_max * cost
    for limit, share, sign, said in (
        (least, funding.share_min, -1.0, "below its least share of {share:.4g}%"),
        (most, funding.share_max, 1.0, "above its largest share of {share:.4g}%"),
    ):
        missed, relative, broken = findings.measure(
            sign * (paid - limit), np.maximum(np.abs(paid), cost), natural, cost
        )
        for row, t in np.argwhere(broken).tolist():
            name, pool = funding.names.all[row]
            figures = (paid[row, t], limit[row, t], missed[row, t], relative[row, t])
            value, asked = told_apart(*figures[:2], settings.exact_money)
            off = settings.exact_money(figures[2])
            year = settings.years[t]
            message = (
                f"Programme '{name}' in {settings.year_label(year)}: pool '{pool}' pays {value}, "
                f"{off} {said.format(share=100.0 * share[row, t])}, {asked}."
            )
            findings.note("funding", name, year, figures, message)
    _check_in_full(funding, paid, spend, programmes, findings)


def _check_in_full(
    funding: Funding, paid: Floats, spend: Floats, programmes: Programmes, findings: Findings
) -> None:
    settings = programmes.settings
    who, part = np.unique(funding.programme, return_inverse=True)
    total, cost = summed(part, paid, len(who)), spend[who]
    off_by = np.where(funding.shared[who], np.abs(total - cost), 0.0)
    natural = np.max(cost, axis=1, initial=0.0)[:, None]
    size = np.maximum(total, cost)
    missed, relative, broken = findings.measure(off_by, size, natural, cost)
    for i, t in np.argwhere(broken).tolist():
        name, year = programmes.names.all[who[i]], settings.years[t]
        figures = (total[i, t], cost[i, t], missed[i, t], relative[i, t])
        value, asked = told_apart(*figures[:2], settings.exact_money)
        off = settings.exact_money(figures[2])
        way = "less" if total[i, t] < cost[i, t] else "more"
        message = (
            f"Programme '{name}' in {settings.year_label(year)}: its pools pay {value} together, "
            f"{off} {way} than it costs, {asked}."
        )
        findings.note("funding", name, year, figures, message)


def shares_paid(funding: Funding, paid: Floats, spend: Floats) -> Floats:
    """Share of what a programme costs that each part pays; NaN where it costs nothing."""
    cost = spend[funding.programme]
    return np.divide(paid, cost, out=np.full(paid.shape, np.nan), where=cost > 0)


def funding_frame(funding: Funding, paid: Floats, spend: Floats, years: Ints) -> pd.DataFrame:
    """Parts by year, where a pool has a share, as :attr:`Evaluation.funding` describes."""
    row, t = np.nonzero(funding.there)
    return frames.table(
        {
            "programme": funding.names.part(0)[row],
            "pool": funding.names.part(1)[row],
            "year": years[t],
            "paid": paid[row, t],
            "share": shares_paid(funding, paid, spend)[row, t],
            "share_min": funding.share_min[row, t],
            "share_max": funding.share_max[row, t],
        }
    )
