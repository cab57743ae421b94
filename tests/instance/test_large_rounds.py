"""Answers that are worked out sparsely are those worked out programme by programme."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from small import UNJUDGED, YEARS, as_instance

from allocator.arrays import Floats
from allocator.evaluate import Round
from allocator.evaluate.selections import EVERY
from allocator.instance.checks.savings import Network, network, savings
from allocator.instance.instance import Instance

Row = dict[str, Any]


def make(programmes: list[Row], **tables: list[Row]) -> Instance:
    """A round with some tables, whatever a check would say of it."""
    every = {
        "programmes": [{"sector": "s", "pool": "NHS", "baseline": 10.0, **p} for p in programmes],
        "budgets": [{"pool": "NHS", "amount": 1e6}],
        "outcomes": [{"outcome": "QALY", "weight": 1.0}],
        "responses": [{"programme": "p0", "outcome": "QALY", "per_unit": 1.0}],
        **tables,
    }
    with UNJUDGED:
        return as_instance({"name": "x", "base_year": 2024, "years": list(YEARS)}, every)


@st.composite
def rounds_with_effects(draw: st.DrawFn) -> Instance:
    """Programmes that avoid the need of later ones, so that no circle is made."""

    def of(*values: Any) -> Any:
        return draw(st.sampled_from(values))

    count = draw(st.integers(2, 7))
    programmes = [
        {
            "programme": f"p{n}",
            "unit_cost": of(1.0, 30.0, 70.0),
            "fixed_share": of(0.0, 0.25, 0.5),
            "release_years": of(0, 1, 2),
        }
        for n in range(count)
    ]
    pairs = [(a, b) for a in range(count) for b in range(a + 1, count)]
    effects = [
        {
            "source": f"p{a}",
            "target": f"p{b}",
            "per_unit": of(0.001, 0.002, 0.01),
            "delay": of(0, 1, 2),
            "fade": of(0.0, 0.25, 0.5),
        }
        for a, b in draw(st.lists(st.sampled_from(pairs), min_size=1, unique=True))
    ]
    targets = sorted({effect["target"] for effect in effects})
    demand = [{"programme": name, "demand": 10.0} for name in targets]
    return make(programmes, demand=demand, effects=effects)


def followed(instance: Instance, net: Network, source: int) -> Floats:
    """Cash saved on each programme per unit of money on one source, year after year."""
    table = instance.programmes.set_index("programme").loc[net.names]
    size, years = len(net.names), len(YEARS)
    moved = np.zeros((years, size))
    saved = np.zeros(size)
    for t in range(years):
        # Sources come before what they avoid, so one pass in order settles a year.
        for p in range(size):
            moved[t, p] = float(t == 0 and p == source)
            for e in np.flatnonzero(net.target == p):
                for before in range(t + 1):
                    moved[t, p] -= net.kernel[e, t - before] * moved[before, net.source[e]]
        for p in range(size):
            if t == 0 and p == source:
                continue
            price = table["unit_cost"].iloc[p]
            kept = table["fixed_share"].iloc[p] if t < table["release_years"].iloc[p] else 0.0
            saved[p] -= moved[t, p] * price * (1.0 - kept if moved[t, p] < 0 else 1.0)
    return saved / table["unit_cost"].iloc[source]


@settings(max_examples=40, deadline=None)
@given(rounds_with_effects())
def test_savings_are_those_followed_one_source_at_a_time(instance: Instance) -> None:
    net = network(instance.facts)
    found = savings(instance.facts, net)
    assert sp.issparse(found)
    for column, source in enumerate(net.sources.tolist()):
        expected = followed(instance, net, source)
        np.testing.assert_allclose(found[:, [column]].toarray()[:, 0], expected, atol=1e-12)


@st.composite
def rounds_with_selections(draw: st.DrawFn) -> Instance:
    """Programmes in sectors and places, and selections whose rows have one share each."""

    def of(*values: str) -> str:
        return draw(st.sampled_from(values))

    programmes = [
        {
            "programme": f"p{n}",
            "sector": of("acute", "community"),
            "place": of("North", "South"),
            "provider": of("", "Trust"),
            "tags": of("", "a", "b", "a; b"),
        }
        for n in range(draw(st.integers(1, 9)))
    ]
    rows = {
        (f"s{n // 2}", of("", "North"), of("", "a", "b"), of("", "Trust"))
        for n in range(draw(st.integers(0, 6)))
    }
    shares = draw(st.lists(st.sampled_from((0.25, 0.5, 1.0)), min_size=3, max_size=3))
    columns = ("selection", "place", "tag", "provider")
    selections = [
        {"sector": "acute", "share": shares[int(row[0][1])], **dict(zip(columns, row, strict=True))}
        for row in sorted(rows)
    ]
    places = [{"place": "North", "heads": 10}, {"place": "South", "heads": 5}]
    return make(programmes, selections=selections, places=places)


def shares_of(instance: Instance, selection: str) -> Floats:
    """Share of each programme, one programme and row at a time."""
    table = instance.programmes
    found = np.zeros(len(table))
    for row in instance.selections.to_dict("records"):
        for i, who in enumerate(table.to_dict("records")):
            same = all(row[c] in ("", who[c]) for c in ("sector", "place", "provider"))
            tagged = not row["tag"] or row["tag"] in who["tags"].split("; ")
            if row["selection"] == selection and same and tagged:
                found[i] = max(found[i], row["share"])
    return found


@settings(max_examples=40, deadline=None)
@given(rounds_with_selections())
def test_selections_hold_whom_their_rows_name(instance: Instance) -> None:
    checks = instance.facts.selections
    judged = Round(instance).selections
    size = len(instance.programmes)
    for s, name in enumerate(judged.names.all):
        expected = np.ones(size) if name in EVERY else shares_of(instance, name)
        for who, share in (checks.counted(name), judged.of(s)):
            assert who.tolist() == np.flatnonzero(expected).tolist()
            assert share.tolist() == expected[expected > 0].tolist()
        halves = np.arange(size) % 2
        least = [expected[halves == half].min(initial=np.inf) for half in (0, 1)]
        owners, share = judged.whole(halves, 2).of(s)
        assert dict(zip(owners.tolist(), share.tolist(), strict=True)) == {
            half: x for half, x in enumerate(least) if 0 < x < np.inf
        }
