"""The library as a person in a notebook meets it."""

from __future__ import annotations

import inspect
import math
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import pandas as pd
import pytest
from examples import EXAMPLES, NAMES, example
from small import A, round_of, solved

import allocator
from allocator.cli.solve import solve
from allocator.errors import AllocatorError, InstanceError, UsageError
from allocator.instance.instance import Instance
from allocator.plan import Certificate, Plan

ROUND = "capital-budgeting"
NOTHING: dict[str, Any] = {
    "status": "infeasible", "verified": False, "max_violation": None, "certificate": Certificate(),
    "tables": {}, "model": {}, "solver": {}, "seconds": {}, "instance": {},
}  # fmt: skip


@pytest.fixture
def instance() -> Instance:
    return example(ROUND)


@pytest.fixture
def plan(instance: Instance) -> Plan:
    return solved(instance)


# Pickled


SENT = """
import pickle, sys
print(pickle.load(sys.stdin.buffer)({folder!r}))
"""


def sent(function: Callable[..., Any], *what: Any) -> str:
    """What a worker answers that is sent a function and knows nothing else of it."""
    ran = subprocess.run(
        [sys.executable, "-c", SENT.format(folder=what[0])],
        input=cloudpickle.dumps(function),
        capture_output=True,
        check=True,
    )
    return ran.stdout.decode().strip()


def test_a_function_that_names_the_package_can_be_sent_to_a_worker() -> None:
    # as one that is written in a notebook, which no worker can import
    names: dict[str, Any] = {"allocator": allocator, "__name__": "__main__"}
    exec("def work(folder): return allocator.solve(folder).objective", names)
    assert sent(names["work"], str(EXAMPLES / ROUND)) == "90.0"


def test_the_package_is_pickled_by_name() -> None:
    for kind in (pickle, cloudpickle):
        assert pickle.loads(kind.dumps(allocator)) is allocator
    assert isinstance(allocator, ModuleType)
    assert len(cloudpickle.dumps(allocator)) < 100


def test_instances_and_plans_are_pickled(instance: Instance, plan: Plan) -> None:
    for kind in (pickle, cloudpickle):
        assert pickle.loads(kind.dumps(instance)) == instance
        assert pickle.loads(kind.dumps(plan)).objective == plan.objective


# Shown


def test_only_public_names_are_listed() -> None:
    names = {name for name in dir(allocator) if not name.startswith("__")}
    assert names == set(allocator.__all__) - {"__version__"}


def test_tables_are_listed(instance: Instance, plan: Plan) -> None:
    assert {"budgets", "option_links", "settings"} <= set(dir(instance))
    assert {"allocation", "decisions", "certificate"} <= set(dir(plan))
    evaluation = allocator.evaluate(instance, plan)
    assert {"violations", "by_programme", "objective"} <= set(dir(evaluation))


@pytest.mark.parametrize("name", [*NAMES, "avonside"])
def test_an_instance_shows_itself_in_twenty_lines(name: str) -> None:
    within_bounds(allocator.read(EXAMPLES.parent / name) if name == "avonside" else example(name))


def test_plans_and_evaluations_show_themselves(instance: Instance, plan: Plan) -> None:
    assert repr(plan).splitlines()[0] == "Plan: optimal, verified"
    assert "objective     90" in repr(plan)
    within_bounds(plan)
    within_bounds(Plan(**{**NOTHING, "conflict": tuple("the rule & no other" * 9 for _ in "abcd")}))
    evaluation = allocator.evaluate(instance, plan)
    within_bounds(evaluation)
    worse = plan.allocation.assign(activity=plan.allocation["activity"] * 1000)
    broken = allocator.evaluate(instance, worse)
    assert "not allowed" in repr(broken)
    within_bounds(broken)


def within_bounds(thing: Any) -> None:
    lines = repr(thing).splitlines()
    assert len(lines) <= 20
    assert max(map(len, lines)) <= 80
    page = thing._repr_html_()
    assert page.startswith("<table>")
    assert "& no" not in page


