"""What every run of an option costs and changes, year by year and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from coefficients import by_label, of_run
from small import round_of, table_of

from allocator.data import Data, extract
from allocator.data.response_curves import unanswered
from allocator.instance.instance import Instance

YEARS = (2025, 2026, 2027, 2028, 2029)
UP = 1.1
"""Costs grow by a tenth a year from 2024."""

PROGRAMMES = """programme,sector,pool,contract,unit_cost,baseline,cost_uplift
    bed,acute,NHS,{},5,50,
    nurse,community,NHS,,2,100,0.2
    gp,primary,LA,,3,60,"""

WARD = {
    "pool": "NHS",
    "earliest": 2025,
    "latest": 2026,
    "start_month": 10,
    "lead_years": 1,
    "review_years": 3,
    "cost_once": 100,
    "cost_yearly": 40,
    "double_running": 12,
    "cost_exit": 30,
    "capital": 500,
}
"""Starts in 2025 or 2026, opens in October of the year after, may be left after three years."""


def row(name: str, **columns: Any) -> dict[str, Any]:
    return {"option": name, **columns}


def effect(option: str, measure: str, target: str, value: Any = "", **more: Any) -> dict[str, Any]:
    return {"option": option, "measure": measure, "target": target, "value": value, **more}


def deciding(
    *options: dict[str, Any],
    effects: tuple[dict[str, Any], ...] = (),
    contract: str = "",
    **tables: str,
) -> Instance:
    """A hospital, a community service and a surgery, with options."""
    more = {"option_effects": table_of(*effects)} if effects else {}
    usual = {
        "budgets": "pool,kind,amount\nNHS,recurrent,100000\nNHS,capital,5000\n"
        "LA,recurrent,5000\nLA,capital,100",
        "limits": "programme,basis,min,max\nbed,activity,40,80\nnurse,baseline,0.5,2",
        "responses": "programme,outcome,per_unit\nbed,QALY,1\nnurse,QALY,2\ngp,QALY,1",
        "resources": "resource\nstaff",
        "capacity": "resource,year,amount\nstaff,,200\nstaff,2027,300",
        "use": "programme,resource,per_unit\nbed,staff,1",
        "demand": "programme,year,demand\ngp,,60\ngp,2028,70",
        "options": table_of(*options),
    }
    return round_of(
        PROGRAMMES.format(contract),
        years=YEARS,
        settings={"cost_uplift": 0.1},
        **(usual | more | tables),
    )


def extracted(*options: dict[str, Any], **more: Any) -> Data:
    return extract(deciding(*options, **more))


def costs(**values: float) -> dict[tuple[str, int], float]:
    """Money of the NHS by year at base-year prices, in the prices of the year."""
    return {
        ("NHS", int(y[1:])): pytest.approx(value * UP ** (int(y[1:]) - 2024))
        for y, value in values.items()
    }


# Which runs there are


def runs_of(data: Data, option: str) -> list[tuple[int, int]]:
    return [(s, e) for o, s, e in data.options.runs.members() if o == option]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [(2025, 2027), (2025, 2029), (2026, 2028), (2026, 2029)]),
        ({"review_years": "1 3"}, [(2025, 2025), (2025, 2027), (2025, 2029)]),
        ({"review_years": "2 3", "min_years": 2}, [(2025, 2026), (2025, 2027), (2025, 2029)]),
        ({"review_years": "none"}, [(2025, 2029)]),
        ({"review_years": "", "min_years": 4}, [(2025, 2028), (2025, 2029)]),
        ({"review_years": "none", "earliest": 2028, "latest": ""}, [(2028, 2029), (2029, 2029)]),
        ({"review_years": "", "earliest": "", "latest": 2025, "min_years": 9}, [(2025, 2029)]),
    ],
)
def test_runs_are_those_that_windows_durations_and_reviews_leave(
    changes: dict[str, Any], expected: list[tuple[int, int]]
) -> None:
    # But for the first, options that may start in one year: later starts are left out.
    window = {} if "earliest" in changes or not changes else {"latest": 2025}
    data = extracted(row("ward", **{**WARD, **window, **changes}))
    assert runs_of(data, "ward") == expected


def test_taken_are_the_years_a_run_covers() -> None:
    chosen = extracted(row("ward", **WARD)).options
    assert chosen.taken.astype(int).tolist() == [
        [1, 1, 1, 0, 0],
        [1, 1, 1, 1, 1],
        [0, 1, 1, 1, 0],
        [0, 1, 1, 1, 1],
    ]


# Money


def test_costs_fall_in_the_years_of_a_run() -> None:
    cost = extracted(row("ward", **WARD)).options.cost
    # 100 and 12 of double running; half a year from October; then whole years; left in 2028.
    assert of_run(cost, "ward", 2025, 2027) == costs(y2025=112, y2026=20, y2027=40, y2028=30)
    # To the end of the plan: no cost of leaving it.
    assert of_run(cost, "ward", 2025, 2029) == costs(
        y2025=112, y2026=20, y2027=40, y2028=40, y2029=40
    )
    assert of_run(cost, "ward", 2026, 2028) == costs(y2026=112, y2027=20, y2028=40, y2029=30)


def test_only_yearly_cost_lasts_and_capital_is_apart() -> None:
    chosen = extracted(row("ward", **WARD)).options
    assert of_run(chosen.lasting, "ward", 2025, 2027) == costs(y2026=20, y2027=40)
    assert of_run(chosen.capital, "ward", 2026, 2029) == costs(y2026=500)
    assert len(chosen.spend.rows) == len(chosen.income.rows) == 0


@pytest.mark.parametrize(
    ("lead", "review", "run", "years"),
    [
        (0, "none", (2025, 2029), (2025,)),
        (1, "none", (2025, 2029), (2025,)),
        (3, "none", (2025, 2029), (2025, 2026, 2027)),
        (3, "2", (2025, 2026), (2025, 2026)),  # left before it was in place
    ],
)
def test_double_running_lasts_until_it_is_in_place(
    lead: int, review: str, run: tuple[int, int], years: tuple[int, ...]
) -> None:
    option = row(
        "ward", pool="NHS", latest=2025, lead_years=lead, review_years=review, double_running=10
    )
    cost = extracted(option).options.cost
    assert of_run(cost, "ward", *run) == costs(**{f"y{y}": 10 for y in years})


@pytest.mark.parametrize(("financial", "share"), [(True, 0.5), (False, 0.25)])
def test_a_first_year_counts_for_the_months_that_are_left(financial: bool, share: float) -> None:
    option = row(
        "ward", pool="NHS", latest=2025, review_years="none", start_month=10, cost_yearly=8
    )
    instance = round_of(
        "programme,sector,pool,baseline\ngp,primary,NHS,1",
        years=(2025, 2026),
        settings={"financial_years": financial},
        options=table_of(option),
    )
    cost = extract(instance).options.cost
    found = of_run(cost, "ward", 2025, 2026)
    assert found == pytest.approx({("NHS", 2025): 8 * share, ("NHS", 2026): 8})


def test_yearly_cost_of_a_programme_is_its_spend_and_the_rest_its_pools() -> None:
    chosen = extracted(row("ward", **{**WARD, "pool": "", "programme": "gp"})).options
    found = of_run(chosen.spend, "ward", 2025, 2027)
    assert found == {
        ("gp", 2026): pytest.approx(20 * UP**2),
        ("gp", 2027): pytest.approx(40 * UP**3),
    }
    found = of_run(chosen.cost, "ward", 2025, 2027)
    assert found == {
        ("LA", 2025): pytest.approx(112 * UP),
        ("LA", 2028): pytest.approx(30 * UP**4),
    }
    assert of_run(chosen.capital, "ward", 2025, 2027) == {("LA", 2025): pytest.approx(550)}
    assert len(chosen.lasting.rows) == 0


def test_pounds_are_all_the_money_of_a_run_whatever_its_sign() -> None:
    saves = row("ward", **{**WARD, "cost_yearly": -40})
    found = by_label(extracted(saves).options.runs, extracted(saves).options.pounds)
    assert found["ward", 2025, 2027] == pytest.approx(
        (112 + 500) * UP + 20 * UP**2 + 40 * UP**3 + 30 * UP**4
    )


# What is felt


def test_effects_are_felt_by_the_share_in_place() -> None:
    effects = (
        effect("ward", "capacity", "staff", 30),
        effect("ward", "income", "LA", 50),
        effect("ward", "outcome", "bed", 8, outcome="QALY"),
        effect("ward", "demand", "gp", -6),
        effect("ward", "limit_max", "bed", 20),
        effect("ward", "limit_min", "bed", 10),
    )
    chosen = extracted(row("ward", **WARD), effects=effects).options
    part = {2026: 0.5, 2027: 1.0}

    def felt(value: float, *where: str) -> dict[Any, float]:
        return {(*where, y): pytest.approx(value * share) for y, share in part.items()}

    assert of_run(chosen.capacity, "ward", 2025, 2027) == felt(30, "staff", "")
    assert of_run(chosen.outcome, "ward", 2025, 2027) == felt(8, "QALY", "bed")
    assert of_run(chosen.demand, "ward", 2025, 2027) == felt(-6, "gp")
    assert of_run(chosen.limit_max, "ward", 2025, 2027) == felt(20, "bed")
    assert of_run(chosen.limit_min, "ward", 2025, 2027) == felt(10, "bed")
    assert of_run(chosen.income, "ward", 2025, 2027) == {
        ("LA", 2026): pytest.approx(25 * UP**2),
        ("LA", 2027): pytest.approx(50 * UP**3),
    }


def test_figures_are_multiplied_as_they_stand_in_each_year() -> None:
    effects = (
        effect("ward", "capacity", "staff", 1.5, operation="multiply"),
        effect("ward", "demand", "gp", 0.9, operation="multiply"),
        effect("ward", "limit_max", "bed", 1.25, operation="multiply"),
        effect("ward", "limit_min", "nurse", 0.5, operation="multiply"),
    )
    chosen = extracted(row("ward", **WARD), effects=effects).options
    run = "ward", 2025, 2029
    # 200 in most years and 300 in 2027; half of it in 2026.
    assert of_run(chosen.capacity, *run) == pytest.approx(
        {("staff", "", y): x for y, x in ((2026, 50), (2027, 150), (2028, 100), (2029, 100))}
    )
    assert of_run(chosen.demand, *run) == pytest.approx(
        {("gp", y): x for y, x in ((2026, -3), (2027, -6), (2028, -7), (2029, -6))}
    )
    assert of_run(chosen.limit_max, *run)["bed", 2028] == pytest.approx(20)
    assert of_run(chosen.limit_min, *run)["nurse", 2026] == pytest.approx(-0.25 * 50)


def test_an_effect_that_is_felt_late_ends_with_its_option() -> None:
    late = (effect("ward", "demand", "gp", -6, delay=1),)
    chosen = extracted(row("ward", **WARD), effects=late).options
    assert of_run(chosen.demand, "ward", 2025, 2027) == pytest.approx({("gp", 2027): -3})
    assert of_run(chosen.demand, "ward", 2025, 2029) == pytest.approx(
        {("gp", 2027): -3, ("gp", 2028): -6, ("gp", 2029): -6}
    )
    beyond = (effect("ward", "demand", "gp", -6, delay=9),)
    assert len(extracted(row("ward", **WARD), effects=beyond).options.demand.rows) == 0


def test_effects_of_one_option_on_one_figure_add_up_only_where_they_meet() -> None:
    both = (
        effect("ward", "limit_max", "bed", 4),
        effect("hub", "limit_max", "bed", 0.5, operation="multiply"),
    )
    hub = row("hub", pool="NHS", latest=2025, review_years="none")
    chosen = extracted(row("ward", **WARD), hub, effects=both).options
    assert of_run(chosen.limit_max, "hub", 2025, 2029)["bed", 2027] == pytest.approx(-40)
    assert of_run(chosen.limit_max, "ward", 2025, 2029)["bed", 2027] == pytest.approx(4)


def test_closing_and_suspending_count_part_of_a_year_as_the_whole() -> None:
    effects = (
        effect("ward", "close", "nurse", operation="suspend"),
        effect("ward", "contract", "K", operation="suspend"),
    )
    instance = deciding(
        row("ward", **WARD),
        effects=effects,
        contract="K",
        contracts="contract,type\nK,block",
    )
    chosen = extract(instance).options
    assert of_run(chosen.closes, "ward", 2025, 2027) == {("nurse", 2026): 1, ("nurse", 2027): 1}
    assert of_run(chosen.suspends, "ward", 2025, 2027) == {("K", 2026): 1, ("K", 2027): 1}
    names, free = instance.programmes["programme"], instance.facts.held.set_free
    assert names[free].tolist() == ["nurse"]


def test_a_programme_whose_limits_an_option_moves_is_not_held() -> None:
    for measure, held in (("limit_max", False), ("limit_min", False), ("unit_cost", True)):
        instance = round_of(
            "programme,sector,pool,baseline\nadmin,management,NHS,10",
            limits="programme,basis,min,max\nadmin,activity,5,20",
            options="option,pool\nO,NHS",
            option_effects=f"option,measure,target,value\nO,{measure},admin,1",
        )
        assert extract(instance).held.tolist() == [held]


# Levels


def test_unit_costs_have_a_level_for_every_way_they_change() -> None:
    effects = (
        effect("ward", "unit_cost", "bed", 0.8, operation="multiply"),
        effect("hub", "unit_cost", "bed", -0.5),
        effect("hub", "unit_cost", "nurse", 0.25),
    )
    hub = row(
        "hub", pool="NHS", earliest=2027, review_years="none", group="way", choose="at_most_one"
    )
    ward = row("ward", **WARD, group="way", choose="at_most_one")
    levels = extracted(ward, hub, effects=effects).options.prices
    change = by_label(levels.rows, levels.change)
    price = {t: 5 * UP ** (t - 2024) for t in YEARS}
    at = lambda i, t: sorted(v for k, v in change.items() if k[:2] == (i, t))  # noqa: E731
    # In 2026 half a year of the ward alone; in 2027 all of it, half (begun in 2026) or the hub.
    assert at("bed", 2026) == pytest.approx([-0.1 * price[2026]])
    assert at("bed", 2027) == pytest.approx(
        sorted([-0.2 * price[2027], -0.1 * price[2027], -0.5 * UP**3])
    )
    assert at("bed", 2029) == pytest.approx(sorted([-0.2 * price[2029], -0.5 * UP**5]))
    # Added by the unit with the programme's own growth of costs.
    assert at("nurse", 2028) == pytest.approx([0.25 * 1.2**4])
    assert at("nurse", 2026) == []


def test_levels_name_the_runs_that_make_them() -> None:
    effects = (effect("ward", "outcome", "bed", 1.5, outcome="QALY", operation="multiply"),)
    levels = extracted(row("ward", **WARD), effects=effects).options.outcomes
    change = by_label(levels.rows, levels.change)
    made: dict[tuple[float, int], set[tuple[int, int]]] = {}
    for *figure, level, _, s, e in levels.runs.rows.members():
        assert figure[:2] == ["QALY", "bed"]
        made.setdefault((change[*figure, level], figure[2]), set()).add((s, e))
    assert made == {
        (0.25, 2026): {(2025, 2027), (2025, 2029)},
        (0.5, 2027): {(2025, 2027), (2025, 2029)},
        (0.25, 2027): {(2026, 2028), (2026, 2029)},
        (0.5, 2028): {(2025, 2029), (2026, 2028), (2026, 2029)},
        (0.5, 2029): {(2025, 2029), (2026, 2029)},
    }
    assert (levels.runs.coefficient == 1).all()
    assert [m[:3] for m in levels.owners.members()] == [("QALY", "bed", y) for y in YEARS[1:]]


def test_an_outcome_that_only_an_option_gives_has_a_flat_response() -> None:
    effects = (effect("ward", "outcome", "nurse", 8, outcome="QALY"),)
    instance = deciding(
        row("ward", **WARD),
        effects=effects,
        responses="programme,outcome,per_unit\nbed,QALY,1\ngp,QALY,1",
    )
    assert unanswered(instance) == [("nurse", "QALY")]
    r = extract(instance).responses
    slopes = by_label(r.slope_rows, r.slope)
    assert {v for (_, i, _, _), v in slopes.items() if i == "nurse"} == {0}
    assert unanswered(deciding(row("ward", **WARD), effects=effects)) == []


# What may be taken together


def said(choices: Any) -> dict[tuple[str, int], tuple[dict[Any, float], float]]:
    """Rows between runs: coefficients by run, and the right side."""
    right = by_label(choices.rows, choices.most)
    found: dict[tuple[str, int], dict[Any, float]] = {key: {} for key in right}
    for key, value in by_label(choices.terms.rows, choices.terms.coefficient).items():
        found[key[:2]][key[2:]] = value
    return {key: (found[key], right[key]) for key in right}


def short(name: str, first: int, last: int, **more: Any) -> dict[str, Any]:
    return row(name, pool="NHS", earliest=first, latest=last, review_years="none", **more)


def test_exactly_one_of_a_group_from_the_year_one_may_start() -> None:
    group = {"group": "way", "choose": "exactly_one"}
    rows = said(
        extracted(short("a", 2027, 2028, **group), short("b", 2028, 2028, **group)).options.exactly
    )
    assert sorted(rows) == [("group way", 2027), ("group way", 2028), ("group way", 2029)]
    a27, a28, b28 = (("a", 2027, 2029), ("a", 2028, 2029), ("b", 2028, 2029))
    assert rows["group way", 2027] == ({a27: 1}, 1)
    assert rows["group way", 2028] == ({a27: 1, a28: 1, b28: 1}, 1)


@pytest.mark.parametrize(
    ("choose", "most", "right"), [("at_most_one", "", 1), ("at_most", 2, 2), ("any", "", None)]
)
def test_at_most_so_many_of_a_group(choose: str, most: Any, right: float | None) -> None:
    group = {"group": "way", "choose": choose} | ({"most": most} if most else {})
    options = [short(name, 2029, 2029, **group) for name in "abc"]
    rows = said(extracted(*options).options.at_most)
    expected = {(name, 2029, 2029): 1.0 for name in "abc"}
    assert rows == ({} if right is None else {("group way", 2029): (expected, right)})


def test_an_option_of_several_groups_counts_in_each() -> None:
    options = (
        short("both", 2029, 2029, group="lot1;lot2", choose="at_most_one"),
        short("one", 2029, 2029, group="lot1", choose="at_most_one"),
        short("two", 2029, 2029, group="lot2", choose="at_most_one"),
    )
    rows = said(extracted(*options).options.at_most)
    runs = {name: (name, 2029, 2029) for name in ("both", "one", "two")}
    assert rows == {
        ("group lot1", 2029): ({runs["both"]: 1, runs["one"]: 1}, 1),
        ("group lot2", 2029): ({runs["both"]: 1, runs["two"]: 1}, 1),
    }


def test_links_hold_in_every_year_that_is_covered() -> None:
    links = "option,link,other\na,requires,b\na,excludes,c"
    options = short("a", 2028, 2028), short("b", 2027, 2027), short("c", 2029, 2029)
    rows = said(extracted(*options, option_links=links).options.at_most)
    a, b, c = ("a", 2028, 2029), ("b", 2027, 2029), ("c", 2029, 2029)
    assert rows["a requires b", 2028] == ({a: 1, b: -1}, 0)
    assert rows["a requires b", 2027] == ({b: -1}, 0)
    assert rows["a excludes c", 2028] == ({a: 1}, 1)
    assert rows["a excludes c", 2029] == ({a: 1, c: 1}, 1)


def test_two_runs_of_an_option_have_a_year_between_them() -> None:
    option = row("a", pool="NHS", earliest=2027)
    rows = said(extracted(option).options.at_most)
    runs = [(s, e) for s in (2027, 2028, 2029) for e in range(s, 2030)]
    once = {t: {(s, e) for s, e in runs if s <= t <= e or e == t - 1} for t in YEARS}
    assert once[2028] == {(2027, 2027), (2027, 2028), (2027, 2029), (2028, 2028), (2028, 2029)}
    for t in (2027, 2028, 2029):
        expected = {("a", s, e): 1.0 for s, e in once[t]}
        assert rows["a once at a time", t] == (expected, 1)
    # One run needs no row.
    assert said(extracted(short("a", 2029, 2029)).options.at_most) == {}


def test_an_instance_without_options_has_none_of_it() -> None:
    chosen = extract(
        round_of("programme,sector,pool,baseline\ngp,primary,NHS,1", years=(2025, 2026))
    ).options
    assert len(chosen.runs) == len(chosen.option) == len(chosen.pounds) == 0
    for name in ("cost", "capital", "income", "spend", "demand", "outcome", "capacity", "closes"):
        assert len(getattr(chosen, name).rows) == 0, name
    assert len(chosen.at_most.rows) == len(chosen.exactly.rows) == 0
    assert len(chosen.prices.rows) == len(chosen.outcomes.rows) == 0
    assert np.array(chosen.taken).shape == (0, 2)
