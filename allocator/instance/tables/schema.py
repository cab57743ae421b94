"""The tables of an instance: every column declared once.

Each table is a :class:`pandera.DataFrameSchema`. A column carries, as metadata,
what a planner needs to know to fill it: kind, unit, meaning, default, whether it
is part of the key, which table it refers to and which words it accepts. Reading,
checking, the starter instance and the reference page all work from here, so none
of them can drift.

Kinds
-----
text      any words; blank is the empty string
choice    one of the listed words
number    a finite decimal number
integer   a whole number
year      a plan year; blank means every plan year
flag      yes or no
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandera.pandas as pa

REQUIRED = "required"
"""Default of a column that must be there and must not be blank."""

NO_VALUE = None
"""Default of a number that may be left blank and is then absent (NaN)."""

CLASSES = ("emergency", "entitlement", "safety", "discretionary")
SHAPES = ("linear", "power", "saturating", "logistic", "points")
LIMIT_BASES = ("activity", "baseline", "growth")
BUDGET_KINDS = ("recurrent", "non_recurrent", "capital", "grant")
ADJUSTMENT_KINDS = (
    "full_year_effect",
    "pressure",
    "efficiency",
    "double_running",
    "reserve",
    "deficit",
)
CONTRACT_TYPES = (
    "cost",
    "block",
    "activity",
    "cost_and_volume",
    "aligned",
    "capitated",
    "outcome",
)
MEASURES = (
    "spend",
    "recurrent_spend",
    "activity",
    "value",
    "outcome",
    "unmet",
    "payment",
    "position",
)
SENSES = ("min", "max", "equal")
RULE_BASES = ("amount", "share", "growth", "ratio", "per_head")
PROVENANCE = ("", "seen", "derived", "judgement", "assumed", "unverified")
AUTHORITIES = (
    "",
    "statutory",
    "national",
    "contract",
    "safety",
    "physical",
    "political",
    "assumed",
)
GRADES = ("", "A", "B", "C", "D")

CHOICES = ("any", "at_most_one", "exactly_one", "at_most")
EFFECT_MEASURES = (
    "capacity",
    "limit_min",
    "limit_max",
    "close",
    "demand",
    "outcome",
    "unit_cost",
    "income",
    "contract",
)
OPERATIONS = ("add", "multiply", "suspend")
LINKS = ("requires", "excludes")
INCOME_MEASURES = ("outcome", "activity", "value", "unmet")
INCOME_BASES = ("amount", "per_head", "held_back")

_DTYPES = {
    "text": str,
    "choice": str,
    "number": float,
    "integer": int,
    "year": "Int64",
    "flag": bool,
}


@dataclass(frozen=True)
class Table:
    """One table of the format.

    Attributes
    ----------
    name : str
        File name without ``.csv``; sheet name in a workbook.
    row : str
        What one row is, in a planner's words.
    required : bool
        Whether an instance must have the table.
    schema : pandera.DataFrameSchema
        Columns in file order with their checks and metadata.
    key : tuple of str
        Columns that together name a row; no two rows may share them.
    """

    name: str
    row: str
    required: bool
    schema: pa.DataFrameSchema
    key: tuple[str, ...]

    def meta(self, column: str) -> dict[str, Any]:
        """Metadata of `column`: kind, unit, meaning, default, key, refers, choices."""
        metadata: dict[str, Any] = self.schema.columns[column].metadata
        return metadata

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names in file order."""
        return tuple(self.schema.columns)


def _column(
    kind: str,
    meaning: str,
    *,
    unit: str = "",
    default: Any = REQUIRED,
    key: bool = False,
    refers: str = "",
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
) -> pa.Column:
    checks = []
    if choices:
        checks.append(pa.Check.isin(choices))
    if low is not None:
        checks.append(pa.Check.ge(low))
    if above is not None:
        checks.append(pa.Check.gt(above))
    if high is not None:
        checks.append(pa.Check.le(high))
    metadata = {
        "kind": kind,
        "unit": unit,
        "meaning": meaning,
        "default": default,
        "key": key,
        "refers": refers,
        "choices": choices,
        "low": low,
        "above": above,
        "high": high,
    }
    nullable = default is NO_VALUE or kind == "year"
    return pa.Column(_DTYPES[kind], checks, nullable=nullable, metadata=metadata)


def _key(meaning: str, refers: str = "") -> pa.Column:
    return _column("text", meaning, key=True, refers=refers)


def _text(meaning: str, default: Any = "", refers: str = "", key: bool = False) -> pa.Column:
    return _column("text", meaning, default=default, refers=refers, key=key)


def _year() -> pa.Column:
    return _column("year", "plan year; blank: every plan year", default=NO_VALUE, key=True)


def _number(meaning: str, **options: Any) -> pa.Column:
    return _column("number", meaning, **options)


