"""The tables of an instance: every column declared once.

Reading, checking, the starter instance and the reference page all work from here, so none
of them can drift.
"""

from __future__ import annotations

from typing import Any

from allocator.instance.tables.column import NO_VALUE, REQUIRED, Column, Form, Table
from allocator.instance.tables.vocabulary import (
    ADJUSTMENT_KINDS,
    AUTHORITIES,
    BUDGET_KINDS,
    CHOICES,
    CLASSES,
    CONTRACT_TYPES,
    EFFECT_MEASURES,
    GRADES,
    INCOME_BASES,
    INCOME_MEASURES,
    LIMIT_BASES,
    LINKS,
    MEASURES,
    OPERATIONS,
    PROVENANCE,
    RULE_BASES,
    SENSES,
    SHAPES,
    STEPS,
)


def _key(name: str, meaning: str, reference: str = "") -> Column:
    return Column(name, "text", meaning, key=True, reference=reference)


def _text(
    name: str,
    meaning: str,
    default: Any = "",
    reference: str = "",
    key: bool = False,
    form: Form = "line",
) -> Column:
    return Column(name, "text", meaning, default, reference=reference, key=key, form=form)


def _prose(name: str, meaning: str) -> Column:
    return _text(name, meaning, form="prose")


def _choice(name: str, meaning: str, **options: Any) -> Column:
    return Column(name, "choice", meaning, **options)


def _flag(name: str, meaning: str) -> Column:
    return Column(name, "flag", meaning, default=True)


def _year(name: str, meaning: str, key: bool = False) -> Column:
    return Column(name, "year", meaning, default=NO_VALUE, key=key)


def _years(name: str, meaning: str, high: float) -> Column:
    return Column(name, "integer", meaning, unit="years", default=0, low=0, high=high)


def _number(name: str, meaning: str, **options: Any) -> Column:
    return Column(name, "number", meaning, **options)


def _share(name: str, meaning: str, default: Any = REQUIRED) -> Column:
    return _number(name, meaning, unit="share", default=default, low=0.0, high=1.0)


def _money(name: str, meaning: str, **options: Any) -> Column:
    return _number(name, meaning, **{"unit": "money", "low": 0.0, **options})


def _table(name: str, row: str, *columns: Column, required: bool = False) -> Table:
    return Table(name, row, required, {column.name: column for column in columns})


def _status(meaning: str, words: tuple[str, ...], source: str) -> tuple[Column, ...]:
    status = _choice("status", meaning, default="", choices=words)
    return status, _prose("source", source), _NOTE


def _evidence(meaning: str) -> tuple[Column, ...]:
    grade = "grade of the evidence, A strong to D weak"
    return (
        _choice("evidence", grade, default="", choices=GRADES),
        _number("low", f"low figure for {meaning}", default=NO_VALUE),
        _number("high", f"high figure for {meaning}", default=NO_VALUE),
    )


_PLAN_YEAR = _year("year", "plan year; blank: every plan year", key=True)
_NOTE = _prose("note", "anything a reader should know")
_PROVENANCE = _status(
    "how the figures of the row are known", PROVENANCE, "where the figures come from"
)
_AUTHORITY = _status("what gives the limit its force", AUTHORITIES, "where the limit comes from")


