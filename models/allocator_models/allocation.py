"""The allocation model: a table of contents."""

from __future__ import annotations

import pyomo.environ as pyo

from allocator.data import Data
from allocator_models import (
    activity,
    budget,
    capacity,
    contracts,
    demand,
    funding,
    incomes,
    moves,
    objective,
    options,
    responses,
    rules,
    surcharge,
)


def build(data: Data) -> pyo.ConcreteModel:
    """Allocate a population budget across programmes and years.

    Parameters
    ----------
    data : allocator.data.Data
        The instance as arrays.

    Returns
    -------
    pyomo.environ.ConcreteModel
        A linear programme in the instance's own units: money, activity, outcomes; with
        whole-number variables only where the data need yes-or-no decisions. Rows
        stay rules until :func:`allocator_models.arrays.expand` or a compiler makes them.
    """
    m = pyo.ConcreteModel(name="allocation")
    options.declare(m, data)
    activity.declare(m, data)
    demand.declare(m, data)
    responses.declare(m, data)
    surcharge.declare(m, data)
    budget.declare(m, data)
    capacity.declare(m, data)
    contracts.declare(m, data)
    funding.declare(m, data)
    incomes.declare(m, data)
    budget.balance(m, data)
    rules.declare(m, data)
    moves.declare(m, data)
    objective.declare(m, data)
    return m