def _money(meaning: str, **options: Any) -> pa.Column:
    return _column("number", meaning, unit="money", **{"low": 0.0, **options})


def _provenance() -> dict[str, pa.Column]:
    return {
        "status": _column(
            "choice", "how the figures of the row are known", default="", choices=PROVENANCE
        ),
        "source": _text("where the figures come from"),
        "note": _text("anything a reader should know"),
    }


def _authority() -> dict[str, pa.Column]:
    return {
        "status": _column(
            "choice", "what gives the limit its force", default="", choices=AUTHORITIES
        ),
        "source": _text("where the limit comes from"),
        "note": _text("anything a reader should know"),
    }


def _evidence(meaning: str) -> dict[str, pa.Column]:
    return {
        "evidence": _column(
            "choice", "grade of the evidence, A strong to D weak", default="", choices=GRADES
        ),
        "low": _number(f"low figure for {meaning}", default=NO_VALUE),
        "high": _number(f"high figure for {meaning}", default=NO_VALUE),
    }


def _table(name: str, row: str, columns: dict[str, pa.Column], required: bool = False) -> Table:
    key = tuple(c for c, spec in columns.items() if spec.metadata["key"])
    schema = pa.DataFrameSchema(columns, strict=True, ordered=True, name=name)
    return Table(name, row, required, schema, key)


PROGRAMMES = _table(
    "programmes",
    "a service line somebody pays for",
    {
        "programme": _key("name of the programme"),
        "label": _text("name for reports; blank: the programme's name"),
        "sector": _text("sector of care, such as acute or community", default=REQUIRED),
        "place": _text("place it serves; blank: the whole system", refers="places"),
        "provider": _text("who provides it"),
        "pool": _text("pool of money that pays for it", default=REQUIRED, refers="budgets"),
        "contract": _text("contract it is bought under"),
        "tags": _text("words to select it by, separated by spaces"),
        "class": _column(
            "choice",
            "emergency follows demand and takes no benefit curve; entitlement allows no unmet "
            "need; safety does not fall below its baseline unless a limit says so; "
            "discretionary moves within its limits",
            default="discretionary",
            choices=CLASSES,
        ),
        "unit": _text("unit of activity", default="money"),
        "unit_cost": _money(
            "cost of a unit of activity in the base year (1 makes activity money)",
            default=1.0,
            low=None,
            above=0.0,
        ),
        "baseline": _number("activity in the base year", unit="activity", low=0.0),
        "tariff": _money(
            "price its contract pays for a unit of activity in the base year; blank: the unit cost",
            default=NO_VALUE,
        ),
        "recurrent": _column(
            "flag", "whether what is spent on it comes back every year", default=True
        ),
        "money": _column(
            "choice",
            "revenue: paid from a pool's recurrent, non-recurrent and grant money; capital: from "
            "its capital",
            default="revenue",
            choices=("revenue", "capital"),
        ),
        "fixed_share": _number(
            "share of the unit cost that does not fall at once when activity falls",
            unit="share",
            default=0.0,
            low=0.0,
            high=1.0,
        ),
        "release_years": _column(
            "integer",
            "years until that share is released",
            unit="years",
            default=0,
            low=0,
            high=50,
        ),
        "cost_uplift": _number(
            "yearly growth of the unit cost; blank: the instance's",
            unit="share a year",
            default=NO_VALUE,
            low=-0.5,
            high=1.0,
        ),
        "cost_threshold": _number(
            "activity in a year above which a unit costs more or less; blank: none",
            unit="activity",
            default=NO_VALUE,
            low=0.0,
        ),
        "cost_above": _number(
            "share of the unit cost that each unit above that activity costs",
            unit="share",
            default=1.0,
            low=0.0,
            high=10.0,
        ),
        "held": _column(
            "choice",
            "yes: held at its baseline, or the nearest its limits and the rules allow; no: may "
            "move; blank: held when nothing says what it is worth (no response, no demand, no "
            "effect)",
            default="",
            choices=("", "yes", "no"),
        ),
        **_provenance(),
    },
    required=True,
)

LIMITS = _table(
    "limits",
    "what a programme may do in a year",
    {
        "programme": _key("programme limited", refers="programmes"),
        "year": _year(),
        "basis": _column(
            "choice",
            "activity: in units of activity; baseline: ratio to the baseline activity; growth: "
            "growth of activity on the year before (0.05 is 5% more)",
            default="baseline",
            key=True,
            choices=LIMIT_BASES,
        ),
        "min": _number("least allowed; blank: none", default=NO_VALUE),
        "max": _number("most allowed; blank: none", default=NO_VALUE),
        "growth_amount": _number(
            "activity allowed on top of growth, so that a service can start from nothing",
            unit="activity",
            default=0.0,
            low=0.0,
        ),
        "start_min": _number(
            "minimum viable scale: activity is nothing, or at least this much, in the row's "
            "basis (not growth); blank: none",
            default=NO_VALUE,
            low=0.0,
        ),
        **_authority(),
    },
)

