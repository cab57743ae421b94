"""Drafts of a few lines, completed: what a draft does not name stays as rolled forward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from allocator.calls import told
from allocator.errors import UsageError
from allocator.evaluate.plan_tables import ASSUMED, KEYS, lengthened
from allocator.evaluate.plans import USUAL
from allocator.instance.instance import Instance, instance_of
from allocator.instance.tables.lists import names_in
from allocator.instance.tables.years import year_of
from allocator.plan import Plan
from allocator.planning.rolling import RolledForward, roll_forward
from allocator.planning.starting import flag, tables_of
from allocator.words import count, kind_of

DECISIONS = {"options": ("option", "taken"), "contracts": ("contract", "ended")}
"""Tables of decisions, with the column of names and the column of yes and no."""


@dataclass(frozen=True)
class Draft:
    """A plan that says something about every programme, option and contract.

    Attributes
    ----------
    tables : mapping of str to pandas.DataFrame
        The draft's own rows first, then those it was completed with.
    assumed : str
        What was taken from rolling forward, a sentence; empty when nothing was.
    reference : RolledForward or None
        Rolling forward, where it was needed.
    """

    tables: Mapping[str, pd.DataFrame]
    assumed: str = ""
    reference: RolledForward | None = None


@told
def complete_draft(
    instance: Instance | str | PathLike[str],
    draft: Mapping[str, pd.DataFrame],
    *,
    evidence: str = "central",
    reference: RolledForward | None = None,
    held: Plan | Mapping[str, pd.DataFrame] | None = None,
) -> Draft:
    """Complete a draft from the reference plan.

    A programme and year without a row does what it does when the baseline is rolled forward.
    An option or contract is as the draft says from the first year it names until it says
    otherwise, and as rolled forward before; where a draft takes an option of a group that
    allows one, the others it does not name are not taken, and where it says no to the one
    that rolling forward takes, the one that costs and changes nothing takes its place. Money
    between pools and years, and what several pools pay of a programme, stays as rolled forward
    where the draft fits so, or where it cannot fit at all; otherwise it is settled in the
    plan's favour, as in any evaluation.

    Parameters
    ----------
    instance : Instance
        The round.
    draft : mapping of str to pandas.DataFrame
        As for :func:`allocator.evaluate`, with as few rows as wanted.
    evidence : {'low', 'central', 'high'}
        Which figures the reference plan believes.
    reference : RolledForward, optional
        The reference plan, where it is known.
    held : Plan or mapping of str to pandas.DataFrame, optional
        As for :func:`roll_forward`.

    Returns
    -------
    Draft

    Raises
    ------
    UsageError
        When something is missing and no plan keeps every hard rule.
    KeyboardInterrupt
        When the search for the reference plan was interrupted.
    """
    instance = instance_of(instance, "complete_draft")
    tables_of(held, "held")
    if not isinstance(draft, Mapping):
        raise UsageError(
            "draft takes the tables of a plan by name, such as {'allocation': frame}, not "
            + kind_of(draft)
        )
    tables = {name: _with_years(frame) for name, frame in draft.items()}
    if "allocation" in tables and not {"programme", "year"} <= set(tables["allocation"]):
        return Draft(tables, reference=reference)
    said = {name: _stated(tables.get(name), key) for name, key in _KEYS.items()}
    every = {
        "allocation": instance.programmes["programme"].tolist(),
        "options": instance.options["option"].tolist(),
        "contracts": _endable(instance),
    }
    years = instance.settings.years
    missing = {
        name: [n for n in names if any((n, y) not in said[name] for y in years)]
        for name, names in every.items()
    }
    silent = [n for n in missing["options"] if all((n, y) not in said["options"] for y in years)]
    whole = not any(missing.values())
    if whole and not _leaves_shares(instance, tables):
        return Draft(tables, reference=reference)
    reference = reference or roll_forward(instance, evidence=evidence, held=held)
    if whole and not reference.tables:
        return Draft(tables, reference=reference)
    if not reference.tables:
        raise UsageError(
            "the draft does not name every programme and year, and what it leaves out cannot "
            "stay as rolled forward: no plan keeps every hard rule, limit and budget. Give "
            "every programme and year, or see what collides with 'allocator solve'."
        )
    tables |= _money(tables, reference)
    if whole:
        return Draft(tables, reference=reference)
    lines = reference.tables["allocation"]
    keys = zip(lines["programme"], lines["year"], strict=True)
    more = lines.loc[[k not in said["allocation"] for k in keys], ["programme", "year", "activity"]]
    tables["allocation"] = _joined(tables.get("allocation"), more.assign(**{ASSUMED: True}))
    for name in DECISIONS:
        if every[name]:
            rows = _decided(instance, name, tables.get(name), reference.tables[name])
            tables[name] = _joined(tables.get(name), rows)
    return Draft(tables, _assumed(len(more), len(lines), silent, every), reference)


def _leaves_shares(instance: Instance, tables: Mapping[str, pd.DataFrame]) -> bool:
    """Whether programmes have several payers and a draft says nothing of what they pay."""
    return len(instance.funding) > 0 and tables.get("funding") is None


def _money(tables: Mapping[str, pd.DataFrame], reference: RolledForward) -> dict[str, pd.DataFrame]:
    """Tables of money with what rolling forward does in rows that a draft does not have."""
    found = {}
    for name, column in USUAL.items():
        own, rolled = tables.get(name), getattr(reference.checked, name)
        keys = [*KEYS[name], "year"]
        if own is not None and not set(keys) <= set(own):
            continue
        stated = set() if own is None else set(zip(*(_cells(own[k]) for k in keys), strict=True))
        at = zip(*(_cells(rolled[k]) for k in keys), strict=True)
        missing = np.array([key not in stated for key in at], dtype=bool)
        rows = rolled.loc[missing & (rolled[column].fillna(0.0) != 0.0), [*keys, column]]
        if len(rows):
            found[name] = _joined(own, rows.assign(**{ASSUMED: True}))
    return found


def _cells(column: pd.Series[Any]) -> list[str]:
    return [str(cell).strip() for cell in column]


_KEYS = {"allocation": "programme", "options": "option", "contracts": "contract"}


def _assumed(more: int, lines: int, silent: list[str], every: Mapping[str, list[str]]) -> str:
    parts = []
    if more:
        parts.append(f"{more:,} of {lines:,} lines (a programme and a year)")
    if silent:
        parts.append(f"{len(silent):,} of {count(len(every['options']), 'option')}")
    if not parts:
        return ""
    return f"The draft does not name {' and '.join(parts)}: they stay as rolled forward."


def _endable(instance: Instance) -> list[str]:
    """Contracts that a plan may end."""
    table = instance.contracts
    return list(dict.fromkeys(table.loc[table["notice_years"].notna(), "contract"]))


def _with_years(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with a row a year, its years as numbers where they can be read."""
    frame = lengthened(frame)
    if "year" not in frame or pd.api.types.is_integer_dtype(frame["year"].dtype):
        return frame
    years = [year_of(str(cell).strip().removesuffix(".0")) for cell in frame["year"]]
    read = [cell if y is None else y for cell, y in zip(frame["year"], years, strict=True)]
    return frame.assign(year=pd.Series(read, index=frame.index, dtype=object))


