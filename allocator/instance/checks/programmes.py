"""Checks of programmes, selections and pools, and of what is held."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from allocator.errors import Problem
from allocator.instance.checks.problem import Problems, needs, problem
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.rows import Array, Rows, among
from allocator.instance.tables.selections import CRITERIA, Selections
from allocator.instance.tables.wording import Suggester, listing, money, number, sentence

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


def prices_above(draft: Draft) -> Problems:
    """A price above a threshold has a threshold, and differs from the one below."""
    rows = draft["programmes"]
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
    empty = known & np.array([not len(members.of_row(r)) for r in range(len(rows))], dtype=bool)
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


def paying_pools(draft: Draft) -> Array:
    """Pool that pays for each option: its own or its programme's; blank where unknown."""
    rows, programmes = draft["options"], draft["programmes"]
    home = dict(zip(programmes["programme"].tolist(), programmes["pool"].tolist(), strict=True))
    pairs = rows.tuples(("pool", "programme"))
    return np.array([pool or home.get(name, "") for pool, name in pairs], dtype=object)


@needs("programmes", "budgets", "transfers", "capacity", "funding", "adjustments", "options")
def idle_pools(draft: Draft) -> Problems:
    """Money that nothing can spend is probably a slip."""
    used = set(draft["programmes"]["pool"].tolist())
    used |= set(draft["transfers"]["from_pool"].tolist())
    used |= set(draft["capacity"]["extra_pool"].tolist())
    used |= set(draft["funding"]["pool"].tolist())
    used |= set(draft["adjustments"]["pool"].tolist())
    used |= set(draft["options"]["pool"].tolist())
    seen: set[str] = set()
    for position, pool in enumerate(draft["budgets"]["pool"].tolist()):
        if pool not in used and pool not in seen:
            seen.add(pool)
            yield problem(
                draft["budgets"],
                position,
                "pool",
                f"no programme, option, transfer or extra capacity can spend the money of pool "
                f"'{pool}'.",
                severity="warning",
            )
    programmes = draft["programmes"]
    invests = set(programmes["pool"][programmes["money"] == "capital"].tolist())
    invests |= set(paying_pools(draft)[draft["options"]["capital"] > 0].tolist())
    for position in np.flatnonzero(draft["budgets"]["kind"] == "capital").tolist():
        pool = draft["budgets"]["pool"][position]
        if pool not in invests | seen:
            seen.add(pool)
            yield problem(
                draft["budgets"],
                position,
                "kind",
                f"no programme is paid from the capital of pool '{pool}' (money = capital), and no "
                "option needs any.",
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


def is_unvalued(draft: Draft) -> Array:
    """Mask of the programmes without response, demand or effect."""
    names = draft["programmes"]["programme"]
    valued = {
        *draft["responses"]["programme"].tolist(),
        *draft["demand"]["programme"].tolist(),
        *draft["effects"]["source"].tolist(),
    }
    return np.array([name not in valued for name in names.tolist()], dtype=bool)


def limits_changed(effects: Rows) -> Array:
    """Mask of the option effects that close a programme or change its limits."""
    return np.isin(effects["measure"], ("limit_min", "limit_max", "close"))


def _set_free(draft: Draft) -> Array:
    """Mask of the programmes that options close or limit, so that nothing else holds them."""
    effects = draft["option_effects"]
    targets = effects["target"][limits_changed(effects)]
    return among(draft["programmes"]["programme"], targets)


def may_move(draft: Draft) -> Array:
    """Mask of the programmes that are not held at the reference plan."""
    programmes = draft["programmes"]
    follows = among(programmes["programme"], draft["demand"]["programme"])
    strict = np.isin(programmes["class"], ("emergency", "entitlement"))
    usual = ~follows & ~_set_free(draft) & (is_unvalued(draft) | strict)
    held = (programmes["held"] == "yes") | ((programmes["held"] == "") & usual)
    return np.asarray(~held)


@needs("programmes", "responses", "demand", "effects", "option_effects")
def unvalued(draft: Draft) -> Problems:
    """Programmes that nothing values are listed with the money they hold."""
    programmes = draft["programmes"]
    blind = is_unvalued(draft)
    held = blind & (
        (programmes["held"] == "yes") | ((programmes["held"] == "") & ~_set_free(draft))
    )
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


@needs("programmes", "responses", "demand", "effects", "option_effects")
def held_though_valued(draft: Draft) -> Problems:
    """A value that cannot change the plan is said."""
    programmes = draft["programmes"]
    with_demand = set(draft["demand"]["programme"].tolist())
    valued, free = ~is_unvalued(draft), _set_free(draft)
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
        elif follows and held == "" and name not in with_demand and not free[position]:
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
    held_though_valued,
)
