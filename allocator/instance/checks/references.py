"""Checks that rows are told apart and name things that exist."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from allocator.errors import Problem
from allocator.instance.checks.problem import Problems, problem
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.legal import EFFECT_TARGETS
from allocator.instance.tables.rows import BLANK_YEAR, Rows, among
from allocator.instance.tables.schema import TABLES
from allocator.instance.tables.selections import EVERYTHING
from allocator.instance.tables.settings import SETTINGS, SETTINGS_FILE
from allocator.words import Suggester, sentence


def duplicates(facts: Timeless) -> Problems:
    """No two rows of a table have the same key."""
    for name, rows in list(facts.draft.tables.items()):
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
        facts.drop(name, keep)


def _key_words(rows: Rows, key: tuple[object, ...]) -> str:
    words = []
    for column, value in zip(rows.table.key, key, strict=True):
        if column == "year" and value == BLANK_YEAR:
            words.append("a blank year")
        elif value != "":
            words.append(f"{column} '{value}'")
    return ", ".join(words)


def reserved_selection(facts: Timeless) -> Problems:
    """The selection of all programmes is built in and not declared again."""
    selections = facts["selections"]
    mine = selections["selection"] == EVERYTHING
    for position in np.flatnonzero(mine).tolist():
        yield problem(
            selections,
            position,
            "selection",
            f"'{EVERYTHING}' always means every programme and cannot be declared; choose another "
            "name.",
        )
    facts.drop("selections", ~mine)


def references(facts: Timeless) -> Problems:
    """Every name a row refers to is declared in the table it belongs to."""
    for name, table in TABLES.items():
        for column in table.columns.values():
            if column.reference in facts.draft.names:
                yield from _dangling(facts, name, column.name, column.reference)


def _dangling(facts: Timeless, name: str, column: str, target: str) -> Problems:
    rows = facts[name]
    known = facts.draft.names[target] | {""}
    if target == "selections":
        known = known | {EVERYTHING}
    unknown = set(rows[column].tolist()) - known
    if not unknown:
        return
    suggest = Suggester(known)
    thing = TABLES[target].key[0]
    absent = "" if facts.draft.names[target] else ", a table this instance does not have"
    wrong = np.array([value in unknown for value in rows[column].tolist()])
    for position in np.flatnonzero(wrong).tolist():
        value = rows[column][position]
        hint = suggest(value)
        statement = f"{thing} '{value}' is not in {target}{absent}"
        yield problem(rows, position, column, sentence(statement, hint), hint)
    facts.drop(name, ~wrong)


def effect_targets(facts: Timeless) -> Problems:
    """What an option changes is declared in the table its measure speaks of."""
    rows = facts["option_effects"]
    known = np.ones(len(rows), dtype=bool)
    suggest = {
        table: Suggester(facts.draft.names.get(table, ())) for table in EFFECT_TARGETS.values()
    }
    for position, (measure, value) in enumerate(rows.tuples(("measure", "target"))):
        table = EFFECT_TARGETS[measure]
        if value in facts.draft.names.get(table, {value}):
            continue
        known[position] = False
        hint = suggest[table](value)
        absent = "" if facts.draft.names[table] else ", a table this instance does not have"
        statement = (
            f"measure {measure} acts on a {TABLES[table].key[0]}, and '{value}' is not in "
            f"{table}{absent}"
        )
        yield problem(rows, position, "target", sentence(statement, hint), hint)
    facts.drop("option_effects", known)


def entries(facts: Timeless) -> Problems:
    """Every name an entry of ``instance.toml`` refers to is declared."""
    draft = facts.draft
    for entry in SETTINGS.values():
        if entry.reference not in draft.names:
            continue
        known = draft.names[entry.reference]
        suggest = Suggester(known)
        written = getattr(draft.settings, entry.name)
        for name in (written,) if isinstance(written, str) else written:
            if name and name not in known:
                hint = suggest(name)
                statement = f"{TABLES[entry.reference].key[0]} '{name}' is not in {entry.reference}"
                line = draft.entry_lines.get(entry.name)
                message = sentence(statement, hint)
                yield Problem(SETTINGS_FILE, line, entry.name, name, message, hint)


def look_alikes(facts: Timeless) -> Problems:
    """Names that differ in capitals or spaces only are probably the same thing."""
    programmes = facts["programmes"]
    for column in ("programme", "sector", "provider", "pool"):
        alike: dict[str, set[str]] = defaultdict(set)
        for value in set(programmes[column].tolist()):
            alike["".join(value.casefold().split())].add(value)
        for values in alike.values():
            if len(values) > 1:
                shown = " and ".join(f"'{v}'" for v in sorted(values)[:2])
                first = programmes.in_file(among(programmes[column], values))[0]
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
    entries,
    look_alikes,
)
"""Run first, in this order: they set rows aside that later checks could not use."""
