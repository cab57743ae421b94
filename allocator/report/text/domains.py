"""What each domain of outcomes gains."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allocator.instance.instance import Instance
    from allocator.plan import Plan
    from allocator.report.language.units import Worth


def gains_by_domain(plan: Plan, instance: Instance, worth: Worth) -> str:
    """The gain of outcomes on rolling forward, domain by domain; blank where fewer than two."""
    known = dict(zip(instance.outcomes["outcome"], instance.outcomes["domain"], strict=True))
    outcomes = plan.outcomes
    domain = outcomes["outcome"].map(known).fillna("")
    gained = (outcomes["value"] - outcomes["reference_value"]).groupby(domain, sort=False).sum()
    if sum(bool(name) for name in gained.index) < 2:
        return ""
    return ", ".join(
        f"{name or 'no domain'} {worth.figure(float(gain))}" for name, gain in gained.items()
    )
