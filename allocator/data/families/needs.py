"""Need that is more than the bound of a variable: carried on, or changed by options."""

from __future__ import annotations

import numpy as np

from allocator.data.parts import Parts


class Needs:
    """Rows of need.

    Attributes
    ----------
    met : Index
        (programme, year) whose least share met rests on variables.
    within : Index
        (programme, year) where need can be avoided and options change how much arrives.
    """

    def __init__(self, data: Parts) -> None:
        demand, options = data.demand, data.options
        changed = np.zeros(len(demand.rows), dtype=bool)
        there = demand.rows.find(options.demand.rows.columns[:2])
        changed[there[there >= 0]] = True
        carried = changed.copy()
        carried[demand.rows.positions(demand.before.columns[:2])] = True
        avoided = changed[demand.rows.positions(demand.avoided.columns)]
        self.met = demand.rows.take(carried & (demand.min_met < 1))
        self.within = demand.avoided.take(avoided)
