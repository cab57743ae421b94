"""Whether a plan of the planner's own is allowed, and how far it is from the best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.text import Text

from allocator.report.language.layout import bullet, plain_table
from allocator.report.language.units import Money, Worth, table_names, years_text
from allocator.report.text.missed import missed_rules
from allocator.report.text.options import options_of
from allocator.tolerances import AGREEMENT, ROUNDING
from allocator.words import count, percent

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from allocator.evaluate import Evaluation
    from allocator.instance.instance import Instance
    from allocator.instance.tables.settings import Settings
    from allocator.plan import Plan
    from allocator.planning.rolling import RolledForward

BREACHES_LISTED = 30
DIFFERENCES_LISTED = 10
OPTIONS_LISTED = 10
CONTRADICTION = (
    "The check calls this plan allowed, and the bound says that no allowed plan is worth as much: "
    "one of them is wrong. Do not use these figures; send us the round and the plan."
)
EACH_TOLD = ("funding", "option", "contract")
"""Kinds of breach of which one name may have several in a year, so that each is told."""


@dataclass(frozen=True)
class Compared:
    """What a plan is compared with, under the same evidence.

    Attributes
    ----------
    best : Plan or None
        The best plan, when it was asked for.
    rolled : RolledForward or None
        The plan that rolls the baseline forward, where that is known by itself.
    assumed : str
        What of the plan was taken from it, a sentence; empty when nothing was.
    """

    best: Plan | None = None
    rolled: RolledForward | None = None
    assumed: str = ""

    @property
    def reference(self) -> float | None:
        """Value of rolling forward."""
        if self.best is not None:
            return self.best.reference_objective
        checked = None if self.rolled is None else self.rolled.checked
        return None if checked is None else checked.objective


def verdict_record(
    evaluation: Evaluation, compared: Compared, instance: Instance, case: str = "central"
) -> dict[str, Any]:
    """The verdict as ``evaluate --json`` prints it.

    Parameters
    ----------
    evaluation : Evaluation
        Of the plan in question.
    compared : Compared
        What it is compared with.
    instance : Instance
        The instance all answer.
    case : str
        Evidence all are valued with.
    """
    best, reference = compared.best, compared.reference
    status = "allowed" if evaluation.allowed else "not_allowed"
    return {
        "status": "contradiction" if contradicts(evaluation, best) else status,
        "allowed": evaluation.allowed,
        "max_violation": evaluation.max_violation,
        "objective": evaluation.objective,
        "reference_objective": reference,
        "gain": None if reference is None else evaluation.objective - reference,
        "parts": evaluation.parts,
        "assumed": compared.assumed,
        "notes": list(evaluation.notes),
        "violations": evaluation.violations.to_dict("records"),
        "instance": {
            "name": instance.settings.name,
            "sha256": instance.sha256,
            "evidence": case,
        },
        "best": None if best is None else _distance_record(evaluation, best),
    }


def contradicts(evaluation: Evaluation, best: Plan | None) -> bool:
    """Whether a plan is called allowed and worth more than a bound says any can be.

    The bound speaks of plans that leave held lines where it has them; others may well be worth
    more.
    """
    if best is None or not best.found or not evaluation.allowed:
        return False
    bound = best.certificate.best_bound
    if bound is None or not _leaves_held_lines(evaluation, best):
        return False
    most = bound + best.certificate.curve_error
    return evaluation.objective > most + AGREEMENT * max(1.0, abs(most))


def _leaves_held_lines(evaluation: Evaluation, best: Plan) -> bool:
    """Whether held programmes do what they do in the best plan."""
    keys = ["programme", "year"]
    held = best.allocation[best.allocation["held"].astype(bool)].set_index(keys)["activity"]
    own = evaluation.allocation.set_index(keys)["activity"].reindex(held.index)
    return bool(((own - held).abs() <= AGREEMENT * held.abs().clip(lower=1.0)).all())


def _distance_record(evaluation: Evaluation, best: Plan) -> dict[str, Any]:
    value, gain = _best_value(best), best.certificate.gain
    distance = None if value is None else value - evaluation.objective
    return {
        "status": best.status,
        "objective": value,
        "reference_objective": best.reference_objective,
        "bound": best.certificate.bound,
        "certified_bound": best.certificate.certified_bound,
        "distance": distance,
        "distance_over_gain": distance / gain if distance is not None and gain else None,
    }


def _best_value(best: Plan) -> float | None:
    c = best.certificate
    return c.objective if c.true_objective is None else c.true_objective


def print_verdict(
    evaluation: Evaluation,
    compared: Compared,
    instance: Instance,
    console: Console,
    *,
    case: str = "central",
    every: bool = False,
) -> None:
    """Print the verdict for people.

    Parameters
    ----------
    evaluation : Evaluation
        Of the plan in question.
    compared : Compared
        What it is compared with.
    instance : Instance
        The instance all answer.
    console : rich.console.Console
        Where to print.
    case : str
        Evidence all are valued with.
    every : bool
        Whether to list every breach, however many.
    """
    for part in _verdict(evaluation, compared, instance, every):
        console.print(part)
    if case != "central":
        what = "It is" if compared.best is None else "Both are"
        console.print(bullet(f"{what} valued with the {case} figures of the evidence."))


def _verdict(
    evaluation: Evaluation, compared: Compared, instance: Instance, every: bool
) -> Iterator[RenderableType]:
    worth = Worth.of(instance.outcomes)
    money = Money.fitting(instance.settings, evaluation.budgets["spend"])
    breaches = evaluation.violations
    if contradicts(evaluation, compared.best):
        yield Text(CONTRADICTION, style="bold")
    elif evaluation.allowed:
        yield Text("This plan is allowed: it keeps every hard rule and limit.", style="bold")
    else:
        yield Text(f"This plan is not allowed: {count(len(breaches), 'breach')}.", style="bold")
        lines = list(breaches["message"]) if every else _by_name(breaches, instance.settings)
        shown = lines if every else lines[:BREACHES_LISTED]
        yield from (bullet(line) for line in shown)
        if len(shown) < len(lines):
            yield bullet(f"and {len(lines) - len(shown)} more (--all shows them).")
    yield from (bullet(said) for said in (compared.assumed, *evaluation.notes) if said)
    missed = missed_rules(evaluation.rules, instance, money, worth)
    if missed:
        yield Text("Rules that may be missed at a price, and are", style="bold")
        yield from (bullet(line) for line in missed)
    if compared.best is None:
        yield Text(_worth(evaluation, compared.reference, worth))
    else:
        yield from _distance(evaluation, compared.best, instance, worth)


def _worth(evaluation: Evaluation, reference: float | None, worth: Worth) -> str:
    """What a plan is worth by itself and beyond rolling forward."""
    said = f"It is worth {worth.text(evaluation.objective)}"
    if reference is None:
        return f"{said}."
    gain = evaluation.objective - reference
    if abs(gain) <= ROUNDING * max(1.0, abs(reference)):
        return f"{said}, as much as rolling the baseline forward."
    more = "more" if gain > 0 else "less"
    return f"{said}, {worth.text(abs(gain))} {more} than rolling the baseline forward."


def _by_name(breaches: pd.DataFrame, settings: Settings) -> list[str]:
    """One line for each limit, pool or rule that is broken: its worst year, then the others.

    A programme may be paid wrongly by several pools in a year, and an option break several
    terms, so each of those is told, but once for all years in which the same is said.
    """
    each = breaches["kind"].isin(EACH_TOLD)
    said = [
        message.replace(settings.year_label(int(year)), "")
        for message, year in zip(breaches["message"], breaches["year"], strict=True)
    ]
    alike = breaches.assign(said=pd.Series(said, index=breaches.index).where(each, ""))
    lines = []
    for _, rows in alike.groupby(["kind", "name", "said"], sort=False):
        worst = rows.sort_values("relative", ascending=False, kind="stable").iloc[0]
        others = sorted({int(year) for year in rows["year"] if year != worst["year"]})
        also = f" Also in {years_text(others, settings)}." if others else ""
        lines.append(f"{worst['message']}{also}")
    return lines


def _distance(
    evaluation: Evaluation, best: Plan, instance: Instance, worth: Worth
) -> Iterator[RenderableType]:
    value, gain = _best_value(best), best.certificate.gain
    if not best.found or value is None:
        yield Text(f"There is no best plan to compare it with: the solve ended {best.status}.")
        return
    missing = value - evaluation.objective
    proved = best.status == "optimal" and not best.certificate.integer
    other = "best plan allowed" if proved else "best plan found"
    share = f" ({percent(missing / gain)} of the gain on rolling forward)" if gain else ""
    if abs(missing) <= ROUNDING * max(1.0, abs(value)):
        said = "It is worth as much as the best plan."
    elif missing > 0:
        said = f"It is worth {worth.text(missing)}{share} less than the {other}."
    elif contradicts(evaluation, best):
        most = (best.certificate.best_bound or 0.0) + best.certificate.curve_error
        said = (
            f"It is worth {worth.text(evaluation.objective)}, and no plan the rules allow is "
            f"worth more than {worth.text(most)}."
        )
    elif evaluation.allowed:
        said = f"It is worth {worth.text(-missing)} more than the plan found."
    else:
        said = f"By breaking rules it is worth {worth.text(-missing)} more than the best plan."
    yield Text(said)
    table = _differences(evaluation, best, instance)
    decided = _other_options(evaluation.options, options_of(best), instance)
    if table is not None or decided:
        yield ""
        yield Text("Where it differs most", style="bold")
    if table is not None:
        yield table
    yield from (bullet(sentence) for sentence in decided[:OPTIONS_LISTED])
    if len(decided) > OPTIONS_LISTED:
        yield bullet(f"and {len(decided) - OPTIONS_LISTED} more options.")


def _other_options(own: pd.DataFrame, best: pd.DataFrame, instance: Instance) -> list[str]:
    """Options that the best plan does not take in the same years, a sentence each."""
    if own.empty or best.empty:
        return []
    names, settings = table_names(instance, "options"), instance.settings
    taken = [
        {
            str(option): [int(year) for year in rows.loc[rows["taken"].astype(bool), "year"]]
            for option, rows in table.groupby("option", sort=False)
        }
        for table in (own, best)
    ]
    said = []
    for option, mine in taken[0].items():
        theirs = taken[1].get(option, [])
        if sorted(mine) != sorted(theirs):
            yours, others = (
                years_text(years, settings) if years else "not taken" for years in (mine, theirs)
            )
            said.append(f"{names[option]}: yours {yours}, best {others}.")
    return said


def _differences(evaluation: Evaluation, best: Plan, instance: Instance) -> Table | None:
    """Where the money of the two plans differs most, in any year."""
    settings = instance.settings
    keys = ["programme", "year"]
    own = evaluation.allocation.set_index(keys)["spend"]
    other = best.allocation.set_index(keys)["spend"]
    money = Money.fitting(settings, other.groupby("year").sum())
    gap = own - other
    largest = gap.abs().groupby("programme", sort=False).max()
    largest = largest[largest >= money.visible]
    if largest.empty:
        return None
    ends = sorted({settings.years[0], settings.years[-1]})
    headings = [h for y in ends for h in (f"{settings.year_label(y)}\nyours", "\nbest", "\ndiff.")]
    table = plain_table(f"{money.name}\nProgramme", *headings)
    largest = largest.sort_values(ascending=False, kind="stable")
    for name in largest.index[:DIFFERENCES_LISTED]:
        cells = []
        for year in ends:
            key = (name, year)
            cells += [money.amount(own[key]), money.amount(other[key]), money.change(gap[key])]
        table.add_row(str(name), *cells)
    return table
