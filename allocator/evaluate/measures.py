"""What rules can measure: figures of a plan over every selection, by year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.arrays import Floats
from allocator.evaluate.accounts import Accounts
from allocator.evaluate.outcomes import Outcomes
from allocator.evaluate.payments import Payments
from allocator.evaluate.programmes import Programmes
from allocator.evaluate.providers import Books
from allocator.evaluate.segments import Segments
from allocator.evaluate.selections import Members, Selections

IN_MONEY = ("spend", "recurrent_spend", "value", "payment", "position")
"""Measures that are told in money."""

IN_POUNDS = ("spend", "recurrent_spend", "payment", "position")
"""Measures of which an amount is kept to the penny."""


@dataclass(frozen=True)
class Measured:
    """Figures by programme; column 0 is the base year, then the plan years.

    Attributes
    ----------
    selections : Selections
        The selections figures are totalled over.
    figures : dict of str to numpy.ndarray
        Measure to figures by programme, without stranded cost; payment only of programmes
        paid at cost and, before the plan, of all at their tariff.
    late : dict of str to numpy.ndarray
        Measure to the stranded cost that may count in it, by programme.
    outcomes, segments : Outcomes, Segments
        Outcomes, unweighted, and whom they reach.
    payments, books : Payments, Books
        Contracts and those they pay.
    """

    selections: Selections
    figures: dict[str, Floats]
    late: dict[str, Floats]
    outcomes: Outcomes
    segments: Segments
    payments: Payments
    books: Books

    def totals(self, kind: str, outcome: int, segment: int) -> tuple[Floats, Floats]:
        """One measure over every selection and year, and the sizes of its terms summed."""
        if kind == "position":
            return self._positions()
        figures = self._outcome(outcome, segment) if kind == "outcome" else self.figures[kind]
        total, size = self.selections.total(figures), self.selections.total(np.abs(figures))
        if kind == "payment":
            paid = self._contracts()
            total, size = total + paid, size + np.abs(paid)
        return total, size

    def _outcome(self, outcome: int, segment: int) -> Floats:
        """An outcome by programme, whole or a segment's part of it."""
        amount = self.outcomes.by_programme(outcome)
        if segment >= 0:
            amount = amount * self.segments.share[:, segment, None]
        return _from_base(np.zeros(len(amount)), amount)

    def _contracts(self) -> Floats:
        """What pools pay for the contracts that lie in every selection; none in the base year."""
        contracts = self.payments.contracts
        paid = np.where(contracts.counted, self.payments.pool_payment, 0.0)
        whole = self.selections.whole(contracts.member, len(contracts.names))
        return _from_base(np.zeros(whole.groups), whole.total(paid))

    def _providers(self) -> Members:
        """Providers that have a programme in every selection."""
        return self.selections.some(self.books.providers.of, len(self.books.providers.names))

    def _positions(self) -> tuple[Floats, Floats]:
        """Positions of the providers of every selection, stranded cost left out."""
        books, within = self.books, self._providers()
        other, cost = books.providers, books.cost - books.stranded
        size = books.income + np.abs(other.other_income) + cost + np.abs(other.other_cost)
        nothing = np.zeros(within.groups)
        position = within.total(books.position + books.stranded)
        return _from_base(nothing, position), _from_base(nothing, within.total(size))

    def stranded_positions(self) -> Floats:
        """Stranded cost of the contracted programmes of every selection's providers."""
        late = self._providers().total(self.books.stranded)
        return _from_base(np.zeros(len(late)), late)


def _from_base(base: Floats, plan: Floats) -> Floats:
    """Figures of the base year and then of the plan years."""
    return np.column_stack([base, plan])


def measure(
    programmes: Programmes,
    activity: Floats,
    unmet: Floats,
    accounts: Accounts,
    selections: Selections,
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
    selections : Selections
        The selections rules are about.
    achieved : tuple of Outcomes and Segments
        Outcomes and whom they reach.
    """
    nothing = np.zeros(len(activity))
    spending, contracts = accounts.spending, accounts.payments.contracts
    done = _from_base(programmes.baseline, activity)
    spend = _from_base(programmes.base_spend, spending.running)
    late = _from_base(nothing, spending.stranded)
    at_cost = ~contracts.by_programme(contracts.counted)
    lasting = programmes.recurrent[:, None]
    return Measured(
        selections=selections,
        figures={
            "spend": spend,
            "recurrent_spend": spend * lasting,
            "payment": _from_base(
                programmes.base_payment, np.where(at_cost, spending.running, 0.0)
            ),
            "activity": done,
            "value": programmes.unit_cost[:, None] * done,
            "unmet": _from_base(nothing, unmet),
        },
        late={
            "spend": late,
            "recurrent_spend": late * lasting,
            "payment": _from_base(nothing, np.where(at_cost, spending.stranded, 0.0)),
        },
        outcomes=achieved[0],
        segments=achieved[1],
        payments=accounts.payments,
        books=accounts.books,
    )