BUDGETS = _table(
    "budgets",
    "a pool of money in a year",
    {
        "pool": _key("pool of money"),
        "year": _year(),
        "kind": _column(
            "choice",
            "recurrent: comes every year; grant: comes every year for its pool's purpose; "
            "non_recurrent: once; capital: for programmes paid from capital only",
            default="recurrent",
            key=True,
            choices=BUDGET_KINDS,
        ),
        "amount": _money("money received in the year"),
        "opening": _number(
            "money brought into the first plan year (negative: owed)",
            unit="money",
            default=0.0,
        ),
        "carry_max": _money("most that may be carried into the next year", default=0.0),
        "overdraw_max": _money("most that may be owed to the next year", default=0.0),
        "owner": _text("who answers for the pool"),
        **_provenance(),
    },
    required=True,
)

TRANSFERS = _table(
    "transfers",
    "money one pool may hand to another in a year",
    {
        "from_pool": _key("pool that gives", refers="budgets"),
        "to_pool": _key("pool that receives", refers="budgets"),
        "year": _year(),
        "max": _money("most that may be handed over"),
        "instrument": _text("agreement it is made under, such as section 75"),
        **_provenance(),
    },
)

FUNDING = _table(
    "funding",
    "a pool that pays part of a programme paid from several",
    {
        "programme": _key("programme paid from several pools", refers="programmes"),
        "pool": _key("pool that pays a part", refers="budgets"),
        "year": _year(),
        "share_min": _number(
            "least share of the programme's cost it pays",
            unit="share",
            default=0.0,
            low=0.0,
            high=1.0,
        ),
        "share_max": _number("most it pays", unit="share", default=1.0, low=0.0, high=1.0),
        **_provenance(),
    },
)

ADJUSTMENTS = _table(
    "adjustments",
    "money that is not a programme",
    {
        "item": _key("name of the item"),
        "year": _year(),
        "pool": _text(
            "pool it falls on; blank: the pools of the selection, by baseline spend",
            refers="budgets",
        ),
        "selection": _text(
            "programmes it is about; blank: none in particular", refers="selections"
        ),
        "kind": _column(
            "choice",
            "full_year_effect, pressure, double_running, reserve, deficit: money spent; "
            "efficiency: money saved (written as a positive amount)",
            choices=ADJUSTMENT_KINDS,
        ),
        "amount": _number("amount in the year, in its prices", unit="money"),
        "delivery": _number(
            "share of the amount that comes true", unit="share", default=1.0, low=0.0, high=1.0
        ),
        "recurrent": _column("flag", "whether it comes back every year", default=True),
        **_provenance(),
    },
)