def test_names_in_a_page_are_text(instance: Instance) -> None:
    named = instance.replace(name="<b>Round</b>")
    assert "<b>" not in named._repr_html_()
    assert "&lt;b&gt;Round" in named._repr_html_()


@pytest.mark.parametrize(
    ("name", "meant"),
    [("allocations", "allocation"), ("objectiv", "objective"), ("rule", "rules")],
)
def test_what_was_probably_meant_of_a_plan(name: str, meant: str, plan: Plan) -> None:
    with pytest.raises(AttributeError, match=f"has no table or attribute '{name}'; did you mean"):
        getattr(plan, name)


def test_what_was_probably_meant_elsewhere(instance: Instance, plan: Plan) -> None:
    evaluation = allocator.evaluate(instance, plan)
    for thing, name, meant in (
        (instance, "budget", "budgets"),
        (evaluation, "violation", "violations"),
        (allocator, "slove", "solve"),
    ):
        with pytest.raises(AttributeError, match=f"did you mean '{meant}'"):
            getattr(thing, name)
    with pytest.raises(AllocatorError, match="there is no plan to read allocation from"):
        _ = Plan(**NOTHING).allocation


def test_the_types_of_both_packages_are_there_to_be_checked() -> None:
    import allocator_models

    for package in (allocator, allocator_models):
        assert (Path(str(package.__file__)).parent / "py.typed").is_file()


def test_every_public_name_has_help() -> None:
    for name in allocator.__all__:
        if name != "__version__":
            assert (getattr(allocator, name).__doc__ or "").strip(), name


# Called


def test_a_folder_is_read(tmp_path: Path) -> None:
    folder = EXAMPLES / ROUND
    assert allocator.solve(folder).objective == allocator.solve(str(folder)).objective == 90.0
    exported = allocator.export(folder, tmp_path / "a.mps")
    assert exported.objective == 90.0
    with pytest.raises(InstanceError, match="there is no such folder"):
        allocator.solve("nowhere")


@pytest.mark.parametrize("given", [3, None, {}, pd.DataFrame()])
@pytest.mark.parametrize("verb", ["solve", "export", "compare", "evaluate", "write"])
def test_what_is_no_instance_is_named(verb: str, given: Any) -> None:
    with pytest.raises(UsageError, match=f"{verb} takes an instance .*, not (an int|None|a )"):
        getattr(allocator, verb)(given, *["x"][: verb in ("export", "evaluate", "write")])


def test_a_plan_is_judged_in_every_form(instance: Instance, plan: Plan, tmp_path: Path) -> None:
    allocator.write(plan, tmp_path / "plan")
    whole = [plan, plan.tables, tmp_path / "plan", str(tmp_path / "plan" / "plan.json")]
    for given in whole:
        assert allocator.evaluate(instance, given).objective == 90.0
    alone = allocator.evaluate(instance, plan.allocation)
    assert alone.objective < 90.0, "what it says yes to stands in another table"
    assert allocator.evaluate(EXAMPLES / ROUND, plan).allowed
    with pytest.raises(UsageError, match=r"evaluate takes a plan, its tables by name, .* an int"):
        allocator.evaluate(instance, 3)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="there is no plan to evaluate: status infeasible"):
        allocator.evaluate(instance, Plan(**NOTHING))


def test_a_file_that_is_judged_is_refused_by_its_lines(instance: Instance, tmp_path: Path) -> None:
    draft = tmp_path / "draft.csv"
    draft.write_text("programme,year,activity\n\nnobody,2025,1\n", encoding="utf-8")
    with pytest.raises(InstanceError) as caught:
        allocator.evaluate(instance, draft)
    assert 3 in [problem.line for problem in caught.value.problems]


def test_a_plan_is_judged_by_the_evidence_it_believes() -> None:
    instance = example("option-evidence")
    for case in ("low", "high"):
        plan = solved(instance, evidence=case)
        assert allocator.evaluate(instance, plan).objective == pytest.approx(plan.objective)


def test_two_plans_are_compared_elsewhere(instance: Instance, plan: Plan) -> None:
    compare: Any = allocator.compare
    for given in ((plan, plan), (instance, plan), (plan,)):
        with pytest.raises(UsageError, match="compares two plans is compare_plans"):
            compare(*given)
    with pytest.raises(UsageError, match="a list of readings"):
        compare(instance, "low")


# Written and read


@pytest.mark.parametrize("name", [ROUND, "closure", "waiting-fund", "risk-share-with-caps"])
def test_a_plan_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    plan = solved(example(name))
    allocator.write(plan, tmp_path / "plan")
    back = allocator.read_plan(tmp_path / "plan")
    assert back.certificate == plan.certificate
    assert list(back.tables) == list(plan.tables)
    for table, frame in plan.tables.items():
        mine = frame.reset_index(drop=True)
        pd.testing.assert_frame_equal(back.tables[table], mine, check_exact=True)
    for part in (f.name for f in fields(Plan) if f.name not in ("certificate", "tables")):
        assert getattr(back, part) == getattr(plan, part)
    assert back.to_dict() == plan.to_dict()


def test_what_has_no_end_comes_back_and_what_is_not_known_stays_unknown(
    plan: Plan, tmp_path: Path
) -> None:
    figures = [math.inf, -math.inf, math.nan, 0.1 + 0.2]
    odd = pd.DataFrame({
        "more": figures,
        "code": ["007", "1e5", "inf", "=1+1"],
        "whole": [1, 2, 3, 10**15],
        "said": [True, None, False, None],
    })  # fmt: skip
    endless = replace(plan.certificate, curve_error=math.inf)
    given = replace(plan, certificate=endless, tables={**plan.tables, "odd": odd})
    allocator.write(given, tmp_path / "plan")
    text = (tmp_path / "plan" / "odd.csv").read_text(encoding="utf-8")
    assert [line.split(",")[0] for line in text.splitlines()[1:3]] == ["inf", "-inf"]
    assert pd.read_csv(tmp_path / "plan" / "odd.csv")["more"].tolist()[:2] == figures[:2]
    back = allocator.read_plan(tmp_path / "plan")
    pd.testing.assert_frame_equal(back.odd, odd.astype({"code": "str"}), check_exact=True)
    assert back.certificate.curve_error == math.inf


def test_what_a_search_was_allowed_to_miss_comes_back(plan: Plan, tmp_path: Path) -> None:
    searched = replace(plan, certificate=replace(plan.certificate, allowed=0.25))
    allocator.write(searched, tmp_path / "plan")
    back = allocator.read_plan(tmp_path / "plan")
    assert back.certificate.allowed == 0.25
    assert back.shortfall == plan.shortfall == ()


def test_a_plan_is_replaced_only_when_asked(plan: Plan, tmp_path: Path) -> None:
    allocator.write(plan, tmp_path / "plan")
    with pytest.raises(UsageError, match="already holds a plan"):
        allocator.write(plan, tmp_path / "plan")
    allocator.write(plan, tmp_path / "plan", overwrite=True)
    with pytest.raises(UsageError, match="there is no plan to write: status infeasible"):
        allocator.write(Plan(**NOTHING), tmp_path / "other")


def test_what_is_no_written_plan_is_told(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"it has no plan\.json"):
        allocator.read_plan(EXAMPLES / ROUND)
    folder = tmp_path / "plan"
    allocator.write(plan, folder)
    text = (folder / "allocation.csv").read_text(encoding="utf-8")
    (folder / "allocation.csv").write_text(text.replace(",no,", ",perhaps,"), encoding="utf-8")
    (folder / "budgets.csv").unlink()
    with pytest.raises(InstanceError) as caught:
        allocator.read_plan(folder)
    told = {(p.table, p.line) for p in caught.value.problems}
    assert told >= {("allocation.csv", 2), ("budgets.csv", None)}
    for damaged, words in (("{", "is damaged"), ('{"old": 1}', "does not say what its tables are")):
        (folder / "plan.json").write_text(damaged, encoding="utf-8")
        with pytest.raises(UsageError, match=words):
            allocator.read_plan(folder)


