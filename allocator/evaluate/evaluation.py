"""Recompute a plan from the tables of its instance alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.evaluate.accounts import Accounts, Round, decide, keep_accounts, read_round
from allocator.evaluate.activity import (
    Demand,
    Limits,
    Need,
    check_limits,
    check_need,
    follow_need,
    has_demand,
    read_demand,
    read_effects,
    read_limits,
)
from allocator.evaluate.adjustments import adjustment_frame
from allocator.evaluate.capacity import (
    Capacity,
    capacity_frame,
    capacity_used,
    changed_capacity,
    check_capacity,
    extra_cost,
    read_capacity,
    settle_extra,
)
from allocator.evaluate.contracts import check_stays_ended, contract_frame
from allocator.evaluate.findings import Findings
from allocator.evaluate.funding import funding_frame
from allocator.evaluate.incomes import earn_incomes, income_frame
from allocator.evaluate.measures import measure
from allocator.evaluate.option_money import option_frame
from allocator.evaluate.options import check_options
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
from allocator.evaluate.pools import Ledger, Pools, ledger_frame
from allocator.evaluate.providers import provider_frame
from allocator.evaluate.rules import Verdict, check_rules, judge, read_rules
from allocator.evaluate.tables import Array, Programmes, words
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
        programme, year, activity, need, met, avoided, unmet, price, spend, stranded,
        surcharge, lo, hi; need, met, avoided and unmet are NaN without demand; spend includes
        stranded cost and surcharge (what does not follow the plain unit cost: dearer or
        cheaper units above a threshold, unit costs changed by options, yearly costs of the
        options that are part of the programme); limits on growth are those after the plan's
        activity the year before, and limits are those options leave.
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
        pool, year, amount (all money but capital), spend (what it pays for care: at_cost +
        contract_payments + funded), adjustments, extra_cost, option_cost (of options, paid
        by the pool directly, capital apart), option_income, incomes (conditional money
        received in the year), held_back, exit_fees, transfers_in, transfers_out, carry_in,
        carry_out, slack; recurrent_income (income from options included) and recurrent_spend
        (yearly costs of options included), both with transfers, and underlying, the first
        less the second; capital_amount, capital_spend (capital of options included).
    transfers : pandas.DataFrame
        from_pool, to_pool, year, amount.
    funding : pandas.DataFrame
        programme, pool, year, paid, share (of what it costs), share_min, share_max; only
        programmes that several pools pay for.
    adjustments : pandas.DataFrame
        pool, year, kind, item, amount (net of what is not delivered; negative when saved).
    contracts : pandas.DataFrame
        contract, year, type (`cost` in years without), provider, pool, payment, pool_payment
        (with the lead's overhead), cost (of the activity, stranded cost included), value
        (activity at tariff), fixed (fixed part or budget, NaN without), stranded, state,
        ended (by the plan), suspended (by an option in place), exit_fee.
    providers : pandas.DataFrame
        provider, year, income (contracts, overheads, programmes paid at cost),
        contract_income, other_income, other_cost, cost, position, deficit_max, slack (both
        NaN without a limit).
    options : pandas.DataFrame
        option, label, group, year, taken, in_place (share of the year for which it counts),
        cost_once, cost_yearly, double_running, cost_exit, capital (money of the year), pool
        (that pays), programme (whose spend the yearly cost is part of).
    incomes : pandas.DataFrame
        income, part, label, pool, year (measured), received (year it is received in, 0 when
        beyond the plan), measure, sense, value (what is measured), threshold, full, earned
        (share, 0 to 1), amount (money earned), held_back (money taken off the pool in the
        year measured).
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
    funding: pd.DataFrame
    adjustments: pd.DataFrame
    contracts: pd.DataFrame
    providers: pd.DataFrame
    options: pd.DataFrame
    incomes: pd.DataFrame
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
        ``transfers`` (from_pool, to_pool, year, amount), ``funding`` (programme, pool, year,
        paid). What is stated is used and checked; what is not, or is blank, is chosen in the
        plan's favour: the least unmet need, the least extra capacity, and the transfers,
        carry and funding that leave the least shortfall and move the least money. Decisions:
        ``options`` (option, year, taken) and ``contracts`` (contract, year, ended), yes or no;
        an option without a row is not taken, a contract without a row has not been ended
        before, and one that has been stays so.
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
        unknown, activity that is not a number of at least 0, an answer that is neither yes
        nor no.
    """
    instance = with_evidence(instance)
    # A plan far beyond all limits may overflow; what cannot be computed counts as missed.
    with np.errstate(over="ignore", invalid="ignore"):
        return _evaluate(instance, plan, tolerance)