PROGRAMMES = _table(
    "programmes",
    "a service line somebody pays for",
    _key("programme", "name of the programme"),
    _text("label", "name for reports; blank: the programme's name"),
    _text("sector", "sector of care, such as acute or community", default=REQUIRED),
    _text("place", "place it serves; blank: the whole system", reference="places"),
    _text("provider", "who provides it"),
    _text("pool", "pool of money that pays for it", default=REQUIRED, reference="budgets"),
    _text("contract", "contract it is bought under"),
    _text("tags", "words to select it by, separated by semicolons", form="names"),
    _choice(
        "class",
        "emergency follows demand and takes no benefit curve; entitlement allows no unmet "
        "need; safety does not fall below its baseline unless a limit says so; "
        "discretionary moves within its limits",
        default="discretionary",
        choices=CLASSES,
    ),
    _text("unit", "unit of activity", default="money"),
    _money(
        "unit_cost",
        "cost of a unit of activity in the base year (1 makes activity money; 0: it costs the "
        "pool nothing, and limits, capacity or demand must say how much of it there may be)",
        unit="money per activity",
        default=1.0,
    ),
    _number(
        "baseline",
        "activity in the base year; blank: none, a service that is new",
        unit="activity",
        default=0.0,
        low=0.0,
    ),
    _money(
        "tariff",
        "price its contract pays for a unit of activity in the base year; blank: the unit cost",
        unit="money per activity",
        default=NO_VALUE,
    ),
    _flag("recurrent", "whether what is spent on it comes back every year"),
    _choice(
        "money",
        "revenue: paid from a pool's recurrent, non-recurrent and grant money; capital: from "
        "its capital",
        default="revenue",
        choices=("revenue", "capital"),
    ),
    _share(
        "fixed_share",
        "share of the unit cost that does not fall at once when activity falls",
        default=0.0,
    ),
    _years("release_years", "years until that share is released", high=50),
    _number(
        "cost_uplift",
        "yearly growth of the unit cost; blank: the instance's",
        unit="share a year",
        default=NO_VALUE,
        low=-0.5,
        high=1.0,
    ),
    _number(
        "cost_threshold",
        "activity in a year above which a unit costs more or less; blank: none",
        unit="activity",
        default=NO_VALUE,
        low=0.0,
    ),
    _number(
        "cost_above",
        "share of the unit cost that each unit above that activity costs",
        unit="share",
        default=1.0,
        low=0.0,
        high=10.0,
    ),
    _choice(
        "held",
        "yes: held at its baseline, or the nearest its limits and the rules allow; no: may "
        "move; blank: held when nothing says what it is worth (no response, no demand), or "
        "only what it avoids (an effect)",
        default="",
        choices=("", "yes", "no"),
    ),
    Column(
        "held_order",
        "integer",
        "where held programmes cannot all be kept at their baseline: those with a higher number "
        "give way before those with a lower one, and those with the same number pro rata",
        default=0,
        low=0,
        high=99,
    ),
    *_PROVENANCE,
    required=True,
)

LIMITS = _table(
    "limits",
    "what a programme may do in a year",
    _key("programme", "programme limited", reference="programmes"),
    _PLAN_YEAR,
    _choice(
        "basis",
        "activity: in units of activity; baseline: ratio to the baseline activity (1.1 is 10% "
        "more than it, 20 is twenty times as much); growth: growth of activity on the year "
        "before (0.05 is 5% more)",
        default="baseline",
        key=True,
        choices=LIMIT_BASES,
    ),
    _number("min", "least allowed; blank: none", default=NO_VALUE),
    _number("max", "most allowed; blank: none", default=NO_VALUE),
    _number(
        "growth_amount",
        "activity allowed on top of growth, so that a service can start from nothing",
        unit="activity",
        default=0.0,
        low=0.0,
    ),
    _number(
        "start_min",
        "minimum viable scale: activity is nothing, or at least this much, in the row's "
        "basis (not growth); blank: none",
        default=NO_VALUE,
        low=0.0,
    ),
    *_AUTHORITY,
)

BUDGETS = _table(
    "budgets",
    "a pool of money in a year",
    _key("pool", "pool of money"),
    _PLAN_YEAR,
    _choice(
        "kind",
        "recurrent: comes every year; grant: comes every year for its pool's purpose; "
        "non_recurrent: once; support: for a deficit, until it is withdrawn: it may pay for what "
        "is spent every year and is no part of the underlying position; capital: for programmes "
        "paid from capital only",
        default="recurrent",
        key=True,
        choices=BUDGET_KINDS,
    ),
    _money(
        "amount",
        "money received in the year; blank: not limited, and what is spent is still reported",
        default=NO_VALUE,
    ),
    _number(
        "opening",
        "money brought into the first plan year (negative: owed)",
        unit="money",
        default=0.0,
    ),
    _money(
        "carry_max",
        "most that may be carried into the next year (like opening and overdraw_max, the sum "
        "over the pool's rows)",
        default=0.0,
    ),
    _money("overdraw_max", "most that may be owed to the next year", default=0.0),
    _text("owner", "who answers for the pool"),
    *_PROVENANCE,
    required=True,
)

TRANSFERS = _table(
    "transfers",
    "money one pool may hand to another in a year",
    _key("from_pool", "pool that gives", reference="budgets"),
    _key("to_pool", "pool that receives", reference="budgets"),
    _PLAN_YEAR,
    _money("max", "most that may be handed over"),
    _text("instrument", "agreement it is made under, such as section 75"),
    *_PROVENANCE,
)

