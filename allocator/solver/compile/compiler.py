"""Compile a Pyomo model to arrays: templates at array speed, anything else row by row."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.base.component import ActiveComponent
from pyomo.core.base.constraint import Constraint
from pyomo.core.base.objective import Objective
from pyomo.core.base.var import Var
from pyomo.repn.linear import LinearRepnVisitor
from pyomo.repn.util import OrderedVarRecorder
from scipy import sparse

from allocator.arrays import Flags, Floats, Ints
from allocator.data.index import Index
from allocator.errors import SolverError
from allocator.solver.compile.linear import Linear, Term
from allocator.solver.compile.templates import Binding, Evaluator, template_of
from allocator.solver.program import Block, Program
from allocator.tolerances import INFINITE, SMALL, UNMOVED

log = logging.getLogger(__name__)

_COMPILED = (pyo.Block, Constraint, Objective, pyo.Suffix)
"""Active components a linear programme has a place for."""


def compile_model(model: Any) -> Program:
    """Compile an algebraic model into sparse arrays.

    Parameters
    ----------
    model : pyomo.environ.ConcreteModel
        Constraints that are array-backed (they offer ``array_rule``) are recorded as one
        template each and evaluated for all rows at once; every other active constraint is
        compiled row by row with Pyomo's own linear walker. Fixed variables and bounds
        set on single variables are honoured.

    Returns
    -------
    Program

    Raises
    ------
    SolverError
        When an array-backed rule cannot be evaluated, a row is not linear, a number is not
        finite, or there is not exactly one active objective.
    """
    return _Compiler(model).compile()


class _Compiler:
    def __init__(self, model: Any) -> None:
        self.model = model
        self.columns: list[Block] = []
        self.first: dict[int, int] = {}
        self.lower: list[Floats] = []
        self.upper: list[Floats] = []
        self.integer: list[Flags] = []
        self.size = 0
        self.places: dict[int, int] = {}

    def compile(self) -> Program:
        self._refuse_the_unknown()
        for variable in self.model.component_objects(Var, descend_into=True):
            self._add_variable(variable)
        self.evaluator = Evaluator(self.first)
        self._add_bounds()
        rows: list[Block] = []
        parts: list[tuple[Linear, Floats, Floats]] = []
        at = 0
        for constraint in self.model.component_objects(Constraint, active=True, descend_into=True):
            index, labels, body, low, high = self._constraint(constraint)
            if body.rows == 0:
                continue
            rows.append(Block(constraint.name, at, at + body.rows, index, labels))
            parts.append((body, low, high))
            at += body.rows
        maximise, objective = self._objective()
        cost, offset = np.zeros(self.size), float(np.sum(objective.constant))
        for _, column, coefficient in objective.terms:
            np.add.at(cost, column, coefficient)
        return self._program(rows, parts, maximise, cost, offset)

    def _refuse_the_unknown(self) -> None:
        """Refuse what would be left out silently: special ordered sets, logic, disjunctions."""
        for component in self.model.component_objects(active=True, descend_into=True):
            if isinstance(component, ActiveComponent) and component.ctype not in _COMPILED:
                kind = component.ctype.__name__
                raise SolverError(f"{component.name} is a {kind}: only constraints are compiled")

    def _program(
        self,
        rows: list[Block],
        parts: list[tuple[Linear, Floats, Floats]],
        maximise: bool,
        cost: Floats,
        offset: float,
    ) -> Program:
        count = rows[-1].stop if rows else 0
        matrix = _matrix([body for body, _, _ in parts], count, self.size)
        constants = [np.broadcast_to(body.constant, (body.rows,)) for body, _, _ in parts]
        matrix = _without_rounding(matrix, _joined(self.lower), _joined(self.upper))
        lows = [low - c for (_, low, _), c in zip(parts, constants, strict=True)]
        highs = [high - c for (_, _, high), c in zip(parts, constants, strict=True)]
        program = Program(
            maximise,
            cost,
            offset,
            matrix,
            _joined(lows),
            _joined(highs),
            _joined(self.lower),
            _joined(self.upper),
            np.concatenate([np.empty(0, bool), *self.integer]),
            tuple(self.columns),
            tuple(rows),
            str(self.model.name),
        )
        program.check_numbers()
        return program

    def _add_variable(self, variable: Any) -> None:
        index: Index | None = getattr(variable.index_set(), "array_index", None)
        if index is not None:
            labels: tuple[Any, ...] = ()
            count = len(index)
        else:
            labels = tuple(variable.index_set())
            count = len(labels)
        self.first[id(variable)] = self.size
        for offset, label in enumerate(labels):
            self.places[id(variable[label])] = self.size + offset
        self.columns.append(Block(variable.name, self.size, self.size + count, index, labels))
        self.size += count

    def _add_bounds(self) -> None:
        for variable in self.model.component_objects(Var, descend_into=True):
            start = self.first[id(variable)]
            index: Index | None = getattr(variable.index_set(), "array_index", None)
            if index is None:
                members = list(variable.values())
                count, at = len(members), np.arange(len(members))
                low, high = np.full(count, -np.inf), np.full(count, np.inf)
                integer = np.zeros(count, dtype=bool)
            else:
                made = getattr(variable, "array_made", None)
                members = list(variable.values()) if made is None else made
                domain = variable._rule_domain(self.model, None, variable) if len(index) else None
                low, high = self._templated_bounds(variable, index, domain)
                integer = np.full(len(index), domain is not None and _whole(domain))
                at = np.array([index.position(v.index()) for v in members], dtype=np.int64)
            for place, member in zip(at, members, strict=True):
                low[place], high[place] = _own_bounds(member)
                integer[place] = _whole(member.domain)
                self.places[id(member)] = start + int(place)
            self.lower.append(low)
            self.upper.append(high)
            self.integer.append(integer)

    def _templated_bounds(self, variable: Any, index: Index, domain: Any) -> tuple[Floats, Floats]:
        count = len(index)
        sides = [np.full(count, -np.inf), np.full(count, np.inf)]
        if domain is not None and domain.bounds() is not None:
            least, most = domain.bounds()
            sides = [
                sides[0] if least is None else np.full(count, float(least)),
                sides[1] if most is None else np.full(count, float(most)),
            ]
        if variable._rule_bounds is None or not count:
            return sides[0], sides[1]
        pair, templates = template_of(variable, variable._rule_bounds)
        scope = Binding.over(index, templates)
        for side, expression in enumerate(pair):
            if expression is not None:
                given = self.evaluator.linear(expression, scope)
                value = np.broadcast_to(np.asarray(given.constant, dtype=float), (count,))
                sides[side] = (
                    np.maximum(sides[0], value) if side == 0 else np.minimum(sides[1], value)
                )
        return sides[0], sides[1]

    def _constraint(
        self, constraint: Any
    ) -> tuple[Index | None, tuple[Any, ...], Linear, Floats, Floats]:
        rule = getattr(constraint, "array_rule", None)
        if rule is None:
            return self._row_by_row(constraint)
        index: Index = constraint.index_set().array_index
        if not len(index):
            return index, (), Linear(0), np.empty(0), np.empty(0)
        try:
            expression, templates = template_of(constraint, rule)
            body, low, high = self.evaluator.relation(expression, Binding.over(index, templates))
        except Exception as error:
            raise SolverError(
                f"the rule of {constraint.name!r} cannot be evaluated over arrays: {error}"
            ) from error
        return index, (), body, _side(low, -np.inf, len(index)), _side(high, np.inf, len(index))

    def _row_by_row(self, constraint: Any) -> tuple[None, tuple[Any, ...], Linear, Floats, Floats]:
        log.info("%s is compiled row by row", constraint.name)
        walker = LinearRepnVisitor({}, var_recorder=OrderedVarRecorder({}, {}, None))
        labels: list[Any] = []
        terms: list[Term] = []
        low: list[float] = []
        high: list[float] = []
        constant: list[float] = []
        members = [(label, data) for label, data in constraint.items() if data.active]
        for row, (label, data) in enumerate(members):
            lower, body, upper = data.to_bounded_expression(True)
            form = walker.walk_expression(body)
            if form.nonlinear is not None:
                raise SolverError(f"{data.name} is not linear")
            columns = np.array([self._place(walker, v) for v in form.linear], dtype=np.int64)
            coefficients = np.array(list(form.linear.values()), dtype=float)
            terms.append((np.full(len(columns), row), columns, coefficients))
            labels.append(label)
            constant.append(float(form.constant))
            low.append(-np.inf if lower is None else float(lower))
            high.append(np.inf if upper is None else float(upper))
        body = Linear(len(members), np.array(constant), terms)
        return None, tuple(labels), body, np.array(low), np.array(high)

    def _place(self, walker: Any, variable_id: int) -> int:
        variable = walker.var_map[variable_id]
        if variable_id not in self.places:
            owner = variable.parent_component()
            index = getattr(owner.index_set(), "array_index", None)
            if index is None or id(owner) not in self.first:
                raise SolverError(f"variable {variable.name} is not on the model")
            self.places[variable_id] = self.first[id(owner)] + index.position(variable.index())
        return self.places[variable_id]

    def _objective(self) -> tuple[bool, Linear]:
        active = list(self.model.component_objects(Objective, active=True, descend_into=True))
        if len(active) != 1 or active[0].is_indexed():
            raise SolverError(f"a model needs one objective; this one has {len(active)}")
        objective = active[0]
        maximise = objective.sense == pyo.maximize
        rule = getattr(objective, "array_rule", None)
        if rule is not None:
            expression, _ = template_of(objective, rule)
            return maximise, self.evaluator.linear(expression, Binding(1, {}, {}, {}))
        walker = LinearRepnVisitor({}, var_recorder=OrderedVarRecorder({}, {}, None))
        form = walker.walk_expression(objective.expr)
        if form.nonlinear is not None:
            raise SolverError("the objective is not linear")
        columns = np.array([self._place(walker, v) for v in form.linear], dtype=np.int64)
        coefficients = np.array(list(form.linear.values()), dtype=float)
        zero = np.zeros(len(columns), dtype=np.int64)
        return maximise, Linear(1, float(form.constant), [(zero, columns, coefficients)])


def _without_rounding(matrix: sparse.csr_array, lower: Floats, upper: Floats) -> sparse.csr_array:
    """Leave out coefficients that are the residue of a subtraction.

    Too small for a solver to hold, and too small to move their row by anything over the
    whole range of their column.
    """
    small = np.abs(matrix.data) <= SMALL
    if small.any():
        reach = np.maximum(np.abs(lower), np.abs(upper))[matrix.indices]
        matrix.data[small & (np.abs(matrix.data) * reach <= UNMOVED)] = 0.0
        matrix.eliminate_zeros()
    return matrix


def _whole(domain: Any) -> bool:
    """Whether a variable's domain holds whole numbers only."""
    return bool(domain.get_interval()[2])


