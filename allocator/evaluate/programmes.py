"""Programmes, and prices of every year."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.evaluate.findings import Subject
from allocator.evaluate.tables import Names, Tables
from allocator.instance.tables.rows import Rows
from allocator.instance.tables.settings import Settings
from allocator.words import number, of_unit


def growth(tables: Tables, uplift: Floats | float = np.nan) -> Floats:
    """What a base-year price has become by every plan year: `(1 + uplift)^(year - base year)`.

    Parameters
    ----------
    tables : Tables
        The years, and the uplift of whatever has none of its own.
    uplift : numpy.ndarray
        Growth of a year; NaN for that of the instance. Broadcasts with the years.
    """
    settings = tables.settings
    own = np.where(np.isnan(uplift), settings.cost_uplift, uplift)
    grown: Floats = (1.0 + own) ** (tables.years - settings.base_year)
    return grown


@dataclass(frozen=True)
class Programmes:
    """The programmes as arrays in the order of the table, with their prices.

    Attributes
    ----------
    names : Names
        Programmes; N of them.
    settings : Settings
        The round; T plan years.
    rows : Rows
        The table itself, for its text columns.
    pool : numpy.ndarray
        Shape (N,): position of the pool that pays, unless a contract or several pools do.
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
    """

    names: Names
    settings: Settings
    rows: Rows
    pool: Ints
    unit_cost: Floats
    baseline: Floats
    fixed_share: Floats
    release_years: Ints
    growth: Floats
    price: Floats
    base_tariff: Floats
    tariff: Floats
    recurrent: Flags
    capital: Flags

    @property
    def shape(self) -> tuple[int, int]:
        """Number of programmes and of years."""
        return self.price.shape[0], self.price.shape[1]

    @cached_property
    def units(self) -> list[str]:
        """Unit of activity of every programme."""
        return self.rows["unit"].tolist()

    @property
    def base_spend(self) -> Floats:
        """Cost of the baseline at base-year prices, shape (N,)."""
        return self.unit_cost * self.baseline

    @property
    def base_payment(self) -> Floats:
        """The baseline at base-year tariffs, shape (N,)."""
        return self.base_tariff * self.baseline

    @cached_property
    def subject(self) -> Subject:
        """Programmes as the subject of messages."""
        return Subject("Programme", self.names.all, self.settings, self.amount)

    def amount(self, value: Any, row: Any, more: int = 0) -> str:
        """Activity of a programme in words: with its unit, or as money."""
        unit = self.units[row]
        if unit == "money":
            return self.settings.exact_money(value, more)
        return of_unit(number(value, more), unit)


def read_programmes(tables: Tables, pools: Names) -> Programmes:
    """Programmes with `price = unit_cost · growth`.

    Tariffs grow alike; one that is blank is the unit cost.
    """
    rows = tables["programmes"]
    unit_cost = rows["unit_cost"]
    tariff = np.where(np.isnan(rows["tariff"]), unit_cost, rows["tariff"])
    grown = growth(tables, rows["cost_uplift"][:, None])
    return Programmes(
        names=Names(rows["programme"]),
        settings=tables.settings,
        rows=rows,
        pool=pools.find(rows["pool"]),
        unit_cost=unit_cost,
        baseline=rows["baseline"],
        fixed_share=rows["fixed_share"],
        release_years=rows["release_years"],
        growth=grown,
        price=unit_cost[:, None] * grown,
        base_tariff=tariff,
        tariff=tariff[:, None] * grown,
        recurrent=rows["recurrent"],
        capital=rows["money"] == "capital",
    )
