"""Tables of a plan as somebody wrote them: their rows found, their cells read."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd

from allocator.arrays import Flags, Floats, Ints
from allocator.errors import Problem
from allocator.evaluate.tables import Names
from allocator.evaluate.tolerances import SAME
from allocator.instance.tables.guard import unguarded
from allocator.instance.tables.total import called_total, off_by
from allocator.instance.tables.years import year_of
from allocator.words import Suggester, brief, listing, sentence

WIDE = re.compile(r"(?:(activity|spend)\W+)?(.*?\d)(?:\W+(activity|spend))?", re.IGNORECASE)
"""Heading of a column of a wide allocation: a year, and what it holds unless it is activity."""

KEYS = {
    "allocation": ("programme",),
    "capacity": ("resource", "place"),
    "budgets": ("pool",),
    "transfers": ("from_pool", "to_pool"),
    "funding": ("programme", "pool"),
    "options": ("option",),
    "contracts": ("contract",),
}
"""Tables a plan may have, with the columns that say what a row is about, the year apart."""

ANSWERS = {"yes": 1.0, "true": 1.0, "1": 1.0, "1.0": 1.0}
ADDED = ("activity", "spend", "unmet", "extra", "carry_out", "amount", "paid")
"""Columns of figures that a row of totals adds up."""

ASSUMED = "assumed"
"""Column that is true in rows a draft was completed with."""

ANSWERS |= {"no": 0.0, "false": 0.0, "0": 0.0, "0.0": 0.0}


class PlanTable:
    """One table of a plan, matched against the rows it may have.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table as given; text as read from a file will do.
    name : str
        Its name in messages; :data:`KEYS` has its key columns.
    known : Names
        The rows an instance allows.
    years : sequence of int
        Plan years.
    problems : list of Problem
        Problems found are added here.

    Attributes
    ----------
    frame : pandas.DataFrame
        The table without rows that only add up the others.
    notes : list of str
        What is to be said of it, a sentence each.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        name: str,
        known: Names,
        years: tuple[int, ...],
        problems: list[Problem],
    ) -> None:
        self.frame, self.name, self.years, self.problems = frame, name, years, problems
        self.shape, self.notes = (len(known), len(years)), list[str]()
        self._line = np.arange(len(frame))
        keys = KEYS[name]
        self.complete = self._has((*keys, "year"))
        if not self.complete:
            return
        self._leave_out(self._totals(keys[0], known))
        row = self._rows(keys, known)
        year = self._years()
        kept = np.flatnonzero((row >= 0) & (year >= 0))
        place = row[kept] * len(years) + year[kept]
        first = np.unique(place, return_index=True)[1]
        for i in np.setdiff1d(np.arange(len(kept)), first):
            label = listing(str(frame[c].iloc[kept[i]]) for c in (*keys, "year"))
            self.problem(kept[i], "", label, f"{label} is there more than once.")
        self.kept, self.place = kept[first], place[first]

    def problem(self, row: int, column: str, value: str, message: str, hint: str = "") -> None:
        """Note something wrong with a row, counted from 0, of the frame."""
        problem = Problem(self.name, int(self._line[row]) + 2, column, value, message, hint)
        self.problems.append(problem)

    def _has(self, columns: tuple[str, ...]) -> bool:
        lost = [c for c in columns if c not in self.frame]
        if lost:
            suggest = Suggester(str(c) for c in self.frame.columns)
            self.problems.extend(
                Problem(self.name, 1, c, "", sentence(f"column '{c}' is missing", hint), hint)
                for c, hint in ((c, suggest(c)) for c in lost)
            )
        return not lost

    def _totals(self, key: str, known: Names) -> Flags:
        """Rows that are called as a total is, and nothing that the table may be about."""
        names = _stripped(self.frame[key])
        meant = {_part(name, 0) for name in known.all}
        found = [called_total(name) and name not in meant for name in names]
        totals = np.array(found, dtype=bool)
        return totals if not totals.all() else ~totals

    def _leave_out(self, totals: Flags) -> None:
        """Leave out rows that are a total: said where it adds up, a problem where not."""
        if not totals.any():
            return
        key, year = KEYS[self.name][0], np.array(_stripped(self.frame["year"]), dtype=object)
        named = ~totals
        if ASSUMED in self.frame:
            named &= np.array([cell is not True for cell in self.frame[ASSUMED]], dtype=bool)
        for i in np.flatnonzero(totals).tolist():
            name = str(self.frame[key].iloc[i])
            said = f"'{brief(name)}' looks like a total of the other rows"
            sums = self._sums(i, named & ((year == year[i]) | (year[i] == "")))
            off = next((entry for entry in sums if not _same(*entry[1:])), None)
            if sums and off is None:
                what = f"{said} of {self.name}, and its figures are: the row is skipped; delete it."
                self.notes += [what] if what not in self.notes else []
            else:
                but = ", but " + off_by(*off) if off else ""
                way = "correct or delete" if off else "delete"
                self.problem(i, key, name, f"{said}{but}; {way} the row.")
        self.frame, self._line = self.frame[~totals], self._line[~totals]

    def _sums(self, row: int, others: Flags) -> list[tuple[str, float, float]]:
        """Every figure of a row with the sum of others': column, figure, sum."""
        sums = []
        for column in (c for c in ADDED if c in self.frame):
            read = pd.to_numeric(self.frame[column], errors="coerce")
            figures = read.to_numpy(dtype=float, na_value=np.nan)
            if not np.isnan(figures[row]):
                whole = math.fsum(figures[others & ~np.isnan(figures)].tolist())
                sums.append((column, float(figures[row]), whole))
        return sums

    def _rows(self, keys: tuple[str, ...], known: Names) -> Ints:
        """Position of every row's key; -1, with a problem, for one that does not exist."""
        columns = [_stripped(self.frame[c]) for c in keys]
        found = _found(columns, known)
        if (found < 0).any():
            # As a spreadsheet's file has them, with an apostrophe before what would be a formula.
            bare = [[unguarded(cell) for cell in column] for column in columns]
            found = np.where(found < 0, _found(bare, known), found)
        lost = np.flatnonzero(found < 0).tolist()
        if lost:
            exists = {c: {_part(name, k) for name in known.all} for k, c in enumerate(keys)}
            suggest = {c: Suggester(sorted(names)) for c, names in exists.items()}
            for i in lost:
                written = {c: column[i] for c, column in zip(keys, columns, strict=True)}
                self._unknown(i, written, exists, suggest)
        return found

    def _unknown(
        self,
        row: int,
        written: dict[str, str],
        exists: dict[str, set[str]],
        suggest: dict[str, Suggester],
    ) -> None:
        wrong = [c for c, w in written.items() if w not in exists[c]]
        # A programme may be there and be paid by its own pool alone.
        where = "the instance's funding" if self.name == "funding" else "the instance"
        for c in wrong:
            hint = suggest[c](written[c])
            message = sentence(f"{c} '{written[c]}' is not in {where}", hint)
            self.problem(row, c, written[c], message, hint)
        if not wrong:
            label = listing(written.values())
            self.problem(row, "", label, f"{label} do not go together in the instance.")

    def _years(self) -> Ints:
        """Position of every row's year; -1, with a problem, for one outside the plan."""
        column = self.frame["year"]
        place = {float(year): t for t, year in enumerate(self.years)}
        if pd.api.types.is_integer_dtype(column.dtype):
            year = column.to_numpy(dtype=float, na_value=np.nan).tolist()
        else:
            found = [year_of(cell) for cell in _stripped(column)]
            year = [np.nan if one is None else float(one) for one in found]
        at = np.array([place.get(y, -1) for y in year], dtype=np.int64)
        for i in np.flatnonzero(at < 0).tolist():
            written = str(column.iloc[i])
            allowed = listing((str(y) for y in self.years), most=12)
            message = f"'{brief(written)}' is not a year of the plan ({allowed})."
            self.problem(i, "year", written, message)
        return at

    def column(self, name: str, *, optional: bool = True) -> Floats:
        """Figures of a column, shape (row, year), NaN where the table says nothing.

        Parameters
        ----------
        name : str
            Column.
        optional : bool
            Whether the column may be missing and its cells blank.
        """
        values = np.full(self.shape, np.nan)
        if not self.complete or (name not in self.frame and (optional or not self._has((name,)))):
            return values
        written = self.frame[name]
        if _is_figures(written):
            read = written.to_numpy(dtype=float)
            nothing = np.isnan(read)
        else:
            read = pd.to_numeric(written, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
            nothing = blank(written)
        wrong = np.isinf(read) | (np.isnan(read) & ~(nothing & optional))
        for i in np.flatnonzero(wrong).tolist():
            text = "" if pd.isna(written.iloc[i]) else str(written.iloc[i])
            said = f"'{text}' is not a finite number." if text else f"{name} is blank."
            self.problem(i, name, text, said)
        values.ravel()[self.place] = np.where(wrong, np.nan, read)[self.kept]
        return values

    def beside(self, name: str) -> Floats:
        """Figures of a column nobody has to fill in; NaN where there is none."""
        values = np.full(self.shape, np.nan)
        if self.complete and name in self.frame:
            read = pd.to_numeric(self.frame[name], errors="coerce")
            values.ravel()[self.place] = read.to_numpy(dtype=float, na_value=np.nan)[self.kept]
        return values

    def flags(self, name: str) -> Floats:
        """Answers of a column, 1 for yes and 0 for no, NaN where the table says nothing."""
        answers = np.full(self.shape, np.nan)
        if not self.complete or not self._has((name,)):
            return answers
        written = self.frame[name]
        if written.dtype == np.bool_:
            read = written.to_numpy(dtype=float)
        else:
            text = _stripped(written)
            read = np.array([ANSWERS.get(cell.casefold(), np.nan) for cell in text], dtype=float)
            for i in np.flatnonzero(np.isnan(read) & ~blank(written)).tolist():
                said = f"'{text[i]}' is neither yes nor no."
                self.problem(i, name, text[i], said)
        answers.ravel()[self.place] = read[self.kept]
        return answers


def _same(figure: float, whole: float) -> bool:
    return math.isclose(figure, whole, rel_tol=SAME, abs_tol=SAME)


def _found(columns: list[list[str]], known: Names) -> Ints:
    return known.find(columns[0] if len(columns) == 1 else zip(*columns, strict=True))


def _is_figures(column: pd.Series[Any]) -> bool:
    """Whether a column holds plain numbers."""
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"


def _part(name: Any, place: int) -> str:
    """One part of the name of a row, which is a tuple where it has several."""
    return str(name[place]) if isinstance(name, tuple) else str(name)


def _stripped(column: pd.Series[Any]) -> list[str]:
    """Cells as words without spaces around them, blank ones as nothing."""
    cells, missing = column.tolist(), column.isna()
    if missing.any():
        cells = ["" if lost else cell for cell, lost in zip(cells, missing, strict=True)]
    return [str(cell).strip() for cell in cells]


def blank(column: pd.Series[Any]) -> Flags:
    """Cells that say nothing."""
    return np.array([not cell for cell in _stripped(column)], dtype=bool)


def lengthened(frame: pd.DataFrame) -> pd.DataFrame:
    """An allocation with a row a programme and year, made of one with a column a year.

    Columns are headed by a year, in any spelling a year may have, alone or beside the word
    ``activity`` or ``spend``; a column ``measure`` may say the same of every row. What is
    neither says activity. Blank cells say nothing. A row keeps the label it came from. What
    is long already comes back as it is.

    Parameters
    ----------
    frame : pandas.DataFrame
        The allocation as given.
    """
    heads = {c: _headed(str(c)) for c in frame.columns}
    wide = {c: head for c, head in heads.items() if head is not None}
    if "year" in frame or not wide:
        return frame
    said_by_row = _stripped(frame["measure"]) if "measure" in frame else [""] * len(frame)
    measures = [cell.casefold() for cell in said_by_row]
    keys = [c for c in frame.columns if c not in wide and c != "measure"]
    parts = []
    for column, (year, said) in wide.items():
        kept = ~blank(frame[column])
        kind = np.array([said or m or "activity" for m in measures])
        part = frame.loc[kept, keys].assign(year=year)
        for measure in sorted({*kind[kept], "activity"}):
            cells = frame.loc[kept, column].astype(object)
            part[measure] = cells.where(kind[kept] == measure, None)
        parts.append(part)
    return pd.concat(parts) if parts else frame


def _headed(heading: str) -> tuple[int, str] | None:
    """Year and measure a heading of a wide allocation names."""
    match = WIDE.fullmatch(heading.strip())
    year = year_of(match[2].removesuffix(".0")) if match else None
    if match is None or year is None or (match[1] and match[3]):
        return None
    return year, (match[1] or match[3] or "").casefold()
