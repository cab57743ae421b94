"""The terminal summary of a plan, for people, at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from allocator.report.language.layout import bullet, decision_tables, moves_table, outcome_tables
from allocator.report.language.proof import (
    best_found,
    certificate_sentences,
    gain_matters,
)
from allocator.report.language.units import Money, Worth, display_names, money_of
from allocator.report.text.binding import assumed_bounds, missed_rules, what_binds
from allocator.report.text.contracts import kept_from_moving
from allocator.report.text.decisions import decided, decision_count
from allocator.report.text.pools import underlying
from allocator.report.text.problems import unvalued
from allocator.report.text.providers import losses
from allocator.tolerances import NOT_WORTH_A_CLAUSE, ROUNDING, SMALL_CUT
from allocator.words import count, percent

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from allocator.instance.instance import Instance
    from allocator.plan import Plan

CONFLICTS_LISTED = 20
CUTS_LISTED = 5
MONEY_LISTED = 3


def print_summary(
    plan: Plan, instance: Instance, console: Console, *, all_years: bool = False
) -> None:
    """Print what the plan decides, what it is worth and how sure that is.

    Parameters
    ----------
    plan : Plan
        Result of a solve; when nothing was found, why is printed.
    instance : Instance
        The instance it answers.
    console : rich.console.Console
        Where to print.
    all_years : bool
        Whether to show sectors for every plan year, not only the first and the last.
    """
    parts = _summary(plan, instance, all_years) if plan.found else _nothing_found(plan, instance)
    for part in parts:
        console.print(part)


def _summary(plan: Plan, instance: Instance, all_years: bool) -> Iterator[RenderableType]:
    settings = instance.settings
    money, worth = money_of(plan, instance), Worth.of(instance.outcomes)
    yield Text(_headline(plan, instance, money, worth), style="bold")
    found = best_found(plan, worth, money)
    if found:
        yield Text(found)
    yield from _heading("The decision: spending by sector")
    yield from _apart(decision_tables(plan, settings, money, all_years))
    yield bullet("ref.: the baseline rolled forward under the same rules; %: share of the plan.")
    if len(plan.contracts):
        yield bullet("This is what care costs; --show contracts has what is paid for it.")
    yes_or_no = list(decided(plan, instance, money))
    if yes_or_no:
        yield from _heading("Decided yes or no")
        yield from (bullet(sentence) for sentence in yes_or_no)
    yield from _heading("Biggest moves against rolling forward")
    moves, rest = moves_table(plan, settings, money)
    if moves is not None:
        yield moves
    if rest:
        yield bullet(rest)
    yield from _heading("Outcomes, counted in the year they are bought")
    yield from _apart(outcome_tables(plan, instance))
    yield from _value(plan, instance, worth)
    yield from _accounts(plan, instance, money)
    yield from _binding(plan, instance, money, worth)
    yield from _trust(plan, instance, money, worth)


def _headline(plan: Plan, instance: Instance, money: Money, worth: Worth) -> str:
    settings = instance.settings
    first, last = (settings.year_label(y) for y in (settings.years[0], settings.years[-1]))
    span = first if first == last else f"{first} to {last}"
    name = settings.name if first in settings.name else f"{settings.name}, {span}"
    case = plan.instance.get("evidence", "central")
    name = name if case == "central" else f"{name}, {case} evidence"
    if not gain_matters(plan):
        return f"{name}: no plan the rules allow beats rolling forward."
    moved = [_moved(plan, year) for year in settings.years]
    top = max(moved)
    gain = worth.text(plan.certificate.gain or 0.0)
    when = settings.year_label(settings.years[moved.index(top)])
    spent = plan.allocation.loc[
        plan.allocation["year"] == settings.years[moved.index(top)], "spend"
    ].sum()
    share = f" ({percent(top / spent)} of the money)" if spent > 0 else ""
    most = "" if len(settings.years) == 1 else "At most "
    return (
        f"{name}: worth {gain} more than rolling the baseline forward{_made_of(plan, worth)}. "
        f"{most}{money.text(top)}{share} is spent differently, in {when}."
    )


def _made_of(plan: Plan, worth: Worth) -> str:
    """What the gain is made of, where outcomes are not nearly all of it."""
    gain = plan.certificate.gain or 0.0
    bought = float((plan.outcomes["value"] - plan.outcomes["reference_value"]).sum())
    if abs(gain - bought) < 0.1 * gain:
        return ""
    return f" ({worth.text(bought)} in outcomes, the rest in soft rules kept and later savings)"


def _moved(plan: Plan, year: int) -> float:
    """Money spent elsewhere than in the reference plan."""
    change = plan.allocation.loc[plan.allocation["year"] == year, "change"]
    return float(max(change[change > 0].sum(), -change[change < 0].sum()))


def _heading(title: str) -> Iterator[RenderableType]:
    yield ""
    yield Text(title, style="bold")


def _apart(tables: Iterator[Table]) -> Iterator[RenderableType]:
    """Tables with a blank line between them."""
    for position, table in enumerate(tables):
        if position:
            yield ""
        yield table


def _value(plan: Plan, instance: Instance, worth: Worth) -> Iterator[RenderableType]:
    """From outcomes to the gain in value, and what arrives after the plan."""
    settings, outcomes = instance.settings, plan.outcomes
    if gain_matters(plan):
        bought = float((outcomes["value"] - outcomes["reference_value"]).sum())
        rest = (plan.certificate.gain or 0.0) - bought
        how = ["weighted"]
        if settings.discount_rate > 0:
            how.append(f"discounted at {percent(settings.discount_rate)} a year")
        if len(instance.segments):
            how.append("adjusted for who benefits")
        other = f", the rest {worth.text(rest)} (penalties, later savings)"
        yield bullet(
            f"Of the gain in value, outcomes are {worth.text(bought)} ({', '.join(how)})"
            f"{other if abs(rest) > NOT_WORTH_A_CLAUSE * abs(bought) else ''}."
        )
    units = dict(zip(instance.outcomes["outcome"], instance.outcomes["unit"], strict=True))
    later = outcomes.groupby("outcome", sort=False)["beyond_horizon"].sum()
    for name, amount in later.items():
        if abs(amount) >= 0.5:
            unit = f" {units.get(name, '')}".rstrip()
            yield bullet(
                f"{name}: {amount:,.0f}{unit} of these arrive after "
                f"{settings.year_label(settings.years[-1])}."
            )


def _accounts(plan: Plan, instance: Instance, money: Money) -> Iterator[RenderableType]:
    """What the plan means for providers, contracts and the underlying position, if anything."""
    if not _has_accounts(instance):
        return
    lost = losses(plan, instance.settings, money, MONEY_LISTED)
    stuck = list(kept_from_moving(plan, instance, money))
    yield from _heading("Contracts, providers and the underlying position")
    yield from (bullet(sentence) for sentence in stuck[:MONEY_LISTED])
    if len(stuck) > MONEY_LISTED:
        yield bullet(f"and {len(stuck) - MONEY_LISTED} more such contracts (--show contracts).")
    if lost:
        yield bullet(lost)
    yield bullet(underlying(plan, instance))


def _has_accounts(instance: Instance) -> bool:
    """Whether the instance says more about money than what programmes cost."""
    return bool(
        any(len(instance.tables[name]) for name in ("contracts", "providers", "adjustments"))
        or instance.settings.recurrent_balance
        or (instance.budgets["kind"] != "recurrent").any()
        or not instance.programmes["recurrent"].all()
    )


def _binding(
    plan: Plan, instance: Instance, money: Money, worth: Worth
) -> Iterator[RenderableType]:
    kinds = what_binds(plan, instance, money, worth)
    if kinds:
        fixed = ", with the decisions fixed" if plan.certificate.integer else ""
        yield from _heading(f"What binds, and what a little more room would buy{fixed}")
    for kind in kinds:
        yield Text(kind.title)
        yield from (bullet(sentence) for sentence in kind.sentences)
    missed = missed_rules(plan.rules, instance, money, worth)
    if missed:
        yield from _heading("Rules that may be missed at a price, and are")
        yield from (bullet(sentence) for sentence in missed)


def _trust(plan: Plan, instance: Instance, money: Money, worth: Worth) -> Iterator[RenderableType]:
    yield from _heading("How sure this is")
    yield from _held(plan, instance, money)
    if plan.weak_share is not None and gain_matters(plan):
        yield bullet(
            f"{percent(plan.weak_share)} of the gain rests on weak evidence (graded C or D, or "
            f"not graded) or on limits that are only assumed."
        )
    yield from (bullet(sentence) for sentence in assumed_bounds(plan, instance))
    case = plan.instance.get("evidence", "")
    if case:
        yield bullet(_figures_used(case, instance, money))
    yield from (bullet(sentence) for sentence in certificate_sentences(plan, worth))
    yield from (bullet(sentence) for sentence in _search(plan))
    yield Text(_provenance(plan), style="dim")


def _figures_used(case: str, instance: Instance, money: Money) -> str:
    """Which figures of responses and effects the plan believes."""
    settings = instance.settings
    said = f"Evidence: the {case} figures of responses and effects"
    if not settings.shrink_outcome:
        return f"{said}."
    cost = f"{money.symbol}{settings.shrink_cost * settings.money_scale:,.0f}"
    return (
        f"{said}; those for {settings.shrink_outcome} are drawn towards {cost} each, the more the "
        f"weaker their grade."
    )


def _held(plan: Plan, instance: Instance, money: Money) -> Iterator[RenderableType]:
    """Programmes that take no part in the choice, and those that are moved all the same."""
    settings, lines = instance.settings, plan.allocation
    lines = lines[lines["held"].astype(bool)]
    unknown = unvalued(instance)
    held = set(lines["programme"]) & set(unknown)
    if held:
        total = money.text(sum(unknown[name] for name in held))
        yield bullet(
            f"Nothing says what {count(len(held), 'programme')} ({total} in "
            f"{settings.year_label(settings.base_year)}) {'is' if len(held) == 1 else 'are'} "
            f"worth: held where rolling forward puts them."
        )
    lines = lines[lines["baseline"] > 0]
    change = lines["activity"] / lines["baseline"] - 1
    lines = lines.assign(change=change)[change < -SMALL_CUT].sort_values("change", kind="stable")
    lines = lines.drop_duplicates("programme")
    names = display_names(plan.allocation["programme"], plan.allocation["label"])
    if len(lines):
        cuts = [
            f"{names[row['programme']]} "
            f"({row['change'] * 100:+.1f}% in {settings.year_label(int(row['year']))})"
            for _, row in lines.head(CUTS_LISTED).iterrows()
        ]
        more = f" and {len(lines) - len(cuts)} more" if len(lines) > len(cuts) else ""
        yield bullet(
            f"Held, but below the baseline because limits, rules or budgets leave no other way: "
            f"{', '.join(cuts)}{more}."
        )


def _search(plan: Plan) -> Iterator[str]:
    """What was searched, for a programme with yes-or-no decisions."""
    counted = decision_count(plan)
    if counted:
        yield counted
    nodes = plan.solver.get("nodes")
    if nodes is not None:
        yield f"{_nodes(int(nodes), plan.status)}{_at_first(plan)}."
    start = plan.solver.get("start")
    if start:
        yield f"The plan to start from: {start}."


def _nodes(nodes: int, status: str) -> str:
    if nodes <= 0 and status == "optimal":
        return "Settled without a search"
    return f"Searched: {nodes:,} {'node' if nodes == 1 else 'nodes'}"


def _at_first(plan: Plan) -> str:
    """How far the first bound was from the plan, where the search had to close that."""
    c = plan.certificate
    if c.root_bound is None or c.objective is None or not c.gain or not gain_matters(plan):
        return ""
    first = (c.root_bound - c.objective) / c.gain
    if first <= ROUNDING:
        return ""
    return f"; before it began at most {percent(first)} of the gain was missing"


def _provenance(plan: Plan) -> str:
    parts = [f"Instance {plan.instance.get('sha256', '')[:12]}"]
    solver = [plan.solver.get(key) for key in ("name", "version", "algorithm")]
    parts.append(" ".join(str(word) for word in solver if word))
    if "total" in plan.seconds:
        parts.append(f"{plan.seconds['total']:.2f} s")
    return ", ".join(part for part in parts if part) + "."


def _nothing_found(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    name = instance.settings.name
    if plan.status == "infeasible":
        yield Text(f"{name}: no plan keeps every hard rule, limit and budget.", style="bold")
        if plan.conflict:
            yield Text("These cannot hold together; ease one of them:")
            yield from (bullet(entry) for entry in plan.conflict[:CONFLICTS_LISTED])
            if len(plan.conflict) > CONFLICTS_LISTED:
                yield bullet(f"and {len(plan.conflict) - CONFLICTS_LISTED} more.")
        else:
            yield Text("Which of them collide was not found.")
    elif plan.status == "unbounded":
        yield Text(
            f"{name}: value without end. Something that is worth having costs nothing and has no "
            f"limit; give it a cost or a limit.",
            style="bold",
        )
    else:
        how = "interrupted" if plan.solver.get("interrupted") else "stopped at a limit"
        yield Text(f"{name}: {how} before any plan was found.", style="bold")
