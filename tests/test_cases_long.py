"""Questions planners ask of the synthetic care system; each takes several solves of it."""

from __future__ import annotations

import pandas as pd
import pytest
from examples import avonside
from small import csv, solved

import allocator
from allocator.instance.evidence import CASES
from allocator.planning.worth import NOT_YET

pytestmark = pytest.mark.long


def test_two_thousand_operations_fewer_wait_until_somebody_does_them() -> None:
    instance = avonside()
    tables = {name: table.copy() for name, table in solved(instance).tables.items()}
    lines = tables["allocation"]
    edited = (lines["programme"] == "Planned inpatients") & (lines["year"] == 2025)
    lines.loc[edited, "activity"] -= 2000
    found = allocator.evaluate(instance, tables)
    bare = {**tables, "allocation": lines[["programme", "year", "activity"]]}
    three = allocator.evaluate(instance, bare)
    assert found.objective == pytest.approx(three.objective)
    pd.testing.assert_frame_equal(found.rules, three.rules)
    waiting = found.rules[found.rules["rule"].str.contains("inpatient", case=False)]
    before = solved(instance).rules.set_index(["rule", "year"])["value"]
    more = [row["value"] - before[row["rule"], row["year"]] for _, row in waiting.iterrows()]
    assert max(more) == pytest.approx(2000, abs=1)
    assert "unmet of allocation.csv (Planned inpatients)" in found.notes[0]
    assert "demand" not in set(found.violations["kind"])


def test_a_draft_of_three_lines() -> None:
    instance = avonside()
    draft = csv(
        "programme,year,activity\nCommunity mental health,2025,310000\n"
        "Virtual wards,2025,95000\nPlanned inpatients,2025,17100"
    )
    whole = allocator.complete_draft(instance, {"allocation": draft})
    assert "327 of 330 lines" in whole.assumed
    found = allocator.evaluate(instance, whole.tables)
    assert "option" not in set(found.violations["kind"])


def test_a_ward_closed_on_central_figures_only_is_not_yet_to_be_decided() -> None:
    instance = avonside()
    ward = "Close the South Vale ward"
    plan = solved(instance)
    found = allocator.decision_worth(instance, plan)
    row = found.table.set_index("name").loc[ward]
    assert [bool(row[case]) for case in CASES] == [False, True, False]
    assert row["list"] == NOT_YET
    # Without the option the round is worth as much less.
    keep = instance.options["option"] != ward
    effects = instance.option_effects["option"] != ward
    links = ~instance.option_links[["option", "other"]].isin([ward]).any(axis=1)
    without = instance.replace(
        options=instance.options[keep],
        option_effects=instance.option_effects[effects],
        option_links=instance.option_links[links],
    )
    change = allocator.compare_plans(allocator.solve(without), plan)
    assert change.room is not None
    assert row["worth"] == pytest.approx(change.objective, abs=change.room + row["worth_gap"])
    firm = found.table[found.table["list"] == "now"]
    assert (firm["starts"] == instance.settings.years[0]).all()
    assert firm[list(CASES)].all(axis=None)
