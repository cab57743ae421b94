"""Checks of options that move programmes to another provider."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from allocator.instance.checks.problem import Problems, needs, planned, problem
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.timeless import Timeless


@needs("options")
def somebody_takes_over(facts: Timeless) -> Problems:
    """An option that moves a programme names who runs it, and one that names somebody moves one."""
    rows, options = facts["option_effects"], facts["options"]
    winner = dict(options.tuples(("option", "provider")))
    moves = rows["measure"] == "provider"
    for position in np.flatnonzero(moves).tolist():
        option = rows["option"][position]
        if not winner.get(option):
            yield problem(
                rows,
                position,
                "option",
                f"'{option}' moves '{rows['target'][position]}' to nobody; name its provider in "
                "options.",
            )
    moving = set(rows["option"][moves].tolist())
    for position, (option, provider) in enumerate(options.tuples(("option", "provider"))):
        if provider and option not in moving:
            yield problem(
                options,
                position,
                "provider",
                f"'{option}' names the provider '{provider}' and moves no programme to it; give "
                "option_effects a row of measure provider for each, or leave provider blank.",
                severity="warning",
            )


@planned("options", "option_links")
def one_provider_at_a_time(facts: Facts) -> Problems:
    """A programme is not moved to two providers at once."""
    rows, choices = facts["option_effects"], facts.choices
    movers: dict[str, dict[int, int]] = defaultdict(dict)
    for position in rows.in_file(rows["measure"] == "provider"):
        option = choices.rank.get(rows["option"][position])
        if option is not None:
            movers[rows["target"][position]].setdefault(option, position)
    for programme, position_of in movers.items():
        pair = choices.beside_each_other(position_of)
        if pair:
            first, second = (choices.names[one] for one in pair)
            yield problem(
                rows,
                position_of[pair[1]],
                "target",
                f"'{first}' and '{second}' both move '{programme}', and may be taken together; "
                "put them in one group of choose at_most_one, or let one exclude the other in "
                "option_links.",
            )


@planned("options", "programmes", "contracts", "places")
def contracts_move_with_it(facts: Facts) -> Problems:
    """A programme is not moved away from under a contract that still pays its provider."""
    rows, programmes, years = facts["option_effects"], facts["programmes"], facts.years
    options, covered = facts["options"], facts.agreements.covered
    opens = np.maximum(options["earliest"], years[0]) + options["lead_years"] - years[0]
    first = dict(zip(options["option"].tolist(), opens.tolist(), strict=True))
    suspends = {
        (option, contract): delay
        for measure, option, contract, delay in rows.tuples(
            ("measure", "option", "target", "delay")
        )
        if measure == "contract"
    }
    for position in np.flatnonzero(rows["measure"] == "provider").tolist():
        option, i = rows["option"][position], facts.rank[rows["target"][position]]
        contract, delay = programmes["contract"][i], int(rows["delay"][position])
        from_then = np.arange(len(years)) >= first.get(option, 0) + delay
        held = covered[i] & from_then
        if held.any() and suspends.get((option, contract), delay + 1) > delay:
            year = years[int(np.flatnonzero(held)[0])]
            yield problem(
                rows,
                position,
                "target",
                f"'{programmes['programme'][i]}' is under contract '{contract}' in {year}, which "
                f"pays '{programmes['provider'][i]}'; have '{option}' suspend it (measure "
                "contract), or start once it has ended.",
            )


CHECKS = (somebody_takes_over, one_provider_at_a_time, contracts_move_with_it)
