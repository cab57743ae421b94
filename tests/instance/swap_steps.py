"""Stop the writing of a folder at every call of the system, and see what stands under its name.

Run as a script: ``swap_steps.py PLACE HOW WAY``. `HOW` the writing ends is ``kill`` (the process
is gone at once), ``signal`` (Ctrl-C) or ``error`` (memory runs out); by `WAY` it is ``exchange``
(names change places in one step) or ``renames`` (they cannot). Prints the number of steps and
every state that must not be, as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import allocator.instance.reading.folder as room

OLD = {"plan.json": "old\n", "a.csv": "old a\n", "gone.csv": "old\n"}
NEW = {"plan.json": "new\n", "a.csv": "new a\n", "b.csv": "new b\n"}


def ours(folder: Path) -> frozenset[str]:
    return frozenset({**OLD, **NEW})


def write(target: Path) -> None:
    room.swap_folder(NEW, target, ours)


def stopped_at(step: int, act: Callable[[], None], target: Path) -> int:
    """Write, and act before or after a call of the system; how many steps there were."""
    steps = 0

    def look(frame: Any, event: str, called: Any) -> None:
        nonlocal steps
        if event not in ("c_call", "c_return"):
            return
        if getattr(called, "__module__", "") in ("posix", "nt", "io", "_io", "fcntl"):
            steps += 1
            if steps == step:
                act()

    sys.setprofile(look)
    try:
        write(target)
    finally:
        sys.setprofile(None)
    return steps


def held(target: Path) -> str:
    """What stands under the name."""
    if not target.exists():
        return "nothing"
    texts = {item.name: item.read_text(encoding="utf-8") for item in target.iterdir()}
    if texts == OLD:
        return "old"
    return "new" if texts == NEW else f"neither: {texts}"


def afresh(target: Path) -> None:
    """The old folder, and nothing beside it."""
    target.parent.mkdir()
    target.mkdir()
    for name, text in OLD.items():
        (target / name).write_text(text, encoding="utf-8")


def out_of_memory() -> None:
    raise MemoryError


def ended(how: str, step: int, target: Path) -> int:
    """Let a writing end; how many steps there were, 0 where it did not come to its end."""
    if how == "kill":
        child = os.fork()
        if not child:
            stopped_at(step, lambda: os._exit(9), target)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        return 0 if os.waitstatus_to_exitcode(status) else -1
    act = out_of_memory if how == "error" else lambda: signal.raise_signal(signal.SIGINT)
    try:
        return stopped_at(step, act, target)
    except (KeyboardInterrupt, MemoryError):
        return 0


def main() -> None:
    place, how, way = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if way == "renames":
        room.exchanged = lambda one, other: False
    wrong, step, states = [], 0, set()
    while True:
        step += 1
        target = place / str(step) / "plan"
        afresh(target)
        finished = ended(how, step, target)
        if how == "kill":
            room.put_back(target)  # as whoever reads it does
        state = held(target)
        states.add(state)
        if state not in ("old", "new"):
            wrong.append(f"step {step}: {state}")
        write(target)
        left = sorted(item.name for item in target.parent.iterdir())
        if held(target) != "new" or left != ["plan"]:
            wrong.append(f"step {step}: afterwards {held(target)}, {left}")
        if finished and (how == "kill" or finished < step):
            break
    print(json.dumps({"steps": step, "states": sorted(states), "wrong": wrong}))


if __name__ == "__main__":
    main()
