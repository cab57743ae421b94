"""The table of contracts: what each pays, and where it stands."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.arrays import Ints
from allocator.evaluate import frames
from allocator.evaluate.payments import Payments, reached
from allocator.evaluate.tables import Names
from allocator.evaluate.tolerances import SAME


def contract_frame(payments: Payments, pools: Names, years: Ints) -> pd.DataFrame:
    """Contracts by year, as :attr:`Evaluation.contracts` describes."""
    contracts = payments.contracts
    states = [_state(payments, c, t) for c, t in np.ndindex(payments.cost.shape)]
    return frames.by_year(
        {"contract": contracts.names.array},
        years,
        {
            "type": contracts.kind,
            "provider": contracts.provider,
            "pool": pools.array[contracts.pool],
            "payment": payments.payment,
            "pool_payment": payments.pool_payment,
            "cost": payments.cost,
            "value": payments.value,
            "fixed": payments.fixed,
            "stranded": payments.stranded,
            "state": np.array(states, dtype=object).reshape(payments.cost.shape),
            "ended": contracts.ended,
            "suspended": contracts.suspended,
            "exit_fee": contracts.exit_fees,
        },
    )


def _state(payments: Payments, c: int, t: int) -> str:
    """Where a contract stands in a year, in a few words."""
    contracts = payments.contracts
    column = {name: figures[c, t] for name, figures in contracts.columns.items()}
    kind = contracts.kind[c, t]
    if contracts.ended[c, t] or contracts.suspended[c, t]:
        return "ended" if contracts.ended[c, t] else "suspended"
    if not contracts.replaces[c, t] or kind == "cost":
        state = "at cost"
    elif kind == "block":
        until = contracts.fixed_until[c, t]
        label = contracts.settings.year_label
        fixed = "fixed" if np.isnan(until) else f"fixed until {label(int(until))}"
        state = "rebased" if contracts.rebased[c, t] else fixed
    else:
        state = _followed(payments, kind, column, c, t)
    for limit, said in (("min_income", "least"), ("max_income", "most")):
        if contracts.replaces[c, t] and payments.payment[c, t] == column[limit]:
            return f"{state}, at its {said} income"
    return state


def _followed(payments: Payments, kind: str, column: dict[str, float], c: int, t: int) -> str:
    """Which side of its break point a payment that follows activity or cost stands on."""
    value, cost = payments.value[c, t], payments.cost[c, t]
    if kind == "activity":
        return "above its threshold" if _over(value, column["threshold"]) else "by activity"
    if kind == "cost_and_volume":
        return "above its volume" if _over(value, column["volume"]) else "within its volume"
    if kind == "outcome":
        if np.isnan(column["bonus_threshold"]):
            return "with its bonus"
        met = reached(payments.achieved[c, t], payments.contracts.columns["bonus_threshold"][c, t])
        return "with its bonus and its step" if met else "with its bonus, without its step"
    if kind == "capitated":
        budget = payments.fixed[c, t]
        return _side(cost, budget, ("underspent", "on budget", "overspent"))
    words_for = ("below its baseline", "at its baseline", "above its baseline")
    return _side(value, payments.baseline[c, t], words_for)


def _over(value: float, limit: float) -> bool:
    """Whether a figure is above a limit by more than rounding; a limit that is NaN is none."""
    return bool(value - limit > SAME * abs(limit))


def _side(value: float, middle: float, said: tuple[str, str, str]) -> str:
    """Words for a figure below, at or above another."""
    return said[int(_over(value, middle)) - int(_over(middle, value)) + 1]
