from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from allocator.instance.tables.settings import Settings
from allocator.plan import Certificate, Plan
from allocator.report.language.proof import certificate_sentences
from allocator.report.language.units import Money, Worth, display_names, years_text
from allocator.words import (
    close_money,
    count,
    exact_money,
    figure,
    fixed,
    number,
    of_unit,
    percent,
    several,
    signed,
    told_apart,
)

SETTINGS = Settings("Round", 2024, (2025, 2026, 2027, 2028))
QALY = Worth("QALY", 1.0)


@pytest.mark.parametrize(
    ("unit", "largest", "name", "shown"),
    [
        ("one", 2_170_100_000, "£m", "2,170.1"),
        ("million", 2170.1, "£m", "2,170.1"),
        ("billion", 120.0, "£m", "120,000"),
        ("thousand", 20_000, "£m", "20.00"),
        ("one", 800_000, "£k", "800.0"),
        ("one", 900, "£", "900.0"),
        ("one", 0.0, "£", "0.00"),
    ],
)
def test_money_unit_fits_the_largest_amount(
    unit: str, largest: float, name: str, shown: str
) -> None:
    money = Money.fitting(replace(SETTINGS, money_unit=unit), [largest, -1.0 * largest, math.inf])
    assert money.name == name
    assert money.amount(largest) == shown


@pytest.mark.parametrize("largest", [20_000_000_000, 2_170_100_000, 20_000_000, 900, 0.0])
def test_least_visible_amount_is_the_least_that_does_not_round_to_nothing(largest: float) -> None:
    money = Money.fitting(SETTINGS, [largest])
    assert float(money.amount(0.999 * money.visible)) == 0.0
    assert float(money.amount(1.001 * money.visible)) > 0.0


@pytest.mark.parametrize(
    ("pounds", "text"),
    [
        (12_345_678, "£12.3m"),
        (-1_200_000_000, "-£1,200.0m"),
        (250_000, "£250k"),
        (999_999, "£1.0m"),
        (1234, "£1,234"),
        (18.756, "£18.76"),
        (0.0, "£0"),
        (-1e-9, "£0"),
    ],
)
def test_money_in_a_sentence_suits_its_own_size(pounds: float, text: str) -> None:
    assert Money.fitting(SETTINGS, [1e9]).text(pounds) == text
    thousands = replace(SETTINGS, money_unit="thousand")
    assert Money.fitting(thousands, [1e6]).text(pounds / 1e3) == text


def test_other_currencies() -> None:
    assert Money.fitting(replace(SETTINGS, currency="EUR"), [1e9]).one == "€1m"
    assert Money.fitting(replace(SETTINGS, currency="SEK"), [1e9]).text(2e6) == "SEK 2.0m"


def test_signs() -> None:
    assert signed(12.34, 1) == "+12.3"
    assert signed(-12.34, 1) == "-12.3"
    assert signed(0.04, 1) == "0.0"
    assert signed(-0.04, 1) == "0.0"
    assert fixed(-1234.5, 1) == "-1,234.5"


@pytest.mark.parametrize(
    ("value", "text"),
    [(12345.6, "12,346"), (123.4, "123"), (52.31, "52.3"), (5.0, "5"), (0.01234, "0.0123"),
     (9.996, "10"), (-0.5, "-0.5"), (2e-7, "2.0e-07"), (0.0, "0"), (100.0, "100")],
)  # fmt: skip
def test_figure_keeps_three_digits(value: float, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.62, "62%"), (0.0123, "1.2%"), (0.0004, "0.04%"), (1e-9, "under 0.01%"), (0.0, "0%")],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


def test_labels_that_are_not_unique_give_way_to_names() -> None:
    keys, labels = ["a", "a", "b", "c", "d"], ["A & E", "A & E", "Nursing", "Nursing", ""]
    assert display_names(keys, labels) == {"a": "A & E", "b": "b", "c": "c", "d": "d"}


def test_counting() -> None:
    assert count(1, "programme") == "1 programme"
    assert count(0, "warning") == "no warnings"
    assert count(3, "capacity") == "3 capacities"
    assert count(2, "breach") == "2 breaches"


@pytest.mark.parametrize(
    ("thing", "plural"),
    [
        ("bed-day", "bed-days"),
        ("breach", "breaches"),
        ("capacity", "capacities"),
        ("units", "units"),
    ],
)
def test_plurals(thing: str, plural: str) -> None:
    assert several(thing) == plural


