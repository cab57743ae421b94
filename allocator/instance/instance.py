"""An instance: settings and typed tables that have passed every check."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import pandas as pd

from allocator.errors import Problem
from allocator.instance.facts.facts import Facts
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import Rows, from_frame
from allocator.instance.tables.schema import TABLES
from allocator.instance.tables.settings import Settings


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

    @cached_property
    def rows(self) -> dict[str, Rows]:
        """The tables as typed rows."""
        return {name: from_frame(name, self.tables[name]) for name in TABLES}

    @cached_property
    def facts(self) -> Facts:
        """What follows from the tables, each fact derived at first need."""
        return Facts(Draft(self.settings, dict(self.rows)))

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
        from allocator.instance.reading.reader import from_tables  # the reader builds instances

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
