"""Which options can be taken when, and which of them together."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from base_round import FILES, Edit, Whole, with_row, write_round

from allocator.instance.checks.worst import _Act, _too_much
from allocator.instance.evidence import with_evidence
from allocator.instance.facts.choices import Choices
from allocator.instance.instance import Instance
from allocator.instance.reading.reader import read

OPT, E, K = "options.csv", "option_effects.csv", "option_links.csv"


def choices(folder: Path, *edits: Edit | Whole) -> Choices:
    return Choices(read(write_round(folder / "round", *edits)).facts.draft)


def positions(found: Choices, *names: str) -> list[int]:
    return [found.rank[name] for name in names]


def test_groups_and_windows(tmp_path: Path) -> None:
    found = choices(tmp_path)
    assert {name: group.most for name, group in found.groups.items()} == {"nursing": 1, "pace": 2}
    assert found.groups["nursing"].one_at_a_time
    assert not found.groups["pace"].one_at_a_time
    windows = {name: found.window(position) for name, position in found.rank.items()}
    assert windows["Bid A"] == (1, 1)
    assert windows["Ward"] == (0, 2)
    assert windows["Clinic"] == (1, 2)
    assert windows["Extended"] == (0, 1)


def test_an_option_in_two_groups_counts_in_both(tmp_path: Path) -> None:
    rows = (
        "North,,north lots,at_most_one,,NHS,,,,0,0,1,,5,,,,\n"
        "South,,south lots,at_most_one,,NHS,,,,0,0,1,,5,,,,\n"
        "Both,,north south,at_most_one,,NHS,,,,0,0,1,,9,,,,"
    )
    found = choices(tmp_path, with_row(OPT, rows))
    north, south, both = positions(found, "North", "South", "Both")
    assert set(found.groups["lots"].members) == {north, south}
    assert set(found.groups["north"].members) == {north, both}
    assert found.ruled_out_by(both) == {north, south}


def test_what_is_required_is_taken_too(tmp_path: Path) -> None:
    found = choices(tmp_path, with_row(K, "Ward,requires,Clinic"))
    digital, ward, clinic, hub = positions(found, "Digital", "Ward", "Clinic", "Hub")
    assert found.needed(digital) == [digital, ward, clinic]
    assert found.together([digital])
    assert not found.together([digital, hub])  # Hub excludes Clinic, which Digital needs
    assert found.ruled_out_by(digital) == {hub}


def test_at_most_two_of_a_group(tmp_path: Path) -> None:
    found = choices(tmp_path)
    three = positions(found, "Digital", "Hub", "Extended")
    assert found.together(three[:2])
    assert not found.together(three)


def test_runs_wait_for_what_is_required(tmp_path: Path) -> None:
    found = choices(tmp_path, with_row(K, "Ward,requires,Clinic"))
    runs = {name: found.runs[position] for name, position in found.rank.items()}
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
def test_most_felt(name: str, delay: int, felt: list[float], tmp_path: Path) -> None:
    found = choices(tmp_path)
    assert found.most_felt(found.rank[name], delay).tolist() == felt


def test_the_worst_that_may_be_taken_together(tmp_path: Path) -> None:
    found = choices(tmp_path)
    bid_a, bid_b, hub = positions(found, "Bid A", "Bid B", "Hub")
    acts = [
        _Act(bid_a, 0, False, -60.0),
        _Act(bid_b, 1, False, -60.0),
        _Act(hub, 2, False, -30.0),
    ]
    assert _too_much(found, 90.0, acts) == []  # one bid and the hub leave nothing
    assert [act.position for act in _too_much(found, 89.0, acts)] == [0, 2]
    assert [act.position for act in _too_much(found, 59.0, acts)] == [0]
    halved = [*acts[:2], _Act(hub, 2, True, -0.5)]
    assert _too_much(found, 120.0, halved) == []
    assert [act.position for act in _too_much(found, 119.0, halved)] == [0, 2]


def effects_of(instance: Instance, case: str) -> pd.Series:
    table = with_evidence(instance, case).option_effects
    return table.set_index(["option", "measure"])["value"]


def test_the_evidence_case_chooses_the_figures_of_options(tmp_path: Path) -> None:
    instance = read(write_round(tmp_path / "round"))
    low, central, high = (effects_of(instance, case) for case in ("low", "central", "high"))
    hub, bid = ("Hub", "demand"), ("Bid A", "outcome")
    assert (low[hub], central[hub], high[hub]) == (-50, -100, -150)
    assert (low[bid], central[bid], high[bid]) == (1.05, 1.1, 1.2)
    other = ("Ward", "capacity")
    assert low[other] == central[other] == high[other] == 2000
    assert pd.isna(low["Clinic", "close"])


def test_options_are_not_shrunk(tmp_path: Path) -> None:
    shrunk = FILES["instance.toml"] + 'shrink_outcome = "QALY"\nshrink_cost = 13500\n'
    instance = read(write_round(tmp_path / "round", Whole("instance.toml", shrunk)))
    assert effects_of(instance, "central")["Bid A", "outcome"] == 1.1
