"""Checks of who benefits: segments and reach."""

from __future__ import annotations

from collections import defaultdict

from allocator.instance.checks.problem import Problems, needs, problem
from allocator.instance.facts.timeless import Timeless
from allocator.tolerances import SEGMENT_SHARES
from allocator.words import number


@needs("segments")
def segments_once(facts: Timeless) -> Problems:
    """A segment is either of the whole system or split by place, and someone has weight."""
    rows = facts["segments"]
    kinds: dict[str, set[bool]] = defaultdict(set)
    keys = rows.tuples()
    for position in rows.by_line:
        name, place = keys[position]
        kinds[name].add(place == "")
        if len(kinds[name]) > 1:
            kinds[name] = {place == ""}
            yield problem(
                rows,
                position,
                "place",
                f"segment '{name}' has rows with a place and a row for the whole system: people "
                "would count twice.",
            )
    if len(rows) and not (rows["weight"] > 0).any():
        yield problem(
            rows,
            rows.by_line[0],
            "weight",
            "every segment has weight 0, so no outcome would count for anyone.",
        )


@needs("reach", "segments")
def reach_adds_up(facts: Timeless) -> Problems:
    """The shares of a programme's outcome sum to 1."""
    rows = facts["reach"]
    if len(rows) and not len(facts["segments"]):
        yield problem(rows, None, "segment", "reach needs segments; there is no segments table.")
        return
    totals: dict[str, float] = defaultdict(float)
    first: dict[str, int] = {}
    for position in rows.by_line:
        name = rows["programme"][position]
        totals[name] += float(rows["share"][position])
        first.setdefault(name, position)
    for name, total in totals.items():
        if abs(total - 1.0) > SEGMENT_SHARES:
            yield problem(
                rows,
                first[name],
                "share",
                f"the shares of programme '{name}' sum to {number(total)}, not 1.",
            )


@needs("reach", "segments", "programmes")
def segments_where_programmes_are(facts: Timeless) -> Problems:
    """A programme of a place reaches segments that live there."""
    places: dict[str, set[str]] = defaultdict(set)
    for segment, place in facts["segments"].tuples():
        places[segment].add(place)
    everywhere = set().union(*places.values()) if places else set()
    programmes, reach = facts["programmes"], facts["reach"]
    home = dict(zip(programmes["programme"].tolist(), programmes["place"].tolist(), strict=True))
    for position, (name, segment) in enumerate(reach.tuples()):
        place = home.get(name, "")
        if place and segment in places and places[segment].isdisjoint({"", place}):
            yield problem(
                reach,
                position,
                "segment",
                f"programme '{name}' serves '{place}', where segment '{segment}' has no people.",
            )
    if not places or "" in everywhere:
        return
    reached = set(reach["programme"].tolist())
    for position, (name, place) in enumerate(home.items()):
        if place and place not in everywhere and name not in reached:
            yield problem(
                programmes,
                position,
                "place",
                f"no segment has people in '{place}', so nobody would benefit from '{name}'; add "
                "rows to segments, or reach for the programme.",
            )


CHECKS = (segments_once, reach_adds_up, segments_where_programmes_are)
