"""Allocates a care system's fixed budget across sectors, and proves the plan is the best.

>>> import allocator
>>> instance = allocator.read("instances/avonside")
>>> plan = allocator.solve(instance)
>>> plan.allocation

Names are imported when first used, so ``import allocator`` costs nothing.
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
    from allocator.evaluate import Evaluation, evaluate
    from allocator.instance.instance import Instance, read, write
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Certificate, Plan
    from allocator.planning.compare import Comparison, compare
    from allocator.planning.differences import PlanDifference, compare_plans
    from allocator.planning.drafts import complete_draft
    from allocator.planning.export import export
    from allocator.planning.rolling import roll_forward
    from allocator.planning.solve import solve
    from allocator.planning.worth import DecisionWorth, decision_worth

__version__ = "0.1.0"

__all__ = [
    "AllocatorError",
    "Certificate",
    "Comparison",
    "DecisionWorth",
    "Evaluation",
    "Instance",
    "InstanceError",
    "Plan",
    "PlanDifference",
    "Problem",
    "Settings",
    "SolverError",
    "UsageError",
    "VerificationError",
    "__version__",
    "compare",
    "compare_plans",
    "complete_draft",
    "decision_worth",
    "evaluate",
    "export",
    "read",
    "roll_forward",
    "solve",
    "write",
]

_HOMES = {
    "AllocatorError": "allocator.errors",
    "Certificate": "allocator.plan",
    "Comparison": "allocator.planning.compare",
    "DecisionWorth": "allocator.planning.worth",
    "Evaluation": "allocator.evaluate",
    "Instance": "allocator.instance.instance",
    "InstanceError": "allocator.errors",
    "Plan": "allocator.plan",
    "PlanDifference": "allocator.planning.differences",
    "Problem": "allocator.errors",
    "Settings": "allocator.instance.tables.settings",
    "SolverError": "allocator.errors",
    "UsageError": "allocator.errors",
    "VerificationError": "allocator.errors",
    "compare": "allocator.planning.compare",
    "compare_plans": "allocator.planning.differences",
    "complete_draft": "allocator.planning.drafts",
    "decision_worth": "allocator.planning.worth",
    "evaluate": "allocator.evaluate",
    "export": "allocator.planning.export",
    "read": "allocator.instance.instance",
    "roll_forward": "allocator.planning.rolling",
    "solve": "allocator.planning.solve",
    "write": "allocator.instance.instance",
}


class _Package(ModuleType):
    """Keeps ``allocator.solve`` the function when the module of that name is imported.

    Importing a submodule binds it in its package under its own name, which would turn
    ``allocator.solve(instance)`` into a call of a module.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, ModuleType) and _HOMES.get(name) == value.__name__:
            value = getattr(value, name)
        super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


sys.modules[__name__].__class__ = _Package
