"""The benchmarks run and mean what they say; how long anything takes is never tested."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from allocator.data import extract
from allocator.instance.instance import Instance, read
from allocator.planning.solve import solve
from allocator.solver.compile.compiler import compile_model
from allocator_models.allocation import build
from benchmarks.country.country import LINES
from benchmarks.country.generate import generate
from benchmarks.studies import decisions, overhead, reading
from benchmarks.studies.measure import OURS, RUNS, Timings, measure, measure_pyomo, peak_memory
from benchmarks.studies.structure import at_rest

LINE_COUNT = len(LINES.read_text(encoding="utf-8").splitlines()) - 1


@pytest.fixture(scope="module")
def tiny() -> Instance:
    return generate(2, places=1, years=2)


def test_same_seed_gives_the_same_instance(tiny: Instance) -> None:
    assert generate(2, places=1, years=2).sha256 == tiny.sha256
    assert generate(2, places=1, years=2, seed=1).sha256 != tiny.sha256


@pytest.mark.parametrize(("systems", "places", "years"), [(1, 1, 2), (2, 1, 2), (1, 3, 4)])
def test_instance_has_the_size_asked_for(systems: int, places: int, years: int) -> None:
    instance = generate(systems, places, years)
    assert len(instance.programmes) == systems * places * LINE_COUNT
    assert len(instance.settings.years) == years
    pools = instance.budgets["pool"].unique()
    assert len(pools) == systems + systems * places


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_seed_can_be_planned(seed: int) -> None:
    plan = solve(generate(2, places=2, years=3, seed=seed))
    assert (plan.status, plan.verified) == ("optimal", True)


def test_national_rules_link_the_systems(tiny: Instance) -> None:
    data = extract(tiny)
    names = data.rules.activity.rows.column_labels(0)
    pool = data.money.payer[data.rules.activity.rows.columns[2]]
    linked = pool[names == "National mental health growth"]
    assert len({data.pool.labels[p] for p in linked}) == 2


def test_without_national_rules_nothing_links_the_systems() -> None:
    program = compile_model(build(extract(generate(2, places=1, years=2, national=False))))
    matrix = at_rest(program).matrix
    rows, columns = matrix.shape
    both = sparse.block_array([[None, matrix], [matrix.T, None]])
    parts, label = connected_components(both, directed=False)
    largest = np.sort(np.bincount(label, minlength=parts))[::-1]
    assert largest[1] > 0.3 * (rows + columns)


def test_every_part_of_the_model_is_there(tiny: Instance) -> None:
    program = compile_model(build(extract(tiny)))
    made = {block.name for block in (*program.rows, *program.columns) if len(block)}
    expected = {"need_balance", "avoidable", "capacity", "growth_max", "growth_min", "pool"}
    expected |= {"rule_min", "rule_max", "stranded_at_start", "driver_of_need_met"}
    expected |= {"extra", "carried", "transfer", "short", "fill", "unmet", "avoided"}
    assert expected <= made


def test_every_step_is_measured_as_often_as_asked(tiny: Instance) -> None:
    measured = measure(tiny, repeats=3)
    seconds = measured.timings.seconds
    assert set(seconds) == {*OURS, *RUNS, "independent check"}
    assert {len(times) for times in seconds.values()} == {3}
    assert all(time > 0 for times in seconds.values() for time in times)
    assert measured.nonzeros == overhead.nonzeros_of(tiny)


def test_solver_runs_once_when_its_time_is_up(tiny: Instance) -> None:
    seconds = measure(tiny, repeats=3, solver_seconds=0.0).timings.seconds
    assert [len(seconds[run]) for run in RUNS] == [1, 1]
    assert len(seconds["compile"]) == len(seconds["tables"]) == 3


def test_both_runs_find_the_same_objective(tiny: Instance) -> None:
    natural, scaled = (measure(tiny, repeats=1).objectives[run] for run in RUNS)
    assert natural == pytest.approx(scaled, rel=1e-7)


def test_ratio_is_the_sum_of_medians_over_the_run() -> None:
    timings = Timings()
    for step in OURS:
        for seconds in (1.0, 2.0, 9.0):
            timings.add(step, seconds)
    for seconds in (24.0, 48.0, 1000.0):
        timings.add(RUNS[0], seconds)
    assert timings.overhead == 2.0 * len(OURS)
    assert timings.ratio(RUNS[0]) == 2.0 * len(OURS) / 48.0


def test_ordinary_pyomo_compiles_the_same_model(tiny: Instance) -> None:
    beside = measure_pyomo(tiny, repeats=1)
    assert beside.nonzeros["ordinary Pyomo"] == beside.nonzeros["arrays"] > 0


def test_peak_memory_does_not_fall(tiny: Instance) -> None:
    memory = peak_memory(tiny)
    assert memory is None or 2**20 < memory[0] <= memory[1]


def test_size_for_nonzeros_is_enough_and_hardly_more() -> None:
    systems = overhead.systems_for(70_000)
    at, below = (overhead.nonzeros_of(generate(n)) for n in (systems, systems - 3))
    assert below < 70_000 <= at


def test_command_prints_ratios_and_writes_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], two_pools: Path
) -> None:
    file = tmp_path / "result.json"
    overhead.main(
        [
            "--instance",
            str(two_pools),
            "--whole",
            str(two_pools),
            "--repeats",
            "2",
            "--pyomo-systems",
            "1",
            "--json",
            str(file),
        ]
    )
    printed = capsys.readouterr().out
    for words in ("Two pools", "our steps /", "target 0.4", "target 0.5", "peak memory"):
        assert words in printed
    assert max(len(line) for line in printed.splitlines()) <= 80
    result = json.loads(file.read_text(encoding="utf-8"))
    assert result["ratio"] == max(result["ratios"].values())
    assert np.isfinite(result["overhead_seconds"])
    assert set(result["seconds"]) >= {*OURS, *RUNS}


# The formulation of decisions beside the obvious one


@pytest.fixture(scope="module")
def beside() -> list[decisions.Result]:
    """Both formulations of two tiny rounds, solved to the end."""
    return decisions.compare(16, 6, range(2), gap=0.0, limit=120.0, threads=1)


def test_drawn_decisions_are_of_the_size_asked_for_and_the_same_again() -> None:
    instance = decisions.draw(16, 6, seed=1)
    assert len(instance.options) == 16
    curved = instance.responses["shape"].isin(["logistic", "points"])
    assert curved.sum() == 6
    assert instance.sha256 == decisions.draw(16, 6, seed=1).sha256
    assert instance.sha256 != decisions.draw(16, 6, seed=2).sha256


def test_both_formulations_have_the_same_best_plan(beside: list[decisions.Result]) -> None:
    best: dict[int, dict[str, float | None]] = {}
    for result in beside:
        assert result.status == "optimal"
        best.setdefault(result.seed, {})[result.formulation] = result.objective
    assert sorted(best) == [0, 1]
    for found in best.values():
        assert found["product"] == pytest.approx(found["obvious"], rel=1e-6)
    assert decisions.disagreements(beside) == []


def test_the_product_has_fewer_decisions_and_a_tighter_relaxation(
    beside: list[decisions.Result],
) -> None:
    of = {(r.formulation, r.seed): r for r in beside}
    for seed in range(2):
        ours, theirs = of["product", seed], of["obvious", seed]
        assert 0 < ours.binaries < theirs.binaries
        assert ours.objective is not None
        assert ours.objective <= ours.relaxation * (1 + 1e-9)
        assert ours.relaxation <= theirs.relaxation * (1 + 1e-9)


def test_the_product_s_plan_passes_the_independent_check(beside: list[decisions.Result]) -> None:
    for result in beside:
        if result.formulation == "product":
            assert result.violation is not None
            assert result.violation <= 1e-6
        else:
            assert result.violation is None


def test_a_plan_above_the_other_s_bound_is_noticed(beside: list[decisions.Result]) -> None:
    wrong = [replace(r, bound=(r.objective or 0.0) - 1.0) for r in beside]
    found = decisions.disagreements(wrong)
    assert any("seed 1: product beats the bound of obvious" in line for line in found)


def test_command_prints_both_formulations(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--options", "8", "--curves", "3", "--seeds", "1", "--limit", "60"]
    decisions.main(arguments)
    printed = capsys.readouterr().out
    assert "no plan lies above the other's proved bound" in printed
    assert printed.count("optimal") == 2
    decisions.main([*arguments, "--json"])
    record = json.loads(capsys.readouterr().out)
    assert [r["formulation"] for r in record["results"]] == ["obvious", "product"]
    assert record["wrong"] == []


def test_a_round_to_be_read_has_the_rows_asked_for(tmp_path: Path) -> None:
    reading.write_round(tmp_path, rows=3_000, options=60)
    instance = read(tmp_path)
    rows = sum(len(table) for table in instance.rows.values())
    assert rows == pytest.approx(3_000, rel=0.02)
    assert len(instance.rows["options"]) == 60
    assert len(instance.rows["capacity"]) == 10
    assert {group.choose for group in instance.facts.groups.values()} == {"exactly_one"}


def test_reading_is_measured_in_a_process_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert reading.main(["--rows", "1500", "--options", "40", "--repeats", "1"]) == 0
    said = capsys.readouterr().out
    assert "40 options in 4 groups, 10 capacities" in said
    assert "s of processor time" in said
