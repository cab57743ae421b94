"""An instance: settings and typed tables that have passed every check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, fields
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from allocator.errors import InstanceError, Problem, UsageError
from allocator.instance.checks import run as checks
from allocator.instance.facts.facts import Facts, facts_of
from allocator.instance.facts.timeless import Timeless
from allocator.instance.reading.digest import digest
from allocator.instance.reading.files import open_source
from allocator.instance.reading.folder import put_back
from allocator.instance.reading.reader import read_files, read_frames
from allocator.instance.reading.writer import texts_of, write_files
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.frames import Frames
from allocator.instance.tables.rows import Rows, from_frame
from allocator.instance.tables.schema import TABLES
from allocator.instance.tables.settings import SETTINGS, SETTINGS_FILE, Settings
from allocator.overview import as_html, as_text, lacking
from allocator.words import kind_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Instance:
    """A checked instance.

    Attributes
    ----------
    settings : Settings
        The round: years, prices, discounting.
    tables : mapping of str to pandas.DataFrame
        Every table of the format by name, empty ones included, with the columns and
        dtypes of the schema, defaults filled in, rows sorted by key. A blank year is
        ``<NA>`` and means every plan year; a row with a year overrides it for that year.
        Also reachable as attributes: ``instance.programmes``. A frame is made from
        :attr:`rows` when it is first asked for.
    origin : str
        Folder or zip it was read from; empty when made in memory.
    warnings : tuple of Problem
        What the checks noticed without refusing the instance.
    known : Timeless, optional
        Facts of the same settings and rows, as far as they are derived. Only making takes
        them: copies, comparisons and other processes derive at need.
    """

    settings: Settings
    tables: Mapping[str, pd.DataFrame]
    origin: str = ""
    warnings: tuple[Problem, ...] = ()
    known: InitVar[Timeless | None] = None

    def __post_init__(self, known: Timeless | None) -> None:
        if known is not None:
            self.__dict__["facts"] = known

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in TABLES and "tables" in self.__dict__:
            return self.tables[name]
        raise lacking("an instance", name, dir(self))

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *TABLES})

    def __repr__(self) -> str:
        return as_text(*self._overview())

    def _repr_html_(self) -> str:
        return as_html(*self._overview())

    def _overview(self) -> tuple[str, dict[str, str], dict[str, int]]:
        """Title, facts and rows by table."""
        s = self.settings
        facts = {
            "read from": self.origin,
            "base year": str(s.base_year),
            "years": ", ".join(str(year) for year in s.years),
            "money": f"{s.currency}, {s.money_unit}",
            "evidence": s.evidence,
            "warnings": str(len(self.warnings)) if self.warnings else "",
        }
        return f"Instance: {s.name}", facts, {name: len(rows) for name, rows in self.rows.items()}

    def __eq__(self, other: object) -> bool:
        """Whether the other has the same origin, settings and rows; warnings follow from them."""
        if not isinstance(other, Instance):
            return NotImplemented
        mine, others = ((i.origin, i.settings, i.rows) for i in (self, other))
        return mine == others

    def __getstate__(self) -> dict[str, Any]:
        """What makes it an instance; a copy derives again what follows."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @cached_property
    def rows(self) -> dict[str, Rows]:
        """The tables as typed rows."""
        if isinstance(self.tables, Frames):
            return self.tables.rows
        return {name: from_frame(name, self.tables[name]) for name in TABLES}

    @cached_property
    def facts(self) -> Facts:
        """What follows from the tables, each fact derived at first need."""
        return Facts(Draft(self.settings, self.rows))

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
        entries = {name: getattr(self.settings, name) for name in SETTINGS}
        tables: dict[str, pd.DataFrame | Rows] = dict(self.rows)
        for name, value in changes.items():
            if name in TABLES:
                tables[name] = value
            elif name in entries:
                entries[name] = value
            else:
                raise TypeError(f"{name!r} is neither a table nor a setting of an instance")
        draft, problems = read_frames(entries, tables)
        return _passed(_checked(self.facts.revised(draft), problems, self.origin))

    def believing(self, settings: Settings, rows: dict[str, Rows]) -> Instance:
        """Copy with other figures, unchecked; facts that rest on no change stay known."""
        tables = self.tables if rows == self.rows else Frames(rows)
        known = self.facts.revised(Draft(settings, rows))
        return Instance(settings, tables, self.origin, self.warnings, known)

    @cached_property
    def sha256(self) -> str:
        """Hash of the canonical instance: settings and key-sorted tables, without origin."""
        return digest(self.settings, self.rows)


