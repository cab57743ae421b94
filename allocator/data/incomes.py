"""Conditional money: what is received only if a threshold is met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from allocator.data.contracts import Earnings
from allocator.data.index import Axis, Index
from allocator.data.rules import Measured, Terms
from allocator.data.years import by_year
from allocator.instance.instance import Instance

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Incomes:
    """Conditions and what they earn.

    Attributes
    ----------
    rows : Index
        (condition, year measured); the arrays below follow it.
    sign : ndarray
        1 where the measure must be at least the threshold, -1 where at most.
    amount : ndarray
        Money earned when all of it is.
    threshold : ndarray
        Figure to reach, times `sign`.
    span : ndarray
        How much further all of it is paid; 0 for a step.
    least : ndarray
        Least that `sign` times the measure can be.
    received : Index
        (pool, year received, condition, year measured) of what falls within the plan.
    held_back : ndarray, shape (pools, years)
        Money taken off pools whatever is earned.
    activity, unmet, outcome : Terms
        `sign` times the measure, by (condition, year) and the variable's coordinates.
    """

    rows: Index
    sign: Numbers
    amount: Numbers
    threshold: Numbers
    span: Numbers
    least: Numbers
    received: Index
    held_back: Numbers
    activity: Terms
    unmet: Terms
    outcome: Terms


def incomes(
    instance: Instance,
    axes: tuple[Axis, Axis],
    every_year: Numbers,
    measured: Measured,
    earned: Earnings,
    margin: int,
) -> Incomes:
    """Extract conditional money.

    Parameters
    ----------
    instance : Instance
    axes : tuple of Axis
        Pool and year.
    every_year : ndarray, shape (pools, years)
        Recurrent and grant money of each pool.
    measured : Measured
        Expands a measure into terms.
    earned : Earnings
        What outcomes can come to.
    margin : int
        As in :func:`allocator.data.extract`.
    """
    pool, year = axes
    years = instance.settings.years
    table = by_year(instance.incomes, ["income", "part"], years)
    both = _labels(table["income"].tolist(), table["part"].tolist())
    name = Axis("condition", tuple(dict.fromkeys(both)))
    t = table["t"].to_numpy(dtype=np.int64)
    rows = Index((name, year), [name.codes(both), t])
    places = by_year(instance.places, ["place"], years)
    heads = np.bincount(places["t"], places["heads"], len(years))
    payer = pool.codes(table["pool"].tolist())
    basis = table["basis"].to_numpy(dtype=object)
    size = np.where(
        basis == "per_head", heads[t], np.where(basis == "held_back", every_year[payer, t], 1.0)
    )
    amount = table["amount"].to_numpy(dtype=float) * table["share"].to_numpy(dtype=float) * size
    held_back = np.zeros(every_year.shape)
    off = basis == "held_back"
    np.add.at(held_back, (payer[off], t[off]), amount[off])
    activity, unmet, outcome, span, error = measured.conditions(table, rows, earned)
    sign = np.where(table["sense"] == "max", -1.0, 1.0)
    threshold = sign * table["threshold"].to_numpy(dtype=float)
    full = sign * table["full"].to_numpy(dtype=float)
    worse, better = (error[0], error[1]) if margin > 0 else (error[1], error[0])
    wrong = np.where(sign > 0, worse, better) * margin
    arrives = t + table["lag"].to_numpy(dtype=np.int64)
    inside = arrives < len(years)
    received = Index(
        (pool, year, name, year),
        [payer[inside], arrives[inside], rows.columns[0][inside], t[inside]],
    )
    return Incomes(
        rows,
        sign,
        amount,
        threshold + wrong,
        np.where(np.isnan(full), 0.0, full - threshold),
        np.where(sign > 0, span[0], -span[1]),
        received,
        held_back,
        *(_signed(terms, rows, sign) for terms in (activity, unmet, outcome)),
    )


def _labels(incomes: list[str], parts: list[str]) -> list[str]:
    """One name for each income and part, apart even where they look alike."""
    known: dict[tuple[str, str], str] = {}
    used: set[str] = set()
    for key in zip(incomes, parts, strict=True):
        if key not in known:
            label = " / ".join(x for x in key if x)
            while label in used:
                label += "'"
            known[key] = label
            used.add(label)
    return [known[key] for key in zip(incomes, parts, strict=True)]


def _signed(terms: Terms, rows: Index, sign: Numbers) -> Terms:
    """Terms times the sign of their row."""
    return Terms(terms.rows, terms.coefficient * sign[rows.positions(terms.rows.columns[:2])])
