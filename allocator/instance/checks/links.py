"""Checks of links between options: none that can never be kept."""

from __future__ import annotations

import numpy as np

from allocator.instance.checks.problem import Problems, planned, problem
from allocator.instance.facts.choices import Choices
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.timeless import Timeless
from allocator.words import listing


def two_options(facts: Timeless) -> Problems:
    """A link is between two options."""
    rows = facts["option_links"]
    for position in np.flatnonzero(rows["option"] == rows["other"]).tolist():
        name, link = rows["option"][position], rows["link"][position]
        yield problem(
            rows, position, "other", f"'{name}' {link} itself; name another option, or take it out."
        )


@planned("options", "option_links")
def circles(facts: Facts) -> Problems:
    """Options do not require each other in a circle."""
    rows, choices = facts["option_links"], facts.choices
    seen: set[int] = set()
    for option in facts["options"].by_line:
        circle = [] if option in seen else _circle(choices, option)
        seen.update(circle)
        if circle:
            path = " requires ".join(f"'{choices.names[o]}'" for o in [*circle, circle[0]])
            yield problem(
                rows,
                choices.requires[circle[0]][circle[1]],
                "other",
                f"options require each other in a circle: {path}; take one of the links out, or "
                "make them one option.",
            )


def _circle(choices: Choices, option: int) -> list[int]:
    """Shortest way from an option through those it requires back to itself."""
    came_from: dict[int, int] = {}
    reached = [option]
    for one in reached:
        for other in choices.requires[one]:
            if other == option:
                path = [one]
                while path[-1] != option:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if other not in came_from:
                came_from[other] = one
                reached.append(other)
    return []


@planned("options", "option_links")
def kept_together(facts: Facts) -> Problems:
    """What an option requires can be taken with it."""
    rows, choices = facts["option_links"], facts.choices
    broken: set[int] = set()
    # An option comes after those it requires, so that the nearest to the cause is named.
    for option in sorted(facts["options"].by_line, key=lambda o: len(choices.needed(o))):
        every = choices.needed(option)
        if not choices.requires[option] or broken.intersection(every):
            continue
        found = _clash(choices, every)
        if found:
            broken.add(option)
            cause, message = found
            position = _link_towards(choices, option, cause)
            yield problem(rows, position, "other", message)


def _clash(choices: Choices, every: list[int]) -> tuple[int, str] | None:
    """Option at which what the first of `every` requires cannot be kept, and why."""
    names, first = choices.names, choices.names[every[0]]
    for a in every:
        shut = choices.excluded[a]
        b = next((other for other in every if other in shut), None) if shut else None
        if b is not None:
            far = b if a == every[0] else a
            return far, (
                f"'{first}' can never be taken: {_asks(choices, every[0], a, b)}, and one excludes "
                "the other; take one of the links out."
            )
    for group in choices.groups_with(every):
        members = set(group.members)
        taken = [other for other in every if other in members]
        if len(taken) > group.most:
            shown = listing(f"'{names[other]}'" for other in taken)
            return taken[-1], (
                f"'{first}' can never be taken: what it requires means taking {shown} together, "
                f"and group '{group.name}' allows {group.most} at a time; take the link out."
            )
    return None


def _asks(choices: Choices, option: int, a: int, b: int) -> str:
    names = choices.names
    if option not in (a, b):
        return f"it requires both '{names[a]}' and '{names[b]}'"
    other = b if a == option else a
    through = "" if other in choices.requires[option] else ", through what it requires"
    return f"it requires '{names[other]}'{through}"


def _link_towards(choices: Choices, option: int, cause: int) -> int:
    """Link of `option` that leads to `cause`, directly or through others."""
    links = choices.requires[option]
    return next(link for other, link in links.items() if cause in choices.needed(other))


@planned("options", "option_links")
def taken_at_the_same_time(facts: Facts) -> Problems:
    """An option and what it requires can be taken in the same years."""
    rows, choices = facts["option_links"], facts.choices
    opens = [min(choices.starts(o).tolist(), default=None) for o in range(len(choices.names))]
    for option, name in enumerate(choices.names):
        latest = int(facts.runs.latest[option])
        for other, position in choices.requires[option].items():
            first = opens[other]
            if opens[option] is None and first is not None and first > latest:
                yield problem(
                    rows,
                    position,
                    "other",
                    f"'{name}' can never be taken: it must start by {facts.years[latest]} and "
                    f"requires '{choices.names[other]}', which cannot be taken before "
                    f"{facts.years[first]}; move latest or earliest.",
                )
                break


CHECKS = (two_options, circles, kept_together, taken_at_the_same_time)
