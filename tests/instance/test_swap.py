"""Whatever ends the writing of a folder, at any step: the old or the new one is there, whole."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import swap_steps

from allocator.errors import UsageError
from allocator.instance.reading import sole
from allocator.instance.reading.exchange import exchanged
from allocator.instance.reading.folder import put_back, swap_folder, write_file
from allocator.instance.reading.sole import passing_name, set_aside, sole_writer, unfinished
from allocator.instance.reading.unbroken import unbroken


@pytest.mark.parametrize("way", ["exchange", "renames"])
@pytest.mark.parametrize("how", ["kill", "signal", "error"])
def test_the_old_or_the_new_one_stands_under_the_name(how: str, way: str, tmp_path: Path) -> None:
    words = [sys.executable, swap_steps.__file__, str(tmp_path / "place"), how, way]
    (tmp_path / "place").mkdir()
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["wrong"] == []
    assert found["states"] == ["new", "old"]
    assert found["steps"] > 30, "calls of the system are seen"


def plan(folder: Path, text: str = "old") -> Path:
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(text, encoding="utf-8")
    return folder


def written(target: Path, text: str = "new") -> None:
    swap_folder({"plan.json": text}, target, lambda folder: frozenset({"plan.json"}))


def names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def test_names_change_places_in_one_step(tmp_path: Path) -> None:
    one, other = plan(tmp_path / "one", "1"), plan(tmp_path / "other", "2")
    if not exchanged(one, other):
        pytest.xfail("this system cannot exchange names")
    assert (one / "plan.json").read_text(encoding="utf-8") == "2"
    assert not exchanged(one, tmp_path / "nowhere")


def test_a_file_that_turns_up_meanwhile_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = plan(tmp_path / "plan")
    write_text = Path.write_text

    def busy(self: Path, text: str, **options: str) -> int:
        write_text(target / "notes.txt", "mine")
        return write_text(self, text, **options)

    monkeypatch.setattr(Path, "write_text", busy)
    written(target)
    assert names(target) == ["notes.txt", "plan.json"]
    assert names(tmp_path) == ["plan"]


def test_only_what_dead_writers_left_is_cleared(tmp_path: Path) -> None:
    target = plan(tmp_path / "plan")
    dead = plan(passing_name(target), "half")
    others = (".plan-notes", f"{dead.name}x", f".plans-{'0' * 32}", ".plan-")
    for name in others:
        plan(tmp_path / name)
    half = plan(unfinished(passing_name(target)))
    (half / "half of notes.txt").write_text("m", encoding="utf-8")
    written(target)
    assert names(target) == ["plan.json"], "what was never in its place leaves nothing"
    assert names(tmp_path) == sorted([*others, "plan"])


def test_what_others_put_into_a_folder_outlives_its_writer(tmp_path: Path) -> None:
    target = plan(tmp_path / "plan")
    dead = plan(passing_name(target))
    (dead / "notes.txt").write_text("mine", encoding="utf-8")
    written(target)
    assert names(target) == ["notes.txt", "plan.json"]
    assert names(tmp_path) == ["plan"]


def test_nothing_is_cleared_where_there_are_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sole, "fcntl", None)
    target = plan(tmp_path / "plan")
    dead = plan(passing_name(target))
    written(target)
    assert names(tmp_path) == sorted([dead.name, "plan"])


def test_a_writer_at_work_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sole, "LOOKS", 2)
    with sole_writer(tmp_path) as there_are_locks:
        assert there_are_locks
        with pytest.raises(UsageError, match="another program is writing"):
            written(tmp_path / "plan")
    written(tmp_path / "plan")
    assert names(tmp_path) == ["plan"]


def test_what_was_set_aside_gets_its_name_back_from_a_reader(tmp_path: Path) -> None:
    target = tmp_path / "plan"
    plan(set_aside(passing_name(target)))
    put_back(target)
    assert names(tmp_path) == ["plan"]
    plan(set_aside(passing_name(target)), "older")
    put_back(target)
    assert (target / "plan.json").read_text(encoding="utf-8") == "old"


def test_a_folder_that_cannot_be_read_is_left_to_who_wants_it(tmp_path: Path) -> None:
    put_back(tmp_path / "no" / "folder")
    put_back(Path("a\0b"))


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_signals_wait_until_the_steps_are_done(number: str) -> None:
    heard: list[int] = []
    sent = getattr(signal, number)
    before = signal.signal(sent, lambda number, _: heard.append(number))
    try:
        with unbroken(), unbroken():
            signal.raise_signal(sent)
            signal.raise_signal(sent)
            assert heard == []
        assert heard == [sent]
    finally:
        signal.signal(sent, before)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "model.mps"
    write_file(iter([b"a", b"b"]), path)
    left = passing_name(path)
    left.write_bytes(b"half")

    def broken() -> Iterator[bytes]:
        yield b"c"
        raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match="cannot be written: No space left on device"):
        write_file(broken(), path)
    assert path.read_bytes() == b"ab"
    assert names(tmp_path) == ["model.mps"]
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        write_file(iter([b"a"]), tmp_path / "nowhere" / "model.mps")


@pytest.mark.long
def test_killed_at_random_moments(tmp_path: Path) -> None:
    kills(tmp_path, 1000)


def test_killed_at_a_few_random_moments(tmp_path: Path) -> None:
    kills(tmp_path, 25)


KILLED = """
import sys
from collections.abc import Iterator
from pathlib import Path
sys.path.insert(0, {here!r})
import swap_steps
target = Path({target!r})
print("ready", flush=True)
while True:
    swap_steps.write(target)
"""


def kills(place: Path, count: int) -> None:
    """A writer that writes again and again is killed: the folder is whole, and the next goes on."""
    target = place / "work" / "plan"
    swap_steps.afresh(target)
    code = KILLED.format(here=str(Path(__file__).parent), target=str(target))
    draw = random.Random(1)
    for _ in range(count):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            until = draw.random() * 0.02
            try:
                writer.wait(until)
            except subprocess.TimeoutExpired:
                writer.kill()
        assert swap_steps.held(target) in ("old", "new")
    swap_steps.write(target)
    assert names(target.parent) == ["plan"]
