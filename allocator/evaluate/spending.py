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


def activity_bought(
    programmes: Programmes, stated: tuple[Floats, Floats], unit_cost: Change, yearly: Floats
) -> Floats:
    """Activity of a plan that says for some programmes and years what is spent instead.

    What is spent is all of it: at the price of the year, beyond the plain unit cost, and what
    is stranded after activity of earlier years. Where several amounts of activity cost the
    same, the largest is meant; where even doing nothing costs more, nothing is done, and where
    a service costs nothing, as much as in the base year.

    Parameters
    ----------
    programmes : Programmes
    stated : tuple of numpy.ndarray
        Activity, NaN where it is not stated, and what is spent there; shape (programme, year).
    unit_cost, yearly
        As for :func:`work_out_spending`.
    """
    activity, spend = stated[0].copy(), stated[1]
    change = _unit_cost_change(programmes, unit_cost)
    rows, price = programmes.rows, programmes.price
    done = np.column_stack([programmes.baseline, activity])
    for n, t in zip(*(at.tolist() for at in np.nonzero(np.isnan(activity.T))[::-1]), strict=True):
        back = min(int(programmes.release_years[n]), t + 1)
        before = done[n, t + 1 - back : t + 1]
        peak = float(before.max()) if back else 0.0
        slope = price[n, t] + change[n, t]
        fixed = programmes.fixed_share[n] * price[n, t] if back else 0.0
        bend = float(rows["cost_threshold"][n])
        dearer = (float(rows["cost_above"][n]) - 1.0) * price[n, t] if bend == bend else 0.0
        pieces = ((0.0, slope - fixed), (peak, fixed), (bend if bend == bend else 0.0, dearer))
        left = float(spend[n, t] - yearly[n, t]) - fixed * peak
        bought = _reached(left, pieces)
        activity[n, t] = programmes.baseline[n] if bought is None else bought
        done[n, t + 1] = activity[n, t]
    return activity


def _reached(money: float, pieces: tuple[tuple[float, float], ...]) -> float | None:
    """Where a cost of straight pieces comes to `money`; None where nothing costs anything.

    Parameters
    ----------
    money : float
        To be spent beyond what nothing costs.
    pieces : tuple of (float, float)
        Activity from which a slope is added.
    """
    slope, at, cost = 0.0, 0.0, 0.0
    ordered = sorted(pieces)
    for place, (begin, steeper) in enumerate(ordered):
        slope += steeper
        end = ordered[place + 1][0] if place + 1 < len(ordered) else float("inf")
        if slope > 0 and cost + slope * (end - begin) > money:
            return max(0.0, begin + (money - cost) / slope)
        if end < float("inf"):
            cost += slope * (end - begin)
        at = end
    return None if at == float("inf") else at
