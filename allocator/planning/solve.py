"""From an instance to a plan that has been checked: extract, build, compile, solve, verify."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from typing import TypeVar

import pandas as pd

from allocator.calls import told
from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance, instance_of
from allocator.plan import Certificate, Plan
from allocator.planning.attempt import Attempts
from allocator.planning.formulation import Extra
from allocator.planning.record import Record
from allocator.planning.recut import planned
from allocator.planning.request import Request
from allocator.planning.starting import tables_of
from allocator.tolerances import GAP

T = TypeVar("T")

SOFTER = 0.8
"""Share of a hard time limit after which the solver stops by itself and hands over its best."""


@told
def solve(
    instance: Instance | str | PathLike[str],
    *,
    keep: float | None = None,
    evidence: str = "central",
    solver: str = "auto",
    threads: int = 1,
    time_limit: float | None = None,
    hard_time_limit: float | None = None,
    gap: float = GAP,
    nodes: int | None = None,
    start: Plan | Mapping[str, pd.DataFrame] | None = None,
    held: Plan | Mapping[str, pd.DataFrame] | None = None,
    formulation: str = "allocation",
    extra: Extra | None = None,
    algorithm: str | None = None,
    node_limit: int | None = None,
) -> Plan:
    """Find the best plan an instance allows, check it independently and certify it.

    Parameters
    ----------
    instance : Instance or path
        A path is read.
    keep : float, optional
        Share of the gain over the reference plan to keep, between 0 and 1; the plan is
        then the one that keeps it with the fewest pounds moved.
    evidence : {'low', 'central', 'high'}
        Which figures of responses and effects to believe.
    solver : {'auto', 'simplex', 'ipx', 'hipo', 'pdlp'}
        Algorithm for the reference and the best plan; ``auto`` goes by kind and size
        (:func:`allocator.solver.highs.options.choose`).
    threads : int
        Threads of the solver.
    time_limit : float, optional
        Seconds from the call, building included; the solver looks at its clock now and then.
    hard_time_limit : float, optional
        Seconds after which the solve is stopped for certain; it runs in a process of its
        own, which stops by itself somewhat earlier to hand over the best plan so far. What
        is passed as `extra` must be importable there.
    gap : float
        With yes-or-no decisions: share of the weighted outcomes gained on the reference plan
        that some plan may still be better by; penalties for soft rules are not counted.
    nodes : int, optional
        Most nodes of the search for decisions.
    start : Plan or mapping of str to pandas.DataFrame, optional
        A plan to begin the search from, or its tables: ``options`` (option, year, taken) and
        ``contracts`` (contract, year, ended). As in an evaluation, what a plan with an
        ``allocation`` does not state is not taken. The search begins from the best plan with
        these decisions, which is worth at least as much as the plan given.
    held : Plan or mapping of str to pandas.DataFrame, optional
        Another plan, or its tables, whose held programmes are held where it has them (its
        ``allocation``:
        programme, year, activity, held) and not at their baseline: two rounds are compared only
        by their objectives, and so that what is held is the same in both.
    formulation : str
        Name in the entry-point group ``allocator.models``.
    extra : callable, optional
        ``extra(model, data)`` adds to the Pyomo model before it is compiled. What it can name is
        listed by :func:`allocator.build`; the rows it adds have prices in the plan's ``extra``.
        A bound set on a variable has none: write it as a constraint.
    algorithm, node_limit
        Names that `solver` and `nodes` had; they go with the next version.

    Returns
    -------
    Plan

    Raises
    ------
    InstanceError
        When the instance needs what this version cannot do.
    UsageError
        For an option that makes no sense.
    """
    instance = instance_of(instance, "solve")
    request = Request(
        keep=keep,
        evidence=evidence,
        algorithm=solver if algorithm is None else _renamed("algorithm", "solver", algorithm),
        threads=threads,
        time_limit=time_limit,
        gap=gap,
        node_limit=nodes if node_limit is None else _renamed("node_limit", "nodes", node_limit),
        start=tables_of(start, "start"),
        held=tables_of(held, "held"),
        formulation=formulation,
        extra=extra,
    )
    if hard_time_limit is None:
        return _planned(instance, request)
    return _planned_in_child(instance, request, hard_time_limit)


def _renamed(before: str, now: str, value: T) -> T:
    """A value given by the name that an option had before."""
    message = f"solve({before}=...) is called {now}= now, as on the command line"
    warnings.warn(message, DeprecationWarning, stacklevel=4)
    return value


def _planned(instance: Instance, request: Request) -> Plan:
    record = Record(instance, request.evidence)
    return planned(Attempts(with_evidence(instance, request.evidence), request, record))


def _planned_in_child(instance: Instance, request: Request, limit: float) -> Plan:
    """Plan in a process of its own, which is stopped when its time is up."""
    from allocator.solver.highs.child import run_in_child

    given = instance, request, time.time() + SOFTER * limit
    finished, plan = run_in_child(_planned_until, given, {}, limit)
    if finished:
        return plan
    return Plan(
        status="limit",
        verified=False,
        max_violation=None,
        certificate=Certificate(),
        tables={},
        **Record(instance, request.evidence).stopped(limit),
    )


def _planned_until(instance: Instance, request: Request, until: float) -> Plan:
    """Solve within what is left until a moment of the day: starting a process takes time too."""
    left = max(0.0, until - time.time())
    limit = left if request.time_limit is None else min(request.time_limit, left)
    return _planned(instance, replace(request, time_limit=limit))
