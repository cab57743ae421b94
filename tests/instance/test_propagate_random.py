"""Random rounds with decisions: no plan of any decision is out of reach.

Where no check has judged them, money may not suffice and limits may cross; a collision is then
a proof that there is no plan. Where checks have, a refusal is such a proof. The judge
(``oracle_round``) tries a round whose decisions are made piece by piece, and shares nothing
with what is tested.
"""

from __future__ import annotations

import numpy as np
import pytest
from oracle_draw import Draw
from oracle_round import Built, Round
from small import UNJUDGED

from allocator.errors import InstanceError
from allocator.instance.instance import Instance

PROOFS = ("has no allowed activity", "cannot pay", "cannot hold", "covers activity of at most")
"""How a round is refused because of its bounds."""


def drawn_harder(seed: int, rng: np.random.Generator) -> Draw:
    """A random round with other money, further limits and no rules."""
    drawn = Draw(seed)
    tables, last = drawn.tables, drawn.years[-1]
    tables |= {"rules": [], "providers": []}
    for row in tables["budgets"]:
        row["amount"] *= rng.choice([0.5, 0.8, 1.0, 1.0, 1.5])
        if row["kind"] != "capital":
            row |= {"carry_max": rng.choice([0.0, 10.0]), "overdraw_max": rng.choice([0.0, 5.0])}
            row["opening"] = rng.choice([0.0, -5.0, 10.0])
    for row in tables["demand"]:
        backlog = {"opening_backlog": rng.choice([0.0, 20.0]), "carry": rng.choice([0.0, 0.5])}
        row |= backlog | {"min_met": rng.choice([0.25, 0.5, 0.9])}
    if rng.random() < 0.4:
        saving = {"item": "saving", "kind": "efficiency", "amount": 5.0, "delivery": 0.8}
        tables["adjustments"] = [saving | {"pool": "NHS", "recurrent": rng.choice(["yes", "no"])}]
    limits = {(r["programme"], r["basis"], r.get("year")): r for r in tables["limits"]}
    for (name, basis, year), row in list(limits.items()):
        if basis != "growth" and year is None and rng.random() < 0.3:
            most = row["max"] * rng.choice([0.5, 0.8])
            lower = {"year": last, "min": None, "max": most, "start_min": None}
            limits[name, basis, last] = row | lower
            growth = {"programme": name, "basis": "growth", "min": -0.2}
            limits.setdefault((name, "growth", None), growth)
    tables["limits"] = list(limits.values())
    return drawn


def judged(drawn: Draw, instance: Instance, rng: np.random.Generator) -> None:
    """Plans at either end of some decisions are within what can be reached."""
    ranges = instance.facts.ranges
    names = instance.programmes["programme"].tolist()
    round_ = Round(drawn.settings, drawn.tables)
    choices = round_.choices()
    for c in rng.permutation(len(choices))[:4].tolist():
        built = Built(round_, choices[c])
        for sign in (-1.0, 1.0):
            at = list(built.activity)[int(rng.integers(len(built.activity)))]
            aim = built.driver[at] if rng.random() < 0.3 else built.activity[at]
            found = built.program.best(aim * sign)
            if ranges.collisions or ranges.shortages:
                assert found is None
            if found is None:
                break
            for figures, low, high in (
                (built.activity, ranges.lo, ranges.hi),
                (built.driver, ranges.driver_lo, ranges.driver_hi),
            ):
                for (name, t), figure in figures.items():
                    cell, value = (names.index(name), t), figure.at(found[1])
                    room = 1e-5 * max(1.0, abs(value))
                    assert low[cell] - room <= value <= high[cell] + room, (choices[c], name, t)


@pytest.mark.parametrize("seed", range(5000, 5150))
def test_no_plan_of_any_decision_is_out_of_reach(seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = drawn_harder(seed, rng)
    with UNJUDGED:
        instance = drawn.instance()
    judged(drawn, instance, rng)


@pytest.mark.parametrize("seed", range(3000, 3020))
def test_rounds_with_rules_are_within_reach_or_refused_because_there_is_no_plan(seed: int) -> None:
    drawn = Draw(seed)
    try:
        instance = drawn.instance()
    except InstanceError as refusal:
        if not any(proof in str(refusal) for proof in PROOFS):
            raise
        assert Round(drawn.settings, drawn.tables).best() is None
        return
    judged(drawn, instance, np.random.default_rng(seed))
