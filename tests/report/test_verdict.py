from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from shown import NOTHING, joined, printed

from allocator.evaluate import Evaluation, evaluate
from allocator.instance.instance import Instance
from allocator.plan import Certificate, Plan
from allocator.report.text.verdict import Compared, print_verdict, verdict_record

Make = Callable[..., Plan]


def draft(instance: Instance, **scales: float) -> dict[str, pd.DataFrame]:
    """Baseline activity in both years, some of it scaled."""
    programmes = instance.programmes
    scale = programmes["programme"].map(scales).fillna(1.0)
    once = pd.DataFrame(
        {"programme": programmes["programme"], "activity": programmes["baseline"] * scale}
    )
    return {"allocation": pd.concat([once.assign(year=2025), once.assign(year=2026)])}


def words(evaluation: Evaluation, best: Plan | None, instance: Instance, **options: Any) -> str:
    text = printed(print_verdict, evaluation, Compared(best), instance, **options)
    assert max(len(line) for line in text.splitlines()) <= 80
    return joined(text)


def best_worth(make_plan: Make, value: float, gain: float) -> Plan:
    return make_plan(certificate=Certificate(value, value - gain, value, value, 0.0, value))


def test_allowed_and_how_far_from_best(make_plan: Make, small_instance: Instance) -> None:
    evaluation = evaluate(small_instance, draft(small_instance))
    best = best_worth(make_plan, evaluation.objective + 100.0, 400.0)
    text = words(evaluation, best, small_instance)
    assert text.startswith("This plan is allowed")
    # A point is half a QALY here: the weight is 2.
    assert "worth 50 QALY (25% of the gain on rolling forward) less than the best plan" in text
    assert "Community floor: missed in 2025/26, 25.00% against at least 35.00%" in text
    differs = text[text.index("Where it differs most") :]
    assert "nursing 20.00 22.00 -2.00 20.00 24.00 -4.00" in differs
    assert "ae " not in differs


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (0.0, "It is worth as much as the best plan."),
        (1e-7, "It is worth as much as the best plan."),
        (-50.0, "It is worth 25 QALY more than the plan found."),
    ],
)
def test_as_good_as_the_best(
    make_plan: Make, small_instance: Instance, more: float, said: str
) -> None:
    evaluation = evaluate(small_instance, draft(small_instance))
    value = evaluation.objective + more
    best = make_plan(certificate=Certificate(value, value - 400, value + 99, None, 0.0, value))
    assert said in words(evaluation, best, small_instance)


@pytest.mark.parametrize("held", [False, True])
def test_worth_more_than_any_plan_can_be_is_a_contradiction(
    make_plan: Make, small_instance: Instance, held: bool
) -> None:
    evaluation = evaluate(small_instance, draft(small_instance))
    value = evaluation.objective - 50.0
    best = make_plan(certificate=Certificate(value, value - 400, value + 10, None, 20.0, value))
    best.allocation["held"] = held  # the best plan has more of some than the draft
    text = words(evaluation, best, small_instance)
    status = verdict_record(evaluation, Compared(best), small_instance)["status"]
    if held:
        assert status == "allowed"
        assert "It is worth 25 QALY more than the plan found." in text
    else:
        assert status == "contradiction"
        assert text.startswith("The check calls this plan allowed, and the bound says")
        assert "more than the plan found" not in text
    near = make_plan(certificate=Certificate(value, value - 400, value + 30, None, 20.0, value))
    assert verdict_record(evaluation, Compared(near), small_instance)["status"] == "allowed"


def test_breach_is_told_once_with_its_other_years(
    make_plan: Make, small_instance: Instance
) -> None:
    evaluation = evaluate(small_instance, draft(small_instance, reable=1.2))
    best = best_worth(make_plan, evaluation.objective - 10.0, 400.0)
    text = words(evaluation, best, small_instance)
    assert text.startswith("This plan is not allowed: 4 breaches.")
    assert text.count("reable") == 1 + 1  # the limit, and where it differs from the best
    assert "Council" in text
    assert "Also in 2026/27." in text
    assert "By breaking rules it is worth 5 QALY more" in text
    every = words(evaluation, best, small_instance, every=True)
    assert "Also in" not in every
    assert len(every) > len(text)


def test_every_pool_that_pays_wrongly_is_told(money_round: Instance, money_plan: Plan) -> None:
    paid = money_plan.funding[["programme", "pool", "year", "paid"]].copy()
    first = paid["year"] == 2025
    paid.loc[first & (paid["pool"] == "Council"), "paid"] = 3300.0
    paid.loc[first & (paid["pool"] == "NHS"), "paid"] = 7700.0
    plan = {name: money_plan.tables[name] for name in ("allocation", "budgets", "transfers")}
    evaluation = evaluate(money_round, {**plan, "funding": paid})
    text = words(evaluation, None, money_round)
    assert "pool 'Council' pays £3,300" in text
    assert "pool 'NHS' pays £7,700" in text


def test_other_evidence_is_said(money_round: Instance, money_plan: Plan) -> None:
    evaluation = evaluate(money_round, dict(money_plan.tables))
    said = words(evaluation, None, money_round, case="low")
    assert "It is valued with the low figures of the evidence" in said
    assert (
        verdict_record(evaluation, Compared(), money_round, "low")["instance"]["evidence"] == "low"
    )


def test_without_a_best_plan(make_plan: Make, small_instance: Instance) -> None:
    evaluation = evaluate(small_instance, draft(small_instance))
    assert "It is worth" in words(evaluation, None, small_instance)
    none = make_plan(status="infeasible", tables={}, verified=False, certificate=NOTHING)
    assert "the solve ended infeasible" in words(evaluation, none, small_instance)


def test_record(make_plan: Make, small_instance: Instance) -> None:
    evaluation = evaluate(small_instance, draft(small_instance))
    best = best_worth(make_plan, evaluation.objective + 100.0, 400.0)
    record = verdict_record(evaluation, Compared(best), small_instance)
    assert record["status"] == "allowed"
    assert record["best"]["distance"] == pytest.approx(100.0)
    assert record["best"]["distance_over_gain"] == pytest.approx(0.25)
    no_gain = replace(best.certificate, reference_objective=best.objective)
    record = verdict_record(
        evaluation, Compared(replace(best, certificate=no_gain)), small_instance
    )
    assert record["best"]["distance_over_gain"] is None
    broken = evaluate(small_instance, draft(small_instance, reable=1.2))
    record = verdict_record(broken, Compared(), small_instance)
    assert record["status"] == "not_allowed"
    assert {v["name"] for v in record["violations"]} == {"reable", "Council"}
