"""Curves cut more than once: only what the cut changes is made again."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pytest
from small import round_of

from allocator.data import Axis, Data, Extraction, Index, extract
from allocator.data.standing import standing

ROUND = round_of(
    """programme,sector,pool,provider,contract,baseline,held
    A,acute,NHS,Trust,K,100,no
    B,community,NHS,,,20,no""",
    years=(2025, 2026),
    limits="programme,basis,min,max\nA,activity,60,140\nB,activity,0,100",
    responses="programme,outcome,shape,per_unit,maximum,half\n"
    "A,QALY,saturating,,100,100\nB,QALY,linear,1,,",
    selections="selection,programme\nA,A",
    contracts="contract,type,fixed,bonus_outcome,bonus_threshold,bonus_step\nK,outcome,4,QALY,50,6",
    rules="rule,measure,selection,outcome,sense,value\nR,outcome,A,QALY,max,70",
    incomes="income,pool,measure,selection,outcome,sense,threshold,amount\n"
    "I,NHS,outcome,A,QALY,max,60,10",
    options="option,pool,cost_once\nO,NHS,5",
    option_effects="option,measure,target,value\nO,limit_max,B,10",
)
KNOTS = {(0, 0): np.array([70.0, 90.0]), (0, 1): np.array([80.0])}

CUT = {"responses", "rules", "incomes", "payments", "ordering", "tier_orders", "stranded_exact"}
"""What of an instance's arrays may change with the cut of its curves."""

STANDING = {name for name, made in vars(Data).items() if isinstance(made, standing)}
RECUT = {name for name, made in vars(Data).items() if isinstance(made, cached_property)}
"""What is made at need, once for every cut, and anew for each."""


def same(one: Any, other: Any) -> bool:
    """Whether two parts say the same."""
    if isinstance(one, Index):
        return all(map(np.array_equal, one.columns, other.columns))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Axis):
        return one.labels == other.labels
    if isinstance(one, np.ndarray) and one.dtype == float:
        return np.array_equal(one, other, equal_nan=True)
    if hasattr(one, "__dict__"):
        one, other = vars(one), vars(other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(np.all(one == other))


def test_a_recut_makes_only_what_it_changes() -> None:
    extraction = Extraction(ROUND)
    plain, recut = extraction.data(), extraction.data(KNOTS, 1)
    for name, part in vars(plain).items():
        if name not in CUT:
            assert part is getattr(recut, name), name
    for rules, other in ((plain.rules, recut.rules), (plain.incomes, recut.incomes)):
        assert rules.outcome is other.outcome
        assert rules.unmet is other.unmet
    assert len(recut.responses.segments) != len(plain.responses.segments)
    assert recut.rules.right[0] < plain.rules.right[0]
    assert recut.incomes.threshold[0] > plain.incomes.threshold[0]
    assert recut.payments.error[0] > plain.payments.error[0] == 0


def test_rows_that_rest_on_no_cut_are_made_once_for_all() -> None:
    assert {"limits", "passing", "pools", "positions", "shares", "most_moved"} <= STANDING
    assert {"stranded", "paid", "endings", "curve_order", "misses"} <= RECUT
    extraction = Extraction(ROUND)
    plain, recut = extraction.data(), extraction.data(KNOTS, 1)
    for name in STANDING:
        assert getattr(recut, name) is getattr(plain, name), name
        assert getattr(extraction.data(), name) is getattr(plain, name), name
    for name in RECUT:
        assert getattr(recut, name) is not getattr(plain, name), name
    assert plain.shares is not extract(ROUND).shares


@pytest.mark.parametrize("name", sorted(STANDING | RECUT))
def test_rows_of_a_recut_are_those_of_a_fresh_extraction(name: str) -> None:
    extraction = Extraction(ROUND)
    getattr(extraction.data(), name)
    recut, fresh = extraction.data(KNOTS, 1), extract(ROUND, KNOTS, 1)
    assert same(getattr(recut, name), getattr(fresh, name))


@pytest.mark.parametrize("margin", [-1, 0, 1])
def test_a_recut_is_what_a_fresh_extraction_says(margin: int) -> None:
    extraction = Extraction(ROUND)
    extraction.data()
    assert same(extraction.data(KNOTS, margin), extract(ROUND, KNOTS, margin))
    assert same(extraction.data(), extract(ROUND))
    assert not same(extraction.data(), extraction.data(KNOTS))
