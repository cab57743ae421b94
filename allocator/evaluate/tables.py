"""The tables of an instance as arrays shaped (row, year)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.errors import InstanceError, Problem
from allocator.instance.instance import Instance
from allocator.instance.tables.settings import Settings

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.object_]


def words(table: pd.DataFrame, column: str) -> Words:
    """Text column as an array of plain strings."""
    return table[column].to_numpy(dtype=object)


def numbers(table: pd.DataFrame, column: str) -> Array:
    """Number column as an array; NaN where blank."""
    return table[column].to_numpy(dtype=float)


def positions(names: pd.Index, table: pd.DataFrame, name: str, column: str) -> Codes:
    """Place of every name of a column in `names`.

    Raises
    ------
    InstanceError
        When a name is not there: only an instance that skipped its checks has one.
    """
    found = names.get_indexer(pd.Index(table[column]))
    lost = np.flatnonzero(found < 0)
    if len(lost):
        written = [str(table[column].iloc[i]) for i in lost]
        raise InstanceError(
            [
                Problem(name, int(i) + 2, column, w, f"{column} '{w}' does not exist.")
                for i, w in zip(lost, written, strict=True)
            ]
        )
    return found.astype(np.intp)


def rows_by_year(table: pd.DataFrame, key: Codes, size: int, years: Codes) -> Codes:
    """Row in force for every key and year; -1 where there is none.

    A row with a blank year holds in every year, and gives way to a row of its key that
    names the year.

    Parameters
    ----------
    table : pandas.DataFrame
        Any table with a column ``year``.
    key : numpy.ndarray
        Key of every row, 0 to `size` - 1.
    size : int
        Number of keys.
    years : numpy.ndarray
        Plan years in order.
    """
    rows = np.full((size, len(years)), -1, dtype=np.intp)
    year = table["year"].to_numpy(dtype=float, na_value=np.nan)
    blank = np.flatnonzero(np.isnan(year))
    rows[key[blank]] = blank[:, None]
    named = np.flatnonzero(np.isin(year, years))
    rows[key[named], year[named].astype(np.intp) - years[0]] = named
    return rows


def pick(column: Array, rows: Codes, default: float = np.nan) -> Array:
    """Figures of a column at `rows`; `default` where the row is -1."""
    return np.append(column, default)[rows]


def places_of(values: npt.NDArray[Any]) -> dict[Any, Codes]:
    """Places at which each value stands, in order."""
    codes, names = pd.factorize(values)
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(1, len(names)))
    return dict(zip(names.tolist(), np.split(order, ends), strict=True)) if len(names) else {}


def summed(codes: Codes, values: Array, size: int) -> Array:
    """Sum the rows of `values` that share a code; shape (size, ...)."""
    columns = values.reshape(len(values), int(np.prod(values.shape[1:]))).T
    totals = [np.bincount(codes, column, size) for column in columns]
    total: Array = np.array(totals, dtype=float).reshape(len(columns), size).T
    return total.reshape(size, *values.shape[1:])


@dataclass(frozen=True)
class Programmes:
    """The programmes as arrays in the order of the table, with their prices.

    Attributes
    ----------
    names : pandas.Index
        Programmes; N of them.
    settings : Settings
        The round.
    years : numpy.ndarray
        Plan years; T of them.
    table : pandas.DataFrame
        The table itself, for its text columns.
    unit_cost, baseline, fixed_share : numpy.ndarray
        Shape (N,): money per unit in the base year, activity, share.
    release_years : numpy.ndarray
        Shape (N,): years until the fixed part of the cost falls.
    growth, price : numpy.ndarray
        Shape (N, T): its costs over those of the base year; money per unit of activity.
    base_tariff, tariff : numpy.ndarray
        Shapes (N,) and (N, T): money a contract pays per unit, in the base year and after.
    recurrent, capital : numpy.ndarray
        Shape (N,): whether it comes back every year; whether it is paid from capital.
    units : list of str
        Unit of activity of every programme.
    """

    names: pd.Index
    settings: Settings
    years: Codes
    table: pd.DataFrame
    unit_cost: Array
    baseline: Array
    fixed_share: Array
    release_years: Codes
    growth: Array
    price: Array
    base_tariff: Array
    tariff: Array
    recurrent: Flags
    capital: Flags
    units: list[str]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of programmes and of years."""
        return len(self.names), len(self.years)

    def amount(self, value: Any, row: Any) -> str:
        """Activity of a programme in words: with its unit, or as money."""
        unit = self.units[row]
        if unit == "money":
            return money(value, self.settings)
        return f"{figure(value)} {unit}"


def read_programmes(instance: Instance) -> Programmes:
    """Programmes of an instance with `price = unit_cost · (1 + uplift)^(year - base year)`.

    Tariffs grow alike; one that is blank is the unit cost.
    """
    settings, table = instance.settings, instance.programmes
    years = np.asarray(settings.years, dtype=np.intp)
    uplift = numbers(table, "cost_uplift")
    uplift = np.where(np.isnan(uplift), settings.cost_uplift, uplift)
    unit_cost, tariff = numbers(table, "unit_cost"), numbers(table, "tariff")
    tariff = np.where(np.isnan(tariff), unit_cost, tariff)
    growth = (1.0 + uplift[:, None]) ** (years - settings.base_year)
    return Programmes(
        names=pd.Index(table["programme"]),
        settings=settings,
        years=years,
        table=table,
        unit_cost=unit_cost,
        baseline=numbers(table, "baseline"),
        fixed_share=numbers(table, "fixed_share"),
        release_years=table["release_years"].to_numpy(dtype=np.intp),
        growth=growth,
        price=unit_cost[:, None] * growth,
        base_tariff=tariff,
        tariff=tariff[:, None] * growth,
        recurrent=table["recurrent"].to_numpy(dtype=bool),
        capital=words(table, "money") == "capital",
        units=table["unit"].tolist(),
    )


def figure(value: Any) -> str:
    """Figure with thousands separators and no more digits than a reader needs."""
    if abs(value) < 1000:
        return f"{value + 0.0:.6g}"
    return f"{value:,.2f}".removesuffix("0").removesuffix("0").removesuffix(".")


def money(value: Any, settings: Settings) -> str:
    """Money to the pound (or penny below a thousand), whatever unit the instance uses."""
    amount = abs(value) * settings.money_scale
    symbol = "£" if settings.currency == "GBP" else f"{settings.currency} "
    sign = "-" if value < 0 else ""
    if amount >= 1000:
        return f"{sign}{symbol}{amount:,.0f}"
    return f"{sign}{symbol}{amount:.2f}" if amount >= 0.01 else f"{sign}{symbol}{amount:.2g}"
