"""What could hang, overflow or run away: refused at once, in words."""

from __future__ import annotations

import os
import socket
import zipfile
from pathlib import Path
from typing import Any

import pytest
from base_round import FILES, write_round
from small import A, round_of, solved

from allocator.errors import InstanceError, Problem
from allocator.instance.instance import diagnose, from_tables, read
from allocator.instance.reading import files

CASES = Path(__file__).parents[1] / "cases"


def errors(path: Path) -> list[Problem]:
    instance, problems = diagnose(path)
    assert instance is None
    return [p for p in problems if p.severity == "error"]


# What is no plain file


def pipe(path: Path) -> None:
    os.mkfifo(path)


def bound(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


KINDS: dict[str, Any] = {
    "a pipe": pipe,
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "socket": bound,
    "loop": lambda path: path.symlink_to(path.name),
    "nothing": lambda path: path.symlink_to("nowhere.csv"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["use.csv", "instance.toml"])
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    folder = write_round(tmp_path)
    (folder / name).unlink()
    KINDS[kind](folder / name)
    assert [p.table for p in errors(folder)] == [name]


@pytest.mark.parametrize("kind", ["a pipe", "a device", "loop", "nothing"])
def test_a_path_that_is_no_plain_file_is_refused(tmp_path: Path, kind: str) -> None:
    KINDS[kind](tmp_path / "round.zip")
    (problem,) = errors(tmp_path / "round.zip")
    assert problem.message


def test_files_of_other_tables_are_not_opened(tmp_path: Path) -> None:
    folder = write_round(tmp_path)
    os.mkfifo(folder / "Programms.csv")
    (problem,) = errors(folder)
    assert "there is no table 'Programms'" in problem.message


# Sizes


def test_a_file_larger_than_any_round(tmp_path: Path) -> None:
    folder = write_round(tmp_path)
    with (folder / "use.csv").open("ab") as file:
        file.truncate(files.LARGEST + 1)
    (problem,) = errors(folder)
    assert "larger than any round" in problem.message


def packed(path: Path, **more: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**FILES, **more}.items():
            archive.writestr(name, text)
    return path


def test_a_zip_that_unpacks_without_end(tmp_path: Path) -> None:
    path = packed(tmp_path / "round.zip", **{"use.csv": "\n" * (files.LARGEST + 1)})
    assert path.stat().st_size < files.LARGEST / 100
    (problem,) = errors(path)
    assert "larger than any round" in problem.message


def test_what_is_not_read_of_a_zip_may_be_large(tmp_path: Path) -> None:
    path = packed(tmp_path / "round.zip", **{"guide.pdf": "x" * (files.LARGEST + 1)})
    assert read(path).sha256 == read(write_round(tmp_path / "round")).sha256


def test_a_zip_with_a_password_or_a_file_twice(tmp_path: Path) -> None:
    path = packed(tmp_path / "round.zip")
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(content)
    (problem,) = errors(path)
    assert "needs a password" in problem.message
    twice = packed(tmp_path / "twice.zip", **{"Use.csv": FILES["use.csv"]})
    (problem,) = errors(twice)
    assert "two files named 'use.csv'" in problem.message


def test_a_header_without_end(tmp_path: Path) -> None:
    (problem,) = errors(write_round(tmp_path, use=",".join(map(str, range(100_000)))))
    assert "the header has 100000 columns" in problem.message


def test_unknown_columns_and_entries_are_not_all_told(tmp_path: Path) -> None:
    header = ",".join(["programme", "resource", "per_unit", *(f"x{n}" for n in range(900))])
    settings = FILES["instance.toml"] + "".join(f"x{n} = {n}\n" for n in range(900))
    assert len(errors(write_round(tmp_path, use=header + "\n", settings=settings))) < 60


@pytest.mark.parametrize("entry", ["x", "years", "name", "saving_value"])
@pytest.mark.parametrize(
    "value",
    ["[" * 5000 + "]" * 5000, "9" * 5000, "0x" + "f" * 5000, "1" + "0" * 400, "{a={a=1}}", "1e999"],
)
def test_settings_without_end(tmp_path: Path, entry: str, value: str) -> None:
    found = errors(write_round(tmp_path, settings={entry: value}))
    assert found
    assert all(len(p.message) < 600 for p in found)


def test_names_nested_without_end(tmp_path: Path) -> None:
    deep = FILES["instance.toml"] + ".".join(["a"] * 20_000) + " = 1\n"
    assert errors(write_round(tmp_path, settings=deep))


def test_thousands_of_years() -> None:
    settings = {"name": "Test", "base_year": 2024, "years": list(range(2025, 9000))}
    with pytest.raises(InstanceError, match="6,975 years are more than a plan may have, 200"):
        from_tables(settings, {})


# Figures that time makes too small or too large


def test_an_effect_that_has_faded_is_none() -> None:
    instance = read(CASES / "long-fade-refused")
    assert len(instance.settings.years) == 60
    assert solved(instance).verified


@pytest.mark.parametrize("uplift", [0.25, -0.25])
def test_prices_that_leave_all_reach(uplift: float) -> None:
    years = tuple(range(2025, 2225))
    with pytest.raises(InstanceError) as raised:
        round_of(A, years=years, settings={"cost_uplift": uplift})
    (problem,) = [p for p in raised.value.problems if p.severity == "error"]
    assert (problem.table, problem.column) == ("instance.toml", "cost_uplift")
    with pytest.raises(InstanceError) as raised:
        round_of(f"{A.splitlines()[0]},cost_uplift\na,s,NHS,100,{uplift}", years=years)
    found = [(p.table, p.column) for p in raised.value.problems if p.severity == "error"]
    assert found == [("programmes", "cost_uplift")]
