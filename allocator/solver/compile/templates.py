"""Evaluate one templatized Pyomo rule for all its rows at once.

A templatized constraint holds a single expression over index templates. Binding every
template to an array of codes and walking that expression once gives the coefficients of
all rows: parameters are gathered, variables become column numbers, and a sum repeats its
rows over the members it visits. Nothing is evaluated row by row.
"""

from __future__ import annotations

import builtins
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyomo.core.base.set import _FiniteSetMixin
from pyomo.core.base.var import ScalarVar, Var
from pyomo.core.expr import template_expr
from pyomo.core.expr.numeric_expr import (
    DivisionExpression,
    LinearExpression,
    MonomialTermExpression,
    NegationExpression,
    ProductExpression,
    SumExpression,
)
from pyomo.core.expr.relational_expr import (
    EqualityExpression,
    InequalityExpression,
    RangedExpression,
)
from pyomo.core.expr.template_expr import (
    GetAttrExpression,
    GetItemExpression,
    IndexTemplate,
    TemplateSumExpression,
    templatize_rule,
)

from allocator.arrays import Ints
from allocator.data.index import Axis, Grouped, Index, LookupMiss, per_group
from allocator.errors import SolverError
from allocator.solver.compile.linear import Linear

_LOCK = threading.RLock()
_native_types = (int, float, np.integer, np.floating)


class CannotTemplatize(SolverError):
    """An expression the array evaluator does not cover."""


def _refuse(*_: Any) -> bool:
    raise CannotTemplatize(
        "an index of a rule was compared or formatted: write the rule without if, in, and, or, "
        "f-strings or look-ups outside the model's own sets and parameters"
    )


def _refuse_text(*_: Any) -> str:
    _refuse()
    return ""


_plain_sum = builtins.sum
_plain_iteration = {
    kind: kind.__iter__ for kind in (_FiniteSetMixin, GetItemExpression, GetAttrExpression)
}
_Context: Any = template_expr._template_iter_context


class _HereOnly(_Context):  # type: ignore[misc]
    """Records for the thread that templatizes; ``sum`` and sets of others stay what they are."""

    def __init__(self) -> None:
        super().__init__()
        self._owner = threading.get_ident()

    def sum_template(self, *args: Any, **keywords: Any) -> Any:
        if threading.get_ident() != self._owner:
            return _plain_sum(*args, **keywords)
        return super().sum_template(*args, **keywords)

    def get_iter(self, members: Any) -> Any:
        if threading.get_ident() == self._owner:
            return super().get_iter(members)
        kind = next(kind for kind in _plain_iteration if isinstance(members, kind))
        return _plain_iteration[kind](members)


@contextmanager
def templatizing() -> Iterator[None]:
    """Let nobody else templatize meanwhile, and make misuse of an index raise.

    Pyomo swaps ``builtins.sum`` and set iteration for the whole process while it records a
    template, so only one thread may do so; other threads get what they expect, and all is
    put back whatever happens.
    """
    with _LOCK:
        original_sum = builtins.sum
        template_expr._template_iter_context = _HereOnly
        guards = {"__bool__": _refuse, "__eq__": _refuse, "__format__": _refuse_text}
        saved = {name: IndexTemplate.__dict__.get(name) for name in guards}
        for name, guard in guards.items():
            setattr(IndexTemplate, name, guard)
        try:
            yield
        finally:
            for name, method in saved.items():
                if method is None:
                    delattr(IndexTemplate, name)
                else:
                    setattr(IndexTemplate, name, method)
            template_expr._template_iter_context = _Context
            builtins.sum = original_sum


def template_of(component: Any, rule: Any) -> tuple[Any, tuple[Any, ...]]:
    """Expression and index templates of an indexed component's rule."""
    with templatizing():
        expression, indices = templatize_rule(component.parent_block(), rule, component.index_set())
    return expression, tuple(i for i in indices if isinstance(i, IndexTemplate))


