"""From an instance to a plan that has been checked: extract, build, compile, solve, verify."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance
from allocator.plan import Certificate, Plan
from allocator.planning.attempt import Attempts
from allocator.planning.formulation import Extra
from allocator.planning.record import Record
from allocator.planning.recut import planned
from allocator.planning.request import Request
from allocator.tolerances import GAP

SOFTER = 0.8
"""Share of a hard time limit after which the solver stops by itself and hands over its best."""


def solve(
    instance: Instance,
    *,
    keep: float | None = None,
    evidence: str = "central",
    algorithm: str = "auto",
    threads: int = 1,
    time_limit: float | None = None,
    hard_time_limit: float | None = None,
    gap: float = GAP,
    node_limit: int | None = None,
    start: Mapping[str, pd.DataFrame] | None = None,
    formulation: str = "allocation",
    extra: Extra | None = None,
) -> Plan:
    """Find the best plan an instance allows, check it independently and certify it.

    Parameters
    ----------
    instance : Instance
    keep : float, optional
        Share of the gain over the reference plan to keep, between 0 and 1; the plan is
        then the one that keeps it with the fewest pounds moved.
    evidence : {'low', 'central', 'high'}
        Which figures of responses and effects to believe.
    algorithm : {'auto', 'simplex', 'ipx', 'hipo', 'pdlp'}
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
        With yes-or-no decisions: share of the gain on the reference plan that the best plan
        may still be better by.
    node_limit : int, optional
        Most nodes of the search for decisions.
    start : mapping of str to pandas.DataFrame, optional
        Tables of a plan to begin the search from: ``options`` (option, year, taken) and
        ``contracts`` (contract, year, ended). As in an evaluation, what a plan with an
        ``allocation`` does not state is not taken. The search begins from the best plan with
        these decisions, which is worth at least as much as the plan given.
    formulation : str
        Name in the entry-point group ``allocator.models``.
    extra : callable, optional
        ``extra(model, data)`` adds to the Pyomo model before it is compiled.

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
    request = Request(
        keep=keep,
        evidence=evidence,
        algorithm=algorithm,
        threads=threads,
        time_limit=time_limit,
        gap=gap,
        node_limit=node_limit,
        start=start,
        formulation=formulation,
        extra=extra,
    )
    if hard_time_limit is None:
        return _planned(instance, request)
    return _planned_in_child(instance, request, hard_time_limit)


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
