"""The money of a plan: contracts, providers, options, shared funding, adjustments, pools."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.evaluate.findings import Findings
from allocator.evaluate.funding import check_funding
from allocator.evaluate.incomes import Incomes
from allocator.evaluate.ledger import Ledger, Uses, check_pools
from allocator.evaluate.option_money import OptionMoney, option_money
from allocator.evaluate.outcomes import Outcomes
from allocator.evaluate.payments import Payments, check_contracts, pay
from allocator.evaluate.plans import Given
from allocator.evaluate.providers import Books, check_providers, keep_books
from allocator.evaluate.round import Decided
from allocator.evaluate.settle import Shared, settle
from allocator.evaluate.spending import Spending, work_out_spending
from allocator.evaluate.tables import summed


@dataclass(frozen=True)
class Accounts:
    """What a plan comes to in money.

    Attributes
    ----------
    spending : Spending
        What activity costs, by programme.
    options : OptionMoney
        What options cost and bring in.
    payments, books, ledger : Payments, Books, Ledger
        Contracts, the providers they pay, and pools.
    """

    spending: Spending
    options: OptionMoney
    payments: Payments
    books: Books
    ledger: Ledger


def keep_accounts(
    decided: Decided,
    given: Given,
    extra_cost: Floats,
    achieved: tuple[Outcomes, Incomes],
    findings: Findings,
) -> Accounts:
    """Accounts of a plan, checked.

    Parameters
    ----------
    decided : Decided
        The round under its decisions.
    given : Given
        The plan.
    extra_cost : numpy.ndarray
        Shape (pool, year): cost of capacity added.
    achieved : tuple of Outcomes and Incomes
        Outcomes of the plan, for contracts that pay for them, and what they earn.
    findings : Findings
        Takes the violations.
    """
    programmes, pools = decided.round.programmes, decided.pools
    changes, funding = decided.changes, decided.funding
    options = option_money(decided.course, changes["income"], pools.names)
    yearly = options.of_programmes(options.costs["cost_yearly"], len(programmes.names))
    spending = work_out_spending(programmes, given.activity, changes["unit_cost"], yearly)
    payments = pay(decided.contracts, programmes, given.activity, spending, achieved[0])
    check_contracts(payments, findings)
    books = keep_books(decided.round.providers, payments, spending, changes["provider"])
    check_providers(books, findings)
    spend = spending.total
    uses = _uses(decided, payments, spend, extra_cost, (options, achieved[1]))
    ledger = settle(pools, uses, Shared(funding, spend, programmes.recurrent), given)
    check_funding(funding, ledger.paid, spend, programmes, findings)
    check_pools(pools, ledger, findings)
    return Accounts(spending, options, payments, books, ledger)


def _uses(
    decided: Decided,
    payments: Payments,
    spend: Floats,
    extra_cost: Floats,
    money: tuple[OptionMoney, Incomes],
) -> Uses:
    """What every pool pays for and gains, before money moves."""
    options, incomes = money
    programmes, adjustments = decided.round.programmes, decided.round.adjustments
    contracts, size = decided.contracts, len(decided.pools.names)
    capital = programmes.capital[:, None]
    own = np.where(contracts.contracted | decided.funding.shared, 0.0, spend)
    revenue = np.where(capital, 0.0, own)
    paid = np.where(contracts.replaces, payments.pool_payment, 0.0)
    by_contract = summed(contracts.pool, paid, size)
    always = np.where(programmes.recurrent[:, None], revenue, 0.0)
    lasting = summed(programmes.pool, always, size) + by_contract
    return Uses(
        at_cost=summed(programmes.pool, revenue, size),
        contracts=by_contract,
        adjustments=adjustments.net,
        extra_cost=extra_cost,
        options=options.revenue,
        exit_fees=summed(contracts.pool, contracts.exit_fees, size),
        lasting=lasting + adjustments.lasting + options.lasting,
        capital=summed(programmes.pool, np.where(capital, own, 0.0), size) + options.capital,
        option_income=options.income,
        incomes=incomes.received,
        withheld=incomes.withheld,
    )
