"""The tables of a plan: the checker's figures, with prices from the duals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.arrays import Floats
from allocator.data import Data, Index
from allocator.evaluate import Evaluation, bridge
from allocator.instance.instance import Instance
from allocator.planning.readback import frame
from allocator.solver.highs.solution import Solution
from allocator.solver.program import Program
from allocator.tolerances import NO_SIZE, RESIDUE


class Prices:
    """Sizes of duals, by component.

    Parameters
    ----------
    program : Program
        The programme that was solved.
    best : Solution or None
        The best plan with its duals; without them prices of tables are NaN.
    """

    def __init__(self, program: Program, best: Solution | None) -> None:
        self.program = program
        self._row_dual = None if best is None else best.row_dual
        self._reduced_cost = None if best is None else best.reduced_cost

    def rows(self, name: str, size: int) -> Floats:
        """Prices of one constraint's rows."""
        block = self.program.block(name)
        if block is None or self._row_dual is None:
            return np.zeros(size)
        return np.abs(self._row_dual[block.span])

    def columns(self, name: str, size: int) -> Floats:
        """Sizes of one variable's reduced costs."""
        block = self.program.block(name)
        if block is None or self._reduced_cost is None:
            return np.zeros(size)
        return np.abs(self._reduced_cost[block.span])

    def of(self, index: Index, table: pd.DataFrame, keys: tuple[str, ...], prefix: str) -> Floats:
        """Prices of all constraints whose name starts with `prefix`, in the table's order."""
        price = np.full(len(index), np.nan if self._row_dual is None else 0.0)
        if self._row_dual is not None:
            for block in self.program.rows:
                if block.name.startswith(prefix) and block.index is not None:
                    at = index.positions(block.index.columns)
                    price[at] = np.abs(self._row_dual[block.span])
        codes = [
            axis.codes(table[key].tolist()) for axis, key in zip(index.axes, keys, strict=True)
        ]
        return price[index.positions(codes)]


def tables(
    instance: Instance, data: Data, prices: Prices, checked: Evaluation, reference: Evaluation
) -> dict[str, pd.DataFrame]:
    """Tidy tables of a plan.

    Parameters
    ----------
    instance, data
        The instance and its arrays.
    prices : Prices
        Of the best plan.
    checked, reference : Evaluation
        The plan and the reference plan as recomputed from the tables.
    """
    outcomes = checked.outcomes.copy()
    outcomes["reference_amount"] = reference.outcomes["amount"].to_numpy()
    outcomes["reference_value"] = reference.outcomes["value"].to_numpy()
    rules = checked.rules.copy()
    rules["price"] = prices.of(data.rules.rows, rules, ("rule", "year"), "rule_")
    capacity = checked.capacity.copy()
    keys = ("resource", "place", "year")
    capacity["price"] = prices.of(data.capacity.rows, capacity, keys, "capacity")
    budgets = checked.budgets.copy()
    pools = Index.product(data.pool, data.year)
    budgets["price"] = prices.of(pools, budgets, ("pool", "year"), "pool")
    providers = checked.providers.copy()
    providers["price"] = prices.of(data.providers.rows, providers, ("provider", "year"), "position")
    options = checked.options.copy()
    options["reference_taken"] = reference.options["taken"].to_numpy()
    return {
        "allocation": _allocation(instance, data, checked, reference),
        "outcomes": outcomes,
        "segments": checked.segments,
        "rules": rules,
        "limits": _limits(data, checked, prices),
        "capacity": capacity,
        "budgets": budgets,
        "transfers": checked.transfers,
        "funding": checked.funding,
        "adjustments": checked.adjustments,
        "contracts": checked.contracts,
        "providers": providers,
        "system": checked.system,
        "options": options,
        "incomes": checked.incomes,
        "decisions": decision_counts(data, prices.program),
        "bridge": bridge(checked, reference),
    }


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
    return pd.DataFrame(found, columns=["kind", "name", "count", "why"])


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
        }
    )


def _limits(data: Data, checked: Evaluation, prices: Prices) -> pd.DataFrame:
    """Programme-years whose own limits bind, with what moving them is worth."""
    out = frame(data.programme_years, ("programme", "year"))
    for column in ("activity", "lo", "hi"):
        out[column] = checked.allocation[column].to_numpy()
    total = prices.columns("activity", len(out))
    for sense in ("max", "min"):
        rows = data.activity.growth_rows(sense, (data.programme, data.year))
        at = data.programme_years.positions(rows.columns)
        np.add.at(total, at, prices.rows(f"growth_{sense}", len(rows)))
    held = np.repeat(data.held, len(data.year))
    out["held"] = held
    out["price"] = total
    # Activity that cannot move at all has no curve in the programme, only its value there:
    # what moving its limit would buy is not known.
    r = data.responses
    still = np.bincount(r.drivers.positions(r.segments.columns[:2]), minlength=len(r.drivers)) == 0
    total[data.programme_years.positions([c[still] for c in r.drivers.columns])] = 0.0
    some = (total > RESIDUE * max(NO_SIZE, float(np.max(total, initial=0.0)))) & ~held
    return out[some].reset_index(drop=True)


def price_of_money(budgets: pd.DataFrame) -> float | None:
    """Objective per unit of money: the pools' prices, weighted by what they spend."""
    price, spend = budgets["price"].to_numpy(), np.maximum(budgets["spend"].to_numpy(), 0.0)
    if np.isnan(price).any() or spend.sum() <= 0:
        return None
    return float(price @ spend / spend.sum())
