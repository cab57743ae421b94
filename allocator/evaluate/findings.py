"""Violations: how far a plan misses what the instance asks, and how that reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from allocator.arrays import Flags, Floats
from allocator.evaluate.tolerances import DOUBLES, NATURAL_SHARE, SMALLEST_SIZE
from allocator.instance.tables.settings import Settings
from allocator.words import told_apart

COLUMNS = {
    "kind": "str",
    "name": "str",
    "year": "int64",
    "value": "float64",
    "limit": "float64",
    "violation": "float64",
    "relative": "float64",
    "message": "str",
}
"""Columns of the table of violations and their types."""


@dataclass(frozen=True)
class Subject:
    """What rows are about, and how a message names and measures it.

    Attributes
    ----------
    what : str
        Kind of thing, as a message begins: Programme, Pool.
    names : sequence of str
        Name of every row.
    settings : Settings
        The plan years, and how years and money are written.
    amount : callable, optional
        From a figure, its row and how many more digits than usual to words; money unless
        given.
    """

    what: str
    names: Sequence[str]
    settings: Settings
    amount: Callable[[Any, int, int], str] | None = None

    def words(self, value: Any, row: int, more: int = 0) -> str:
        """A figure of a row in words, with so many digits more than usual."""
        if self.amount is None:
            return self.settings.exact_money(value, more)
        return self.amount(value, row, more)


def _of_row(subject: Subject, row: int, value: Any, more: int) -> str:
    return subject.words(value, row, more)


class Findings:
    """Collects violations of hard limits and rules.

    Parameters
    ----------
    tolerance : float
        Relative violation up to which a row that is not money counts as kept.
    penny : float
        Money up to which one that is money does, in the unit of the instance.

    Attributes
    ----------
    largest : float
        Largest relative violation.
    kept : bool
        Whether every row counts as kept.
    """

    def __init__(self, tolerance: float, penny: float) -> None:
        self.tolerance, self.penny = tolerance, penny
        self.largest, self.kept = 0.0, True
        self._rows: list[tuple[Any, ...]] = []

    def add(
        self,
        kind: str,
        subject: Subject,
        said: str,
        *,
        value: Floats,
        limit: Floats,
        most: bool,
        terms: Floats,
        natural: Floats,
        also: Mapping[str, Floats] | None = None,
        excess: Floats | None = None,
        money: Floats | None = None,
    ) -> None:
        """Take in rows of one kind, shaped (row, year); those that are missed are violations.

        Parameters
        ----------
        kind : str
            limit, growth, demand, capacity, response, option, contract, provider, budget,
            carry, capital, recurrent or transfer.
        subject : Subject
            What the rows are about.
        said : str
            What is wrong, with places for ``value``, ``limit``, ``off`` and `also`.
        value, limit : numpy.ndarray
            What the plan does, and what is asked; an infinite limit asks nothing.
        most : bool
            Whether the limit is the most allowed, rather than the least.
        terms : numpy.ndarray
            Sum of the sizes of the row's terms.
        natural : numpy.ndarray
            Size of the thing the row is about; broadcasts with the rows.
        also : mapping of str to numpy.ndarray
            More figures the message names.
        excess : numpy.ndarray, optional
            How far rows are missed, where that is not the distance to the limit.
        money : numpy.ndarray, optional
            Of rows that are money: what there is of it.
        """
        if not value.size:
            return
        if excess is None:
            excess = value - limit if most else limit - value
        right = np.where(np.isfinite(limit), np.abs(limit), 0.0)
        size = np.maximum(terms, right)
        missed, relative, broken = self.measure(excess, size, natural, money)
        for row, t in np.argwhere(broken).tolist():
            figures = {"value": value[row, t], "limit": limit[row, t], "off": missed[row, t]}
            figures |= {name: array[row, t] for name, array in (also or {}).items()}
            shown = {name: subject.words(v, row) for name, v in figures.items()}
            shown["value"], shown["limit"] = told_apart(
                figures["value"], figures["limit"], partial(_of_row, subject, row)
            )
            name, year = subject.names[row], subject.settings.years[t]
            begin = f"{subject.what} '{name}' in {subject.settings.year_label(year)}"
            message = f"{begin} {said.format(**shown)}."
            measured = value[row, t], limit[row, t], missed[row, t], relative[row, t]
            self.note(kind, name, year, measured, message)

    def measure(
        self, excess: Floats, scale: Floats, natural: Floats, money: Floats | None = None
    ) -> tuple[Floats, Floats, Flags]:
        """Violation of rows, in their own unit and relative to their size, and which are broken.

        Parameters
        ----------
        excess : numpy.ndarray
            How far rows are missed; not positive where they are kept. A row that cannot be
            computed (NaN) is missed without measure.
        scale : numpy.ndarray
            Size of the rows' terms and right side.
        natural : numpy.ndarray
            Size of the thing the rows are about.
        money : numpy.ndarray, optional
            What there is of it in rows that are money, NaN in others; they may be missed by a
            penny and by what doubles lose of it, and by no more because sums in between are
            large.
        """
        missed = np.where(np.isnan(excess), np.inf, np.maximum(excess, 0.0))
        size = np.maximum(np.maximum(scale, NATURAL_SHARE * natural), SMALLEST_SIZE)
        relative = np.where(np.isfinite(missed), missed, 0.0) / size
        relative = np.where(np.isfinite(missed) & np.isfinite(size), relative, np.inf)
        self.largest = max(self.largest, float(relative.max(initial=0.0)))
        broken: Flags = relative > self.tolerance
        if money is not None:
            broken = np.where(np.isnan(money), broken, missed > self.penny + DOUBLES * money)
        self.kept &= not broken.any()
        return missed, relative, broken

    def broken(
        self, kind: str, name: str, year: int, figures: tuple[float, float], message: str
    ) -> None:
        """Keep a decision that may not be taken: wholly missed, whatever its figures.

        Parameters
        ----------
        kind, name, year, message
            As in the table of violations.
        figures : tuple of float
            What the plan does, and what is asked.
        """
        value, limit = figures
        self.largest, self.kept = max(self.largest, 1.0), False
        self.note(kind, name, year, (value, limit, abs(value - limit), 1.0), message)

    def note(
        self, kind: str, name: str, year: int, figures: tuple[float, ...], message: str
    ) -> None:
        """Keep one violation: value, limit, violation and relative violation as figures."""
        self._rows.append((kind, name, year, *(float(f) for f in figures), message))

    def frame(self) -> pd.DataFrame:
        """All violations, hard rows only, in the order in which they were found."""
        return pd.DataFrame(self._rows, columns=list(COLUMNS)).astype(COLUMNS)
