"""How good a plan is proved to be."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True)
class Certificate:
    """How good a plan is proved to be; all in units of the objective.

    Made without figures, it says that nothing is known.

    Attributes
    ----------
    objective, reference_objective : float or None
        Value of the plan and of the reference plan, as the programme counts it.
    bound : float or None
        The solver's own bound on the best objective.
    certified_bound : float or None
        Bound recomputed from the duals with rounding carried outward; no plan the rules
        allow is worth more on the chords. None for integer programmes, whose bound is the
        solver's word, or without duals.
    curve_error : float
        What the chords may leave out: no plan is worth more than
        ``certified_bound + curve_error`` on the true curves.
    true_objective : float or None
        Value of the plan on the true curves, from the independent check.
    root_bound : float or None
        Integer programmes: the bound before the first decision was branched on.
    integer : bool
        Whether the programme has yes-or-no decisions.
    price_of_money : float or None
        Objective that a little more money buys, per unit: the mean of the pools' prices,
        weighted by spending.
    years : int
        Plan years.
    penalties, reference_penalties : float
        What is taken off the plan and the reference plan for soft rules that they miss.
    allowed : float or None
        What may be missing for the decisions to count as best, as it was asked for: a share of
        the weighted outcomes gained, or next to nothing where nothing is; None for linear
        programmes.
    calm_cost : float
        What the plan gave up to move fewer pounds: no more than rounding, unless less than the
        whole gain was to be kept.
    """

    objective: float | None = None
    reference_objective: float | None = None
    bound: float | None = None
    certified_bound: float | None = None
    curve_error: float = 0.0
    true_objective: float | None = None
    root_bound: float | None = None
    integer: bool = False
    price_of_money: float | None = None
    years: int = 1
    penalties: float = 0.0
    reference_penalties: float = 0.0
    allowed: float | None = None
    calm_cost: float = 0.0

    @property
    def best_bound(self) -> float | None:
        """The certified bound where there is one, otherwise the solver's."""
        return self.bound if self.certified_bound is None else self.certified_bound

    @property
    def missing(self) -> float | None:
        """Objective by which some plan may be better, on the chords; not negative."""
        best = self.best_bound
        if best is None or self.objective is None:
            return None
        return max(0.0, best - self.objective)

    @property
    def possible_more(self) -> float | None:
        """Objective by which some plan may be better, on the true curves; not negative."""
        known = [b for b in (self.certified_bound, self.bound) if b is not None and isfinite(b)]
        if self.objective is None or not known:
            return None
        value = self.objective if self.true_objective is None else self.true_objective
        return max(0.0, known[0] + self.curve_error - value)

    @property
    def gap(self) -> float | None:
        """Bound less objective, over the objective's size."""
        if self.missing is None or self.objective is None:
            return None
        return self.missing / max(1.0, abs(self.objective))

    @property
    def gain(self) -> float | None:
        """Objective gained over the reference plan."""
        if self.objective is None or self.reference_objective is None:
            return None
        return self.objective - self.reference_objective

    @property
    def outcome_gain(self) -> float | None:
        """Weighted outcomes gained over the reference plan: the gain without penalties."""
        if self.gain is None:
            return None
        return self.gain + self.penalties - self.reference_penalties

    @property
    def gain_gap(self) -> float | None:
        """Bound less objective, over the weighted outcomes gained on the reference plan."""
        if self.missing is None or not self.outcome_gain:
            return None
        return self.missing / abs(self.outcome_gain)

    @property
    def gap_money(self) -> float | None:
        """What another plan could be worth more, at the plan's price of money, a year.

        In the instance's money unit; None where either is not known, or a little more money
        buys nothing.
        """
        more, price = self.possible_more, self.price_of_money
        if more is None or price is None or not price > 0:
            return None
        return more / price / max(1, self.years)