FUNDING = _table(
    "funding",
    "a pool that pays part of a programme paid from several",
    _key("programme", "programme paid from several pools", reference="programmes"),
    _key("pool", "pool that pays a part", reference="budgets"),
    _PLAN_YEAR,
    _share(
        "share_min",
        "least share of the programme's cost it pays",
        default=0.0,
    ),
    _share(
        "share_max",
        "most it pays",
        default=1.0,
    ),
    *_PROVENANCE,
)

ADJUSTMENTS = _table(
    "adjustments",
    "money that is not a programme",
    _key("item", "name of the item"),
    _PLAN_YEAR,
    _text(
        "pool",
        "pool it falls on; blank: the pools of the selection, by baseline spend",
        reference="budgets",
    ),
    _text("selection", "programmes it is about; blank: none in particular", reference="selections"),
    _choice(
        "kind",
        "full_year_effect, pressure, double_running, reserve, deficit: money spent; "
        "efficiency: money saved (written as a positive amount)",
        choices=ADJUSTMENT_KINDS,
    ),
    _number("amount", "amount in the year, in its prices", unit="money"),
    _share(
        "delivery",
        "share of the amount that comes true",
        default=1.0,
    ),
    _flag("recurrent", "whether it comes back every year"),
    _text("provider", "provider that is paid it, as in programmes; blank: none"),
    *_PROVENANCE,
)

CONTRACTS = _table(
    "contracts",
    "how the activity of the programmes that name it becomes payment",
    _key("contract", "name of the contract, as in programmes"),
    _PLAN_YEAR,
    _text("label", "the contract in words"),
    _choice("type", "how payment follows activity", choices=CONTRACT_TYPES),
    _money(
        "fixed",
        "block, cost_and_volume, aligned, outcome: fixed payment in the year at base-year "
        "prices; blank: the baseline at its tariff",
        default=NO_VALUE,
    ),
    _number(
        "uplift",
        "yearly growth of the contract's amounts; blank: the instance's",
        unit="share a year",
        default=NO_VALUE,
        low=-0.5,
        high=1.0,
    ),
    _money(
        "volume",
        "cost_and_volume: value of activity at tariff that the fixed payment covers, at "
        "base-year prices; blank: the fixed payment",
        default=NO_VALUE,
    ),
    _number(
        "up_rate",
        "cost_and_volume, aligned: share of the tariff paid for activity above",
        unit="share",
        default=1.0,
        low=0.0,
        high=2.0,
    ),
    _number(
        "down_rate",
        "aligned: share of the tariff taken back for activity below the baseline",
        unit="share",
        default=1.0,
        low=0.0,
        high=2.0,
    ),
    _money(
        "per_head",
        "capitated: payment per head in the year at base-year prices",
        unit="money per head",
        default=NO_VALUE,
    ),
    _share(
        "gain_share",
        "capitated: share of an underspend that the provider gives back",
        default=0.0,
    ),
    _share(
        "loss_share",
        "capitated: share of an overspend that the commissioner makes good",
        default=0.0,
    ),
    _money(
        "gain_cap",
        "capitated: most that is given back, at base-year prices; blank: no cap",
        default=NO_VALUE,
    ),
    _money(
        "loss_cap",
        "capitated: most that is made good, at base-year prices; blank: no cap",
        default=NO_VALUE,
    ),
    _text("bonus_outcome", "outcome: what earns a bonus", reference="outcomes"),
    _money(
        "bonus",
        "outcome: bonus per unit of outcome, at base-year prices",
        unit="money per outcome",
        default=0.0,
    ),
    _number(
        "bonus_threshold",
        "outcome: amount of the outcome at which the step is paid as well; blank: no step",
        unit="outcome",
        default=NO_VALUE,
    ),
    _money(
        "bonus_step",
        "outcome: payment on top once the outcome reaches that amount, at base-year prices",
        default=0.0,
    ),
    _money(
        "ceiling",
        "block: most activity it covers, at tariff and base-year prices; blank: any",
        default=NO_VALUE,
    ),
    _money(
        "threshold",
        "activity: value of activity above which the marginal rate is paid, at base-year "
        "prices; blank: none",
        default=NO_VALUE,
    ),
    _number(
        "marginal_rate",
        "activity: share of the tariff paid above the threshold",
        unit="share",
        default=1.0,
        low=0.0,
        high=2.0,
    ),
    _money(
        "min_income",
        "least payment in the year, at base-year prices; blank: none",
        default=NO_VALUE,
    ),
    _money(
        "max_income", "most payment in the year, at base-year prices; blank: none", default=NO_VALUE
    ),
    _year(
        "start", "first year it holds; activity is paid at cost before; blank: the first plan year"
    ),
    _year("end", "last year it holds; activity is paid at cost after; blank: the last plan year"),
    _year(
        "rebasing_year",
        "block: plan year from which payment is the activity at its tariff; blank: never",
    ),
    _number(
        "notice_years",
        "whole years of notice after which it may be ended early, given at the start of "
        "the plan or of the contract; its activity is paid at cost from then on; blank: it "
        "cannot be ended early",
        unit="years",
        default=NO_VALUE,
        low=0.0,
        high=20.0,
    ),
    _money(
        "exit_fee",
        "cost of ending it early, paid by its pool in the first year without it, at "
        "base-year prices",
        default=0.0,
    ),
    _text("lead", "provider that holds it as a lead and sub-contracts it"),
    _share(
        "overhead",
        "share the lead adds to the payment",
        default=0.0,
    ),
    *_PROVENANCE,
)

