"""What holds the plan back, each with what a little more room would buy, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from allocator.report.language.units import display_names
from allocator.report.text.bottlenecks import (
    Bottleneck,
    added_rows,
    capacity_limits,
    dearest_first,
    pool_limits,
    priced,
    programme_limits,
    provider_limits,
    rule_limits,
    share_limits,
    transfer_limits,
)

if TYPE_CHECKING:
    from allocator.instance.instance import Instance
    from allocator.plan import Plan
    from allocator.report.language.units import Money, Worth

MOST_LISTED = 5


@dataclass(frozen=True)
class Kind:
    """Everything of one sort that binds, dearest first."""

    title: str
    bottlenecks: tuple[Bottleneck, ...]

    @property
    def sentences(self) -> list[str]:
        """The dearest ones, then how many are left out."""
        lines = [b.sentence for b in self.bottlenecks[:MOST_LISTED]]
        rest = len(self.bottlenecks) - MOST_LISTED
        verb = "binds" if rest == 1 else "bind"
        return lines + ([f"{rest} more {verb} at a lower price."] if rest > 0 else [])


def what_binds(plan: Plan, instance: Instance, money: Money, worth: Worth) -> list[Kind]:
    """Budgets, rules, capacities and limits that cost value, by kind.

    Parameters
    ----------
    plan : Plan
        A plan that was found, with prices.
    instance : Instance
        The instance it answers.
    money : Money
        One unit of it is the step money is told in.
    worth : Worth
        Units in which value is told.

    Returns
    -------
    list of Kind
        Only kinds that bind somewhere.
    """
    settings = instance.settings
    found = {
        "Money": pool_limits(plan, settings, money, worth),
        "Deficits of providers": provider_limits(plan, settings, money, worth),
        "Agreed shares": share_limits(plan, settings, money, worth),
        "Transfers": transfer_limits(plan, settings, money, worth),
        "Rules": rule_limits(plan, instance, money, worth),
        "Staff, beds and slots": capacity_limits(plan, instance, worth),
        "Limits on programmes": programme_limits(plan, instance, money, worth),
        "Rows that were added": added_rows(plan, worth),
    }
    kinds = [Kind(title, dearest_first(some)) for title, some in found.items()]
    return [kind for kind in kinds if kind.bottlenecks]


def assumed_bounds(plan: Plan, instance: Instance) -> list[str]:
    """Limits and rules that bind though they are only assumed, as a sentence.

    Parameters
    ----------
    plan : Plan
        A plan that was found, with prices.
    instance : Instance
        The instance it answers, which says what gives every limit its force.
    """
    lines = plan.allocation
    found: list[str] = []
    for prices, bounds, key, labelled in (
        (plan.limits, instance.limits, "programme", lines),
        (plan.rules, instance.rules, "rule", plan.rules),
    ):
        names = display_names(labelled[key], labelled["label"])
        assumed = set(bounds.loc[bounds["status"] == "assumed", key])
        binding = {str(rows[key].iloc[0]) for rows, _ in priced(prices, [key])}
        found += sorted(names[name] for name in binding & assumed)
    if not found:
        return []
    more = f" and {len(found) - MOST_LISTED} more" if len(found) > MOST_LISTED else ""
    return [
        f"Bounds that hold the plan back and are only assumed: "
        f"{', '.join(found[:MOST_LISTED])}{more}."
    ]
