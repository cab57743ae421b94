"""Contracts as straight pieces of payment, and the providers they pay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.data.activity import ROOM, Activity
from allocator.data.index import Axis, Codes, Index
from allocator.data.options import Options
from allocator.data.responses import Responses
from allocator.data.years import by_year
from allocator.instance.instance import Instance

Numbers = npt.NDArray[np.float64]

DRIVERS = {
    "cost": "cost",
    "block": "value",
    "activity": "value",
    "cost_and_volume": "value",
    "aligned": "value",
    "capitated": "cost",
    "outcome": "outcome",
}
"""What payment follows, by type of contract."""


@dataclass(frozen=True)
class Pieces:
    """A payment as straight pieces ``constant + slope x`` on the reachable range of x.

    Attributes
    ----------
    constant, slope : ndarray, shape (pieces,)
        From the lowest x to the highest; neighbours differ in slope or by a step.
    at : ndarray, shape (pieces + 1,)
        Ends of the pieces.
    """

    constant: Numbers
    slope: Numbers
    at: Numbers

    @property
    def straight(self) -> bool:
        """Whether one piece says it all."""
        return len(self.slope) == 1

    @property
    def jumps(self) -> Numbers:
        """Step of the payment between neighbouring pieces; 0 where it is continuous."""
        inner = self.at[1:-1]
        rise = np.diff(self.constant) + np.diff(self.slope) * inner
        size = max(1e-300, float(np.max(np.abs(self.constant + self.slope * self.at[1:]))))
        return np.where(np.abs(rise) > 1e-9 * size, rise, 0.0)

    @property
    def steps(self) -> bool:
        """Whether the payment jumps somewhere."""
        return bool(self.jumps.any())

    @property
    def convex(self) -> bool:
        """Whether the payment is the largest of its pieces."""
        return not self.steps and bool(np.all(np.diff(self.slope) > 0.0))


def pieces(
    payment: Callable[[float], float], kinks: list[float], reach: tuple[float, float]
) -> Pieces:
    """Cut a piecewise straight payment at its kinks, on its reachable range.

    Parameters
    ----------
    payment : callable
        Payment at x, straight between kinks; it may jump at a kink.
    kinks : list of float
        Where its slope may change; those outside the range do not count.
    reach : (float, float)
        Least and most x can be.
    """
    low, high = reach
    if high - low <= 1e-9 * max(1.0, abs(high)):
        return Pieces(np.array([payment(low)]), np.zeros(1), np.array([low, low]))
    inside = sorted({k for k in kinks if low < k < high and np.isfinite(k)})
    x = np.array([low, *inside, high])
    near = max(1e-7 * (high - low), 1e-12 * max(1.0, abs(high)))  # kinks this near are one
    keep = np.append(True, np.diff(x) > near)
    x = x[keep]
    x[-1] = high
    slope, constant = _lines(payment, x)
    size = max(1.0, float(np.max(np.abs(slope))))
    rise = np.diff(constant) + np.diff(slope) * x[1:-1]
    tall = max(1e-300, float(np.max(np.abs(constant + slope * x[1:]))))
    changes = (np.abs(np.diff(slope)) > 1e-9 * size) | (np.abs(rise) > 1e-9 * tall)
    first = np.append(True, changes)
    return Pieces(constant[first], slope[first], np.append(x[:-1][first], high))


def _lines(payment: Callable[[float], float], x: Numbers) -> tuple[Numbers, Numbers]:
    """Slope and constant of a payment inside each interval, whatever it does at the ends."""
    left, right = x[:-1] + np.diff(x) / 3.0, x[1:] - np.diff(x) / 3.0
    at_left = np.array([payment(float(at)) for at in left])
    at_right = np.array([payment(float(at)) for at in right])
    rise = at_right - at_left
    size = max(1e-300, float(np.max(np.abs([at_left, at_right]))))
    width = right - left
    flat = (np.abs(rise) <= 1e-12 * size) | (width <= 0.0)
    slope = np.where(flat, 0.0, rise / np.where(flat, 1.0, width))
    return slope, at_left - slope * left


def clamped(
    payment: Callable[[float], float],
    kinks: list[float],
    reach: tuple[float, float],
    least: float,
    most: float,
) -> tuple[Callable[[float], float], list[float]]:
    """Payment kept between a least and a most income, with the kinks that makes.

    Parameters
    ----------
    payment, kinks, reach
        As in :func:`pieces`.
    least, most : float
        Income limits; infinite for none.
    """
    low, high = reach
    ends = np.array(sorted({low, high, *(k for k in kinks if low < k < high)}))
    crossings: list[float] = []
    if len(ends) > 1:
        for limit in (least, most):
            slope, constant = _lines(payment, ends)
            with np.errstate(divide="ignore", invalid="ignore"):
                at = (limit - constant) / slope
            crossings += at[(at > ends[:-1]) & (at < ends[1:])].tolist()
    return lambda x: min(max(payment(x), least), most), [*kinks, *crossings]


@dataclass(frozen=True)
class Contracts:
    """Contracts in the years they replace cost by a payment.

    Attributes
    ----------
    rows : Index
        (contract, year); the arrays below follow it.
    kind : ndarray of str
        What payment follows: value, cost or outcome.
    pieces : tuple of Pieces
        The payment of each row.
    markup : ndarray
        ``1 + overhead``: what the pool pays per unit of payment.
    payer : ndarray of int
        Pool that pays.
    provider, lead : ndarray of int
        Provider paid; lead that receives the overhead, -1 for none.
    outcome : ndarray of int
        Outcome that earns a bonus; -1 for none.
    ceiling : ndarray
        Most activity at tariff a block covers; inf for any.
    members : Index
        (contract, year, programme).
    tariff : ndarray
        Tariff of each member in the year, following `members`.
    held : ndarray of bool, shape (programmes, years)
        Programme-years a contract pays for.
    error : ndarray
        Most by which what the payment follows may be misstated by chords, following `rows`.
    cost_low, cost_high : ndarray
        Least and most its programmes can cost, following `rows`.
    ends : Index
        (contract, year) in which a contract may be ended for good.
    fee : ndarray
        Exit fee, following `ends`.
    """

    rows: Index
    kind: npt.NDArray[np.object_]
    pieces: tuple[Pieces, ...]
    markup: Numbers
    payer: Codes
    provider: Codes
    lead: Codes
    outcome: Codes
    ceiling: Numbers
    members: Index
    tariff: Numbers
    held: npt.NDArray[np.bool_]
    error: Numbers
    cost_low: Numbers
    cost_high: Numbers
    ends: Index
    fee: Numbers


@dataclass(frozen=True)
class Providers:
    """Providers by year.

    Attributes
    ----------
    axis : Axis
        Names of all providers of programmes, contracts and the providers table.
    rows : Index
        (provider, year) of every provider and year.
    other : ndarray
        Other income less other cost, following `rows`.
    deficit_max : ndarray
        Most that may be lost; inf where it is not limited.
    """

    axis: Axis
    rows: Index
    other: Numbers
    deficit_max: Numbers


def providers(instance: Instance, year: Axis) -> Providers:
    """Extract providers and what they may lose."""
    table = instance.providers
    leads = [name for name in instance.contracts["lead"] if name]
    names = [*table["provider"], *leads, *(p for p in instance.programmes["provider"] if p)]
    axis = Axis("provider", tuple(dict.fromkeys(names)))
    rows = Index.product(axis, year)
    given = by_year(table, ["provider"], instance.settings.years)
    at = rows.positions([axis.codes(given["provider"].tolist()), given["t"].to_numpy()])
    other, deficit = np.zeros(len(rows)), np.full(len(rows), np.inf)
    other[at] = given["other_income"].to_numpy() - given["other_cost"].to_numpy()
    deficit[at] = given["deficit_max"].fillna(np.inf).to_numpy()
    return Providers(axis, rows, other, deficit)


def holding(instance: Instance) -> pd.DataFrame:
    """Contracts table by year, only the years a contract holds and changes what is paid."""
    settings = instance.settings
    table = by_year(instance.contracts, ["contract"], settings.years)
    calendar = np.asarray(settings.years)[table["t"].to_numpy(dtype=np.int64)]
    start = table["start"].fillna(settings.years[0]).to_numpy(dtype=np.int64)
    end = table["end"].fillna(settings.years[-1]).to_numpy(dtype=np.int64)
    rebased = table["rebasing_year"].fillna(settings.years[-1] + 1).to_numpy(dtype=np.int64)
    table = table.assign(calendar=calendar, rebased=calendar >= rebased)
    plain = (
        (table["type"] == "cost")
        & table["min_income"].isna()
        & table["max_income"].isna()
        & (table["overhead"] == 0.0)
    ).to_numpy()
    used = table["contract"].isin(set(instance.programmes["contract"])).to_numpy()
    return table[(calendar >= start) & (calendar <= end) & ~plain & used].reset_index(drop=True)


@dataclass(frozen=True)
class Earnings:
    """Least and most of each outcome that each programme can come to.

    Attributes
    ----------
    rows : Index
        (outcome, programme, year); the arrays follow it.
    low, high, error : ndarray
        Range, and most by which chords may misstate it.
    """

    rows: Index
    low: Numbers
    high: Numbers
    error: Numbers

    def of(self, outcome: int, members: Codes, t: int) -> tuple[float, float, float]:
        """Range and error of an outcome summed over some programmes in a year."""
        there = self.rows.find([np.full(len(members), outcome), members, np.full(len(members), t)])
        mine = there[there >= 0]
        low, high, error = (x[mine].sum() for x in (self.low, self.high, self.error))
        return float(low), float(high), float(error)


def earnings(
    buys: Responses, reach: tuple[Numbers, Numbers], adds: Options | None = None
) -> Earnings:
    """Range of every outcome of every programme.

    Parameters
    ----------
    buys : Responses
    reach : pair of ndarray, shape (programmes, years)
        Least and most the driver of each programme can be.
    adds : Options, optional
        What options add to outcomes, or multiply them by.
    """
    low, high = buys.spans(*reach)
    error = np.maximum(buys.worst(buys.gap), buys.worst(buys.over))
    if adds is not None:
        levels = adds.outcomes
        at = buys.rows.positions(levels.rows.columns[:-1])
        least, most = np.zeros(len(buys.rows)), np.zeros(len(buys.rows))
        np.minimum.at(least, at, levels.change)
        np.maximum.at(most, at, levels.change)
        ends = [x * (1.0 + f) for x in (low, high) for f in (least, most)]
        low, high = np.minimum.reduce(ends), np.maximum.reduce(ends)
        fewer, more = adds.outcome.range(buys.rows)
        low, high = low + fewer, high + more
    return Earnings(buys.rows, low, high, error)


@dataclass(frozen=True)
class Costs:
    """Least and most each programme can cost, arrays of shape (programmes, years)."""

    low: Numbers
    high: Numbers


class _Extraction:
    """Works one contract and year at a time."""

    def __init__(
        self,
        instance: Instance,
        axes: tuple[Axis, Axis, Axis],
        activity: Activity,
        earned: Earnings,
        costs: Costs,
    ) -> None:
        self.programme, self.year, self.outcome = axes
        self.instance = instance
        self.activity = activity
        self.earned = earned
        self.costs = costs
        table = instance.programmes
        uplift = table["cost_uplift"].fillna(instance.settings.cost_uplift).to_numpy()
        self.base_tariff = table["tariff"].fillna(table["unit_cost"]).to_numpy(dtype=float)
        lag = np.asarray(instance.settings.years) - instance.settings.base_year
        self.tariff = self.base_tariff[:, None] * (1.0 + uplift)[:, None] ** lag[None, :]
        self.by_contract = {
            name: rows.to_numpy() for name, rows in table.reset_index().groupby("contract")["index"]
        }
        self.places: list[str] = instance.programmes["place"].tolist()
        places = by_year(instance.places, ["place"], instance.settings.years)
        self.heads = places.groupby(["place", "t"])["heads"].sum().to_dict()
        self.all_heads = places.groupby("t")["heads"].sum().to_dict()

    def population(self, members: Codes, t: int) -> float:
        """Heads of the places of some programmes; all places when one serves everywhere."""
        homes = {self.places[i] for i in members.tolist()}
        if "" in homes:
            return float(self.all_heads.get(t, 0.0))
        return float(sum(self.heads.get((home, t), 0.0) for home in homes))

    def payment(
        self, line: Mapping[Any, Any], members: Codes
    ) -> tuple[Pieces, float, float, tuple[float, float]]:
        """Pieces of the payment of one contract and year.

        Returns
        -------
        pieces : Pieces
        ceiling : float
            Of a block; infinite for any.
        error : float
            Most by which what it follows may be misstated.
        cost : (float, float)
            Least and most its programmes can cost.
        """
        t = int(line["t"])
        settings = self.instance.settings
        uplift = settings.cost_uplift if pd.isna(line["uplift"]) else line["uplift"]
        n = (1.0 + uplift) ** (int(line["calendar"]) - settings.base_year)
        a = self.activity
        value = self.tariff[members, t]
        reach_value = float(value @ a.lo[members, t]), float(value @ a.hi[members, t])
        reach_cost = (
            float(self.costs.low[members, t].sum()),
            float(self.costs.high[members, t].sum()),
        )
        baseline = float(self.base_tariff[members] @ a.baseline[members])
        fixed = (baseline if pd.isna(line["fixed"]) else float(line["fixed"])) * n
        follow, error = DRIVERS[line["type"]], 0.0
        if follow == "outcome":
            earns = self.outcome.position[line["bonus_outcome"]]
            low, high, error = self.earned.of(earns, members, t)
            # A step at the very end of what can be reached must still be seen.
            seen = max(ROOM * (high - low), 1e-5 * max(1.0, abs(low), abs(high)))
            room = 0.0 if pd.isna(line["bonus_threshold"]) else seen
            reach = (low - room, high + room)
        else:
            reach = {"value": reach_value, "cost": reach_cost}[follow]
        function, kinks = self._function(
            line, n, fixed, float(value @ a.baseline[members]), members
        )
        least = -np.inf if pd.isna(line["min_income"]) else float(line["min_income"]) * n
        most = np.inf if pd.isna(line["max_income"]) else float(line["max_income"]) * n
        function, kinks = clamped(function, kinks, reach, least, most)
        covers = line["type"] == "block" and not line["rebased"] and not pd.isna(line["ceiling"])
        ceiling = float(line["ceiling"]) * n if covers else np.inf
        return pieces(function, kinks, reach), ceiling, error, reach_cost

    def _function(
        self, line: Mapping[Any, Any], n: float, fixed: float, v0: float, members: Codes
    ) -> tuple[Callable[[float], float], list[float]]:
        """Payment as a function of what it follows, with its kinks."""
        kind = line["type"]
        up, down = float(line["up_rate"]), float(line["down_rate"])
        if kind == "cost":
            return (lambda x: x), []
        if kind == "block":
            return ((lambda x: x) if line["rebased"] else (lambda _: fixed)), []
        if kind == "activity":
            if pd.isna(line["threshold"]):
                return (lambda x: x), []
            top, rate = float(line["threshold"]) * n, float(line["marginal_rate"])
            return (lambda x: x if x <= top else top + rate * (x - top)), [top]
        if kind == "cost_and_volume":
            volume = fixed if pd.isna(line["volume"]) else float(line["volume"]) * n
            return (lambda x: fixed + up * max(0.0, x - volume)), [volume]
        if kind == "aligned":
            return (lambda x: fixed + up * max(0.0, x - v0) - down * max(0.0, v0 - x)), [v0]
        if kind == "outcome":
            bonus, step = float(line["bonus"]) * n, float(line["bonus_step"]) * n
            if pd.isna(line["bonus_threshold"]):
                return (lambda x: fixed + bonus * x), []
            reached = float(line["bonus_threshold"])
            return (lambda x: fixed + bonus * x + (step if x >= reached else 0.0)), [reached]
        return self._capitated(line, n, members)

    def _capitated(
        self, line: Mapping[Any, Any], n: float, members: Codes
    ) -> tuple[Callable[[float], float], list[float]]:
        budget = float(line["per_head"]) * n * self.population(members, int(line["t"]))
        gain, loss = float(line["gain_share"]), float(line["loss_share"])
        most_gain = np.inf if pd.isna(line["gain_cap"]) else float(line["gain_cap"]) * n
        most_loss = np.inf if pd.isna(line["loss_cap"]) else float(line["loss_cap"]) * n

        def payment(x: float) -> float:
            back = min(most_gain, gain * max(0.0, budget - x))
            return budget - back + min(most_loss, loss * max(0.0, x - budget))

        kinks = [budget]
        if gain > 0 and np.isfinite(most_gain):
            kinks.append(budget - most_gain / gain)
        if loss > 0 and np.isfinite(most_loss):
            kinks.append(budget + most_loss / loss)
        return payment, kinks


def contracts(
    instance: Instance,
    axes: tuple[Axis, Axis, Axis],
    pool: Axis,
    provider: Axis,
    activity: Activity,
    earned: Earnings,
    costs: Costs,
    name: Axis,
) -> Contracts:
    """Extract the contracts that replace cost by a payment.

    Parameters
    ----------
    instance : Instance
    axes : tuple of Axis
        Programme, year and outcome.
    pool, provider : Axis
    activity : Activity
    earned : Earnings
        What outcomes can come to, for those that earn a bonus.
    costs : Costs
        What programmes can cost.
    name : Axis
        Contracts that hold in some year.
    """
    work = _Extraction(instance, axes, activity, earned, costs)
    programme, year, outcome = axes
    table = holding(instance)
    rows = Index((name, year), [name.codes(table["contract"].tolist()), table["t"].to_numpy()])
    found: list[Pieces] = []
    ceilings, members, payers, paid, errors, spans = [], [], [], [], [], []
    whose, where = (instance.programmes[c].tolist() for c in ("pool", "provider"))
    for line in table.to_dict("records"):
        mine = work.by_contract[line["contract"]]
        payment, ceiling, error, span = work.payment(line, mine)
        found.append(payment)
        errors.append(error)
        spans.append(span)
        ceilings.append(ceiling)
        members.append(mine)
        payers.append(whose[mine[0]])
        paid.append(where[mine[0]])
    count = np.array([len(m) for m in members], dtype=np.int64)
    owner = np.repeat(np.arange(len(rows)), count)
    who = np.concatenate([np.empty(0, np.int64), *members])
    t = rows.columns[1][owner]
    held = np.zeros((len(programme), len(year)), dtype=bool)
    held[who, t] = True
    cost = np.array(spans, dtype=float).reshape(-1, 2)
    ends, fee = _ends(instance, table, rows)
    return Contracts(
        rows,
        np.array([DRIVERS[kind] for kind in table["type"]], dtype=object),
        tuple(found),
        1.0 + table["overhead"].to_numpy(dtype=float),
        pool.codes(payers),
        np.array([provider.position.get(p, -1) for p in paid], dtype=np.int64),
        np.array([provider.position.get(p, -1) for p in table["lead"]], dtype=np.int64),
        np.array([outcome.position.get(k, -1) for k in table["bonus_outcome"]], dtype=np.int64),
        np.array(ceilings, dtype=float),
        Index((name, year, programme), [*(c[owner] for c in rows.columns), who]),
        work.tariff[who, t],
        held,
        np.array(errors, dtype=float),
        cost[:, 0],
        cost[:, 1],
        ends,
        fee,
    )


def _ends(instance: Instance, table: pd.DataFrame, rows: Index) -> tuple[Index, Numbers]:
    """Years in which contracts may be ended, and what that costs."""
    settings = instance.settings
    start = table["start"].fillna(settings.years[0]).to_numpy(dtype=np.int64)
    first = np.maximum(start, settings.years[0]) + table["notice_years"].to_numpy(dtype=float)
    calendar = table["calendar"].to_numpy(dtype=np.int64)
    may = calendar >= first  # false where there is no notice
    uplift = table["uplift"].fillna(settings.cost_uplift).to_numpy(dtype=float)
    fee = table["exit_fee"].to_numpy(dtype=float) * (1.0 + uplift) ** (
        calendar - settings.base_year
    )
    return rows.take(may), fee[may]
