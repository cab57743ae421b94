"""From column values and duals to the tables of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.data import Data, Index
from allocator.evaluate import Evaluation, bridge
from allocator.instance.instance import Instance
from allocator.solver.program import Program

Numbers = npt.NDArray[np.float64]


def frame(index: Index, names: tuple[str, ...]) -> pd.DataFrame:
    """Members of an index as columns of labels."""
    columns: dict[str, Any] = {}
    for k, name in enumerate(names):
        labels = index.column_labels(k)
        columns[name] = labels.astype(np.int64) if name == "year" else labels.astype(str)
    return pd.DataFrame(columns)


def values(program: Program, x: Numbers, name: str) -> Numbers:
    """Values of one variable's columns; empty when the model has none."""
    block = program.block(name)
    return np.empty(0) if block is None else x[block.span]


def refilled(data: Data, program: Program, x: Numbers) -> Numbers:
    """Column values with every curve's segments filled in order.

    Where a curve buys nothing that counts, the solver may leave segments out of order;
    filling the steeper ones first never lowers an outcome.
    """
    block = program.block("fill")
    if block is None or not len(block):
        return x
    r = data.responses
    owner = r.drivers.positions(r.segments.columns[:2])
    fill = np.maximum(x[block.span], 0.0)
    total = np.bincount(owner, fill, minlength=len(r.drivers))
    before = np.cumsum(r.width) - r.width
    first = np.searchsorted(owner, np.arange(len(r.drivers)))
    first = np.minimum(first, max(0, len(owner) - 1))
    before -= before[first][owner]
    out = x.copy()
    out[block.span] = np.clip(total[owner] - before, 0.0, r.width)
    return out


def decisions(data: Data, program: Program, x: Numbers) -> dict[str, pd.DataFrame]:
    """What a plan decides, in the form the independent check reads.

    Returns
    -------
    dict of str to pandas.DataFrame
        allocation (programme, year, activity, unmet), capacity (resource, place, year,
        extra), budgets (pool, year, carry_out), transfers (from_pool, to_pool, year, amount),
        funding (programme, pool, year, paid), options (option, year, taken), contracts
        (contract, year, ended).
    """
    allocation = frame(data.programme_years, ("programme", "year"))
    allocation["activity"] = np.maximum(values(program, x, "activity"), 0.0)
    unmet = np.full(len(allocation), np.nan)
    need = data.demand.rows
    unmet[data.programme_years.positions(need.columns)] = np.maximum(
        values(program, x, "unmet"), 0.0
    )
    allocation["unmet"] = unmet
    more = data.capacity.extra_max > 0
    capacity = frame(data.capacity.rows.take(more), ("resource", "place", "year"))
    capacity["extra"] = values(program, x, "extra")
    pools = Index.product(data.pool, data.year)
    budgets = frame(pools, ("pool", "year"))
    carry = np.zeros(len(pools))
    block = program.block("carried")
    if block is not None and block.index is not None:
        carry[pools.positions(block.index.columns)] = x[block.span]
    budgets["carry_out"] = carry
    transfers = frame(data.money.transfers, ("from_pool", "to_pool", "year"))
    transfers["amount"] = np.maximum(values(program, x, "transfer"), 0.0)
    funding = frame(data.funding.rows, ("programme", "pool", "year"))
    funding["paid"] = np.maximum(values(program, x, "paid"), 0.0)
    options = frame(Index.product(data.options.option, data.year), ("option", "year"))
    options["taken"] = taken(data, program, x).ravel()
    return {
        "allocation": allocation,
        "capacity": capacity,
        "budgets": budgets,
        "transfers": transfers,
        "funding": funding,
        "options": options,
        "contracts": ended(data, program, x),
    }


def taken(data: Data, program: Program, x: Numbers) -> npt.NDArray[np.bool_]:
    """Whether each option is taken in each year, shape (options, years)."""
    chosen = np.round(values(program, x, "run")) > 0
    out = np.zeros((len(data.options.option), len(data.year)), dtype=bool)
    o = data.options.runs.columns[0]
    np.logical_or.at(out, o[chosen], data.options.taken[chosen])
    return out