def _evaluate(instance: Instance, plan: Mapping[str, pd.DataFrame], tolerance: float) -> Evaluation:
    found = Findings(tolerance)
    known = read_round(instance, plan.get("transfers"))
    programmes, pools = known.programmes, known.pools
    capacity = read_capacity(instance, programmes, pools.names)
    given = _read_plan(instance, plan, known, capacity)
    known = _decide(instance, known, given, found)

    demand = read_demand(
        instance, programmes, pd.Index(instance.outcomes["outcome"]), known.changes
    )
    limits, need = _activity(instance, known, demand, given, found)
    capacity = changed_capacity(capacity, known.changes)
    used = capacity_used(instance, capacity, programmes, given.activity)
    extra = settle_extra(capacity, used, given.extra)
    check_capacity(instance, capacity, used, extra, programmes, found)
    segments = read_segments(instance, programmes)
    outcomes = work_out(
        instance, programmes, demand, need, given.activity, segments.equity, known.changes, found
    )
    achieved = given.activity, need.unmet, outcomes
    incomes = earn_incomes(instance, programmes, known.chosen, pools, achieved)
    added = extra_cost(capacity, extra, pools.amount.shape)
    accounts = keep_accounts(instance, known, given, added, (outcomes, incomes), found)

    rules = read_rules(instance, programmes, known.chosen, outcomes.names, segments.names)
    measured = measure(
        programmes, given.activity, need.unmet, accounts, known.chosen, (outcomes, segments)
    )
    verdict = judge(rules, measured)
    check_rules(verdict, programmes, known.chosen, words(instance.outcomes, "unit"), found)

    tail = tail_value(instance, programmes, read_effects(instance, programmes), given.activity)
    parts = _parts(outcomes, verdict, tail)
    years = programmes.years
    return Evaluation(
        objective=parts["outcomes"] - parts["harm"] - parts["penalties"] + parts["tail"],
        parts=parts,
        allocation=_allocation(programmes, demand, given.activity, need, accounts, limits),
        outcomes=outcome_frame(outcomes, years),
        segments=segment_frame(outcomes, segments, years),
        by_programme=programme_frame(outcomes, programmes),
        rules=verdict.frame(years),
        capacity=capacity_frame(capacity, used, extra, programmes),
        budgets=ledger_frame(pools, accounts.ledger, years),
        transfers=_transfers(pools, accounts.ledger, programmes),
        funding=funding_frame(known.funding, accounts.ledger.paid, accounts.costs.spend, years),
        adjustments=adjustment_frame(known.adjustments, programmes, pools.names),
        contracts=contract_frame(accounts.payments, programmes),
        providers=provider_frame(accounts.providers, programmes),
        options=option_frame(accounts.options, pools.names, programmes.names),
        incomes=income_frame(incomes, years),
        violations=found.frame(),
        max_violation=found.largest,
        allowed=found.largest <= tolerance,
    )


def _read_plan(
    instance: Instance, plan: Mapping[str, pd.DataFrame], known: Round, capacity: Capacity
) -> Given:
    """The plan's tables, matched against the rows the instance lets them have."""
    keys = {
        "capacity": capacity.keys,
        "budgets": pd.DataFrame({"pool": known.pools.names}),
        "transfers": known.pools.pairs,
        "funding": known.funding.keys,
        "options": pd.DataFrame({"option": known.course.options.names}),
        "contracts": pd.DataFrame({"contract": known.contracts.names}),
    }
    return read_plan(plan, known.programmes, has_demand(instance, known.programmes), keys)


def _decide(instance: Instance, known: Round, given: Given, found: Findings) -> Round:
    """The round under the plan's options and contracts ended early, checked."""
    ended = np.logical_or.accumulate(given.ended == 1, axis=1)
    known = decide(instance, known, given.taken == 1, ended)
    check_options(instance, known.course, found)
    check_stays_ended(given.ended, known.contracts, known.programmes, found)
    return known


def _activity(
    instance: Instance, known: Round, demand: Demand, given: Given, found: Findings
) -> tuple[Limits, Need]:
    """Limits and need of the plan, checked."""
    programmes, activity = known.programmes, given.activity
    natural = np.column_stack([programmes.baseline, activity, demand.arriving])
    natural = natural.max(axis=1)[:, None]
    limits = read_limits(instance, programmes, activity, known.changes)
    check_limits(limits, activity, natural, programmes, found)
    effects = read_effects(instance, programmes)
    need = follow_need(demand, effects, programmes, activity, given.unmet)
    check_need(demand, need, activity, natural, programmes, found)
    return limits, need


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
    accounts: Accounts,
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
        "spend": accounts.costs.spend,
        "stranded": accounts.costs.stranded,
        "surcharge": accounts.costs.surcharge,
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
