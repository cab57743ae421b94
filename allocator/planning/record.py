"""What a plan says of its solve: of which instance, by what, how long, in which versions."""

from __future__ import annotations

import platform
import time
from importlib import metadata
from typing import Any

from allocator.instance.instance import Instance
from allocator.solver.highs.direct import library
from allocator.solver.highs.door import Solver
from allocator.solver.program import Program
from allocator.solver.stages.found import Stages


class Deadline:
    """How long there is.

    Parameters
    ----------
    limit : float or None
        Seconds from now; None for as long as it takes.
    """

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self._began = time.monotonic()

    def left(self, back: float = 0.0) -> float | None:
        """Seconds left when so many are kept back; None for as long as it takes."""
        if self.limit is None:
            return None
        return max(0.0, self._began + self.limit - back - time.monotonic())


class Clock:
    """Seconds by step; steps of the same name add up."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self._seconds: dict[str, float] = {}

    def mark(self, step: str) -> None:
        """Book the time since the last mark."""
        now = time.perf_counter()
        self._seconds[step] = self._seconds.get(step, 0.0) + now - self._last
        self._last = now

    def report(self) -> dict[str, float]:
        """Steps under the names of the plan file."""
        s = self._seconds
        return {
            "read": 0.0,
            "build": s.get("extract", 0.0) + s.get("model", 0.0),
            "compile": s.get("compile", 0.0),
            "handover": s.get("load", 0.0),
            "solve": s.get("solve", 0.0),
            "readback": s.get("readback", 0.0),
            "verify": s.get("verify", 0.0),
            "total": time.perf_counter() - self._began,
        }


def named(instance: Instance, evidence: str) -> dict[str, str]:
    """Which instance a plan answers, as it was written, and which evidence it believes."""
    settings = instance.settings
    return {
        "name": settings.name,
        "sha256": instance.sha256,
        "evidence": settings.evidence or evidence,
        "currency": settings.currency,
        "money_unit": settings.money_unit,
    }


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    names = ("allocator", "pyomo", "highspy", "numpy", "scipy", "pandas")
    return {name: metadata.version(name) for name in names} | {
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


class Record:
    """What the plans of one solve say of it, apart from what they decide.

    Parameters
    ----------
    instance : Instance
        As it was written.
    evidence : str
        The evidence case, where the instance has none yet.

    Attributes
    ----------
    clock : Clock
    """

    def __init__(self, instance: Instance, evidence: str) -> None:
        self._instance = named(instance, evidence)
        self.clock = Clock()

    def of(
        self, program: Program, solver: Solver | None = None, stages: Stages | None = None
    ) -> dict[str, Any]:
        """The part of a plan that is about its solve, by the names of its attributes.

        Parameters
        ----------
        program : Program
        solver : Solver, optional
            None where none was needed.
        stages : Stages, optional
            None where none ran.
        """
        rows, columns = program.shape
        integers = int(program.integer.sum())
        return {
            "model": {
                "name": program.name,
                "rows": rows,
                "columns": columns,
                "nonzeros": int(program.matrix.nnz),
                "integers": integers,
            },
            "solver": {"name": "highs"} | _solver(solver) | _ran(stages, integers),
            "seconds": self.clock.report(),
            "instance": self._instance,
            "versions": versions(),
        }

    def stopped(self, limit: float) -> dict[str, Any]:
        """The same where the solve was stopped from outside and left nothing."""
        return {
            "model": {},
            "solver": {"name": "highs", "stopped_after": limit},
            "seconds": {"total": limit},
            "instance": self._instance,
            "versions": versions(),
        }


def _solver(solver: Solver | None) -> dict[str, Any]:
    if solver is None:
        return {}
    return {
        "version": solver.version,
        "options": solver.options(),
        "direct": library() is not None,
    }


def _ran(stages: Stages | None, integers: int) -> dict[str, Any]:
    if stages is None:
        return {}
    ran = {
        "algorithm": stages.best.algorithm if stages.best else None,
        "stages": list(stages.algorithms),
        "iterations": stages.iterations,
        "stage_seconds": dict(stages.seconds),
        "interrupted": stages.interrupted,
    }
    if not integers:
        return ran
    return ran | {
        "algorithm": "branch and bound",
        "nodes": stages.nodes,
        "fixed_for_prices": integers,
        "primal_log": [list(point) for point in stages.primal_log],
        "start": stages.start,
    }