def ended(data: Data, program: Program, x: Numbers) -> pd.DataFrame:
    """Whether each contract has been ended, for the years it may be."""
    rows = data.contracts.rows
    out = frame(rows, ("contract", "year"))
    c, t = rows.columns
    gone = np.zeros(len(rows), dtype=bool)
    chosen = np.round(values(program, x, "end")) > 0
    for name, first in zip(*(column[chosen] for column in data.payments.ends.columns), strict=True):
        gone |= (c == name) & (t >= first)
    out["ended"] = gone
    return out


def starting(
    data: Data, program: Program, plan: Mapping[str, pd.DataFrame] | None
) -> dict[str, Numbers]:
    """Whole-number columns as a plan's tables decide them.

    Parameters
    ----------
    data, program
        The instance as arrays and its programme.
    plan : mapping of str to pandas.DataFrame, or None
        ``options`` (option, year, taken) and ``contracts`` (contract, year, ended).

    Returns
    -------
    dict of str to ndarray
        By block: 1 for a run that the plan takes or a contract it ends, 0 for others.
    """
    out: dict[str, Numbers] = {}
    if plan is None:
        return out
    if "allocation" in plan:
        out = {
            name: np.zeros(len(block))
            for name in ("run", "end")
            if (block := program.block(name)) is not None and len(block)
        }
    years = {label: t for t, label in enumerate(data.year.labels)}
    if "options" in plan and program.block("run") is not None:
        table = plan["options"]
        covered = np.zeros((len(data.options.option), len(years) + 1), dtype=bool)
        for name, year, said in zip(table["option"], table["year"], table["taken"], strict=True):
            o = data.options.option.position.get(name)
            if o is not None and int(year) in years:
                covered[o, years[int(year)]] = flag(said)
        runs, s, e = data.options.runs.columns
        since = np.cumsum(covered, axis=1)
        whole = since[runs, e] - since[runs, s] + covered[runs, s] == e - s + 1
        before = (s > 0) & covered[runs, s - 1]
        out["run"] = (whole & ~before & ~covered[runs, e + 1]).astype(float)
    if "contracts" in plan and "ended" in plan["contracts"] and program.block("end") is not None:
        table = plan["contracts"]
        first: dict[str, int] = {}
        for name, year, said in zip(table["contract"], table["year"], table["ended"], strict=True):
            if flag(said) and int(year) in years:
                first[name] = min(first.get(name, len(years)), years[int(year)])
        ends = data.payments.ends
        names, t = ends.column_labels(0).tolist(), ends.columns[1].tolist()
        out["end"] = np.array(
            [first.get(name) == year for name, year in zip(names, t, strict=True)], dtype=float
        )
    return out


def flag(said: Any) -> bool:
    """Yes or no as a plan's tables write it."""
    if isinstance(said, str):
        return said.strip().lower() in ("yes", "true", "1", "1.0")
    return bool(said) and not pd.isna(said)


def recut(
    data: Data,
    checked: Evaluation,
    knots: dict[tuple[int, int], Numbers],
    programmes: npt.NDArray[np.bool_],
) -> bool:
    """Ask for chords that meet the curves where a plan lies; whether any were added.

    Parameters
    ----------
    data : Data
    checked : Evaluation
        The plan as recomputed from the tables.
    knots : dict of (programme, year) to ndarray
        Added to.
    programmes : ndarray of bool, shape (programmes,)
        Whose curves.
    """
    r = data.responses
    bent = r.worst(r.gap) + r.worst(r.over) > 0
    mine = bent & programmes[r.rows.columns[1]]
    shape = (len(data.programme), len(data.year))
    met = checked.allocation["met"].fillna(checked.allocation["activity"])
    at = met.to_numpy().reshape(shape)
    added = False
    for i, t in set(zip(*(c[mine].tolist() for c in r.rows.columns[1:]), strict=True)):
        known = knots.get((i, t), np.empty(0))
        if not np.isclose(known, at[i, t], rtol=1e-12, atol=0.0).any():
            knots[i, t] = np.append(known, at[i, t])
            added = True
    return added


def price_of_money(budgets: pd.DataFrame) -> float | None:
    """Objective per unit of money: the pools' prices, weighted by what they spend."""
    price, spend = budgets["price"].to_numpy(), np.maximum(budgets["spend"].to_numpy(), 0.0)
    if np.isnan(price).any() or spend.sum() <= 0:
        return None
    return float(price @ spend / spend.sum())


