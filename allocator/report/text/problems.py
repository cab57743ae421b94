"""What is wrong with an instance or a plan, table by table, and the verdict on it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.text import Text

from allocator.instance.tables.schema import TABLES
from allocator.report.files.record import problems_record
from allocator.report.language.units import Money
from allocator.words import count

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from allocator.errors import Problem
    from allocator.instance.instance import Instance

MOST_LINES = 40

UNVALUED = "no response, demand or effect and"
"""Words of the reader's warning about programmes that nothing values."""


def print_problems(problems: Sequence[Problem], console: Console, *, every: bool = False) -> None:
    """Print problems grouped by table, errors first.

    Parameters
    ----------
    problems : sequence of Problem
        What was found.
    console : rich.console.Console
        Where to print.
    every : bool
        Whether to print all of them, not only about forty lines.
    """
    left = math.inf if every else MOST_LINES
    for severity, title in (("error", "Errors"), ("warning", "Warnings")):
        found = [p for p in problems if p.severity == severity]
        if found:
            left = _print_group(title, found, console, left)


def _print_group(title: str, problems: Sequence[Problem], console: Console, left: float) -> float:
    console.print(Text(f"{title}: {len(problems)}", style="bold"))
    tables = list(dict.fromkeys(p.table for p in problems))
    shown = 0
    for table in tables:
        if left <= 0:
            break
        console.print(Text(f"{table}"))
        left -= 1
        for problem in (p for p in problems if p.table == table):
            if left <= 0:
                break
            text = _line(problem)
            left -= max(1, math.ceil((len(text) + 2) / console.width))
            console.print(Padding(Text(text), (0, 0, 0, 2), expand=False))
            shown += 1
    if shown < len(problems):
        console.print(Text(f"  and {len(problems) - shown} more (--all shows them)."))
    return left


def _line(problem: Problem) -> str:
    parts = [] if problem.line is None else [f"line {problem.line}"]
    parts += [problem.column] if problem.column else []
    place = f"{', '.join(parts)}: " if parts else ""
    return f"{place}{problem.message} {problem.suggestion}".rstrip()


def print_check(instance: Instance, console: Console, *, every: bool = False) -> None:
    """Print what ``allocator check`` found: warnings, what is unvalued, the verdict."""
    problems = told_once(instance.warnings)
    print_problems(problems, console, every=every)
    _print_unvalued(instance, console, every)
    console.print(Text(_verdict(instance, problems), style="bold"))


def print_refused(
    problems: Sequence[Problem],
    verb: str,
    console: Console,
    missing: Iterable[RenderableType] = (),
    *,
    every: bool = False,
) -> None:
    """Print why a round was refused: problems, how much is missing, what was not done.

    Parameters
    ----------
    problems : sequence of Problem
        What was found.
    verb : str
        What was asked for.
    console : rich.console.Console
        Where to print.
    missing : iterable of renderable
        How much is missing, in words.
    every : bool
        Whether to print all problems.
    """
    print_problems(told_once(problems), console, every=every)
    for line in missing:
        console.print(line)
    console.print(Text(refusal(problems, verb), style="bold"))


UNDONE = {
    "check": "Nothing can be solved yet",
    "solve": "Nothing was solved",
    "evaluate": "Nothing was judged",
    "compare": "Nothing was compared",
    "export": "Nothing was written",
}
"""What is not done, by the verb that was refused."""


def refusal(problems: Sequence[Problem], verb: str) -> str:
    """How much is wrong, and what a verb has therefore not done."""
    errors = [p for p in problems if p.severity == "error"]
    tables = {p.table for p in errors if p.table in TABLES or p.table.endswith((".csv", ".toml"))}
    where = f" in {count(len(tables), 'table')}" if tables else ""
    undone = f" {UNDONE[verb]}." if verb in UNDONE else ""
    return f"Refused: {count(len(errors), 'error')}{where}.{undone}"


def told_once(problems: Sequence[Problem]) -> list[Problem]:
    """Problems without the warning about unvalued programmes, which are listed with it."""
    return [
        p
        for p in problems
        if p.severity == "error" or p.table != "programmes" or UNVALUED not in p.message
    ]


def unvalued(instance: Instance) -> dict[str, float]:
    """Programmes nothing says the worth of, with their base-year spend.

    Returns
    -------
    dict of str to float
        Programme to baseline activity at base-year cost, in the instance's money unit,
        largest first; those that have none are left out.
    """
    blind = instance.rows["programmes"].take(instance.facts.held.unvalued)
    spend = (blind["unit_cost"] * blind["baseline"]).tolist()
    unknown = zip(blind["programme"].tolist(), spend, strict=True)
    return dict(sorted(((p, s) for p, s in unknown if s > 0), key=lambda item: -item[1]))


def _print_unvalued(instance: Instance, console: Console, every: bool) -> None:
    unknown = unvalued(instance)
    if not unknown:
        return
    settings = instance.settings
    money = Money.fitting(settings, unknown.values())
    shown = list(unknown.items())[: None if every else 10]
    base = settings.year_label(settings.base_year)
    console.print(
        Text(
            f"Unvalued: {count(len(unknown), 'programme')}, "
            f"{money.text(sum(unknown.values()))} in {base}. Nothing says what they buy."
        )
    )
    width = max(len(money.text(spend)) for _, spend in shown)
    for name, spend in shown:
        console.print(Text(f"  {money.text(spend):>{width}}  {name}"))
    if len(shown) < len(unknown):
        console.print(Text(f"  and {len(unknown) - len(shown)} more (--all shows them)."))


def _verdict(instance: Instance, problems: Iterable[Problem]) -> str:
    settings, programmes = instance.settings, instance.rows["programmes"]
    spend = float((programmes["unit_cost"] * programmes["baseline"]).sum())
    warnings = sum(p.severity == "warning" for p in problems)
    decisions = len(instance.rows["options"])
    options = f"{count(decisions, 'option')}, " if decisions else ""
    return (
        f"Good to solve: {count(len(programmes), 'programme')} in "
        f"{count(len(set(programmes['sector'].tolist())), 'sector')}, "
        f"{count(len(set(instance.rows['budgets']['pool'].tolist())), 'pool')}, "
        f"{count(len(settings.years), 'year')}, {options}"
        f"{Money.fitting(settings, [spend]).text(spend)} in "
        f"{settings.year_label(settings.base_year)}; {count(warnings, 'warning')}."
    )


def check_record(instance: Instance | None, problems: Sequence[Problem]) -> dict[str, Any]:
    """What ``check --json`` prints: status, problems and unvalued programmes."""
    unknown = {} if instance is None else unvalued(instance)
    return {
        "status": "error" if instance is None else "ok",
        "problems": problems_record(problems),
        "unvalued": [{"programme": name, "spend": spend} for name, spend in unknown.items()],
    }
