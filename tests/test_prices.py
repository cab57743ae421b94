"""Prices: what a little more buys and what a little less costs, each as solved anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from anew import Moved, changed, moves, worth_anew
from small import solved

import allocator
from allocator.errors import InstanceError
from allocator.instance.instance import Instance
from allocator.plan import Plan

CASES = Path(__file__).parent / "cases"
PRICES = ["price", "price_range", "price_less", "price_less_range"]
STEP = 1e-3


def case(name: str) -> tuple[Instance, Plan]:
    instance = allocator.read(CASES / name)
    return instance, solved(instance)


def disagreements(instance: Instance, plan: Plan) -> list[str]:
    """Prices of a plan that the changed round, solved anew, does not bear out."""
    base = worth_anew(instance, plan)
    assert base is not None
    wrong = []
    for moved in moves(instance, plan):
        for way, price, reach in (
            (1.0, moved.price, moved.reach),
            (-1.0, moved.less, moved.less_reach),
        ):
            said = _said_wrong(instance, plan, moved, base, way, price, reach)
            if said:
                wrong.append(f"{instance.settings.name}: {moved.name}: {said}")
    return wrong


def _said_wrong(
    instance: Instance,
    plan: Plan,
    moved: Moved,
    base: float,
    way: float,
    price: float,
    reach: float,
) -> str:
    if np.isnan(price):
        return ""
    size = abs(reach) if np.isfinite(reach) and reach > 0 else 1.0
    room = STEP * size if np.isfinite(price) else 1e-3
    try:
        value = worth_anew(changed(instance, moved, way * room), plan)
    except InstanceError:
        value = None
    if value is None or np.isinf(price):
        return "" if value is None and np.isinf(price) else f"{way} {price}: {value} and {base}"
    got = (value - base) / room * way
    fine = abs(got - price) <= 0.05 * abs(price) + 1e-6 * max(1.0, abs(base)) / room * 1e-2
    return "" if fine else f"{way} {price} for {reach}, {got} anew"