PROVIDERS = _table(
    "providers",
    "a provider's other income and the deficit it may run, in a year",
    _key("provider", "provider, as in programmes"),
    _PLAN_YEAR,
    _number("other_income", "income from elsewhere", unit="money", default=0.0),
    _number("other_cost", "cost of what is not in the plan", unit="money", default=0.0),
    _money("deficit_max", "most it may lose in the year; blank: not limited", default=NO_VALUE),
    *_PROVENANCE,
)

OUTCOMES = _table(
    "outcomes",
    "something valued",
    _key("outcome", "name of the outcome"),
    _text("domain", "clinical, functional or experiential"),
    _text("unit", "unit the outcome is counted in"),
    _number("weight", "value of one unit in the plan's objective", unit="value per unit"),
    _flag("discounted", "whether later years count for less"),
    *_PROVENANCE,
    required=True,
)

RESPONSES = _table(
    "responses",
    "what a programme's activity buys of an outcome",
    _key("programme", "programme that buys", reference="programmes"),
    _key("outcome", "outcome bought", reference="outcomes"),
    _choice("shape", "shape of the curve", default="linear", choices=SHAPES),
    _number(
        "per_unit",
        "linear: outcome per unit of activity; power: outcome per further unit at baseline",
        unit="outcome per activity",
        default=NO_VALUE,
    ),
    _number(
        "elasticity",
        "power: percentage change of outcome for 1% more activity",
        default=NO_VALUE,
        above=0.0,
        high=10.0,
    ),
    _number(
        "maximum",
        "saturating, logistic: outcome approached with ever more activity",
        unit="outcome a year",
        default=NO_VALUE,
        low=0.0,
    ),
    _number(
        "half",
        "saturating, logistic: activity at which half the maximum is reached",
        unit="activity",
        default=NO_VALUE,
        above=0.0,
    ),
    _number(
        "steepness",
        "logistic: how sharply the curve turns at half",
        unit="per activity",
        default=NO_VALUE,
        above=0.0,
    ),
    _years("delay", "years between the activity and the outcome", high=100),
    *_evidence("per_unit or maximum"),
    *_PROVENANCE,
    required=True,
)

RESPONSE_POINTS = _table(
    "response_points",
    "a point of a response curve of shape points",
    _key("programme", "programme that buys", reference="programmes"),
    _key("outcome", "outcome bought", reference="outcomes"),
    Column("activity", "number", "activity at the point", unit="activity", key=True, low=0.0),
    _number("effect", "outcome in a year at that activity", unit="outcome a year"),
    *_PROVENANCE,
)

