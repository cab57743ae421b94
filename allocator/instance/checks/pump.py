"""Money pumps: chains of effects that return more cash than they cost."""

from __future__ import annotations

import numpy as np

from allocator.instance.checks.problem import Problems, planned, problem
from allocator.instance.facts.facts import Facts
from allocator.instance.tables.rows import Rows, among
from allocator.tolerances import ROUNDING
from allocator.words import listing


@planned("programmes", "effects", "demand", "contracts", "places", "responses", "response_points")
def money_pumps(facts: Facts) -> Problems:
    """No programme saves more releasable cash within the plan than it costs."""
    effects = facts["effects"]
    hit = among(effects["target"], facts["demand"]["programme"])
    if not len(effects) or not hit.all() or (effects["source"] == effects["target"]).any():
        return
    from allocator.instance.checks.savings import circles, columns_of, network, savings  # costly

    net = network(facts)
    sources, lines = _first_rows(effects, "source"), effects.lines
    endless = circles(net)
    for circle in endless:
        yield problem(
            effects,
            min((sources[name] for name in circle if name in sources), key=lines.__getitem__),
            "source",
            f"{listing(circle)} avoid each other's need in a circle that "
            "does not die out: a change would grow for ever.",
        )
    if endless:
        return
    saved = savings(facts, net)
    total = np.bincount(columns_of(saved), saved.data, saved.shape[1])
    accepted = set(facts.settings.accept_money_pump)
    one = 1 / facts.settings.money_scale
    for position in np.flatnonzero(total > 1 + ROUNDING).tolist():
        name = net.names[net.sources[position]]
        here = slice(*saved.indptr[position : position + 2].tolist())
        most = net.names[int(saved.indices[here][np.argmax(saved.data[here])])]
        if np.isinf(total[position]):
            yield problem(
                effects,
                sources[name],
                "source",
                f"'{name}' costs nothing and saves money elsewhere, most of it on '{most}': it "
                "does all that its limits allow.",
                severity="warning",
            )
            continue
        taken = name in accepted
        back = facts.settings.money(float(total[position]) * one)
        yield problem(
            effects,
            sources[name],
            "per_unit",
            f"money pump: {facts.settings.money(one)} more for '{name}' saves {back} elsewhere "
            f"within the plan, most of it on '{most}'" + ("; accepted." if taken else "."),
            ""
            if taken
            else "Check per_unit and the unit costs, or name the programme in accept_money_pump.",
            severity="warning" if taken else "error",
        )


def _first_rows(rows: Rows, column: str) -> dict[str, int]:
    """Row in which each value of a column first stands in the file."""
    found: dict[str, int] = {}
    for position in rows.by_line:
        found.setdefault(rows[column][position], position)
    return found


CHECKS = (money_pumps,)
