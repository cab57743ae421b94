"""Providers: what they are paid, what it costs them, and the deficit they may run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.evaluate.contracts import Payments
from allocator.evaluate.findings import Findings, Subject
from allocator.evaluate.tables import (
    Array,
    Codes,
    Programmes,
    money,
    numbers,
    pick,
    positions,
    rows_by_year,
    summed,
    words,
)
from allocator.instance.instance import Instance


@dataclass(frozen=True)
class Providers:
    """Providers of a plan; arrays of shape (provider, year) unless said.

    Attributes
    ----------
    names : pandas.Index
        Every provider of the programmes, of the providers table and every lead.
    of : numpy.ndarray
        Shape (programme,): position of its provider, -1 without one.
    contract_income, overhead_income, cost_income : numpy.ndarray
        Payments of contracts, overheads as lead, and programmes paid at cost.
    other_income, other_cost : numpy.ndarray
        As in the table.
    cost : numpy.ndarray
        Cost of all its programmes, with stranded cost.
    stranded : numpy.ndarray
        Stranded cost of its programmes under contract.
    deficit_max : numpy.ndarray
        Most it may lose; NaN for no limit.
    """

    names: pd.Index
    of: Codes
    contract_income: Array
    overhead_income: Array
    cost_income: Array
    other_income: Array
    other_cost: Array
    cost: Array
    stranded: Array
    deficit_max: Array

    @property
    def income(self) -> Array:
        """Contracts, overheads and programmes paid at cost."""
        return self.contract_income + self.overhead_income + self.cost_income

    @property
    def position(self) -> Array:
        """Income of every kind less cost of every kind."""
        return self.income + self.other_income - self.other_cost - self.cost


def read_providers(
    instance: Instance, programmes: Programmes, payments: Payments, spend: Array, stranded: Array
) -> Providers:
    """Providers of a plan.

    Parameters
    ----------
    instance, programmes : Instance, Programmes
        The round.
    payments : Payments
        What contracts come to.
    spend, stranded : numpy.ndarray
        Shape (programme, year): cost of activity with stranded cost, and the stranded part.
    """
    table, contracts = instance.providers, payments.contracts
    provider = words(programmes.table, "provider")
    every = [*table["provider"], *provider, *contracts.lead.ravel()]
    names = pd.Index(sorted(set(every) - {""}))
    of = names.get_indexer(pd.Index(provider)).astype(np.intp)
    key = positions(names, table, "providers", "provider")
    rows = rows_by_year(table, key, len(names), programmes.years)
    held = contracts.held
    paid = np.where(contracts.replaces, payments.payment, 0.0)
    lead = names.get_indexer(pd.Index(contracts.lead.ravel())).reshape(paid.shape)
    overhead = np.zeros((len(names), paid.shape[1]))
    c, t = np.nonzero(lead >= 0)
    np.add.at(overhead, (lead[c, t], t), (contracts.columns["overhead"] * paid)[c, t])
    home = names.get_indexer(pd.Index(contracts.provider))

    def total(code: Codes, figures: Array) -> Array:
        mine = code >= 0
        return summed(code[mine], figures[mine], len(names))

    return Providers(
        names=names,
        of=of,
        contract_income=total(home, paid),
        overhead_income=overhead,
        cost_income=total(of, np.where(held, 0.0, spend)),
        other_income=pick(numbers(table, "other_income"), rows, 0.0),
        other_cost=pick(numbers(table, "other_cost"), rows, 0.0),
        cost=total(of, spend),
        stranded=total(of, np.where(held, stranded, 0.0)),
        deficit_max=pick(numbers(table, "deficit_max"), rows),
    )


def check_providers(providers: Providers, programmes: Programmes, found: Findings) -> None:
    """Note providers that lose more than they may."""
    settings = programmes.settings
    terms = providers.income + providers.other_income + providers.other_cost + providers.cost
    found.add(
        "provider",
        Subject(
            what="Provider",
            names=list(providers.names),
            years=programmes.years,
            settings=settings,
            amount=lambda value, _: money(value, settings),
        ),
        "loses {value}, {off} more than the most allowed, {limit}",
        value=-providers.position,
        limit=np.where(np.isnan(providers.deficit_max), np.inf, providers.deficit_max),
        most=True,
        terms=terms,
        natural=terms.max(axis=1, initial=0.0)[:, None],
    )


def provider_frame(providers: Providers, programmes: Programmes) -> pd.DataFrame:
    """Providers by year, as :attr:`Evaluation.providers` describes."""
    years = programmes.years
    columns = {
        name: getattr(providers, name)
        for name in (
            "income",
            "contract_income",
            "other_income",
            "other_cost",
            "cost",
            "position",
            "deficit_max",
        )
    }
    columns["slack"] = providers.position + providers.deficit_max
    frame = {
        "provider": pd.Series(providers.names.repeat(len(years)), dtype="str"),
        "year": np.tile(years, len(providers.names)).astype(np.int64),
    }
    return pd.DataFrame(frame | {c: v.ravel() for c, v in columns.items()})
