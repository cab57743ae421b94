"""The allocation model: a table of contents."""

from __future__ import annotations

from collections.abc import Callable

from allocator.data import Data
from allocator_models import (
    activity,
    capacity,
    capital,
    ceilings,
    demand,
    ended,
    endings,
    filling,
    funding,
    held,
    incomes,
    limits,
    moves,
    objective,
    options,
    outcomes,
    passing,
    payments,
    pools,
    positions,
    recurrent,
    responses,
    rules,
    scale,
    stranded,
    stranded_ended,
    surcharge,
    unit_costs,
)
from allocator_models.arrays import Model
from allocator_models.documented import documented

FAMILIES: tuple[Callable[[Model, Data], None], ...] = (
    # What may be done, and what it buys
    options.declare,
    activity.declare,
    limits.declare,
    scale.declare,
    demand.declare,
    responses.declare,
    outcomes.declare,
    capacity.declare,
    # What it costs
    surcharge.declare,
    unit_costs.declare,
    stranded.declare,
    # Who is paid what under contract
    payments.declare,
    endings.declare,
    ended.declare,
    filling.declare,
    ceilings.declare,
    positions.declare,
    # Who pays
    funding.declare,
    incomes.declare,
    pools.declare,
    capital.declare,
    recurrent.declare,
    passing.declare,
    # What is asked of the whole, and what it is worth
    rules.declare,
    stranded_ended.declare,
    held.declare,
    moves.declare,
    objective.declare,
)
"""Every family of variables and rows. They may stand in any order: a family's sets and numbers
come from the data, and its rules meet the variables of others only when they are compiled."""


def build(data: Data) -> Model:
    """Allocate a population budget across programmes and years.

    Parameters
    ----------
    data : allocator.data.Data
        The instance as arrays.

    Returns
    -------
    Model
        A linear programme in the instance's own units: money, activity, outcomes; with
        whole-number variables only where the data need yes-or-no decisions. Rows
        stay rules until :func:`allocator_models.arrays.expand` or a compiler makes them.
    """
    m = Model(name="allocation")
    for declare in FAMILIES:
        declare(m, data)
        documented(m, declare.__doc__ or "")
    return m