CONTRACTS = _table(
    "contracts",
    "how the activity of the programmes that name it becomes payment",
    {
        "contract": _key("name of the contract, as in programmes"),
        "year": _year(),
        "label": _text("the contract in words"),
        "type": _column("choice", "how payment follows activity", choices=CONTRACT_TYPES),
        "fixed": _money(
            "block, cost_and_volume, aligned, outcome: fixed payment in the year at base-year "
            "prices; blank: the baseline at its tariff",
            default=NO_VALUE,
        ),
        "uplift": _number(
            "yearly growth of the contract's amounts; blank: the instance's",
            unit="share a year",
            default=NO_VALUE,
            low=-0.5,
            high=1.0,
        ),
        "volume": _money(
            "cost_and_volume: value of activity at tariff that the fixed payment covers, at "
            "base-year prices; blank: the fixed payment",
            default=NO_VALUE,
        ),
        "up_rate": _number(
            "cost_and_volume, aligned: share of the tariff paid for activity above",
            unit="share",
            default=1.0,
            low=0.0,
            high=2.0,
        ),
        "down_rate": _number(
            "aligned: share of the tariff taken back for activity below the baseline",
            unit="share",
            default=1.0,
            low=0.0,
            high=2.0,
        ),
        "per_head": _money(
            "capitated: payment per head in the year at base-year prices", default=NO_VALUE
        ),
        "gain_share": _number(
            "capitated: share of an underspend that the provider gives back",
            unit="share",
            default=0.0,
            low=0.0,
            high=1.0,
        ),
        "loss_share": _number(
            "capitated: share of an overspend that the commissioner makes good",
            unit="share",
            default=0.0,
            low=0.0,
            high=1.0,
        ),
        "gain_cap": _money(
            "capitated: most that is given back, at base-year prices; blank: no cap",
            default=NO_VALUE,
        ),
        "loss_cap": _money(
            "capitated: most that is made good, at base-year prices; blank: no cap",
            default=NO_VALUE,
        ),
        "bonus_outcome": _text("outcome: what earns a bonus", refers="outcomes"),
        "bonus": _money("outcome: bonus per unit of outcome, at base-year prices", default=0.0),
        "bonus_threshold": _number(
            "outcome: amount of the outcome at which the step is paid as well; blank: no step",
            unit="outcome",
            default=NO_VALUE,
        ),
        "bonus_step": _money(
            "outcome: payment on top once the outcome reaches that amount, at base-year prices",
            default=0.0,
        ),
        "ceiling": _money(
            "block: most activity it covers, at tariff and base-year prices; blank: any",
            default=NO_VALUE,
        ),
        "threshold": _money(
            "activity: value of activity above which the marginal rate is paid, at base-year "
            "prices; blank: none",
            default=NO_VALUE,
        ),
        "marginal_rate": _number(
            "activity: share of the tariff paid above the threshold",
            unit="share",
            default=1.0,
            low=0.0,
            high=2.0,
        ),
        "min_income": _money(
            "least payment in the year, at base-year prices; blank: none", default=NO_VALUE
        ),
        "max_income": _money(
            "most payment in the year, at base-year prices; blank: none", default=NO_VALUE
        ),
        "start": _column(
            "year",
            "first year it holds; activity is paid at cost before; blank: the first plan year",
            default=NO_VALUE,
        ),
        "end": _column(
            "year",
            "last year it holds; activity is paid at cost after; blank: the last plan year",
            default=NO_VALUE,
        ),
        "rebasing_year": _column(
            "year",
            "block: plan year from which payment is the activity at its tariff; blank: never",
            default=NO_VALUE,
        ),
        "notice_years": _number(
            "whole years of notice after which it may be ended early, given at the start of "
            "the plan or of the contract; its activity is paid at cost from then on; blank: it "
            "cannot be ended early",
            unit="years",
            default=NO_VALUE,
            low=0.0,
            high=20.0,
        ),
        "exit_fee": _money(
            "cost of ending it early, paid by its pool in the first year without it, at "
            "base-year prices",
            default=0.0,
        ),
        "lead": _text("provider that holds it as a lead and sub-contracts it"),
        "overhead": _number(
            "share the lead adds to the payment", unit="share", default=0.0, low=0.0, high=1.0
        ),
        **_provenance(),
    },
)

PROVIDERS = _table(
    "providers",
    "a provider's other income and the deficit it may run, in a year",
    {
        "provider": _key("provider, as in programmes"),
        "year": _year(),
        "other_income": _number("income from elsewhere", unit="money", default=0.0),
        "other_cost": _number("cost of what is not in the plan", unit="money", default=0.0),
        "deficit_max": _money("most it may lose in the year; blank: not limited", default=NO_VALUE),
        **_provenance(),
    },
)

OUTCOMES = _table(
    "outcomes",
    "something valued",
    {
        "outcome": _key("name of the outcome"),
        "domain": _text("clinical, functional or experiential"),
        "unit": _text("unit the outcome is counted in"),
        "weight": _number("value of one unit in the plan's objective", unit="value per unit"),
        "discounted": _column("flag", "whether later years count for less", default=True),
        **_provenance(),
    },
    required=True,
)

RESPONSES = _table(
    "responses",
    "what a programme's activity buys of an outcome",
    {
        "programme": _key("programme that buys", refers="programmes"),
        "outcome": _key("outcome bought", refers="outcomes"),
        "shape": _column("choice", "shape of the curve", default="linear", choices=SHAPES),
        "per_unit": _number(
            "linear: outcome per unit of activity; power: outcome per further unit at baseline",
            unit="outcome per activity",
            default=NO_VALUE,
        ),
        "elasticity": _number(
            "power: percentage change of outcome for 1% more activity",
            default=NO_VALUE,
            above=0.0,
            high=10.0,
        ),
        "maximum": _number(
            "saturating, logistic: outcome approached with ever more activity",
            unit="outcome a year",
            default=NO_VALUE,
            low=0.0,
        ),
        "half": _number(
            "saturating, logistic: activity at which half the maximum is reached",
            unit="activity",
            default=NO_VALUE,
            above=0.0,
        ),
        "steepness": _number(
            "logistic: how sharply the curve turns at half",
            unit="per activity",
            default=NO_VALUE,
            above=0.0,
        ),
        "delay": _column(
            "integer",
            "years between the activity and the outcome",
            unit="years",
            default=0,
            low=0,
            high=100,
        ),
        **_evidence("per_unit or maximum"),
        **_provenance(),
    },
    required=True,
)

