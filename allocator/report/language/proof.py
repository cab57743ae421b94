"""How good a plan is proved to be, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from allocator.tolerances import NOT_WORTH_TELLING, ROUNDING
from allocator.words import percent

if TYPE_CHECKING:
    from allocator.plan import Certificate, Plan
    from allocator.report.language.units import Money, Worth


def gain_matters(plan: Plan) -> bool:
    """Whether the plan is worth more than the reference by more than rounding."""
    gain = plan.certificate.gain
    size = max(1.0, abs(plan.objective or 0.0))
    return gain is not None and gain > ROUNDING * size


def none_of(plan: Plan) -> str:
    """Of which plans none is worth more than the reference, where this one is not."""
    return "no plan found so far" if plan.status == "limit" else "no plan the rules allow"


def share_gained(plan: Plan, missing: float) -> str:
    """Some objective as a share of the weighted outcomes gained on the reference plan.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    missing : float
        The objective.

    Returns
    -------
    str
        Empty where nothing worth telling is gained. Penalties are not counted, and where they
        are part of the gain it is called by another name.
    """
    c = plan.certificate
    whole = c.outcome_gain
    if whole is None or whole <= ROUNDING * max(1.0, abs(plan.objective or 0.0)):
        return ""
    name = "gain" if c.penalties == c.reference_penalties else "outcomes gained"
    share = missing / whole
    told = f"{percent(share)} of the {name}"
    few = 0 < share < NOT_WORTH_TELLING
    return f"less than {percent(NOT_WORTH_TELLING)} of the {name}" if few else told


def certificate_sentences(plan: Plan, worth: Worth) -> list[str]:
    """How good the plan is proved to be, for a reader who answers for the money.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    worth : Worth
        Units in which value is told.

    Returns
    -------
    list of str
        The claim, then whether it was checked.
    """
    return [_claim(plan, worth), _check(plan)]


def proof_in_short(plan: Plan, worth: Worth) -> str:
    """How much could be missing, whose word that is, and whether the plan was checked.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    worth : Worth
        Units in which value is told.
    """
    c, missing = plan.certificate, possible_more(plan)
    said = [f"{stopped(plan)}: the best found so far."] if plan.status == "limit" else []
    if missing is None:
        said.append("How far this plan is from the best is not proved.")
    else:
        value = c.objective if c.true_objective is None else c.true_objective
        some = missing > ROUNDING * max(1.0, abs(value or 0.0))
        share = share_gained(plan, missing)
        share = f" ({share})" if share else ""
        told = worth.text(missing).removesuffix(" of value")
        what = f"at most {told}{share}" if some else "nothing but rounding"
        proved = c.certified_bound is not None and math.isfinite(c.certified_bound)
        whose = "proved" if proved else "by the solver's bound"
        said.append(f"Proof: {what} missing, {whose}.")
    checked = "yes" if plan.verified else "NO. Do not use these figures"
    said.append(f"Checked independently: {checked}.")
    return " ".join(said)


def possible_more(plan: Plan) -> float | None:
    """Objective by which some plan the rules allow may be better, on the true curves.

    Parameters
    ----------
    plan : Plan
        A plan that was found.

    Returns
    -------
    float or None
        Not negative; None where nothing is known.
    """
    return plan.certificate.possible_more


def best_found(plan: Plan, worth: Worth, money: Money) -> str:
    """How much better than a plan with yes-or-no decisions another could be, for the headline.

    Parameters
    ----------
    plan : Plan
        A plan that was found.
    worth : Worth
        Units in which value is told.
    money : Money
        How amounts are told.

    Returns
    -------
    str
        Empty for linear programmes and calm plans, of which the certificate says enough.
    """
    c, missing = plan.certificate, possible_more(plan)
    if not c.integer or plan.status == "feasible":
        return ""
    found = "Best found"
    if plan.status == "limit":
        found = f"{stopped(plan)}: the best found so far"
    if missing is None:
        return f"{found}; how much better another plan could be is not known."
    if missing <= ROUNDING * max(1.0, abs(plan.objective or 0.0)):
        return f"{found}; nothing but rounding could be missing."
    terms = []
    share = share_gained(plan, missing)
    if share:
        terms.append(share)
    if c.gap_money is not None:
        terms.append(f"about {money.text(c.gap_money)} a year at the plan's price of money")
    more = worth.text(missing) + (f" more ({', '.join(terms)})" if terms else " more")
    return f"{found}; no plan the rules allow can be worth more than {more}."


def stopped(plan: Plan) -> str:
    """How a search that did not end by itself ended."""
    return "Interrupted" if plan.solver.get("interrupted") else "Stopped at a limit"


def _claim(plan: Plan, worth: Worth) -> str:
    c, missing = plan.certificate, possible_more(plan)
    value = c.objective if c.true_objective is None else c.true_objective
    if value is None or missing is None:
        return "How far this plan is from the best is not proved."
    proved = c.certified_bound is not None and math.isfinite(c.certified_bound)
    matters, share = gain_matters(plan), share_gained(plan, missing)
    could = f"at most {worth.text(missing)} could be missing."
    if missing <= ROUNDING * max(1.0, abs(value)):
        could = "nothing but rounding could be missing."
    elif share.startswith("less"):
        could = f"{share} could be missing."
    elif share:
        could = f"at most {worth.text(missing)} ({share}) could be missing{_why(plan)}."
    best = "Best found for these figures" if c.integer else "Best for these figures"
    if plan.status == "limit":
        said = f"{stopped(plan)}; this is the best plan found so far, and {could}"
    elif plan.status == "feasible":
        said = (
            f"A calm plan: it moves as few pounds as it can{_kept(c, missing)}; the best is worth "
            f"at most {worth.text(missing)} more."
        )
    elif matters and c.gain:
        said = (
            f"{best}: no plan the rules allow gains more than "
            f"{worth.text(c.gain + missing)} on rolling forward, and this one gains "
            f"{worth.figure(c.gain)}; {could}"
        )
    else:
        said = (
            f"{best}: no plan the rules allow is worth more than "
            f"{worth.text(value + missing)}, and this one is worth {worth.figure(value)}; {could}"
        )
    if proved:
        return said
    whose = "The bound is the solver's word" if c.integer else "This is the solver's word"
    return f"{said} {whose}, not proved apart from it."


def _kept(certificate: Certificate, missing: float) -> str:
    """Share of the largest gain the rules allow that a calm plan keeps."""
    gain = certificate.gain
    if gain is None or gain + missing <= 0:
        return ""
    return f" and keeps {percent(max(0.0, gain) / (gain + missing))} of the largest gain"


def _why(plan: Plan) -> str:
    """Where a gap comes from that is not the solver's."""
    c = plan.certificate
    best = c.best_bound
    if best is None or c.objective is None or c.curve_error < 9 * (best - c.objective):
        return ""
    return ", because response curves are solved as straight pieces"


def _check(plan: Plan) -> str:
    if not plan.verified:
        return "Checked independently: NO. Do not use these figures."
    return (
        "Checked independently: yes. Recomputed from the tables, it keeps every hard rule, limit, "
        "budget and capacity (money to within a penny, all else to within a ten-millionth)."
    )
