"""Who pays for what: shares of several pools, money that is no programme, kinds of money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from allocator.data.index import Axis, Codes, Index
from allocator.data.rules import Selections
from allocator.data.years import by_year
from allocator.instance.instance import Instance

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Funding:
    """Programmes paid from several pools, and money that is not a programme.

    Attributes
    ----------
    rows : Index
        (programme, pool, year) of the shared funding.
    share_min, share_max : ndarray
        Shares of the programme's cost, following `rows`.
    shared : ndarray of bool, shape (programmes, years)
        Programme-years that are paid from several pools.
    adjusted, adjusted_recurrent : ndarray, shape (pools, years)
        Net money adjustments take from each pool, and the part that comes every year.
    recurrent, capital : ndarray of bool, shape (programmes,)
        Programmes that come back every year; programmes paid from capital.
    """

    rows: Index
    share_min: Numbers
    share_max: Numbers
    shared: npt.NDArray[np.bool_]
    adjusted: Numbers
    adjusted_recurrent: Numbers
    recurrent: npt.NDArray[np.bool_]
    capital: npt.NDArray[np.bool_]

    def split(self, payer: Codes) -> tuple[tuple[Codes, Codes, Codes], Numbers]:
        """Part of each programme that counts in each pool.

        A shared programme counts by the middle of its shares, scaled to sum to 1.

        Returns
        -------
        where : tuple of ndarray of int
            Programme, pool and year of each part.
        part : ndarray
            The parts; those of a programme and year sum to 1.
        """
        i, b, t = self.rows.columns
        middle = (self.share_min + self.share_max) / 2.0
        total = np.zeros(self.shared.shape)
        np.add.at(total, (i, t), middle)
        alone, year = np.nonzero(~self.shared)
        where = tuple(np.concatenate(pair) for pair in ((alone, i), (payer[alone], b), (year, t)))
        part = middle / np.where(total[i, t] > 0, total[i, t], 1.0)
        return (where[0], where[1], where[2]), np.concatenate([np.ones(len(alone)), part])


def funding(instance: Instance, programme: Axis, pool: Axis, year: Axis, payer: Codes) -> Funding:
    """Extract funding shares, adjustments and kinds of money.

    Parameters
    ----------
    instance : Instance
    programme, pool, year : Axis
    payer : ndarray of int, shape (programmes,)
        Pool each programme names.
    """
    years = instance.settings.years
    table = by_year(instance.funding, ["programme", "pool"], years)
    i, t = programme.codes(table["programme"].tolist()), table["t"].to_numpy(dtype=np.int64)
    rows = Index((programme, pool, year), [i, pool.codes(table["pool"].tolist()), t])
    shared = np.zeros((len(programme), len(year)), dtype=bool)
    shared[i, t] = True
    adjusted, recurrent = _adjustments(instance, pool, year, payer)
    programmes = instance.programmes
    return Funding(
        rows,
        table["share_min"].to_numpy(dtype=float),
        table["share_max"].to_numpy(dtype=float),
        shared,
        adjusted,
        recurrent,
        programmes["recurrent"].to_numpy(dtype=bool),
        (programmes["money"] == "capital").to_numpy(),
    )


def _adjustments(
    instance: Instance, pool: Axis, year: Axis, payer: Codes
) -> tuple[Numbers, Numbers]:
    total = np.zeros((len(pool), len(year)))
    recurrent = np.zeros_like(total)
    table = by_year(instance.adjustments, ["item"], instance.settings.years)
    selections = Selections(instance)
    base = (instance.programmes["baseline"] * instance.programmes["unit_cost"]).to_numpy()
    for line in table.to_dict("records"):
        amount = line["amount"] * line["delivery"]
        amount = -amount if line["kind"] == "efficiency" else amount
        share = np.zeros(len(pool))
        if line["pool"]:
            share[pool.position[line["pool"]]] = 1.0
        else:
            members, counted = selections.counted(line["selection"])
            weight = counted * base[members]
            share += np.bincount(payer[members], weight, len(pool)) / weight.sum()
        total[:, line["t"]] += amount * share
        if line["recurrent"]:
            recurrent[:, line["t"]] += amount * share
    return total, recurrent