def read(path: str | PathLike[str]) -> Instance:
    """Read and check an instance.

    Parameters
    ----------
    path : path
        Folder with ``instance.toml`` and one CSV a table, or a zip of that folder.

    Raises
    ------
    InstanceError
        With every problem found, when any of them is an error.
    """
    return _passed(_diagnosed(Path(path)))


def instance_of(given: object, verb: str) -> Instance:
    """The instance that was meant: one as it is, or the one at a path, read.

    Raises
    ------
    InstanceError
        When what is at the path would not pass its checks.
    UsageError
        For anything else.
    """
    if isinstance(given, Instance):
        return given
    if isinstance(given, str | PathLike):
        return read(given)
    raise UsageError(
        f"{verb} takes an instance (allocator.read(folder)) or its folder, not {kind_of(given)}"
    )


def diagnose(path: str | PathLike[str]) -> tuple[Instance | None, list[Problem]]:
    """Read and check an instance without raising on bad content.

    Returns
    -------
    Instance or None
        None when there is an error among the problems.
    list of Problem
        Errors and warnings, by table and line.
    """
    found = _diagnosed(Path(path))
    return found.instance, found.problems


def _diagnosed(path: Path) -> _Checked:
    put_back(path)
    source = open_source(path)
    if source.problems and not source.files:
        return _Checked(None, source.problems)
    draft, problems = read_files(source)
    return _checked(facts_of(draft), problems, str(path))


def from_tables(
    settings: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], origin: str = ""
) -> Instance:
    """Make and check an instance from memory.

    Parameters
    ----------
    settings : mapping
        Entries of ``instance.toml``.
    tables : mapping of str to DataFrame
        Tables by name. Tables that are not required and columns that have a default
        may be left out; a year is an int, None or NaN.
    origin : str
        Where the tables come from, for reports.

    Raises
    ------
    InstanceError
        With every problem found; the line of a row is its position + 2.
    """
    draft, problems = read_frames(settings, tables)
    return _passed(_checked(facts_of(draft), problems, origin))


def write(instance: Instance, folder: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Write ``instance.toml`` and one CSV a table that has rows.

    Columns in which every row has the default are left out.
    Reading the folder gives an instance with the same ``sha256``.

    Parameters
    ----------
    instance : Instance
        What to write.
    folder : path
        Folder to make. It may exist when it is empty.
    overwrite : bool
        Replace the instance in the folder; files that are no part of an instance stay.

    Raises
    ------
    UsageError
        When the folder holds something else, or cannot be written.
    """
    texts = texts_of(instance.settings, instance.rows)
    write_files(texts, Path(folder), overwrite=overwrite)


class _Checked(NamedTuple):
    """What the checks came to.

    `instance` is None when there is an error among the `problems`, which are in the order of tables
    and lines; `short` is the instance where these are only that there is too little of something.
    """

    instance: Instance | None
    problems: list[Problem]
    short: Instance | None = None


def _checked(facts: Timeless, problems: list[Problem], origin: str) -> _Checked:
    """Instance made of a draft; it keeps what the checks derived."""
    places = {name: rank for rank, name in enumerate((SETTINGS_FILE, *TABLES))}
    unread = any(problem.severity == "error" for problem in problems)
    found, short = checks.run(facts)
    problems = sorted(
        dict.fromkeys(problems + found),
        key=lambda problem: (places.get(problem.table, -1), problem.line or 0),
    )
    draft = facts.draft
    wrong = any(problem.severity == "error" for problem in problems)
    if wrong and (unread or not short):
        return _Checked(None, problems)
    told = tuple(problem for problem in problems if problem.severity != "error")
    instance = Instance(draft.settings, Frames(draft.tables), origin, told, facts)
    return _Checked(None, problems, instance) if wrong else _Checked(instance, problems)


def _passed(found: _Checked) -> Instance:
    if found.instance is None:
        raise InstanceError(found.problems, found.short)
    return found.instance
