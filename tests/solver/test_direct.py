"""HiGHS's shared library: used where it is the binding's own, and missed aloud where it is not."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small import production, round_of

import allocator
from allocator.planning import record
from allocator.solver.highs import direct
from allocator.solver.resolve import Resolver

SLOWER = "the same answers, but more slowly"


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Nothing is known of a library, and nobody has been told."""

    def forget() -> None:
        direct.library.cache_clear()
        direct._say_slower.cache_clear()

    forget()
    yield
    forget()


class Foreign:
    """A library that is of another version, or none of HiGHS at all."""

    def __init__(self, version: bytes | None) -> None:
        if version is not None:
            self.Highs_version = self._version(version)

    @staticmethod
    def _version(version: bytes) -> Any:
        class Told:
            restype: Any = None

            def __call__(self) -> bytes:
                return version

        return Told()


def missing(_: Path) -> Iterator[Path]:
    yield from ()


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("why", ["missing", "unreadable", "older", "other"])
def test_without_a_library_of_its_own_it_is_said_once(
    why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_: str) -> Any:
        raise OSError

    monkeypatch.setattr(direct, "_candidates", lambda _: iter([Path("libhighs.so")]))
    if why == "missing":
        monkeypatch.setattr(direct, "_candidates", missing)
    elif why == "unreadable":
        monkeypatch.setattr(direct.ctypes, "CDLL", unreadable)
    else:
        version = b"1.0.0" if why == "older" else None
        monkeypatch.setattr(direct.ctypes, "CDLL", lambda _: Foreign(version))
    with pytest.warns(RuntimeWarning, match=SLOWER) as told:
        solver = Resolver(production())
    assert told[0].filename == __file__
    assert not solver.direct
    assert solver.resolve().objective == pytest.approx(12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not Resolver(production()).direct


@pytest.mark.usefixtures("forgetful")
def test_a_library_of_its_own_is_used_in_silence() -> None:
    there = direct.library() is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error" if there else "ignore")
        assert Resolver(production()).direct == there


@pytest.mark.parametrize("there", [True, False])
def test_a_plan_records_whether_there_is_one(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "library", lambda: direct.library() if there else None)
    plan = allocator.solve(round_of("programme,sector,pool,baseline\nA,x,NHS,10"))
    assert plan.solver["direct"] == (there and direct.library() is not None)
