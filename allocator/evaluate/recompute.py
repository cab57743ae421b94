"""Recompute a plan from the tables of its instance alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from allocator.arrays import Flags
from allocator.evaluate.accounts import keep_accounts
from allocator.evaluate.capacity import check_capacity, settle_capacity
from allocator.evaluate.contracts import check_stays_ended
from allocator.evaluate.evaluation import Evaluation
from allocator.evaluate.findings import Findings
from allocator.evaluate.incomes import earn_incomes
from allocator.evaluate.limits import LimitsOfPlan, check_limits, limits_of_plan
from allocator.evaluate.measures import measure
from allocator.evaluate.need import Need, check_need, follow_need
from allocator.evaluate.option_money import option_money
from allocator.evaluate.options import check_options, with_free
from allocator.evaluate.outcomes import check_drivers, tail_value, work_out_outcomes
from allocator.evaluate.outdated import Follows, reopened
from allocator.evaluate.plans import Given, read_plan
from allocator.evaluate.pools import Pools, with_transfers
from allocator.evaluate.round import Decided, Round, decide
from allocator.evaluate.spending import activity_bought
from allocator.evaluate.tolerances import DEFAULT_TOLERANCE, PENNY
from allocator.evaluate.verdict import check_rules, judge
from allocator.evaluate.workings import BEYOND, Workings
from allocator.instance.instance import Instance


def evaluate(
    instance: Instance | Round,
    plan: Mapping[str, pd.DataFrame],
    *,
    tolerance: float = DEFAULT_TOLERANCE,
) -> Evaluation:
    """Recompute what a plan costs, achieves and breaks, from the instance's tables alone.

    Parameters
    ----------
    instance : Instance or Round
        The round; a :class:`Round` where several plans are judged by it, so that its tables
        are read once.
    plan : mapping of str to pandas.DataFrame
        ``allocation`` with programme, year, activity and, if wanted, unmet; instead of
        activity it may say spend (all a programme costs, stranded cost and surcharge
        included), and instead of a row a year have a column a year. Optional:
        ``capacity`` (resource, place, year, extra), ``budgets`` (pool, year, carry_out),
        ``transfers`` (from_pool, to_pool, year, amount), ``funding`` (programme, pool, year,
        paid). What is stated is used and checked; what is not, or is blank, is chosen in the
        plan's favour: the least unmet need, the least extra capacity, and the transfers,
        carry and funding that leave the least shortfall and move the least money. Decisions:
        ``options`` (option, year, taken) and ``contracts`` (contract, year, ended), yes or no;
        an option without a row is not taken, unless a group needs exactly one and it is the
        one that costs and changes nothing; a contract without a row has not been ended
        before, and one that has been stays so. In tables that were written here, as a plan
        folder is, activity, options and endings are believed: what stands beside them and
        does not follow any more is worked out anew (:attr:`Evaluation.notes`).
    tolerance : float
        Violation, relative to the size of its row, up to which a row that is not money counts
        as kept. Money is kept to the penny, and what doubles lose in adding up what there is.

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
    known = instance if isinstance(instance, Round) else Round(instance)
    with np.errstate(**BEYOND):
        penny = PENNY / known.tables.settings.money_scale
        pools, given = _read(known, plan)
        checked = _evaluate(known, pools, given, Findings(tolerance, penny))
        w = checked.workings
        follows = Follows(w.decided, w.need, w.capacity, w.accounts)
        for money in (False, True):
            anew, notes = reopened(given, follows, money=money)
            if not notes or (money and checked.balanced):
                continue
            again = _evaluate(known, pools, anew, Findings(tolerance, penny))
            if not money or again.balanced:
                checked = replace(again, notes=notes)
        return replace(checked, notes=(*given.notes, *checked.notes, *_unnamed(known, plan)))


def _unnamed(known: Round, plan: Mapping[str, pd.DataFrame]) -> tuple[str, ...]:
    """What a plan without a table of options leaves out, where there are some."""
    there, table = len(known.options.names), plan.get("options")
    if not there or (table is not None and len(table)):
        return ()
    return (
        f"The plan names no options (there {'is' if there == 1 else 'are'} {there:,}): none is "
        "taken, but the free one of a group that needs one.",
    )


