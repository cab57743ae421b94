"""What outcomes, unmet need and need avoided after the plan are worth in the objective."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Floats, Ints
from allocator.data.axes import Axes
from allocator.data.demand import Demand
from allocator.data.equity import Equity
from allocator.instance.instance import Instance


def worth(instance: Instance, outcome: Ints, arrives: Ints) -> Floats:
    """Objective per unit of some outcomes by the year they arrive in: weight and discount."""
    outcomes, factor = instance.rows["outcomes"], 1.0 / (1.0 + instance.settings.discount_rate)
    fall = np.where(outcomes["discounted"][outcome], factor**arrives, 1.0)
    value: Floats = outcomes["weight"][outcome] * fall
    return value


def read_harm_value(instance: Instance, demand: Demand, equity: Equity) -> Floats:
    """Objective lost per unit of unmet need, following the rows of `demand`."""
    i, t = demand.rows.columns
    each = worth(instance, demand.harm_outcome, t) * equity.weight[i]
    return np.where(demand.harm_outcome >= 0, demand.harm * each, 0.0)


def read_tail(instance: Instance, axes: Axes) -> Floats:
    """Objective per unit of activity above baseline for need avoided after the plan.

    Returns
    -------
    ndarray, shape (programmes, years)
    """
    settings, effects = instance.settings, instance.facts.effects
    years = len(axes.year)
    out = np.zeros((len(axes.programme), years))
    if not settings.tail_years or not settings.saving_value or not len(effects.source):
        return out
    released = 1.0 - instance.rows["programmes"]["fixed_share"][effects.target]
    price = instance.facts.prices.unit_cost[effects.target, -1]
    saved = settings.saving_value * price * released
    after = np.arange(1, settings.tail_years + 1)
    discount = (1.0 + settings.discount_rate) ** -(years - 1.0 + after)
    for s in range(years):
        lasting = effects.after(years - 1 - s + after)
        np.add.at(out[:, s], effects.source, saved * (lasting @ discount))
    return out
