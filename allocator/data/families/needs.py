"""Need that is more than the bound of a variable: carried on, or changed by options."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.data.demand import Demand
from allocator.data.index import Index
from allocator.data.options import Options


@dataclass(frozen=True)
class Needs:
    """Rows of need.

    Attributes
    ----------
    met : Index
        (programme, year) whose least share met rests on variables.
    within : Index
        (programme, year) where need can be avoided and options change how much arrives.
    """

    met: Index
    within: Index


def read_needs(demand: Demand, options: Options) -> Needs:
    """Find where need is carried, or changed by options."""
    changed = np.zeros(len(demand.rows), dtype=bool)
    there = demand.rows.find(options.demand.rows.columns[:2])
    changed[there[there >= 0]] = True
    carried = changed.copy()
    carried[demand.rows.positions(demand.before.columns[:2])] = True
    avoided = changed[demand.rows.positions(demand.avoided.columns)]
    return Needs(demand.rows.take(carried & (demand.min_met < 1)), demand.avoided.take(avoided))