def _stated(frame: pd.DataFrame | None, key: str) -> set[tuple[str, Any]]:
    """Names and years of the rows a draft has."""
    if frame is None or not {key, "year"} <= set(frame):
        return set()
    names = (str(name).strip() for name in frame[key])
    return set(zip(names, frame["year"], strict=True))


def _joined(own: pd.DataFrame | None, more: pd.DataFrame) -> pd.DataFrame:
    """Rows of a draft, then others; the draft's keep the lines they came from."""
    more = more.set_axis([0] * len(more))
    if own is None or own.empty:
        return more
    more = more.reindex(columns=[*own.columns, *(c for c in more if c not in own)])
    both = {
        c: [*(own[c].tolist() if c in own else [None] * len(own)), *more[c].tolist()] for c in more
    }
    return pd.DataFrame(both, index=[*own.index, *more.index])


def _decided(
    instance: Instance, name: str, own: pd.DataFrame | None, rolled: pd.DataFrame
) -> pd.DataFrame:
    """Rows of decisions that a draft does not have."""
    key, column = DECISIONS[name]
    years = instance.settings.years
    before = {
        (n, y): bool(v) for n, y, v in zip(rolled[key], rolled["year"], rolled[column], strict=True)
    }
    names = list(dict.fromkeys(rolled[key]))
    stated: dict[tuple[str, Any], bool] = {}
    if own is not None and {key, "year", column} <= set(own):
        cells = zip(own[key], own["year"], own[column], strict=True)
        stated = {(str(n).strip(), y): flag(v) for n, y, v in cells}
    lasting: dict[tuple[str, int], bool] = {}
    for n in names:
        said = None
        for y in years:
            said = stated.get((n, y), said)
            if said is not None:
                lasting[n, y] = said
    known = {(n, y): lasting.get((n, y)) for n in names for y in years}
    if name == "options":
        known = _groups_kept(instance, known, before)
    rows = [
        (n, y, before.get((n, y), False) if v is None else v)
        for (n, y), v in known.items()
        if (n, y) not in stated and v is not _OPEN
    ]
    return pd.DataFrame(rows, columns=[key, "year", column])


_OPEN = object()
"""What is said of an option that is left to the evaluation."""


def _groups_kept(
    instance: Instance, known: dict[tuple[str, int], Any], before: Mapping[tuple[str, int], bool]
) -> dict[tuple[str, int], Any]:
    """Options of groups that a draft decides for some of their options only."""
    table = instance.options
    kept = dict(known)
    groups: dict[tuple[str, str], list[str]] = {}
    for n, said, choose in zip(table["option"], table["group"], table["choose"], strict=True):
        for group in names_in(said) if choose in ("exactly_one", "at_most_one") else ():
            groups.setdefault((group, choose), []).append(n)
    for (_, choose), mine in groups.items():
        for y in instance.settings.years:
            silent = [n for n in mine if known[n, y] is None]
            taken = [n for n in mine if known[n, y] is True]
            left = [n for n in silent if before.get((n, y))]
            if taken:
                kept |= {(n, y): False for n in silent}
            elif choose == "exactly_one" and not left:
                kept |= {(n, y): _OPEN for n in silent if kept[n, y] is None}
    return kept
