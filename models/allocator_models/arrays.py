"""Pyomo components backed by arrays.

They read like Pyomo's own inside a rule and cost nothing until somebody expands them:
members and values stay in arrays, and a constraint keeps its rule, which the compiler
records once as a template and evaluates for all rows together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from pyomo.core.base.constraint import IndexedConstraint
from pyomo.core.base.global_set import UnindexedComponent_index
from pyomo.core.base.initializer import IndexedCallInitializer
from pyomo.core.base.objective import ScalarObjective
from pyomo.core.base.set import Any as AnyDomain
from pyomo.core.base.set import FiniteScalarSet, _FiniteSetMixin
from pyomo.core.base.var import IndexedVar
from pyomo.core.expr.template_expr import (
    IndexTemplate,
    NPV_Numeric_GetItemExpression,
    Numeric_GetItemExpression,
)

from allocator.data import Grouped, Index, LookupMiss


class _Members:
    """Members of an index, made into labels only when somebody iterates."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def __len__(self) -> int:
        return len(self.index)

    def __iter__(self) -> Iterator[Any]:
        return self.index.members()

    def __contains__(self, member: Any) -> bool:
        return self.index.position(member) >= 0


class ArraySet(FiniteScalarSet):
    """A Pyomo set over an :class:`~allocator.data.Index`."""

    _constructed: bool

    def __init__(self, index: Index, **keywords: Any) -> None:
        self.array_index = index
        self._values = _Members(index)
        super().__init__(**keywords)

    def construct(self, data: Any = None) -> None:
        """Mark as constructed; there is nothing to fill."""
        if not self._constructed:
            self._constructed = True
            self._index = UnindexedComponent_index
            self._domain = AnyDomain
            self._dimen = self.array_index.dimen
            self._data[None] = self


def _is_template(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, IndexTemplate) for part in parts)


class ArrayParam:
    """Numbers over an :class:`ArraySet`.

    Parameters
    ----------
    index_set : ArraySet
        What the numbers are indexed by.
    values : array_like of float, shape (len(index_set),)
        One finite number a member, in the set's order.
    name : str
        Name for messages.
    """

    def __init__(self, index_set: ArraySet, values: npt.ArrayLike, name: str = "param") -> None:
        self.array_index: Index = index_set.array_index
        self.array_values = np.ascontiguousarray(values, dtype=float)
        self.name = name
        if self.array_values.shape != (len(self.array_index),):
            raise ValueError(
                f"{name}: {self.array_values.shape} numbers for {len(self.array_index)} members"
            )

    def __getitem__(self, index: Any) -> Any:
        if _is_template(index):
            parts = index if isinstance(index, tuple) else (index,)
            return NPV_Numeric_GetItemExpression((self, *parts))
        at = self.array_index.position(index)
        if at < 0:
            raise LookupMiss(f"{self.name} has no {index!r}")
        return float(self.array_values[at])

    def is_expression_type(self) -> bool:
        """Pyomo asks: a leaf of an expression."""
        return False

    def to_string(self, *_: Any, **__: Any) -> str:
        """Name, for printing expressions."""
        return self.name

    def __str__(self) -> str:
        return self.name


class TemplateMembers(_FiniteSetMixin):
    """The group a template index would pick from an :class:`ArraySetOf`."""

    __slots__ = ("_dimen", "array_groups", "owner")

    def __init__(self, groups: Grouped, owner: tuple[Any, ...]) -> None:
        self.array_groups = groups
        self.owner = owner
        self._dimen = len(groups.rest)

    @property
    def dimen(self) -> int:
        """Coordinates of a member."""
        return self._dimen

    def is_expression_type(self) -> bool:
        """Pyomo asks: not an expression, so its dimen is read as it stands."""
        return False

    def to_string(self, *_: Any, **__: Any) -> str:
        """Text, for printing expressions."""
        return str(self)

    def __str__(self) -> str:
        return f"members[{', '.join(str(part) for part in self.owner)}]"


class ArraySetOf:
    """A set for each member of a parent set: ``for n in m.segments_of[i, t]``.

    Parameters
    ----------
    groups : Grouped
        The cut index; a member has the coordinates of the whole that do not name its owner.
    """

    def __init__(self, groups: Grouped) -> None:
        self.groups = groups

    def __getitem__(self, index: Any) -> Any:
        if _is_template(index):
            return TemplateMembers(self.groups, index if isinstance(index, tuple) else (index,))
        return self.groups.members(index)


def _called(rule: Any) -> Any:
    """A rule of model and index, as Pyomo keeps it.

    Pyomo would find out by inspection that it takes an index, which costs more than the rest of
    making a component.
    """
    return IndexedCallInitializer(rule) if callable(rule) else rule


class ArrayVar(IndexedVar):
    """Variables over an :class:`ArraySet`, each made only when somebody asks for it."""

    def __init__(self, index_set: ArraySet, *, bounds: Any = None, **keywords: Any) -> None:
        super().__init__(index_set, dense=False, bounds=_called(bounds), **keywords)

    def __getitem__(self, index: Any) -> Any:
        if _is_template(index):  # what Pyomo would find out by walking the index
            parts = index if isinstance(index, tuple) else (index,)
            return Numeric_GetItemExpression((self, *parts))
        return super().__getitem__(index)

    @property
    def array_made(self) -> list[Any]:
        """The variables somebody has asked for."""
        return list(self._data.values())


class ArrayConstraint(IndexedConstraint):
    """A constraint over an :class:`ArraySet` that stays a rule until :meth:`expand`."""

    def __init__(self, index_set: ArraySet, *, rule: Any, **keywords: Any) -> None:
        super().__init__(index_set, rule=_called(rule), **keywords)

    def construct(self, data: Any = None) -> None:
        """Keep the rule; rows are made by the compiler, or by :meth:`expand`."""
        self._constructed = True

    @property
    def array_rule(self) -> Any:
        """The rule to record as a template, or None once expanded."""
        return None if self._data else self._rule

    def expand(self) -> None:
        """Create every row as ordinary Pyomo does."""
        if not self._data:
            self._constructed = False
            super().construct()

    def _setitem_when_not_present(self, index: Any, value: Any = None) -> Any:
        # A pool that pays for nothing has no variables in its row, and True is no constraint.
        return None if value is True else super()._setitem_when_not_present(index, value)


class ArrayObjective(ScalarObjective):
    """An objective that stays a rule until :meth:`expand`."""

    def construct(self, data: Any = None) -> None:
        """Keep the rule; the compiler records it, or :meth:`expand` expands it."""
        self._constructed = True
        self._data = {None: self}
        self._index = UnindexedComponent_index
        self._array_expanded = False
        self.set_sense(self._init_sense(self.parent_block(), None))

    @property
    def array_rule(self) -> Any:
        """The rule to record as a template, or None once expanded."""
        return None if self._array_expanded else self.rule

    def expand(self) -> None:
        """Create the expression as ordinary Pyomo does."""
        if not self._array_expanded:
            self._constructed = False
            self._array_expanded = True
            self._data = {}
            super().construct()


def expand(model: Any) -> Any:
    """Turn every array-backed constraint and objective of `model` into ordinary Pyomo.

    Parameters
    ----------
    model : pyomo.environ.ConcreteModel
        Changed in place.

    Returns
    -------
    pyomo.environ.ConcreteModel
        The same model, ready for any of Pyomo's own compilers and solvers.
    """
    for component in model.component_objects(descend_into=True):
        if isinstance(component, (ArrayConstraint, ArrayObjective)):
            component.expand()
    return model
