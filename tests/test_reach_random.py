"""Random small rounds with decisions: no plan of any decision lies outside what can be reached."""

from __future__ import annotations

import numpy as np
import pytest
from oracle_draw import Draw
from oracle_round import Built, Round
from small import reachable

from allocator.errors import InstanceError

PROOFS = ("has no allowed activity", "cannot pay", "cannot hold", "covers activity of at most")
"""How a round is refused because of its bounds."""

Cells = dict[tuple[str, int], float]


def ranges(draw: Draw) -> dict[str, Cells] | None:
    """Columns of what can be reached by programme and year; None where a round is refused."""
    try:
        instance = draw.instance()
    except InstanceError as refusal:
        if any(proof in str(refusal) for proof in PROOFS):
            return None
        raise
    table = reachable(instance)
    names, years = table["programme"].tolist(), table["year"].tolist()
    cells = [(name, draw.years.index(year)) for name, year in zip(names, years, strict=True)]
    return {
        column: dict(zip(cells, table[column].tolist(), strict=True))
        for column in ("lo", "hi", "driver_lo", "driver_hi")
    }


@pytest.mark.parametrize("seed", range(3000, 3020))
def test_the_ends_of_every_decision_are_within_reach(seed: int) -> None:
    draw = Draw(seed)
    reach = ranges(draw)
    round_ = Round(draw.settings, draw.tables)
    if reach is None:
        assert round_.best() is None
        return
    rng = np.random.default_rng(seed)
    choices = round_.choices()
    for c in rng.permutation(len(choices))[:4].tolist():
        built = Built(round_, choices[c])
        for sign in (-1.0, 1.0):
            at = list(built.driver)[int(rng.integers(len(built.driver)))]
            aim = built.driver[at] if rng.random() < 0.5 else built.activity[at]
            found = built.program.best(aim * sign)
            if found is None:
                break
            for prefix, figures in (("", built.activity), ("driver_", built.driver)):
                for cell, figure in figures.items():
                    value = figure.at(found[1])
                    room = 1e-5 * max(1.0, abs(value))
                    assert reach[prefix + "lo"][cell] <= value + room, (choices[c], cell)
                    assert reach[prefix + "hi"][cell] >= value - room, (choices[c], cell)
