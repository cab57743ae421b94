"""What each decision is worth, in three lists: now, to prepare, not yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.text import Text

from allocator.instance.tables.lists import words_in
from allocator.report.language.layout import bullet
from allocator.report.language.units import Money, Worth, money_of, table_names, years_text
from allocator.words import listed

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from allocator.instance.instance import Instance
    from allocator.plan import Plan
    from allocator.planning.worth import DecisionWorth

LISTS = {
    "now": "Decide now: from the first year, with all evidence, worth more than was left open",
    "prepare": "Prepare: holds as well, and needs a step first",
    "not_yet": "Not yet",
    "": "Not worked out: the time did not reach",
}
CASES = ("low", "central", "high")


def worth_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """The decisions of a plan with what each is worth; nothing where that was not worked out.

    Parameters
    ----------
    plan : Plan
        A plan that was found, with the table ``decision_worth``.
    instance : Instance
        The instance it answers.
    """
    table = plan.tables.get("decision_worth")
    if table is None:
        return
    worth, money = Worth.of(instance.outcomes), money_of(plan, instance)
    names = {kind: table_names(instance, f"{kind}s") for kind in ("option", "contract")}
    if table.empty:
        yield Text(
            "Yes or no: the plan decides nothing that rolling forward does not", style="bold"
        )
    for key, title in LISTS.items():
        rows = table[table["list"] == key]
        if len(rows):
            yield Text(title, style="bold")
        for row in rows.to_dict("records"):
            yield bullet(_sentence(row, names[row["kind"]][row["name"]], instance, (worth, money)))
    yield ""


def worth_record(valued: DecisionWorth) -> dict[str, Any]:
    """What ``solve --worth --json`` says beside the table ``decision_worth``."""
    return {
        "complete": valued.complete,
        "waiting": valued.waiting,
        "waiting_gap": valued.waiting_gap,
        "decisions": valued.table.to_dict("records"),
    }


def print_waiting(valued: DecisionWorth, instance: Instance, console: Console) -> None:
    """Print what waiting costs, and whether everything was worked out.

    Parameters
    ----------
    valued : DecisionWorth
        From :func:`allocator.decision_worth`.
    instance : Instance
        The instance it is about.
    console : rich.console.Console
        Where to print.
    """
    if valued.waiting is not None:
        console.print(bullet(_waiting(valued.waiting, valued.waiting_gap, instance)))
    if not valued.complete:
        console.print(bullet("The time did not reach for everything (--worth-seconds)."))


def _waiting(lost: float, gap: float | None, instance: Instance) -> str:
    if lost == float("inf"):
        return "Waiting with all that is not yet to be decided leaves no plan the rules allow."
    worth = Worth.of(instance.outcomes)
    give = "" if gap is None else f", of which {worth.figure(gap)} were left open by the searches"
    return (
        "Waiting with all that is not yet to be decided, as rolled forward, costs "
        f"{worth.text(max(0.0, lost))}{give}."
    )


def _sentence(
    row: Mapping[Any, Any], name: str, instance: Instance, units: tuple[Worth, Money]
) -> str:
    settings = instance.settings
    ended = " ended" if row["kind"] == "contract" else ""
    when = "not taken"
    if row["taken"]:
        when = years_text(list(range(int(row["starts"]), int(row["ends"]) + 1)), settings)
    said = [f"{name}{ended}, {when}: {_amount(row, *units)}", _holds(row)]
    if row["needs"]:
        months = int(row["needs_months"])
        long = f" ({months} months)" if months else ""
        said.append(f"needs {listed(words_in(str(row['needs'])))}{long}")
    if row["decided_by"]:
        said.append(f"decided by {row['decided_by']}")
    return f"{'; '.join(part for part in said if part)}."


def _amount(row: Mapping[Any, Any], worth: Worth, money: Money) -> str:
    value, gap = row["worth"], row["worth_gap"]
    if value is None or pd.isna(value):
        if not row["list"]:
            return "not worked out"
        # What is infinite is left blank in files.
        value = float("inf") if row["taken"] else -float("inf")
    if abs(value) == float("inf"):
        how = "without" if value > 0 else "with"
        return f"{how} it no plan keeps every rule"
    if not row["taken"]:
        return f"taking it {'loses' if value <= 0 else 'gains'} {worth.text(abs(value))}"
    if row["too_close"]:
        return f"too close to call ({worth.figure(value)} of {worth.text(gap)} left open)"
    pounds = row["worth_money"]
    at = "" if pounds is None or pd.isna(pounds) else f" ({money.text(pounds)})"
    return f"worth {worth.text(value)}{at}"


def _holds(row: Mapping[Any, Any]) -> str:
    """With which evidence the best plan takes it."""
    solved = [case for case in CASES if row[case] is not None and not pd.isna(row[case])]
    holds = [case for case in solved if row[case]]
    if len(solved) < 2:
        return ""
    if holds == solved:
        return (
            "holds with low, central and high evidence" if len(solved) == 3 else "holds with both"
        )
    if len(holds) == 1:
        return f"holds with {holds[0]} evidence only"
    return f"holds with {listed(holds)} evidence only" if holds else "holds with no evidence"