RESPONSE_POINTS = _table(
    "response_points",
    "a point of a response curve of shape points",
    {
        "programme": _key("programme that buys", refers="programmes"),
        "outcome": _key("outcome bought", refers="outcomes"),
        "activity": _column("number", "activity at the point", unit="activity", key=True, low=0.0),
        "effect": _number("outcome in a year at that activity", unit="outcome a year"),
        **_provenance(),
    },
)

DEMAND = _table(
    "demand",
    "need that arrives anyway",
    {
        "programme": _key("programme that meets it", refers="programmes"),
        "year": _year(),
        "demand": _number("need arriving in the year", unit="activity", low=0.0),
        "opening_backlog": _number(
            "need already waiting at the start of the first plan year",
            unit="activity",
            default=0.0,
            low=0.0,
        ),
        "carry": _number(
            "share of unmet need that is still there the year after (waiting list 1, emergency 0)",
            unit="share",
            default=0.0,
            low=0.0,
            high=1.0,
        ),
        "min_met": _number(
            "least share of the year's need that must be met; blank: 1 for emergency and "
            "entitlement, otherwise 0",
            unit="share",
            default=NO_VALUE,
            low=0.0,
            high=1.0,
        ),
        "harm_outcome": _text("outcome lost when need is not met", refers="outcomes"),
        "harm": _number(
            "outcome lost per unit of unmet need",
            unit="outcome per activity",
            default=0.0,
            low=0.0,
        ),
        **_provenance(),
    },
)

EFFECTS = _table(
    "effects",
    "a programme avoiding the need for another",
    {
        "source": _key("programme whose activity avoids need", refers="programmes"),
        "target": _key("programme whose demand is avoided", refers="programmes"),
        "per_unit": _number(
            "units of demand avoided per unit of source activity above its baseline",
            unit="activity per activity",
            low=0.0,
        ),
        "delay": _column(
            "integer",
            "years until the effect is felt",
            unit="years",
            default=0,
            low=0,
            high=100,
        ),
        "fade": _number(
            "share of the effect that is left each year after (0: felt for one year)",
            unit="share a year",
            default=0.0,
            low=0.0,
            high=1.0,
        ),
        **_evidence("per_unit"),
        "status": _column(
            "choice", "how the figures of the row are known", default="", choices=PROVENANCE
        ),
        "citation": _text("where the figures come from"),
        "note": _text("anything a reader should know"),
    },
)

RESOURCES = _table(
    "resources",
    "staff, beds, slots: what activity needs besides money",
    {
        "resource": _key("name of the resource"),
        "unit": _text("unit it is counted in"),
        "note": _text("anything a reader should know"),
    },
)

CAPACITY = _table(
    "capacity",
    "how much of a resource there is",
    {
        "resource": _key("resource", refers="resources"),
        "place": _text("place it serves; blank: every place", refers="places", key=True),
        "year": _year(),
        "amount": _number("amount available", unit="resource", low=0.0),
        "extra_max": _number("most that may be added", unit="resource", default=0.0, low=0.0),
        "extra_cost": _money("cost of a unit added, at base-year prices", default=0.0),
        "extra_pool": _text("pool that pays for what is added", refers="budgets"),
        **_provenance(),
    },
)

USE = _table(
    "use",
    "what a programme's activity needs of a resource",
    {
        "programme": _key("programme", refers="programmes"),
        "resource": _key("resource", refers="resources"),
        "per_unit": _number("resource per unit of activity", unit="resource per activity", low=0.0),
        **_provenance(),
    },
)

OPTIONS = _table(
    "options",
    "a yes-or-no decision",
    {
        "option": _key("name of the option"),
        "label": _text("the option in words; blank: its name"),
        "group": _text(
            "choices it belongs to, separated by spaces (a bid for several lots belongs to each)"
        ),
        "choose": _column(
            "choice",
            "how many options of its groups may be taken in a year: any; at_most_one; "
            "exactly_one (from the first year in which one of the group may start); at_most: "
            "as many as `most` says; the same for all options of a group",
            default="any",
            choices=CHOICES,
        ),
        "most": _column(
            "integer", "at_most: how many", unit="options", default=1, low=1, high=1000
        ),
        "pool": _text(
            "pool that pays for it, and its capital; blank: the programme's", refers="budgets"
        ),
        "programme": _text(
            "programme whose spend the yearly cost is part of; blank: none",
            refers="programmes",
        ),
        "earliest": _column(
            "year",
            "first year in which it may start; blank: the first plan year",
            default=NO_VALUE,
        ),
        "latest": _column(
            "year", "last year in which it may start; blank: the last plan year", default=NO_VALUE
        ),
        "start_month": _column(
            "integer",
            "calendar month in which it comes into place, 1 to 12: the first year in place "
            "counts for the months that are left; 0: the first month of the year",
            unit="month",
            default=0,
            low=0,
            high=12,
        ),
        "lead_years": _column(
            "integer",
            "years from its start (when it is paid for once, and its capital spent) until it is "
            "in place",
            unit="years",
            default=0,
            low=0,
            high=20,
        ),
        "min_years": _column(
            "integer",
            "least years from its start to its end, unless the plan ends first",
            unit="years",
            default=1,
            low=1,
            high=50,
        ),
        "review_years": _text(
            "years after its start at which it may be left, separated by spaces (2 4: on the "
            "second and fourth anniversary); blank: at any time after min_years; none: never"
        ),
        "cost_once": _money("paid once, in the year it starts, at base-year prices", default=0.0),
        "cost_yearly": _money(
            "paid every year it is in place, at base-year prices (negative: saved)",
            default=0.0,
            low=None,
        ),
        "double_running": _money(
            "yearly cost of running the old service alongside, from its start until it is in "
            "place, or in its first year where there is no lead time; one-off; at base-year prices",
            default=0.0,
        ),
        "cost_exit": _money(
            "paid once in the year after it has been left, at base-year prices", default=0.0
        ),
        "capital": _money("capital spent in the year it starts, at base-year prices", default=0.0),
        **_provenance(),
    },
)

