"""The least that contracts can cost their pools, and the most activity that some money pays for."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from allocator.arrays import Flags, Floats, Ints
from allocator.instance.facts.agreements import Agreements
from allocator.instance.facts.decisions import Decisions
from allocator.tolerances import ENDLESS


class Commitments:
    """What contracts can cost their pools.

    Parameters
    ----------
    agreements : Agreements
        Contracts in force.
    decisions : Decisions
        What options may change.
    names : ndarray of str
        Programmes.
    losses : frozenset of (programme, outcome)
        Where an outcome could be negative.

    Attributes
    ----------
    loose : ndarray of bool, shape (contracts, years)
        Where a contract may have been ended early or suspended by an option: activity is then
        paid at cost.
    ceiling : ndarray, shape (contracts, years)
        Most activity at tariff that a block covers; inf for any, and where it is loose.
    """

    def __init__(
        self,
        agreements: Agreements,
        decisions: Decisions,
        names: Iterable[str],
        losses: frozenset[tuple[str, str]],
    ) -> None:
        self._agreements, self._terms = agreements, agreements.terms
        members = agreements.members
        self._who = np.concatenate([np.empty(0, dtype=np.int64), *members])
        self._whose = np.repeat(np.arange(len(members)), [len(mine) for mine in members])
        self.loose = agreements.loose.copy()
        suspended = decisions.of("contract")
        for c, name in enumerate(agreements.names):
            if name in suspended:
                self.loose[c] |= agreements.holds[c] & decisions.stopped("contract", name)[0]
        self.ceiling = np.where(self.loose, np.inf, agreements.ceiling)
        every = list(names)
        self._unknown = np.zeros(self.loose.shape, dtype=bool)
        for c, outcomes in enumerate(agreements.bonus_outcome.tolist()):
            for i in agreements.members[c].tolist():
                self._unknown[c] |= [(every[i], k) in losses for k in outcomes]

    def payment(self, value: Floats, cost: Floats) -> Floats:
        """Payment of each contract and year before any overhead.

        Parameters
        ----------
        value, cost : ndarray, shape (contracts, years)
            Activity of its programmes at tariff, and what it costs. A payment never falls
            as these rise, so the least of them give the least payment.
        """
        follows = np.where(self._agreements.by_cost, np.maximum(cost, -ENDLESS), value)
        # What earns a bonus is at least nothing where none of it can be taken off.
        follows = np.where(self._agreements.kind == "outcome", 0.0, follows)
        return np.where(self._unknown, self._terms.least, self._terms.paid(follows))

    def worth(self, activity: Floats) -> Floats:
        """Activity of each contract's programmes at tariff, shape (contracts, years)."""
        return self.total(self._agreements.tariff * activity)

    def total(self, of_programmes: Floats) -> Floats:
        """Sum over the programmes of each contract, shape (contracts, years)."""
        size, each = len(self._agreements.members), of_programmes[self._who]
        return np.stack([np.bincount(self._whose, year, size) for year in each.T], axis=1)

    def least(self, lo: Floats, floors: Floats, counted: Flags | None = None) -> Floats:
        """Least each contract can cost its pool, shape (contracts, years).

        Parameters
        ----------
        lo, floors : ndarray, shape (programmes, years)
            Least activity, and the least it costs.
        counted : ndarray of bool, shape (programmes,), optional
            Programmes whose cost counts where the contract does not hold; by default all.
        """
        paid = self.in_force(lo, floors)
        if self.loose.any():
            cost = floors if counted is None else floors * counted[:, None]
            paid = np.where(self.loose, np.minimum(paid, self.total(cost)), paid)
        return np.where(self._agreements.holds, paid, 0.0)

    def in_force(self, lo: Floats, floors: Floats) -> Floats:
        """Least each contract can cost its pool while it holds, shape (contracts, years).

        Parameters are those of :meth:`least`.
        """
        paid: Floats = self.payment(self.worth(lo), self.total(floors))
        return paid * self._agreements.markup

    def most_followed(self, paid: Floats, at: Ints) -> Floats:
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
        agreed = self._agreements
        free = ~agreed.holds[at] | (agreed.kind[at] == "outcome")
        return np.where(free, np.inf, self._terms.reach(paid, at))
