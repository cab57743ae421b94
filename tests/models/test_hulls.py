"""Every constant of a decision is something that can be reached, or a thousandth more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from coefficients import by_label
from every_family import every_family
from small import reachable, row

from allocator.data import Data
from allocator.planning.formulation import build
from allocator.solver.compile.compiler import compile_model
from allocator.solver.program import Program
from allocator.tolerances import ROOM

INSTANCE = every_family()
MORE = 1.0 + ROOM
UP = {2025: 1.02, 2026: 1.02**2, 2027: 1.02**3}
YEARS = tuple(UP)


@pytest.fixture(scope="module")
def built() -> tuple[Data, Any]:
    return build(INSTANCE)


@pytest.fixture(scope="module")
def reach() -> dict[str, dict[tuple[str, int], float]]:
    return reachable(INSTANCE)


def values(model: Any, name: str) -> dict[Any, float]:
    """A parameter of the model by label; it must have some."""
    found = getattr(model, name)
    out = by_label(found.array_index, found.array_values)
    assert out, name
    return out


def same(found: dict[Any, float], expected: dict[Any, float]) -> None:
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.fixture(scope="module")
def program(built: tuple[Data, Any]) -> Program:
    return compile_model(built[1])


def rows_by_label(program: Program, name: str) -> dict[Any, tuple[dict[str, float], float]]:
    """Terms without their variables' indices, the least one of each kind, and the upper side."""
    block = program.block(name)
    assert block is not None, name
    assert block.index is not None
    assert len(block)
    names = program.row_names()
    found = {}
    for at, label in enumerate(block.index.members(), block.start):
        terms, _, high = row(program, names[at])
        kinds: dict[str, float] = {}
        for column, value in terms.items():
            kind = column.split("[")[0]
            assert kinds.setdefault(kind, value) == value
        found[label] = (kinds, high)
    return found


def test_closing_takes_away_what_can_be_reached(program: Program, reach: Any) -> None:
    found = rows_by_label(program, "closed")
    assert {key[0] for key in found} == {"falls", "care"}
    for (i, t, _), (terms, high) in found.items():
        most = reach["hi"][i, t] * MORE
        assert terms == pytest.approx({"activity": 1, "run": most}, rel=1e-12)
        assert high == pytest.approx(most, rel=1e-12)


def test_growth_lets_go_of_the_most_of_the_year_before(built: Any, reach: Any) -> None:
    _, m = built
    found = values(m, "growth_min_freed")
    assert set(found) == {("falls", 2026), ("falls", 2027)}
    same(found, {("falls", t): 0.8 * reach["hi"]["falls", t - 1] * MORE for _, t in found})
    same(values(m, "first_min"), {("falls", 2025): 0.8 * 30})


def test_limits_let_go_of_what_options_can_make_of_them(built: Any) -> None:
    _, m = built
    # 20, which the theatre lowers by 5; nothing is added that closing would have to free.
    same(values(m, "minimum"), {("ward", t): 20 for t in (2026, 2027)})
    same(values(m, "minimum_most"), {("ward", t): 20 for t in (2026, 2027)})
    same(values(m, "maximum"), {("ward", t): 80 for t in (2026, 2027)})


def test_a_smallest_scale_stands_between_itself_and_what_can_be_reached(
    program: Program, reach: Any
) -> None:
    least, most = rows_by_label(program, "scale_least"), rows_by_label(program, "scale_most")
    assert set(least) == set(most) == {("care", t) for t in YEARS}
    for key in least:
        assert least[key] == ({"activity": -1, "on": 30}, 0)
        terms, high = most[key]
        assert terms == pytest.approx({"activity": 1, "on": -reach["hi"][key] * MORE}, rel=1e-12)
        assert high == 0


def test_levels_of_activity_are_hulls_of_what_can_be_reached(program: Program, reach: Any) -> None:
    at = {("gp", 2026), ("gp", 2027)}
    levels = {name: rows_by_label(program, name) for name in ("level_least", "level_most")}
    for name, side, sign, factor in (("least", "lo", -1, 1.0), ("most", "hi", 1, MORE)):
        found = levels[f"level_{name}"]
        assert {key[:2] for key in found} == at
        for key, (terms, high) in found.items():
            end = reach[side][key[:2]] * factor
            assert terms == pytest.approx({"level_activity": sign, "run": -sign * end}, rel=1e-12)
            assert high == 0
        found = rows_by_label(program, f"rest_{name}")
        assert set(found) == at
        for key, (terms, high) in found.items():
            end = reach[side][key] * factor
            rest = {"activity": sign, "level_activity": -sign, "run": sign * end}
            assert terms == pytest.approx(rest, rel=1e-12)
            assert high == pytest.approx(sign * end, rel=1e-12)


def test_levels_of_an_outcome_are_hulls_of_its_curve(built: Any, reach: Any) -> None:
    _, m = built

    def bought(x: float) -> float:
        return 1.2 * 100 / 0.6 * (x / 100) ** 0.6

    found = values(m, "outcome_lo")
    assert set(found) == {("QALY", "gp", 2026), ("QALY", "gp", 2027)}
    assert {key[:3] for key in m.OUTCOME_LEVELS} == set(found)
    same(found, {key: bought(reach["driver_lo"][key[1:]]) for key in found})
    same(values(m, "outcome_hi"), {key: bought(reach["driver_hi"][key[1:]]) for key in found})


