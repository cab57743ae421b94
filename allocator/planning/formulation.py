"""From an instance to its model and its programme: which formulation, built and compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np

from allocator.data import Data, extract
from allocator.errors import UsageError
from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance
from allocator.solver.compile.compiler import compile_model
from allocator.solver.compile.names import component_names
from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from allocator.solver.stages.sequence import StagedSolve

Extra = Callable[[Any, Data], None]
"""``extra(model, data)`` adds to a Pyomo model before it is compiled."""


def build(
    instance: Instance, *, formulation: str = "allocation", extra: Extra | None = None
) -> tuple[Data, Any]:
    """Build the Pyomo model of an instance.

    Parameters
    ----------
    instance : Instance
        As written (its central figures are then used) or with an evidence case chosen.
    formulation : str
        Name in the entry-point group ``allocator.models``.
    extra : callable, optional
        ``extra(model, data)`` adds to the model before it is compiled.

    Returns
    -------
    data : Data
        The instance as arrays.
    model : pyomo.environ.ConcreteModel
        The model; its rows are still rules (see ``allocator_models.arrays.expand``).
    """
    data = extract(with_evidence(instance))
    return data, model_of(data, formulation, extra)


def model_of(data: Data, formulation: str, extra: Extra | None) -> Any:
    """Pyomo model of an instance's arrays, with what is added to it.

    Raises
    ------
    UsageError
        When no formulation of that name is installed.
    """
    model = _named(formulation)(data)
    if extra is not None:
        own = set(component_names(model))
        extra(model, data)
        model.added = tuple(name for name in component_names(model) if name not in own)
    return model


def added_to(model: Any) -> frozenset[str]:
    """Names of the variables and constraints that `extra` added to a model."""
    return frozenset(getattr(model, "added", ()))


def _named(name: str) -> Callable[[Data], Any]:
    found = metadata.entry_points(group="allocator.models")
    for entry in found:
        if entry.name == name:
            load: Callable[[Data], Any] = entry.load()
            return load
    known = ", ".join(sorted(e.name for e in found)) or "none is installed"
    raise UsageError(f"there is no formulation {name!r} (installed: {known})")


@dataclass(frozen=True, eq=False)
class Held:
    """The programme a plan is the best of, for others to solve.

    Attributes
    ----------
    program : Program
        Held programmes are kept where the reference plan has them; nothing else is settled, and
        decisions are whole numbers.
    objective : float or None
        What the best plan found is worth in it; None where there is none.
    bound : float or None
        What no plan can be worth more than, as far as it is known.
    """

    program: Program
    objective: float | None
    bound: float | None


def held_program(instance: Instance) -> Held:
    """Compile an instance with its held programmes fixed at the reference plan.

    Parameters
    ----------
    instance : Instance

    Returns
    -------
    Held
        With the programme as compiled when no reference plan exists.
    """
    data, model = build(instance)
    program = compile_model(model)
    stages = StagedSolve(Solver(program), data).run()
    found = stages.best_program
    if found is None or stages.best is None:
        return Held(program, None, None)
    whole = program.integer
    opened = found.replaced(
        integer=whole,
        col_lower=np.where(whole, program.col_lower, found.col_lower),
        col_upper=np.where(whole, program.col_upper, found.col_upper),
    )
    worth = stages.best.objective
    return Held(opened, worth, worth if stages.bound is None else stages.bound)
