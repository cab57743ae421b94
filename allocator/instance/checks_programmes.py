"""Checks of programmes, their limits, selections, pools and places."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from allocator.errors import Problem
from allocator.instance.draft import Draft, Problems, needs, problem
from allocator.instance.rows import Array, Rows
from allocator.instance.selections import CRITERIA, Selections
from allocator.instance.wording import Suggester, listing, money, number, sentence

_WIDEST_SPREAD = 1e9


def filled_in(draft: Draft) -> Problems:
    """An instance has programmes, budgets and outcomes, and something is valued."""
    for name in ("programmes", "budgets", "outcomes"):
        if draft.whole(name) and not len(draft[name]):
            yield Problem(name, None, "", "", "the table has no rows; it needs at least one.")
    valued = len(draft["responses"]) or (draft["demand"]["harm"] > 0).any()
    if not valued and draft.whole("responses", "demand"):
        yield problem(
            draft["responses"],
            None,
            "",
            "nothing is valued: no programme has a response and no unmet need does harm, so every "
            "allowed plan is as good as any other.",
            severity="warning",
        )


def transfers_between_two(draft: Draft) -> Problems:
    """A transfer links two different pools."""
    rows = draft["transfers"]
    for position in np.flatnonzero(rows["from_pool"] == rows["to_pool"]).tolist():
        pool = rows["to_pool"][position]
        yield problem(rows, position, "to_pool", f"pool '{pool}' cannot hand money to itself.")


def limits_make_sense(draft: Draft) -> Problems:
    """Limits say something, do not cross and stay above zero."""
    rows = draft["limits"]
    low, high, growth = rows["min"], rows["max"], rows["basis"] == "growth"
    for position in np.flatnonzero(low > high).tolist():
        words = f"{number(low[position])} is more than max {number(high[position])}"
        yield problem(rows, position, "min", f"min {words}, so no activity is allowed.")
    for column in ("min", "max"):
        floor = np.where(growth, -1.0, 0.0)
        for position in np.flatnonzero(rows[column] < floor).tolist():
            allowed = "-1 (nothing left) or more" if growth[position] else "0 or more"
            value = number(rows[column][position])
            basis = rows["basis"][position]
            yield problem(
                rows,
                position,
                column,
                f"{value} is not allowed: a {column} on basis {basis} must be {allowed}.",
            )
    added = rows["growth_amount"] > 0
    for position in np.flatnonzero(added & (~growth | np.isnan(high))).tolist():
        yield problem(
            rows,
            position,
            "growth_amount",
            "growth_amount is added to a growth max; it needs basis growth and a max (0 for "
            "nothing on top).",
        )
    for position in np.flatnonzero(np.isnan(low) & np.isnan(high) & ~added).tolist():
        yield problem(
            rows,
            position,
            "max",
            "the row has neither a min nor a max and limits nothing.",
            severity="warning",
        )


def selection_words(draft: Draft) -> Problems:
    """Every word a selection picks by belongs to a programme."""
    if not draft.whole("programmes"):
        return
    rows = draft["selections"]
    members = Selections(draft["programmes"], rows)
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
    empty = known & ~members.masks.any(axis=1)
    if len(draft["programmes"]):
        for position in np.flatnonzero(empty).tolist():
            yield problem(
                rows,
                position,
                "selection",
                "the row matches nothing: no programme has all of "
                f"{_criteria(rows, position)} at once.",
            )
    yield from _unequal_shares(rows, members, draft["programmes"])


def _criteria(rows: Rows, position: int) -> str:
    pairs = [(c, rows[c][position]) for c in CRITERIA if rows[c][position]]
    return ", ".join(f"{criterion} '{value}'" for criterion, value in pairs)


def _unequal_shares(rows: Rows, members: Selections, programmes: Rows) -> Problems:
    for positions in members.rows_of.values():
        if len(set(rows["share"][positions].tolist())) < 2:
            continue
        counted = np.full(len(programmes), np.nan)
        for position in positions:
            share = rows["share"][position]
            mask: Array = members.masks[position]
            clash = mask & (counted != share) & ~np.isnan(counted)
            if clash.any():
                first = int(np.flatnonzero(clash)[0])
                yield problem(
                    rows,
                    position,
                    "share",
                    f"programme '{programmes['programme'][first]}' is in this selection with two "
                    f"different shares, {number(counted[first])} and {number(share)}.",
                )
            counted[mask] = share


@needs("programmes", "budgets", "transfers", "capacity", "funding", "adjustments")
def idle_pools(draft: Draft) -> Problems:
    """Money that nothing can spend is probably a slip."""
    used = set(draft["programmes"]["pool"].tolist())
    used |= set(draft["transfers"]["from_pool"].tolist())
    used |= set(draft["capacity"]["extra_pool"].tolist())
    used |= set(draft["funding"]["pool"].tolist())
    used |= set(draft["adjustments"]["pool"].tolist())
    seen: set[str] = set()
    for position, pool in enumerate(draft["budgets"]["pool"].tolist()):
        if pool not in used and pool not in seen:
            seen.add(pool)
            yield problem(
                draft["budgets"],
                position,
                "pool",
                f"no programme, transfer or extra capacity can spend the money of pool '{pool}'.",
                severity="warning",
            )
    programmes = draft["programmes"]
    invests = set(programmes["pool"][programmes["money"] == "capital"].tolist())
    for position in np.flatnonzero(draft["budgets"]["kind"] == "capital").tolist():
        pool = draft["budgets"]["pool"][position]
        if pool not in invests | seen:
            seen.add(pool)
            yield problem(
                draft["budgets"],
                position,
                "kind",
                f"no programme is paid from the capital of pool '{pool}' (money = capital).",
                severity="warning",
            )


@needs("programmes", "budgets", "transfers", years=True)
def money_spread(draft: Draft) -> Problems:
    """Money of one pool stays within what a solver can tell apart."""
    if draft.settings is None:
        return
    programmes = draft["programmes"]
    figures: dict[str, list[tuple[float, str]]] = defaultdict(list)
    spend = programmes["unit_cost"] * programmes["baseline"]
    for name, pool, value in zip(
        programmes["programme"].tolist(), programmes["pool"].tolist(), spend.tolist(), strict=True
    ):
        figures[pool].append((value, f"programme '{name}'"))
    for _, pool, value in draft["budgets"].lists("pool", "amount"):
        figures[pool].append((value, "its amount"))
    for _, giver, taker, value in draft["transfers"].lists("from_pool", "to_pool", "max"):
        figures[giver].append((value, f"the transfer to '{taker}'"))
    for pool, found in figures.items():
        positive = [pair for pair in found if pair[0] > 0]
        if positive and max(positive)[0] > _WIDEST_SPREAD * min(positive)[0]:
            (most, big), (least, small) = max(positive), min(positive)
            yield problem(
                draft["budgets"],
                None,
                "amount",
                f"in pool '{pool}' {big} is {money(most, draft.settings)} and {small} "
                f"{money(least, draft.settings)}: figures more than 1e9 apart blur in a solver.",
                severity="warning",
            )


def _unvalued(draft: Draft) -> Array:
    """Programmes without response, demand or effect."""
    names = draft["programmes"]["programme"]
    valued = {
        *draft["responses"]["programme"].tolist(),
        *draft["demand"]["programme"].tolist(),
        *draft["effects"]["source"].tolist(),
    }
    return np.array([name not in valued for name in names.tolist()], dtype=bool)


def may_move(draft: Draft) -> Array:
    """Mask of the programmes that are not held at the reference plan."""
    programmes = draft["programmes"]
    follows = np.isin(programmes["programme"], draft["demand"]["programme"])
    strict = np.isin(programmes["class"], ("emergency", "entitlement"))
    usual = ~follows & (_unvalued(draft) | strict)
    held = (programmes["held"] == "yes") | ((programmes["held"] == "") & usual)
    return np.asarray(~held)


@needs("programmes", "responses", "demand", "effects")
def unvalued(draft: Draft) -> Problems:
    """Programmes that nothing values are listed with the money they hold."""
    programmes = draft["programmes"]
    blind = _unvalued(draft)
    held = blind & (programmes["held"] != "no")
    if held.any() and draft.settings is not None:
        names = programmes["programme"][held].tolist()
        total = float((programmes["unit_cost"] * programmes["baseline"])[held].sum())
        many = "1 programme has" if len(names) == 1 else f"{len(names)} programmes have"
        yield problem(
            programmes,
            None,
            "",
            f"{many} no response, demand or effect and {money(total, draft.settings)} of baseline "
            f"spend, held at baseline: {listing(names, 12)}.",
            severity="warning",
        )
    for position in np.flatnonzero(blind & (programmes["held"] == "no")).tolist():
        yield problem(
            programmes,
            position,
            "held",
            "the programme may move though nothing says what it is worth: whatever it could give "
            "up will be given up.",
            severity="warning",
        )


@needs("programmes", "responses", "demand", "effects")
def held_though_valued(draft: Draft) -> Problems:
    """A value that cannot change the plan is said."""
    programmes = draft["programmes"]
    with_demand = set(draft["demand"]["programme"].tolist())
    valued = ~_unvalued(draft)
    for position in np.flatnonzero(valued).tolist():
        name, held = programmes["programme"][position], programmes["held"][position]
        follows = programmes["class"][position] in ("emergency", "entitlement")
        if held == "yes":
            yield problem(
                programmes,
                position,
                "held",
                f"'{name}' is held, so its response, demand or effect does not change the plan.",
                severity="warning",
            )
        elif follows and held == "" and name not in with_demand:
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
    limits_make_sense,
    selection_words,
    idle_pools,
    money_spread,
    unvalued,
    held_though_valued,
)
