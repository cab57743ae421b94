"""The reference page of the instance format, made from the schema alone."""

from __future__ import annotations

from collections.abc import Sequence

from allocator.instance.reading.cells import MOST_COLUMNS
from allocator.instance.reading.files import LARGEST
from allocator.instance.tables.column import Column, Table
from allocator.instance.tables.help import allowed, blank
from allocator.instance.tables.legal import (
    CONTRACT_NEEDS,
    CONTRACT_PARAMETERS,
    EFFECT_OPERATIONS,
    EFFECT_TARGETS,
    LEGAL_RULES,
    REFUSED,
    SHAPE_PARAMETERS,
)
from allocator.instance.tables.schema import TABLES
from allocator.instance.tables.settings import SETTINGS
from allocator.instance.tables.vocabulary import RULE_BASES
from allocator.instance.tables.years import MOST_YEARS

_INTRODUCTION = f"""\
# The instance format

An instance is a folder with `instance.toml` and one CSV a table, or a zip of that folder.
The first line of a CSV names its columns; their order, capitals and spaces do not matter, and
columns that have a default may be left out, as may tables that are not required. Files are UTF-8
(what a spreadsheet saves otherwise is read and said so); other files in the folder are ignored.

- **Blank cells** take the column's default, and so do the cells a row lacks at its end. A number
  whose default is *none* is absent: a blank `max` is no limit, not 0.
- **Years** are written 2025, 2025/26, 2025-26 or FY25/26. A row with a blank year holds in every
  plan year; a row with a year replaces it in that year. Budgets (all kinds of a pool together),
  demand, capacity and places need a figure for every plan year.
- **Money** is in the unit `instance.toml` declares, the same in every table. Activity is in
  each programme's own unit; with `unit_cost` 1 it is money.
- **Numbers** are plain: 1234.5. A £ sign or thousands separators are left out and reported;
  percentages are refused (5% is 0.05).
- **Names** are matched exactly, after spaces at the ends are taken off; they may have spaces
  within. `all` is the built-in selection of every programme. Where a cell holds several, a
  semicolon stands between them: `North; South` are two, `North South` is one.
- **Text** is what can be seen. No-break spaces, tabs and line breaks are read as a space and
  reported (notes and sources keep their lines); control characters and what turns the direction
  of writing or has no width are refused. An apostrophe before = + - @ is not part of the text: it
  keeps a spreadsheet from running it, is written where it is needed and taken off on reading.
- **Yes or no** is written yes or no (true and false are understood).
- **Semicolons or tabs** may separate the cells of a file, if its header says so. There, 12,5 is
  read as 12.5 and reported; what could also be thousands, as 1,234, is refused.
- **Totals**: a row called Total, which nothing else speaks of, is skipped and reported where its
  figures are the sums of the other rows (of its year; of all years where it has none), and
  refused where they are not.
- **Sizes**: at most {LARGEST / 1e6:.0f} MB together, {MOST_YEARS} plan years, {MOST_COLUMNS}
  columns a table. Only plain files are read.

Everything wrong with an instance is reported at once, with table, line, column and value.
"""

_RULE_NOTES = """\
Growth is measured on `reference`; share and ratio on `relative_to`; per_head on the people of
the places the selection names in all its rows, otherwise of all places. `outcome` is given
exactly for measure outcome, `segment` only there. Measure activity needs one unit; a ratio may
compare two selections of different units. Measure payment counts contracts, which stand in a
selection wholly or not at all; measure position is that of the providers of its programmes.
"""

_CONTRACT_NOTES = """\
Every type has uplift, min_income, max_income, start, end, lead and overhead, and all but a plain
cost contract notice_years and exit_fee. A contract is for the programmes that name it in their
column `contract`; they have one provider and one pool. A name without a row here is a name and
no more: its programmes are paid at cost. Payment replaces cost in the pool; the cost stays with
the provider. A contract with notice_years may be ended early; the same notice stands in all its
rows. Where a payment needs yes-or-no decisions to be planned (kinks that something would gain
from, caps, steps, notice) is decided from the figures.
"""

