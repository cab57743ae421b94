"""The whole formulation."""

from __future__ import annotations

from importlib import metadata

import pytest
from small import compiled, round_of

from allocator.data import extract
from allocator.errors import UsageError
from allocator.planning.solve import build
from allocator_models.allocation import build as build_allocation

SMALL = round_of(
    "programme,sector,pool,baseline\ngp,primary,NHS,100",
    responses="programme,outcome,per_unit\ngp,QALY,1",
)


def test_is_found_as_an_entry_point() -> None:
    (entry,) = metadata.entry_points(group="allocator.models", name="allocation")
    assert entry.load() is build_allocation


def test_an_unknown_formulation_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no formulation 'nope' \(installed: allocation\)"):
        build(SMALL, formulation="nope")


def test_builds_no_row_or_column_one_by_one() -> None:
    model = build_allocation(extract(SMALL))
    assert len(model.activity) == 0
    assert len(model.pool) == 0
    assert model.name == "allocation"


def test_a_round_without_the_rest_has_only_the_families_it_needs() -> None:
    program = compiled(SMALL)
    assert [b.name for b in program.rows] == ["driver_of_activity", "pool", "moved"]
    assert [b.name for b in program.columns if len(b)] == ["activity", "fill", "up", "down"]
    assert not program.integer.any()