DEMAND = _table(
    "demand",
    "need that arrives anyway",
    _key("programme", "programme that meets it", reference="programmes"),
    _PLAN_YEAR,
    _number("demand", "need arriving in the year", unit="activity", low=0.0),
    _number(
        "opening_backlog",
        "need already waiting at the start of the first plan year",
        unit="activity",
        default=0.0,
        low=0.0,
    ),
    _share(
        "carry",
        "share of unmet need that is still there the year after (waiting list 1, emergency 0)",
        default=0.0,
    ),
    _share(
        "min_met",
        "least share of the year's need that must be met; blank: 1 for emergency and "
        "entitlement, otherwise 0",
        default=NO_VALUE,
    ),
    _text("harm_outcome", "outcome lost when need is not met", reference="outcomes"),
    _number(
        "harm",
        "outcome lost per unit of unmet need",
        unit="outcome per activity",
        default=0.0,
        low=0.0,
    ),
    *_PROVENANCE,
)

EFFECTS = _table(
    "effects",
    "a programme avoiding the need for another",
    _key("source", "programme whose activity avoids need", reference="programmes"),
    _key("target", "programme whose demand is avoided", reference="programmes"),
    _number(
        "per_unit",
        "units of demand avoided per unit of source activity above its baseline",
        unit="activity per activity",
        low=0.0,
    ),
    _years("delay", "years until the effect is felt", high=100),
    _number(
        "fade",
        "share of the effect that is left each year after (0: felt for one year)",
        unit="share a year",
        default=0.0,
        low=0.0,
        high=1.0,
    ),
    *_evidence("per_unit"),
    _choice("status", "how the figures of the row are known", default="", choices=PROVENANCE),
    _prose("citation", "where the figures come from"),
    _NOTE,
)

RESOURCES = _table(
    "resources",
    "staff, beds, slots: what activity needs besides money",
    _key("resource", "name of the resource"),
    _text("unit", "unit it is counted in"),
    _NOTE,
)

CAPACITY = _table(
    "capacity",
    "how much of a resource there is",
    _key("resource", "resource", reference="resources"),
    _text("place", "place it serves; blank: every place", reference="places", key=True),
    _PLAN_YEAR,
    _number(
        "amount",
        "amount available; blank: not limited, and use is still reported",
        unit="resource",
        default=NO_VALUE,
        low=0.0,
    ),
    _number("extra_max", "most that may be added", unit="resource", default=0.0, low=0.0),
    _money(
        "extra_cost",
        "cost of a unit added, at base-year prices",
        unit="money per resource",
        default=0.0,
    ),
    _text("extra_pool", "pool that pays for what is added", reference="budgets"),
    *_PROVENANCE,
)

USE = _table(
    "use",
    "what a programme's activity needs of a resource",
    _key("programme", "programme", reference="programmes"),
    _key("resource", "resource", reference="resources"),
    _number("per_unit", "resource per unit of activity", unit="resource per activity", low=0.0),
    *_PROVENANCE,
)

OPTIONS = _table(
    "options",
    "a yes-or-no decision",
    _key("option", "name of the option"),
    _text("label", "the option in words; blank: its name"),
    _text(
        "group",
        "choices it belongs to, separated by semicolons (a bid for several lots belongs to each)",
        form="names",
    ),
    _choice(
        "choose",
        "how many options of its groups may be taken in a year: any; at_most_one; "
        "exactly_one (from the first year in which one of the group may start); at_most: "
        "as many as `most` says; the same for all options of a group",
        default="any",
        choices=CHOICES,
    ),
    Column("most", "integer", "at_most: how many", unit="options", default=1, low=1, high=1000),
    _text(
        "pool",
        "pool that pays for it, and its capital; blank: the programme's",
        reference="budgets",
    ),
    _text(
        "programme",
        "programme whose spend the yearly cost is part of; blank: none",
        reference="programmes",
    ),
    _text(
        "provider",
        "who runs the programmes its effects of measure provider move, such as the winner of an "
        "award; blank: nobody new",
    ),
    _year("earliest", "first year in which it may start; blank: the first plan year"),
    _year("latest", "last year in which it may start; blank: the last plan year"),
    Column(
        "start_month",
        "integer",
        "calendar month in which it comes into place, 1 to 12: the first year in place "
        "counts for the months that are left; 0: the first month of the year",
        unit="month",
        default=0,
        low=0,
        high=12,
    ),
    _years(
        "lead_years",
        "years from its start (when it is paid for once, and its capital spent) until it is "
        "in place",
        high=20,
    ),
    Column(
        "min_years",
        "integer",
        "least years from its start to its end, unless the plan ends first",
        unit="years",
        default=1,
        low=1,
        high=50,
    ),
    _text(
        "review_years",
        "years after its start at which it may be left, separated by semicolons (2; 4: on the "
        "second and fourth anniversary); blank: at any time after min_years; none: never",
        form="numbers",
    ),
    _money("cost_once", "paid once, in the year it starts, at base-year prices", default=0.0),
    _money(
        "cost_yearly",
        "paid every year it is in place, at base-year prices (negative: saved)",
        default=0.0,
        low=None,
    ),
    _money(
        "double_running",
        "yearly cost of running the old service alongside, from its start until it is in "
        "place, or in its first year where there is no lead time; one-off; at base-year prices",
        default=0.0,
    ),
    _money(
        "cost_exit",
        "paid once in the year after it has been left, at base-year prices",
        default=0.0,
    ),
    _money("capital", "capital spent in the year it starts, at base-year prices", default=0.0),
    _text(
        "needs",
        f"steps it needs before it can be decided, separated by semicolons: {', '.join(STEPS)}; "
        "blank: none. Only reports read it: when it may start is said by earliest",
        form="words",
    ),
    Column(
        "needs_months",
        "integer",
        "how long those steps take together",
        unit="months",
        default=0,
        low=0,
        high=240,
    ),
    _text("decided_by", "who decides it, such as a board; blank: not said"),
    *_PROVENANCE,
)

