"""Which figures a plan believes: low, central or high, shrunk towards a reference."""

from __future__ import annotations

import dataclasses

import numpy as np

from allocator.arrays import Floats
from allocator.instance.instance import Instance
from allocator.instance.tables.rows import Rows
from allocator.instance.tables.vocabulary import GRADES

CASES = ("low", "central", "high")


def with_evidence(instance: Instance, case: str = "central") -> Instance:
    """Instance with the figures of one evidence case in place of the ones as written.

    A response's low and high figure stands for its ``per_unit`` (linear, power) or
    ``maximum`` (saturating, logistic), an effect's for its ``per_unit``; where a row gives
    none, the central figure stays. Those of an option's effect stand for its value; they are
    not shrunk. When the instance names an outcome to shrink, the
    central figures of its linear and power responses are then drawn towards the reference
    cost per unit by grade, in logarithms:
    ``log cost = w log(own cost) + (1 - w) log(reference)``. A low figure is then never above
    the central one, nor a high figure below it.

    Parameters
    ----------
    instance : Instance
        An instance as written; one whose case has been chosen already is returned as it is.
    case : {'low', 'central', 'high'}

    Returns
    -------
    Instance
        Carries the case in ``settings.evidence``.
    """
    if instance.settings.evidence:
        return instance
    if case not in CASES:
        raise ValueError(f"evidence {case!r} is not one of {', '.join(CASES)}")
    rows = dict(instance.rows)
    if instance.settings.shrink_outcome:
        rows["responses"] = _shrunk(instance)
    if case != "central":
        for name, column in (
            ("responses", "per_unit"),
            ("responses", "maximum"),
            ("effects", "per_unit"),
        ):
            rows[name] = _believed(rows[name], column, case)
        # Either way round: the low case of a cut in demand is the higher figure.
        effects = rows["option_effects"]
        given = np.where(np.isnan(effects[case]), effects["value"], effects[case])
        rows["option_effects"] = effects.put(value=given)
    settings = dataclasses.replace(instance.settings, evidence=case)
    return instance.believing(settings, rows)


def _believed(rows: Rows, column: str, case: str) -> Rows:
    """Rows with the case's figure where it is given and lies further out than the central one."""
    central, other = rows[column], rows[case]
    further = np.minimum if case == "low" else np.maximum
    given = ~np.isnan(central) & ~np.isnan(other)
    return rows.put(**{column: np.where(given, further(central, other), central)})


def _shrunk(instance: Instance) -> Rows:
    """Responses of the named outcome with figures drawn towards the reference cost."""
    settings, rows = instance.settings, instance.rows["responses"]
    cost = dict(instance.rows["programmes"].tuples(("programme", "unit_cost")))
    weight = dict(zip((*GRADES[1:], ""), settings.shrink_weights, strict=True))
    own = np.array([cost[name] for name in rows["programme"].tolist()])
    w = np.array([weight[grade] for grade in rows["evidence"].tolist()])
    figure: Floats = rows["per_unit"]
    mine = (
        (rows["outcome"] == settings.shrink_outcome)
        & np.isin(rows["shape"], ("linear", "power"))
        & (figure > 0)
        & (own > 0)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        shrunk = own / np.exp(w * np.log(own / figure) + (1.0 - w) * np.log(settings.shrink_cost))
    return rows.put(per_unit=np.where(mine, shrunk, figure))
