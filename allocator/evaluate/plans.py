"""A plan's tables as arrays, refused with every problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from allocator.arrays import Flags, Floats, Ints
from allocator.errors import InstanceError, Problem
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.tables import Names
from allocator.instance.tables.guard import unguarded
from allocator.instance.tables.years import year_of
from allocator.words import Suggester, brief, listing

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

FIGURES = {
    "capacity": "extra",
    "budgets": "carry_out",
    "transfers": "amount",
    "funding": "paid",
}
"""Optional tables of figures, with the column that is read."""

FLAGS = {"options": "taken", "contracts": "ended"}
"""Tables of decisions, with the column of yes and no."""

ANSWERS = {"yes": 1.0, "true": 1.0, "1": 1.0, "1.0": 1.0}
ANSWERS |= {"no": 0.0, "false": 0.0, "0": 0.0, "0.0": 0.0}


@dataclass(frozen=True)
class Given:
    """What a plan says; NaN where it leaves the choice.

    Attributes
    ----------
    activity, unmet : numpy.ndarray
        Shape (programme, year), in units of activity.
    extra : numpy.ndarray
        Shape (capacity row, year), in units of the resource.
    carry : numpy.ndarray
        Shape (pool, year), money carried out.
    transfers : numpy.ndarray
        Shape (pair of pools, year), money handed over.
    paid : numpy.ndarray
        Shape (part of a programme, year), money a pool pays for it.
    taken : numpy.ndarray
        Shape (option, year): 1 where it is taken, 0 where it is not.
    ended : numpy.ndarray
        Shape (contract, year): 1 where it has been ended, 0 where it has not.
    """

    activity: Floats
    unmet: Floats
    extra: Floats
    carry: Floats
    transfers: Floats
    paid: Floats
    taken: Floats
    ended: Floats


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
        self.shape = len(known), len(years)
        keys = KEYS[name]
        self.complete = self._has((*keys, "year"))
        if not self.complete:
            return
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
        problem = Problem(self.name, int(row) + 2, column, value, message, hint)
        self.problems.append(problem)

    def _has(self, columns: tuple[str, ...]) -> bool:
        lost = [c for c in columns if c not in self.frame]
        if lost:
            suggest = Suggester(str(c) for c in self.frame.columns)
            self.problems.extend(
                Problem(self.name, 1, c, "", f"column '{c}' is missing.", suggest(c)) for c in lost
            )
        return not lost

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
            message = f"{c} '{written[c]}' is not in {where}."
            self.problem(row, c, written[c], message, suggest[c](written[c]))
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
            blank = np.isnan(read)
        else:
            read = pd.to_numeric(written, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
            blank = _blank(written)
        wrong = np.isinf(read) | (np.isnan(read) & ~(blank & optional))
        for i in np.flatnonzero(wrong).tolist():
            text = "" if pd.isna(written.iloc[i]) else str(written.iloc[i])
            said = f"'{text}' is not a finite number." if text else f"{name} is blank."
            self.problem(i, name, text, said)
        values.ravel()[self.place] = np.where(wrong, np.nan, read)[self.kept]
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
            for i in np.flatnonzero(np.isnan(read) & ~_blank(written)).tolist():
                said = f"'{text[i]}' is neither yes nor no."
                self.problem(i, name, text[i], said)
        answers.ravel()[self.place] = read[self.kept]
        return answers


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


def _blank(column: pd.Series[Any]) -> Flags:
    return np.array([not cell for cell in _stripped(column)], dtype=bool)


def read_plan(
    plan: Mapping[str, pd.DataFrame],
    programmes: Programmes,
    demanded: Flags,
    known: Mapping[str, Names],
) -> Given:
    """Arrays of a plan.

    Parameters
    ----------
    plan : mapping of str to pandas.DataFrame
        ``allocation`` and, where given, ``capacity``, ``budgets``, ``transfers``,
        ``funding``, ``options`` and ``contracts``.
    programmes : Programmes
        Programmes and years the plan must cover.
    demanded : numpy.ndarray
        Shape (programme, year): whether the programme has demand.
    known : mapping of str to Names
        Rows each table but ``allocation`` may have.

    Raises
    ------
    InstanceError
        With every problem found.
    """
    problems: list[Problem] = []
    years = programmes.settings.years
    activity, unmet = _allocation(plan, programmes, demanded, problems)
    rest: dict[str, Floats] = {}
    for name, column in (FIGURES | FLAGS).items():
        frame = plan.get(name)
        rest[column] = np.full((len(known[name]), len(years)), np.nan)
        if frame is not None and len(frame):
            table = PlanTable(frame, name, known[name], years, problems)
            rest[column] = table.flags(column) if name in FLAGS else table.column(column)
    if problems:
        raise InstanceError(problems)
    return Given(
        activity=activity,
        unmet=unmet,
        extra=rest["extra"],
        carry=rest["carry_out"],
        transfers=rest["amount"],
        paid=rest["paid"],
        taken=rest["taken"],
        ended=rest["ended"],
    )


def _allocation(
    plan: Mapping[str, pd.DataFrame],
    programmes: Programmes,
    demanded: Flags,
    problems: list[Problem],
) -> tuple[Floats, Floats]:
    none, years = np.full(programmes.shape, np.nan), programmes.settings.years
    if "allocation" not in plan:
        problems.append(Problem("allocation", None, "", "", "the plan has no allocation."))
        return none, none
    table = PlanTable(plan["allocation"], "allocation", programmes.names, years, problems)
    activity = table.column("activity", optional=False)
    unmet = table.column("unmet")
    if not table.complete or "activity" not in table.frame:
        return none, none
    done, left = activity.ravel()[table.place], unmet.ravel()[table.place]
    for i in table.kept[done < 0]:
        text = str(table.frame["activity"].iloc[i])
        table.problem(i, "activity", text, f"activity {text} is less than nothing.")
    for i in table.kept[(np.nan_to_num(left) != 0) & ~demanded.ravel()[table.place]]:
        text = str(table.frame["unmet"].iloc[i])
        said = "the programme has no demand that could be unmet; leave it blank."
        table.problem(i, "unmet", text, said)
    there = np.zeros(programmes.shape, dtype=bool)
    there.ravel()[table.place] = True
    for n in np.flatnonzero(~there.all(axis=1)).tolist():
        lost = [str(year) for year, found in zip(years, there[n], strict=True) if not found]
        name = programmes.names.all[n]
        said = f"programme '{name}' has no row for {listing(lost)}."
        problems.append(Problem("allocation", None, "programme", name, said))
    return activity, unmet
