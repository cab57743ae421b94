"""A solution that fails its check twice is no plan, but an error with what shows why."""

from __future__ import annotations

import io
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small import A, round_of

import allocator
from allocator.cli.guard import Exit, failed
from allocator.errors import UnsoundError
from allocator.planning import attempt


def test_no_plan_comes_of_it_and_the_round_is_packed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real, asked = attempt.certify, []

    def certify(*parts: Any) -> Any:
        asked.append(parts)
        return replace(real(*parts), verified=False)

    monkeypatch.setattr(attempt, "certify", certify)
    with pytest.raises(UnsoundError, match="There is no plan") as caught:
        allocator.solve(
            round_of(A.replace("\na,", "\n=a,"), responses="programme,outcome,per_unit\n=a,QALY,1")
        )
    assert len(asked) == 2  # a second solver was asked
    error = pickle.loads(pickle.dumps(caught.value))
    packed = zipfile.ZipFile(io.BytesIO(error.bundle))
    names = packed.namelist()
    for table in ("round/programmes.csv", "found/allocation.csv"):
        assert "'=a" in packed.read(table).decode()  # no spreadsheet runs it
    assert {"round/programmes.csv", "found/allocation.csv", "solve.json"} <= set(names)
    monkeypatch.chdir(tmp_path)
    assert failed(error, json=False, debug=False) == Exit.OUR_FAULT
    (written,) = tmp_path.iterdir()
    assert written.read_bytes() == error.bundle
    said = "".join(capsys.readouterr().err.split())
    assert written.name in said
