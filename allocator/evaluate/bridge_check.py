"""Whether a bridge adds up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.evaluate.tables import Names, summed
from allocator.evaluate.tolerances import ADDING_UP, PENNY


def check_bridge(frame: pd.DataFrame, budgets: pd.DataFrame, penny: float = PENNY) -> list[str]:
    """What does not add up in a bridge, in words; empty when all does.

    Parameters
    ----------
    frame : pandas.DataFrame
        As :func:`bridge` gives it.
    budgets : pandas.DataFrame
        :attr:`Evaluation.budgets` of the plan it explains.
    penny : float
        Money, in the instance's unit, by which two figures may differ.

    Returns
    -------
    list of str
        A sentence for every pool, sector and year whose steps do not come to its plan, and
        for every pool and year whose plan is not what the pool pays.
    """
    last = (frame["step"] == "plan").to_numpy()
    amount = frame["amount"].to_numpy()
    rows = _rows(frame, ("pool", "sector", "year", "recurrent", "capital"))
    names = Names(sorted(set(rows)))
    code = names.find(rows)
    steps = np.bincount(code, np.where(last, 0.0, amount), len(names))
    plan = np.bincount(code, np.where(last, amount, 0.0), len(names))
    room = np.maximum(penny, ADDING_UP * np.bincount(code, np.abs(amount), len(names)))
    problems = []
    for line in np.flatnonzero(np.abs(steps - plan) > room).tolist():
        pool, sector, year, lasting, capital = names.all[line]
        problems.append(
            f"Pool '{pool}', sector '{sector}', {year}: "
            f"{'recurrent' if lasting else 'capital' if capital else 'one-off'} steps come to "
            f"{steps[line]:,.2f} and the plan is {plan[line]:,.2f}."
        )
    return [*problems, *_check_pools(frame[last], budgets, penny)]


def _check_pools(plan: pd.DataFrame, budgets: pd.DataFrame, penny: float) -> list[str]:
    """Pools and years whose plan is not what the pool pays less what it gains."""
    names = Names(_rows(budgets, ("pool", "year")))
    code = names.find(_rows(plan, ("pool", "year")))
    uses = ("spend", "capital_spend", "adjustments", "extra_cost", "option_cost", "exit_fees")
    pays = budgets[list(uses)].to_numpy().sum(axis=1)
    income, incomes, withheld, recurrent_spend, handed = (
        budgets[c].to_numpy()
        for c in ("option_income", "incomes", "held_back", "recurrent_spend", "transfers_out")
    )
    pays = pays - (income + incomes - withheld)
    lasting = recurrent_spend - handed - income
    amount, recurrent = plan["amount"].to_numpy(), plan["recurrent"].to_numpy()
    room = np.maximum(penny, ADDING_UP * np.abs(pays))
    problems = []
    for said, figures, counted in (
        ("pays", pays, amount),
        ("pays every year", lasting, np.where(recurrent, amount, 0.0)),
    ):
        total = summed(code, counted, len(names))
        problems += [
            f"Pool '{names.all[line][0]}', {names.all[line][1]}: the bridge comes to "
            f"{total[line]:,.2f} and the pool {said} {figures[line]:,.2f}."
            for line in np.flatnonzero(np.abs(total - figures) > room).tolist()
        ]
    return problems


def _rows(frame: pd.DataFrame, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """What rows of a table are about."""
    return list(zip(*(frame[c].tolist() for c in columns), strict=True))
