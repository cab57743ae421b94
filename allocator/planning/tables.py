"""The tables of a plan: the checker's figures, with prices of what limits it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.arrays import Floats
from allocator.data import Data
from allocator.evaluate import Evaluation, bridge
from allocator.instance.instance import Instance
from allocator.planning.added import extra_rows
from allocator.planning.prices import Prices
from allocator.planning.readback import frame
from allocator.solver.program import Program
from allocator.tolerances import PENNY, ROUNDING


def tables(
    instance: Instance,
    data: Data,
    program: Program,
    prices: Prices,
    checked: Evaluation,
    reference: Evaluation,
    x: Floats,
) -> dict[str, pd.DataFrame]:
    """Tidy tables of a plan.

    Parameters
    ----------
    instance, data, program
        The instance, its arrays and its programme.
    prices : Prices
        Of the best plan.
    checked, reference : Evaluation
        The plan and the reference plan as recomputed from the tables.
    x : ndarray
        The plan in the programme.
    """
    outcomes = checked.outcomes.copy()
    outcomes["reference_amount"] = reference.outcomes["amount"].to_numpy()
    outcomes["reference_value"] = reference.outcomes["value"].to_numpy()
    segments = checked.segments.copy()
    segments["reference_amount"] = reference.segments["amount"].to_numpy()
    budgets = prices.budgets(checked.budgets)  # first: solving again for prices has its limit
    rules = prices.rules(checked.rules)
    rules["reference_penalty"] = reference.rules["penalty"].to_numpy()
    options = checked.options.copy()
    options["reference_taken"] = reference.options["taken"].to_numpy()
    contracts = checked.contracts.copy()
    contracts["reference_ended"] = reference.contracts["ended"].to_numpy()
    contracts["reference_stranded"] = reference.contracts["stranded"].to_numpy()
    extra = extra_rows(prices, program, x)
    return {
        "allocation": _allocation(instance, data, checked, reference),
        "held": _held(instance, data, checked, reference),
        "outcomes": outcomes,
        "worth": worth_parts(checked, reference),
        "segments": segments,
        "rules": rules,
        "limits": prices.limits(_limited(data, checked)),
        "capacity": prices.capacity(checked.capacity),
        "budgets": budgets,
        "transfers": prices.transfers(checked.transfers),
        "funding": prices.funding(checked.funding),
        "adjustments": checked.adjustments,
        "contracts": contracts,
        "providers": prices.providers(checked.providers),
        "system": checked.system,
        "options": options,
        "incomes": checked.incomes,
        "decisions": decision_counts(data, program),
        "bridge": bridge(checked, reference),
        **({} if extra is None else {"extra": extra}),
    }


def worth_parts(checked: Evaluation, reference: Evaluation) -> pd.DataFrame:
    """What the objective is made of, in the plan and the reference plan."""
    mine, theirs = checked.parts, reference.parts
    signs = {"outcomes": 1.0, "harm": -1.0, "penalties": -1.0, "tail": 1.0}
    return pd.DataFrame(
        {
            "part": ["outcomes", "harm", "penalties", "later savings"],
            "plan": [sign * mine[part] for part, sign in signs.items()],
            "reference": [sign * theirs[part] for part, sign in signs.items()],
        }
    )


_KINDS = {
    "run": ("option runs", "an option may start and end in several years"),
    "end": ("contract endings", "the contract may be ended early"),
    "order": ("curves", "the curve bends the way a plan would misuse"),
    "step": ("payments", ""),
    "beyond": ("cost thresholds", "the unit cost changes at a threshold"),
    "on": ("minimum scales", "nothing, or at least a viable scale"),
    "reached": ("thresholds", "money is received only if a threshold is met"),
    "source": ("stranded costs", "something gains from a higher stranded cost"),
}


def decision_counts(data: Data, program: Program) -> pd.DataFrame:
    """How many yes-or-no decisions a programme has, and why.

    Returns
    -------
    pandas.DataFrame
        kind, name, count, why; one row a kind and option, contract, programme or income.
    """
    found: list[tuple[str, str, int, str]] = []
    for block in program.columns:
        if not program.integer[block.span].any():
            continue
        kind, why = _KINDS.get(block.name, (block.name, ""))
        names = [""] * len(block) if block.index is None else block.index.column_labels(0).tolist()
        for name, count in pd.Series(names).value_counts(sort=False).items():
            reason = why or _payment_reason(data, str(name))
            found.append((kind, str(name), int(count), reason))
    kinds = {"kind": "str", "name": "str", "count": "int64", "why": "str"}
    return pd.DataFrame(found, columns=list(kinds)).astype(kinds)


def _payment_reason(data: Data, contract: str) -> str:
    reasons = [
        why
        for name, why in zip(
            data.contracts.rows.column_labels(0).tolist(), data.payments.why, strict=True
        )
        if name == contract and why
    ]
    return "; ".join(dict.fromkeys(reasons))


def _allocation(
    instance: Instance, data: Data, checked: Evaluation, reference: Evaluation
) -> pd.DataFrame:
    years = len(data.year)
    programmes = instance.programmes
    row = np.repeat(np.arange(len(programmes)), years)
    mine, theirs = checked.allocation, reference.allocation
    label = programmes["label"].where(programmes["label"] != "", programmes["programme"])
    base = (data.activity.baseline * data.activity.unit_cost)[row]
    spend, before = mine["spend"].to_numpy(), theirs["spend"].to_numpy()
    return pd.DataFrame(
        {
            "programme": mine["programme"],
            "label": label.to_numpy()[row],
            "sector": programmes["sector"].to_numpy()[row],
            "place": programmes["place"].to_numpy()[row],
            "pool": programmes["pool"].to_numpy()[row],
            "year": mine["year"],
            "baseline_spend": base,
            "reference_spend": before,
            "spend": spend,
            "change": spend - before,
            "activity": mine["activity"],
            "reference_activity": theirs["activity"],
            "baseline": data.activity.baseline[row],
            "unmet": mine["unmet"],
            "avoided": mine["avoided"],
            "stranded": mine["stranded"],
            "surcharge": mine["surcharge"],
            "held": data.held[row],
            "held_reason": instance.facts.held.reason[row],
            "given_up": _given_up(data, mine["activity"].to_numpy()),
        }
    )


def _given_up(data: Data, activity: Floats) -> Floats:
    """Money by which held lines lie below what they are held at, by programme and year."""
    lines = data.held_lines
    at = data.programme_years.positions(lines.rows.columns)
    below = np.zeros(len(activity))
    below[at] = lines.rate * np.maximum(lines.level - activity[at], 0.0)
    return below


def _held(
    instance: Instance, data: Data, checked: Evaluation, reference: Evaluation
) -> pd.DataFrame:
    """How much of what is held gives way, by the share that says which lines do."""
    lines, penny = data.held_lines, PENNY / instance.settings.money_scale
    at = data.programme_years.positions(lines.rows.columns)
    mine, theirs = (
        lines.rate * (lines.level - each.allocation["activity"].to_numpy()[at])
        for each in (checked, reference)
    )

    def by_share(amount: Floats) -> Floats:
        return np.bincount(lines.share, amount, len(lines.shares)).astype(float)

    room, given = by_share(lines.room), by_share(np.maximum(mine, 0.0))
    share = np.divide(given, room, out=np.zeros_like(room), where=room > 0)
    off = np.abs(mine - share[lines.share] * lines.room)
    near = off <= penny + ROUNDING * lines.rate * lines.level
    out = frame(lines.shares, ("pool", "year", "order"))
    out["order"] = lines.shares.column_labels(2).astype(np.int64)
    out["level"] = by_share(lines.rate * lines.level)
    out["given_up"] = given
    out["share"] = share
    out["even"] = by_share(np.where(near, 0.0, 1.0)) == 0
    out["raised"] = by_share(np.maximum(-mine, 0.0))
    out["reference_given_up"] = by_share(np.maximum(theirs, 0.0))
    return out


def _limited(data: Data, checked: Evaluation) -> pd.DataFrame:
    """Programme-years that are free to move within their limits: those that are not held."""
    out = frame(data.programme_years, ("programme", "year"))
    for column in ("activity", "lo", "hi"):
        out[column] = checked.allocation[column].to_numpy()
    out["held"] = held = np.repeat(data.held, len(data.year))
    return out[~held].reset_index(drop=True)


def price_of_money(budgets: pd.DataFrame) -> float | None:
    """What a little more money buys, per unit: the pools' prices, weighted by what they spend.

    Pools that nobody limits have no price and no weight.
    """
    limited = budgets[budgets["price"].notna()]
    price, spend = limited["price"].to_numpy(), np.maximum(limited["spend"].to_numpy(), 0.0)
    if spend.sum() <= 0:
        return None
    return float(price @ spend / spend.sum())