def _own_bounds(member: Any) -> tuple[float, float]:
    if member.fixed:
        value = float(pyo.value(member))
        return value, value
    low, high = member.lb, member.ub
    return -np.inf if low is None else float(low), np.inf if high is None else float(high)


def _side(side: Any, default: float, rows: int) -> Floats:
    value = default if side is None else side
    return np.broadcast_to(np.asarray(value, dtype=float), (rows,)).copy()


def _joined(parts: list[Floats]) -> Floats:
    """One array; what the solver would take for infinite is infinite."""
    out = np.concatenate([np.empty(0), *parts])
    out[out >= INFINITE] = np.inf
    out[out <= -INFINITE] = -np.inf
    return out


def _matrix(parts: list[Linear], rows: int, columns: int) -> sparse.csr_array:
    """All triples of all parts as one matrix, duplicates added."""
    row_parts: list[Ints] = []
    column_parts: list[Ints] = []
    data_parts: list[Floats] = []
    at = 0
    for part in parts:
        for row, column, coefficient in part.terms:
            place = np.arange(part.rows) if row is None else row
            row_parts.append((place + at).astype(np.int32, copy=False))
            column_parts.append(column.astype(np.int32, copy=False))
            data_parts.append(np.broadcast_to(np.asarray(coefficient, float), column.shape))
        at += part.rows
    empty = np.empty(0, np.int32)
    triples = (
        np.concatenate([np.empty(0), *data_parts]),
        (np.concatenate([empty, *row_parts]), np.concatenate([empty, *column_parts])),
    )
    matrix = sparse.coo_array(triples, shape=(rows, columns)).tocsr()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix
