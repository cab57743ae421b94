"""Questions planners ask of the synthetic care system; each takes several solves of it."""

from __future__ import annotations

import pandas as pd
import pytest
from examples import avonside
from small import csv, solved

import allocator
from allocator.instance.evidence import CASES
from allocator.planning.worth import NOT_YET
from allocator.report.language.units import Worth, money_of
from allocator.report.text.binding import what_binds

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


def test_money_has_a_price_in_every_year_and_agreed_shares_have_one() -> None:
    plan = solved(avonside())
    price = plan.budgets.pivot_table(index="pool", columns="year", values="price")
    # In the first years a pound is a pound; later the NHS pays its largest share of home care.
    councils = [name for name in price.index if "council" in name]
    assert len(councils) == 3
    first = price.loc[[*councils, "NHS"], 2025]
    assert first.max() == pytest.approx(first.min(), rel=0.05)
    assert (price.loc[councils, 2028] > 1.05 * price.loc["NHS", 2028]).all()
    assert (price.loc["NHS"] > 0).all()
    assert price.loc["NHS", 2029] < 0.8 * price.loc["NHS", 2025]
    homes = plan.funding[plan.funding["programme"].str.startswith("Home care")]
    late = homes[(homes["pool"] == "NHS") & (homes["year"] == 2028)]
    assert (late["side"] == "most").all()
    assert (late["price"] > 0).all()
    kinds = what_binds(plan, avonside(), money_of(plan, avonside()), Worth.of(avonside().outcomes))
    said = {kind.title: kind.sentences for kind in kinds}
    assert any("NHS pays its largest share" in s for s in said["Agreed shares"])
    assert any("2025/26" in s and "2029/30" in s for s in said["Money"] if "NHS" in s)


def test_no_limit_is_told_by_the_side_it_does_not_stand_at() -> None:
    limits = solved(avonside()).limits
    reach = limits["hi"] - limits["lo"]
    loose = limits[reach > 1e-6 * limits["hi"].abs()]
    at_top = (loose["hi"] - loose["activity"]).abs() <= 1e-9 * loose["hi"]
    at_bottom = (loose["activity"] - loose["lo"]).abs() <= 1e-9 * loose["hi"]
    assert not (at_top & (loose["side"] == "least")).any()
    assert not (at_bottom & (loose["side"] == "most")).any()
    sides = limits.groupby("programme")["side"].agg(set)
    assert any(len(found) == 2 for found in sides), "one that changes sides is among them"


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
