"""Pyomo's components, backed by arrays.

They are called and read like Pyomo's own inside a rule and cost nothing until somebody expands
them: members and values stay in arrays, and a constraint keeps its rule, which the compiler
records once as a template and evaluates for all rows together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo
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

from allocator.arrays import Floats
from allocator.data import Grouped, Index, LookupMiss, Terms


class _Labels:
    """Members of an index, made into labels only when somebody iterates."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def __len__(self) -> int:
        return len(self.index)

    def __iter__(self) -> Iterator[Any]:
        return self.index.members()

    def __contains__(self, member: Any) -> bool:
        return self.index.position(member) >= 0


class Set(FiniteScalarSet):
    """A Pyomo set over an :class:`~allocator.data.Index`."""

    _constructed: bool

    def __init__(self, index: Index, **keywords: Any) -> None:
        self.array_index = index
        self._values = _Labels(index)
        super().__init__(**keywords)

    def construct(self, data: Any = None) -> None:
        """Mark as constructed; there is nothing to fill."""
        if not self._constructed:
            self._constructed = True
            self._index = UnindexedComponent_index
            self._domain = AnyDomain
            self._dimen = self.array_index.dimen
            self._data[None] = self


def _index_of(rows: Set | Index) -> Index:
    return rows.array_index if isinstance(rows, Set) else rows


def _parts(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _is_template(index: Any) -> bool:
    return any(isinstance(part, IndexTemplate) for part in _parts(index))


class Param:
    """Numbers over a set.

    Parameters
    ----------
    index : Set or Index
        What the numbers are indexed by.
    values : array_like of float
        One finite number a member, in the set's order; or an array with one dimension a
        coordinate, such as (programmes, years), from which each member takes its own.
    name : str
        Name for messages; a :class:`Model` gives its own.
    over : Index, optional
        What `values` follow, where that holds more than the set.
    """

    def __init__(
        self,
        index: Set | Index,
        values: npt.ArrayLike,
        name: str = "param",
        *,
        over: Index | None = None,
    ) -> None:
        self.name = name
        self.array_index = _index_of(index)
        self.array_values = self._picked(np.asarray(values, dtype=float), over)

    def _picked(self, values: Floats, over: Index | None) -> Floats:
        index = self.array_index
        if values.shape == tuple(len(axis) for axis in index.axes) and values.ndim > 1:
            return np.ascontiguousarray(values[index.columns])
        followed = index if over is None else over
        if values.shape != (len(followed),):
            raise ValueError(f"{self.name}: {values.shape} numbers for {len(followed)} members")
        picked = values if over is None else values[over.positions(index.columns)]
        return np.ascontiguousarray(picked)

    def __getitem__(self, index: Any) -> Any:
        if _is_template(index):
            return NPV_Numeric_GetItemExpression((self, *_parts(index)))
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
    """The group a template index would pick from :class:`Members`."""

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


class Members:
    """A set for each member of another: ``for n in m.segments_of[i, t]``.

    Parameters
    ----------
    whole : Index
        What is shared out; a member has those of its coordinates that do not name its owner.
    owners : Set or Index
        Whom it is shared out to; some may have no member.
    by : sequence of int, optional
        Coordinates of `whole` that name the owner, in its order; the first unless given.
    """

    def __init__(self, whole: Index, owners: Set | Index, by: Sequence[int] | None = None) -> None:
        parent = _index_of(owners)
        self.groups = whole.group(range(parent.dimen) if by is None else by, parent)

    def __getitem__(self, index: Any) -> Any:
        if _is_template(index):
            return TemplateMembers(self.groups, _parts(index))
        return self.groups.members(index)


def optional(rows: Set | Index, owners: Set | Index) -> Members:
    """Each owner itself where `rows` holds it, otherwise nothing.

    A sum over it has one term or none: ``sum(m.unmet[j, s] for j, s in m.unmet_here[i, t])``
    is unmet need of a programme that has any, and 0 for others.
    """
    index = _index_of(rows)
    twice = Index((*index.axes, *index.axes), [*index.columns, *index.columns])
    return Members(twice, owners)


class Coefficients:
    """Coefficients of one kind of variable in the rows of a family.

    In a rule ``m.terms.times(m.activity, j, t)`` is their sum in row (j, t); where what they
    stand before is a function, ``m.terms.of(m, outcome, j, t)``.

    Parameters
    ----------
    terms : Terms
        ``rows``, an index over (the row's coordinates, the variable's), and the ``coefficient``
        of each.
    owners : Set or Index
        The rows; those without a term have the sum 0.

    Attributes
    ----------
    coefficients : Param
        Over ``terms.rows``.
    members : Members
        Coordinates of the variable, for each row.
    """

    def __init__(self, terms: Terms, owners: Set | Index) -> None:
        self.coefficients = Param(terms.rows, terms.coefficient)
        self.members = Members(terms.rows, owners)

    def __getitem__(self, index: Any) -> Any:
        return self.coefficients[index]

    def times(self, variable: Any, *row: Any) -> Any:
        """Sum of coefficient times variable in one row."""
        owner = row if len(row) > 1 else row[0]
        return sum(
            self[(*row, *_parts(member))] * variable[member] for member in self.members[owner]
        )

    def of(self, m: Model, term: Callable[..., Any], *row: Any) -> Any:
        """Sum of coefficient times ``term(m, *the variable's coordinates)`` in one row."""
        return sum(self[(*row, *member)] * term(m, *member) for member in self.members[row])


class Model(pyo.ConcreteModel):
    """A Pyomo model that tells its parameters what they are called on it."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Param):
            value.name = name
        elif isinstance(value, Coefficients):
            value.coefficients.name = name
        super().__setattr__(name, value)


def _called(rule: Any) -> Any:
    """A rule of model and index, as Pyomo keeps it.

    Pyomo would find out by inspection that it takes an index, which costs more than the rest of
    making a component.
    """
    return IndexedCallInitializer(rule) if callable(rule) else rule


class Var(IndexedVar):
    """Variables over an :class:`Set`, each made only when somebody asks for it."""

    def __init__(self, index_set: Set, *, bounds: Any = None, **keywords: Any) -> None:
        super().__init__(index_set, dense=False, bounds=_called(bounds), **keywords)

    def __getitem__(self, index: Any) -> Any:
        if _is_template(index):  # what Pyomo would find out by walking the index
            return Numeric_GetItemExpression((self, *_parts(index)))
        return super().__getitem__(index)

    @property
    def array_made(self) -> list[Any]:
        """The variables somebody has asked for."""
        return list(self._data.values())


class Constraint(IndexedConstraint):
    """A constraint over an :class:`Set` that stays a rule until :meth:`expand`."""

    def __init__(self, index_set: Set, *, rule: Any, **keywords: Any) -> None:
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


class Objective(ScalarObjective):
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
        if isinstance(component, (Constraint, Objective)):
            component.expand()
    return model