OPTION_EFFECTS = _table(
    "option_effects",
    "what an option changes while it is in place",
    {
        "option": _key("option", refers="options"),
        "measure": _column(
            "choice",
            "capacity: amount of a resource; limit_min, limit_max: limits of basis activity and "
            "baseline of a programme; close: nothing of a programme may be done; demand: need "
            "arriving for it; outcome: what it buys of an outcome in a year; unit_cost: its "
            "unit cost; income: money a pool receives every year; contract: a contract that does "
            "not hold meanwhile",
            key=True,
            choices=EFFECT_MEASURES,
        ),
        "target": _key("programme, resource, pool or contract it acts on"),
        "place": _text("capacity: place of the capacity row it acts on", refers="places", key=True),
        "outcome": _text("outcome: which outcome", refers="outcomes", key=True),
        "operation": _column(
            "choice",
            "add: the value is added (in the unit of the measure; money at base-year prices); "
            "multiply: by the value; suspend: close and contract",
            default="add",
            choices=OPERATIONS,
        ),
        "value": _number("the figure; blank for close and contract", default=NO_VALUE),
        "delay": _column(
            "integer",
            "years after it is in place until the effect is felt",
            unit="years",
            default=0,
            low=0,
            high=50,
        ),
        **_evidence("value"),
        **_provenance(),
    },
)

OPTION_LINKS = _table(
    "option_links",
    "a decision that depends on another",
    {
        "option": _key("option", refers="options"),
        "link": _column(
            "choice",
            "requires: only in years in which the other is taken too; excludes: never in the "
            "same year",
            key=True,
            choices=LINKS,
        ),
        "other": _key("the other option", refers="options"),
        **_provenance(),
    },
)

INCOMES = _table(
    "incomes",
    "money received only if a threshold is met",
    {
        "income": _key("name of the income"),
        "part": _text("name of the condition, where an income has several", key=True),
        "year": _column(
            "year",
            "plan year in which it is measured; blank: every plan year",
            default=NO_VALUE,
            key=True,
        ),
        "label": _text("the condition in words"),
        "pool": _text("pool that receives it", default=REQUIRED, refers="budgets"),
        "measure": _column(
            "choice",
            "what is measured, as in rules",
            default="outcome",
            choices=INCOME_MEASURES,
        ),
        "selection": _text(
            "programmes it is measured over; blank: all of them", refers="selections"
        ),
        "outcome": _text("measure outcome: which outcome", refers="outcomes"),
        "sense": _column(
            "choice",
            "min: met at the threshold and above; max: at the threshold and below",
            default="min",
            choices=("min", "max"),
        ),
        "threshold": _number("the figure to reach, in the unit of the measure"),
        "full": _number(
            "sliding: figure at which all of it is paid, in proportion between the threshold "
            "(nothing) and there; blank: a step, all of it at the threshold",
            default=NO_VALUE,
        ),
        "basis": _column(
            "choice",
            "amount: money, in the prices of its year; per_head: money per head of all places; "
            "held_back: share of the pool's recurrent and grant money of the year, taken off it "
            "in that year and given back if earned",
            default="amount",
            choices=INCOME_BASES,
        ),
        "amount": _number("amount of the whole income, as its basis says", low=0.0),
        "share": _number(
            "part of the income that rests on this condition",
            unit="share",
            default=1.0,
            above=0.0,
            high=1.0,
        ),
        "lag": _column(
            "integer",
            "years from the year it is measured in to the year it is received in",
            unit="years",
            default=0,
            low=0,
            high=20,
        ),
        **_provenance(),
    },
)

