"""Checks of contracts: one provider, one pool, and figures that go together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocator.arrays import Flags, Values
from allocator.instance.checks import contract_times
from allocator.instance.checks.problem import Problems, needs, problem
from allocator.instance.facts.agreements import replaces_cost
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.column import NO_VALUE, Column
from allocator.instance.tables.legal import CONTRACT_NEEDS, CONTRACT_PARAMETERS
from allocator.instance.tables.rows import BLANK_YEAR
from allocator.instance.tables.schema import TABLES
from allocator.words import Suggester, number, sentence


@needs("programmes")
def contracts_of_programmes(facts: Timeless) -> Problems:
    """A contract has programmes; a name without a contract is said."""
    rows, programmes = facts["contracts"], facts["programmes"]
    named = set(programmes["contract"].tolist()) - {""}
    suggest = Suggester(named)
    told: set[str] = set()
    for position in rows.by_line:
        name = rows["contract"][position]
        if name not in named and name not in told:
            told.add(name)
            hint = suggest(name)
            statement = f"no programme is under contract '{name}'"
            yield problem(rows, position, "contract", sentence(statement, hint), hint)
    if not len(rows) or "contracts" not in facts.draft.names:
        return
    known = facts.draft.names["contracts"]
    suggest = Suggester(known)
    for position in programmes.by_line:
        name = programmes["contract"][position]
        if name and name not in known and name not in told:
            told.add(name)
            hint = suggest(name)
            statement = (
                f"contract '{name}' has no row in contracts, so its programmes are paid at cost"
            )
            yield problem(
                programmes,
                position,
                "contract",
                sentence(statement, hint),
                hint,
                severity="warning",
            )


@needs("programmes", "contracts")
def one_provider_one_pool(facts: Timeless) -> Problems:
    """All programmes of a contract have the same provider, pool and kind of money."""
    rows, programmes = facts["contracts"], facts["programmes"]
    first: dict[str, int] = {}
    paying = set(rows["contract"][replaces_cost(rows)].tolist())
    for position in programmes.by_line:
        name = programmes["contract"][position]
        if name not in paying:
            continue
        start = first.setdefault(name, position)
        for column in ("provider", "pool"):
            one, other = programmes[column][start], programmes[column][position]
            if one != other:
                yield problem(
                    programmes,
                    position,
                    column,
                    f"contract '{name}' has one {column}, but '{programmes['programme'][start]}' "
                    f"names {_quoted(one)} and '{programmes['programme'][position]}' "
                    f"{_quoted(other)}.",
                )
        if programmes["money"][position] == "capital":
            yield problem(
                programmes,
                position,
                "money",
                f"'{programmes['programme'][position]}' is paid from capital and cannot be under "
                f"contract '{name}'.",
            )


def _quoted(name: str) -> str:
    return f"'{name}'" if name else "none"


def parameters_of_the_type(facts: Timeless) -> Problems:
    """A contract has what its type needs and nothing that belongs to others."""
    rows = facts["contracts"]
    kinds = rows["type"].tolist()
    for name in dict.fromkeys(p for every in CONTRACT_PARAMETERS.values() for p in every):
        given = _given(rows[name], TABLES["contracts"][name])
        wanted = np.array([name in CONTRACT_PARAMETERS[kind] for kind in kinds], dtype=bool)
        for position in np.flatnonzero(given & ~wanted).tolist():
            takes = ", ".join(CONTRACT_PARAMETERS[kinds[position]]) or "no figures of its own"
            yield problem(
                rows,
                position,
                name,
                f"a contract of type {kinds[position]} has no {name}; it takes {takes}.",
            )
        needed = np.array([name in CONTRACT_NEEDS.get(kind, ()) for kind in kinds], dtype=bool)
        for position in np.flatnonzero(needed & ~given).tolist():
            yield problem(
                rows, position, name, f"a contract of type {kinds[position]} needs {name}."
            )


def _given(values: Values, column: Column) -> Flags:
    """Where a parameter says something else than its default."""
    if column.kind == "year":
        return np.asarray(values != BLANK_YEAR)
    if column.default is NO_VALUE:
        return ~np.isnan(values)
    return np.asarray(values != column.default)


def figures_go_together(facts: Timeless) -> Problems:
    """Incomes, caps and rates of a contract do not contradict each other."""
    rows = facts["contracts"]
    for position, column, message in _contradictions(facts):
        yield problem(rows, position, column, message)
    silent = (rows["type"] == "outcome") & (rows["bonus"] == 0.0) & (rows["bonus_outcome"] != "")
    silent &= rows["bonus_step"] == 0.0
    for position in np.flatnonzero(silent).tolist():
        yield problem(
            rows,
            position,
            "bonus",
            "an outcome is named but its bonus is 0, so the payment is fixed.",
            severity="warning",
        )
    alone = (rows["type"] == "activity") & ~np.isnan(rows["threshold"])
    for position in np.flatnonzero(alone & (rows["marginal_rate"] == 1.0)).tolist():
        yield problem(
            rows,
            position,
            "threshold",
            "the marginal_rate is 1, so the threshold has no effect.",
            severity="warning",
        )


def _contradictions(facts: Timeless) -> Iterator[tuple[int, str, str]]:
    rows = facts["contracts"]
    low, high, fixed = rows["min_income"], rows["max_income"], rows["fixed"]
    for position in np.flatnonzero(low > high).tolist():
        words = f"{number(low[position])} is more than max_income {number(high[position])}"
        yield position, "min_income", f"min_income {words}."
    least = np.isin(rows["type"], ("block", "cost_and_volume"))
    for position in np.flatnonzero(least & (fixed > high)).tolist():
        yield (
            position,
            "max_income",
            f"max_income {number(high[position])} is less than the fixed payment "
            f"{number(fixed[position])}, which could never be paid.",
        )
    stray = (rows["type"] == "activity") & (rows["marginal_rate"] != 1.0)
    for position in np.flatnonzero(stray & np.isnan(rows["threshold"])).tolist():
        yield (
            position,
            "marginal_rate",
            "a marginal_rate is paid above a threshold, and there is none.",
        )
    stepped = (rows["type"] == "outcome") & (rows["bonus_step"] > 0)
    for position in np.flatnonzero(stepped & np.isnan(rows["bonus_threshold"])).tolist():
        yield (
            position,
            "bonus_step",
            "a step is paid once the outcome reaches bonus_threshold, and there is none.",
        )
    for position in np.flatnonzero(~stepped & ~np.isnan(rows["bonus_threshold"])).tolist():
        if rows["type"][position] == "outcome":
            yield position, "bonus_threshold", "nothing is paid at the threshold; give bonus_step."
    capped = (
        ("gain_cap", "gain_share", "given back"),
        ("loss_cap", "loss_share", "made good"),
    )
    for cap, share, what in capped:
        idle = ~np.isnan(rows[cap]) & (rows[share] == 0.0) & (rows["type"] == "capitated")
        for position in np.flatnonzero(idle).tolist():
            yield position, cap, f"the {share} is 0, so nothing is {what} that {cap} could limit."


@needs("programmes", "contracts")
def leads(facts: Timeless) -> Problems:
    """A lead is another provider and is paid for it."""
    rows, programmes = facts["contracts"], facts["programmes"]
    home = dict(zip(programmes["contract"], programmes["provider"], strict=True))
    known = {*programmes["provider"].tolist(), *facts["providers"]["provider"].tolist()} - {""}
    suggest = Suggester(known)
    lead, overhead = rows["lead"], rows["overhead"]
    for position in np.flatnonzero((lead == "") & (overhead > 0)).tolist():
        yield problem(
            rows, position, "overhead", "an overhead is income of a lead, and none is named."
        )
    for position in np.flatnonzero(lead != "").tolist():
        name = lead[position]
        if name == home.get(rows["contract"][position]):
            yield problem(
                rows,
                position,
                "lead",
                f"'{name}' provides the contract's programmes itself and cannot be its lead.",
            )
        elif name not in known:
            hint = suggest(name)
            statement = f"provider '{name}' is neither in programmes nor in providers"
            yield problem(rows, position, "lead", sentence(statement, hint), hint)
        elif overhead[position] == 0.0:
            yield problem(
                rows,
                position,
                "lead",
                "a lead is named but the overhead is 0, so it receives nothing.",
                severity="warning",
            )


@needs("programmes", "contracts")
def something_to_pay(facts: Timeless) -> Problems:
    """A fixed payment left blank is the baseline at its tariff, which is not nothing."""
    rows, programmes = facts["contracts"], facts["programmes"]
    with_baseline = set(programmes["contract"][programmes["baseline"] > 0].tolist())
    takes = np.array(["fixed" in CONTRACT_PARAMETERS[k] for k in rows["type"].tolist()], dtype=bool)
    for position in np.flatnonzero(takes & np.isnan(rows["fixed"])).tolist():
        if rows["contract"][position] not in with_baseline:
            yield problem(
                rows,
                position,
                "fixed",
                "a blank fixed payment is the baseline at its tariff, and the contract's "
                "programmes have no baseline; write the payment.",
            )


@needs("places")
def heads_to_pay_for(facts: Timeless) -> Problems:
    """A payment per head has people to be paid for."""
    rows = facts["contracts"]
    if not len(facts["places"]):
        for position in np.flatnonzero(rows["type"] == "capitated").tolist():
            yield problem(
                rows, position, "type", "a capitated contract needs the table places with heads."
            )


@needs("programmes", "responses", "demand", "option_effects")
def bonus_is_earned(facts: Timeless) -> Problems:
    """The programmes of an outcome contract change the outcome that earns its bonus."""
    rows, programmes = facts["contracts"], facts["programmes"]
    bought, lost = set(facts["responses"].tuples()), set()
    bought.update(facts["option_effects"].tuples(("target", "outcome")))
    lost.update(facts["demand"].tuples(("programme", "harm_outcome")))
    asked = (rows["type"] == "outcome") & (rows["bonus_outcome"] != "")
    for position in np.flatnonzero(asked).tolist():
        contract, outcome = rows["contract"][position], rows["bonus_outcome"][position]
        names = programmes["programme"][programmes["contract"] == contract].tolist()
        harmed = [name for name in names if (name, outcome) in lost]
        if harmed:
            yield problem(
                rows,
                position,
                "bonus_outcome",
                f"unmet need of '{harmed[0]}' harms '{outcome}', which cannot be set against a "
                "bonus; pay the bonus on an outcome that its programmes buy.",
            )
        elif names and not any((name, outcome) in bought for name in names):
            yield problem(
                rows,
                position,
                "bonus_outcome",
                f"no programme of contract '{contract}' has a response for '{outcome}', so "
                "nothing would earn the bonus.",
            )


@needs("programmes", "contracts", "options")
def known_providers(facts: Timeless) -> Problems:
    """Providers provide something, lead a contract or may be awarded something."""
    rows = facts["providers"]
    places = (("programmes", "provider"), ("contracts", "lead"), ("options", "provider"))
    known = {name for table, column in places for name in facts[table][column].tolist()} - {""}
    suggest = Suggester(known)
    for position, name in enumerate(rows["provider"].tolist()):
        if name not in known:
            hint = suggest(name)
            statement = f"provider '{name}' provides no programme and leads no contract"
            yield problem(rows, position, "provider", sentence(statement, hint), hint)


CHECKS = (
    contracts_of_programmes,
    one_provider_one_pool,
    parameters_of_the_type,
    figures_go_together,
    *contract_times.CHECKS,
    leads,
    something_to_pay,
    heads_to_pay_for,
    bonus_is_earned,
    known_providers,
)
