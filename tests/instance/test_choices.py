"""Which options can be taken when, and which of them together."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from base_round import write_round

from allocator.instance.checks.worst import _Acts, _left, _Search
from allocator.instance.evidence import with_evidence
from allocator.instance.facts.choices import Choices
from allocator.instance.facts.facts import Facts
from allocator.instance.facts.runs import Run
from allocator.instance.instance import Instance, read


def facts(folder: Path, **changes: Any) -> Facts:
    return read(write_round(folder, **changes)).facts


def choices(folder: Path, **changes: Any) -> Choices:
    return facts(folder, **changes).choices


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """What follows from the base round."""
    return facts(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def plain(known: Facts) -> Choices:
    """Choices of the base round."""
    return known.choices


def positions(found: Choices, *names: str) -> list[int]:
    return [found.rank[name] for name in names]


def test_groups_and_windows(plain: Choices, known: Facts) -> None:
    runs = known.runs
    assert {name: group.most for name, group in plain.groups.items()} == {"nursing": 1, "pace": 2}
    assert plain.groups["nursing"].one_at_a_time
    assert not plain.groups["pace"].one_at_a_time
    windows = {name: (runs.opens[o], runs.latest[o]) for name, o in plain.rank.items()}
    assert windows["Bid A"] == (1, 1)
    assert windows["Ward"] == (0, 2)
    assert windows["Clinic"] == (1, 2)
    assert windows["Extended"] == (0, 1)


def test_an_option_in_two_groups_counts_in_both(tmp_path: Path) -> None:
    rows = [
        "North,,north; lots,at_most_one,,NHS,,,,0,0,1,,5,,,,",
        "South,,south; lots,at_most_one,,NHS,,,,0,0,1,,5,,,,",
        "Both,,north; south,at_most_one,,NHS,,,,0,0,1,,9,,,,",
    ]
    found = choices(tmp_path, options={"add": rows})
    north, south, both = positions(found, "North", "South", "Both")
    assert set(found.groups["lots"].members) == {north, south}
    assert set(found.groups["north"].members) == {north, both}
    assert found.ruled_out_by(both) == {north, south}


def test_what_is_required_is_taken_too(tmp_path: Path) -> None:
    found = choices(tmp_path, option_links={"add": "Ward,requires,Clinic"})
    digital, ward, clinic, hub = positions(found, "Digital", "Ward", "Clinic", "Hub")
    assert found.needed(digital) == [digital, ward, clinic]
    assert found.together([digital])
    assert not found.together([digital, hub])  # Hub excludes Clinic, which Digital needs
    assert found.ruled_out_by(digital) == {hub}


def test_at_most_two_of_a_group(plain: Choices) -> None:
    three = positions(plain, "Digital", "Hub", "Extended")
    assert plain.together(three[:2])
    assert not plain.together(three)


def test_runs_wait_for_what_is_required(tmp_path: Path) -> None:
    known = facts(tmp_path, option_links={"add": "Ward,requires,Clinic"})

    def possible(option: int) -> list[Run]:
        mine = [r for r in known.runs.of(option).tolist() if known.choices.possible[r]]
        return [(int(known.runs.start[r]), int(known.runs.stop[r])) for r in mine]

    runs = {name: possible(o) for name, o in known.choices.rank.items()}
    assert runs["Clinic"] == [(1, 2), (2, 2)]  # never left again
    assert runs["Ward"] == [(1, 2), (2, 2)]
    assert runs["Digital"] == [(1, 1), (1, 2), (2, 2)]
    assert runs["Extended"] == [(0, 0), (0, 2), (1, 1), (1, 2)]  # one review after a year
    assert runs["Bid A"] == [(1, 2)]


@pytest.mark.parametrize(
    ("name", "delay", "felt"),
    [
        ("Ward", 0, [0, 1, 1]),  # a year of lead time
        ("Bid B", 0, [0, 0.5, 1]),  # from October 2026
        ("Bid B", 1, [0, 0, 0.5]),
        ("Hub", 1, [0, 1, 1]),
        ("Hub", 5, [0, 0, 0]),
    ],
)
def test_most_felt(name: str, delay: int, felt: list[float], plain: Choices) -> None:
    assert plain.most_felt(plain.rank[name], delay).tolist() == felt


def acts_of(options: list[int], changes: list[float], multiplies: list[int]) -> _Acts:
    """Acts of some options in one year; `multiplies` are positions among them."""
    size = np.arange(len(options))
    change = np.array(changes, dtype=float)[:, None]
    return _Acts(size, np.array(options), np.isin(size, multiplies), change)


def too_much(found: Choices, amount: float, acts: _Acts) -> list[int]:
    """Acts that leave less than nothing of an amount; none where the bound says so already."""
    search = _Search(found)
    taken = search.too_much(amount, acts, 0)
    if taken:
        assert search.bound(np.array([amount]), acts).all()
    return taken


def test_the_worst_that_may_be_taken_together(plain: Choices) -> None:
    options = positions(plain, "Bid A", "Bid B", "Hub")
    acts = acts_of(options, [-60, -60, -30], [])
    assert too_much(plain, 90.0, acts) == []  # one bid and the hub leave nothing
    assert too_much(plain, 89.0, acts) == [0, 2]
    assert too_much(plain, 59.0, acts) == [0]
    halved = acts_of(options, [-60, -60, -0.5], [2])
    assert too_much(plain, 120.0, halved) == []
    assert too_much(plain, 119.0, halved) == [0, 2]


def test_only_the_worst_of_a_group_counts_in_the_bound(plain: Choices) -> None:
    """Bids are one group, Hub, Digital and Extended another that allows two."""
    search = _Search(plain)
    options = positions(plain, "Bid A", "Bid B", "Hub", "Digital", "Extended")
    acts = acts_of(options, [-60, -50, -30, -20, -10], [])
    assert not search.bound(np.array([110.0]), acts).any()
    assert search.bound(np.array([109.0]), acts).all()
    assert not search.bound(np.array([np.inf]), acts).any()


@pytest.mark.parametrize("seed", range(8))
def test_the_bound_never_overlooks_what_may_be_taken(plain: Choices, seed: int) -> None:
    """Every set of options that go together is tried, with what it requires."""
    draw = np.random.default_rng(seed)
    options = list(range(len(plain.names)))
    changes = draw.uniform(-60, 30, len(options))
    times = [o for o in options if draw.random() < 0.3]
    changes[times] = draw.uniform(-0.9, 0.5, len(times))
    acts = acts_of(options, changes.tolist(), times)
    sets = (s for n in range(len(options) + 1) for s in combinations(options, n))
    least = min(
        _left(100.0, acts, sorted({o for one in s for o in plain.needed(one)}), 0)
        for s in sets
        if plain.together(s)
    )
    found = _Search(plain).too_much(100.0, acts, 0)
    assert bool(found) == (least < 0)
    if least < 0:
        assert _Search(plain).bound(np.array([100.0]), acts).all()


def effects_of(instance: Instance, case: str) -> pd.Series:
    table = with_evidence(instance, case).option_effects
    return table.set_index(["option", "measure"])["value"]


def test_the_evidence_case_chooses_the_figures_of_options(tmp_path: Path) -> None:
    instance = read(write_round(tmp_path))
    low, central, high = (effects_of(instance, case) for case in ("low", "central", "high"))
    hub, bid = ("Hub", "demand"), ("Bid A", "outcome")
    assert (low[hub], central[hub], high[hub]) == (-50, -100, -150)
    assert (low[bid], central[bid], high[bid]) == (1.05, 1.1, 1.2)
    other = ("Ward", "capacity")
    assert low[other] == central[other] == high[other] == 2000
    assert pd.isna(low["Clinic", "close"])


def test_options_are_not_shrunk(tmp_path: Path) -> None:
    shrunk = {"shrink_outcome": '"QALY"', "shrink_cost": 13500}
    instance = read(write_round(tmp_path, settings=shrunk))
    assert effects_of(instance, "central")["Bid A", "outcome"] == 1.1