def _evaluate(known: Round, pools: Pools, given: Given, findings: Findings) -> Evaluation:
    programmes, selections = known.programmes, known.selections
    decided, given = _decide(known, pools, given, findings)
    limits, need = _activity(decided, given, findings)
    done = given.activity, decided.course.in_place
    capacity = settle_capacity(known.capacity, done, given.extra, decided.changes["capacity"])
    check_capacity(capacity, findings)
    check_drivers(known.responses, programmes, need, findings)
    outcomes = work_out_outcomes(known.responses, decided.changes["outcome"], need)
    achieved = given.activity, need.unmet, outcomes
    incomes = earn_incomes(known.conditions, programmes, selections, achieved)
    extra_cost = capacity.extra_cost(known.pools.amount.shape)
    accounts = keep_accounts(decided, given, extra_cost, (outcomes, incomes), findings)

    reached = outcomes, known.segments
    measured = measure(programmes, given.activity, need.unmet, accounts, selections, reached)
    verdict = judge(known.rules, measured)
    check_rules(verdict, programmes, selections, known.tables["outcomes"]["unit"], findings)
    parts = {
        "outcomes": float(outcomes.value.sum()) + outcomes.harm_value,
        "harm": outcomes.harm_value,
        "penalties": float(verdict.penalty.sum()),
        "tail": tail_value(programmes, known.effects, given.activity),
    }
    return Evaluation(
        objective=parts["outcomes"] - parts["harm"] - parts["penalties"] + parts["tail"],
        parts=parts,
        max_violation=findings.largest,
        allowed=findings.kept,
        workings=Workings(
            decided=decided,
            activity=given.activity,
            limits=limits,
            need=need,
            capacity=capacity,
            outcomes=outcomes,
            incomes=incomes,
            accounts=accounts,
            verdict=verdict,
            findings=findings,
        ),
    )


def _read(known: Round, plan: Mapping[str, pd.DataFrame]) -> tuple[Pools, Given]:
    """The plan's tables as arrays, and the pools with the transfers it makes."""
    pools = with_transfers(known.pools, plan.get("transfers"))
    rows = {
        "capacity": known.capacity.names,
        "budgets": pools.names,
        "transfers": pools.pairs,
        "funding": known.funding.names,
        "options": known.options.names,
        "contracts": known.contracts.names,
    }
    return pools, read_plan(plan, known.programmes, known.demand.there, rows)


def _decide(known: Round, pools: Pools, given: Given, findings: Findings) -> tuple[Decided, Given]:
    """The round under the plan's decisions, checked, and the plan with activity everywhere."""
    ended: Flags = np.logical_or.accumulate(given.ended == 1, axis=1)
    taken = with_free(known.options, known.tables["option_effects"], given.taken)
    decided = decide(known, pools, taken, ended)
    check_options(decided.course, findings)
    check_stays_ended(given.ended, decided.contracts, findings)
    if not np.isnan(given.activity).any():
        return decided, given
    programmes, changes = known.programmes, decided.changes
    money = option_money(decided.course, changes["income"], pools.names)
    yearly = money.of_programmes(money.costs["cost_yearly"], len(programmes.names))
    stated = given.activity, given.spend
    bought = activity_bought(programmes, stated, changes["unit_cost"], yearly)
    return decided, replace(given, activity=bought)


def _activity(decided: Decided, given: Given, findings: Findings) -> tuple[LimitsOfPlan, Need]:
    """Limits and need of the plan, checked."""
    programmes, activity, changes = decided.round.programmes, given.activity, decided.changes
    demand = decided.round.demand.moved(changes["demand"])
    natural = np.column_stack([programmes.baseline, activity, demand.arriving])
    natural = natural.max(axis=1)[:, None]
    limits = limits_of_plan(decided.round.limits, programmes, activity, changes)
    check_limits(limits, activity, natural, programmes, findings)
    need = follow_need(demand, decided.round.effects, activity, given.unmet)
    check_need(demand, need, activity, natural, programmes, findings)
    return limits, need
