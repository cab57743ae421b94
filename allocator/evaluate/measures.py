"""What rules can measure: figures of a plan over every selection, by year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from allocator.evaluate.accounts import Accounts
from allocator.evaluate.contracts import Payments
from allocator.evaluate.outcomes import Outcomes, Segments
from allocator.evaluate.providers import Providers
from allocator.evaluate.selections import Selections
from allocator.evaluate.tables import Array, Flags, Programmes

IN_MONEY = ("spend", "recurrent_spend", "value", "payment", "position")
"""Measures that are money."""


@dataclass(frozen=True)
class Measured:
    """Figures by programme; column 0 is the base year, then the plan years.

    Attributes
    ----------
    chosen : Selections
        The selections figures are totalled over.
    figures : dict of str to numpy.ndarray
        Measure to figures by programme, without stranded cost; payment only of programmes
        paid at cost and, before the plan, of all at their tariff.
    late : dict of str to numpy.ndarray
        Measure to the stranded cost that may count in it, by programme.
    outcomes, segments : Outcomes, Segments
        Outcomes, unweighted, and whom they reach.
    payments, providers : Payments, Providers
        Contracts and those they pay.
    """

    chosen: Selections
    figures: dict[str, Array]
    late: dict[str, Array]
    outcomes: Outcomes
    segments: Segments
    payments: Payments
    providers: Providers

    def totals(self, kind: str, outcome: int, segment: int) -> tuple[Array, Array]:
        """One measure over every selection and year, and the sizes of its terms summed."""
        if kind == "position":
            return self._positions()
        figures = self._outcome(outcome, segment) if kind == "outcome" else self.figures[kind]
        total, size = self.chosen.total(figures), self.chosen.total(np.abs(figures))
        if kind == "payment":
            paid = self._contracts()
            total, size = total + paid, size + np.abs(paid)
        return total, size

    def _outcome(self, outcome: int, segment: int) -> Array:
        """An outcome by programme, whole or a segment's part of it."""
        size = len(self.segments.share)
        amount = self.outcomes.by_programme(outcome, size)
        if segment >= 0:
            amount = amount * self.segments.share[:, segment, None]
        return np.column_stack([np.zeros(size), amount])

    def _contracts(self) -> Array:
        """What pools pay for the contracts that lie in every selection; none in the base year."""
        contracts = self.payments.contracts
        counted = contracts.replaces | contracts.left
        paid = np.where(counted, self.payments.pool_payment, 0.0)
        counts = self.chosen.whole(contracts.member, len(contracts.names)) @ paid
        return np.column_stack([np.zeros(len(counts)), counts])

    def within(self) -> sp.csr_array:
        """Whether a provider has a programme in a selection, shape (selection, provider)."""
        home = self.providers.of[self.chosen.programme]
        mine = home >= 0
        where = self.chosen.rows[mine], home[mine]
        shape = len(self.chosen.names), len(self.providers.names)
        within = sp.csr_array((np.ones(len(where[0])), where), shape=shape)
        within.data[:] = 1.0  # however many of its programmes are
        return within

    def _positions(self) -> tuple[Array, Array]:
        """Positions of the providers of every selection, stranded cost left out."""
        providers, within = self.providers, self.within()
        cost = providers.cost - providers.stranded
        position = providers.position + providers.stranded
        size = providers.income + np.abs(providers.other_income) + cost
        size = size + np.abs(providers.other_cost)
        nothing = np.zeros((within.shape[0], 1))
        return np.hstack([nothing, within @ position]), np.hstack([nothing, within @ size])

    def stranded_positions(self) -> Array:
        """Stranded cost of the contracted programmes of every selection's providers."""
        late = self.within() @ self.providers.stranded
        return np.column_stack([np.zeros(len(late)), late])


def measure(
    programmes: Programmes,
    activity: Array,
    unmet: Array,
    accounts: Accounts,
    chosen: Selections,
    achieved: tuple[Outcomes, Segments],
) -> Measured:
    """Measures of a plan, with the base year at baseline activity and its prices.

    Parameters
    ----------
    programmes : Programmes
        Names and prices.
    activity, unmet : numpy.ndarray
        Shape (programme, year): what is done, and need left unmet.
    accounts : Accounts
        What it comes to in money.
    chosen : Selections
        The selections rules are about.
    achieved : tuple of Outcomes and Segments
        Outcomes and whom they reach.
    """
    base = programmes.baseline[:, None]
    nothing = np.zeros_like(base)
    unit_cost = programmes.unit_cost[:, None]
    costs = accounts.costs
    spend = np.hstack([unit_cost * base, costs.running])
    late = np.hstack([nothing, costs.stranded])
    at_cost: Flags = ~accounts.payments.contracts.counted
    lasting = programmes.recurrent[:, None]
    payment = np.where(at_cost, spend[:, 1:], 0.0)
    return Measured(
        chosen=chosen,
        figures={
            "spend": spend,
            "recurrent_spend": spend * lasting,
            "payment": np.hstack([programmes.base_tariff[:, None] * base, payment]),
            "activity": np.hstack([base, activity]),
            "value": unit_cost * np.hstack([base, activity]),
            "unmet": np.hstack([nothing, unmet]),
        },
        late={
            "spend": late,
            "recurrent_spend": late * lasting,
            "payment": np.hstack([nothing, np.where(at_cost, costs.stranded, 0.0)]),
        },
        outcomes=achieved[0],
        segments=achieved[1],
        payments=accounts.payments,
        providers=accounts.providers,
    )