def test_tiers_stand_between_their_threshold_and_what_can_be_reached(
    built: Any, reach: Any
) -> None:
    _, m = built
    at = [("nurse", t) for t in YEARS]
    same(values(m, "tier_low"), {key: reach["lo"][key] for key in at})
    same(values(m, "tier_rise"), {key: 60 - reach["lo"][key] for key in at})
    same(values(m, "tier_room"), {key: reach["hi"][key] * MORE - 60 for key in at})


def test_conditions_rise_from_the_least_that_can_be_measured(built: Any, reach: Any) -> None:
    _, m = built
    least, rise = values(m, "income_least"), values(m, "income_rise")
    for t in YEARS:
        community = reach["lo"]["nurse", t] + reach["lo"]["falls", t]
        assert least["held", t] == pytest.approx(community)
        assert rise["held", t] == pytest.approx(70 - community)
        curve = 120 / (1 + np.exp(-0.08 * (reach["driver_lo"]["nurse", t] - 70)))
        assert least["premium / health", t] == pytest.approx(curve)
        assert rise["premium / health", t] == pytest.approx(60 - curve)
        # At most 20 unmet: mirrored, from the most that can be unmet.
        most = least["premium / waits", t]
        assert rise["premium / waits", t] == pytest.approx(-20 - most)
    # Half of 45 and of the backlog of 5 may stay unmet in the first year; of 45 and half of
    # those 25 in the second.
    assert least["premium / waits", 2025] == pytest.approx(-25)
    assert least["premium / waits", 2026] == pytest.approx(-0.5 * (45 + 12.5))


def test_an_ended_contract_costs_what_its_programmes_can(built: Any, reach: Any) -> None:
    _, m = built
    for name, side, sign in (("cost_low", "lo", -1), ("cost_high", "hi", 1)):
        found = values(m, name)
        assert set(found) == {("Block", 2026), ("Block", 2027)}
        for contract, t in found:
            most = max(50, *(reach["hi"]["ward", s] for s in YEARS))
            ends = {
                "lo": 2 * UP[t] * reach["lo"]["ward", t],
                "hi": 2 * UP[t] * (reach["hi"]["ward", t] + 0.1 * most),
            }
            assert found[contract, t] == pytest.approx(ends[side] + sign * ROOM * ends["hi"])
    # What the payment follows: value at tariff, a thousandth of the range further.
    low, high = values(m, "ended_low"), values(m, "ended_high")
    for key in low:
        least, most = (2 * UP[key[1]] * reach[s]["ward", key[1]] for s in ("lo", "hi"))
        spread = 1e-3 * (most - least)
        assert low[key] == pytest.approx(least - spread)
        assert high[key] == pytest.approx(most + spread)
    same(values(m, "passing_low"), values(m, "cost_low"))
    same(values(m, "passing_high"), values(m, "cost_high"))


def test_pieces_of_a_payment_span_what_it_can_follow(built: Any, reach: Any) -> None:
    data, m = built
    width = values(m, "piece_width")
    for t in YEARS:
        low, high = (
            90 * (1 - 2 ** (-reach[s]["clinic", t] / 60)) for s in ("driver_lo", "driver_hi")
        )
        room = ROOM * (high - low)
        spread = 1e-3 * (high - low + 2 * room)
        mine = sum(w for key, w in width.items() if key[:2] == ("Step", t))
        assert mine == pytest.approx(high - low + 2 * room + 2 * spread)
    assert (data.payments.width >= 0).all()


def test_stranded_cost_is_freed_by_the_most_that_activity_can_differ(
    built: Any, reach: Any
) -> None:
    _, m = built
    room, late = values(m, "source_room"), values(m, "late")
    assert set(room) == {("bed", 2025, "baseline"), ("bed", 2026, 2025), ("bed", 2027, 2026)}
    for i, t, s in room:
        before = (100.0, 100.0) if s == "baseline" else (reach["lo"][i, s], reach["hi"][i, s])
        most = max(before[1], reach["hi"][i, t]) * MORE
        assert room[i, t, s] == pytest.approx(most - before[0])
        assert late[i, t] == pytest.approx(0.5 * 2 * UP[t])


def test_stranded_cost_of_an_ended_contract_is_the_most_that_activity_can_differ(
    built: Any, reach: Any
) -> None:
    _, m = built
    found = values(m, "stranded_most")
    assert set(found) == {("Block", 2026), ("Block", 2027)}
    most = max(50, *(reach["hi"]["ward", s] for s in YEARS)) * MORE
    same(found, {(c, t): 0.1 * 2 * UP[t] * (most - reach["lo"]["ward", t]) for c, t in found})


def test_segments_between_decisions_are_as_wide_as_what_can_be_reached(
    built: Any, reach: Any
) -> None:
    """Where segments must be filled in order, no width beyond the range is a constant."""
    data, _ = built
    r, x = data.responses, data.ordering
    owner = r.drivers.positions(r.segments.columns[:2])
    for d, (i, t) in enumerate(r.drivers.members()):
        block = x.block[owner == d]
        if block.max(initial=0) == 0:
            continue
        width = r.width[owner == d]
        inside = width[1:-1].sum()
        assert inside < reach["driver_hi"][i, t] - reach["driver_lo"][i, t]
        assert r.start[d] <= reach["driver_lo"][i, t] + 1e-9
        assert r.start[d] + width.sum() >= reach["driver_hi"][i, t] - 1e-9
