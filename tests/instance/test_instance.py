"""An instance is rows: frames, facts and hashes are made of them, each once, when asked for."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from declared import assert_as_declared
from examples import AVONSIDE, example, shipped

from allocator.instance.evidence import with_evidence
from allocator.instance.instance import Instance, read, write
from allocator.instance.tables.frames import Frames
from allocator.instance.tables.rows import from_frame
from allocator.instance.tables.schema import TABLES

HASHES = {
    "avonside": "81e8ef949961 17db991e72d8 2d9b6c533ae6 2b50abd243a5",
    "examples/evidence-cases": "3d1243155932 68fa14c31ad6 f75b3630787d 8ae66c7b0950",
    "examples/evidence-shrinkage": "e32a650f3aaa c3a8de6f19d2 39a00851ec6d 14d92e15df45",
    "examples/option-evidence": "3d87d6b856ae ed2df819bf70 78cb735a873f b0e7700f53a1",
    "examples/window-and-lease": "ab971dbb0757 b6ec04832556 dcd73f8bfb13 bdd7f1b9e1df",
}
"""First digits of the hash as written, and with low, central and high evidence."""


@pytest.fixture(scope="module")
def avonside() -> Instance:
    return shipped("avonside")


@pytest.mark.parametrize("name", HASHES)
def test_hashes_stay(name: str) -> None:
    instance = shipped(name)
    cases = [with_evidence(instance, case) for case in ("low", "central", "high")]
    assert " ".join(i.sha256[:12] for i in (instance, *cases)) == HASHES[name]


def test_a_frame_is_made_once_and_is_not_the_rows(avonside: Instance) -> None:
    fresh = dataclasses.replace(avonside, tables=Frames(avonside.rows))
    frame = fresh.programmes
    assert frame is fresh.tables["programmes"]
    assert_as_declared(TABLES["programmes"], frame)
    before = fresh.sha256
    frame["baseline"] = 0.0
    assert dataclasses.replace(fresh).sha256 == before
    assert fresh.rows["programmes"]["baseline"].any()


def test_frames_and_rows_say_the_same(avonside: Instance) -> None:
    assert list(avonside.tables) == list(TABLES)
    assert len(avonside.tables) == len(TABLES)
    for name, frame in avonside.tables.items():
        assert from_frame(name, frame) == avonside.rows[name]
    of_frames = dataclasses.replace(avonside, tables=dict(avonside.tables))
    assert of_frames == avonside
    assert of_frames.sha256 == avonside.sha256
    assert of_frames.facts.draft["rules"] == avonside.rows["rules"]


def test_copies_have_the_rows_and_derive_the_rest_again(avonside: Instance) -> None:
    assert avonside.facts.rank
    for other in (pickle.loads(pickle.dumps(avonside)), copy.deepcopy(avonside)):
        assert other == avonside
        assert "facts" not in vars(other)
        assert other.sha256 == avonside.sha256
        pd.testing.assert_frame_equal(other.rules, avonside.rules)


def test_a_changed_copy_derives_from_what_it_holds(avonside: Instance) -> None:
    assert avonside.facts.prices
    settings = dataclasses.replace(avonside.settings, cost_uplift=0.5)
    changed = dataclasses.replace(avonside, settings=settings)
    plain = Instance(settings, avonside.tables)
    for other in (changed, plain):
        assert "facts" not in vars(other)
        assert other.facts.settings == settings
        assert other.facts.prices.unit_cost[0, -1] > avonside.facts.prices.unit_cost[0, -1]
    with pytest.raises(dataclasses.FrozenInstanceError):
        avonside.facts = changed.facts  # type: ignore[misc]


def test_equal_instances_have_the_same_rows_settings_and_origin(avonside: Instance) -> None:
    assert read(AVONSIDE) == avonside
    assert avonside.replace(source="elsewhere") != avonside
    assert dataclasses.replace(avonside, origin="elsewhere") != avonside
    fewer = avonside.budgets.assign(amount=avonside.budgets["amount"] + 1.0)
    assert avonside.replace(budgets=fewer) != avonside
    assert avonside != "avonside"
    assert avonside.rows["rules"] != "rules"


def test_replace_keeps_the_rows_of_other_tables(avonside: Instance) -> None:
    changed = avonside.replace(budgets=avonside.budgets.assign(note="changed"))
    kept = [name for name in TABLES if changed.rows[name] is avonside.rows[name]]
    assert kept == [name for name in TABLES if name != "budgets"]
    assert set(changed.budgets["note"]) == {"changed"}


def test_central_evidence_shares_rows_and_facts() -> None:
    plain = example("evidence-cases")
    central = with_evidence(plain)
    assert central.settings.evidence == "central"
    assert central.rows is plain.rows
    assert central.tables is plain.tables
    assert central.facts.ranges is plain.facts.ranges
    assert not central.facts.derived
    assert plain.settings.evidence == ""


def test_evidence_changes_the_figures_of_its_tables_alone(avonside: Instance) -> None:
    low = with_evidence(avonside, "low")
    assert low.facts.heads is avonside.facts.heads
    changed = {name for name in TABLES if low.rows[name] != avonside.rows[name]}
    assert "responses" in changed
    assert changed <= {"responses", "effects", "option_effects"}
    written, believed = (i.rows["responses"] for i in (avonside, low))
    given = ~np.isnan(written["low"]) & ~np.isnan(written["per_unit"])
    assert given.any()
    least = np.minimum(written["low"], written["per_unit"])
    assert (believed["per_unit"][given] == least[given]).all()


def test_a_round_trip_keeps_the_hash(avonside: Instance, tmp_path: Path) -> None:
    write(avonside, tmp_path / "copy")
    again = read(tmp_path / "copy")
    assert again.sha256 == avonside.sha256
    assert again.rows == avonside.rows