def tables(
    instance: Instance,
    data: Data,
    program: Program,
    checked: Evaluation,
    reference: Evaluation,
    row_dual: Numbers | None,
    reduced_cost: Numbers | None,
) -> dict[str, pd.DataFrame]:
    """Tidy tables of a plan: the checker's figures, with prices from the duals.

    Parameters
    ----------
    instance, data, program
        The instance, its arrays and the programme that was solved.
    checked, reference : Evaluation
        The plan and the reference plan as recomputed from the tables.
    row_dual, reduced_cost : ndarray or None
        Duals of the best plan; None leaves prices NaN.
    """
    prices = _Prices(program, row_dual, reduced_cost)
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
        "options": options,
        "incomes": checked.incomes,
        "decisions": decision_counts(data, program),
        "bridge": bridge(instance, checked, reference),
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


def _limits(data: Data, checked: Evaluation, prices: _Prices) -> pd.DataFrame:
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
    some = (total > 1e-12 * max(1e-300, float(np.max(total, initial=0.0)))) & ~held
    return out[some].reset_index(drop=True)


class _Prices:
    """Sizes of duals, by component."""

    def __init__(
        self, program: Program, row_dual: Numbers | None, reduced_cost: Numbers | None
    ) -> None:
        self._program = program
        self._row_dual = row_dual
        self._reduced_cost = reduced_cost

    def rows(self, name: str, size: int) -> Numbers:
        """Prices of one constraint's rows."""
        block = self._program.block(name)
        if block is None or self._row_dual is None:
            return np.zeros(size)
        return np.abs(self._row_dual[block.span])

    def columns(self, name: str, size: int) -> Numbers:
        """Sizes of one variable's reduced costs."""
        block = self._program.block(name)
        if block is None or self._reduced_cost is None:
            return np.zeros(size)
        return np.abs(self._reduced_cost[block.span])

    def of(self, index: Index, table: pd.DataFrame, keys: tuple[str, ...], prefix: str) -> Numbers:
        """Prices of all constraints whose name starts with `prefix`, in the table's order."""
        price = np.full(len(index), np.nan if self._row_dual is None else 0.0)
        if self._row_dual is not None:
            for block in self._program.rows:
                if block.name.startswith(prefix) and block.index is not None:
                    at = index.positions(block.index.columns)
                    price[at] = np.abs(self._row_dual[block.span])
        codes = [
            axis.codes(table[key].tolist()) for axis, key in zip(index.axes, keys, strict=True)
        ]
        return price[index.positions(codes)]


def weak_share(
    instance: Instance, checked: Evaluation, reference: Evaluation, binding: pd.DataFrame
) -> float | None:
    """Share of the change in value that rests on weak evidence or on assumed limits.

    Parameters
    ----------
    instance : Instance
    checked, reference : Evaluation
        The plan and the reference plan as recomputed from the tables.
    binding : pandas.DataFrame
        The plan's ``limits``: programme-years whose own limits bind.

    Returns
    -------
    float or None
        Sum over programmes, outcomes and years of |change in value| where the response is
        graded C, D or not at all, or a binding limit of the programme is only assumed, over
        the same sum everywhere; None when nothing changes.
    """
    keys = ["programme", "outcome"]
    graded = instance.responses[[*keys, "evidence"]]
    both = checked.by_programme.merge(
        reference.by_programme, on=[*keys, "year"], suffixes=("", "_before")
    ).merge(graded, on=keys, how="left")
    change = (both["value"] - both["value_before"]).abs()
    total = float(change.sum())
    if total <= 0.0:
        return None
    assumed = set(instance.limits.loc[instance.limits["status"] == "assumed", "programme"])
    bound = {
        (programme, year)
        for programme, year in zip(binding["programme"], binding["year"], strict=True)
        if programme in assumed
    }
    held_back = [pair in bound for pair in zip(both["programme"], both["year"], strict=True)]
    weak = ~both["evidence"].isin(["A", "B"]).to_numpy() | np.array(held_back, dtype=bool)
    return float(change.to_numpy()[weak].sum()) / total
