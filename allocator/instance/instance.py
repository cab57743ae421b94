"""An instance: settings and typed tables that have passed every check."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from typing import Any

import pandas as pd

from allocator.errors import Problem
from allocator.instance.schema import TABLES

MONEY_SCALES = {"one": 1.0, "thousand": 1e3, "million": 1e6, "billion": 1e9}


@dataclass(frozen=True)
class Settings:
    """What ``instance.toml`` says; see :data:`allocator.instance.schema.SETTINGS`."""

    name: str
    base_year: int
    years: tuple[int, ...]
    currency: str = "GBP"
    money_unit: str = "one"
    price_basis: str = "cash"
    financial_years: bool = True
    discount_rate: float = 0.0
    cost_uplift: float = 0.0
    tail_years: int = 0
    saving_value: float = 0.0
    accept_money_pump: tuple[str, ...] = ()
    recurrent_balance: bool = False
    shrink_outcome: str = ""
    shrink_cost: float = 0.0
    shrink_weights: tuple[float, ...] = (1.0, 0.5, 0.25, 0.0, 0.0)
    evidence: str = ""
    source: str = ""
    notes: str = ""

    @property
    def money_scale(self) -> float:
        """Units of currency in one unit of the instance's money columns."""
        return MONEY_SCALES[self.money_unit]

    def year_label(self, year: int) -> str:
        """Year as planners write it: 2025/26 for a financial year."""
        return f"{year}/{(year + 1) % 100:02d}" if self.financial_years else str(year)


@dataclass(frozen=True)
class Instance:
    """A checked instance.

    Attributes
    ----------
    settings : Settings
        The round: years, prices, discounting.
    tables : dict of str to pandas.DataFrame
        Every table of the format by name, empty ones included, with the columns and
        dtypes of the schema, defaults filled in, rows sorted by key. A blank year is
        ``<NA>`` and means every plan year; a row with a year overrides it for that year.
        Also reachable as attributes: ``instance.programmes``.
    origin : str
        Folder or zip it was read from; empty when made in memory.
    warnings : tuple of Problem
        What the checks noticed without refusing the instance.
    """

    settings: Settings
    tables: dict[str, pd.DataFrame]
    origin: str = ""
    warnings: tuple[Problem, ...] = field(default=(), compare=False)

    def __getattr__(self, name: str) -> pd.DataFrame:
        tables = self.__dict__.get("tables", {})
        if name in tables:
            return tables[name]
        raise AttributeError(f"an instance has no table or attribute {name!r}")

    def replace(self, **changes: Any) -> Instance:
        """Copy with some tables or settings changed, checked like a fresh instance.

        Parameters
        ----------
        **changes
            Table name to DataFrame, or setting name to value.

        Raises
        ------
        InstanceError
            When the changed instance would not pass its checks.
        """
        from allocator.instance.reader import from_tables  # the reader builds instances

        settings = {f.name: getattr(self.settings, f.name) for f in fields(Settings)}
        tables = dict(self.tables)
        for name, value in changes.items():
            if name in TABLES:
                tables[name] = value
            elif name in settings:
                settings[name] = value
            else:
                raise TypeError(f"{name!r} is neither a table nor a setting of an instance")
        return from_tables(settings, tables, origin=self.origin)

    @property
    def sha256(self) -> str:
        """Hash of the canonical instance: settings and key-sorted tables, without origin."""
        digest = hashlib.sha256()
        for f in fields(Settings):
            digest.update(f"{f.name}={getattr(self.settings, f.name)!r}\n".encode())
        for name in TABLES:
            table = self.tables[name]
            digest.update(f"[{name}] {','.join(table.columns)}\n".encode())
            if len(table):
                digest.update(
                    table.to_csv(index=False, float_format="%.17g", lineterminator="\n").encode()
                )
        return digest.hexdigest()
