"""Recompute a plan from the tables of its instance alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Any

import numpy as np
import pandas as pd

from allocator.arrays import Flags, Floats
from allocator.evaluate import frames
from allocator.evaluate.accounts import Accounts, keep_accounts
from allocator.evaluate.adjustments import adjustment_frame
from allocator.evaluate.capacity import (
    CapacityOfPlan,
    capacity_frame,
    check_capacity,
    settle_capacity,
)
from allocator.evaluate.contracts import check_stays_ended, contract_frame
from allocator.evaluate.findings import Findings
from allocator.evaluate.funding import funding_frame
from allocator.evaluate.incomes import Incomes, earn_incomes, income_frame
from allocator.evaluate.limits import LimitsOfPlan, check_limits, limits_of_plan
from allocator.evaluate.measures import measure
from allocator.evaluate.need import Need, check_need, follow_need
from allocator.evaluate.option_money import option_frame, option_money
from allocator.evaluate.options import check_options, with_free
from allocator.evaluate.outcomes import (
    Outcomes,
    check_drivers,
    outcome_frame,
    programme_frame,
    segment_frame,
    tail_value,
    work_out_outcomes,
)
from allocator.evaluate.outdated import Follows, reopened
from allocator.evaluate.plans import Given, read_plan
from allocator.evaluate.pools import Pools, ledger_frame, transfer_frame, with_transfers
from allocator.evaluate.providers import provider_frame
from allocator.evaluate.round import Decided, Round, decide
from allocator.evaluate.spending import activity_bought
from allocator.evaluate.system import system_frame
from allocator.evaluate.tolerances import DEFAULT_TOLERANCE, PENNY
from allocator.evaluate.verdict import Verdict, check_rules, judge, rule_frame
from allocator.instance.instance import Instance
from allocator.overview import as_html, as_text, lacking
from allocator.words import number

TABLES = (
    "allocation",
    "outcomes",
    "segments",
    "by_programme",
    "rules",
    "capacity",
    "budgets",
    "transfers",
    "funding",
    "adjustments",
    "contracts",
    "providers",
    "system",
    "options",
    "incomes",
    "violations",
)
"""Tables of an evaluation, in order."""

MONEY = ("budget", "carry", "recurrent", "transfer", "funding")
"""Kinds of violation that money settled otherwise may mend."""

_BEYOND: Mapping[str, Any] = {"over": "ignore", "invalid": "ignore"}
"""A plan far beyond all limits may overflow; what cannot be computed counts as missed."""


def _table(make: Callable[[Evaluation], pd.DataFrame]) -> cached_property[pd.DataFrame]:
    """A table that is made when it is first read; in it too may be what cannot be computed."""

    @wraps(make)
    def made(self: Evaluation) -> pd.DataFrame:
        with np.errstate(**_BEYOND):
            return make(self)

    return cached_property(made)


@dataclass(frozen=True)
class Workings:
    """A plan recomputed, as arrays.

    Attributes
    ----------
    decided : Decided
        The round under what the plan decides.
    activity : numpy.ndarray
        Shape (programme, year).
    limits, need, capacity, outcomes, incomes, accounts, verdict
        What the plan does and how it stands.
    findings : Findings
        What it breaks.
    """

    decided: Decided
    activity: Floats
    limits: LimitsOfPlan
    need: Need
    capacity: CapacityOfPlan
    outcomes: Outcomes
    incomes: Incomes
    accounts: Accounts
    verdict: Verdict
    findings: Findings


@dataclass(frozen=True)
class Evaluation:
    """A plan recomputed: what it is worth, and whether it is allowed.

    Money is in the instance's money unit, activity in each programme's unit. Tables are made
    when they are first read.

    Attributes
    ----------
    objective : float
        Value of the plan on the true response curves: outcomes - harm - penalties + tail.
    parts : dict of str to float
        ``outcomes``, ``harm``, ``penalties`` (both positive when they take value away) and
        ``tail``.
    max_violation : float
        Largest relative violation of anything hard, 0.0 when there is none.
    allowed : bool
        Whether all of it is kept: money to the penny, everything else within the tolerance.
    workings : Workings
        Everything the plan does, as arrays.
    notes : tuple of str
        What is to be said of how the plan was read: rows that are a total, figures that look
        like money and were read as activity, and what it states and its activity contradicts,
        which is worked out anew.
    """

    objective: float
    parts: dict[str, float]
    max_violation: float
    allowed: bool
    workings: Workings = field(repr=False, compare=False)
    notes: tuple[str, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        return {name: getattr(self, name) for name in TABLES}

    @_table
    def allocation(self) -> pd.DataFrame:
        """Programmes by year.

        programme, year, activity, need, met, avoided, unmet, price, spend, stranded,
        surcharge, lo, hi; need, met, avoided and unmet are NaN without demand; spend includes
        stranded cost and surcharge (what does not follow the plain unit cost: dearer or
        cheaper units above a threshold, unit costs changed by options, yearly costs of the
        options that are part of the programme); limits on growth are those after the plan's
        activity the year before, and limits are those options leave.
        """
        w, known = self.workings, self.workings.decided.round
        there, spending = known.demand.there, w.accounts.spending
        needed = {name: getattr(w.need, name) for name in ("need", "met", "avoided", "unmet")}
        columns = {
            "activity": w.activity,
            **{name: np.where(there, figures, np.nan) for name, figures in needed.items()},
            "price": known.programmes.price,
            "spend": spending.total,
            "stranded": spending.stranded,
            "surcharge": spending.surcharge,
            "lo": w.limits.lo,
            "hi": w.limits.hi,
        }
        names = {"programme": known.programmes.names.array}
        return frames.by_year(names, known.tables.years, columns)

    @_table
    def outcomes(self) -> pd.DataFrame:
        """Outcomes by year.

        outcome, year, amount (unweighted, net of harm, credited when bought), beyond_horizon
        (the part that arrives after the last plan year), value (weighted).
        """
        return outcome_frame(self.workings.outcomes, self._round.tables.years)

    @_table
    def segments(self) -> pd.DataFrame:
        """outcome, segment, year, amount; empty without segments."""
        known = self._round
        return segment_frame(self.workings.outcomes, known.segments, known.tables.years)

    @_table
    def by_programme(self) -> pd.DataFrame:
        """programme, outcome, year, amount, value."""
        known = self._round
        return programme_frame(self.workings.outcomes, known.programmes, known.tables.years)

    @_table
    def rules(self) -> pd.DataFrame:
        """Rules by year.

        rule, year, label, measure, sense, value (left-hand side in the unit of the basis, NaN
        when it is a share of nothing), limit, left and right (multiplied out), slack (not
        negative when met), violation, soft, penalty (value taken off).
        """
        return rule_frame(self.workings.verdict, self._round.tables.years)

    @_table
    def capacity(self) -> pd.DataFrame:
        """resource, place, year, used, amount, extra, slack."""
        return capacity_frame(self.workings.capacity, self._round.tables.years)

    @_table
    def budgets(self) -> pd.DataFrame:
        """Pools by year.

        pool, year, amount (all money but capital), spend (what it pays for care: at_cost +
        contract_payments + funded), adjustments, extra_cost, option_cost (of options, paid by
        the pool directly, capital apart), option_income, incomes (conditional money received
        in the year), held_back, exit_fees, transfers_in, transfers_out, carry_in, carry_out,
        slack; recurrent_income (income from options included) and recurrent_spend (yearly
        costs of options included), both with transfers, and underlying, the first less the
        second; support (of deficits, which is no part of it); capital_amount, capital_spend
        (capital of options included).
        """
        w = self.workings
        return ledger_frame(w.decided.pools, w.accounts.ledger, self._round.tables.years)

    @_table
    def transfers(self) -> pd.DataFrame:
        """from_pool, to_pool, year, amount."""
        w = self.workings
        return transfer_frame(w.decided.pools, w.accounts.ledger, self._round.tables.years)

    @_table
    def funding(self) -> pd.DataFrame:
        """Parts of the programmes that several pools pay for.

        programme, pool, year, paid, share (of what it costs), share_min, share_max.
        """
        w, spend = self.workings, self.workings.accounts.spending.total
        paid = w.accounts.ledger.paid
        return funding_frame(w.decided.funding, paid, spend, self._round.tables.years)

    @_table
    def adjustments(self) -> pd.DataFrame:
        """Money that is not a programme.

        pool, year, kind, item, amount (net of what is not delivered; negative when saved).
        """
        known = self._round
        return adjustment_frame(known.adjustments, known.pools.names, known.tables.years)

    @_table
    def contracts(self) -> pd.DataFrame:
        """Contracts by year.

        contract, year, type (`cost` in years without), provider, pool, payment, pool_payment
        (with the lead's overhead), cost (of the activity, stranded cost included), value
        (activity at tariff), fixed (fixed part or budget, NaN without), stranded, state, ended
        (by the plan), suspended (by an option in place), exit_fee.
        """
        known, payments = self._round, self.workings.accounts.payments
        return contract_frame(payments, known.pools.names, known.tables.years)

    @_table
    def providers(self) -> pd.DataFrame:
        """Providers by year.

        provider, year, income (contracts, overheads, programmes paid at cost),
        contract_income, other_income, adjustments (money from pools that is not for activity),
        other_cost, cost, position, deficit_max, slack (both NaN without a limit).
        """
        return provider_frame(self.workings.accounts.books, self._round.tables.years)

    @_table
    def system(self) -> pd.DataFrame:
        """Underlying position of pools and providers together, by year.

        year, pools (underlying position of all pools, with every deficit that comes back each
        year), held (the part of these deficits that nobody is paid: pools hold it against a
        provider's loss), providers (positions of all providers without what they are paid
        once), underlying (the sum of the three), support (money that supports a deficit until
        it is withdrawn; no part of it).
        """
        accounts, known = self.workings.accounts, self._round
        pools = self.workings.decided.pools
        return system_frame(
            pools, accounts.ledger, accounts.books, known.adjustments, known.tables.years
        )

    @_table
    def options(self) -> pd.DataFrame:
        """Options by year.

        option, label, group, year, taken, in_place (share of the year for which it counts),
        cost_once, cost_yearly, double_running, cost_exit, capital (money of the year), pool
        (that pays), programme (whose spend the yearly cost is part of).
        """
        known, money = self._round, self.workings.accounts.options
        return option_frame(money, known.pools.names, known.programmes.names)

    @_table
    def incomes(self) -> pd.DataFrame:
        """Conditional money by condition and year.

        income, part, label, pool, year (measured), received (year it is received in, 0 when
        beyond the plan), measure, sense, value (what is measured), threshold, full, earned
        (share, 0 to 1), amount (money earned), held_back (money taken off the pool in the year
        measured).
        """
        return income_frame(self.workings.incomes, self._round.tables.years)

    @_table
    def violations(self) -> pd.DataFrame:
        """Hard limits and rules missed by more than the tolerance.

        kind, name, year, value, limit, violation (in its own unit), relative (to the size of
        the row), message.
        """
        return self.workings.findings.frame()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in dir(type(self)):  # or one that could not be made
            raise AttributeError(name)
        raise lacking("an evaluation", name, dir(self))

    def __repr__(self) -> str:
        return as_text(*self._overview())

    def _repr_html_(self) -> str:
        return as_html(*self._overview())

    def _overview(self) -> tuple[str, dict[str, str], dict[str, int]]:
        """Title, facts and rows by table."""
        found = self.violations
        facts = {
            "objective": number(self.objective),
            **{name: number(value) for name, value in self.parts.items() if value},
            "violations": "; ".join(found["message"].head(3)) if len(found) else "",
        }
        title = f"Evaluation: the plan is {'allowed' if self.allowed else 'not allowed'}"
        return title, facts, {name: len(table) for name, table in self.tables().items()}

    @property
    def balanced(self) -> bool:
        """Whether pools pay for all they must with the money they have."""
        return not self.violations["kind"].isin(MONEY).any()

    @property
    def _round(self) -> Round:
        return self.workings.decided.round


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
    with np.errstate(**_BEYOND):
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
        return replace(checked, notes=(*given.notes, *checked.notes))


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
