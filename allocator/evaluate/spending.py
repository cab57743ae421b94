"""What activity costs: at its price, beyond its price, and when it has been given up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.evaluate.changes import Change
from allocator.evaluate.programmes import Programmes


@dataclass(frozen=True)
class Spending:
    """What activity costs; arrays of shape (programme, year).

    Attributes
    ----------
    plain, surcharge, stranded : numpy.ndarray
        At its price; what does not follow the plain unit cost; fixed cost of activity given
        up.
    """

    plain: Floats
    surcharge: Floats
    stranded: Floats

    @property
    def running(self) -> Floats:
        """Cost of what is done."""
        return self.plain + self.surcharge

    @property
    def total(self) -> Floats:
        """All of it."""
        return self.running + self.stranded


def work_out_spending(
    programmes: Programmes, activity: Floats, unit_cost: Change, yearly: Floats
) -> Spending:
    """What activity costs.

    Parameters
    ----------
    programmes : Programmes
        Prices, and the activity above which units cost more or less.
    activity : numpy.ndarray
        Shape (programme, year).
    unit_cost : Change
        Effects of options on unit costs.
    yearly : numpy.ndarray
        Shape (programme, year): yearly costs of options that are part of programmes.
    """
    return Spending(
        plain=programmes.price * activity,
        surcharge=_surcharge(programmes, activity, unit_cost, yearly),
        stranded=_stranded(programmes, activity),
    )


def _stranded(programmes: Programmes, activity: Floats) -> Floats:
    """Fixed cost of activity given up in the last ``release_years``."""
    done = np.column_stack([programmes.baseline, activity])
    peak = np.full(programmes.shape, -np.inf)
    for back in range(1, min(programmes.shape[1], programmes.release_years.max(initial=0)) + 1):
        mine = programmes.release_years >= back
        before = done[mine, : programmes.shape[1] + 1 - back]
        peak[mine, back - 1 :] = np.maximum(peak[mine, back - 1 :], before)
    drop = np.maximum(peak - activity, 0.0)
    return programmes.fixed_share[:, None] * programmes.price * drop


def _surcharge(
    programmes: Programmes, activity: Floats, unit_cost: Change, yearly: Floats
) -> Floats:
    """Cost of activity beyond its plain unit cost; may be negative."""
    rows = programmes.rows
    over = np.fmax(activity - rows["cost_threshold"][:, None], 0.0)
    dearer = programmes.price * (rows["cost_above"][:, None] - 1.0) * over
    return dearer + _unit_cost_change(programmes, unit_cost) * activity + yearly


def _unit_cost_change(programmes: Programmes, unit_cost: Change) -> Floats:
    """What options add to the cost of a unit of activity."""
    target, value = unit_cost.target, unit_cost.value[:, None]
    each = np.where(
        unit_cost.multiplies[:, None],
        programmes.price[target] * (value - 1.0),
        programmes.growth[target] * value,
    )
    change = np.zeros(programmes.shape)
    np.add.at(change, target, each * unit_cost.share)
    return change
