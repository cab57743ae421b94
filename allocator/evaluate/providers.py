"""Providers: what they are paid, what it costs them, and the deficit they may run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.arrays import Floats, Ints
from allocator.evaluate import frames
from allocator.evaluate.contracts import Payments
from allocator.evaluate.findings import Findings, Subject
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
        Every provider of the programmes and of the providers table, in order.
    settings : Settings
        How years and money are written.
    of : numpy.ndarray
        Shape (programme,): position of its provider, -1 without one.
    other_income, other_cost : numpy.ndarray
        As in the table.
    deficit_max : numpy.ndarray
        Most it may lose; NaN for no limit.
    """

    names: Names
    settings: Settings
    of: Ints
    other_income: Floats
    other_cost: Floats
    deficit_max: Floats


def read_providers(tables: Tables, programmes: Programmes) -> Providers:
    """Providers with the terms in force."""
    rows, provider = tables["providers"], programmes.rows["provider"]
    names = Names(sorted({*rows["provider"], *provider} - {""}))
    in_force = tables.in_force(rows, names, "provider")
    return Providers(
        names=names,
        settings=tables.settings,
        of=names.find(provider),
        other_income=in_force.figures("other_income", 0.0),
        other_cost=in_force.figures("other_cost", 0.0),
        deficit_max=in_force.figures("deficit_max"),
    )


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
        return self.income + other.other_income - other.other_cost - self.cost


def keep_books(providers: Providers, payments: Payments, spending: Spending) -> Books:
    """Books of the providers of a plan.

    Parameters
    ----------
    providers : Providers
        The providers.
    payments : Payments
        What contracts come to.
    spending : Spending
        What activity costs.
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
        cost_income=summed(providers.of, np.where(contracted, 0.0, spend), size),
        cost=summed(providers.of, spend, size),
        stranded=summed(providers.of, np.where(contracted, spending.stranded, 0.0), size),
    )


def check_providers(books: Books, findings: Findings) -> None:
    """Note providers that lose more than they may."""
    providers = books.providers
    terms = books.income + providers.other_income + providers.other_cost + books.cost
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
        "other_cost": providers.other_cost,
        "cost": books.cost,
        "position": books.position,
        "deficit_max": providers.deficit_max,
        "slack": books.position + providers.deficit_max,
    }
    return frames.by_year({"provider": providers.names.array}, years, columns)