# Options


def test_options_are_called_as_on_the_command_line() -> None:
    here = inspect.signature(allocator.solve).parameters
    shown = {"instance", "out", "overwrite", "years", "show", "all", "json", "debug", "progress"}
    # These are functions of their own here: compare_plans and decision_worth.
    shown |= {"against", "against_round", "worth", "worth_seconds"}
    assert {name for name in inspect.signature(solve).parameters if name not in shown} <= set(here)


@pytest.mark.parametrize(
    ("before", "now", "value"), [("algorithm", "solver", "simplex"), ("node_limit", "nodes", 5)]
)
def test_names_that_options_had_still_work(before: str, now: str, value: Any) -> None:
    with pytest.warns(DeprecationWarning, match=rf"solve\({before}=...\) is called {now}= now"):
        plan = allocator.solve(example(ROUND), **{before: value})
    assert plan.objective == 90.0


def test_a_search_starts_from_a_plan(instance: Instance, plan: Plan) -> None:
    assert allocator.solve(instance, start=plan).solver["start"] == "used"
    with pytest.raises(UsageError, match=r"start takes a plan .* or its tables, not an int"):
        allocator.solve(instance, start=3)  # type: ignore[arg-type]


def test_arguments_of_the_wrong_kind_or_name_are_named() -> None:
    instance = round_of(A)
    plan = solved(instance)
    calls: list[tuple[Any, str]] = [
        (lambda: allocator.read(3), "read takes the folder of an instance, or a zip of it, not an"),
        (lambda: allocator.decision_worth(plan, instance), "takes an instance .* not a Plan"),
        (lambda: allocator.decision_worth(instance, instance), r"its plan \(plan\), not an Inst"),
        (lambda: allocator.solve(instance, solver="simples"), "solver .* did you mean 'simplex'"),
        (lambda: allocator.solve(instance, time_limt=3), "'time_limt'; did you mean 'time_limit'"),
        (lambda: allocator.solve(instance, xyzzy=3), "no argument 'xyzzy'. It takes instance, "),
        (lambda: allocator.compare(instance, time_limt=3), "did you mean 'time_limit'"),
        (lambda: allocator.evaluate(instance, plan, tolrance=1), "did you mean 'tolerance'"),
        (lambda: allocator.compare_plans(plan, instance), "two plans.*b is an Instance"),
        (lambda: allocator.compare_plans(instance, plan), "two plans.*a is an Instance"),
        (lambda: allocator.solve(instance, held=3), "^held takes a plan .* not an int"),
        (lambda: allocator.solve(instance, start=3), "^start takes a plan .* not an int"),
        (lambda: allocator.roll_forward(instance, held=3), "^held takes a plan .* not an int"),
        (lambda: allocator.roll_forward(3), "roll_forward takes an instance .* not an int"),
        (lambda: allocator.complete_draft(instance, {}, held=3), "^held takes .* not an int"),
        (lambda: allocator.complete_draft(instance, 3), "draft takes the tables .* not an int"),
        (lambda: allocator.complete_draft(plan, {}), "complete_draft takes an instance .* a Plan"),
    ]
    for call, said in calls:
        with pytest.raises(allocator.UsageError, match=said):
            call()


def test_an_allocation_alone_says_that_no_options_are_named() -> None:
    instance = round_of(A, options="option,pool,cost_once\nmore,NHS,1")
    plan = solved(instance)
    found = allocator.evaluate(instance, plan.allocation)
    assert "names no options (there is 1): none is taken" in " ".join(found.notes)
    assert "names no options" in repr(found)
    assert allocator.evaluate(instance, plan).notes == ()
    assert allocator.evaluate(round_of(A), solved(round_of(A)).allocation).notes == ()