OPTION_EFFECTS = _table(
    "option_effects",
    "what an option changes while it is in place",
    _key("option", "option", reference="options"),
    _choice(
        "measure",
        "capacity: amount of a resource; limit_min, limit_max: limits of basis activity and "
        "baseline of a programme; close: nothing of a programme may be done; demand: need "
        "arriving for it; outcome: what it buys of an outcome in a year; unit_cost: its "
        "unit cost; income: money a pool receives every year; contract: a contract that does "
        "not hold meanwhile; provider: a programme that the option's provider runs",
        key=True,
        choices=EFFECT_MEASURES,
    ),
    _key("target", "programme, resource, pool or contract it acts on"),
    _text("place", "capacity: place of the capacity row it acts on", reference="places", key=True),
    _text("outcome", "outcome: which outcome", reference="outcomes", key=True),
    _choice(
        "operation",
        "add: the value is added (in the unit of the measure; money at base-year prices); "
        "multiply: by the value; suspend: close and contract; move: provider",
        default="add",
        choices=OPERATIONS,
    ),
    _number("value", "the figure; blank for close, contract and provider", default=NO_VALUE),
    _years("delay", "years after it is in place until the effect is felt", high=50),
    *_evidence("value"),
    *_PROVENANCE,
)

OPTION_USE = _table(
    "option_use",
    "what an option needs of a resource while it is in place",
    _key("option", "option", reference="options"),
    _key("resource", "resource", reference="resources"),
    _text(
        "place",
        "place it needs it in; blank: nowhere in particular",
        reference="places",
        key=True,
    ),
    _PLAN_YEAR,
    _number(
        "amount",
        "resource it needs in a full year; it counts towards the capacity of its place and "
        "towards capacity for every place",
        unit="resource",
        low=0.0,
    ),
    *_PROVENANCE,
)

OPTION_LINKS = _table(
    "option_links",
    "a decision that depends on another",
    _key("option", "option", reference="options"),
    _choice(
        "link",
        "requires: only in years in which the other is taken too; excludes: never in the same year",
        key=True,
        choices=LINKS,
    ),
    _key("other", "the other option", reference="options"),
    *_PROVENANCE,
)

INCOMES = _table(
    "incomes",
    "money received only if a threshold is met",
    _key("income", "name of the income"),
    _text("part", "name of the condition, where an income has several", key=True),
    Column(
        "year",
        "year",
        "plan year in which it is measured; blank: every plan year",
        default=NO_VALUE,
        key=True,
    ),
    _text("label", "the condition in words"),
    _text("pool", "pool that receives it", default=REQUIRED, reference="budgets"),
    _choice("measure", "what is measured, as in rules", default="outcome", choices=INCOME_MEASURES),
    _text(
        "selection", "programmes it is measured over; blank: all of them", reference="selections"
    ),
    _text("outcome", "measure outcome: which outcome", reference="outcomes"),
    _choice(
        "sense",
        "min: met at the threshold and above; max: at the threshold and below",
        default="min",
        choices=("min", "max"),
    ),
    _number("threshold", "the figure to reach, in the unit of the measure"),
    _number(
        "full",
        "sliding: figure at which all of it is paid, in proportion between the threshold "
        "(nothing) and there; blank: a step, all of it at the threshold",
        default=NO_VALUE,
    ),
    _choice(
        "basis",
        "amount: money, in the prices of its year; per_head: money per head of all places; "
        "held_back: share of the pool's recurrent and grant money of the year, taken off it "
        "in that year and given back if earned (a recurrent balance counts neither)",
        default="amount",
        choices=INCOME_BASES,
    ),
    _number("amount", "amount of the whole income, as its basis says", low=0.0),
    _number(
        "share",
        "part of the income that rests on this condition",
        unit="share",
        default=1.0,
        above=0.0,
        high=1.0,
    ),
    _years("lag", "years from the year it is measured in to the year it is received in", high=20),
    *_PROVENANCE,
)