SELECTIONS = _table(
    "selections",
    "programmes that count towards a named selection",
    {
        "selection": _key("name of the selection; its rows add up"),
        "sector": _text("only this sector; blank: any", key=True),
        "place": _text("only this place; blank: any", key=True),
        "provider": _text("only this provider; blank: any", key=True),
        "pool": _text("only this pool; blank: any", key=True),
        "contract": _text("only this contract; blank: any", key=True),
        "programme": _text("only this programme; blank: any", key=True),
        "class": _text("only this class; blank: any", key=True),
        "tag": _text("only programmes with this tag; blank: any", key=True),
        "share": _number(
            "part of each programme that counts",
            unit="share",
            default=1.0,
            above=0.0,
            high=1.0,
        ),
        **_provenance(),
    },
)

RULES = _table(
    "rules",
    "a policy or contract rule",
    {
        "rule": _key("name of the rule, as it comes back in reports"),
        "year": _year(),
        "label": _text("the rule in words"),
        "measure": _column("choice", "what is measured", choices=MEASURES),
        "selection": _text(
            "programmes it is measured over; blank: all of them", refers="selections"
        ),
        "outcome": _text("measure outcome: which outcome", refers="outcomes"),
        "segment": _text("measure outcome: only for this segment", refers="segments"),
        "sense": _column("choice", "min: at least; max: at most; equal", choices=SENSES),
        "value": _number("the figure in the rule, in the unit its basis implies"),
        "basis": _column(
            "choice",
            "amount: in the measure's unit; share, ratio: of the measure over relative_to; "
            "growth: on the reference (0.05 is 5% more); per_head: per head of the population",
            default="amount",
            choices=RULE_BASES,
        ),
        "relative_to": _text(
            "share and ratio: selection it is compared with; blank: all programmes",
            refers="selections",
        ),
        "reference": _text(
            "growth: baseline, previous (the year before) or a plan year; blank: previous"
        ),
        "penalty": _number(
            "value lost per unit by which the rule is missed in a year; blank: it must hold",
            unit="value per unit of the measure",
            default=NO_VALUE,
            above=0.0,
        ),
        "status": _column(
            "choice", "what gives the rule its force", default="", choices=AUTHORITIES
        ),
        "owner": _text("who answers for the rule"),
        "reason": _text("why it is there"),
        "source": _text("where it comes from"),
        "note": _text("anything a reader should know"),
    },
)

PLACES = _table(
    "places",
    "a place and the people who live there",
    {
        "place": _key("name of the place"),
        "year": _year(),
        "heads": _number("people", unit="heads", above=0.0),
        **_provenance(),
    },
)

SEGMENTS = _table(
    "segments",
    "a group of people whose outcomes are followed or weighted",
    {
        "segment": _key("name of the segment"),
        "place": _text("place they live in; blank: the whole system", refers="places", key=True),
        "heads": _number("people in the segment", unit="heads", above=0.0),
        "weight": _number(
            "value of an outcome for them; rescaled so that the population's mean is 1",
            default=1.0,
            low=0.0,
        ),
        **_provenance(),
    },
)

REACH = _table(
    "reach",
    "the part of a programme's outcome that goes to a segment",
    {
        "programme": _key("programme", refers="programmes"),
        "segment": _key("segment", refers="segments"),
        "share": _number(
            "share of the programme's outcome; a programme's shares sum to 1",
            unit="share",
            low=0.0,
            high=1.0,
        ),
        **_provenance(),
    },
)

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        PROGRAMMES,
        LIMITS,
        BUDGETS,
        FUNDING,
        TRANSFERS,
        ADJUSTMENTS,
        CONTRACTS,
        PROVIDERS,
        OUTCOMES,
        RESPONSES,
        RESPONSE_POINTS,
        DEMAND,
        EFFECTS,
        RESOURCES,
        CAPACITY,
        USE,
        OPTIONS,
        OPTION_EFFECTS,
        OPTION_LINKS,
        INCOMES,
        SELECTIONS,
        RULES,
        PLACES,
        SEGMENTS,
        REACH,
    )
}
"""Every table of the format, in the order in which a reader meets them."""

LEGAL_RULES: dict[str, dict[str, tuple[str, ...]]] = {
    "spend": dict.fromkeys(RULE_BASES, SENSES),
    "recurrent_spend": dict.fromkeys(RULE_BASES, SENSES),
    "value": dict.fromkeys(RULE_BASES, SENSES),
    "activity": dict.fromkeys(RULE_BASES, SENSES),
    "outcome": {"amount": SENSES, "per_head": SENSES},
    "unmet": {"amount": ("max",), "per_head": ("max",)},
    "payment": dict.fromkeys(RULE_BASES, SENSES),
    "position": {"amount": SENSES},
}
"""Measure -> basis -> senses that have a meaning together."""