@dataclass
class Binding:
    """Ints of the index templates in scope, one entry a row."""

    rows: int
    codes: dict[int, Ints]
    axes: dict[int, Axis]
    known: dict[tuple[int, ...], tuple[Index, Ints]]

    @classmethod
    def over(cls, index: Index, templates: Sequence[IndexTemplate]) -> Binding:
        """One row a member of `index`."""
        binding = cls(len(index), {}, {}, {})
        binding.bind(templates, index.axes, index.columns)
        binding.known[tuple(t._id for t in templates)] = (index, np.arange(len(index)))
        return binding

    def bind(
        self, templates: Sequence[IndexTemplate], axes: Sequence[Axis], columns: Sequence[Ints]
    ) -> None:
        """Give templates their codes."""
        for template, axis, column in zip(templates, axes, columns, strict=True):
            self.codes[template._id] = column
            self.axes[template._id] = axis

    def repeated(self, owner: Ints) -> Binding:
        """Row r of the result is row owner[r] of this one."""
        return Binding(
            len(owner),
            {k: v[owner] for k, v in self.codes.items()},
            dict(self.axes),
            {k: (index, at[owner]) for k, (index, at) in self.known.items()},
        )


class Evaluator:
    """Walks template expressions over arrays.

    Parameters
    ----------
    first_column : dict of int to int
        First column of each Var component, by ``id``.
    """

    def __init__(self, first_column: dict[int, int]) -> None:
        self._first_column = first_column

    def linear(self, expression: Any, scope: Binding) -> Linear:
        """Linear form of `expression`, one row a row of `scope`."""
        if isinstance(expression, _native_types):
            return Linear(scope.rows, float(expression))
        if isinstance(expression, GetItemExpression):
            return self._item(expression, scope)
        if isinstance(expression, TemplateSumExpression):
            return self._sum(expression, scope)
        if isinstance(expression, (SumExpression, LinearExpression)):
            total = Linear(scope.rows)
            for part in expression.args:
                total = total.plus(self.linear(part, scope))
            return total
        if isinstance(expression, (ProductExpression, MonomialTermExpression)):
            return self._product(*(self.linear(part, scope) for part in expression.args))
        if isinstance(expression, DivisionExpression):
            top, bottom = (self.linear(part, scope) for part in expression.args)
            if bottom.terms:
                raise CannotTemplatize("division by a variable is not linear")
            return top.scaled(1.0 / np.asarray(bottom.constant))
        if isinstance(expression, NegationExpression):
            return self.linear(expression.args[0], scope).scaled(-1.0)
        if isinstance(expression, ScalarVar):
            column = np.full(scope.rows, self._column(expression), dtype=np.int64)
            return Linear(scope.rows, 0.0, [(None, column, 1.0)])
        raise CannotTemplatize(f"{type(expression).__name__} is not evaluated over arrays")

    def relation(self, expression: Any, scope: Binding) -> tuple[Linear, Any, Any]:
        """Body, lower and upper side (None for none) of a constraint's rows."""
        if isinstance(expression, (EqualityExpression, InequalityExpression)):
            left, right = (self.linear(part, scope) for part in expression.args)
            equal = isinstance(expression, EqualityExpression)
            if not left.terms:  # constant <= body keeps its own direction
                return right, left.constant, left.constant if equal else None
            if right.terms:
                left, right = left.plus(right.scaled(-1.0)), Linear(scope.rows)
            return left, right.constant if equal else None, right.constant
        if isinstance(expression, RangedExpression):
            low, middle, high = (self.linear(part, scope) for part in expression.args)
            return middle, low.constant, high.constant
        raise CannotTemplatize(f"{type(expression).__name__} is not a constraint")

    def _column(self, variable: Any) -> int:
        try:
            return self._first_column[id(variable)]
        except KeyError:
            raise CannotTemplatize(f"variable {variable} is not on the model") from None

    def _positions(self, index: Index, templates: Sequence[Any], scope: Binding) -> Ints:
        """Position in `index` of the member each row names."""
        if all(isinstance(t, IndexTemplate) for t in templates):
            known = scope.known.get(tuple(t._id for t in templates))
            if known is not None and known[0] is index:
                return known[1]
        columns = []
        for axis, template in zip(index.axes, templates, strict=True):
            if not isinstance(template, IndexTemplate):
                columns.append(np.full(scope.rows, axis.codes([template])[0]))
                continue
            if scope.axes[template._id] is not axis:
                raise LookupMiss(
                    f"a {scope.axes[template._id].name} was used where {index!r} has a {axis.name}"
                )
            columns.append(scope.codes[template._id])
        return index.positions(columns)

    def _item(self, expression: GetItemExpression, scope: Binding) -> Linear:
        component, *templates = expression.args
        values = getattr(component, "array_values", None)
        if values is not None:
            at = self._positions(component.array_index, templates, scope)
            return Linear(scope.rows, values[at])
        if isinstance(component, Var):
            index = getattr(component.index_set(), "array_index", None)
            if index is None:
                raise CannotTemplatize(f"{component.name} is not over an array-backed set")
            at = self._positions(index, templates, scope)
            return Linear(scope.rows, 0.0, [(None, at + self._column(component), 1.0)])
        raise CannotTemplatize(f"{component} is not evaluated over arrays")

    def _product(self, left: Linear, right: Linear) -> Linear:
        if not left.terms:
            return right.scaled(left.constant)
        if not right.terms:
            return left.scaled(right.constant)
        raise CannotTemplatize("a product of two variables is not linear")

    def _sum(self, expression: TemplateSumExpression, scope: Binding) -> Linear:
        owner = np.arange(scope.rows)
        inner = scope
        for templates in expression.template_iters():
            inner, of = self._expand(inner, templates)
            owner = owner[of]
        (body,) = expression._local_args_
        return self.linear(body, inner).gathered(owner, scope.rows)

    def _expand(self, scope: Binding, templates: Sequence[IndexTemplate]) -> tuple[Binding, Ints]:
        """Repeat each row over the members its templates visit."""
        members = templates[0]._set
        groups: Grouped | None = getattr(members, "array_groups", None)
        if groups is not None:
            return self._expand_groups(scope, templates, groups, members.owner)
        index: Index | None = getattr(members, "array_index", None)
        if index is None:
            raise CannotTemplatize(f"{members} is not an array-backed set")
        owner = np.repeat(np.arange(scope.rows), len(index))
        at = np.tile(np.arange(len(index)), scope.rows)
        inner = scope.repeated(owner)
        inner.bind(templates, index.axes, [c[at] for c in index.columns])
        inner.known[tuple(t._id for t in templates)] = (index, at)
        return inner, owner

    def _expand_groups(
        self,
        scope: Binding,
        templates: Sequence[IndexTemplate],
        groups: Grouped,
        owners: Sequence[Any],
    ) -> tuple[Binding, Ints]:
        at = self._positions(groups.parent, owners, scope)
        first = groups.starts[at]
        counts = groups.starts[at + 1] - first
        starts = np.concatenate([[0], np.cumsum(counts)])
        owner = per_group(starts)
        rows = groups.order[np.arange(len(owner)) - starts[owner] + first[owner]]
        inner = scope.repeated(owner)
        rest = groups.rest
        inner.bind(
            templates,
            [groups.whole.axes[k] for k in rest],
            [groups.whole.columns[k][rows] for k in rest],
        )
        name: list[Any] = [None] * groups.whole.dimen
        for k, template in zip(groups.by, owners, strict=True):
            name[k] = template
        for k, template in zip(rest, templates, strict=True):
            name[k] = template
        if all(isinstance(t, IndexTemplate) for t in name):
            inner.known[tuple(t._id for t in name)] = (groups.whole, rows)
        return inner, owner