SELECTIONS = _table(
    "selections",
    "programmes that count towards a named selection",
    _key(
        "selection",
        "name of the selection; a programme belongs to it when any of its rows matches, and "
        "counts once however many do",
    ),
    _text("sector", "only this sector; blank: any", key=True),
    _text("place", "only this place; blank: any", key=True),
    _text("provider", "only this provider; blank: any", key=True),
    _text("pool", "only this pool; blank: any", key=True),
    _text("contract", "only this contract; blank: any", key=True),
    _text("programme", "only this programme; blank: any", key=True),
    _text("class", "only this class; blank: any", key=True),
    _text("tag", "only programmes with this tag; blank: any", key=True),
    _number(
        "share",
        "part of each programme that counts",
        unit="share",
        default=1.0,
        above=0.0,
        high=1.0,
    ),
    *_PROVENANCE,
)

RULES = _table(
    "rules",
    "a policy or contract rule",
    _key("rule", "name of the rule, as it comes back in reports"),
    _PLAN_YEAR,
    _text("label", "the rule in words"),
    _choice("measure", "what is measured", choices=MEASURES),
    _text(
        "selection", "programmes it is measured over; blank: all of them", reference="selections"
    ),
    _text("outcome", "measure outcome: which outcome", reference="outcomes"),
    _text("segment", "measure outcome: only for this segment", reference="segments"),
    _choice("sense", "min: at least; max: at most; equal", choices=SENSES),
    _number("value", "the figure in the rule, in the unit its basis implies"),
    _choice(
        "basis",
        "amount: in the measure's unit; share, ratio: of the measure over relative_to; "
        "growth: on the reference (0.05 is 5% more); per_head: per head of the population",
        default="amount",
        choices=RULE_BASES,
    ),
    _text(
        "relative_to",
        "share and ratio: selection it is compared with; blank: all programmes",
        reference="selections",
    ),
    _text(
        "reference",
        "growth: baseline, previous (the year before) or a plan year; blank: previous",
        form="year",
    ),
    _number(
        "penalty",
        "value lost per unit by which the rule is missed in a year; blank: it must hold",
        unit="value per unit of the measure",
        default=NO_VALUE,
        above=0.0,
    ),
    _choice("status", "what gives the rule its force", default="", choices=AUTHORITIES),
    _text("owner", "who answers for the rule"),
    _prose("reason", "why it is there"),
    _prose("source", "where it comes from"),
    _NOTE,
)

PLACES = _table(
    "places",
    "a place and the people who live there",
    _key("place", "name of the place"),
    _PLAN_YEAR,
    _number("heads", "people", unit="heads", above=0.0),
    *_PROVENANCE,
)

SEGMENTS = _table(
    "segments",
    "a group of people whose outcomes are followed or weighted",
    _key("segment", "name of the segment"),
    _text("place", "place they live in; blank: the whole system", reference="places", key=True),
    _number("heads", "people in the segment", unit="heads", above=0.0),
    _number(
        "weight",
        "value of an outcome for them; rescaled so that the population's mean is 1",
        default=1.0,
        low=0.0,
    ),
    *_PROVENANCE,
)

REACH = _table(
    "reach",
    "the part of a programme's outcome that goes to a segment",
    _key("programme", "programme", reference="programmes"),
    _key("segment", "segment", reference="segments"),
    _share(
        "share",
        "share of the programme's outcome; a programme's shares sum to 1",
    ),
    *_PROVENANCE,
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
        OPTION_USE,
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