@pytest.mark.parametrize(
    ("years", "text"),
    [
        ([2025], "2025/26"),
        ([2026, 2025], "2025/26 to 2026/27"),
        ([2025, 2027, 2028], "2025/26, 2027/28 to 2028/29"),
        ([2025, 2026, 2027, 2028], "every year"),
    ],
)
def test_years_in_words(years: list[int], text: str) -> None:
    assert years_text(years, SETTINGS) == text


def outcomes(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["outcome", "unit", "weight"])


def test_value_is_told_in_the_only_weighted_unit() -> None:
    worth = Worth.of(outcomes(("health", "QALY", 2.0), ("waits", "weeks", 0.0)))
    assert worth.text(10.0) == "5 QALY"
    assert Worth.of(outcomes(("health", "", 1.0))).unit == "health"


@pytest.mark.parametrize(
    "rows",
    [
        (("health", "QALY", 1.0), ("care", "SC-QALY", 1.0)),
        (("health", "QALY", 1.0), ("care", "QALY", 0.5)),
        (("waits", "weeks", -1.0),),
        (("health", "QALY", 0.0),),
    ],
)
def test_value_is_points_when_units_or_weights_differ(rows: Any) -> None:
    assert Worth.of(outcomes(*rows)).text(10.0) == "10 points of value"


def test_certificate_gives_what_could_be_missing(make_plan: Callable[..., Plan]) -> None:
    claim, checked = certificate_sentences(make_plan(), Worth("QALY", 0.5))
    # Certified 22,180.8 and 0.3 of curve error, 22,180.7 reached: 0.4 points, 0.2 QALY of 225.
    assert claim == (
        "Best for these figures: no plan the rules allow gains more than 225 QALY on rolling "
        "forward, and this one gains 225; at most 0.2 QALY (0.09% of the gain) could be missing."
    )
    assert "independently: yes" in checked
    assert "money to within a penny" in checked


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "limit"}, "Stopped at a limit; this is the best plan found so far"),
        ({"status": "feasible"}, "A calm plan"),
        ({"certificate": Certificate(10.0, 8.0, 10.5, None, 0.0, 10.0)}, "the solver's word"),
        ({"certificate": Certificate(10.0, 8.0, 10.5, math.inf, 0.0, 10.0)}, "the solver's word"),
        ({"certificate": Certificate(10.0, 8.0, None, None, 0.0, None)}, "is not proved"),
        ({"certificate": Certificate(10.0, 10.0, 10.0, 10.0, 0.0, 10.0)}, "is worth more than 10"),
    ],
)
def test_certificate_never_claims_more_than_it_has(
    make_plan: Callable[..., Plan], changes: dict[str, Any], words: str
) -> None:
    claim = certificate_sentences(make_plan(**changes), QALY)[0]
    assert words in claim
    assert ("Best for these figures" in claim) == ("is worth more" in claim or "word" in claim)


def test_unchecked_plan_is_called_so(make_plan: Callable[..., Plan]) -> None:
    assert "NO" in certificate_sentences(make_plan(verified=False), QALY)[1]


def test_rounding_is_not_told_as_a_gap(make_plan: Callable[..., Plan]) -> None:
    certificate = Certificate(9060.0, 9060.0, 9060.0, 9060.0 + 1e-9, 0.0, 9060.0)
    claim = certificate_sentences(make_plan(certificate=certificate), QALY)[0]
    assert claim.endswith("nothing but rounding could be missing.")
    certificate = Certificate(9060.0, 9000.0, 9060.0, 9060.001, 0.0, 9060.0)
    claim = certificate_sentences(make_plan(certificate=certificate), QALY)[0]
    assert claim.endswith("less than 0.01% of the gain could be missing.")


def test_calm_plan_says_what_it_keeps(make_plan: Callable[..., Plan]) -> None:
    certificate = Certificate(9090.0, 9000.0, 9100.0, 9100.0, 0.0, 9090.0)
    claim = certificate_sentences(make_plan(status="feasible", certificate=certificate), QALY)[0]
    assert claim == (
        "A calm plan: it moves as few pounds as it can and keeps 90% of the largest "
        "gain; the best is worth at most 10 QALY more."
    )
    nothing = replace(certificate, objective=9000.0, bound=9000.0, certified_bound=9000.0)
    plan = make_plan(status="feasible", certificate=replace(nothing, true_objective=9000.0))
    assert "keeps" not in certificate_sentences(plan, QALY)[0]


