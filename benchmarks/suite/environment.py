"""The machine and the software a result belongs to."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import ROOT

if TYPE_CHECKING:
    import numpy.typing as npt

    from benchmarks.suite.problem import Problem


PACKAGES = (
    "allocator",
    "cbcbox",
    "clarabel",
    "cvxpy",
    "gurobipy",
    "highspy",
    "highspy-extras",
    "linopy",
    "numpy",
    "ortools",
    "pandas",
    "PuLP",
    "pyomo",
    "pyoptinterface",
    "PySCIPOpt",
    "scipy",
    "swiglpk",
)
"""Whose versions decide what is measured."""

THREADS = ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def environment() -> dict[str, Any]:
    """Record of this machine and its software: everything that stays through a session.

    Returns
    -------
    dict
        Plain values: ``python``, ``system``, ``machine``, ``cpu``, ``cores`` (that may be
        used), ``cores_total``, ``memory_gib``, ``packages`` (None: not installed),
        ``thread_settings``. No name of the machine or its user.
    """
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cpu": _cpu(),
        "cores": _usable_cores(),
        "cores_total": os.cpu_count(),
        "memory_gib": _memory_gib(),
        "packages": {name: _version(name) for name in PACKAGES},
        "thread_settings": {name: os.environ[name] for name in THREADS if name in os.environ},
    }


def environment_id(record: dict[str, Any]) -> str:
    """Short hash of an environment record: the same machine and versions, the same id."""
    text = json.dumps(record, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def heading(problem: Problem, figures: Iterable[npt.NDArray[Any]] = ()) -> dict[str, Any]:
    """What a file of figures begins with that is no result file: where, when and of what.

    Parameters
    ----------
    problem : Problem
        The programme, or the one that all others are made from.
    figures : iterable of ndarray
        What is put in its place from solve to solve.

    Returns
    -------
    dict
        Plain values: ``started``, ``load``, ``environment``, ``environment_id``, ``source``,
        ``problem`` (with its hash), ``figures_sha256`` (None without figures).
    """
    record, digest, some = environment(), hashlib.sha256(), False
    for array in figures:
        some = True
        digest.update(json.dumps(list(array.shape)).encode())
        digest.update(array.astype("<i8" if array.dtype.kind in "iub" else "<f8").tobytes())
    return {
        "started": now(),
        "load": load(),
        "environment": record,
        "environment_id": environment_id(record),
        "source": source(),
        "problem": problem.described(),
        "figures_sha256": digest.hexdigest() if some else None,
    }


def now() -> str:
    """Date and time, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def load() -> float | None:
    """Processes that wanted a core in the last minute; None where the system does not say."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def source() -> dict[str, Any]:
    """Commit of the clone, and whether anything in it is changed; None where git is not."""
    git = "git", "-C", str(ROOT)
    commit = _said(*git, "rev-parse", "HEAD")
    changed = _said(*git, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "changed": None if changed is None else bool(changed)}


def fingerprint(places: Iterable[Path] | None = None) -> str:
    """Hash of everything a generated programme depends on in this clone.

    Parameters
    ----------
    places : iterable of Path, optional
        Files and folders; default: generators, the package, formulations, instances.
    """
    if places is None:
        suite = ROOT / "benchmarks" / "suite"
        places = [
            ROOT / "benchmarks" / "country",
            *(suite / name for name in ("problem.py", "product.py", "families")),
            *(ROOT / name for name in ("allocator", "models", "instances")),
        ]
    digest = hashlib.sha256()
    for place in places:
        files = [place] if place.is_file() else sorted(place.rglob("*"))
        for file in files:
            if file.suffix in {".pyc", ".md"} or not file.is_file():
                continue
            digest.update(str(file.relative_to(place.parent)).encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    packages = {name: _version(name) for name in ("numpy", "pandas", "pyomo", "scipy")}
    digest.update(json.dumps(packages).encode())
    return digest.hexdigest()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _said(*command: str) -> str | None:
    """What a command prints; None where it is not there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _cpu() -> str:
    """Name of the processor as the system gives it."""
    named = None
    if sys.platform == "linux":
        lines = _lines(Path("/proc/cpuinfo"))
        models = (line.partition(":")[2] for line in lines if line.startswith("model name"))
        named = next(models, "").strip()
    if sys.platform == "darwin":
        named = _said("sysctl", "-n", "machdep.cpu.brand_string")
    return named or platform.processor() or "unknown"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _usable_cores() -> int | None:
    """Cores this process may use, which a container or batch system may have cut."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _memory_gib() -> float | None:
    """Physical memory in GiB, to a tenth."""
    if sys.platform == "win32":
        return None
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None
    return round(size / 2**30, 1)
