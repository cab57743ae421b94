"""Recompute a plan from the tables of its instance alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.evaluate.activity import (
    Demand,
    Limits,
    Need,
    check_limits,
    check_need,
    follow_need,
    read_demand,
    read_effects,
    read_limits,
)
from allocator.evaluate.capacity import (
    Capacity,
    capacity_frame,
    capacity_used,
    check_capacity,
    read_capacity,
    settle_extra,
)
from allocator.evaluate.findings import Findings
from allocator.evaluate.outcomes import (
    Outcomes,
    outcome_frame,
    programme_frame,
    read_segments,
    segment_frame,
    tail_value,
    work_out,
)
from allocator.evaluate.plans import Given, read_plan
from allocator.evaluate.pools import (
    Ledger,
    Pools,
    check_pools,
    ledger_frame,
    read_pools,
    stranded_cost,
)
from allocator.evaluate.rules import Verdict, check_rules, judge, measure, read_rules
from allocator.evaluate.selections import read_selections
from allocator.evaluate.settle import settle
from allocator.evaluate.tables import Array, Programmes, read_programmes, summed, words
from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance

DEFAULT_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Evaluation:
    """A plan recomputed: what it is worth, and whether it is allowed.

    Money is in the instance's money unit, activity in each programme's unit.

    Attributes
    ----------
    objective : float
        Value of the plan on the true response curves: outcomes - harm - penalties + tail.
    parts : dict of str to float
        ``outcomes``, ``harm``, ``penalties`` (both positive when they take value away) and
        ``tail``.
    allocation : pandas.DataFrame
        programme, year, activity, need, met, avoided, unmet, price, spend, stranded, lo, hi;
        need, met, avoided and unmet are NaN without demand; spend includes stranded cost;
        limits on growth are those after the plan's activity the year before.
    outcomes : pandas.DataFrame
        outcome, year, amount (unweighted, net of harm, credited when bought),
        beyond_horizon (the part that arrives after the last plan year), value (weighted).
    segments : pandas.DataFrame
        outcome, segment, year, amount; empty without segments.
    by_programme : pandas.DataFrame
        programme, outcome, year, amount, value.
    rules : pandas.DataFrame
        rule, year, label, measure, sense, value (left-hand side in the unit of the basis, NaN
        when it is a share of nothing), limit, left and right (multiplied out), slack (not
        negative when met), violation, soft, penalty (value taken off).
    capacity : pandas.DataFrame
        resource, place, year, used, amount, extra, slack.
    budgets : pandas.DataFrame
        pool, year, amount, spend, extra_cost, transfers_in, transfers_out, carry_in,
        carry_out, slack.
    transfers : pandas.DataFrame
        from_pool, to_pool, year, amount.
    violations : pandas.DataFrame
        Hard limits and rules missed by more than the tolerance: kind, name, year, value,
        limit, violation (in its own unit), relative (to the size of the row), message.
    max_violation : float
        Largest relative violation of anything hard, 0.0 when there is none.
    allowed : bool
        Whether that is within the tolerance.
    """

    objective: float
    parts: dict[str, float]
    allocation: pd.DataFrame
    outcomes: pd.DataFrame
    segments: pd.DataFrame
    by_programme: pd.DataFrame
    rules: pd.DataFrame
    capacity: pd.DataFrame
    budgets: pd.DataFrame
    transfers: pd.DataFrame
    violations: pd.DataFrame
    max_violation: float
    allowed: bool


def evaluate(
    instance: Instance,
    plan: Mapping[str, pd.DataFrame],
    *,
    tolerance: float = DEFAULT_TOLERANCE,
) -> Evaluation:
    """Recompute what a plan costs, achieves and breaks, from the instance's tables alone.

    Parameters
    ----------
    instance : Instance
        The round.
    plan : mapping of str to pandas.DataFrame
        ``allocation`` with programme, year, activity and, if wanted, unmet. Optional:
        ``capacity`` (resource, place, year, extra), ``budgets`` (pool, year, carry_out),
        ``transfers`` (from_pool, to_pool, year, amount). What is stated is used and checked;
        what is not, or is blank, is chosen in the plan's favour: the least unmet need, the
        least extra capacity, and the transfers and carry that leave the least shortfall and
        move the least money.
    tolerance : float
        Violation, relative to the size of its row, up to which a row counts as kept.

    Returns
    -------
    Evaluation
        Everything the plan does, and every violation.

    Raises
    ------
    InstanceError
        With every problem of the plan's tables: a programme and year missing, twice or
        unknown, activity that is not a number of at least 0.
    """
    instance = with_evidence(instance)
    # A plan far beyond all limits may overflow; what cannot be computed counts as missed.
    with np.errstate(over="ignore", invalid="ignore"):
        return _evaluate(instance, plan, tolerance)


def _evaluate(instance: Instance, plan: Mapping[str, pd.DataFrame], tolerance: float) -> Evaluation:
    found = Findings(tolerance)
    programmes = read_programmes(instance)
    demand = read_demand(instance, programmes, pd.Index(instance.outcomes["outcome"]))
    pools = read_pools(instance, programmes, plan.get("transfers"))
    capacity = read_capacity(instance, programmes, pools.names)
    keys = {
        "capacity": capacity.keys,
        "budgets": pd.DataFrame({"pool": pools.names}),
        "transfers": pools.pairs,
    }
    given = read_plan(plan, programmes, demand.there, keys)

    limits, need = _activity(instance, programmes, demand, given, found)
    stranded = stranded_cost(programmes, given.activity)
    spend = programmes.price * given.activity + stranded
    used = capacity_used(instance, capacity, programmes, given.activity)
    extra = settle_extra(capacity, used, given.extra)
    check_capacity(instance, capacity, used, extra, programmes, found)
    ledger = _money(programmes, pools, capacity, spend, extra, given, found)

    segments = read_segments(instance, programmes)
    outcomes = work_out(instance, programmes, demand, need, given.activity, segments.equity, found)
    chosen = read_selections(instance, programmes)
    rules = read_rules(instance, programmes, chosen, outcomes.names, segments.names)
    measured = measure(programmes, given.activity, stranded, need.unmet, outcomes, segments)
    verdict = judge(rules, measured, chosen)
    units = words(instance.outcomes, "unit")
    check_rules(verdict, programmes, chosen, units, found)

    tail = tail_value(instance, programmes, read_effects(instance, programmes), given.activity)
    parts = _parts(outcomes, verdict, tail)
    years = programmes.years
    return Evaluation(
        objective=parts["outcomes"] - parts["harm"] - parts["penalties"] + parts["tail"],
        parts=parts,
        allocation=_allocation(programmes, demand, given.activity, need, spend, stranded, limits),
        outcomes=outcome_frame(outcomes, years),
        segments=segment_frame(outcomes, segments, years),
        by_programme=programme_frame(outcomes, programmes),
        rules=verdict.frame(years),
        capacity=capacity_frame(capacity, used, extra, programmes),
        budgets=ledger_frame(pools, ledger, years),
        transfers=_transfers(pools, ledger, programmes),
        violations=found.frame(),
        max_violation=found.largest,
        allowed=found.largest <= tolerance,
    )


def _activity(
    instance: Instance, programmes: Programmes, demand: Demand, given: Given, found: Findings
) -> tuple[Limits, Need]:
    """Limits and need of the plan, checked."""
    activity = given.activity
    natural = np.column_stack([programmes.baseline, activity, demand.arriving])
    natural = natural.max(axis=1)[:, None]
    limits = read_limits(instance, programmes, activity)
    check_limits(limits, activity, natural, programmes, found)
    effects = read_effects(instance, programmes)
    need = follow_need(demand, effects, programmes, activity, given.unmet)
    check_need(demand, need, activity, natural, programmes, found)
    return limits, need


def _money(
    programmes: Programmes,
    pools: Pools,
    capacity: Capacity,
    spend: Array,
    extra: Array,
    given: Given,
    found: Findings,
) -> Ledger:
    """Ledger of the plan, checked."""
    size = len(pools.names)
    payer = programmes.table["pool"]
    code = pools.names.get_indexer(pd.Index(payer))
    extra_cost = np.zeros(pools.amount.shape)
    row, t = np.nonzero(capacity.extra_pool >= 0)
    np.add.at(extra_cost, (capacity.extra_pool[row, t], t), (extra * capacity.extra_price)[row, t])
    ledger = settle(pools, summed(code, spend, size), extra_cost, given.carry, given.transfers)
    check_pools(pools, ledger, programmes, found)
    return ledger


def _parts(outcomes: Outcomes, verdict: Verdict, tail: float) -> dict[str, float]:
    return {
        "outcomes": float(outcomes.value.sum()) + outcomes.harm_value,
        "harm": outcomes.harm_value,
        "penalties": float(verdict.penalty.sum()),
        "tail": tail,
    }


def _allocation(
    programmes: Programmes,
    demand: Demand,
    activity: Array,
    need: Need,
    spend: Array,
    stranded: Array,
    limits: Limits,
) -> pd.DataFrame:
    years = programmes.years
    there = demand.there
    columns = {
        "activity": activity,
        "need": np.where(there, need.need, np.nan),
        "met": np.where(there, need.met, np.nan),
        "avoided": np.where(there, need.avoided, np.nan),
        "unmet": np.where(there, need.unmet, np.nan),
        "price": programmes.price,
        "spend": spend,
        "stranded": stranded,
        "lo": limits.lo,
        "hi": limits.hi,
    }
    frame = {
        "programme": programmes.names.repeat(len(years)),
        "year": np.tile(years, len(programmes.names)).astype(np.int64),
    }
    return pd.DataFrame(frame | {c: v.ravel() for c, v in columns.items()})


def _transfers(pools: Pools, ledger: Ledger, programmes: Programmes) -> pd.DataFrame:
    years = programmes.years
    return pd.DataFrame(
        {
            "from_pool": pools.names[pools.giver].repeat(len(years)),
            "to_pool": pools.names[pools.taker].repeat(len(years)),
            "year": np.tile(years, len(pools.giver)).astype(np.int64),
            "amount": ledger.transfers.ravel(),
        }
    )
