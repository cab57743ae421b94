"""The instances that come with the product, each read once however many tests look at it.

Their plans are shared in the same way by ``small.solved``. Tests that change a table copy it.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from allocator.errors import Problem
from allocator.instance.instance import Instance, diagnose

INSTANCES = Path(__file__).parents[1] / "instances"
AVONSIDE = INSTANCES / "avonside"
EXAMPLES = INSTANCES / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())


@cache
def diagnosed(name: str) -> tuple[Instance, list[Problem]]:
    """An instance by the name of its folder, and what there is to say of it: no errors."""
    instance, problems = diagnose(INSTANCES / name)
    assert instance is not None, [str(p) for p in problems]
    return instance, problems


def shipped(name: str) -> Instance:
    """An instance by the name of its folder."""
    return diagnosed(name)[0]


def example(name: str) -> Instance:
    """One of the small examples."""
    return shipped(f"examples/{name}")


def avonside() -> Instance:
    """The synthetic care system as it stands in the repository."""
    return shipped("avonside")


@cache
def answer(name: str) -> dict[str, Any]:
    """What is written down as the answer to an example."""
    return tomllib.loads((EXAMPLES / name / "answer.toml").read_text(encoding="utf-8"))
