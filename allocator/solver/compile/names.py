"""What the variables and constraints of a model are called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyomo.core.base.constraint import Constraint
from pyomo.core.base.var import Var


def component_names(model: Any) -> Iterator[str]:
    """Names of the variables and constraints of a model, those in its blocks too."""
    return (part.name for part in model.component_objects((Constraint, Var), descend_into=True))
