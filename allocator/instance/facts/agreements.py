"""Contracts in force: who is under them, when they hold, and what they pay."""

from __future__ import annotations

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.instance.facts.heads import Heads
from allocator.instance.facts.money import over
from allocator.instance.facts.payment import DRIVERS, Terms
from allocator.instance.facts.prices import Prices
from allocator.instance.tables.by_year import ByYear
from allocator.instance.tables.rows import BLANK_YEAR, Rows, positions_of


def replaces_cost(rows: Rows) -> Flags:
    """Mask of the contract rows that pay something else than the plain cost."""
    plain = (
        (rows["type"] == "cost")
        & np.isnan(rows["min_income"])
        & np.isnan(rows["max_income"])
        & (rows["overhead"] == 0.0)
    )
    return np.asarray(~plain)


class Agreements:
    """Contracts that have rows and programmes, by plan year.

    Parameters
    ----------
    contracts : ByYear
        The table.
    programmes : Rows
        The table.
    prices : Prices
        Tariffs by year.
    heads : Heads
        People by place.

    Attributes
    ----------
    names : list of str
        Contracts.
    members : list of ndarray of int
        Positions of the programmes of each.
    kind : ndarray of str, shape (contracts, years)
        Type of each.
    holds : ndarray of bool, shape (contracts, years)
        Where a contract replaces cost by a payment, unless it is ended or suspended.
    covered : ndarray of bool, shape (programmes, years)
        Programmes paid for by a contract instead of at cost.
    endable : ndarray of bool, shape (contracts, years)
        Where it may be ended early, for the exit fee of the year.
    exit_fee : ndarray, shape (contracts, years)
    loose : ndarray of bool, shape (contracts, years)
        Where it may have been ended early: activity is then paid at cost.
    terms : Terms
        What decides the payments, arrays of shape (contracts, years).
    lead : ndarray of str, shape (contracts, years)
        Provider that is paid the overhead; blank for none.
    bonus_outcome : ndarray of str, shape (contracts, years)
        Outcome that a payment follows; blank for none.
    lines : ndarray of int, shape (contracts, years)
        Line of the row that holds.
    ceiling : ndarray, shape (contracts, years)
        Most activity at tariff that a block covers while it holds; inf for any.
    markup : ndarray, shape (contracts, years)
        What the pool pays per unit of payment.
    tariff : ndarray, shape (programmes, years)
        Price a contract pays for a unit of activity.
    """

    def __init__(self, contracts: ByYear, programmes: Rows, prices: Prices, heads: Heads) -> None:
        found = positions_of(programmes["contract"])
        used = np.array([name in found for (name,) in contracts.keys], dtype=bool)
        keys = [key for key in contracts.keys if key[0] in found]
        self._grid = ByYear(contracts.rows, keys, contracts.years, contracts.index[used])
        self.names: list[str] = [name for (name,) in keys]
        self.members: list[Ints] = [found[name] for name in self.names]
        self.tariff, self._base_tariff = prices.tariff, prices.base_tariff
        self._programmes = programmes
        self._read_times()
        self.terms = self._read_terms(prices, heads)
        self.covered = np.zeros(self.tariff.shape, dtype=bool)
        for mine, holds in zip(self.members, self.holds, strict=True):
            self.covered[mine] = holds

    def _read_times(self) -> None:
        grid, year = self._grid, np.array(self._grid.years)
        start, end = grid.words("start", BLANK_YEAR), grid.words("end", BLANK_YEAR)
        rebasing = grid.words("rebasing_year", BLANK_YEAR)
        inside = (start == BLANK_YEAR) | (start <= year)
        inside &= (end == BLANK_YEAR) | (end >= year)
        self.kind, self.lead = grid.words("type"), grid.words("lead")
        self.bonus_outcome, self.lines = grid.words("bonus_outcome"), grid.lines()
        self.holds: Flags = inside & grid.flags(replaces_cost(grid.rows))
        self._rebased = (rebasing != BLANK_YEAR) & (rebasing <= year) & (self.kind == "block")
        elapsed = year - np.maximum(start, year[0])
        with np.errstate(invalid="ignore"):
            self.endable: Flags = self.holds & (elapsed >= grid.values("notice_years"))
        self.loose: Flags = self.holds & np.logical_or.accumulate(self.endable, axis=1)

    def _read_terms(self, prices: Prices, heads: Heads) -> Terms:
        value, baseline = self._grid.values, self._programmes["baseline"]
        growth = prices.compounded(value("uplift"))

        def amount(column: str, blank: float) -> Floats:
            scaled = value(column) * growth
            return np.where(np.isnan(scaled), blank, scaled)

        def rate(column: str) -> Floats:
            return value(column, 0.0)

        def by_contract(figures: list[Floats]) -> Floats:
            return np.array(figures, dtype=float).reshape(growth.shape)

        of_base = np.array([prices.base_tariff[m] @ baseline[m] for m in self.members])
        fixed = np.where(np.isnan(value("fixed")), of_base[:, None], value("fixed")) * growth
        volume = amount("volume", np.nan)
        homes = [self._programmes["place"][m].tolist() for m in self.members]
        covers = self.holds & ~self._rebased & (self.kind == "block")
        self.ceiling = np.where(covers, amount("ceiling", np.inf), np.inf)
        self.exit_fee = amount("exit_fee", 0.0)
        self.markup: Floats = 1.0 + rate("overhead")
        return Terms(
            kind=self.kind,
            fixed=fixed,
            rebased=self._rebased,
            threshold=amount("threshold", np.inf),
            marginal_rate=rate("marginal_rate"),
            volume=np.where(np.isnan(volume), fixed, volume),
            up_rate=rate("up_rate"),
            down_rate=rate("down_rate"),
            at_baseline=by_contract(
                [
                    np.array([paid @ baseline[m] for paid in self.tariff[m].T.copy()])
                    for m in self.members
                ]
            ),
            budget=amount("per_head", 0.0) * by_contract([heads.among(home) for home in homes]),
            gain_share=rate("gain_share"),
            loss_share=rate("loss_share"),
            gain_cap=amount("gain_cap", np.inf),
            loss_cap=amount("loss_cap", np.inf),
            bonus=amount("bonus", 0.0),
            bonus_threshold=value("bonus_threshold"),
            bonus_step=amount("bonus_step", 0.0),
            least=amount("min_income", -np.inf),
            most=amount("max_income", np.inf),
        )

    @property
    def in_force(self) -> tuple[Ints, Ints]:
        """Contract and year of every payment, in the order of the rows that hold."""
        _, contract, t = self._grid.in_force
        some = self.holds[contract, t]
        return contract[some], t[some]

    @property
    def by_cost(self) -> Flags:
        """Where a payment follows cost, shape (contracts, years)."""
        return np.isin(self.kind, [kind for kind, what in DRIVERS.items() if what == "cost"])

    def marginal(self) -> tuple[Floats, Floats, Flags]:
        """What a change of activity does to payments, shapes (programmes, years).

        Returns
        -------
        most, least : ndarray
            Most a pool gets back per unit of cost or tariff given up, and least it pays
            for one more, whatever else happens.
        at_tariff : ndarray of bool
            Whether both are shares of the tariff rather than of the cost.
        """
        of = self.terms
        limited = ~(np.isinf(of.least) & np.isinf(of.most))
        steep, flat = (np.where(self.kind == "outcome", 0.0, rate) for rate in of.rates())
        most, least = steep * self.markup, np.where(limited, 0.0, flat * self.markup)
        follows = ~self.by_cost
        out = np.ones(self.tariff.shape), np.ones(self.tariff.shape)
        at_tariff = np.zeros(self.tariff.shape, dtype=bool)
        for c, mine in enumerate(self.members):
            here = self.holds[c]
            out[0][np.ix_(mine, here)] = most[c, here]
            out[1][np.ix_(mine, here)] = least[c, here]
            at_tariff[np.ix_(mine, here)] = follows[c, here]
            self._loosen(c, *out, at_tariff)
        return out[0], out[1], at_tariff

    def _loosen(self, c: int, most: Floats, least: Floats, at_tariff: Flags) -> None:
        """Where a contract may not hold, a change of activity may count at cost as well."""
        mine = self.members[c]
        where = np.ix_(mine, self.loose[c])
        cost = over(self._programmes["unit_cost"][mine], self._base_tariff[mine])[:, None]
        at_tariff[where] &= np.isfinite(cost)
        share = np.where(at_tariff[where], cost, 1.0)
        most[where] = np.maximum(most[where], share)
        least[where] = np.minimum(least[where], share)
