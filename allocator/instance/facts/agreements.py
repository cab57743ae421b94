"""Contracts that replace cost by a payment, and the least each of them can pay."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from allocator.instance.facts.costs import over
from allocator.instance.facts.decisions import Decisions
from allocator.instance.facts.heads import Heads
from allocator.instance.facts.payment import DRIVERS, Terms
from allocator.instance.facts.prices import Prices
from allocator.instance.tables.by_year import ByYear, by_year
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import BLANK_YEAR, Array, Rows, positions_of

_ROUNDING = 1e-9
_ENDLESS = 1e30


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
    endable : ndarray of bool, shape (contracts, years)
        Where it may be ended early, for the exit fee of the year.
    exit_fee : ndarray, shape (contracts, years)
    loose : ndarray of bool, shape (contracts, years)
        Where it may have been ended early or suspended: activity is then paid at cost.
    terms : Terms
        What decides the payments, arrays of shape (contracts, years).
    lead : ndarray of str, shape (contracts, years)
        Provider that is paid the overhead; blank for none.
    bonus_outcome : ndarray of str, shape (contracts, years)
        Outcome that a payment follows; blank for none.
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
        assert draft.settings is not None
        prices = Prices(programmes, draft.settings)
        self.tariff = prices.tariff
        self._baseline = programmes["baseline"]
        self._cost_of_tariff = over(programmes["unit_cost"], prices.base_tariff)
        self._read_times(draft, rows)
        self._read_endings(draft, decisions)
        self.terms = self._read_terms(draft, prices)
        self._unknown = self._may_lose(draft, decisions)
        self.replaced = np.zeros(self.tariff.shape, dtype=bool)
        for mine, holds in zip(self.members, self.holds, strict=True):
            self.replaced[mine] = holds

    def _read_times(self, draft: Draft, rows: Rows) -> None:
        year = np.array(draft.years)[None, :]
        start, end = self._grid.words("start", BLANK_YEAR), self._grid.words("end", BLANK_YEAR)
        rebasing = self._grid.words("rebasing_year", BLANK_YEAR)
        inside = (start == BLANK_YEAR) | (start <= year)
        inside &= (end == BLANK_YEAR) | (end >= year)
        index = self._grid.index
        paid = replaces_cost(rows)[index] if len(rows) else np.zeros(index.shape, dtype=bool)
        self.kind = self._grid.words("type")
        self.lead, self.bonus_outcome = (self._grid.words(c) for c in ("lead", "bonus_outcome"))
        self.holds = inside & paid & (index >= 0)
        self.rebased = (rebasing != BLANK_YEAR) & (rebasing <= year) & (self.kind == "block")
        self.lines = self._grid.lines()

    @property
    def in_force(self) -> tuple[Array, Array]:
        """Contract and year of every payment, in the order of the rows that hold."""
        _, contract, t = self._grid.in_force
        some = self.holds[contract, t]
        return contract[some], t[some]

    def _read_endings(self, draft: Draft, decisions: Decisions | None) -> None:
        """Where a contract may have been ended after its notice, or suspended by an option."""
        first = draft.years[0]
        start = np.maximum(self._grid.words("start", BLANK_YEAR), first)
        elapsed = np.array(draft.years)[None, :] - start
        with np.errstate(invalid="ignore"):
            self.endable = self.holds & (elapsed >= self._grid.values("notice_years"))
        self.loose = self.holds & np.logical_or.accumulate(self.endable, axis=1)
        if decisions is not None:
            suspended = decisions.of("contract")
            for c, name in enumerate(self.names):
                if name in suspended:
                    self.loose[c] |= self.holds[c] & decisions.stopped("contract", name)[0]

    def _read_terms(self, draft: Draft, prices: Prices) -> Terms:
        value, programmes = self._grid.values, draft["programmes"]
        growth = prices.compounded(value("uplift"))
        covers = self.holds & ~self.rebased & (self.kind == "block")

        def amount(column: str, blank: float) -> Array:
            scaled: Array = value(column) * growth
            return np.where(np.isnan(scaled), blank, scaled)

        of_base = np.array([prices.base_tariff[m] @ self._baseline[m] for m in self.members])
        fixed = np.where(np.isnan(value("fixed")), of_base[:, None], value("fixed")) * growth
        volume = amount("volume", np.nan)
        self.covered = np.where(covers, amount("ceiling", np.inf), np.inf)
        self.ceiling = np.where(self.loose, np.inf, self.covered)
        self.markup = 1.0 + value("overhead", 0.0)
        self.exit_fee = amount("exit_fee", 0.0)
        places = Heads(by_year(draft["places"], draft.years))
        heads = [places.among(programmes["place"][m].tolist()) for m in self.members]
        at_baseline = np.array(
            [[paid @ self._baseline[m] for paid in self.tariff[m].T.copy()] for m in self.members]
        )
        rates = ("up_rate", "down_rate", "marginal_rate", "gain_share", "loss_share")
        rate = {name: value(name, 0.0) for name in rates}
        return Terms(
            kind=self.kind,
            fixed=fixed,
            rebased=self.rebased,
            threshold=amount("threshold", np.inf),
            volume=np.where(np.isnan(volume), fixed, volume),
            at_baseline=at_baseline.reshape(growth.shape),
            budget=amount("per_head", 0.0) * np.array(heads).reshape(growth.shape),
            gain_cap=amount("gain_cap", np.inf),
            loss_cap=amount("loss_cap", np.inf),
            bonus=amount("bonus", 0.0),
            bonus_threshold=value("bonus_threshold"),
            bonus_step=amount("bonus_step", 0.0),
            least=amount("min_income", -np.inf),
            most=amount("max_income", np.inf),
            **rate,
        )

    def _may_lose(self, draft: Draft, decisions: Decisions | None) -> Array:
        """Where the outcome that earns a bonus could be negative."""
        names = draft["programmes"]["programme"]
        wanted = self.bonus_outcome
        found = np.zeros(self.holds.shape, dtype=bool)
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
                found[c] |= [(name, k) in losses for k in wanted[c].tolist()]
        return found

    def payment(self, value: Array, cost: Array) -> Array:
        """Payment of each contract and year before any overhead.

        Parameters
        ----------
        value, cost : ndarray, shape (contracts, years)
            Activity of its programmes at tariff, and what it costs. A payment never falls
            as these rise, so the least of them give the least payment.
        """
        driver = np.where(self.by_cost, np.maximum(cost, -_ENDLESS), value)
        paid = self.terms.paid(np.where(self.kind == "outcome", 0.0, driver))
        return np.where(self._unknown, self.terms.least, paid)

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
        of = self.terms.take(at)
        by_kind = {
            "cost": paid,
            "block": np.where(of.rebased, paid, np.inf),
            "activity": np.where(
                _reaches(paid, of.threshold),
                of.threshold + _further(paid, of.threshold, of.marginal_rate),
                paid,
            ),
            "cost_and_volume": of.volume + _further(paid, of.fixed, of.up_rate),
            "aligned": of.at_baseline
            + np.where(
                _reaches(paid, of.fixed),
                _further(paid, of.fixed, of.up_rate),
                -_short(of.fixed - paid, of.down_rate),
            ),
            "capitated": np.where(
                _reaches(paid, of.budget + of.loss_cap),
                np.inf,
                np.where(
                    _reaches(paid, of.budget),
                    of.budget + _further(paid, of.budget, of.loss_share),
                    of.budget - _short(of.budget - paid, of.gain_share),
                ),
            ),
        }
        found = np.select([of.kind == kind for kind in by_kind], list(by_kind.values()), np.inf)
        free = ~self.holds[at] | _reaches(paid, of.most)
        return np.asarray(np.where(free, np.inf, found))

    @property
    def by_cost(self) -> Array:
        """Where a payment follows cost, shape (contracts, years)."""
        return np.isin(self.kind, [kind for kind, what in DRIVERS.items() if what == "cost"])

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
        of = self.terms
        steep = np.where(np.isinf(of.threshold), 1.0, of.marginal_rate)
        rates = {
            "cost": (1.0, 1.0),
            "block": (self.rebased * 1.0, self.rebased * 1.0),
            "activity": (np.maximum(steep, 1.0), np.minimum(steep, 1.0)),
            "cost_and_volume": (of.up_rate, 0.0),
            "aligned": (
                np.maximum(of.up_rate, of.down_rate),
                np.minimum(of.up_rate, of.down_rate),
            ),
            "capitated": (
                np.maximum(of.gain_share, of.loss_share),
                np.minimum(
                    np.where(np.isinf(of.gain_cap), of.gain_share, 0.0),
                    np.where(np.isinf(of.loss_cap), of.loss_share, 0.0),
                ),
            ),
        }
        limited = ~(np.isinf(of.least) & np.isinf(of.most))
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