SHAPE_PARAMETERS: dict[str, tuple[str, ...]] = {
    "linear": ("per_unit",),
    "power": ("per_unit", "elasticity"),
    "saturating": ("maximum", "half"),
    "logistic": ("maximum", "half", "steepness"),
    "points": (),
}
"""Parameters each response shape needs; any other must be blank."""

CONTRACT_PARAMETERS: dict[str, tuple[str, ...]] = {
    "cost": (),
    "block": ("fixed", "ceiling", "rebasing_year"),
    "activity": ("threshold", "marginal_rate"),
    "cost_and_volume": ("fixed", "volume", "up_rate"),
    "aligned": ("fixed", "up_rate", "down_rate"),
    "capitated": ("per_head", "gain_share", "loss_share", "gain_cap", "loss_cap"),
    "outcome": ("fixed", "bonus_outcome", "bonus", "bonus_threshold", "bonus_step"),
}
"""Parameters each type of contract takes; those of other types must be left out."""

EFFECT_OPERATIONS: dict[str, tuple[str, ...]] = {
    "capacity": ("add", "multiply"),
    "limit_min": ("add", "multiply"),
    "limit_max": ("add", "multiply"),
    "close": ("suspend",),
    "demand": ("add", "multiply"),
    "outcome": ("add", "multiply"),
    "unit_cost": ("add", "multiply"),
    "income": ("add",),
    "contract": ("suspend",),
}
"""Measure of an option's effect -> operations that have a meaning for it."""

EFFECT_TARGETS: dict[str, str] = {
    "capacity": "resources",
    "limit_min": "programmes",
    "limit_max": "programmes",
    "close": "programmes",
    "demand": "programmes",
    "outcome": "programmes",
    "unit_cost": "programmes",
    "income": "budgets",
    "contract": "contracts",
}
"""Measure of an option's effect -> table its target is named in."""

CONTRACT_NEEDS: dict[str, tuple[str, ...]] = {
    "capitated": ("per_head",),
    "outcome": ("bonus_outcome",),
}
"""Parameters a type of contract cannot do without."""


@dataclass(frozen=True)
class Setting:
    """One entry of ``instance.toml``."""

    name: str
    kind: str
    meaning: str
    default: Any = REQUIRED
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


SETTINGS: dict[str, Setting] = {
    s.name: s
    for s in (
        Setting("name", "text", "name of the planning round"),
        Setting("currency", "text", "currency of every money column", "GBP"),
        Setting(
            "money_unit",
            "choice",
            "unit of every money column",
            "one",
            choices=("one", "thousand", "million", "billion"),
        ),
        Setting(
            "price_basis",
            "choice",
            "cash: prices of each year; real: base-year prices throughout",
            "cash",
            choices=("cash", "real"),
        ),
        Setting("base_year", "year", "year of the baseline, the one before the first plan year"),
        Setting("years", "years", "plan years, one after the other"),
        Setting(
            "financial_years",
            "flag",
            "whether 2025 means the financial year 2025/26 in reports",
            True,
        ),
        Setting(
            "discount_rate",
            "number",
            "how much less a discounted outcome counts each year later",
            0.0,
            low=0.0,
            high=0.5,
        ),
        Setting(
            "cost_uplift",
            "number",
            "yearly growth of unit costs, net of efficiency",
            0.0,
            low=-0.5,
            high=1.0,
        ),
        Setting(
            "tail_years",
            "integer",
            "years after the last plan year in which avoided need still counts",
            0,
            low=0,
            high=50,
        ),
        Setting(
            "saving_value",
            "number",
            "value of a unit of money saved in the tail years",
            0.0,
            low=0.0,
        ),
        Setting(
            "accept_money_pump",
            "texts",
            "programmes that may save more than they cost",
            (),
        ),
        Setting(
            "recurrent_balance",
            "flag",
            "whether what is spent every year must stay within what comes every year, pool by pool",
            False,
        ),
        Setting(
            "evidence",
            "choice",
            "figures already chosen: low, central or high; blank in an instance as written",
            "",
            choices=("", "low", "central", "high"),
        ),
        Setting(
            "shrink_outcome",
            "text",
            "outcome whose responses are shrunk towards a reference; blank: none",
            "",
        ),
        Setting(
            "shrink_cost",
            "number",
            "reference cost of a unit of that outcome, in the money unit",
            0.0,
            low=0.0,
        ),
        Setting(
            "shrink_weights",
            "numbers",
            "weight of the study's own figure for grades A, B, C, D and for none, 0 to 1",
            (1.0, 0.5, 0.25, 0.0, 0.0),
        ),
        Setting("source", "text", "where the instance comes from", ""),
        Setting("notes", "text", "anything a reader should know", ""),
    )
}
"""Every entry ``instance.toml`` may hold."""
