"""What a programme costs beyond its plain unit cost: tiers, and what options change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from allocator.data.activity import Activity
from allocator.data.contracts import Costs
from allocator.data.index import Axis, Index
from allocator.data.options import Options
from allocator.instance.instance import Instance

if TYPE_CHECKING:
    from allocator.data.data import Data

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Surcharge:
    """Surcharges by programme and year.

    Attributes
    ----------
    rows : Index
        (programme, year) that can have one.
    low, high : ndarray
        Least and most it can be, following `rows`.
    tiers : Index
        (programme, year) whose unit cost changes within what can be reached.
    threshold, change : ndarray
        Activity at which it changes, and by how much a unit costs more above; following
        `tiers`.
    """

    rows: Index
    low: Numbers
    high: Numbers
    tiers: Index
    threshold: Numbers
    change: Numbers


def surcharge(
    instance: Instance, axes: tuple[Axis, Axis], doing: Activity, chosen: Options
) -> Surcharge:
    """Extract cost thresholds, and where options change what programmes cost."""
    table = instance.programmes
    threshold = table["cost_threshold"].to_numpy(dtype=float)[:, None]
    change = doing.price * (table["cost_above"].to_numpy(dtype=float) - 1.0)[:, None]
    tiered = ~np.isnan(threshold) & (change != 0.0) & (doing.hi > threshold)
    i, t = np.nonzero(tiered)
    tiers = Index(axes, [i, t])
    at, extra = threshold[i, 0], change[i, t]

    some = tiered.copy()
    levels, spend = chosen.prices, chosen.spend
    for found in (levels.rows, spend.rows):
        some[found.columns[0], found.columns[1]] = True
    low, high = np.zeros(some.shape), np.zeros(some.shape)
    ends = extra * np.maximum(doing.lo[i, t] - at, 0.0), extra * (doing.hi[i, t] - at)
    low[i, t], high[i, t] = np.minimum(*ends), np.maximum(*ends)
    least, most = np.zeros(some.shape), np.zeros(some.shape)
    where = levels.rows.columns[0], levels.rows.columns[1]
    np.minimum.at(least, where, levels.change * doing.hi[where])
    np.maximum.at(most, where, levels.change * doing.hi[where])
    rows = Index(axes, np.nonzero(some))
    fewer, more = spend.range(rows)
    return Surcharge(
        rows,
        (low + least)[rows.columns] + fewer,
        (high + most)[rows.columns] + more,
        tiers,
        at,
        extra,
    )


def tier_orders(data: Data) -> Index:
    """Cost thresholds that need a decision.

    A unit cost that falls above its threshold would be claimed before the threshold is
    reached; one that rises would be put off only where something wants the cost high.
    """
    x, rules = data.surcharge, data.rules
    terms = rules.surcharge
    sense = rules.sense[rules.rows.positions(terms.rows.columns[:2])]
    high = (sense == "equal") | ((sense == "min") == (terms.coefficient > 0))
    wanted = data.contracts.held.copy()
    wanted[terms.rows.columns[2][high], terms.rows.columns[3][high]] = True
    return x.tiers.take((x.change < 0) | wanted[x.tiers.columns])


def costs(doing: Activity, extra: Surcharge) -> Costs:
    """Least and most each programme can cost, stranded cost included."""
    late = doing.fixed_share[:, None] * doing.price * (doing.release_years > 0)[:, None]
    highest = np.maximum(doing.baseline, doing.hi.max(axis=1, initial=0.0))[:, None]
    low, high = doing.price * doing.lo, doing.price * doing.hi + late * highest
    low[extra.rows.columns] += extra.low
    high[extra.rows.columns] += extra.high
    return Costs(low, high)
