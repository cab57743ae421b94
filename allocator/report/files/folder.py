"""Plan folders: written completely or not at all, and read back, hand-made ones included."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator.errors import InstanceError, Problem, UsageError
from allocator.instance.reading.cells import parse
from allocator.instance.reading.files import read_plain
from allocator.instance.reading.folder import put_back
from allocator.instance.tables.guard import guarded
from allocator.instance.tables.total import called_total
from allocator.instance.tables.years import not_a_year, year_of
from allocator.report.files.target import RECORDS, write_folder
from allocator.words import Suggester, sentence

if TYPE_CHECKING:
    import pandas as pd

    from allocator.evaluate import Evaluation
    from allocator.instance.instance import Instance
    from allocator.plan import Plan
    from allocator.planning.compare import Comparison

NEEDED = {
    "allocation": ("programme", "year"),
    "capacity": ("resource", "place", "year", "extra"),
    "budgets": ("pool", "year", "carry_out"),
    "transfers": ("from_pool", "to_pool", "year", "amount"),
    "funding": ("programme", "pool", "year", "paid"),
    "options": ("option", "year", "taken"),
    "contracts": ("contract", "year", "ended"),
}
"""Tables of a plan that decide something, with the columns that do."""

DECISIVE = ("allocation", "options", "contracts")
"""Tables of which one is enough to start a search from."""

FLAGS = ("taken", "ended")
WORDS = {
    "yes": True,
    "true": True,
    "1": True,
    "1.0": True,
    "no": False,
    "false": False,
    "0": False,
    "0.0": False,
    "": False,
}
"""How a yes or a no may be written; blank is no."""

THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
FIGURES = ("activity", "unmet", "extra", "carry_out", "amount", "paid")
SPENT = ("activity", "spend")
"""What an allocation may say of a programme and year; figures of the first win."""


def write_plan(
    plan: Plan, instance: Instance | None, folder: Path, *, overwrite: bool = False
) -> None:
    """Write a plan folder: ``plan.json`` and a CSV a table.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    instance : Instance, optional
        The instance it answers; its unit of money is recorded. The plan's own word is taken
        where it is left out.
    folder : pathlib.Path
        Folder to make.
    overwrite : bool
        Replace the plan the folder holds.

    Raises
    ------
    UsageError
        When the folder may not or cannot be written.
    """
    said = plan.instance
    money = {"currency": said.get("currency"), "unit": said.get("money_unit")}
    if instance is not None:
        settings = instance.settings
        money = {"currency": settings.currency, "unit": settings.money_unit}
    _write("plan.json", {**plan.to_dict(), "money": money}, plan.tables, folder, overwrite)


def write_evaluation(
    evaluation: Evaluation, record: Mapping[str, Any], folder: Path, *, overwrite: bool = False
) -> None:
    """Write ``evaluation.json``, which is `record`, and a CSV a table of an evaluation.

    Raises
    ------
    UsageError
        When the folder may not or cannot be written.
    """
    _write("evaluation.json", record, evaluation.tables(), folder, overwrite)


def write_comparison(
    comparison: Comparison, record: Mapping[str, Any], folder: Path, *, overwrite: bool = False
) -> None:
    """Write ``comparison.json``, which is `record`, and a CSV a table of a comparison.

    Raises
    ------
    UsageError
        When the folder may not or cannot be written.
    """
    frames = {
        name: getattr(comparison, name)
        for name in ("cases", "sectors", "changes", "moves", "options")
    }
    _write("comparison.json", record, frames, folder, overwrite)


def _write(
    name: str,
    record: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    folder: Path,
    overwrite: bool,
) -> None:
    write_folder(name, record, tables, csv_files(tables), folder, overwrite)


def csv_files(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Text of a CSV by file name; numbers read back as exactly what they are."""
    return {f"{name}.csv": _csv(table) for name, table in tables.items()}


def _csv(table: pd.DataFrame) -> str:
    flags = table.select_dtypes("bool").columns
    shown = table.assign(**{c: table[c].map({True: "yes", False: "no"}) for c in flags})
    numbers = shown.select_dtypes("float").columns
    shown[numbers] = shown[numbers] + 0.0  # no -0.0; what has no end is written inf
    for column in shown.select_dtypes(exclude=["number", "bool"]):
        shown[column] = shown[column].map(_word, na_action="ignore")
    text: str = shown.to_csv(index=False, lineterminator="\n")
    return text


def _word(cell: str | bool) -> str:
    """A cell that is no number, as a CSV holds it."""
    return guarded(cell) if isinstance(cell, str) else "yes" if cell else "no"


def read_plan(
    path: str | PathLike[str], *, whole: bool = True, noted: list[Problem] | None = None
) -> dict[str, pd.DataFrame]:
    """Read a plan folder, or a CSV with the columns programme, year and activity or spend.

    Parameters
    ----------
    path : path
        Plan folder (written by ``solve --out`` or by hand: ``allocation.csv`` is enough),
        the ``plan.json`` in it, or any such CSV. Years may be written 2025 or 2025/26,
        decisions yes or no, and an allocation may have a column a year instead of a row.
    whole : bool
        Whether a folder must have an allocation; to start a search from, what it says yes or
        no to is enough.
    noted : list of Problem, optional
        Takes the cells that cannot be read, which are then blank, instead of an error: for
        those who look for further problems and tell all at once (:func:`located`).

    Returns
    -------
    dict of str to pandas.DataFrame
        ``allocation`` and, where the folder has them, ``capacity``, ``budgets``,
        ``transfers``, ``funding``, ``options`` and ``contracts`` (which decide nothing, and
        are left out, when they do not say what is ended). The index of a row is the line of
        the file it is on.

    Raises
    ------
    InstanceError
        With every problem found, each naming file, line and column.
    UsageError
        When there is no such plan.
    """
    where = Path(path)
    put_back(where.parent if where.name in RECORDS else where)
    where = where.parent if where.name in RECORDS and where.is_file() else where
    if where.is_dir():
        files = {name: where / f"{name}.csv" for name in NEEDED}
        enough = ("allocation",) if whole else DECISIVE
        if not any(files[name].is_file() for name in enough):
            names = " or ".join(files[name].name for name in enough)
            raise UsageError(f"{where} is not a plan folder: it has no {names}.")
        files = {name: file for name, file in files.items() if file.is_file()}
    elif where.is_file():
        files = {"allocation": where}
    else:
        raise UsageError(f"there is no plan at {where}.")
    problems: list[Problem] = []
    cells = problems if noted is None else noted
    tables = {name: _table(name, file, problems, cells) for name, file in files.items()}
    plan = {name: table for name, table in tables.items() if table is not None}
    if any(problem.severity == "error" for problem in problems):
        raise InstanceError(problems)
    return plan


