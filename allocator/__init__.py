"""Allocates a care system's fixed budget across sectors, and proves the plan is the best.

>>> import allocator
>>> instance = allocator.read("instances/avonside")
>>> plan = allocator.solve(instance)
>>> plan.allocation

Names are imported when first used, so ``import allocator`` costs nothing. The command line has
verbs and options of the same names.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from allocator.errors import (
        AllocatorError,
        InstanceError,
        Problem,
        SolverError,
        UsageError,
        VerificationError,
    )
    from allocator.evaluate import Evaluation
    from allocator.instance.instance import Instance, read
    from allocator.instance.tables.settings import Settings
    from allocator.library import evaluate, read_plan, write
    from allocator.plan import Certificate, Plan, Shortfall
    from allocator.planning.compare import Comparison, compare
    from allocator.planning.conflicts.refused import shortfall
    from allocator.planning.differences import PlanDifference, compare_plans
    from allocator.planning.drafts import complete_draft
    from allocator.planning.export import Exported, export
    from allocator.planning.listing import Built, build
    from allocator.planning.rolling import roll_forward
    from allocator.planning.solve import solve
    from allocator.planning.worth import DecisionWorth, decision_worth

__version__ = "0.1.0"

_HOMES = {
    "AllocatorError": "allocator.errors",
    "Built": "allocator.planning.listing",
    "Certificate": "allocator.plan",
    "Comparison": "allocator.planning.compare",
    "DecisionWorth": "allocator.planning.worth",
    "Evaluation": "allocator.evaluate",
    "Exported": "allocator.planning.export",
    "Instance": "allocator.instance.instance",
    "InstanceError": "allocator.errors",
    "Plan": "allocator.plan",
    "PlanDifference": "allocator.planning.differences",
    "Problem": "allocator.errors",
    "Settings": "allocator.instance.tables.settings",
    "Shortfall": "allocator.plan",
    "SolverError": "allocator.errors",
    "UsageError": "allocator.errors",
    "VerificationError": "allocator.errors",
    "build": "allocator.planning.listing",
    "compare": "allocator.planning.compare",
    "compare_plans": "allocator.planning.differences",
    "complete_draft": "allocator.planning.drafts",
    "decision_worth": "allocator.planning.worth",
    "evaluate": "allocator.library",
    "export": "allocator.planning.export",
    "read": "allocator.instance.instance",
    "read_plan": "allocator.library",
    "roll_forward": "allocator.planning.rolling",
    "shortfall": "allocator.planning.conflicts.refused",
    "solve": "allocator.planning.solve",
    "write": "allocator.library",
}
"""Where each public name lives."""

__all__ = [
    "AllocatorError",
    "Built",
    "Certificate",
    "Comparison",
    "DecisionWorth",
    "Evaluation",
    "Exported",
    "Instance",
    "InstanceError",
    "Plan",
    "PlanDifference",
    "Problem",
    "Settings",
    "Shortfall",
    "SolverError",
    "UsageError",
    "VerificationError",
    "__version__",
    "build",
    "compare",
    "compare_plans",
    "complete_draft",
    "decision_worth",
    "evaluate",
    "export",
    "read",
    "read_plan",
    "roll_forward",
    "shortfall",
    "solve",
    "write",
]


class _Package(ModuleType):
    """Keeps ``allocator.evaluate`` the function when the room of that name is imported.

    Importing a submodule binds it in its package under its own name, which would turn
    ``allocator.evaluate(instance, plan)`` into a call of a module. Like any other module it is
    pickled by name, also by those who look for its class.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return import_module, (self.__name__,)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value
    hint = ""
    if not name.startswith("_"):
        from allocator.words import Suggester

        guess = Suggester(_HOMES)(name)
        hint = guess and f"; {guess}"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")


def __dir__() -> list[str]:
    return sorted({*__all__, "__doc__", "__file__", "__name__", "__path__"})


sys.modules[__name__].__class__ = _Package
