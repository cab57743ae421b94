"""What contracts pay for what a plan does, and whether it is covered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Flags, Floats
from allocator.evaluate.contracts import Contracts, check_ends
from allocator.evaluate.findings import Findings, Subject
from allocator.evaluate.outcomes import Outcomes
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.spending import Spending
from allocator.evaluate.tolerances import REACHED


@dataclass(frozen=True)
class Payments:
    """What contracts come to; arrays of shape (contract, year).

    Attributes
    ----------
    contracts : Contracts
        The contracts as the plan leaves them.
    cost, stranded : numpy.ndarray
        Cost of the activity with stranded cost, and the stranded part.
    value, baseline : numpy.ndarray
        Activity at tariff, and what the baseline would be.
    fixed : numpy.ndarray
        The fixed part or the budget; NaN where a contract has none.
    achieved : numpy.ndarray
        Outcome that earns a bonus.
    payment, pool_payment : numpy.ndarray
        What the provider is paid, and what the pool pays with the overhead.
    """

    contracts: Contracts
    cost: Floats
    stranded: Floats
    value: Floats
    baseline: Floats
    fixed: Floats
    achieved: Floats
    payment: Floats
    pool_payment: Floats


def pay(
    contracts: Contracts,
    programmes: Programmes,
    activity: Floats,
    spending: Spending,
    outcomes: Outcomes,
) -> Payments:
    """Payment of every contract, by its type.

    Parameters
    ----------
    contracts, programmes : Contracts, Programmes
        The round.
    activity : numpy.ndarray
        Shape (programme, year).
    spending : Spending
        What it costs.
    outcomes : Outcomes
        Outcomes of the plan, for those that earn a bonus.
    """
    c, kind = contracts.columns, contracts.kind
    value = contracts.total(programmes.tariff * activity)
    baseline = contracts.total(programmes.tariff * programmes.baseline[:, None])
    late = contracts.total(spending.stranded)
    cost = contracts.total(spending.running) + late
    budget = c["per_head"] * contracts.heads
    achieved = _achieved(contracts, outcomes)
    step = np.where(reached(achieved, c["bonus_threshold"]), c["bonus_step"], 0.0)
    paid = {
        "cost": cost,
        "block": np.where(contracts.rebased, value, c["fixed"]),
        "activity": _marginal(value, c["threshold"], c["marginal_rate"]),
        "cost_and_volume": c["fixed"] + c["up_rate"] * np.maximum(value - c["volume"], 0.0),
        "aligned": c["fixed"]
        + c["up_rate"] * np.maximum(value - baseline, 0.0)
        - c["down_rate"] * np.maximum(baseline - value, 0.0),
        "capitated": budget
        - _capped(c["gain_share"] * np.maximum(budget - cost, 0.0), c["gain_cap"])
        + _capped(c["loss_share"] * np.maximum(cost - budget, 0.0), c["loss_cap"]),
        "outcome": c["fixed"] + c["bonus"] * achieved + step,
    }
    payment = np.select([kind == k for k in paid], list(paid.values()), np.nan)
    limited = _capped(np.fmax(payment, c["min_income"]), c["max_income"])
    payment = np.where(contracts.replaces, limited, cost)
    unfixed = (kind == "cost") | (kind == "activity") | contracts.rebased
    fixed = np.where(unfixed, np.nan, c["fixed"])
    return Payments(
        contracts=contracts,
        cost=cost,
        stranded=late,
        value=value,
        baseline=baseline,
        fixed=np.where(kind == "capitated", budget, fixed),
        achieved=achieved,
        payment=payment,
        pool_payment=payment * (1.0 + c["overhead"]),
    )


def reached(figures: Floats, threshold: Floats, terms: Floats | float = 0.0) -> Flags:
    """Whether figures come up to a threshold, given what rounding may take; NaN is none.

    Parameters
    ----------
    figures, threshold : numpy.ndarray
        Of the same shape.
    terms : numpy.ndarray
        Sizes of the terms of the figures summed.
    """
    size = np.maximum(np.maximum(1.0, np.abs(threshold)), terms)
    there: Flags = figures >= threshold - REACHED * size
    return there


def _capped(figures: Floats, cap: Floats) -> Floats:
    """Figures up to a cap; a cap that is blank is none."""
    capped: Floats = np.fmin(figures, cap)
    return capped


def _marginal(value: Floats, threshold: Floats, rate: Floats) -> Floats:
    """Value up to a threshold and a rate of it above; a blank threshold is none."""
    above = np.maximum(np.nan_to_num(value - threshold), 0.0)
    return value - (1.0 - rate) * above


def _achieved(contracts: Contracts, outcomes: Outcomes) -> Floats:
    """Outcome that earns a bonus, by contract and year."""
    achieved = np.zeros(contracts.bonus_outcome.shape)
    for k in np.unique(contracts.bonus_outcome[contracts.bonus_outcome >= 0]).tolist():
        amount = contracts.total(outcomes.by_programme(k))
        achieved = np.where(contracts.bonus_outcome == k, amount, achieved)
    return achieved


def check_contracts(payments: Payments, findings: Findings) -> None:
    """Note activity above what a block covers, and contracts ended before they may be."""
    contracts = payments.contracts
    check_ends(contracts, findings)
    ceiling = contracts.columns["ceiling"]
    covers = (contracts.kind == "block") & ~contracts.rebased & ~np.isnan(ceiling)
    findings.add(
        "contract",
        Subject("Contract", contracts.names.all, contracts.settings),
        "covers activity worth {limit} at tariff; {value} is planned, {off} above its ceiling",
        value=payments.value,
        limit=np.where(covers, ceiling, np.inf),
        most=True,
        terms=payments.value,
        money=np.where(covers, ceiling, 0.0),
        natural=payments.value.max(axis=1, initial=0.0)[:, None],
    )
