"""A plan's tables as arrays, refused with every problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.errors import InstanceError, Problem
from allocator.evaluate.tables import Array, Codes, Flags, Programmes
from allocator.instance.tables.wording import Suggester, listing

YEAR = r"^(\d{4})(?:/(?:\d{2}|\d{4})|\.0)?$"

OPTIONAL = {
    "capacity": "extra",
    "budgets": "carry_out",
    "transfers": "amount",
    "funding": "paid",
}
"""Tables of figures a plan may have, with the column that is read."""

FLAGS = {"options": "taken", "contracts": "ended"}
"""Tables of decisions a plan may have, with the column of yes and no."""

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

    activity: Array
    unmet: Array
    extra: Array
    carry: Array
    transfers: Array
    paid: Array
    taken: Array
    ended: Array


class PlanTable:
    """One table of a plan, matched against the rows it may have.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table as given; text as read from a file will do.
    name : str
        Its name in messages.
    keys : pandas.DataFrame
        The rows an instance allows, one a row, only the key columns.
    years : numpy.ndarray
        Plan years.
    problems : list of Problem
        Problems found are added here.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        name: str,
        keys: pd.DataFrame,
        years: Codes,
        problems: list[Problem],
    ) -> None:
        self.frame, self.name, self.years, self.problems = frame, name, years, problems
        self.size = len(keys)
        self.complete = self._has((*keys.columns, "year"))
        if not self.complete:
            return
        row = self._rows(keys)
        year = self._years()
        kept = np.flatnonzero((row >= 0) & (year >= 0))
        place = row[kept] * len(years) + year[kept]
        first = np.unique(place, return_index=True)[1]
        for i in np.setdiff1d(np.arange(len(kept)), first):
            label = listing(str(frame[c].iloc[kept[i]]) for c in (*keys.columns, "year"))
            self.problem(kept[i], "", label, f"{label} is there more than once.")
        self.kept, self.place = kept[first], place[first]

    def problem(self, row: int, column: str, value: str, message: str, hint: str = "") -> None:
        """Note something wrong with a row, counted from 0, of the frame."""
        problem = Problem(self.name, int(row) + 2, column, value, message, hint)
        self.problems.append(problem)

    def _has(self, columns: tuple[str, ...]) -> bool:
        lost = [c for c in columns if c not in self.frame]
        suggest = Suggester(str(c) for c in self.frame.columns)
        self.problems.extend(
            Problem(self.name, 1, c, "", f"column '{c}' is missing.", suggest(c)) for c in lost
        )
        return not lost

    def _rows(self, keys: pd.DataFrame) -> Codes:
        """Position of every row's key; -1, with a problem, for one that does not exist."""
        written = pd.DataFrame(
            {c: self.frame[c].astype(object).fillna("").astype(str).str.strip() for c in keys}
        )
        found = pd.Index(_joined(keys)).get_indexer(pd.Index(_joined(written)))
        lost = np.flatnonzero(found < 0).tolist()
        if lost:
            exists = {str(c): set(keys[c]) for c in keys}
            suggest = {c: Suggester(sorted(known)) for c, known in exists.items()}
            for i in lost:
                self._unknown(i, {c: written[c].iloc[i] for c in exists}, exists, suggest)
        return found.astype(np.intp)

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

    def _years(self) -> Codes:
        """Position of every row's year; -1, with a problem, for one outside the plan."""
        column = self.frame["year"]
        if not pd.api.types.is_integer_dtype(column.dtype):
            text = column.astype(object).astype(str).str.strip()
            column = pd.to_numeric(text.str.extract(YEAR)[0], errors="coerce")
        year = column.to_numpy(dtype=float, na_value=np.nan)
        lost = ~np.isin(year, self.years)
        for i in np.flatnonzero(lost).tolist():
            written = str(self.frame["year"].iloc[i])
            allowed = listing((str(y) for y in self.years), most=12)
            self.problem(i, "year", written, f"'{written}' is not a year of the plan ({allowed}).")
        return np.where(lost, -1, np.nan_to_num(year) - self.years[0]).astype(np.intp)

    def column(self, name: str, *, optional: bool = True) -> Array:
        """Figures of a column, shape (row, year), NaN where the table says nothing.

        Parameters
        ----------
        name : str
            Column.
        optional : bool
            Whether the column may be missing and its cells blank.
        """
        values = np.full((self.size, len(self.years)), np.nan)
        if not self.complete or (name not in self.frame and (optional or not self._has((name,)))):
            return values
        written = self.frame[name]
        read = pd.to_numeric(written, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        wrong = np.isinf(read) | (np.isnan(read) & ~(_blank(written) & optional))
        for i in np.flatnonzero(wrong).tolist():
            text = "" if pd.isna(written.iloc[i]) else str(written.iloc[i])
            said = f"'{text}' is not a finite number." if text else f"{name} is blank."
            self.problem(i, name, text, said)
        values.ravel()[self.place] = np.where(wrong, np.nan, read)[self.kept]
        return values

    def flags(self, name: str) -> Array:
        """Answers of a column, 1 for yes and 0 for no, NaN where the table says nothing."""
        answers = np.full((self.size, len(self.years)), np.nan)
        if not self.complete or not self._has((name,)):
            return answers
        written = self.frame[name]
        text = written.astype(object).astype(str).str.strip()
        read = text.str.casefold().map(ANSWERS).to_numpy(dtype=float)
        for i in np.flatnonzero(np.isnan(read) & ~_blank(written)).tolist():
            said = f"'{text.iloc[i]}' is neither yes nor no."
            self.problem(i, name, text.iloc[i], said)
        answers.ravel()[self.place] = read[self.kept]
        return answers


def _joined(keys: pd.DataFrame) -> list[str]:
    """Keys as single words, parted by a character that no name has."""
    return ["\x1f".join(parts) for parts in zip(*(keys[c].tolist() for c in keys), strict=True)]


def _blank(column: pd.Series) -> Flags:
    empty = column.isna()
    if not pd.api.types.is_numeric_dtype(column.dtype):
        empty |= column.astype(object).astype(str).str.strip() == ""
    return empty.to_numpy(dtype=bool)


def read_plan(
    plan: Mapping[str, pd.DataFrame],
    programmes: Programmes,
    demanded: Flags,
    keys: Mapping[str, pd.DataFrame],
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
    keys : mapping of str to pandas.DataFrame
        Rows each table but ``allocation`` may have.

    Raises
    ------
    InstanceError
        With every problem found.
    """
    problems: list[Problem] = []
    activity, unmet = _allocation(plan, programmes, demanded, problems)
    rest: dict[str, Array] = {}
    for name, column in (OPTIONAL | FLAGS).items():
        frame = plan.get(name)
        rest[column] = np.full((len(keys[name]), len(programmes.years)), np.nan)
        if frame is not None and len(frame):
            table = PlanTable(frame, name, keys[name], programmes.years, problems)
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
) -> tuple[Array, Array]:
    none = np.full(programmes.shape, np.nan)
    if "allocation" not in plan:
        problems.append(Problem("allocation", None, "", "", "the plan has no allocation."))
        return none, none
    keys = pd.DataFrame({"programme": programmes.names})
    table = PlanTable(plan["allocation"], "allocation", keys, programmes.years, problems)
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
        name, lost = str(programmes.names[n]), programmes.years[~there[n]]
        said = f"programme '{name}' has no row for {listing(str(y) for y in lost)}."
        problems.append(Problem("allocation", None, "programme", name, said))
    return activity, unmet
