"""Whether a solution is a plan: read back, checked by the tables, and how good it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from allocator.arrays import Floats
from allocator.data import Data
from allocator.errors import SolverError
from allocator.evaluate import Evaluation, Round, check_bridge, evaluate
from allocator.instance.instance import Instance
from allocator.plan import Certificate
from allocator.planning.prices import Prices
from allocator.planning.readback import decisions
from allocator.planning.record import Clock
from allocator.planning.tables import price_of_money, tables
from allocator.solver.program import Program
from allocator.solver.proof.certificate import safe_bound
from allocator.solver.proof.curve_room import curve_room
from allocator.solver.stages.filled import refilled
from allocator.solver.stages.found import Stages
from allocator.tolerances import AGREEMENT, PENNY


@dataclass(frozen=True, eq=False)
class Certified:
    """A solution that was checked.

    Attributes
    ----------
    checked : Evaluation
        The plan as recomputed from the tables.
    certificate : Certificate
    tables : mapping of str to pandas.DataFrame
    verified : bool
        Whether every hard rule is kept, the bridge adds up and the claim is right.
    weak_share : float or None
    """

    checked: Evaluation
    certificate: Certificate
    tables: Mapping[str, pd.DataFrame]
    verified: bool
    weak_share: float | None


def certify(
    known: Round,
    data: Data,
    program: Program,
    stages: Stages,
    clock: Clock,
    priced: Callable[[Evaluation], Prices],
) -> Certified:
    """Read a solution back, have it checked, and say how good it is.

    Parameters
    ----------
    known : Round
        The round as the check reads it, its evidence chosen.
    data, program
        Its arrays and its programme.
    stages : Stages
        What was found.
    clock : Clock
    priced : callable
        Prices of a plan that was checked; asked for where the plan is what it claims.
    """
    if stages.plan is None or stages.reference is None:
        raise SolverError("there is no solution to read back")
    x, before = (refilled(data, program, v) for v in (stages.plan, stages.reference))
    decided, rolled = (decisions(data, program, v) for v in (x, before))
    clock.mark("readback")
    checked, reference = evaluate(known, decided), evaluate(known, rolled)
    clock.mark("verify")
    instance = known.instance
    objective = float(program.cost @ x + program.offset)
    bound, certified, curve_error = _bounds(data, program, stages, objective)
    certificate = Certificate(
        objective=objective,
        reference_objective=float(program.cost @ before + program.offset),
        bound=bound,
        certified_bound=certified,
        curve_error=curve_error,
        true_objective=checked.objective,
        root_bound=stages.root_bound,
        integer=bool(program.integer.any()),
        years=len(data.year),
        penalties=_penalties(program, x),
        reference_penalties=_penalties(program, before),
        allowed=stages.allowed,
        calm_cost=_calm_cost(stages, objective),
    )
    unseen, _ = data.rules.misjudged(data.responses)
    sound = checked.allowed and _agrees(certificate, data.responses.overstated + unseen)
    prices = priced(checked) if sound else Prices(None)
    clock.mark("prices")
    found = tables(instance, data, program, prices, checked, reference, x)
    certificate = replace(certificate, price_of_money=price_of_money(found["budgets"]))
    penny = PENNY / instance.settings.money_scale
    adds_up = not check_bridge(found["bridge"], checked.budgets, penny)
    weak = weak_share(instance, checked, reference, found["limits"])
    clock.mark("readback")
    return Certified(checked, certificate, found, sound and adds_up, weak)


def _penalties(program: Program, x: Floats) -> float:
    """What soft rules that are missed take off the objective."""
    blocks = [b for name in ("short", "over") if (b := program.block(name)) is not None]
    return sum((-float(program.cost[b.span] @ x[b.span]) for b in blocks), 0.0)


def _calm_cost(stages: Stages, objective: float) -> float:
    """What was given up of the best objective to move fewer pounds."""
    best = None if stages.best is None else stages.best.objective
    return 0.0 if best is None else max(0.0, best - objective)


def _bounds(
    data: Data, program: Program, stages: Stages, objective: float
) -> tuple[float | None, float | None, float]:
    """The solver's bound, the one that follows from the duals, and what curves may add."""
    _, spared = data.rules.misjudged(data.responses)
    room, best = data.responses.curve_error + spared, stages.best
    if program.integer.any():
        # Rounding may put a plan a hair above the solver's own bound.
        return None if stages.bound is None else max(stages.bound, objective), None, room
    if best is None or stages.best_program is None:
        return None, None, room
    if best.row_dual is None:
        return best.objective, None, room
    safe = safe_bound(stages.best_program, best.row_dual)
    room = min(room, curve_room(data, stages.best_program, best.row_dual))
    return best.objective, safe if np.isfinite(safe) else None, room


def _agrees(certificate: Certificate, overstated: float) -> bool:
    """Whether the checker's objective lies between the claim and what is possible.

    Parameters
    ----------
    certificate : Certificate
    overstated : float
        What the chords may claim and the curves do not give, penalties of soft rules that rest
        on them included.
    """
    if certificate.objective is None or certificate.true_objective is None:
        return False
    room = AGREEMENT * max(1.0, abs(certificate.objective))
    most = certificate.objective
    if certificate.best_bound is not None:
        most = max(most, certificate.best_bound)
    return (
        certificate.objective - overstated - room
        <= certificate.true_objective
        <= most + certificate.curve_error + room
    )


def weak_share(
    instance: Instance, checked: Evaluation, reference: Evaluation, binding: pd.DataFrame
) -> float | None:
    """Share of the change in value that rests on weak evidence or on assumed limits.

    Parameters
    ----------
    instance : Instance
    checked, reference : Evaluation
        The plan and the reference plan as recomputed from the tables.
    binding : pandas.DataFrame
        The plan's ``limits``: programme-years whose own limits bind.

    Returns
    -------
    float or None
        Sum over programmes, outcomes and years of |change in value| where the response is
        graded C, D or not at all, or a binding limit of the programme is only assumed, over
        the same sum everywhere; None when nothing changes.
    """
    keys = ["programme", "outcome"]
    graded = instance.responses[[*keys, "evidence"]]
    both = checked.by_programme.merge(
        reference.by_programme, on=[*keys, "year"], suffixes=("", "_before")
    ).merge(graded, on=keys, how="left")
    change = (both["value"] - both["value_before"]).abs()
    total = float(change.sum())
    if total <= 0.0:
        return None
    assumed = set(instance.limits.loc[instance.limits["status"] == "assumed", "programme"])
    binding = binding[binding["price"] > 0.0]
    bound = {
        (programme, year)
        for programme, year in zip(binding["programme"], binding["year"], strict=True)
        if programme in assumed
    }
    held_back = [pair in bound for pair in zip(both["programme"], both["year"], strict=True)]
    weak = ~both["evidence"].isin(["A", "B"]).to_numpy() | np.array(held_back, dtype=bool)
    return float(change.to_numpy()[weak].sum()) / total
