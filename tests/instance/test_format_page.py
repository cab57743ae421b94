"""The format page and the starter instance stay true to the schema."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from allocator.errors import UsageError
from allocator.instance.instance import diagnose
from allocator.instance.reading.format_page import render
from allocator.instance.reading.starter import write_starter
from allocator.instance.tables.legal import REFUSED
from allocator.instance.tables.schema import TABLES
from allocator.instance.tables.settings import SETTINGS

BROKEN = Path(__file__).with_name("broken")
PAGE = Path(__file__).parents[2] / "instances" / "FORMAT.md"


def test_the_page_is_made_from_the_schema() -> None:
    assert PAGE.read_text(encoding="utf-8") == render()


def test_the_page_names_everything() -> None:
    page = render()
    for name, table in TABLES.items():
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        for column in table.columns.values():
            assert f"`{column.name}`" in section
            assert column.meaning in section
    for setting in SETTINGS.values():
        assert setting.meaning in page


def test_what_is_refused_is_in_the_page_and_in_the_broken_rounds() -> None:
    """Every table that refuses something has broken rounds, and the page says so."""
    page = render().split("## What is refused\n")[1]
    for table, every in REFUSED.items():
        for words in every:
            assert f"| `{table}` | {words} |" in page
        errors = [
            entry
            for path in BROKEN.glob("*.toml")
            for entry in tomllib.loads(path.read_text(encoding="utf-8")).values()
            if "warning" not in entry and table in str(entry)
        ]
        assert len(errors) >= len(every), table


def test_the_starter_reads_clean(tmp_path: Path) -> None:
    write_starter(tmp_path / "starter")
    instance, problems = diagnose(tmp_path / "starter")
    assert instance is not None, problems
    assert [p.message[:11] for p in problems] == ["1 programme"]
    assert (instance.programmes["status"] == "assumed").all()


def test_the_starter_explains_every_entry(tmp_path: Path) -> None:
    write_starter(tmp_path / "starter")
    text = (tmp_path / "starter" / "instance.toml").read_text()
    for setting in SETTINGS.values():
        assert f"# {setting.meaning}" in text
        assert f"{setting.name} = " in text


def test_the_starter_never_overwrites(tmp_path: Path) -> None:
    write_starter(tmp_path / "starter")
    with pytest.raises(UsageError):
        write_starter(tmp_path / "starter")
