"""Contracts that replace cost by a payment, and the least each of them can pay."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from allocator.instance.facts.costs import over
from allocator.instance.facts.decisions import Decisions
from allocator.instance.tables.by_year import ByYear, by_year
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import BLANK_YEAR, Array, Rows, positions_of

_ROUNDING = 1e-9
_ENDLESS = 1e30


def tariffs(draft: Draft) -> Array:
    """What contracts pay for a unit of each programme, shape (programmes, years).

    Column 0 is the base year.
    """
    programmes, settings = draft["programmes"], draft.settings
    assert settings is not None
    uplift = programmes["cost_uplift"]
    uplift = np.where(np.isnan(uplift), settings.cost_uplift, uplift)
    elapsed = np.arange(len(draft.years) + 1)
    base = np.where(np.isnan(programmes["tariff"]), programmes["unit_cost"], programmes["tariff"])
    found: Array = base[:, None] * (1.0 + uplift[:, None]) ** elapsed
    return found


def replaces_cost(rows: Rows) -> Array:
    """Mask of the contract rows that pay something else than the plain cost."""
    plain = (
        (rows["type"] == "cost")
        & np.isnan(rows["min_income"])
        & np.isnan(rows["max_income"])
        & (rows["overhead"] == 0.0)
    )
    return np.asarray(~plain)


class Agreements:
    """Contracts of the draft by plan year.

    Parameters
    ----------
    draft : Draft
        With whole programmes, contracts and places.
    decisions : Decisions, optional
        Options of the draft; without them no option suspends a contract or changes an
        outcome.

    Attributes
    ----------
    names : list of str
        Contracts that have rows and programmes.
    members : list of ndarray of int
        Positions of the programmes of each.
    holds : ndarray of bool, shape (contracts, years)
        Where a contract replaces cost by a payment, unless it is ended or suspended.
    loose : ndarray of bool, shape (contracts, years)
        Where it may have been ended early or suspended: activity is then paid at cost.
    rebased : ndarray of bool, shape (contracts, years)
        Where a block pays the activity at its tariff.
    lines : ndarray of int, shape (contracts, years)
        Line of the row that holds.
    replaced : ndarray of bool, shape (programmes, years)
        Programmes paid for by a contract instead of at cost.
    tariff : ndarray, shape (programmes, years)
        Price a contract pays for a unit of activity.
    covered : ndarray, shape (contracts, years)
        Most activity at tariff that a block covers while it holds; inf for any.
    ceiling : ndarray, shape (contracts, years)
        The same; inf where it is loose.
    markup : ndarray, shape (contracts, years)
        What the pool pays per unit of payment.
    """

    def __init__(self, draft: Draft, decisions: Decisions | None = None) -> None:
        rows, programmes = draft["contracts"], draft["programmes"]
        grid = by_year(rows, draft.years)
        found = positions_of(programmes["contract"])
        used = np.array([name in found for (name,) in grid.keys], dtype=bool)
        self.names = [name for (name,) in grid.keys if name in found]
        self.members = [found[name] for name in self.names]
        self._sums = _sums(self.members, len(programmes))
        self._grid = ByYear(rows, [(name,) for name in self.names], grid.index[used])
        every = tariffs(draft)
        self.tariff = every[:, 1:]
        self._baseline = programmes["baseline"]
        self._cost_of_tariff = over(programmes["unit_cost"], every[:, 0])
        self._read_times(draft, rows)
        self._read_endings(draft, decisions)
        self._read_amounts(draft, every[:, 0], decisions)
        self.replaced = np.zeros(self.tariff.shape, dtype=bool)
        for mine, holds in zip(self.members, self.holds, strict=True):
            self.replaced[mine] = holds

    def _words(self, column: str, missing: str | int = "") -> Array:
        index = self._grid.index
        if not index.size:
            return np.full(index.shape, missing)
        return np.where(index >= 0, self._grid.rows[column][index], missing)

    def _read_times(self, draft: Draft, rows: Rows) -> None:
        year = np.array(draft.years)[None, :]
        start, end = self._words("start", BLANK_YEAR), self._words("end", BLANK_YEAR)
        rebasing = self._words("rebasing_year", BLANK_YEAR)
        inside = (start == BLANK_YEAR) | (start <= year)
        inside &= (end == BLANK_YEAR) | (end >= year)
        index = self._grid.index
        paid = replaces_cost(rows)[index] if len(rows) else np.zeros(index.shape, dtype=bool)
        self.kind = self._words("type")
        self.holds = inside & paid & (index >= 0)
        self.rebased = (rebasing != BLANK_YEAR) & (rebasing <= year) & (self.kind == "block")
        self.lines = self._grid.lines()

    def _read_endings(self, draft: Draft, decisions: Decisions | None) -> None:
        """Where a contract may have been ended after its notice, or suspended by an option."""
        first = draft.years[0]
        start = np.maximum(self._words("start", BLANK_YEAR), first)
        elapsed = np.array(draft.years)[None, :] - start
        with np.errstate(invalid="ignore"):
            ending = self.holds & (elapsed >= self._grid.values("notice_years"))
        self.loose = self.holds & np.logical_or.accumulate(ending, axis=1)
        if decisions is not None:
            suspended = decisions.of("contract")
            for c, name in enumerate(self.names):
                if name in suspended:
                    self.loose[c] |= self.holds[c] & decisions.stopped("contract", name)[0]

    def _read_amounts(self, draft: Draft, base_tariff: Array, decisions: Decisions | None) -> None:
        settings = draft.settings
        assert settings is not None
        uplift = self._grid.values("uplift")
        uplift = np.where(np.isnan(uplift), settings.cost_uplift, uplift)
        n = (1.0 + uplift) ** np.arange(1, len(draft.years) + 1)
        self._of_base = np.array([base_tariff[m] @ self._baseline[m] for m in self.members])

        def amount(column: str, blank: float) -> Array:
            values = self._grid.values(column)
            scaled: Array = np.where(np.isnan(values), blank, values * n)
            return scaled

        self.fixed = amount("fixed", np.nan)
        self.fixed = np.where(np.isnan(self.fixed), self._of_base[:, None] * n, self.fixed)
        volume = amount("volume", np.nan)
        self._volume = np.where(np.isnan(volume), self.fixed, volume)
        self._budget = amount("per_head", 0.0) * self._population(draft)
        self._gain_cap, self._loss_cap = amount("gain_cap", np.inf), amount("loss_cap", np.inf)
        self._threshold = amount("threshold", np.inf)
        self._least, self._most = amount("min_income", -np.inf), amount("max_income", np.inf)
        covers = self.holds & ~self.rebased & (self.kind == "block")
        self.covered = np.where(covers, amount("ceiling", np.inf), np.inf)
        self.ceiling = np.where(self.loose, np.inf, self.covered)
        self.markup = 1.0 + self._grid.values("overhead", 0.0)
        self._earned = self._least_bonus(draft, decisions)
        self._at_baseline = self.worth(np.repeat(self._baseline[:, None], n.shape[1], axis=1))
        rates = ("up_rate", "down_rate", "marginal_rate", "gain_share", "loss_share")
        self._rate = {name: self._grid.values(name, 0.0) for name in rates}

    def _population(self, draft: Draft) -> Array:
        """Heads of the places of each contract's programmes, all of them when one has none."""
        grid = by_year(draft["places"], draft.years)
        heads = grid.values("heads", 0.0)
        of_place = {key[0]: row for key, row in zip(grid.keys, heads, strict=True)}
        found = np.zeros(self.holds.shape)
        every = sum(of_place.values(), np.zeros(found.shape[1]))
        for c, mine in enumerate(self.members):
            homes = set(draft["programmes"]["place"][mine].tolist())
            known = (of_place[p] for p in homes if p in of_place)
            found[c] = every if "" in homes else sum(known, np.zeros(found.shape[1]))
        return found

    def _least_bonus(self, draft: Draft, decisions: Decisions | None) -> Array:
        """Least bonus of each contract: none, or unknown where an outcome could be negative."""
        names = draft["programmes"]["programme"]
        wanted = self._words("bonus_outcome")
        found = np.zeros(self.holds.shape)
        losses = {(p, k) for _, p, k in draft["demand"].lists("programme", "harm_outcome") if k}
        losses |= {
            (p, k)
            for _, p, k, each in draft["responses"].lists("programme", "outcome", "per_unit")
            if each < 0
        }
        losses |= {
            (p, k)
            for _, p, k, effect in draft["response_points"].lists("programme", "outcome", "effect")
            if effect < 0
        }
        if decisions is not None and decisions.names:
            losses |= {
                (p, k)
                for _, p, k, value in draft["option_effects"].lists("target", "outcome", "value")
                if k and value < 0
            }
        for c, mine in enumerate(self.members):
            for name in names[mine].tolist():
                found[c, [(name, k) in losses for k in wanted[c].tolist()]] = -np.inf
        return found

    def payment(self, value: Array, cost: Array) -> Array:
        """Payment of each contract and year before any overhead.

        Parameters
        ----------
        value, cost : ndarray, shape (contracts, years)
            Activity of its programmes at tariff, and what it costs. A payment never falls
            as these rise, so the least of them give the least payment.
        """
        up, down = self._rate["up_rate"], self._rate["down_rate"]
        cost = np.maximum(cost, -_ENDLESS)
        above = np.maximum(value - self._threshold, 0.0)
        v0 = self._at_baseline
        back = self._rate["gain_share"] * np.maximum(self._budget - cost, 0.0)
        good = self._rate["loss_share"] * np.maximum(cost - self._budget, 0.0)
        by_kind = {
            "cost": cost,
            "block": np.where(self.rebased, value, self.fixed),
            "activity": value - above + self._rate["marginal_rate"] * above,
            "cost_and_volume": self.fixed + up * np.maximum(value - self._volume, 0.0),
            "aligned": self.fixed
            + up * np.maximum(value - v0, 0.0)
            - down * np.maximum(v0 - value, 0.0),
            "capitated": self._budget
            - np.minimum(self._gain_cap, back)
            + np.minimum(self._loss_cap, good),
            "outcome": self.fixed + self._earned,
        }
        paid = np.select([self.kind == kind for kind in by_kind], list(by_kind.values()), 0.0)
        return np.asarray(np.minimum(np.maximum(paid, self._least), self._most))

    def worth(self, activity: Array) -> Array:
        """Activity of each contract's programmes at tariff, shape (contracts, years)."""
        return self.total(self.tariff * activity)

    def total(self, of_programmes: Array) -> Array:
        """Sum over the programmes of each contract, shape (contracts, years)."""
        found: Array = self._sums @ of_programmes
        return found

    def least(self, lo: Array, floors: Array, counted: Array | None = None) -> Array:
        """Least each contract can cost its pool, shape (contracts, years).

        Parameters
        ----------
        lo, floors : ndarray, shape (programmes, years)
            Least activity, and the least it costs.
        counted : ndarray of bool, shape (programmes,), optional
            Programmes whose cost counts where the contract does not hold; by default all.
        """
        paid = self.held(lo, floors)
        if self.loose.any():
            cost = floors if counted is None else floors * counted[:, None]
            paid = np.where(self.loose, np.minimum(paid, self.total(cost)), paid)
        return np.where(self.holds, paid, 0.0)

    def held(self, lo: Array, floors: Array) -> Array:
        """Least each contract can cost its pool while it holds, shape (contracts, years).

        Parameters are those of :meth:`least`.
        """
        paid: Array = self.payment(self.worth(lo), self.total(floors)) * self.markup
        return paid

    def most_followed(self, paid: Array, at: Array) -> Array:
        """Most that a payment's driver can be without the payment passing `paid`.

        Parameters
        ----------
        paid : ndarray, shape (contracts asked for, years)
            Payment before any overhead, no less than the least it can be.
        at : ndarray of int
            Contracts asked for.

        Returns
        -------
        ndarray, shape (contracts asked for, years)
            Cost for types cost and capitated, otherwise activity at tariff; inf where more
            of it costs nothing, or where no contract holds.
        """
        r = {name: rate[at] for name, rate in self._rate.items()}
        fixed, budget, threshold = self.fixed[at], self._budget[at], self._threshold[at]
        by_kind = {
            "cost": paid,
            "block": np.where(self.rebased[at], paid, np.inf),
            "activity": np.where(
                _reaches(paid, threshold),
                threshold + _further(paid, threshold, r["marginal_rate"]),
                paid,
            ),
            "cost_and_volume": self._volume[at] + _further(paid, fixed, r["up_rate"]),
            "aligned": self._at_baseline[at]
            + np.where(
                _reaches(paid, fixed),
                _further(paid, fixed, r["up_rate"]),
                -_short(fixed - paid, r["down_rate"]),
            ),
            "capitated": np.where(
                _reaches(paid, budget + self._loss_cap[at]),
                np.inf,
                np.where(
                    _reaches(paid, budget),
                    budget + _further(paid, budget, r["loss_share"]),
                    budget - _short(budget - paid, r["gain_share"]),
                ),
            ),
        }
        kinds = self.kind[at]
        found = np.select([kinds == kind for kind in by_kind], list(by_kind.values()), np.inf)
        free = ~self.holds[at] | _reaches(paid, self._most[at])
        return np.asarray(np.where(free, np.inf, found))

    @property
    def by_cost(self) -> Array:
        """Where a payment follows cost, shape (contracts, years)."""
        return np.isin(self.kind, ("cost", "capitated"))

    def marginal(self) -> tuple[Array, Array, Array]:
        """What a change of activity does to payments, shapes (programmes, years).

        Returns
        -------
        most, least : ndarray
            Most a pool gets back per unit of cost or tariff given up, and least it pays
            for one more, whatever else happens.
        at_tariff : ndarray of bool
            Whether both are shares of the tariff rather than of the cost.
        """
        r = self._rate
        steep = np.where(np.isinf(self._threshold), 1.0, r["marginal_rate"])
        rates = {
            "cost": (1.0, 1.0),
            "block": (self.rebased * 1.0, self.rebased * 1.0),
            "activity": (np.maximum(steep, 1.0), np.minimum(steep, 1.0)),
            "cost_and_volume": (r["up_rate"], 0.0),
            "aligned": (
                np.maximum(r["up_rate"], r["down_rate"]),
                np.minimum(r["up_rate"], r["down_rate"]),
            ),
            "capitated": (
                np.maximum(r["gain_share"], r["loss_share"]),
                np.minimum(
                    np.where(np.isinf(self._gain_cap), r["gain_share"], 0.0),
                    np.where(np.isinf(self._loss_cap), r["loss_share"], 0.0),
                ),
            ),
        }
        limited = ~(np.isinf(self._least) & np.isinf(self._most))
        which = [self.kind == kind for kind in rates]
        shape = self.holds.shape
        most = np.select(which, [np.broadcast_to(m, shape) for m, _ in rates.values()], 0.0)
        least = np.select(which, [np.broadcast_to(x, shape) for _, x in rates.values()], 0.0)
        most, least = most * self.markup, np.where(limited, 0.0, least * self.markup)
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

    def _loosen(self, c: int, most: Array, least: Array, at_tariff: Array) -> None:
        """Where a contract may not hold, a change of activity may count at cost as well."""
        where = np.ix_(self.members[c], self.loose[c])
        cost = self._cost_of_tariff[self.members[c], None]
        at_tariff[where] &= np.isfinite(cost)
        share = np.where(at_tariff[where], cost, 1.0)
        most[where] = np.maximum(most[where], share)
        least[where] = np.minimum(least[where], share)


def _sums(members: list[Array], programmes: int) -> sp.csr_array:
    """Matrix that adds figures of programmes up by contract."""
    who = np.concatenate([np.empty(0, dtype=np.int64), *members])
    ends = np.concatenate([[0], np.cumsum([len(mine) for mine in members])]).astype(np.int64)
    shape = (len(members), programmes)
    return sp.csr_array((np.ones(len(who)), who, ends), shape=shape)


def _reaches(paid: Array, mark: Array) -> Array:
    """Where money comes to a mark, rounding apart: beyond it a driver may move freely."""
    near = np.where(np.isfinite(mark), mark, 0.0)
    near -= _ROUNDING * np.maximum(1.0, np.abs(near))
    return np.asarray(np.isfinite(mark) & (paid >= near))


def _further(paid: Array, mark: Array, rate: Array) -> Array:
    """How far a driver can move for the money beyond a mark."""
    with np.errstate(invalid="ignore"):
        return over(np.maximum(paid - mark, 0.0), rate)


def _short(money: Array, rate: Array) -> Array:
    """How far a driver must fall to save some money; only rounding asks where none is saved."""
    fall = over(money, rate)
    return np.where(np.isinf(fall), 0.0, fall)
