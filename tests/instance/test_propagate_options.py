"""What can be reached with decisions still open: hand-worked ranges, and every decision judged."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linear_programme import Decided, feasible_range

from allocator.errors import InstanceError
from allocator.instance.facts.decisions import Decisions, Run, possible_runs, share_in_place
from allocator.instance.facts.propagate import Ranges, propagate
from allocator.instance.instance import Instance
from allocator.instance.reading.reader import from_tables
from allocator.instance.tables.draft import Draft
from allocator.instance.tables.schema import TABLES
from allocator.instance.tables.settings import Settings

YEARS = (2025, 2026, 2027)
Row = dict[str, Any]


def make(
    programmes: list[Row], *, uplift: float = 0.0, balance: bool = False, **tables: list[Row]
) -> Draft:
    """Draft with defaults filled in and no judgement on what it says."""
    every: dict[str, list[Row]] = {
        "budgets": [{"pool": "NHS", "amount": 1e6}],
        "outcomes": [{"outcome": "QALY", "weight": 1.0}],
        **tables,
        "programmes": [{"sector": "s", "pool": "NHS", "unit_cost": 1.0, **p} for p in programmes],
    }
    every["options"] = [{"pool": "NHS", **o} for o in every.get("options", [])]
    frames = {name: _filled(name, every.get(name, [])) for name in TABLES}
    settings_ = Settings("x", 2024, YEARS, cost_uplift=uplift, recurrent_balance=balance)
    return Instance(settings_, frames).facts.draft


def _filled(name: str, rows: list[Row]) -> pd.DataFrame:
    dtypes = {"number": float, "integer": int, "flag": bool, "year": "Int64"}
    frame = pd.DataFrame(rows, index=range(len(rows)))
    columns = {}
    for column in TABLES[name].columns:
        meta = TABLES[name].meta(column)
        default = {"required": "", None: np.nan}.get(meta["default"], meta["default"])
        given_ = frame[column].tolist() if column in frame else [None] * len(rows)
        if meta["kind"] == "year":
            default = pd.NA
        elif meta["kind"] == "number" and default == "":
            default = 0.0
        values = [default if v is None or v != v else v for v in given_]
        columns[column] = pd.Series(values, dtype=dtypes.get(meta["kind"], "str"))
    return pd.DataFrame(columns)


def bounds(draft: Draft, programme: str) -> list[tuple[float, float]]:
    ranges = propagate(draft)
    assert ranges.collisions == []
    assert ranges.shortages == []
    i = draft["programmes"]["programme"].tolist().index(programme)
    return [
        (pytest.approx(lo), pytest.approx(hi))
        for lo, hi in zip(ranges.lo[i].tolist(), ranges.hi[i].tolist(), strict=True)
    ]


def option(name: str, **fields: Any) -> Row:
    return {"option": name, **fields}


def effect(name: str, measure: str, target: str, value: float = np.nan, **fields: Any) -> Row:
    operation = "suspend" if measure in ("close", "contract") else "add"
    return {
        "option": name,
        "measure": measure,
        "target": target,
        "operation": operation,
        "value": value,
        **fields,
    }


A = [{"programme": "a", "baseline": 100.0}]
BETWEEN = [{"programme": "a", "basis": "activity", "min": 80.0, "max": 120.0}]


def test_limits_widen_by_what_an_option_may_do_and_never_narrow() -> None:
    """In place from the second October on: half of 40 in that year, all of it after."""
    draft = make(
        A,
        limits=BETWEEN,
        options=[option("o", earliest=2025, start_month=10, lead_years=1)],
        option_effects=[
            effect("o", "limit_max", "a", 40.0),
            effect("o", "limit_min", "a", 0.5, operation="multiply"),
        ],
    )
    assert bounds(draft, "a") == [(80, 120), (60, 140), (40, 160)]


def test_limits_that_an_option_tightens_stay_as_they_are() -> None:
    draft = make(
        A,
        limits=BETWEEN,
        options=[option("o")],
        option_effects=[effect("o", "limit_max", "a", -30.0), effect("o", "limit_min", "a", 10.0)],
    )
    assert bounds(draft, "a") == [(80, 120)] * 3


def test_exactly_one_of_a_group_is_in_place() -> None:
    """Bidders add 10 or 25 from 2026 on, one of them always; before, none can."""
    draft = make(
        A,
        limits=BETWEEN,
        options=[
            option("p", group="lot", choose="exactly_one", earliest=2026, review_years="none"),
            option("q", group="lot", choose="exactly_one", earliest=2026, review_years="none"),
        ],
        option_effects=[
            effect("p", "limit_max", "a", 10.0),
            effect("q", "limit_max", "a", 25.0),
            effect("p", "limit_min", "a", 5.0),
            effect("q", "limit_min", "a", 8.0),
        ],
    )
    assert bounds(draft, "a") == [(80, 120), (85, 145), (85, 145)]


def test_a_bidder_without_effect_leaves_the_figure_as_it_is() -> None:
    draft = make(
        A,
        limits=BETWEEN,
        options=[
            option("p", group="lot", choose="exactly_one"),
            option("q", group="lot", choose="exactly_one"),
        ],
        option_effects=[effect("p", "limit_min", "a", 5.0)],
    )
    assert bounds(draft, "a") == [(80, 120)] * 3


def test_a_bid_for_two_lots_counts_once() -> None:
    """The lots go to p and q (10 and 20 more) or to one bid for both (5 more)."""
    draft = make(
        A,
        limits=BETWEEN,
        options=[
            option("p", group="one", choose="exactly_one"),
            option("q", group="two", choose="exactly_one"),
            option("both", group="one two", choose="exactly_one"),
        ],
        option_effects=[
            effect("p", "limit_min", "a", 10.0),
            effect("q", "limit_min", "a", 20.0),
            effect("both", "limit_min", "a", 5.0),
        ],
    )
    assert [pair[0] for pair in bounds(draft, "a")] == [85, 85, 85]


@pytest.mark.parametrize(
    ("choose", "most", "high"), [("any", 1, 190), ("at_most", 2, 170), ("at_most_one", 1, 150)]
)
def test_options_that_may_be_together_add_up(choose: str, most: int, high: float) -> None:
    names = {"p": 20.0, "q": 30.0, "r": 20.0}
    draft = make(
        A,
        limits=BETWEEN,
        options=[option(n, group="g", choose=choose, most=most) for n in names],
        option_effects=[effect(n, "limit_max", "a", v) for n, v in names.items()],
    )
    assert bounds(draft, "a") == [(80, high)] * 3


def test_a_closure_lifts_every_minimum_from_the_year_it_may_come() -> None:
    """Closed in 2026 at the earliest; in 2025 growth and safety hold the floor."""
    draft = make(
        [{**A[0], "class": "safety"}],
        limits=[{"programme": "a", "basis": "growth", "min": -0.1, "max": 0.2}],
        options=[option("o", earliest=2025, lead_years=1)],
        option_effects=[effect("o", "close", "a")],
    )
    assert bounds(draft, "a") == [(90, 120), (0, 144), (0, pytest.approx(172.8))]


def test_a_closure_lifts_the_floors_of_limits_and_of_safety() -> None:
    closing = {
        "options": [option("o", earliest=2026)],
        "option_effects": [effect("o", "close", "a")],
    }
    safe = make([{**A[0], "class": "safety"}], **closing)
    assert [pair[0] for pair in bounds(safe, "a")] == [100, 0, 0]
    assert bounds(make(A, limits=BETWEEN, **closing), "a") == [(80, 120), (0, 120), (0, 120)]


def test_a_later_maximum_does_not_reach_back_through_a_year_that_may_be_closed() -> None:
    limits = [
        {"programme": "a", "basis": "growth", "min": -0.5},
        {"programme": "a", "basis": "activity", "year": 2027, "max": 50.0},
    ]
    high = [2e3, 100.0, 50.0]
    free = make(A, limits=limits, budgets=[{"pool": "NHS", "amount": 2e3}])
    assert [pair[1] for pair in bounds(free, "a")] == [200, *high[1:]]
    closing = make(
        A,
        limits=limits,
        budgets=[{"pool": "NHS", "amount": 2e3}],
        options=[option("o", earliest=2027)],
        option_effects=[effect("o", "close", "a")],
    )
    assert [pair[1] for pair in bounds(closing, "a")] == [2e3, 2e3, 50]


def test_what_must_be_closed_is_nothing() -> None:
    draft = make(
        A,
        options=[option("o", group="g", choose="exactly_one", earliest=2026)],
        option_effects=[effect("o", "close", "a")],
        budgets=[{"pool": "NHS", "amount": 500.0}],
    )
    assert bounds(draft, "a") == [(0, 500), (0, 0), (0, 0)]


def test_activity_that_must_be_something_is_viable() -> None:
    """Demand of 10 that must be met asks for 40; 30 of money is too little for 40."""
    draft = make(
        [*A, {"programme": "b", "baseline": 1.0, "pool": "Q"}],
        limits=[
            {"programme": "a", "basis": "baseline", "start_min": 0.4},
            {"programme": "b", "basis": "activity", "start_min": 40.0},
        ],
        demand=[{"programme": "a", "demand": 60.0, "min_met": 0.2}],
        budgets=[{"pool": "NHS", "amount": 1e6}, {"pool": "Q", "amount": 30.0}],
    )
    assert bounds(draft, "a") == [(40, 60)] * 3
    assert bounds(draft, "b") == [(0, 0)] * 3


def test_a_scale_that_nothing_allows_is_a_collision() -> None:
    draft = make(
        A,
        limits=[
            {"programme": "a", "basis": "activity", "min": 1.0, "max": 30.0, "start_min": 40.0}
        ],
    )
    found = propagate(draft).collisions
    assert [(c.lo, c.hi, c.floor, c.ceiling) for c in found] == [
        (40.0, 30.0, [("limits", 2)], [("limits", 2)])
    ]


def test_need_may_rise_and_fall_by_options() -> None:
    """100 arrive, 60 to 150 with the options, a year after they are in place."""
    draft = make(
        [{**A[0], "class": "emergency"}],
        demand=[{"programme": "a", "demand": 100.0}],
        options=[option("less"), option("more")],
        option_effects=[
            effect("less", "demand", "a", 0.6, operation="multiply", delay=1),
            effect("more", "demand", "a", 50.0, delay=1),
        ],
    )
    assert bounds(draft, "a") == [(100, 100), (60, 150), (60, 150)]
    ranges = propagate(draft)
    assert ranges.driver_lo[0].tolist() == [100, 60, 60]
    assert ranges.driver_hi[0].tolist() == [100, 150, 150]


def test_more_need_may_be_avoided_where_more_arrives() -> None:
    """With 90% to meet: of 100, 90 less 30; of 20, 18 less 20; the least is at 30: -3."""
    programmes = [*A, {"programme": "h", "baseline": 0.0}]
    tables: dict[str, list[Row]] = {
        "demand": [{"programme": "a", "demand": 100.0, "min_met": 0.9}],
        "effects": [{"source": "h", "target": "a", "per_unit": 1.0}],
        "limits": [{"programme": "h", "basis": "activity", "max": 30.0}],
    }
    assert bounds(make(programmes, **tables), "a") == [(60, 100)] * 3
    draft = make(
        programmes,
        **tables,
        options=[option("o")],
        option_effects=[effect("o", "demand", "a", -80.0)],
    )
    assert bounds(draft, "a") == [(0, 100)] * 3


def test_more_need_may_be_avoided_where_more_arrives_besides_a_backlog() -> None:
    """90% of 100 waiting and 20 arriving, less 20, are 88; with 30 arriving, less 30, 87."""
    draft = make(
        [*A, {"programme": "h", "baseline": 0.0}],
        demand=[{"programme": "a", "demand": 100.0, "opening_backlog": 100.0, "min_met": 0.9}],
        effects=[{"source": "h", "target": "a", "per_unit": 1.0}],
        limits=[{"programme": "h", "basis": "activity", "max": 30.0}],
        options=[option("o")],
        option_effects=[effect("o", "demand", "a", -80.0)],
    )
    assert bounds(draft, "a")[0] == (87, 200)


def test_capacity_is_the_most_that_options_build() -> None:
    draft = make(
        A,
        resources=[{"resource": "beds"}],
        capacity=[{"resource": "beds", "amount": 50.0, "extra_max": 5.0, "extra_pool": "NHS"}],
        use=[{"programme": "a", "resource": "beds", "per_unit": 0.5}],
        options=[option("o", lead_years=2)],
        option_effects=[effect("o", "capacity", "beds", 20.0)],
    )
    assert bounds(draft, "a") == [(0, 110), (0, 110), (0, 150)]


MONEY = [{"pool": "NHS", "amount": 100.0}]


def test_options_raise_money_net_of_what_they_cost() -> None:
    """30 a year less 12, and 20 at the start: nothing gained in the first year, 18 after."""
    draft = make(
        A,
        budgets=MONEY,
        options=[option("o", earliest=2025, latest=2025, cost_once=20.0, cost_yearly=12.0)],
        option_effects=[effect("o", "income", "NHS", 30.0)],
    )
    assert bounds(draft, "a") == [(0, 100), (0, 118), (0, 118)]


def test_savings_raise_money_in_the_pool_or_in_the_programme() -> None:
    options = [option("o", cost_yearly=-10.0)]
    assert bounds(make(A, budgets=MONEY, options=options), "a") == [(0, 110)] * 3
    options = [option("o", cost_yearly=-10.0, programme="a")]
    assert bounds(make(A, budgets=MONEY, options=options), "a") == [(0, 110)] * 3


def test_an_option_that_must_be_taken_costs_at_least_the_cheapest() -> None:
    draft = make(
        A,
        budgets=MONEY,
        options=[
            option("p", group="g", choose="exactly_one", cost_yearly=15.0),
            option("q", group="g", choose="exactly_one", cost_yearly=40.0),
        ],
    )
    assert bounds(draft, "a") == [(0, 85)] * 3
    short = make(
        A,
        budgets=MONEY,
        limits=[{"programme": "a", "basis": "activity", "min": 90.0}],
        options=[option("p", group="g", choose="exactly_one", cost_yearly=15.0)],
    )
    found = propagate(short).shortages[0]
    assert (found.needed, found.available) == (105.0, 100.0)
    assert found.claims == [("'a'", 90.0), ("options", 15.0)]


def test_conditional_income_is_received_later_and_what_is_held_back_is_gone() -> None:
    """10% of 100 is held back each year and may come back the year after; 2 a head, 4 heads."""
    incomes = [
        {"income": "i", "pool": "NHS", "basis": "held_back", "amount": 0.2, "share": 0.5, "lag": 1},
        {"income": "j", "pool": "NHS", "basis": "per_head", "amount": 2.0, "year": 2025, "lag": 2},
        {"income": "k", "pool": "NHS", "amount": 7.0, "year": 2027, "lag": 1},
    ]
    places = [{"place": "N", "heads": 3.0}, {"place": "S", "heads": 1.0}]
    draft = make(A, budgets=MONEY, incomes=incomes, places=places)
    assert bounds(draft, "a") == [(0, 90), (0, 100), (0, 108)]
    assert [pair[1] for pair in bounds(make(A, budgets=MONEY, balance=True), "a")] == [100] * 3


def test_income_that_is_not_recurrent_does_not_widen_the_recurrent_balance() -> None:
    incomes = [{"income": "k", "pool": "NHS", "amount": 7.0}]
    draft = make(A, budgets=MONEY, incomes=incomes, balance=True)
    assert bounds(draft, "a") == [(0, 100)] * 3
    options = [option("o")]
    raised = [effect("o", "income", "NHS", 7.0)]
    draft = make(A, budgets=MONEY, options=options, option_effects=raised, balance=True)
    assert bounds(draft, "a") == [(0, 107)] * 3


def test_the_old_service_runs_alongside_until_the_new_one_is_in_place() -> None:
    only = {"group": "g", "choose": "exactly_one", "latest": 2025, "lead_years": 2}
    draft = make(A, budgets=MONEY, options=[option("o", double_running=10.0, **only)])
    assert bounds(draft, "a") == [(0, 90), (0, 90), (0, 100)]


def test_capital_of_an_option_that_must_be_taken_is_gone() -> None:
    draft = make(
        [{**A[0], "money": "capital"}],
        budgets=[*MONEY, {"pool": "NHS", "kind": "capital", "amount": 50.0}],
        options=[option("o", group="g", choose="exactly_one", latest=2025, capital=30.0)],
    )
    assert bounds(draft, "a") == [(0, 20), (0, 50), (0, 50)]


def test_money_buys_as_much_as_the_cheapest_unit_allows() -> None:
    """100 buy 100 at 1, 200 at 0.5; above 60 at 0.2 each: 60 and 200 more."""
    options, cheaper = [option("o")], [effect("o", "unit_cost", "a", -0.5)]
    draft = make(A, budgets=MONEY, options=options, option_effects=cheaper)
    assert bounds(draft, "a") == [(0, 200)] * 3
    bulk = {"cost_threshold": 60.0, "cost_above": 0.2}
    assert bounds(make([{**A[0], **bulk}], budgets=MONEY), "a") == [(0, 260)] * 3
    dear = {"cost_threshold": 60.0, "cost_above": 2.0}
    assert bounds(make([{**A[0], **dear}], budgets=MONEY), "a") == [(0, 80)] * 3
    little = [{"pool": "NHS", "amount": 40.0}]
    assert bounds(make([{**A[0], **dear}], budgets=little), "a") == [(0, 40)] * 3
    # Half price: 60 for 30, and the other 70 at 1.5.
    draft = make([{**A[0], **dear}], budgets=MONEY, options=options, option_effects=cheaper)
    assert bounds(draft, "a") == [(0, pytest.approx(60 + 70 / 1.5))] * 3


def test_floors_cost_what_the_cheapest_unit_costs() -> None:
    """90 of a cost at least 60 + 30 x 0.2 = 66, which leaves 34 for b."""
    programmes = [
        {**A[0], "cost_threshold": 60.0, "cost_above": 0.2},
        {"programme": "b", "baseline": 1.0},
    ]
    limits = [{"programme": "a", "basis": "activity", "min": 90.0}]
    draft = make(programmes, budgets=MONEY, limits=limits)
    assert bounds(draft, "b") == [(0, 34)] * 3
    draft = make(
        programmes,
        budgets=MONEY,
        limits=limits,
        options=[option("o")],
        option_effects=[effect("o", "unit_cost", "a", 0.9, operation="multiply")],
    )
    assert bounds(draft, "b") == [(0, 43)] * 3


def test_activity_that_saves_money_pays_for_others_up_to_its_most() -> None:
    """A unit more of a saves 0.5: 40 of them leave 20 more for b."""
    programmes = [*A, {"programme": "b", "baseline": 1.0}]
    draft = make(
        programmes,
        budgets=MONEY,
        limits=[{"programme": "a", "basis": "activity", "max": 40.0}],
        options=[option("o")],
        option_effects=[effect("o", "unit_cost", "a", -1.5)],
    )
    assert bounds(draft, "b") == [(0, 120)] * 3
    assert bounds(draft, "a") == [(0, 40)] * 3


def under(contract: Row, **tables: list[Row]) -> Draft:
    programmes = [
        {"programme": "a", "baseline": 40.0, "contract": "C", "tariff": 2.0, "provider": "H"},
        {"programme": "b", "baseline": 1.0},
    ]
    return make(programmes, budgets=MONEY, contracts=[{"contract": "C", **contract}], **tables)


def test_a_contract_binds_until_its_notice_is_over() -> None:
    """A block of 80 covers 45 units; ended from 2026 on, b may have all, and a as well."""
    block = {"type": "block", "ceiling": 90.0, "notice_years": 1.0}
    draft = under(block)
    assert bounds(draft, "a") == [(0, 45), (0, 100), (0, 100)]
    assert bounds(draft, "b") == [(0, 20), (0, 100), (0, 100)]
    later = under({**block, "start": 2026})
    assert bounds(later, "b") == [(0, 100), (0, 20), (0, 100)]
    assert bounds(under({**block, "notice_years": 0.0}), "b") == [(0, 100)] * 3


def test_a_contract_once_ended_stays_ended() -> None:
    """Only the row of 2026 lets it be ended, and 2027 is then without it as well."""
    rows = [
        {"contract": "C", "type": "block", "year": 2025},
        {"contract": "C", "type": "block", "year": 2026, "notice_years": 1.0},
        {"contract": "C", "type": "block", "year": 2027},
    ]
    programmes = [
        {"programme": "a", "baseline": 40.0, "contract": "C", "tariff": 2.0, "provider": "H"},
        {"programme": "b", "baseline": 1.0},
    ]
    limits = [{"programme": "a", "basis": "activity", "max": 50.0}]
    draft = make(programmes, budgets=MONEY, contracts=rows, limits=limits)
    assert bounds(draft, "b") == [(0, 20), (0, 100), (0, 100)]


def test_a_contract_cheaper_than_its_cost_buys_more_while_it_holds() -> None:
    programmes = [
        {"programme": "a", "baseline": 40.0, "contract": "C", "tariff": 0.5, "provider": "H"}
    ]
    contracts = [{"contract": "C", "type": "activity", "notice_years": 0.0}]
    assert bounds(make(programmes, budgets=MONEY, contracts=contracts), "a") == [(0, 200)] * 3


def test_a_contract_may_be_suspended() -> None:
    draft = under(
        {"type": "block"},
        limits=[{"programme": "a", "basis": "activity", "min": 30.0, "max": 50.0}],
        options=[option("o", earliest=2026)],
        option_effects=[effect("o", "contract", "C")],
    )
    assert bounds(draft, "b") == [(0, 20), (0, 70), (0, 70)]
    assert bounds(draft, "a") == [(30, 50)] * 3


def test_a_contract_that_cannot_be_paid_any_more_limits_activity_to_its_cost() -> None:
    """The block of 80 does not fit beside 30 of b, so a costs what it costs: at most 70."""
    draft = under(
        {"type": "block", "notice_years": 0.0},
        limits=[{"programme": "b", "basis": "activity", "min": 30.0}],
    )
    assert bounds(draft, "a") == [(0, 70)] * 3


@pytest.mark.parametrize(
    ("contract", "high"),
    [
        # T = 60 for 30 units; 40 more at 0.5 of the tariff buy 40 units.
        ({"type": "activity", "threshold": 60.0, "marginal_rate": 0.5}, 70),
        ({"type": "activity", "threshold": 60.0, "marginal_rate": 0.0}, np.inf),
        ({"type": "activity", "threshold": 100.0, "marginal_rate": 0.0}, np.inf),
        ({"type": "activity", "threshold": 101.0, "marginal_rate": 0.0}, 50),
        ({"type": "activity", "max_income": 100.0}, np.inf),
        ({"type": "activity", "max_income": 101.0}, 50),
        # V0 = 80 is paid; 20 more at 0.3 of the tariff buy 33 1/3 units more.
        ({"type": "aligned", "up_rate": 0.3, "down_rate": 0.9}, 40 + 20 / 0.6),
        # 120 expected: 20 less is given back, where costs are at most 120 - 20 / 0.8.
        (
            {"type": "capitated", "per_head": 120.0, "gain_share": 0.8, "loss_share": 0.4},
            95,
        ),
        # 90 expected: 10 more at 0.4 of the cost.
        (
            {"type": "capitated", "per_head": 90.0, "gain_share": 0.8, "loss_share": 0.4},
            115,
        ),
        (
            {
                "type": "capitated",
                "per_head": 90.0,
                "gain_share": 0.8,
                "loss_share": 0.4,
                "loss_cap": 10.0,
            },
            np.inf,
        ),
    ],
)
def test_money_limits_activity_only_while_a_payment_rises(contract: Row, high: float) -> None:
    draft = under(contract, places=[{"place": "N", "heads": 1.0}])
    assert bounds(draft, "a")[0] == (0, high)


def test_a_step_that_need_not_be_earned_costs_nothing() -> None:
    step = {"bonus_outcome": "QALY", "bonus_threshold": 5.0, "bonus_step": 15.0}
    draft = under({"type": "outcome", "fixed": 70.0, **step})
    assert bounds(draft, "b") == [(0, 30)] * 3
    # An option that lowers the outcome may turn the bonus into a loss without end.
    draft = under(
        {"type": "outcome", "fixed": 70.0, **step, "bonus": 1.0},
        options=[option("o")],
        option_effects=[effect("o", "outcome", "a", -1.0, outcome="QALY")],
    )
    assert bounds(draft, "b")[0][1] == np.inf


def read(programme: Row, **tables: list[Row]) -> Instance:
    """Round of one programme that has been checked."""
    whole = {"programme": "a", "sector": "s", "pool": "NHS", "unit_cost": 1.0, "baseline": 10.0}
    every = {
        "programmes": [{**whole, **programme}],
        "budgets": MONEY,
        "outcomes": [{"outcome": "QALY", "weight": 1.0}],
        "responses": [{"programme": "a", "outcome": "QALY", "per_unit": 1.0}],
        **tables,
    }
    entries = {"name": "x", "base_year": 2024, "years": list(YEARS)}
    return from_tables(entries, {name: pd.DataFrame(rows) for name, rows in every.items()})


def test_more_of_what_costs_nothing_needs_a_limit() -> None:
    free = {"cost_threshold": 20.0, "cost_above": 0.0}
    with pytest.raises(InstanceError, match=r"nothing limits 'a' in 2025/26: with its cost_above"):
        read(free)
    read(free, limits=[{"programme": "a", "basis": "activity", "max": 90.0}])


def test_what_options_cost_and_bring_is_named_where_money_does_not_suffice() -> None:
    """90 of a and one of two options, at 15 or 40, against 100 and at most 2 of income."""
    with pytest.raises(InstanceError) as raised:
        read(
            {},
            limits=[{"programme": "a", "basis": "activity", "min": 90.0}],
            incomes=[
                {"income": "i", "pool": "NHS", "amount": 2.0, "outcome": "QALY", "threshold": 5}
            ],
            options=[
                {
                    "option": name,
                    "group": "g",
                    "choose": "exactly_one",
                    "pool": "NHS",
                    "cost_yearly": c,
                }
                for name, c in (("p", 15.0), ("q", 40.0))
            ],
        )
    assert (
        "pool 'NHS' cannot pay in 2025/26 what must be paid: at least £105 ('a' £90, options £15) "
        "against at most £102 (£100 received, £2 raised by options and incomes); £3 is missing."
    ) in str(raised.value)


# Random rounds: every decision that may be taken, judged by a linear programme


amounts = st.sampled_from([0.0, 20.0, 50.0, 80.0])
MEASURES = (
    "limit_min",
    "limit_max",
    "close",
    "demand",
    "capacity",
    "unit_cost",
    "income",
    "contract",
)
TYPES: dict[str, dict[str, list[float]]] = {
    "block": {"fixed": [40.0, 90.0], "ceiling": [np.nan, 120.0]},
    "activity": {"threshold": [np.nan, 60.0], "marginal_rate": [0.0, 0.5, 1.5]},
    "cost_and_volume": {"fixed": [60.0], "up_rate": [0.0, 0.5]},
    "aligned": {"fixed": [60.0], "up_rate": [0.0, 0.5, 2.0], "down_rate": [0.3, 1.0]},
    "capitated": {
        "per_head": [5.0, 10.0],
        "gain_share": [0.0, 0.8],
        "loss_share": [0.3, 1.0],
        "gain_cap": [np.nan, 20.0],
        "loss_cap": [np.nan, 20.0],
    },
}


@st.composite
def rounds(draw: st.DrawFn) -> Draft:
    """Three programmes in two pools, with two options and a contract that may be ended."""
    maybe = st.booleans()
    programmes: list[Row] = [
        {
            "programme": name,
            "pool": draw(st.sampled_from(["P", "Q"])),
            "class": draw(st.sampled_from(["safety", *["discretionary"] * 3])),
            "baseline": draw(amounts),
            "unit_cost": draw(st.sampled_from([1.0, 2.0])),
            "fixed_share": draw(st.sampled_from([0.0, 0.5])),
            "release_years": 1,
        }
        for name in "abc"
    ]
    if draw(maybe):
        programmes[1] |= {
            "cost_threshold": draw(amounts),
            "cost_above": draw(st.sampled_from([0.0, 0.5, 2.0])),
        }
    programmes[2] |= {"contract": "C", "tariff": draw(st.sampled_from([np.nan, 0.5, 3.0]))}
    programmes[2]["recurrent"] = draw(maybe)
    limits = [
        {
            "programme": name,
            "basis": "baseline",
            "year": draw(st.sampled_from([None, 2026])),
            "min": draw(st.sampled_from([np.nan, np.nan, 0.5])),
            "max": draw(st.sampled_from([np.nan, 1.5, 2.0])),
            "start_min": draw(st.sampled_from([np.nan, np.nan, 0.7])),
        }
        for name in "ab"
    ]
    limits += [
        {"programme": name, "basis": "growth", "min": draw(st.sampled_from([np.nan, -0.2])), **more}
        for name, more in (("b", {"max": 0.3, "growth_amount": 10.0}), ("c", {}))
    ]
    kind = draw(st.sampled_from(sorted(TYPES)))
    contract = {
        "contract": "C",
        "type": kind,
        "uplift": 0.1,
        "overhead": draw(st.sampled_from([0.0, 0.1])),
        "max_income": draw(st.sampled_from([np.nan, 110.0])),
        "min_income": draw(st.sampled_from([np.nan, 30.0])),
        "notice_years": draw(st.sampled_from([np.nan, 0.0, 1.0])),
        **{name: draw(st.sampled_from(values)) for name, values in TYPES[kind].items()},
    }
    demand = [
        {
            "programme": "a",
            "demand": draw(st.sampled_from([60.0, 90.0])),
            "opening_backlog": draw(st.sampled_from([0.0, 30.0])),
            "carry": draw(st.sampled_from([0.0, 1.0])),
            "min_met": draw(st.sampled_from([0.0, 0.3, 0.9])),
        }
    ]
    effects = [{"source": "b", "target": "a", "per_unit": draw(st.sampled_from([0.0, 0.5]))}]
    budgets = [
        {
            "pool": pool,
            "amount": draw(st.sampled_from([200.0, 500.0])),
            "carry_max": draw(st.sampled_from([0.0, 40.0])),
        }
        for pool in "PQ"
    ]
    incomes = [
        {
            "income": "i",
            "pool": "P",
            "basis": draw(st.sampled_from(["amount", "held_back"])),
            "amount": 0.2,
            "share": 0.5,
            "lag": 1,
        }
    ]
    return make(
        programmes,
        uplift=0.1,
        balance=draw(maybe),
        limits=limits,
        demand=demand,
        effects=effects,
        budgets=budgets,
        incomes=incomes,
        contracts=[contract],
        places=[{"place": "N", "heads": 10.0}],
        resources=[{"resource": "beds"}],
        capacity=[{"resource": "beds", "amount": draw(amounts) + 100.0, "extra_pool": "P"}],
        use=[{"programme": n, "resource": "beds", "per_unit": 1.0} for n in "ab"],
        **draw(choices()),
    )


@st.composite
def choices(draw: st.DrawFn) -> dict[str, list[Row]]:
    """Two options of a group and what they do."""
    choose = draw(st.sampled_from(["any", "at_most_one", "exactly_one"]))
    options = [
        {
            "option": name,
            "group": "g",
            "choose": choose,
            "pool": draw(st.sampled_from("PQ")),
            "programme": draw(st.sampled_from(["", "b"])),
            "earliest": draw(st.sampled_from([None, 2026])),
            "start_month": draw(st.sampled_from([0, 10])),
            "lead_years": draw(st.integers(0, 1)),
            "min_years": draw(st.integers(1, 2)),
            "review_years": draw(st.sampled_from(["", "none", "2"])),
            "cost_once": draw(st.sampled_from([0.0, 15.0])),
            "cost_yearly": draw(st.sampled_from([0.0, 20.0, -20.0])),
            "double_running": draw(st.sampled_from([0.0, 5.0])),
            "cost_exit": draw(st.sampled_from([0.0, 10.0])),
        }
        for name in "op"
    ]
    changes = []
    for name in "op":
        for measure in draw(st.sets(st.sampled_from(MEASURES), max_size=3)):
            target = {"capacity": "beds", "income": "Q", "contract": "C", "demand": "a"}
            change = effect(name, measure, target.get(measure, draw(st.sampled_from("ab"))))
            if measure not in ("close", "contract"):
                small = measure == "unit_cost"
                # Two options may multiply a figure only where one is taken at a time.
                multiply = choose != "any" and measure != "income" and draw(maybe_)
                values = [0.0, 0.5, 1.4] if multiply else ([-0.7, 0.4] if small else [-40.0, 30.0])
                change["operation"] = "multiply" if multiply else "add"
                change["value"] = draw(st.sampled_from(values))
            changes.append({**change, "delay": draw(st.integers(0, 1))})
    return {"options": options, "option_effects": changes}


maybe_ = st.booleans()


def _taken(draft: Draft, draw: Any) -> dict[str, list[Run]]:
    """Runs of each option, as groups allow."""
    rows, last = draft["options"], len(YEARS) - 1
    ways = []
    for _, earliest, least, review in rows.lists("earliest", "min_years", "review_years"):
        runs = possible_runs(max(earliest - YEARS[0], 0), last, least, review, len(YEARS))
        pairs = [[a, b] for a, b in itertools.product(runs, runs) if b[0] >= a[1] + 2]
        ways.append([[], *([run] for run in runs), *pairs])
    first = min((r[0] for way in ways for runs in way for r in runs), default=last + 1)
    every = []
    for chosen in itertools.product(*ways):
        count = [sum(s <= t <= e for runs in chosen for s, e in runs) for t in range(last + 1)]
        kind = rows["choose"][0]
        wrong = kind != "any" and max(count) > 1
        wrong |= kind == "exactly_one" and min(count[first:], default=1) < 1
        if not wrong:
            every.append(chosen)
    if not every:
        return {}
    return dict(zip(rows["option"].tolist(), draw(st.sampled_from(every)), strict=True))


def _decided(draft: Draft, taken: dict[str, list[Run]], draw: Any) -> Decided:
    """What some runs change, written out once more."""
    found = Decided(pick=lambda branches: draw(st.integers(0, branches - 1)))
    rows, n = draft["options"], [1.1 ** (t + 1) for t in range(len(YEARS))]
    home = dict(zip(draft["programmes"]["programme"], draft["programmes"]["pool"], strict=True))
    felt: dict[tuple[str, int, int], float] = {}
    columns = ("option", "pool", "programme", "start_month", "lead_years")
    columns += ("cost_once", "cost_yearly", "double_running", "cost_exit")
    for _, name, pool, programme, month, lead, once, yearly, double, leave in rows.lists(*columns):
        at = pool or home[programme]
        for start, end in taken[name]:
            found.paid[at, start] += once * n[start]
            if end + 1 < len(YEARS):
                found.paid[at, end + 1] += leave * n[end + 1]
            for t in range(start, end + 1):
                if t < start + max(lead, 1):
                    found.paid[at, t] += double * n[t]
                for delay in (0, 1):
                    felt[name, t, delay] = share_in_place(start, lead, month, True, t - delay)
                cost = yearly * n[t] * felt[name, t, 0]
                if programme:
                    found.spend[programme, t] += cost
                else:
                    found.paid[at, t] += cost
                    found.lasting[at, t] += cost
    for (name, t, delay), share in felt.items():
        _felt(draft, found, (name, t, delay), share, n[t])
    _incomes(draft, found)
    _endings(draft, found, draw)
    return found


def _felt(
    draft: Draft, found: Decided, of: tuple[str, int, int], share: float, index: float
) -> None:
    prices = dict(
        zip(draft["programmes"]["programme"], draft["programmes"]["unit_cost"], strict=True)
    )
    columns = ("option", "measure", "target", "operation", "value", "delay")
    for _, option_, measure, target, operation, value, delay in draft["option_effects"].lists(
        *columns
    ):
        if (option_, delay) != (of[0], of[2]):
            continue
        at = target, of[1]
        if measure in ("close", "contract"):
            if share > 0:
                (found.closed if measure == "close" else found.off).add(at)
        elif measure == "income":
            found.paid[at] -= value * share * index
            found.lasting[at] -= value * share * index
        elif measure == "unit_cost":
            each = prices[target] * (value - 1.0) if operation == "multiply" else value
            found.unit_cost[at] += each * index * share
        elif operation == "multiply":
            getattr(found, measure)["multiply"][at] *= 1.0 + (value - 1.0) * share
        else:
            getattr(found, measure)["add"][at] += value * share


def _incomes(draft: Draft, found: Decided) -> None:
    for _, pool, basis, amount, share, lag in draft["incomes"].lists(
        "pool", "basis", "amount", "share", "lag"
    ):
        for t in range(len(YEARS)):
            money = dict(zip(draft["budgets"]["pool"], draft["budgets"]["amount"], strict=True))
            whole = amount * share * (money[pool] if basis == "held_back" else 1.0)
            found.received[pool, t] -= whole if basis == "held_back" else 0.0
            if t + lag < len(YEARS):
                found.received[pool, t + lag] += whole


def _endings(draft: Draft, found: Decided, draw: Any) -> None:
    for _, name, notice in draft["contracts"].lists("contract", "notice_years"):
        if notice == notice:
            ended = draw(st.integers(int(notice), len(YEARS)))
            found.off |= {(name, t) for t in range(ended, len(YEARS))}


@settings(max_examples=120, deadline=None)
@given(rounds(), st.data())
def test_ranges_hold_every_plan_of_every_decision(draft: Draft, data: st.DataObject) -> None:
    ranges = propagate(draft)
    taken = _taken(draft, data.draw)
    if not taken:
        return
    for i, programme in enumerate("abc"):
        decided = _decided(draft, taken, data.draw)
        year = data.draw(st.sampled_from(YEARS))
        allowed = feasible_range(draft, programme, year, decided)
        _judge(ranges, i, YEARS.index(year), allowed)


def _judge(ranges: Ranges, i: int, t: int, allowed: tuple[float, float] | None) -> None:
    if ranges.collisions or ranges.shortages:
        assert allowed is None
    elif allowed is not None:
        assert ranges.lo[i, t] <= allowed[0] + 1e-5
        assert ranges.hi[i, t] >= allowed[1] - 1e-5


def test_links_and_figures_that_are_not_there_are_left_out() -> None:
    draft = make(
        A,
        options=[option("o")],
        option_effects=[effect("o", "demand", "a", 5.0), effect("o", "contract", "C")],
    )
    decisions = Decisions(draft)
    assert decisions.names == ["o"]
    assert decisions.stopped("contract", "C")[0].tolist() == [True] * 3
    assert propagate(draft).collisions == []