_EFFECT_NOTES = """\
The value of add is in the unit of the measure (money at base-year prices), that of multiply is
0 or more (0.9 is 10% less), and suspend has none. `place` is given for capacity only, `outcome`
exactly for measure outcome. limit_max, and limit_min that is multiplied, need such a limit of
basis activity or baseline in limits; demand needs rows in demand, an outcome that is multiplied
a response. Two options multiply the same figure, or change the same unit cost, only when a
group or option_links keep them from being taken together. `low` and `high` are the values of
those evidence cases, either way round: the low case of a cut in demand is the higher figure. A
programme that an option may close or limit is not held unless it says held = yes, which no option
may then close or limit; one that nothing values needs a minimum, or held = no.
"""


def render() -> str:
    """Reference page in Markdown."""
    parts = [_INTRODUCTION, _settings(), *(_table(table) for table in TABLES.values())]
    parts += [_rules(), _shapes(), _contracts(), _effects(), _refused()]
    return "\n".join(parts)


def _grid(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _settings() -> str:
    rows = [(f"`{s.name}`", s.kind, allowed(s), _left_out(s), s.meaning) for s in SETTINGS.values()]
    header = ("entry", "kind", "allowed", "default", "meaning")
    return f"## instance.toml\n\n{_grid(header, rows)}"


def _left_out(entry: Column) -> str:
    # TOML writes flags as true and false.
    return str(entry.default).lower() if entry.kind == "flag" else blank(entry)


def _table(table: Table) -> str:
    need = "Required." if table.required else "Optional."
    rows = []
    for column in table.columns.values():
        name = f"**`{column.name}`**" if column.key else f"`{column.name}`"
        rows.append(
            (name, column.kind, column.unit, allowed(column), blank(column), column.meaning)
        )
    header = ("column", "kind", "unit", "allowed", "default", "meaning")
    key = " and ".join([", ".join(table.key[:-1]), table.key[-1]] if table.key[1:] else table.key)
    return (
        f"## {table.name}\n\nA row is {table.row}. {need} No two rows share {key} (in bold).\n\n"
        f"{_grid(header, rows)}"
    )


def _rules() -> str:
    rows = [
        (measure, *(", ".join(bases.get(basis, ())) or "–" for basis in RULE_BASES))
        for measure, bases in LEGAL_RULES.items()
    ]
    return (
        "## Rules that have a meaning\n\nBy measure and basis, the senses a rule may have.\n\n"
        f"{_grid(('measure', *RULE_BASES), rows)}\n{_RULE_NOTES}"
    )


def _shapes() -> str:
    rows = [
        (shape, ", ".join(parameters) or "rows in response_points, from activity 0")
        for shape, parameters in SHAPE_PARAMETERS.items()
    ]
    return f"## Shapes of responses\n\n{_grid(('shape', 'needs, and takes no other'), rows)}"


def _contracts() -> str:
    rows = [
        (kind, ", ".join(parameters) or "none", ", ".join(CONTRACT_NEEDS.get(kind, ())) or "none")
        for kind, parameters in CONTRACT_PARAMETERS.items()
    ]
    header = ("type", "takes, besides the columns every type has", "needs")
    return f"## Types of contract\n\n{_grid(header, rows)}\n{_CONTRACT_NOTES}"


def _effects() -> str:
    rows = [
        (measure, "the pools of " + table if table == "budgets" else table, ", ".join(operations))
        for (measure, operations), table in zip(
            EFFECT_OPERATIONS.items(), EFFECT_TARGETS.values(), strict=True
        )
    ]
    header = ("measure", "target is named in", "operations")
    return f"## Effects of options\n\n{_grid(header, rows)}\n{_EFFECT_NOTES}"


def _refused() -> str:
    rows = [(f"`{table}`", words) for table, every in REFUSED.items() for words in every]
    return (
        "## What is refused\n\nBesides cells that their column does not allow, names that are not "
        "declared, repeated rows and years without a row:\n\n"
        f"{_grid(('table', 'refused'), rows)}"
    )


if __name__ == "__main__":
    print(render(), end="")
