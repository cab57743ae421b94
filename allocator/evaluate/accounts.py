"""The money of a plan: contracts, providers, shared funding, adjustments and pools."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.evaluate.adjustments import Adjustments, read_adjustments
from allocator.evaluate.contracts import Contracts, Payments, check_contracts, pay, read_contracts
from allocator.evaluate.findings import Findings
from allocator.evaluate.funding import Funding, check_funding, read_funding
from allocator.evaluate.outcomes import Outcomes
from allocator.evaluate.plans import Given
from allocator.evaluate.pools import Ledger, Pools, Uses, check_pools, read_pools
from allocator.evaluate.providers import Providers, check_providers, read_providers
from allocator.evaluate.selections import Selections, read_selections
from allocator.evaluate.settle import Shared, settle
from allocator.evaluate.tables import Array, Programmes, read_programmes, summed
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Round:
    """What an instance says about money.

    Attributes
    ----------
    programmes, chosen, pools, contracts, funding, adjustments
        Its tables as arrays.
    """

    programmes: Programmes
    chosen: Selections
    pools: Pools
    contracts: Contracts
    funding: Funding
    adjustments: Adjustments


@dataclass(frozen=True)
class Accounts:
    """What a plan comes to in money.

    Attributes
    ----------
    spend : numpy.ndarray
        Shape (programme, year): cost of activity, stranded cost included.
    stranded : numpy.ndarray
        Shape (programme, year): the stranded part.
    payments, providers, ledger : Payments, Providers, Ledger
        Contracts, those they pay, and pools.
    """

    spend: Array
    stranded: Array
    payments: Payments
    providers: Providers
    ledger: Ledger


def keep_accounts(
    instance: Instance,
    known: Round,
    given: Given,
    costs: tuple[Array, Array],
    outcomes: Outcomes,
    found: Findings,
) -> Accounts:
    """Accounts of a plan, checked.

    Parameters
    ----------
    instance, known : Instance, Round
        The round.
    given : Given
        The plan.
    costs : tuple of numpy.ndarray
        Shape (programme, year): stranded cost; shape (pool, year): extra capacity.
    outcomes : Outcomes
        Outcomes of the plan, for contracts that pay for them.
    found : Findings
        Takes the violations.
    """
    programmes, stranded = known.programmes, costs[0]
    spend = programmes.price * given.activity + stranded
    payments = pay(known.contracts, programmes, given.activity, stranded, outcomes)
    check_contracts(payments, programmes, found)
    providers = read_providers(instance, programmes, payments, spend, stranded)
    check_providers(providers, programmes, found)
    uses = _uses(known, payments, spend, costs[1])
    shared = Shared(known.funding, spend, programmes.recurrent)
    ledger = settle(known.pools, uses, shared, given)
    check_funding(known.funding, ledger.paid, spend, programmes, found)
    check_pools(known.pools, ledger, programmes, found)
    return Accounts(spend, stranded, payments, providers, ledger)


def read_round(instance: Instance, handed: pd.DataFrame | None) -> Round:
    """What an instance says about money.

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
    return Round(
        programmes=programmes,
        chosen=chosen,
        pools=pools,
        contracts=contracts,
        funding=read_funding(instance, programmes, pools.names, contracts.held),
        adjustments=read_adjustments(instance, programmes, chosen, pools.names),
    )


def _uses(known: Round, payments: Payments, spend: Array, extra_cost: Array) -> Uses:
    """What every pool pays for, before money moves."""
    programmes, pools, contracts = known.programmes, known.pools, known.contracts
    size = len(pools.names)
    payer = pools.names.get_indexer(pd.Index(programmes.table["pool"]))
    capital = programmes.capital[:, None]
    own = np.where(contracts.held | known.funding.shared, 0.0, spend)
    revenue = np.where(capital, 0.0, own)
    paid = np.where(contracts.replaces, payments.pool_payment, 0.0)
    by_contract = summed(pools.names.get_indexer(pd.Index(contracts.pool)), paid, size)
    always = summed(payer, np.where(programmes.recurrent[:, None], revenue, 0.0), size)
    return Uses(
        at_cost=summed(payer, revenue, size),
        contracts=by_contract,
        adjustments=known.adjustments.net(),
        extra_cost=extra_cost,
        lasting=always + by_contract + known.adjustments.lasting(),
        capital=summed(payer, np.where(capital, own, 0.0), size),
    )
