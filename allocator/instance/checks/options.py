"""Checks of options: when they may be taken, who pays, and what their groups allow."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from allocator.instance.checks.problem import Problems, needs, planned, problem
from allocator.instance.facts.choices import Choices
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.groups import Group
from allocator.instance.facts.runs import NO_REVIEW
from allocator.instance.facts.timeless import Timeless
from allocator.instance.tables.lists import names_in, words_in
from allocator.instance.tables.rows import BLANK_YEAR, Rows
from allocator.instance.tables.vocabulary import STEPS
from allocator.words import Suggester, listing

COSTS = ("cost_once", "cost_yearly", "double_running", "cost_exit", "capital")
"""Columns of options that hold money."""


@planned()
def windows(facts: Facts) -> Problems:
    """An option may start in some plan year."""
    rows, years = facts["options"], facts.years
    for position, (_, earliest, latest) in enumerate(rows.lists("earliest", "latest")):
        outside = False
        for column, year in (("earliest", earliest), ("latest", latest)):
            if year != BLANK_YEAR and not years[0] <= year <= years[-1]:
                outside = True
                yield problem(
                    rows,
                    position,
                    column,
                    f"{year} is not a plan year; the plan runs from {years[0]} to {years[-1]}.",
                )
        if not outside and BLANK_YEAR not in (earliest, latest) and earliest > latest:
            yield problem(
                rows, position, "earliest", f"earliest {earliest} is after latest {latest}."
            )


def _reviews(words: str) -> list[int] | None:
    """Review years in a cell; None when they are not whole numbers from 1."""
    found = words_in(words)
    if not all(word.isascii() and word.isdigit() and 0 < len(word) < 5 for word in found):
        return None
    numbers = [int(word) for word in found]
    return None if 0 in numbers else numbers


def reviews(facts: Timeless) -> Problems:
    """Review years are years in which an option could be left."""
    rows, years = facts["options"], facts.draft.years
    for position, (_, words, least, earliest) in enumerate(
        rows.lists("review_years", "min_years", "earliest")
    ):
        if not words or words == NO_REVIEW:
            continue
        numbers = _reviews(words)
        if numbers is None:
            yield problem(
                rows,
                position,
                "review_years",
                f"'{words}' are not review years: write whole years after the start with "
                f"semicolons between them (2; 4), {NO_REVIEW} for never, or leave it blank for any "
                "time.",
            )
        elif any(later <= sooner for sooner, later in pairwise(numbers)):
            yield problem(
                rows,
                position,
                "review_years",
                f"'{words}' do not rise: write each review year once, the earliest first.",
            )
        else:
            message = _unreachable(numbers, least, earliest, years)
            if message:
                yield problem(rows, position, "review_years", message)


def _unreachable(numbers: list[int], least: int, earliest: int, years: tuple[int, ...]) -> str:
    """Why a review year can never be used; empty when all of them can."""
    if numbers[0] < least:
        return (
            f"the option cannot be left after {_years(numbers[0])}: min_years is {least}; take the "
            "review year out or lower min_years."
        )
    if not years:
        return ""
    first = years[0] if earliest == BLANK_YEAR else earliest
    if years[0] <= first <= years[-1] < first + numbers[-1]:
        return (
            f"a review after {_years(numbers[-1])} is outside the plan: the option starts in "
            f"{first} at the earliest and the plan ends with {years[-1]}; take it out, or write "
            f"{NO_REVIEW} when no other is left."
        )
    return ""


def _years(count: int) -> str:
    return "1 year" if count == 1 else f"{count} years"


def one_choice_a_group(facts: Timeless) -> Problems:
    """The options of a group say the same about how many of them may be taken."""
    rows = facts["options"]
    for group in facts.groups.values():
        first = group.members[0]
        for column in ("choose", "most"):
            for position in group.members[1:]:
                one, other = rows[column][first], rows[column][position]
                if one != other:
                    yield problem(
                        rows,
                        position,
                        column,
                        f"the options of a group have one {column}, but in group '{group.name}' "
                        f"'{rows['option'][first]}' says {one} and '{rows['option'][position]}' "
                        f"{other}.",
                    )
                    break


def choices_and_groups(facts: Timeless) -> Problems:
    """How many may be taken is said of a group, and `most` only where it is read."""
    rows = facts["options"]
    grouped = np.array([bool(names_in(words)) for words in rows["group"].tolist()], dtype=bool)
    free = rows["choose"] == "any"
    for position in np.flatnonzero(~grouped & ~free).tolist():
        yield problem(
            rows,
            position,
            "choose",
            f"{rows['choose'][position]} is said of the options of a group, and "
            f"'{rows['option'][position]}' names none; name its group, or write any.",
        )
    for position in np.flatnonzero((rows["most"] != 1) & (rows["choose"] != "at_most")).tolist():
        yield problem(
            rows,
            position,
            "most",
            f"most belongs to choose at_most only, not {rows['choose'][position]}; clear it, or "
            "write at_most.",
        )


@needs("options")
def idle_groups(facts: Timeless) -> Problems:
    """A group that rules nothing out, or leaves nothing to choose, is probably a slip."""
    rows = facts["options"]
    for group in facts.groups.values():
        message = _idle(group)
        if message:
            yield problem(rows, group.members[0], "group", message, severity="warning")


def _idle(group: Group) -> str:
    size = len(group.members)
    count = "one option" if size == 1 else f"{size} options"
    if group.choose == "any":
        return (
            f"choose is any, so group '{group.name}' limits nothing; write at_most_one, "
            "exactly_one or at_most if it should."
        )
    if group.choose == "exactly_one" and size == 1:
        return (
            f"group '{group.name}' has one option and exactly_one of them must be taken, so there "
            "is nothing to choose."
        )
    if group.choose != "exactly_one" and group.most >= size:
        return (
            f"group '{group.name}' has {count} and allows {group.most} of them, so it limits "
            "nothing."
        )
    return ""


def payers(facts: Timeless) -> Problems:
    """Somebody pays for an option."""
    rows = facts["options"]
    for position in np.flatnonzero((rows["pool"] == "") & (rows["programme"] == "")).tolist():
        yield problem(
            rows,
            position,
            "pool",
            f"nobody pays for '{rows['option'][position]}': name its pool, or the programme whose "
            "pool pays.",
        )


@needs("programmes", "budgets")
def capital_of_options(facts: Timeless) -> Problems:
    """An option that needs capital is paid by a pool that has some."""
    rows, budgets = facts["options"], facts["budgets"]
    funded = set(budgets["pool"][budgets["kind"] == "capital"].tolist())
    pools = facts.payers
    for position in np.flatnonzero(rows["capital"] > 0).tolist():
        pool = pools[position]
        if pool and pool not in funded:
            yield problem(
                rows,
                position,
                "capital",
                f"'{rows['option'][position]}' needs capital, but pool '{pool}', which pays for "
                "it, has none; give budgets a row of kind capital, or name another pool.",
            )


@planned()
def in_place_within_the_plan(facts: Facts) -> Problems:
    """A lead time that reaches beyond the plan leaves costs without effects."""
    rows, years = facts["options"], facts.years
    first = np.maximum(rows["earliest"], years[0]) + rows["lead_years"]
    for position in np.flatnonzero(first > years[-1]).tolist():
        yield problem(
            rows,
            position,
            "lead_years",
            f"'{rows['option'][position]}' is in place in {first[position]} at the earliest, when "
            "the plan is over; it costs and changes nothing.",
            severity="warning",
        )


@needs("options", "option_effects", "option_links")
def pointless(facts: Timeless) -> Problems:
    """An option that neither costs nor changes anything, or only saves, is probably a slip."""
    rows = facts["options"]
    acting = set(facts["option_effects"]["option"].tolist())
    awaited = set(facts["option_links"]["other"].tolist())
    spends = np.asarray(np.array([rows[column] > 0 for column in COSTS]).any(axis=0))
    forced = (rows["choose"] == "exactly_one") & (rows["group"] != "")
    for position, name in enumerate(rows["option"].tolist()):
        if name in acting or name in awaited or spends[position] or forced[position]:
            continue
        if rows["cost_yearly"][position] < 0:
            message = f"'{name}' saves money and costs or changes nothing, so it is always taken."
        else:
            message = f"'{name}' does nothing: it has no cost and no effect."
        yield problem(rows, position, "option", message, severity="warning")


@planned("options", "option_links")
def groups_that_can_be_covered(facts: Facts) -> Problems:
    """Of a group of which exactly one is taken, one can be, in every year."""
    rows, choices = facts["options"], facts.choices
    asked = [group for group in facts.groups.values() if group.choose == "exactly_one"]
    shut_out = _shut_out(asked, choices, rows)
    for group in asked:
        message = _uncovered(group, facts) or shut_out.get(group.name, "")
        if message:
            yield problem(rows, group.members[0], "group", message)


def _uncovered(group: Group, facts: Facts) -> str:
    """Why no option of the group can be taken in some year; empty when one always can.

    A run may always last to the end of the plan, so the years in which an option can be
    taken reach to the last one.
    """
    years, choices = facts.years, facts.choices
    first = int(facts.runs.opens[group.members].min())
    starts = [start for member in group.members for start in choices.starts(member).tolist()]
    closed = [str(year) for year in years[first : min(starts, default=len(years))]]
    if not closed:
        return ""
    return (
        f"{_asked(group, choices)}from {years[first]} on, but none of them can be taken in "
        f"{listing(closed)}."
    )


def _shut_out(groups: list[Group], choices: Choices, options: Rows) -> dict[str, str]:
    """A group all of whose options rule out another that must be covered too, by name.

    Looked at in the last plan year, in which exactly one of each group must be taken.
    """
    alive = {group.name: set(group.members) for group in groups}
    while dead := _ruling_out(groups, alive, choices, options):
        member, against = dead
        for group in groups:
            alive[group.name].discard(member)
            if not alive[group.name]:
                message = (
                    f"{_asked(group, choices)}in every year, but with any of them nothing could "
                    f"be taken of group '{against}', of which exactly one must be taken as well."
                )
                return {group.name: message}
    return {}


def _ruling_out(
    groups: list[Group], alive: dict[str, set[int]], choices: Choices, options: Rows
) -> tuple[int, str] | None:
    """An option that rules out all that is left of a group it is not in, and that group."""
    rank = {group.name: n for n, group in enumerate(groups)}
    for member in sorted(set().union(*alive.values()), key=options.lines.__getitem__):
        ruled_out = choices.ruled_out_by(member)
        near = {group.name for group in choices.groups_with(ruled_out)} & rank.keys()
        for name in sorted(near, key=rank.__getitem__):
            if member not in groups[rank[name]].members and alive[name] <= ruled_out:
                return member, name
    return None


def _asked(group: Group, choices: Choices) -> str:
    names = listing(f"'{choices.names[member]}'" for member in group.members)
    return f"nobody can win award group '{group.name}': exactly one of {names} must be taken "


def steps(facts: Timeless) -> Problems:
    """What an option needs first is among the steps there are."""
    rows, suggest = facts["options"], Suggester(STEPS)
    for position, (_, said, months) in enumerate(rows.lists("needs", "needs_months")):
        wrong = [word for word in words_in(said) if word not in STEPS]
        if wrong:
            allowed = listing(STEPS, most=len(STEPS))
            message = f"'{wrong[0]}' is none of {allowed}."
            yield problem(rows, position, "needs", message, suggest(wrong[0]))
        elif months and not said.strip():
            message = f"{months} months are for steps that needs does not name."
            yield problem(rows, position, "needs_months", message)


STRUCTURE = (windows, reviews, one_choice_a_group)
"""Run before the others, which trust when an option may be taken and what its groups allow."""

CHECKS = (
    choices_and_groups,
    idle_groups,
    payers,
    capital_of_options,
    in_place_within_the_plan,
    pointless,
    groups_that_can_be_covered,
    steps,
)
