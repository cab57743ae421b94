"""Every table of every example cut down in every way: a round or its problems, nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from examples import EXAMPLES, NAMES

import allocator
from allocator.instance.facts.facts import facts_of
from allocator.instance.instance import _checked
from allocator.instance.reading.files import Source
from allocator.instance.reading.reader import read_files

Files = dict[str, bytes]


def cut_down(content: bytes) -> Iterator[tuple[str, bytes | None]]:
    """What may be left of a table."""
    lines = content.split(b"\n")
    yield "empty", b""
    yield "one comma", b","
    yield "header only", lines[0] + b"\n"
    yield "absent", None
    yield "keys only", b"\n".join(line.split(b",")[0] for line in lines)
    yield "one row", b"\n".join(lines[:2]) + b"\n"


def tries(name: str) -> Iterator[tuple[str, Files]]:
    folder = EXAMPLES / name
    files = {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix in (".csv", ".toml")}
    for table in sorted(files):
        for how, content in cut_down(files[table]):
            changed = {**files, table: content}
            yield f"{table}: {how}", {k: v for k, v in changed.items() if v is not None}


def judged(files: Files) -> None:
    """Read, and make sure that there is a round or an error said in words."""
    draft, problems = read_files(Source(files=dict(files)))
    instance, problems, short = _checked(facts_of(draft), problems, "")
    assert (instance is None) == any(p.severity == "error" for p in problems)
    assert all(p.message.strip() for p in problems)
    if short is not None:
        assert all(way.least > 0 for way in allocator.shortfall(short))


def swept(name: str, every: int, start: int) -> None:
    for number, (what, files) in enumerate(tries(name)):
        if number % every == start % every:
            try:
                judged(files)
            except Exception as error:
                raise AssertionError(f"{name}, {what}: {error!r}") from error


@pytest.mark.parametrize("name", NAMES)
def test_tables_cut_down(name: str) -> None:
    swept(name, 5, NAMES.index(name))


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_every_table_cut_down_in_every_way(name: str) -> None:
    swept(name, 1, 0)
