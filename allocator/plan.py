"""A plan: what was decided, how good it is, and how that is known.

Nothing here knows Pyomo or the solver. A plan keeps apart why the solver stopped
(:attr:`Plan.status`) and whether there is something to read (:attr:`Plan.found`);
reading tables of a plan that was not found raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import pandas as pd

from allocator.errors import AllocatorError
from allocator.overview import as_html, as_text, lacking
from allocator.words import number

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


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that would have to be set otherwise, and by how much.

    Attributes
    ----------
    kind : str
        ``pool`` or ``capital`` (money), ``capacity``, ``rule``, ``limit`` (of activity),
        ``need`` (to be met), ``deficit`` (a provider may run) or ``ceiling`` (of a contract).
    name : str
        Pool, resource with its place, rule, programme, provider or contract.
    year : int or None
        Plan year.
    amount : float
        How much, in its unit.
    unit : str
        ``money`` for the instance's money unit; else the planner's own unit, or blank.
    price : float
        Money per unit at which it was weighed against others.
    what : str
        What would have to be set otherwise, in words.
    more : bool
        Whether it would have to be higher.
    """

    kind: str
    name: str
    year: int | None
    amount: float
    unit: str
    price: float
    what: str
    more: bool


@dataclass(frozen=True)
class Shortfall:
    """The least that would have to give way for there to be a plan.

    Attributes
    ----------
    way : str
        ``money``, ``capacity`` or ``rule``, where that alone is enough; else ``mix``, of all.
    missing : tuple of Missing
        One way to share the least out: with these amounts there is a plan.
    total : float
        All of it, in money.
    least : float
        Proved: less than this is not enough.
    enough : bool
        Whether the amounts are proved to be enough; otherwise they are no more than a least.
    """

    way: str
    missing: tuple[Missing, ...]
    total: float
    least: float
    enough: bool

    @property
    def exact(self) -> bool:
        """Whether the amounts are both enough and the least."""
        return self.enough and self.least >= self.total

    def to_dicts(self) -> list[dict[str, Any]]:
        """One record for each thing that is missing."""
        keys = ("kind", "name", "year", "amount", "unit", "what")
        common = {"way": self.way, "at_least": not self.exact, "least_total": self.least}
        return [{key: getattr(m, key) for key in keys} | common for m in self.missing]


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
        - PRICES are four columns. ``price``: objective that a little more room buys, per unit,
          and ``price_range``: for how many units it holds (a change below 5% is none), as far
          as was looked (once more what there is). ``price_less`` and ``price_less_range``: what
          a little less costs, as far as half of what there is; infinite where there cannot be
          less. Blank where nobody limits anything, or nobody knows. Infinite figures are
          written ``inf`` in CSVs (``"inf"`` in JSON) and read back as such.
        - Prices of a plan with yes-or-no decisions hold with the decisions fixed, and with
          held programmes where they are.
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
    shortfall: tuple[Shortfall, ...] = ()

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
