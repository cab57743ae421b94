"""Programmes that several pools pay for together, within agreed shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.evaluate.findings import Findings
from allocator.evaluate.tables import (
    Array,
    Codes,
    Flags,
    Programmes,
    money,
    numbers,
    pick,
    positions,
    rows_by_year,
    summed,
)
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Funding:
    """Pools that pay parts of programmes; arrays of shape (part, year) unless said.

    Attributes
    ----------
    keys : pandas.DataFrame
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
    shared : numpy.ndarray
        Shape (programme, year): whether its parts pay for it.
    """

    keys: pd.DataFrame
    programme: Codes
    pool: Codes
    rank: Codes
    there: Flags
    share_min: Array
    share_max: Array
    shared: Flags


def read_funding(
    instance: Instance, programmes: Programmes, pools: pd.Index, held: Flags
) -> Funding:
    """Funding in force.

    Parameters
    ----------
    instance, programmes : Instance, Programmes
        The round.
    pools : pandas.Index
        Names of the pools.
    held : numpy.ndarray
        Shape (programme, year): whether a contract pays for it in place of its parts.
    """
    table, years = instance.funding, programmes.years
    keys = table[["programme", "pool"]].drop_duplicates()
    programme = positions(programmes.names, keys, "funding", "programme")
    pool = positions(pools, keys, "funding", "pool")
    own = pools.get_indexer(pd.Index(programmes.table["pool"]))[programme] == pool
    order = np.lexsort((pool, ~own, programme))
    keys, programme, pool = keys.iloc[order].reset_index(drop=True), programme[order], pool[order]
    code = pd.MultiIndex.from_frame(keys).get_indexer(
        pd.MultiIndex.from_frame(table[["programme", "pool"]])
    )
    rows = rows_by_year(table, code.astype(np.intp), len(keys), years)
    there = (rows >= 0) & ~held[programme]
    shared = np.zeros(programmes.shape, dtype=bool)
    np.logical_or.at(shared, programme, there)
    return Funding(
        keys=keys,
        programme=programme,
        pool=pool,
        rank=np.arange(len(keys)) - np.searchsorted(programme, programme),
        there=there,
        share_min=np.where(there, pick(numbers(table, "share_min"), rows, 0.0), 0.0),
        share_max=np.where(there, pick(numbers(table, "share_max"), rows, 0.0), 0.0),
        shared=shared,
    )


def first_parts(funding: Funding, spend: Array, given: Array) -> Array:
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
    funding: Funding, paid: Array, spend: Array, programmes: Programmes, found: Findings
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
    found : Findings
        Takes the violations.
    """
    settings = programmes.settings
    cost = spend[funding.programme]
    natural = np.max(spend, axis=1, initial=0.0)[:, None]
    least, most = funding.share_min * cost, funding.share_max * cost
    for limit, share, sign, said in (
        (least, funding.share_min, -1.0, "below its least share of {share:.4g}%"),
        (most, funding.share_max, 1.0, "above its largest share of {share:.4g}%"),
    ):
        missed, relative = found.measure(
            sign * (paid - limit), np.maximum(np.abs(paid), cost), natural[funding.programme]
        )
        for row, t in np.argwhere(relative > found.tolerance):
            name, pool = funding.keys.iloc[row]
            figures = (paid[row, t], limit[row, t], missed[row, t], relative[row, t])
            value, asked, off = (money(f, settings) for f in figures[:3])
            year = int(programmes.years[t])
            message = (
                f"Programme '{name}' in {settings.year_label(year)}: pool '{pool}' pays {value}, "
                f"{off} {said.format(share=100.0 * share[row, t])}, {asked}."
            )
            found.note("funding", str(name), year, figures, message)
    total = summed(funding.programme, paid, len(spend))
    off_by = np.where(funding.shared, np.abs(total - spend), 0.0)
    missed, relative = found.measure(off_by, np.maximum(total, spend), natural)
    for i, t in np.argwhere(relative > found.tolerance):
        name, year = str(programmes.names[i]), int(programmes.years[t])
        figures = (total[i, t], spend[i, t], missed[i, t], relative[i, t])
        value, asked, off = (money(f, settings) for f in figures[:3])
        way = "less" if total[i, t] < spend[i, t] else "more"
        message = (
            f"Programme '{name}' in {settings.year_label(year)}: its pools pay {value} together, "
            f"{off} {way} than it costs, {asked}."
        )
        found.note("funding", name, year, figures, message)


def funding_frame(funding: Funding, paid: Array, spend: Array, years: Codes) -> pd.DataFrame:
    """Parts by year, where a pool has a share, as :attr:`Evaluation.funding` describes."""
    row, t = np.nonzero(funding.there)
    cost = spend[funding.programme[row], t]
    share = np.divide(paid[row, t], cost, out=np.full(len(row), np.nan), where=cost > 0)
    return pd.DataFrame(
        {
            "programme": pd.Series(funding.keys["programme"].to_numpy()[row], dtype="str"),
            "pool": pd.Series(funding.keys["pool"].to_numpy()[row], dtype="str"),
            "year": years[t].astype(np.int64),
            "paid": paid[row, t],
            "share": share,
            "share_min": funding.share_min[row, t],
            "share_max": funding.share_max[row, t],
        }
    )
