"""Which figures a plan believes: low, central or high, shrunk towards a reference."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.tables.schema import GRADES

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
    responses = instance.responses.copy()
    effects = instance.effects.copy()
    options = instance.option_effects.copy()
    points = instance.response_points
    if instance.settings.shrink_outcome:
        responses = _shrunk(instance, responses)
    if case != "central":
        for table, columns in ((responses, ("per_unit", "maximum")), (effects, ("per_unit",))):
            for column in columns:
                given = table[case].notna() & table[column].notna()
                further = np.fmin if case == "low" else np.fmax
                table[column] = table[column].where(~given, further(table[case], table[column]))
        # Either way round: the low case of a cut in demand is the higher figure.
        options["value"] = options[case].where(options[case].notna(), options["value"])
    tables = dict(instance.tables) | {
        "responses": responses,
        "effects": effects,
        "response_points": points,
        "option_effects": options,
    }
    settings = dataclasses.replace(instance.settings, evidence=case)
    return dataclasses.replace(instance, settings=settings, tables=tables)


def _shrunk(instance: Instance, responses: pd.DataFrame) -> pd.DataFrame:
    """Responses of the named outcome with figures drawn towards the reference cost."""
    settings = instance.settings
    cost = instance.programmes.set_index("programme")["unit_cost"]
    own = responses["programme"].map(cost).to_numpy(dtype=float)
    weight = dict(zip((*GRADES[1:], ""), settings.shrink_weights, strict=True))
    w = responses["evidence"].map(weight).to_numpy(dtype=float)
    mine = (
        (responses["outcome"] == settings.shrink_outcome)
        & responses["shape"].isin(["linear", "power"])
        & (responses["per_unit"] > 0)
    ).to_numpy()
    figure = responses["per_unit"].to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        shrunk = own / np.exp(w * np.log(own / figure) + (1.0 - w) * np.log(settings.shrink_cost))
    responses["per_unit"] = np.where(mine, shrunk, figure)
    return responses
