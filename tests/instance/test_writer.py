"""Writing: a round trip keeps the instance, and a folder is written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from base_round import write_round

from allocator.errors import UsageError
from allocator.instance.instance import read, write
from allocator.instance.reading import writer


def test_round_trip(tmp_path: Path) -> None:
    folder = write_round(
        tmp_path / "round",
        settings={"notes": '"a \\"quoted\\" line\\nand more \\\\"'},
        programmes={"GP access": {"contract": '"GMS, ""core"""'}},
        contracts={"GMS": {"contract": '"GMS, ""core"""'}},
        responses={"Planned operations": {"per_unit": "0.1234567890123456"}},
    )
    instance = read(folder)
    write(instance, tmp_path / "copy")
    copy = read(tmp_path / "copy")
    assert copy.sha256 == instance.sha256
    assert copy.settings == instance.settings


def test_empty_tables_and_usual_columns_are_left_out(tmp_path: Path) -> None:
    instance = read(write_round(tmp_path / "round"))
    instance = instance.replace(transfers=instance.transfers.iloc[:0])
    write(instance, tmp_path / "copy")
    assert not (tmp_path / "copy" / "transfers.csv").exists()
    header = (tmp_path / "copy" / "use.csv").read_text().splitlines()[0]
    assert header == "programme,resource,per_unit"
    assert read(tmp_path / "copy").sha256 == instance.sha256


def test_an_existing_instance_is_kept_unless_asked(tmp_path: Path) -> None:
    folder = write_round(tmp_path / "round")
    (folder / "README.md").write_text("mine")
    (folder / "data").mkdir()
    (folder / "data" / "raw.csv").write_text("1")
    instance = read(folder).replace(name="Changed")
    with pytest.raises(UsageError, match="already holds an instance"):
        write(instance, folder)
    assert read(folder).settings.name != "Changed"
    instance = instance.replace(transfers=instance.transfers.iloc[:0])
    write(instance, folder, overwrite=True)
    assert read(folder).sha256 == instance.sha256
    assert (folder / "README.md").read_text() == "mine"
    assert (folder / "data" / "raw.csv").read_text() == "1"


def test_other_folders_are_never_overwritten(tmp_path: Path) -> None:
    instance = read(write_round(tmp_path / "round"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match="is no instance"):
        write(instance, other, overwrite=True)
    with pytest.raises(UsageError, match="is a file"):
        write(instance, other / "thesis.txt", overwrite=True)
    assert [p.name for p in other.iterdir()] == ["thesis.txt"]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    instance = read(write_round(tmp_path / "round"))
    (tmp_path / "empty").mkdir()
    write(instance, tmp_path / "empty")
    write(instance, tmp_path / "new" / "deep")
    assert read(tmp_path / "empty").sha256 == read(tmp_path / "new" / "deep").sha256


def test_nothing_is_left_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_round(tmp_path / "round")
    before = read(folder).sha256
    real = Path.write_text

    def full(self: Path, *args: object, **kwargs: object) -> int:
        if self.name == "rules.csv":
            raise OSError("no space left")
        return real(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(writer.Path, "write_text", full)
    with pytest.raises(UsageError, match="no space left"):
        write(read(folder), tmp_path / "copy")
    with pytest.raises(UsageError, match="no space left"):
        write(read(folder), folder, overwrite=True)
    monkeypatch.undo()
    assert read(folder).sha256 == before
    assert [p.name for p in tmp_path.iterdir()] == ["round"]
