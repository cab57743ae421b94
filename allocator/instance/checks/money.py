"""Checks of kinds of money, shared funding and adjustments."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from allocator.instance.checks.problem import Problems, needs, planned, problem
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.rows import among
from allocator.tolerances import ROUNDING
from allocator.words import Suggester, listing, number, sentence, told_apart

PROVIDERS_IN = ("programmes", "providers", "options")
"""Tables that name providers, each in a column of that name."""


def capital_is_apart(facts: Timeless) -> Problems:
    """Capital is neither carried nor owed."""
    rows = facts["budgets"]
    for column in ("opening", "carry_max", "overdraw_max"):
        given = (rows["kind"] == "capital") & (rows[column] != 0.0)
        for position in np.flatnonzero(given).tolist():
            yield problem(
                rows,
                position,
                column,
                f"capital is not carried from year to year, so {column} has no effect; write it "
                "on the pool's recurrent row if it is meant for that.",
                severity="warning",
            )


@needs("programmes", "budgets")
def capital_has_a_pool(facts: Timeless) -> Problems:
    """A programme paid from capital names a pool that has some."""
    funded = set(facts["budgets"]["pool"][facts["budgets"]["kind"] == "capital"].tolist())
    programmes = facts["programmes"]
    for position in np.flatnonzero(programmes["money"] == "capital").tolist():
        pool = programmes["pool"][position]
        if pool not in funded:
            yield problem(
                programmes,
                position,
                "money",
                f"'{programmes['programme'][position]}' is paid from capital, but pool '{pool}' "
                "has none; give budgets a row of kind capital, or write revenue.",
            )


def shares_in_order(facts: Timeless) -> Problems:
    """A pool's least share is no more than its most."""
    rows = facts["funding"]
    for position in np.flatnonzero(rows["share_min"] > rows["share_max"]).tolist():
        least, most = told_apart(rows["share_min"][position], rows["share_max"][position], number)
        yield problem(
            rows,
            position,
            "share_min",
            f"share_min {least} is more than share_max {most}.",
        )


@planned("funding")
def shares_add_up(facts: Facts) -> Problems:
    """The pools of a programme can pay all of it and need not pay more."""
    rows, grid = facts["funding"], facts.by_year("funding")
    least, most = grid.values("share_min", 0.0), grid.values("share_max", 0.0)
    pools: dict[str, list[int]] = defaultdict(list)
    for group in grid.by_line:
        pools[grid.keys[group][0]].append(group)
    for name, groups in pools.items():
        there = grid.index[groups] >= 0
        low, high = least[groups].sum(axis=0), most[groups].sum(axis=0)
        for column, totals, wrong, words in (
            ("share_min", low, low > 1 + ROUNDING, "more than the whole"),
            ("share_max", high, high < 1 - ROUNDING, "less than the whole"),
        ):
            for t in np.flatnonzero(wrong & there.any(axis=0)).tolist()[:1]:
                payers = [g for g, here in zip(groups, there[:, t], strict=True) if here]
                named = listing(f"'{grid.keys[g][1]}'" for g in payers)
                yield problem(
                    rows,
                    int(grid.index[payers[0], t]),
                    column,
                    f"the {column} of programme '{name}' in {facts.years[t]} sum to "
                    f"{told_apart(totals[t], 1.0, number)[0]}, {words} ({named}); they must sum to "
                    f"{'at most' if column == 'share_min' else 'at least'} 1.",
                )


@planned("funding", "programmes", "contracts", "places")
def funding_and_contracts(facts: Facts) -> Problems:
    """What a contract or capital pays for is not paid in shares as well."""
    rows, programmes = facts["funding"], facts["programmes"]
    grid, covered = facts.by_year("funding"), facts.agreements.covered
    seen: set[str] = set()
    for group in grid.by_line:
        name = grid.keys[group][0]
        i = facts.rank[name]
        clash = (grid.index[group] >= 0) & covered[i]
        first = int(grid.index[group][grid.index[group] >= 0][0])
        if name in seen:
            continue
        if programmes["money"][i] == "capital":
            seen.add(name)
            yield problem(
                rows,
                first,
                "programme",
                f"'{name}' is paid from the capital of its own pool and cannot be paid in shares.",
            )
        elif clash.any():
            seen.add(name)
            t = int(np.flatnonzero(clash)[0])
            yield problem(
                rows,
                int(grid.index[group, t]),
                "programme",
                f"'{name}' is under contract '{programmes['contract'][i]}' in {facts.years[t]}: "
                "the contract's payment replaces its cost, so no pool can pay a share of that "
                "cost; take out the contract or the funding.",
            )


@needs("funding", "programmes")
def own_pool_among_funders(facts: Timeless) -> Problems:
    """A programme paid in shares by other pools only is probably a slip."""
    funders: dict[str, set[str]] = defaultdict(set)
    rows = facts["funding"]
    for name, pool in zip(rows["programme"].tolist(), rows["pool"].tolist(), strict=True):
        funders[name].add(pool)
    programmes = facts["programmes"]
    for position, (name, pool) in enumerate(programmes.tuples(("programme", "pool"))):
        if name in funders and pool not in funders[name]:
            yield problem(
                programmes,
                position,
                "pool",
                f"'{name}' names pool '{pool}', which is not among the pools that fund it "
                f"({listing(sorted(funders[name]))}) and so pays nothing.",
                severity="warning",
            )


