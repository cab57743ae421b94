"""Whatever is in the files: an instance or a list of problems, never anything else."""

from __future__ import annotations

import tempfile
from pathlib import Path

from base_round import FILES, write_round
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.instance.reading.reader import diagnose
from allocator.instance.reading.writer import write
from allocator.instance.tables.schema import TABLES

TABLE_FILES = sorted(name for name in FILES if name.endswith(".csv"))
NUMBERS = ["0", "-1", "1e-12", "1e25", "nan", "-inf", "£1,2", "12%", "1e308", "-1e308", "2025/26"]
WORDS = ["all", "growth", "min", "equal", "points", "logistic", "emergency", "NHS", "GP access"]
WORDS += [
    "Hub",
    "Ward",
    "exactly_one",
    "pace nursing",
    "none",
    "1 2",
    "requires",
    "close",
    "suspend",
]
WORDS += ["multiply", "unit_cost", "limit_max", "held_back", "max", "2026"]
CELLS = st.one_of(st.text(max_size=8), st.sampled_from([*NUMBERS, *WORDS, "", '"', "a\nb", ";"]))


def check(folder: Path) -> None:
    instance, problems = diagnose(folder)
    assert (instance is None) == any(p.severity == "error" for p in problems)
    for problem in problems:
        assert problem.message
        assert str(problem)
    if instance is not None:
        for name, table in TABLES.items():
            table.schema.validate(instance.tables[name])
        write(instance, folder / "copy")
        again, _ = diagnose(folder / "copy")
        assert again is not None
        assert again.sha256 == instance.sha256


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_random_cells(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_round(Path(scratch) / "round")
        for _ in range(data.draw(st.integers(1, 3))):
            file = folder / data.draw(st.sampled_from(TABLE_FILES))
            lines = [line.split(",") for line in file.read_text("utf-8").split("\n")]
            row = data.draw(st.integers(0, len(lines) - 1))
            column = data.draw(st.integers(0, len(lines[row]) - 1))
            lines[row][column] = data.draw(CELLS)
            text = "\n".join(",".join(line) for line in lines)
            file.write_text(text, encoding="utf-8", newline="")
        check(folder)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=6), st.floats(0, 1))
def test_random_bytes(name: str, junk: bytes, place: float) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_round(Path(scratch) / "round")
        content = (folder / name).read_bytes()
        cut = int(place * len(content))
        (folder / name).write_bytes(content[:cut] + junk + content[cut + len(junk) :])
        check(folder)


TOML_VALUES = st.recursive(
    st.one_of(
        st.sampled_from(["true", "nan", "-inf", "1e20", "2025", "2025-01-01", '"2025/26"', "0x10"]),
        st.integers().map(str),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.text(alphabet="ab£ 1%", max_size=4).map(lambda text: f'"{text}"'),
    ),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=4,
)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 8), TOML_VALUES)
def test_random_settings(entry: int, value: str) -> None:
    lines = FILES["instance.toml"].splitlines()
    lines[entry] = f"{lines[entry].split('=')[0]}= {value}"
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_round(Path(scratch) / "round")
        (folder / "instance.toml").write_text("\n".join(lines), encoding="utf-8")
        check(folder)
