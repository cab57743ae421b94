"""What the summary only touches on: sectors, moves, choices, outcomes, what binds, evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from allocator.report.language.layout import bullet, decision_tables, moves_table, outcome_tables
from allocator.report.language.proof import (
    best_found,
    certificate_sentences,
    gain_matters,
    share_gained,
)
from allocator.report.language.units import Money, Worth, money_of
from allocator.report.text.binding import assumed_bounds, what_binds
from allocator.report.text.board.balance import has_accounts
from allocator.report.text.contracts import kept_from_moving
from allocator.report.text.decisions import decided, decision_count
from allocator.report.text.domains import gains_by_domain
from allocator.report.text.held import Below, held_sentences
from allocator.report.text.missed import missed_at_a_price
from allocator.report.text.pools import underlying
from allocator.report.text.problems import unvalued
from allocator.report.text.providers import losses
from allocator.tolerances import NOT_WORTH_A_CLAUSE, ROUNDING
from allocator.words import count, of_unit, percent

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from allocator.instance.instance import Instance
    from allocator.plan import Plan


def sector_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """Spending by sector in every year, against rolling forward."""
    money = money_of(plan, instance)
    yield Text("Spending by sector", style="bold")
    yield from _apart(decision_tables(plan, instance.settings, money, all_years=True))
    yield bullet("ref.: the baseline rolled forward under the same rules; %: share of the plan.")
    if len(plan.contracts):
        yield bullet("This is what care costs; --show contracts has what is paid for it.")


def move_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """Programmes that leave rolling forward the most."""
    yield Text("Biggest moves against rolling forward", style="bold")
    moves, rest = moves_table(plan, instance.settings, money_of(plan, instance))
    if moves is not None:
        yield moves
    if rest:
        yield bullet(rest)


def decided_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """What the plan says yes or no to, in sentences."""
    yield Text("Decided yes or no", style="bold")
    said = list(decided(plan, instance, money_of(plan, instance)))
    yield from (bullet(sentence) for sentence in said or ["Nothing is decided yes or no."])


def outcome_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """Outcomes of every year, and how they become value."""
    yield Text("Outcomes, counted in the year they are bought", style="bold")
    yield from _apart(outcome_tables(plan, instance))
    yield from _value(plan, instance, Worth.of(instance.outcomes))


def account_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """Contracts that keep money from moving, providers that lose, the underlying position."""
    money = money_of(plan, instance)
    yield Text("Contracts, providers and the underlying position", style="bold")
    if not has_accounts(instance):
        yield bullet("The round has no contracts, provider terms, adjustments or kinds of money.")
        return
    yield from (bullet(said) for said in kept_from_moving(plan, instance, money))
    lost = losses(plan, instance.settings, money, len(plan.providers))
    if lost:
        yield bullet(lost)
    yield bullet(underlying(plan, instance))


def binding_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """What binds, and what a little more room would buy."""
    money, worth = money_of(plan, instance), Worth.of(instance.outcomes)
    kinds = what_binds(plan, instance, money, worth)
    fixed = ", with the decisions fixed" if plan.certificate.integer else ""
    yield Text(f"What binds, and what a little more room would buy{fixed}", style="bold")
    if not kinds:
        yield bullet("Nothing binds.")
    for kind in kinds:
        yield Text(kind.title)
        yield from (bullet(sentence) for sentence in kind.sentences)
    yield from missed_at_a_price(plan, instance, money, worth)


def evidence_report(plan: Plan, instance: Instance) -> Iterator[RenderableType]:
    """How sure the plan is: what is not valued, weak evidence, the proof and the search."""
    money, worth = money_of(plan, instance), Worth.of(instance.outcomes)
    yield Text("How sure this is", style="bold")
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
    found = best_found(plan, worth, money)
    if found:
        yield bullet(found)
    yield from (bullet(sentence) for sentence in certificate_sentences(plan, worth))
    yield from (bullet(sentence) for sentence in _search(plan))


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
    domains = gains_by_domain(plan, instance, worth)
    if domains:
        yield bullet(f"By domain, in {worth.unit}: {domains}.")
    units = dict(zip(instance.outcomes["outcome"], instance.outcomes["unit"], strict=True))
    later = outcomes.groupby("outcome", sort=False)["beyond_horizon"].sum()
    for name, amount in later.items():
        if abs(amount) >= 0.5:
            size = of_unit(f"{amount:,.0f}", units.get(name, ""))
            yield bullet(
                f"{name}: {size} of these arrive after {settings.year_label(settings.years[-1])}."
            )


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
    yield from (bullet(said) for said in held_sentences(Below(plan, instance, money)))


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
    if c.root_bound is None or c.objective is None:
        return ""
    first = c.root_bound - c.objective
    share = share_gained(plan, first)
    if not share or first <= ROUNDING * (c.outcome_gain or 0.0):
        return ""
    return f"; before it began at most {share} was missing"
