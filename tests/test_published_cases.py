"""Textbook problems written as instances, enumerated from their tables and compared with plans.

The enumeration knows the textbook problem, not the instance's mathematics: it reads figures from
the tables and tries every combination in plain Python.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from examples import example
from small import solved

from allocator.plan import Plan

Choice = tuple[str, ...]


def plan(name: str) -> Plan:
    return solved(example(name))


def column(name: str, table: str, key: str, figure: str) -> dict[str, float]:
    """One figure of a table by the name of its row."""
    rows = example(name).tables[table]
    assert rows[key].is_unique
    return dict(zip(rows[key], rows[figure].astype(float), strict=True))


def subsets(names: list[str]) -> Iterator[Choice]:
    for size in range(len(names) + 1):
        yield from itertools.combinations(names, size)


def best(worth: dict[Choice, float]) -> tuple[Choice, float]:
    """The best choice, which must be the only one."""
    ranked = sorted(worth, key=lambda choice: worth[choice], reverse=True)
    assert worth[ranked[0]] > worth[ranked[1]] + 1e-9, "the optimum of a published case is unique"
    return ranked[0], worth[ranked[0]]


def taken(name: str) -> set[str]:
    options = plan(name).tables["options"]
    return set(options.loc[options["taken"].astype(bool), "option"])


def nine_projects() -> dict[Choice, float]:
    """Value of every set of projects within both budgets."""
    name = "capital-budgeting"
    first = column(name, "options", "option", "cost_once")
    second = column(name, "options", "option", "cost_yearly")
    value = column(name, "option_effects", "option", "value")
    rows = example(name).tables["budgets"]
    rows = rows[rows["pool"] == "Projects"]
    budget = dict(zip(rows["year"].astype(int), rows["amount"], strict=True))
    return {
        chosen: sum(value[c] for c in chosen)
        for chosen in subsets(list(first))
        if sum(first[c] for c in chosen) <= budget[2025]
        and sum(second[c] for c in chosen) <= budget[2026]
    }


def six_projects() -> dict[Choice, float]:
    """Value of every set of projects within ten resources."""
    name = "several-resources"
    value = column(name, "responses", "programme", "per_unit")
    there_is = column(name, "capacity", "resource", "amount")
    rows = example(name).tables["use"]
    use = {(p, r): u for p, r, u in rows[["programme", "resource", "per_unit"]].to_numpy().tolist()}
    projects = [p for p in value if p.startswith("Project")]
    return {
        chosen: sum(value[c] for c in chosen)
        for chosen in subsets(projects)
        if all(sum(use.get((c, r), 0.0) for c in chosen) <= there_is[r] for r in there_is)
    }


def levels() -> dict[Choice, float]:
    """QALYs of one level for each pathway within the budget."""
    name = "choose-one-level"
    cost = column(name, "options", "option", "cost_yearly")
    value = column(name, "option_effects", "option", "value")
    groups = example(name).tables["options"].groupby("group")["option"].agg(list)
    budget = column(name, "budgets", "pool", "amount")["Pathways"]
    kept = column(name, "programmes", "programme", "baseline")["Pathways"]
    return {
        chosen: sum(value[c] for c in chosen)
        for chosen in itertools.product(*groups)
        if sum(cost[c] for c in chosen) <= budget - kept
    }


def opened() -> dict[Choice, float]:
    """QALYs of every set of clinics: patients go first where a pound buys most."""
    name = "fixed-charge"
    cost = column(name, "options", "option", "cost_yearly")
    room = column(name, "option_effects", "option", "value")
    clinic = dict(example(name).tables["option_effects"][["option", "target"]].to_numpy())
    price = column(name, "programmes", "programme", "unit_cost")
    gain = column(name, "responses", "programme", "per_unit")
    money = column(name, "budgets", "pool", "amount")["NHS"]
    patients = column(name, "rules", "rule", "value")["patients"]
    worth = {}
    for chosen in subsets(list(cost)):
        left, waiting, bought = money - sum(cost[c] for c in chosen), patients, 0.0
        for option in sorted(chosen, key=lambda c: price[clinic[c]]):
            seen = min(room[option], waiting)
            waiting -= seen
            left -= seen * price[clinic[option]]
            bought += seen * gain[clinic[option]]
        assert left >= 0, "money is no limit in this case"
        worth[chosen] = bought + left * gain["Community care"]
    return worth


def test_nine_projects_and_two_budgets() -> None:
    chosen, value = best(nine_projects())
    assert value == 70
    assert taken("capital-budgeting") == set(chosen)
    assert plan("capital-budgeting").objective == pytest.approx(value + 2 * 10, abs=1e-6)


def test_six_projects_and_ten_resources() -> None:
    chosen, value = best(six_projects())
    assert value == 3800
    found = plan("several-resources")
    done = found.allocation[found.allocation["programme"].str.startswith("Project")]
    assert set(done["activity"].round(6)) == {0.0, 1.0}
    assert set(done.loc[done["activity"] > 0.5, "programme"]) == set(chosen)
    assert found.objective == pytest.approx(value, abs=1e-6)


def test_one_level_for_each_of_three_pathways() -> None:
    chosen, value = best(levels())
    assert taken("choose-one-level") == set(chosen)
    assert plan("choose-one-level").objective == pytest.approx(value + 10, abs=1e-6)


def test_what_it_costs_to_open_a_door() -> None:
    chosen, value = best(opened())
    assert taken("fixed-charge") == set(chosen)
    assert plan("fixed-charge").objective == pytest.approx(value, abs=1e-6)


def test_the_enumeration_covers_every_choice() -> None:
    """Refused choices are left out, all others are there."""
    assert len(levels()) == 16
    assert len(opened()) == 8
    assert ("Project 1", "Project 3", "Project 4", "Project 6", "Project 9") in nine_projects()
    assert ("Project 4", "Project 6") not in six_projects()
