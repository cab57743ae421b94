"""Programmes written as files for other solvers."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.suite.export import main
from benchmarks.suite.families.registry import FAMILIES
from benchmarks.suite.mps import read_mps


@pytest.mark.parametrize("packed", [False, True])
def test_every_bit_can_be_read_back(
    packed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--family", "knapsack,adopt", "--size", "XS,S", "--seed", "3", "--out", str(tmp_path)]
    assert main([*words, "--gzip"] if packed else words) == 0
    told = capsys.readouterr().out
    for family in ("knapsack", "adopt"):
        for size in ("XS", "S"):
            made = FAMILIES[family].make(size, 3)
            held = read_mps(tmp_path / f"{family}-{size}-3.mps{'.gz' if packed else ''}")
            assert held.sha256 == made.sha256
            assert held.optimum == made.optimum is not None
            assert made.sha256 in told
    assert len(list(tmp_path.iterdir())) == 4


def test_what_is_not_there_is_refused_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert main(["--family", "knapsak", "--out", str(folder)]) == 2
    assert "no family knapsak. Did you mean knapsack?" in capsys.readouterr().err
    assert main(["--family", "england", "--size", "XL", "--out", str(folder)]) == 2
    assert "no such size (england: M)" in capsys.readouterr().err
    assert not folder.exists()


def test_a_conflict_that_is_known_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--family", "overspent", "--out", str(tmp_path)]) == 0
    assert "infeasible" in capsys.readouterr().out
