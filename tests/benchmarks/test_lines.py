"""Result files: what is refused, what is put right, and who may write."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from results_made import ENVIRONMENT_ID, line, problem, results, write

from benchmarks.suite.lines import (
    Appender,
    BadResults,
    key_of,
    merged,
    one_machine,
    plain,
    read,
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    lines = [line(), line("scip"), line(repeat=1)]
    found = read(write(tmp_path / "r.jsonl", lines))
    assert found.lines == lines
    assert list(found.environments) == [ENVIRONMENT_ID]
    assert found.notes == []


def test_half_written_last_line_is_left_out_and_cut_off(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", [line(), line("scip")])
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"problem": {"fam')
    found = read(path)
    assert len(found.lines) == 2
    assert "half-written" in found.notes[0]
    with Appender.open(path) as appender:
        assert appender.recover() == len(b'{"problem": {"fam')
        assert path.read_bytes() == whole
        appender.append(line("glop"))
    assert [entry["solver"] for entry in read(path).lines] == ["highs", "scip", "glop"]


def test_whole_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", [line(), line("scip")])
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert len(read(path).lines) == 2
    with Appender.open(path) as appender:
        assert appender.recover() == 0
        appender.append(line("glop"))
    assert [entry["solver"] for entry in read(path).lines] == ["highs", "scip", "glop"]


def test_damage_in_the_middle_is_refused_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", [line(), line("scip")])
    rows = path.read_text().splitlines()
    rows[1] = rows[1][:40]
    path.write_text("\n".join(rows) + "\n")
    with pytest.raises(BadResults, match=r"r\.jsonl, line 2: not a JSON object"):
        read(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"problem": problem(sha256=None)}, "no SHA-256"),
        ({"problem": problem(sha256="knapsack")}, "no SHA-256"),
        ({"problem": {**problem(), "sha256": "A" * 64}}, "no SHA-256"),
        ({"status": "ok"}, "status 'ok' is none of verified-optimal"),
        ({"permutation": None}, "permutation must be a whole number"),
        ({"solver": "", "layer": ""}, "neither solver nor layer"),
        ({"problem": {k: v for k, v in problem().items() if k != "rows"}}, "has no rows"),
    ],
)
def test_lines_that_cannot_be_relied_on_are_refused(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    path = write(tmp_path / "r.jsonl", [line("scip"), {**line(), **changes}])
    with pytest.raises(BadResults, match=f"line 3: .*{words}"):
        read(path)


def test_one_name_for_two_programmes_is_refused(tmp_path: Path) -> None:
    other = line("scip", problem=problem(sha256="f" * 64))
    path = write(tmp_path / "r.jsonl", [line(), other])
    with pytest.raises(BadResults, match="line 3: knapsack-S-0 is another programme here"):
        read(path)


def test_copies_are_dropped_and_contradictions_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", [line(), line()])
    found = read(path)
    assert len(found.lines) == 1
    assert "line 3: a copy of line 2" in found.notes[0]
    write(path, [line(), line(seconds=2.0)])
    with pytest.raises(BadResults, match="lines 2 and 3: the same run twice"):
        read(path)


def test_what_was_missing_gives_way_to_what_was_run(tmp_path: Path) -> None:
    gone = line(status="missing", objective=None)
    for order in ([gone, line()], [line(), gone]):
        found = read(write(tmp_path / "r.jsonl", order))
        assert [entry["status"] for entry in found.lines] == ["verified-optimal"]


def test_key_depends_on_all_that_was_asked() -> None:
    first = line()
    others = [
        line(repeat=1),
        line(permutation=1),
        line("scip"),
        line(problem=problem("adopt")),
        line(asked={**first["asked"], "time_limit": 20.0}),
        line(asked={**first["asked"], "threads": 2}),
        line(asked={**first["asked"], "options": {"presolve": "off"}}),
    ]
    keys = {key_of(entry) for entry in (first, *others)}
    assert len(keys) == len(others) + 1
    assert key_of(line(seconds=9.0, status="wrong", objective=1.0)) == key_of(first)


def test_second_session_is_kept_out(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with (
        Appender.open(path),
        pytest.raises(BadResults, match="another session is writing"),
        Appender.open(path),
    ):
        pass
    with Appender.open(path) as appender:
        appender.append(line())
    assert len(read(path).lines) == 1


def test_files_of_one_machine_are_joined() -> None:
    joined = merged([("a", results([line()])), ("b", results([line("scip")]))])
    assert [entry["solver"] for entry in joined.lines] == ["highs", "scip"]
    one_machine(joined)


def test_files_that_contradict_each_other_are_not_joined() -> None:
    with pytest.raises(BadResults, match="a and b both hold knapsack-S-0 by highs"):
        merged([("a", results([line()])), ("b", results([line(seconds=2.0)]))])
    other = line("scip", problem=problem(sha256="f" * 64))
    with pytest.raises(BadResults, match="another programme in b than in a"):
        merged([("a", results([line()])), ("b", results([other]))])


def test_times_of_two_machines_are_not_put_together() -> None:
    joined = merged([("a", results([line(), line("scip", environment_id="elsewhere")]))])
    with pytest.raises(BadResults, match="2 environments"):
        one_machine(joined)


def test_numbers_json_cannot_hold_become_none(tmp_path: Path) -> None:
    entry = plain(line(objective=float("inf"), gap=np.float64("nan"), nodes=np.int64(3)))
    with Appender.open(tmp_path / "r.jsonl") as appender:
        appender.append(entry)
    held = json.loads((tmp_path / "r.jsonl").read_text())
    assert (held["objective"], held["gap"], held["nodes"]) == (None, None, 3)
