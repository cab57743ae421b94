"""Two plans held against each other, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.text import Text

from allocator.report.language.layout import bullet, plain_table
from allocator.report.language.units import Money, Worth, table_names, years_text
from allocator.words import figure, listed, number, of_unit

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from allocator.instance.instance import Instance
    from allocator.plan import Plan
    from allocator.planning.differences import PlanDifference

INPUTS_LISTED = 8
PENALTIES_LISTED = 6
MOVES_LISTED = 10
DECISIONS_LISTED = 10
TABLES = ("parts", "outcomes", "penalties", "moves", "decisions", "inputs")


def difference_record(difference: PlanDifference, first: Plan | None = None) -> dict[str, Any]:
    """The difference as ``solve --against --json`` prints it."""
    named = {} if first is None else {"instance": first.instance}
    return {
        **named,
        "objective": difference.objective,
        "first": difference.first,
        "second": difference.second,
        "first_room": difference.first_room,
        "second_room": difference.second_room,
        "room": difference.room,
        "least": difference.least,
        "most": difference.most,
        "too_close": difference.too_close,
        "same_round": difference.same_round,
        "notes": list(difference.notes),
        **{name: getattr(difference, name).to_dict("records") for name in TABLES},
    }


def print_difference(
    difference: PlanDifference, instance: Instance, console: Console, *, name: str
) -> None:
    """Print what the second plan has that the first one has not.

    Parameters
    ----------
    difference : PlanDifference
        From :func:`allocator.compare_plans`.
    instance : Instance
        The second plan's, for its units.
    console : rich.console.Console
        Where to print.
    name : str
        What the first plan is called.
    """
    for part in _difference(difference, instance, name):
        console.print(part)


def _difference(
    difference: PlanDifference, instance: Instance, name: str
) -> Iterator[RenderableType]:
    worth, settings = Worth.of(instance.outcomes), instance.settings
    moves = difference.moves
    money = Money.fitting(settings, moves[["first_spend", "second_spend"]].to_numpy().ravel())
    yield ""
    yield Text(f"Against {name}: {_headline(difference, worth)}", style="bold")
    yield from (bullet(said) for said in difference.notes)
    yield bullet(_proof(difference, worth))
    yield bullet(_made_of(difference, worth))
    yield from (bullet(said) for said in _outcomes(difference, instance))
    yield from (
        bullet(said) for said in _penalties(difference, worth, table_names(instance, "rules"))
    )
    yield from (bullet(said) for said in _inputs(difference))
    yield from (bullet(said) for said in _decisions(difference, instance))
    table = _moves(difference, money, instance)
    if table is None:
        yield bullet("No programme spends otherwise.")
    else:
        yield table


def _headline(difference: PlanDifference, worth: Worth) -> str:
    change = difference.objective
    if difference.too_close:
        return f"too close to call ({_signed(change, worth)})."
    return f"worth {worth.text(abs(change))} {'more' if change >= 0 else 'less'}."


def _signed(value: float, worth: Worth) -> str:
    return f"{'+' if value > 0 else ''}{worth.text(value + 0.0)}"  # no -0


def _proof(difference: PlanDifference, worth: Worth) -> str:
    said = "Objectives are compared, not gains: rolling forward is another plan in another round."
    if difference.room is None or difference.least is None or difference.most is None:
        return f"{said} How much better either could be was not proved."
    return (
        f"{said} The searches leave {worth.figure(difference.first_room or 0.0)} and "
        f"{worth.text(difference.second_room or 0.0)} open: the best plans differ by "
        f"{worth.figure(difference.least)} to {worth.text(difference.most)}."
    )


def _made_of(difference: PlanDifference, worth: Worth) -> str:
    change = difference.parts.set_index("part")["difference"].to_dict()
    return (
        f"Of it: outcomes {_signed(change['outcomes'], worth)}, penalties for missed rules "
        f"{_signed(-change['penalties'], worth)}, harm and later savings "
        f"{_signed(change['other'], worth)}."
    )


def _outcomes(difference: PlanDifference, instance: Instance) -> Iterator[str]:
    units = dict(zip(instance.outcomes["outcome"], instance.outcomes["unit"], strict=True))
    totals = difference.outcomes.groupby("outcome", sort=False)["difference"].sum()
    said = []
    for name, change in totals.items():
        unit = units.get(name, "")
        size = f"{'+' if change > 0 else ''}{figure(change)}"
        own = unit.removesuffix("s") == str(name).removesuffix("s")
        said.append(f"{name} {size if own else of_unit(size, unit)}")
    if said:
        yield f"All years: {listed(said)}."


def _penalties(difference: PlanDifference, worth: Worth, names: Mapping[str, str]) -> Iterator[str]:
    rows = difference.penalties
    rows = rows.loc[rows["difference"].abs().sort_values(ascending=False, kind="stable").index]
    for _, row in rows.head(PENALTIES_LISTED).iterrows():
        name = names.get(row["rule"], row["rule"])
        costs = [worth.figure(float(row[side])) for side in ("first", "second")]
        yield f"{name}: missing it costs {costs[1]} instead of {of_unit(costs[0], worth.unit)}."
    if len(rows) > PENALTIES_LISTED:
        yield f"and {len(rows) - PENALTIES_LISTED} more rules."


def _inputs(difference: PlanDifference) -> Iterator[str]:
    if difference.same_round:
        yield "Both answer the same round."
        return
    rows = difference.inputs
    if rows.empty:
        if difference.same_round is False:
            yield "The rounds differ, in nothing that the two plans repeat of them."
        return
    for _, row in rows.head(INPUTS_LISTED).iterrows():
        column = f", {row['column']}" if row["column"] else ""
        cells = [_cell(row[side]) for side in ("before", "after")]
        yield f"The rounds differ: {row['table']}, {row['row']}{column}: {cells[0]} to {cells[1]}."
    if len(rows) > INPUTS_LISTED:
        yield f"and {len(rows) - INPUTS_LISTED} more cells."


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value or "nothing"
    if isinstance(value, bool | list | tuple):
        return str(value)
    return "blank" if pd.isna(value) else number(float(value))


def _decisions(difference: PlanDifference, instance: Instance) -> Iterator[str]:
    rows, settings = difference.decisions, instance.settings
    names = {kind: table_names(instance, f"{kind}s") for kind in ("option", "contract")}
    groups = list(rows.groupby(["kind", "name"], sort=False))
    for (kind, key), mine in groups[:DECISIONS_LISTED]:
        name = names[str(kind)].get(str(key), str(key))
        none = "not taken" if kind == "option" else "not ended"
        said = []
        for side in ("first", "second"):
            years = [int(y) for y in mine.loc[mine[side].astype(bool), "year"]]
            said.append(years_text(years, settings) if years else none)
        ended = " ended" if kind == "contract" else ""
        yield f"{name}{ended}: {said[1]}, before {said[0]}."
    if len(groups) > DECISIONS_LISTED:
        yield f"and {len(groups) - DECISIONS_LISTED} more decisions."


def _moves(difference: PlanDifference, money: Money, instance: Instance) -> Table | None:
    """Programmes whose spending differs most in any year, in that year."""
    rows = difference.moves[difference.moves["spend"].abs() >= money.visible]
    rows = rows.drop_duplicates("programme").head(MOVES_LISTED)
    if rows.empty:
        return None
    names = table_names(instance, "programmes")
    table = plain_table(f"{money.name}\nProgramme", "\nyear", "\nbefore", "\nnow", "\nchange")
    for _, row in rows.iterrows():
        cells = [money.amount(row["first_spend"]), money.amount(row["second_spend"])]
        year = instance.settings.year_label(int(row["year"]))
        name = names.get(row["programme"], row["programme"])
        table.add_row(name, year, *cells, money.change(row["spend"]))
    return table
