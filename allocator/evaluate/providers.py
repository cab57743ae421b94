"""Providers: what they are paid, what it costs them, and the deficit they may run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.arrays import Floats, Ints
from allocator.evaluate import frames
from allocator.evaluate.adjustments import Adjustments
from allocator.evaluate.changes import Change
from allocator.evaluate.findings import Findings, Subject
from allocator.evaluate.payments import Payments
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.spending import Spending
from allocator.evaluate.tables import Names, Tables, summed
from allocator.instance.tables.settings import Settings


@dataclass(frozen=True)
class Providers:
    """Providers of a round; arrays of shape (provider, year) unless said.

    Attributes
    ----------
    names : Names
        Every provider of the programmes, the options and the providers table, in order.
    settings : Settings
        How years and money are written.
    of : numpy.ndarray
        Shape (programme,): position of its provider, -1 without one.
    other_income, other_cost : numpy.ndarray
        As in the table.
    deficit_max : numpy.ndarray
        Most it may lose; NaN for no limit.
    adjusted, adjusted_once : numpy.ndarray
        Adjustments it is paid, and those of them that do not come back every year.
    winner : numpy.ndarray
        Shape (option,): position of the provider it moves programmes to, -1 for none.
    """

    names: Names
    settings: Settings
    of: Ints
    other_income: Floats
    other_cost: Floats
    deficit_max: Floats
    adjusted: Floats
    adjusted_once: Floats
    winner: Ints


def read_providers(tables: Tables, programmes: Programmes, adjustments: Adjustments) -> Providers:
    """Providers with the terms in force."""
    rows, provider = tables["providers"], programmes.rows["provider"]
    winner = tables["options"]["provider"]
    names = Names(sorted({*rows["provider"], *provider, *winner} - {""}))
    in_force = tables.in_force(rows, names, "provider")
    return Providers(
        names=names,
        settings=tables.settings,
        of=names.find(provider),
        other_income=in_force.figures("other_income", 0.0),
        other_cost=in_force.figures("other_cost", 0.0),
        deficit_max=in_force.figures("deficit_max"),
        adjusted=adjustments.paid_to(names),
        adjusted_once=adjustments.paid_to(names, once=True),
        winner=names.find(winner),
    )


def runs_by_provider(providers: Providers, moved: Change, figures: Floats) -> Floats:
    """Figures of programmes summed over who runs them, shape (provider, year).

    Parameters
    ----------
    providers : Providers
        The providers.
    moved : Change
        Programmes that options have moved, with the share of the year.
    figures : numpy.ndarray
        Shape (programme, year).
    """
    size = len(providers.names)
    by_provider = summed(providers.of, figures, size)
    if not len(moved.option):
        return by_provider
    taken = moved.share * figures[moved.target]
    by_provider -= summed(providers.of[moved.target], taken, size)
    return by_provider + summed(providers.winner[moved.option], taken, size)


@dataclass(frozen=True)
class Books:
    """What providers of a plan are paid and what it costs them; shape (provider, year).

    Attributes
    ----------
    providers : Providers
        The providers.
    contract_income, overhead_income, cost_income : numpy.ndarray
        Payments of contracts, overheads as lead, and programmes paid at cost.
    cost : numpy.ndarray
        Cost of all its programmes, with stranded cost.
    stranded : numpy.ndarray
        Stranded cost of its programmes under contract.
    """

    providers: Providers
    contract_income: Floats
    overhead_income: Floats
    cost_income: Floats
    cost: Floats
    stranded: Floats

    @property
    def income(self) -> Floats:
        """Contracts, overheads and programmes paid at cost."""
        return self.contract_income + self.overhead_income + self.cost_income

    @property
    def position(self) -> Floats:
        """Income of every kind less cost of every kind."""
        other = self.providers
        own = other.other_income + other.adjusted - other.other_cost
        return self.income + own - self.cost

    @property
    def underlying(self) -> Floats:
        """Position without what it is paid once."""
        return self.position - self.providers.adjusted_once


def keep_books(
    providers: Providers, payments: Payments, spending: Spending, moved: Change
) -> Books:
    """Books of the providers of a plan.

    Parameters
    ----------
    providers : Providers
        The providers.
    payments : Payments
        What contracts come to.
    spending : Spending
        What activity costs.
    moved : Change
        Programmes that options have moved to another provider.
    """
    contracts = payments.contracts
    names, size = providers.names, len(providers.names)
    paid = np.where(contracts.replaces, payments.payment, 0.0)
    lead = names.find(contracts.lead.ravel()).reshape(paid.shape)
    overhead = np.zeros((size, paid.shape[1]))
    c, t = np.nonzero(lead >= 0)
    np.add.at(overhead, (lead[c, t], t), (contracts.columns["overhead"] * paid)[c, t])
    contracted, spend = contracts.contracted, spending.total
    return Books(
        providers=providers,
        contract_income=summed(names.find(contracts.provider), paid, size),
        overhead_income=overhead,
        cost_income=runs_by_provider(providers, moved, np.where(contracted, 0.0, spend)),
        cost=runs_by_provider(providers, moved, spend),
        stranded=summed(providers.of, np.where(contracted, spending.stranded, 0.0), size),
    )


def check_providers(books: Books, findings: Findings) -> None:
    """Note providers that lose more than they may."""
    providers = books.providers
    other = providers.other_income + np.abs(providers.adjusted) + providers.other_cost
    terms = books.income + other + books.cost
    findings.add(
        "provider",
        Subject("Provider", providers.names.all, providers.settings),
        "loses {value}, {off} more than the most allowed, {limit}",
        value=-books.position,
        limit=np.where(np.isnan(providers.deficit_max), np.inf, providers.deficit_max),
        most=True,
        terms=terms,
        money=terms,
        natural=terms.max(axis=1, initial=0.0)[:, None],
    )


def provider_frame(books: Books, years: Ints) -> pd.DataFrame:
    """Providers by year, as :attr:`Evaluation.providers` describes."""
    providers = books.providers
    columns = {
        "income": books.income,
        "contract_income": books.contract_income,
        "other_income": providers.other_income,
        "adjustments": providers.adjusted,
        "other_cost": providers.other_cost,
        "cost": books.cost,
        "position": books.position,
        "deficit_max": providers.deficit_max,
        "slack": books.position + providers.deficit_max,
    }
    return frames.by_year({"provider": providers.names.array}, years, columns)
