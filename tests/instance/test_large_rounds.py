"""Answers that are worked out sparsely are those worked out programme by programme."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.evaluate.selections import EVERY, read_selections
from allocator.evaluate.tables import read_programmes
from allocator.instance.checks.pump import Network, network, savings
from allocator.instance.instance import Instance
from allocator.instance.reading.reader import from_tables
from allocator.instance.tables.rows import Array
from allocator.instance.tables.selections import Selections

YEARS = [2025, 2026, 2027]
WORDS = {
    "sector": ("acute", "community"),
    "place": ("North", "South"),
    "provider": ("", "Trust"),
    "tag": ("", "a", "b", "a b"),
}


def make(tables: dict[str, list[dict[str, Any]]], **settings: Any) -> Instance:
    frames = {name: pd.DataFrame(rows) for name, rows in tables.items() if rows}
    return from_tables({"name": "x", "base_year": 2024, "years": YEARS, **settings}, frames)


def programme(name: str, **more: Any) -> dict[str, Any]:
    return {"programme": name, "pool": "NHS", "baseline": 10.0, **more}


@st.composite
def rounds_with_effects(draw: st.DrawFn) -> Instance:
    """Programmes that avoid the need of later ones, so that no circle is made."""
    count = draw(st.integers(2, 7))
    names = [f"p{n}" for n in range(count)]
    share = st.sampled_from((0.0, 0.25, 0.5))
    programmes = [
        programme(
            name,
            sector="s",
            unit_cost=draw(st.sampled_from((1.0, 30.0, 70.0))),
            fixed_share=draw(share),
            release_years=draw(st.integers(0, 2)),
        )
        for name in names
    ]
    pairs = [(a, b) for a in range(count) for b in range(a + 1, count)]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, unique=True))
    effects: list[dict[str, Any]] = [
        {
            "source": names[a],
            "target": names[b],
            "per_unit": draw(st.sampled_from((0.001, 0.002, 0.01))),
            "delay": draw(st.integers(0, 2)),
            "fade": draw(share),
        }
        for a, b in chosen
    ]
    targets = sorted({effect["target"] for effect in effects})
    return make(
        {
            "programmes": programmes,
            "budgets": [{"pool": "NHS", "amount": 1e6}],
            "outcomes": [{"outcome": "QALY", "weight": 1.0}],
            "responses": [{"programme": "p0", "outcome": "QALY", "per_unit": 1.0}],
            "demand": [{"programme": name, "demand": 10.0, "min_met": 0.0} for name in targets],
            "effects": effects,
        },
        accept_money_pump=names,
    )


def followed(instance: Instance, net: Network, source: int) -> Array:
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
    draft = instance.facts.draft
    net = network(draft)
    found = savings(draft, net)
    assert sp.issparse(found)
    for column, source in enumerate(net.sources.tolist()):
        expected = followed(instance, net, source)
        np.testing.assert_allclose(found[:, [column]].toarray()[:, 0], expected, atol=1e-12)


@st.composite
def rounds_with_selections(draw: st.DrawFn) -> Instance:
    def words(of: str, blank: bool = False) -> str:
        return draw(st.sampled_from(("", *WORDS[of]) if blank else WORDS[of]))

    programmes = []
    for n in range(draw(st.integers(1, 8))):
        said = {of: words(of) for of in WORDS}
        programmes.append(programme(f"p{n}", tags=said.pop("tag"), **said))
    # Every word is somebody's, and somebody has them all.
    everything = {"sector": "acute", "place": "North", "provider": "Trust", "tags": "a b"}
    programmes.append(programme("all of them", **everything))
    rows: list[dict[str, Any]] = []
    for n in range(draw(st.integers(0, 6))):
        chosen: dict[str, Any] = {"place": draw(st.sampled_from(("", "North"))), "sector": "acute"}
        chosen |= {"tag": draw(st.sampled_from(("", "a", "b")))}
        chosen |= {"provider": draw(st.sampled_from(("", "Trust")))}
        share = draw(st.sampled_from((0.25, 0.5, 1.0)))
        rows.append({"selection": f"s{n // 2}", "share": share, **chosen})
    unique = {tuple(row.values()): row for row in rows}
    keys = {(r["selection"], r["place"], r["tag"], r["provider"]): r for r in unique.values()}
    shares: dict[str, float] = {}
    for row in keys.values():  # two shares in one selection are refused
        row["share"] = shares.setdefault(row["selection"], row["share"])
    return make(
        {
            "programmes": programmes,
            "budgets": [{"pool": "NHS", "amount": 1e6}],
            "outcomes": [{"outcome": "QALY", "weight": 1.0}],
            "responses": [{"programme": "all of them", "outcome": "QALY", "per_unit": 1.0}],
            "selections": list(keys.values()),
            "places": [{"place": "North", "heads": 10}, {"place": "South", "heads": 5}],
        }
    )


def shares_of(instance: Instance, selection: str) -> Array:
    """Share of each programme, one programme and row at a time."""
    table = instance.programmes
    found = np.zeros(len(table))
    for row in instance.selections.to_dict("records"):
        for i, who in enumerate(table.to_dict("records")):
            same = all(row[c] in ("", who[c]) for c in ("sector", "place", "provider"))
            tagged = not row["tag"] or row["tag"] in who["tags"].split()
            if row["selection"] == selection and same and tagged:
                found[i] = max(found[i], row["share"])
    return found


@settings(max_examples=40, deadline=None)
@given(rounds_with_selections())
def test_selections_hold_whom_their_rows_name(instance: Instance) -> None:
    draft = instance.facts.draft
    checks = Selections(draft["programmes"], draft["selections"])
    judged = read_selections(instance, read_programmes(instance))
    size = len(instance.programmes)
    for s, name in enumerate(judged.names.tolist()):
        expected = np.ones(size) if name in EVERY else shares_of(instance, name)
        for who, share in (checks.counted(name), judged.of(s)):
            assert who.tolist() == np.flatnonzero(expected).tolist()
            assert share.tolist() == expected[expected > 0].tolist()
        halves = np.arange(size) % 2
        least = [expected[halves == half].min(initial=np.inf) for half in (0, 1)]
        whole = judged.whole(halves, 2).toarray()[s]
        assert whole.tolist() == [x if np.isfinite(x) else 0.0 for x in least]