def located(
    error: InstanceError,
    plan: Mapping[str, pd.DataFrame],
    path: str | PathLike[str],
    noted: Sequence[Problem] = (),
) -> InstanceError:
    """The same problems with the files and lines at `path` that `plan` was read from.

    Those noted while it was read come first, and nothing is said of their cells again.
    """
    where, problems = Path(path), list(noted)
    told = {(problem.table, problem.line, problem.column) for problem in noted}
    alone = where.is_file() and where.name not in RECORDS
    for problem in error.problems:
        table = plan.get(problem.table)
        row = -1 if problem.line is None else problem.line - 2
        if table is not None and 0 <= row < len(table):
            problem = replace(problem, line=int(table.index[row]))
        if problem.table in NEEDED:
            problem = replace(problem, table=where.name if alone else f"{problem.table}.csv")
        if (problem.table, problem.line, problem.column) not in told:
            problems.append(problem)
    return InstanceError(problems)


def _table(
    name: str, file: Path, problems: list[Problem], unread: list[Problem]
) -> pd.DataFrame | None:
    """A table of a plan; None for one that says nothing about what is decided."""
    import pandas as pd

    from allocator.evaluate.plan_tables import lengthened

    try:
        content = read_plain(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}.") from error
    known = dict.fromkeys(NEEDED[name], True)
    if name == "allocation":
        known |= {SPENT[0]: True, SPENT[1]: False}
    raw = parse(file.name, content, known)
    raw.point_decimals(FIGURES)
    problems.extend(raw.problems)
    if raw.damaged:
        return pd.DataFrame()
    columns = {column.lower(): cells for column, cells in raw.columns.items()}
    if name == "contracts" and "ended" not in columns:
        return None
    data: dict[str, Sequence[str | float | int | bool]] = dict(columns)
    table = pd.DataFrame(data, index=raw.lines, dtype=object)
    if name == "allocation":
        table = lengthened(table)
    _lacking(name, file, table, problems)
    read = _Cells(file.name, unread)
    converters = {"year": read.year, **dict.fromkeys(FIGURES, read.figure)}
    if name == "allocation" and "activity" not in table:
        converters["spend"] = read.figure
    converters |= {c: read.flag for c in FLAGS if c in NEEDED[name]}
    # A row of totals has no year; whether it is one is for those to say who know the round.
    first = table[NEEDED[name][0]] if NEEDED[name][0] in table else [""] * len(table)
    whole = [called_total(str(cell)) for cell in first]
    for column, convert in converters.items():
        if column in table:
            cells = zip(table.index, table[column].tolist(), whole, strict=True)
            table[column] = [
                cell if total and not cell else convert(int(line), column, cell)
                for line, cell, total in cells
            ]
    return table


def _lacking(name: str, file: Path, table: pd.DataFrame, problems: list[Problem]) -> None:
    """Note the columns that decide something and that a table does not have."""
    needed = list(NEEDED[name])
    if name == "allocation" and not any(column in table for column in SPENT):
        needed.append("activity")
    lost = [column for column in needed if column not in table]
    what = "programme, year, and activity or spend" if name == "allocation" else ", ".join(needed)
    suggest = Suggester(str(column) for column in table if column not in needed)
    for column in lost:
        hint = suggest(column)
        if not hint and column == SPENT[0]:
            hint = suggest(SPENT[1])
        hint = hint.replace("did you mean", "did you mean it by")
        message = sentence(f"the column '{column}' is missing; a plan needs {what}", hint)
        problems.append(Problem(file.name, 1, column, "", message, hint))


class _Cells:
    """Reads the cells of a file, noting those that cannot be read."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self._file, self._problems = file, problems

    def _wrong(self, line: int, column: str, cell: str, said: str) -> None:
        self._problems.append(Problem(self._file, line, column, cell, said))

    def year(self, line: int, column: str, cell: str | int) -> int:
        """A year, in any spelling."""
        year = cell if isinstance(cell, int) else year_of(cell)
        if year is None:
            self._wrong(line, column, str(cell), not_a_year(str(cell)))
        return year or 0

    def figure(self, line: int, column: str, cell: str | None) -> float:
        """A figure, with or without separators; NaN where blank."""
        cell = cell or ""
        plain = cell.replace(",", "") if THOUSANDS.fullmatch(cell) else cell
        try:
            return float(plain or "nan")
        except ValueError:
            self._wrong(line, column, cell, f"'{cell}' is not a number.")
            return math.nan

    def flag(self, line: int, column: str, cell: str) -> bool:
        """A yes or a no; blank is no."""
        word = cell.strip().lower()
        if word not in WORDS:
            self._wrong(line, column, cell, f"'{cell}' is neither yes nor no.")
        return WORDS.get(word, False)
