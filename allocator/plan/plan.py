"""A plan: what was decided.

A plan keeps apart why the solver stopped (:attr:`Plan.status`) and whether there is something
to read (:attr:`Plan.found`); reading tables of a plan that was not found raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from allocator.errors import AllocatorError
from allocator.overview import as_html, as_text, lacking
from allocator.plan.certificate import Certificate
from allocator.plan.prices import side_by_side
from allocator.plan.shortfall import Shortfall
from allocator.words import number

APART, NOT_APART = "told apart", "not told apart"
AS_LOOKED = "told apart, ranges as far as looked"
"""Whether what more buys and what less costs are two prices, or one that stands for both."""


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
          reference_activity, baseline, unmet, avoided, stranded, surcharge, held, held_reason
          (said, unvalued, avoids only or class; blank where it is not held), given_up (money by
          which a held programme lies below the activity it is held at)
        - ``held``: pool, year, order (held_order), level (money of its held programmes at the
          activity they are held at), given_up (money by which they lie below it), share (of the
          way to the least they can do), even (whether each of them gives way by that share),
          raised (money by which some lie above it), reference_given_up
        - ``outcomes``: outcome, year, amount, beyond_horizon, value, reference_amount,
          reference_value
        - ``worth``: part (outcomes, harm, penalties, later savings), plan, reference: what the
          objective is made of, in its points
        - ``segments``: outcome, segment, year, amount, reference_amount
        - ``rules``: rule, year, label, measure, sense, value, limit, slack, violation,
          soft, penalty, PRICES (per unit of the rule's left side; of an equal one, what it is
          worth to miss it the better way)
        - ``limits``: programme, year, activity, lo, hi, held, side (``most`` or ``least``:
          where it stands and has its price), PRICES (per unit of activity); the years in which
          a limit that somebody set binds a programme that is not held
        - ``capacity``: resource, place, year, used, amount, extra, slack, PRICES
        - ``budgets``: pool, year, amount, spend, at_cost, contract_payments, funded,
          adjustments, extra_cost, option_cost, option_income, incomes (received in the year),
          held_back, exit_fees, transfers_in, transfers_out, carry_in, carry_out, slack,
          recurrent_income, recurrent_spend, underlying, support, capital_amount, capital_spend,
          PRICES (per unit of money; with ``recurrent_balance`` of money that comes every year)
        - ``transfers``: from_pool, to_pool, year, amount, PRICES (per unit of money that may
          be handed over)
        - ``funding``: programme, pool, year, paid, share, share_min, share_max, side (at its
          ``most`` or ``least``), PRICES (per unit of money by which the agreement gives way: the
          other pools' shares with it)
        - ``adjustments``: pool, year, kind, item, amount
        - ``contracts``: contract, year, type, provider, pool, payment, pool_payment, cost,
          value, fixed, stranded, state, ended, suspended, exit_fee, reference_ended,
          reference_stranded
        - ``providers``: provider, year, income, contract_income, other_income,
          adjustments, other_cost, cost, position, deficit_max, slack, PRICES (per unit of
          deficit allowed)
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
        - PRICES are five columns. ``price``: objective that a little more room buys, per unit,
          and ``price_range``: for how many units it holds (a change below 5% is none), as far
          as was looked (once more what there is). ``price_less`` and ``price_less_range``: what
          a little less costs, as far as half of what there is; infinite where there cannot be
          less. Blank where nobody limits anything, or nobody knows. ``price_sides`` is ``told
          apart``, or ``not told apart`` in rounds too large to be solved again: one price, a
          dual, stands in both columns then, and more buys at most that and less costs at least
          that, without a range. ``told apart, ranges as far as looked``: curves that steepen are
          filled as the plan fills them as far as the range goes, as there are too many ways to
          search them all; a range may then be too long. Infinite figures are
          written ``inf`` in CSVs (``"inf"`` in JSON) and read back as such.
        - Prices of a plan with yes-or-no decisions hold with the decisions fixed, and with
          held programmes where they are.
        - ``extra``: only where ``extra(model, data)`` added rows: row, name, value (of the left
          side), lower, upper, side (``least``, ``most`` or ``exact``), PRICES (per unit of the
          left side; of an exact one, what it is worth to miss it the better way)
        - ``decision_worth``: only where it was asked for, see
          :class:`allocator.planning.worth.DecisionWorth`
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
        that cannot hold together, the most telling first; empty when none was found.
    conflict_needed : bool
        Whether each of these was shown to be needed: the others can hold together without it.
    shortfall : tuple of Shortfall
        For an infeasible instance: how much is missing, by money, by capacity and by rules
        alone where that is enough, else by the least mix of everything.
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
    conflict_needed: bool = False
    shortfall: tuple[Shortfall, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is a plan to read."""
        return bool(self.tables)

    @property
    def price_sides(self) -> str:
        """Whether prices of money are ``told apart`` or ``not told apart``; blank without any.

        See PRICES in :attr:`tables`: one price that is less well known makes all of them so.
        """
        budgets = self.tables.get("budgets")
        if budgets is None or "price_sides" not in budgets:
            return ""
        sides = set(budgets["price_sides"])
        return next((said for said in (NOT_APART, AS_LOOKED, APART) if said in sides), "")

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
        raise lacking("a plan", name, dir(self))

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.__dict__.get("tables", ())})

    def __repr__(self) -> str:
        return as_text(*self._overview())

    def _repr_html_(self) -> str:
        return as_html(*self._overview())

    def _overview(self) -> tuple[str, dict[str, str], dict[str, int]]:
        """Title, facts and rows by table."""
        c, said = self.certificate, self.instance
        figures = {"objective": c.objective, "reference": c.reference_objective, "bound": c.bound}
        checked = "verified" if self.verified else "not verified"
        facts = {
            "instance": said.get("name", ""),
            "evidence": said.get("evidence", ""),
            **{name: "" if f is None else number(f) for name, f in figures.items()},
            "in conflict": "; ".join(self.conflict),
        }
        title = f"Plan: {self.status}, {checked if self.found else 'no plan was found'}"
        return title, facts, {name: len(table) for name, table in self.tables.items()}

    @property
    def prices(self) -> pd.DataFrame:
        """All that has a price, side by side: pools, capacity, rules, limits and what was added.

        Returns
        -------
        pandas.DataFrame
            table (whose row it is), name, year (absent where a row has none), side (blank where
            it has but one) and PRICES, as the tables have them; what nobody limits, or nobody
            knows the price of, is left out.
        """
        if not self.found:
            raise AllocatorError(f"there is no plan to read prices from: status {self.status}")
        return side_by_side(self.tables)

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
            "outcome_gain": c.outcome_gain,
            "penalties": c.penalties,
            "reference_penalties": c.reference_penalties,
            "gain_gap": c.gain_gap,
            "gap_allowed": c.allowed,
            "gap_money": c.gap_money,
            "calm_cost": c.calm_cost,
            "price_of_money": c.price_of_money,
            "price_sides": self.price_sides,
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
            "conflict_needed": self.conflict_needed,
            "shortfall": [record for way in self.shortfall for record in way.to_dicts()],
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
    "held",
    "outcomes",
    "worth",
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
