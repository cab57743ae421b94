"""The money of a plan: contracts, providers, options, shared funding, adjustments, pools."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from allocator.evaluate.adjustments import Adjustments, read_adjustments
from allocator.evaluate.changes import Changes, read_changes, surcharge
from allocator.evaluate.contracts import (
    Contracts,
    Payments,
    check_contracts,
    leave,
    pay,
    read_contracts,
)
from allocator.evaluate.findings import Findings
from allocator.evaluate.funding import Funding, check_funding, read_funding
from allocator.evaluate.incomes import Incomes
from allocator.evaluate.option_money import OptionMoney, option_money
from allocator.evaluate.options import Course, follow, read_options
from allocator.evaluate.outcomes import Outcomes
from allocator.evaluate.plans import Given
from allocator.evaluate.pools import (
    Costs,
    Ledger,
    Pools,
    Uses,
    check_pools,
    read_pools,
    stranded_cost,
)
from allocator.evaluate.providers import Providers, check_providers, read_providers
from allocator.evaluate.selections import Selections, read_selections
from allocator.evaluate.settle import Shared, settle
from allocator.evaluate.tables import Array, Flags, Programmes, read_programmes, summed
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Round:
    """What an instance says about money, and what a plan decides of it.

    Attributes
    ----------
    programmes, chosen, pools, contracts, funding, adjustments
        Its tables as arrays; contracts without the years in which the plan has none.
    course, changes : Course, Changes
        Options as the plan takes them, and what they change.
    """

    programmes: Programmes
    chosen: Selections
    pools: Pools
    contracts: Contracts
    funding: Funding
    adjustments: Adjustments
    course: Course
    changes: Changes


@dataclass(frozen=True)
class Accounts:
    """What a plan comes to in money.

    Attributes
    ----------
    costs : Costs
        What activity costs, by programme.
    options : OptionMoney
        What options cost and bring in.
    payments, providers, ledger : Payments, Providers, Ledger
        Contracts, those they pay, and pools.
    """

    costs: Costs
    options: OptionMoney
    payments: Payments
    providers: Providers
    ledger: Ledger


def keep_accounts(
    instance: Instance,
    known: Round,
    given: Given,
    extra: Array,
    achieved: tuple[Outcomes, Incomes],
    found: Findings,
) -> Accounts:
    """Accounts of a plan, checked.

    Parameters
    ----------
    instance, known : Instance, Round
        The round.
    given : Given
        The plan.
    extra : numpy.ndarray
        Shape (pool, year): cost of extra capacity.
    achieved : tuple of Outcomes and Incomes
        Outcomes of the plan, for contracts that pay for them, and what they earn.
    found : Findings
        Takes the violations.
    """
    programmes, pools = known.programmes, known.pools
    money = option_money(known.course, known.changes, pools.names)
    costs = work_out_costs(known, given.activity, money)
    payments = pay(known.contracts, programmes, given.activity, costs, achieved[0])
    check_contracts(payments, programmes, found)
    providers = read_providers(instance, programmes, payments, costs.spend, costs.stranded)
    check_providers(providers, programmes, found)
    uses = _uses(known, payments, costs.spend, extra, (money, achieved[1]))
    shared = Shared(known.funding, costs.spend, programmes.recurrent)
    ledger = settle(pools, uses, shared, given)
    check_funding(known.funding, ledger.paid, costs.spend, programmes, found)
    check_pools(pools, ledger, programmes, found)
    return Accounts(costs, money, payments, providers, ledger)


def work_out_costs(known: Round, activity: Array, money: OptionMoney) -> Costs:
    """What activity costs, with the yearly costs of options that are part of programmes."""
    programmes = known.programmes
    yearly = money.of_programmes(len(programmes.names))
    return Costs(
        plain=programmes.price * activity,
        surcharge=surcharge(programmes, activity, known.changes, yearly),
        stranded=stranded_cost(programmes, activity),
    )


def read_round(instance: Instance, handed: pd.DataFrame | None) -> Round:
    """What an instance says about money, with no option taken and no contract ended.

    Parameters
    ----------
    instance : Instance
        The round.
    handed : pandas.DataFrame or None
        Transfers of a plan; see :func:`allocator.evaluate.pools.read_pools`.
    """
    programmes = read_programmes(instance)
    chosen = read_selections(instance, programmes)
    pools = read_pools(instance, programmes, handed)
    contracts = read_contracts(instance, programmes)
    options = read_options(instance, programmes, pools.names)
    shape = len(options.names), len(programmes.years)
    course = follow(options, np.zeros(shape, dtype=bool))
    return Round(
        programmes=programmes,
        chosen=chosen,
        pools=pools,
        contracts=contracts,
        funding=read_funding(instance, programmes, pools.names, contracts.held),
        adjustments=read_adjustments(instance, programmes, chosen, pools.names),
        course=course,
        changes=read_changes(instance, course),
    )


def decide(instance: Instance, known: Round, taken: Flags, ended: Flags) -> Round:
    """The round under the decisions of a plan.

    Parameters
    ----------
    instance, known : Instance, Round
        The round as :func:`read_round` has it.
    taken : numpy.ndarray
        Shape (option, year): whether the plan takes it.
    ended : numpy.ndarray
        Shape (contract, year): whether the plan has ended it.
    """
    course = follow(known.course.options, taken)
    changes = read_changes(instance, course)
    names, programmes = known.contracts.names, known.programmes
    suspended = changes.of("contract").where(names, len(names))
    contracts = leave(known.contracts, programmes.years, ended, suspended)
    funding = read_funding(instance, programmes, known.pools.names, contracts.held)
    return replace(known, contracts=contracts, funding=funding, course=course, changes=changes)


def _uses(
    known: Round,
    payments: Payments,
    spend: Array,
    extra_cost: Array,
    decided: tuple[OptionMoney, Incomes],
) -> Uses:
    """What every pool pays for and gains, before money moves."""
    options, incomes = decided
    programmes, pools, contracts = known.programmes, known.pools, known.contracts
    size = len(pools.names)
    payer = pools.names.get_indexer(pd.Index(programmes.table["pool"]))
    capital = programmes.capital[:, None]
    own = np.where(contracts.held | known.funding.shared, 0.0, spend)
    revenue = np.where(capital, 0.0, own)
    paid = np.where(contracts.replaces, payments.pool_payment, 0.0)
    of_contract = pools.names.get_indexer(pd.Index(contracts.pool))
    by_contract = summed(of_contract, paid, size)
    always = summed(payer, np.where(programmes.recurrent[:, None], revenue, 0.0), size)
    return Uses(
        at_cost=summed(payer, revenue, size),
        contracts=by_contract,
        adjustments=known.adjustments.net(),
        extra_cost=extra_cost,
        options=options.revenue(size),
        exit_fees=summed(of_contract, contracts.exit_fees, size),
        lasting=always + by_contract + known.adjustments.lasting() + options.lasting(size),
        capital=summed(payer, np.where(capital, own, 0.0), size) + options.capital(size),
        option_income=options.income,
        incomes=incomes.received(pools.amount.shape),
        held_back=incomes.held_back(pools.amount.shape),
    )
