"""Checks of programmes, selections and pools, and of what is held."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from allocator.errors import Problem
from allocator.instance.checks.problem import Problems, needs, planned, problem
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.held import STRICT
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.rows import Rows
from allocator.instance.tables.selections import CRITERIA, Selections
from allocator.tolerances import WIDEST_SPREAD
from allocator.words import Suggester, listing, number, sentence


def filled_in(facts: Timeless) -> Problems:
    """An instance has programmes, budgets and outcomes, and something is valued."""
    for name in ("programmes", "budgets", "outcomes"):
        if facts.draft.whole(name) and not len(facts[name]):
            yield Problem(name, None, "", "", "the table has no rows; it needs at least one.")
    valued = len(facts["responses"]) or (facts["demand"]["harm"] > 0).any()
    valued = valued or (facts["option_effects"]["measure"] == "outcome").any()
    if not valued and facts.draft.whole("responses", "demand", "option_effects"):
        yield problem(
            facts["responses"],
            None,
            "",
            "nothing is valued: no programme has a response, no option an outcome and no unmet "
            "need does harm, so every allowed plan is as good as any other.",
            severity="warning",
        )


def transfers_between_two(facts: Timeless) -> Problems:
    """A transfer links two different pools."""
    rows = facts["transfers"]
    for position in np.flatnonzero(rows["from_pool"] == rows["to_pool"]).tolist():
        pool = rows["to_pool"][position]
        yield problem(rows, position, "to_pool", f"pool '{pool}' cannot hand money to itself.")


def prices_above(facts: Timeless) -> Problems:
    """A price above a threshold has a threshold, and differs from the one below."""
    rows = facts["programmes"]
    above, known = rows["cost_above"], ~np.isnan(rows["cost_threshold"])
    for position in np.flatnonzero((above != 1.0) & ~known).tolist():
        yield problem(
            rows,
            position,
            "cost_above",
            f"units above a threshold cost {number(above[position])} times the unit cost, and "
            "there is no cost_threshold; give one.",
        )
    for position in np.flatnonzero((above == 1.0) & known).tolist():
        yield problem(
            rows,
            position,
            "cost_threshold",
            "cost_above is 1, so the threshold has no effect.",
            severity="warning",
        )


@needs("programmes")
def selection_words(facts: Timeless) -> Problems:
    """Every word a selection picks by belongs to a programme."""
    rows, members = facts["selections"], facts.selections
    known = np.ones(len(rows), dtype=bool)
    for criterion in CRITERIA:
        words = members.words(criterion)
        suggest = Suggester(words)
        for position, value in enumerate(rows[criterion].tolist()):
            if value and value not in words:
                known[position] = False
                hint = suggest(value)
                statement = f"no programme has {criterion} '{value}'"
                yield problem(rows, position, criterion, sentence(statement, hint), hint)
    empty = known & np.array([not len(members.of_row(r)) for r in range(len(rows))], dtype=bool)
    if len(facts["programmes"]):
        for position in np.flatnonzero(empty).tolist():
            yield problem(
                rows,
                position,
                "selection",
                "the row matches nothing: no programme has all of "
                f"{_criteria(rows, position)} at once.",
            )
    yield from _unequal_shares(rows, members, facts["programmes"])


def _criteria(rows: Rows, position: int) -> str:
    pairs = [(c, rows[c][position]) for c in CRITERIA if rows[c][position]]
    return ", ".join(f"{criterion} '{value}'" for criterion, value in pairs)


def _unequal_shares(rows: Rows, members: Selections, programmes: Rows) -> Problems:
    for positions in members.rows_of.values():
        if len(set(rows["share"][positions].tolist())) < 2:
            continue
        counted: dict[int, float] = {}
        for position in positions:
            share = rows["share"][position]
            mine = members.of_row(position).tolist()
            first = next((i for i in mine if counted.get(i, share) != share), None)
            if first is not None:
                yield problem(
                    rows,
                    position,
                    "share",
                    f"programme '{programmes['programme'][first]}' is in this selection with two "
                    f"different shares, {number(counted[first])} and {number(share)}.",
                )
            counted.update(dict.fromkeys(mine, share))


@needs("programmes", "budgets", "transfers", "capacity", "funding", "adjustments", "options")
def idle_pools(facts: Timeless) -> Problems:
    """Money that nothing can spend is probably a slip."""
    used = set(facts["programmes"]["pool"].tolist())
    used |= set(facts["transfers"]["from_pool"].tolist())
    used |= set(facts["capacity"]["extra_pool"].tolist())
    used |= set(facts["funding"]["pool"].tolist())
    used |= set(facts["adjustments"]["pool"].tolist())
    used |= set(facts["options"]["pool"].tolist())
    seen: set[str] = set()
    budgets = facts["budgets"]
    for position in budgets.by_line:
        pool = budgets["pool"][position]
        if pool not in used and pool not in seen:
            seen.add(pool)
            yield problem(
                facts["budgets"],
                position,
                "pool",
                f"no programme, option, transfer or extra capacity can spend the money of pool "
                f"'{pool}'.",
                severity="warning",
            )
    programmes = facts["programmes"]
    invests = set(programmes["pool"][programmes["money"] == "capital"].tolist())
    invests |= {
        p for p, amount in zip(facts.payers, facts["options"]["capital"], strict=True) if amount > 0
    }
    for position in budgets.in_file(budgets["kind"] == "capital"):
        pool = budgets["pool"][position]
        if pool not in invests | seen:
            seen.add(pool)
            yield problem(
                facts["budgets"],
                position,
                "kind",
                f"no programme is paid from the capital of pool '{pool}' (money = capital), and no "
                "option needs any.",
                severity="warning",
            )


@planned("programmes", "budgets", "transfers")
def money_spread(facts: Facts) -> Problems:
    """Money of one pool stays within what a solver can tell apart."""
    programmes = facts["programmes"]
    figures: dict[str, list[tuple[float, str]]] = defaultdict(list)
    names, pools = programmes["programme"].tolist(), programmes["pool"].tolist()
    for name, pool, value in zip(names, pools, facts.base_spend.tolist(), strict=True):
        figures[pool].append((value, f"programme '{name}'"))
    for _, pool, value in facts["budgets"].lists("pool", "amount"):
        figures[pool].append((value, "its amount"))
    for _, giver, taker, value in facts["transfers"].lists("from_pool", "to_pool", "max"):
        figures[giver].append((value, f"the transfer to '{taker}'"))
    for pool, found in figures.items():
        positive = [pair for pair in found if pair[0] > 0]
        if positive and max(positive)[0] > WIDEST_SPREAD * min(positive)[0]:
            (most, big), (least, small) = max(positive), min(positive)
            yield problem(
                facts["budgets"],
                None,
                "amount",
                f"in pool '{pool}' {big} is {facts.settings.money(most)} and {small} "
                f"{facts.settings.money(least)}: figures more than 1e9 apart blur in a solver.",
                severity="warning",
            )


@planned("programmes", "responses", "demand", "effects", "option_effects")
def unvalued(facts: Facts) -> Problems:
    """Programmes that nothing values are listed with the money they hold."""
    programmes, held = facts["programmes"], facts.held.unvalued_held & (facts.base_spend > 0.0)
    if held.any():
        names = programmes["programme"][programmes.in_file(held)].tolist()
        total = float(facts.base_spend[held].sum())
        many = "1 programme has" if len(names) == 1 else f"{len(names)} programmes have"
        yield problem(
            programmes,
            None,
            "",
            f"{many} no response, demand or effect and {facts.settings.money(total)} of baseline "
            f"spend, held at baseline: {listing(names, 12)}.",
            severity="warning",
        )


@planned("programmes", "responses", "demand", "effects", "option_effects")
def valued_by_what_they_avoid(facts: Facts) -> Problems:
    """Programmes that have effects on need and nothing of their own are listed."""
    programmes, held = facts["programmes"], facts.held.avoids_only_held
    if held.any():
        names = programmes["programme"][programmes.in_file(held)].tolist()
        total = float(facts.base_spend[held].sum())
        many = "1 programme is" if len(names) == 1 else f"{len(names)} programmes are"
        yield problem(
            programmes,
            None,
            "",
            f"{many} valued only by need avoided (an effect, but no response and no demand) and "
            f"held at baseline, with {facts.settings.money(total)} of baseline spend: "
            f"{listing(names, 12)}. Write responses, or held = no where avoiding need is all "
            "there is to it.",
            severity="warning",
        )


@needs("programmes", "responses", "demand", "effects", "option_effects")
def unvalued_and_free(facts: Timeless) -> Problems:
    """Programmes that nothing values and that may move all the same are said."""
    programmes = facts["programmes"]
    free = facts.held.unvalued & (programmes["held"] == "no")
    for position in np.flatnonzero(free).tolist():
        yield problem(
            programmes,
            position,
            "held",
            "the programme may move though nothing says what it is worth: whatever it could give "
            "up will be given up.",
            severity="warning",
        )


@needs("programmes", "responses", "demand", "effects", "option_effects")
def held_though_valued(facts: Timeless) -> Problems:
    """A value that cannot change the plan is said."""
    programmes = facts["programmes"]
    free = facts.held.set_free
    for position in np.flatnonzero(~facts.held.unvalued).tolist():
        name, held = programmes["programme"][position], programmes["held"][position]
        follows = programmes["class"][position] in STRICT
        if held == "yes":
            yield problem(
                programmes,
                position,
                "held",
                f"'{name}' is held, so its response, demand or effect does not change the plan.",
                severity="warning",
            )
        elif follows and held == "" and not facts.held.follows[position] and not free[position]:
            yield problem(
                programmes,
                position,
                "class",
                f"'{name}' is of class {programmes['class'][position]} without demand and so is "
                "held; give it demand, or write held = no, for its response or effect to count.",
                severity="warning",
            )


CHECKS = (
    filled_in,
    transfers_between_two,
    prices_above,
    selection_words,
    idle_pools,
    money_spread,
    unvalued,
    valued_by_what_they_avoid,
    unvalued_and_free,
    held_though_valued,
)
