"""Checks that rows are told apart and name things that exist."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from allocator.errors import Problem
from allocator.instance.checks.problem import Problems, problem
from allocator.instance.reading.files import SETTINGS_FILE
from allocator.instance.reading.toml import settings_line
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import BLANK_YEAR, Rows, among
from allocator.instance.tables.schema import EFFECT_TARGETS, TABLES
from allocator.instance.tables.selections import EVERYTHING
from allocator.instance.tables.wording import Suggester, sentence


def duplicates(draft: Draft) -> Problems:
    """No two rows of a table have the same key."""
    for name, rows in draft.tables.items():
        keys = rows.tuples()
        if len(set(keys)) == len(keys):
            continue
        first: dict[tuple[object, ...], int] = {}
        keep = np.ones(len(rows), dtype=bool)
        for position, key in enumerate(keys):
            earlier = first.setdefault(key, position)
            if earlier != position:
                keep[position] = False
                yield problem(
                    rows,
                    position,
                    rows.table.key[0],
                    f"the row repeats line {rows.lines[earlier]}: two rows have "
                    f"{_key_words(rows, key)}; keep one.",
                )
        draft.drop(name, keep)


def _key_words(rows: Rows, key: tuple[object, ...]) -> str:
    words = []
    for column, value in zip(rows.table.key, key, strict=True):
        if column == "year" and value == BLANK_YEAR:
            words.append("a blank year")
        elif value != "":
            words.append(f"{column} '{value}'")
    return ", ".join(words)


def reserved_selection(draft: Draft) -> Problems:
    """The selection of all programmes is built in and not declared again."""
    selections = draft["selections"]
    mine = selections["selection"] == EVERYTHING
    for position in np.flatnonzero(mine).tolist():
        yield problem(
            selections,
            position,
            "selection",
            f"'{EVERYTHING}' always means every programme and cannot be declared; choose another "
            "name.",
        )
    draft.drop("selections", ~mine)


def references(draft: Draft) -> Problems:
    """Every name a row refers to is declared in the table it belongs to."""
    for name, table in TABLES.items():
        for column in table.columns:
            target = table.meta(column)["refers"]
            if target in draft.names:
                yield from _dangling(draft, name, column, target)


def _dangling(draft: Draft, name: str, column: str, target: str) -> Problems:
    rows = draft[name]
    known = draft.names[target] | {""}
    if target == "selections":
        known = known | {EVERYTHING}
    unknown = set(rows[column].tolist()) - known
    if not unknown:
        return
    suggest = Suggester(known)
    thing = TABLES[target].key[0]
    absent = "" if draft.names[target] else ", a table this instance does not have"
    wrong = np.array([value in unknown for value in rows[column].tolist()])
    for position in np.flatnonzero(wrong).tolist():
        value = rows[column][position]
        hint = suggest(value)
        statement = f"{thing} '{value}' is not in {target}{absent}"
        yield problem(rows, position, column, sentence(statement, hint), hint)
    draft.drop(name, ~wrong)


def effect_targets(draft: Draft) -> Problems:
    """What an option changes is declared in the table its measure speaks of."""
    rows = draft["option_effects"]
    known = np.ones(len(rows), dtype=bool)
    suggest = {table: Suggester(draft.names.get(table, ())) for table in EFFECT_TARGETS.values()}
    for position, (measure, value) in enumerate(rows.tuples(("measure", "target"))):
        table = EFFECT_TARGETS[measure]
        if value in draft.names.get(table, {value}):
            continue
        known[position] = False
        hint = suggest[table](value)
        absent = "" if draft.names[table] else ", a table this instance does not have"
        statement = (
            f"measure {measure} acts on a {TABLES[table].key[0]}, and '{value}' is not in "
            f"{table}{absent}"
        )
        yield problem(rows, position, "target", sentence(statement, hint), hint)
    draft.drop("option_effects", known)


def accepted_pumps(draft: Draft) -> Problems:
    """Programmes whose money pump is accepted exist."""
    if draft.settings is None or "programmes" not in draft.names:
        return
    suggest = Suggester(draft.names["programmes"])
    entry = "accept_money_pump"
    for name in draft.settings.accept_money_pump:
        if name not in draft.names["programmes"]:
            hint = suggest(name)
            statement = sentence(f"programme '{name}' is not in programmes", hint)
            line = settings_line(draft.settings_text, entry)
            yield Problem(SETTINGS_FILE, line, entry, name, statement, hint)


def look_alikes(draft: Draft) -> Problems:
    """Names that differ in capitals or spaces only are probably the same thing."""
    programmes = draft["programmes"]
    for column in ("programme", "sector", "provider", "pool"):
        alike: dict[str, set[str]] = defaultdict(set)
        for value in set(programmes[column].tolist()):
            alike["".join(value.casefold().split())].add(value)
        for values in alike.values():
            if len(values) > 1:
                shown = " and ".join(f"'{v}'" for v in sorted(values)[:2])
                first = int(np.flatnonzero(among(programmes[column], values))[0])
                yield problem(
                    programmes,
                    first,
                    column,
                    f"{shown} differ in capitals or spaces only and are taken as different.",
                    severity="warning",
                )


CHECKS = (
    duplicates,
    reserved_selection,
    references,
    effect_targets,
    accepted_pumps,
    look_alikes,
)
"""Run first, in this order: they set rows aside that later checks could not use."""
