"""Whatever is in the files: an instance or a list of problems, never anything else."""

from __future__ import annotations

import tempfile
from pathlib import Path

from base_round import FILES, write_round
from declared import assert_as_declared
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.instance.instance import diagnose, write
from allocator.instance.tables.schema import TABLES

TABLE_FILES = sorted(name for name in FILES if name.endswith(".csv"))
NUMBERS = ["0", "-1", "1e-12", "1e25", "nan", "-inf", "£1,2", "12%", "1e308", "-1e308", "2025/26"]
NAMES = "all growth min max equal points logistic emergency NHS Hub Ward exactly_one none requires"
NAMES += " close suspend multiply unit_cost limit_max held_back 2026"
WORDS = [*NAMES.split(), "GP access", "pace nursing", "1 2"]
CELLS = st.one_of(st.text(max_size=8), st.sampled_from([*NUMBERS, *WORDS, "", '"', "a\nb", ";"]))


def check(**changed: bytes) -> None:
    """Write the base round with some files changed, and read it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_round(Path(scratch) / "round")
        for name, content in changed.items():
            (folder / name).write_bytes(content)
        _diagnosed(folder)


def _diagnosed(folder: Path) -> None:
    instance, problems = diagnose(folder)
    assert (instance is None) == any(p.severity == "error" for p in problems)
    for problem in problems:
        assert problem.message
        assert str(problem)
    if instance is not None:
        for name, table in TABLES.items():
            assert_as_declared(table, instance.tables[name])
        write(instance, folder / "copy")
        again, _ = diagnose(folder / "copy")
        assert again is not None
        assert again.sha256 == instance.sha256


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_random_cells(data: st.DataObject) -> None:
    files = dict(FILES)
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(TABLE_FILES))
        lines = [line.split(",") for line in files[name].split("\n")]
        row = data.draw(st.integers(0, len(lines) - 1))
        column = data.draw(st.integers(0, len(lines[row]) - 1))
        lines[row][column] = data.draw(CELLS)
        files[name] = "\n".join(",".join(line) for line in lines)
    check(**{name: text.encode() for name, text in files.items() if text != FILES[name]})


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=6), st.floats(0, 1))
def test_random_bytes(name: str, junk: bytes, place: float) -> None:
    content = FILES[name].encode()
    cut = int(place * len(content))
    check(**{name: content[:cut] + junk + content[cut + len(junk) :]})


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
    check(**{"instance.toml": "\n".join(lines).encode()})