def adjustments_make_sense(facts: Timeless) -> Problems:
    """An adjustment falls somewhere, and a saving is written as one."""
    rows = facts["adjustments"]
    for position in np.flatnonzero((rows["pool"] == "") & (rows["selection"] == "")).tolist():
        yield problem(
            rows,
            position,
            "pool",
            f"'{rows['item'][position]}' falls on no pool: name a pool, or the selection of the "
            "programmes it is about.",
        )
    wrong = (rows["kind"] == "efficiency") & (rows["amount"] < 0)
    for position in np.flatnonzero(wrong).tolist():
        amount = number(rows["amount"][position])
        yield problem(
            rows,
            position,
            "amount",
            f"an efficiency is money saved and written as a positive amount, not {amount}; a "
            "cost is a pressure.",
        )
    for position in np.flatnonzero((rows["amount"] < 0) & (rows["kind"] == "reserve")).tolist():
        yield problem(
            rows,
            position,
            "amount",
            "a reserve sets money aside and cannot be negative; money released from one belongs "
            "to budgets, kind non_recurrent.",
        )


@needs("adjustments", "programmes", "providers", "options")
def adjustments_paid(facts: Timeless) -> Problems:
    """What is paid to a provider is paid to one that is known, and a saving to nobody."""
    rows = facts["adjustments"]
    known = {name for table in PROVIDERS_IN for name in facts[table]["provider"].tolist()} - {""}
    suggest = Suggester(known)
    for position in np.flatnonzero(rows["provider"] != "").tolist():
        name = rows["provider"][position]
        if rows["kind"][position] == "efficiency":
            yield problem(
                rows,
                position,
                "provider",
                "an efficiency is money the pool saves and nobody is paid it; leave provider "
                "blank.",
            )
        elif name not in known:
            hint = suggest(name)
            statement = f"provider '{name}' is neither in programmes nor in providers"
            yield problem(rows, position, "provider", sentence(statement, hint), hint)


def deficits_come_back(facts: Timeless) -> Problems:
    """A deficit is there next year too, unless something ends it."""
    rows = facts["adjustments"]
    once = (rows["kind"] == "deficit") & ~rows["recurrent"]
    told: set[str] = set()
    for position in rows.in_file(once & (rows["amount"] != 0.0)):
        if rows["item"][position] not in told:
            told.add(rows["item"][position])
            yield problem(
                rows,
                position,
                "recurrent",
                f"the deficit '{rows['item'][position]}' is marked as one-off, which takes it out "
                "of the underlying position. That is right for one that is repaid once; otherwise "
                "leave recurrent blank, and write money that covers it for now in budgets, kind "
                "support.",
                severity="warning",
            )


@needs("adjustments", "programmes", "selections", "funding")
def adjustments_by_selection(facts: Timeless) -> Problems:
    """A selection without a pool shares its item out by baseline spend."""
    rows, programmes = facts["adjustments"], facts["programmes"]
    shared = among(programmes["programme"], facts["funding"]["programme"])
    told: set[str] = set()
    asked = (rows["pool"] == "") & (rows["selection"] != "")
    for position in rows.in_file(asked):
        selection = rows["selection"][position]
        who, share = facts.selections.counted(selection)
        weight = share * facts.base_spend[who]
        if not weight.any():
            yield problem(
                rows,
                position,
                "selection",
                f"selection '{selection}' has no baseline spend to share '{rows['item'][position]}'"
                " out by; name the pool it falls on.",
            )
        elif (weight[shared[who]] > 0).any() and rows["item"][position] not in told:
            told.add(rows["item"][position])
            first = programmes.in_file(who[shared[who] & (weight > 0)])[0]
            yield problem(
                rows,
                position,
                "selection",
                f"'{programmes['programme'][first]}' is paid by several pools, but its part of "
                f"'{rows['item'][position]}' falls on '{programmes['pool'][first]}', the pool it "
                "names; name a pool if that is not meant.",
                severity="warning",
            )


@planned("adjustments", "programmes", "selections", "contracts", "places")
def savings_a_contract_keeps(facts: Facts) -> Problems:
    """An efficiency in what a contract pays for is the provider's, not the pool's."""
    rows, programmes = facts["adjustments"], facts["programmes"]
    covered = np.asarray(facts.agreements.covered.any(axis=1))
    asked = (rows["kind"] == "efficiency") & (rows["selection"] != "") & (rows["amount"] > 0)
    for position in np.flatnonzero(asked).tolist():
        who, _ = facts.selections.counted(rows["selection"][position])
        under = who[covered[who]]
        if len(under):
            names = listing(
                (f"'{programmes['programme'][i]}'" for i in programmes.in_file(under)), 3
            )
            yield problem(
                rows,
                position,
                "selection",
                f"'{rows['item'][position]}' is counted as money the pool saves, but {names} "
                f"{'is' if len(under) == 1 else 'are'} under contract, where a lower cost is the "
                "provider's gain; check that the payments fall by as much.",
                severity="warning",
            )


CHECKS = (
    capital_is_apart,
    capital_has_a_pool,
    shares_in_order,
    shares_add_up,
    funding_and_contracts,
    own_pool_among_funders,
    adjustments_make_sense,
    adjustments_paid,
    deficits_come_back,
    adjustments_by_selection,
    savings_a_contract_keeps,
)