def test_gap_of_the_curves_is_called_so(make_plan: Callable[..., Plan]) -> None:
    certificate = Certificate(9060.0, 9000.0, 9060.0, 9060.0, 6.0, 9060.0)
    claim = certificate_sentences(make_plan(certificate=certificate), QALY)[0]
    assert claim.endswith(
        "at most 6 QALY (10% of the gain) could be missing, because response curves are solved "
        "as straight pieces."
    )


def test_no_gain_gives_no_share_of_it() -> None:
    plan: Any = SimpleNamespace(
        status="optimal",
        verified=True,
        max_violation=0.0,
        objective=10.0,
        certificate=Certificate(10.0, 10.0, 10.0, 10.0, 0.5, 10.0),
    )
    assert "at most 0.5 QALY could be missing" in certificate_sentences(plan, QALY)[0]


# Figures that differ look different


@pytest.mark.parametrize(
    ("one", "other", "write", "said"),
    [
        (4e6, 3999999.0, partial(close_money, currency="GBP"), ("£4.000000m", "£3.999999m")),
        (4e6, 3.9e6, partial(close_money, currency="GBP"), ("£4.00m", "£3.90m")),
        (2000.2, 2000.1, partial(exact_money, currency="GBP"), ("£2,000.20", "£2,000.10")),
        (1.0000002, 1.0, number, ("1.0000002", "1")),
        (0.3 + 1e-17, 0.3, number, ("0.3", "0.3")),
        (5.0, 5.0, number, ("5", "5")),
    ],
)
def test_figures_that_differ_are_told_apart(
    one: float, other: float, write: Any, said: tuple[str, str]
) -> None:
    assert told_apart(one, other, lambda value, more: write(value, more=more)) == said


@pytest.mark.parametrize("amount", [0.004, 1e-9, 0.0099])
def test_what_is_missing_is_never_nothing(amount: float) -> None:
    assert close_money(amount, "GBP") not in ("£0", "£0.00")
    assert close_money(-amount, "GBP").startswith("-£")
    assert exact_money(amount, "GBP") not in ("£0", "£0.00")


def test_nothing_is_nothing() -> None:
    assert close_money(0.0, "GBP") == "£0"


@pytest.mark.parametrize(
    ("size", "unit", "said"),
    [
        ("79,332", "virtual bed-day", "79,332 virtual bed-days"),
        ("1", "virtual bed-day", "1 virtual bed-day"),
        ("2,000", "episode of need", "2,000 episodes of need"),
        ("163", "attendance", "163 attendances"),
        ("0.5", "hour", "0.5 hours"),
        ("1", "beds", "1 bed"),
        ("-1", "visits", "-1 visit"),
        ("3", "visits", "3 visits"),
        ("1", "percentage point", "1 percentage point"),
        ("1.33", "unit", "1.33 units"),
        ("1", "points of value", "1 point of value"),
        ("3", "QALY", "3 QALY"),
        ("3", "QALY lost while waiting", "3 QALY lost while waiting"),
        ("3", "death avoided", "3 deaths avoided"),
        ("3", "life saved", "3 lives saved"),
        ("1", "people", "1 person"),
        ("4", "person", "4 people"),
        ("4", "people", "4 people"),
        ("4", "staff", "4 staff"),
        ("4", "hour a week", "4 hours a week"),
        ("4", "therapy", "4 therapies"),
        ("1", "therapies", "1 therapy"),
        ("4", "", "4"),
        ("4", "kWh", "4 kWh"),
    ],
)
def test_units_have_the_number_of_their_figure(size: str, unit: str, said: str) -> None:
    assert of_unit(size, unit) == said


def test_a_worth_has_the_number_of_its_figure() -> None:
    assert Worth("unit", 1.0).text(1.33) == "1.33 units"
    assert Worth("points of value", 1.0).text(1.0) == "1 point of value"


def test_a_label_that_is_another_row_s_key_names_neither() -> None:
    assert display_names(["a", "b"], ["b", "second"]) == {"a": "a", "b": "second"}
    assert display_names(["a", "b"], ["a", "same"]) == {"a": "a", "b": "same"}
