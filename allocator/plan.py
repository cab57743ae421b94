"""A plan: what was decided, how good it is, and how that is known.

Nothing here knows Pyomo or the solver. A plan keeps apart why the solver stopped
(:attr:`Plan.status`) and whether there is something to read (:attr:`Plan.found`);
reading tables of a plan that was not found raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from allocator.errors import AllocatorError

STATUSES = ("optimal", "feasible", "infeasible", "unbounded", "limit")


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
        Objective per unit of money: the mean of the pools' prices, weighted by spending.
    years : int
        Plan years.
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
    def gain_gap(self) -> float | None:
        """Bound less objective, over the gain on the reference plan."""
        if self.missing is None or not self.gain:
            return None
        return self.missing / abs(self.gain)

    @property
    def gap_money(self) -> float | None:
        """Bound less objective at the plan's price of money, in money a year.

        In the instance's money unit; None where the gap or the price is not known, or money
        buys nothing.
        """
        if self.missing is None or self.price_of_money is None or not self.price_of_money > 0:
            return None
        return self.missing / self.price_of_money / max(1, self.years)


@dataclass(frozen=True)
class Plan:
    """The result of a solve.

    Attributes
    ----------
    status : str
        ``optimal`` (with yes-or-no decisions: within the gap asked for), ``feasible`` (kept
        90% of the gain, say), ``infeasible``, ``unbounded`` or ``limit`` (time or nodes ran
        out, or the solve was interrupted; there may be a plan all the same).
    verified : bool
        Whether the independent check found every hard rule kept and the claimed
        objective right.
    max_violation : float
        Largest violation of a hard rule relative to the size of its terms.
    certificate : Certificate
        Objective, bounds and gaps.
    tables : mapping of str to pandas.DataFrame
        The tidy result tables, also reachable as attributes; empty when nothing was found.

        - ``allocation``: programme, label, sector, place, pool, year, baseline_spend,
          reference_spend, spend, change (spend less reference), activity,
          reference_activity, baseline, unmet, avoided, stranded, surcharge, held
        - ``outcomes``: outcome, year, amount, beyond_horizon, value, reference_amount,
          reference_value
        - ``segments``: outcome, segment, year, amount
        - ``rules``: rule, year, label, measure, sense, value, limit, slack, violation,
          soft, penalty, price (objective per unit of the rule's left side, >= 0)
        - ``limits``: programme, year, activity, lo, hi, price (objective per unit of
          activity if the binding limit moved out, >= 0)
        - ``capacity``: resource, place, year, used, amount, extra, slack, price
        - ``budgets``: pool, year, amount, spend, at_cost, contract_payments, funded,
          adjustments, extra_cost, option_cost, option_income, incomes (received in the year),
          held_back, exit_fees, transfers_in, transfers_out, carry_in, carry_out, slack,
          recurrent_income, recurrent_spend, underlying, support, capital_amount, capital_spend,
          price (objective per unit of money)
        - ``transfers``: from_pool, to_pool, year, amount
        - ``funding``: programme, pool, year, paid, share, share_min, share_max
        - ``adjustments``: pool, year, kind, item, amount
        - ``contracts``: contract, year, type, provider, pool, payment, pool_payment, cost,
          value, fixed, stranded, state, ended, suspended, exit_fee
        - ``providers``: provider, year, income, contract_income, other_income,
          adjustments, other_cost, cost, position, deficit_max, slack, price (objective per
          unit of deficit allowed, >= 0)
        - ``system``: year, pools, held, providers, underlying (the sum of these), support (see
          :attr:`allocator.evaluate.evaluation.Evaluation.system`)
        - ``bridge``: pool, sector, year, step, recurrent, capital, amount (see
          :func:`allocator.evaluate.bridge.bridge`)
        - ``options``: option, label, group, year, taken, in_place (share of the year),
          cost_once, cost_yearly, double_running, cost_exit, capital (money of the year), pool
          (that pays), programme, reference_taken
        - ``incomes``: income, part, label, pool, year (measured), received (year; 0 beyond
          the plan), measure, sense, value, threshold, full, earned (share), amount (money
          earned), held_back (money taken off in the year measured)
        - ``decisions``: kind, name, count (yes-or-no decisions), why
        - ``decision_worth``: only where it was asked for, see
          :class:`allocator.planning.worth.DecisionWorth`
        - Prices of a plan with yes-or-no decisions are those of the linear programme with
          the decisions fixed.
    model : dict
        name, rows, columns, nonzeros, integers.
    solver : dict
        name, version, algorithm that ran, options read back, direct (whether many solves in
        turn can use HiGHS's own library; otherwise they give the same answers, but more
        slowly). With yes-or-no decisions also nodes, fixed_for_prices (decisions fixed to
        have prices), interrupted, primal_log (seconds and objective of each better plan),
        start (what became of the plan the solve was to start from).
    seconds : dict
        read, build, compile, handover, solve, readback, verify, total.
    instance : dict
        name, sha256 and evidence (low, central or high).
    versions : dict
        Versions of everything the result depends on.
    weak_share : float or None
        Share of the gain that rests on evidence graded C, D or not graded, or on a binding
        limit that is only assumed.
    conflict : tuple of str
        For an infeasible instance: rules, limits and budgets, in the planner's words,
        that cannot hold together; empty when none was found.
    """

    status: str
    verified: bool
    max_violation: float | None
    certificate: Certificate
    tables: Mapping[str, pd.DataFrame]
    model: dict[str, Any]
    solver: dict[str, Any]
    seconds: dict[str, float]
    instance: dict[str, str]
    versions: dict[str, str] = field(default_factory=dict)
    weak_share: float | None = None
    conflict: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is a plan to read."""
        return bool(self.tables)

    @property
    def objective(self) -> float | None:
        """Value of the plan, as the programme counts it."""
        return self.certificate.objective

    @property
    def reference_objective(self) -> float | None:
        """Value of the reference plan."""
        return self.certificate.reference_objective

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        tables = self.__dict__.get("tables", {})
        if name in tables:
            table: pd.DataFrame = tables[name]
            return table
        if name in TABLE_NAMES:
            raise AllocatorError(f"there is no plan to read {name} from: status {self.status}")
        raise AttributeError(f"a plan has no table or attribute {name!r}")

    def to_dict(self) -> dict[str, Any]:
        """Everything but the tables, as ``solve --json`` prints it."""
        c = self.certificate
        summary: dict[str, Any] = {
            "status": self.status,
            "objective": c.objective,
            "reference_objective": c.reference_objective,
            "bound": c.bound,
            "gap": c.gap,
            "gain": c.gain,
            "gain_gap": c.gain_gap,
            "gap_money": c.gap_money,
            "price_of_money": c.price_of_money,
            "certified_bound": c.certified_bound,
            "root_bound": c.root_bound,
            "integer": c.integer,
            "nodes": self.solver.get("nodes"),
            "curve_error": c.curve_error,
            "true_objective": c.true_objective,
            "verified": self.verified,
            "max_violation": self.max_violation,
            "weak_share": self.weak_share,
            "conflict": list(self.conflict),
            "model": self.model,
            "solver": self.solver,
            "seconds": self.seconds,
            "instance": self.instance,
            "versions": self.versions,
            "sectors": [],
            "outcomes": [],
        }
        if self.found:
            sectors = self.sectors()
            summary["sectors"] = sectors[["sector", "year", "baseline", "spend"]].to_dict("records")
            amounts = self.outcomes[["outcome", "year", "amount"]]
            summary["outcomes"] = amounts.to_dict("records")
        return summary

    def sectors(self) -> pd.DataFrame:
        """Spend by sector and year.

        Returns
        -------
        pandas.DataFrame
            sector, year, baseline, reference, spend; money in the instance's unit.
        """
        money = self.allocation.groupby(["sector", "year"], sort=False, as_index=False)[
            ["baseline_spend", "reference_spend", "spend"]
        ].sum()
        return money.rename(columns={"baseline_spend": "baseline", "reference_spend": "reference"})


TABLE_NAMES = (
    "allocation",
    "outcomes",
    "segments",
    "rules",
    "limits",
    "capacity",
    "budgets",
    "transfers",
    "funding",
    "adjustments",
    "contracts",
    "providers",
    "system",
    "bridge",
    "options",
    "incomes",
    "decisions",
)
