"""Opening an instance: the files of a folder, or of a zip of the folder."""

from __future__ import annotations

import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from allocator.errors import Problem
from allocator.instance.tables.schema import TABLES
from allocator.instance.tables.settings import SETTINGS_FILE
from allocator.words import Suggester, brief, sentence

LARGEST = 100_000_000
"""Bytes that the files of an instance may have together: hundreds of times a large round."""

_LARGEST_SETTINGS = 1_000_000
_ENCRYPTED = 0x1
_MOST_NAMED = 20
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISDIR, "a folder"),
)


class _Refused(Exception):
    """Why a file is not read."""


@dataclass
class Source:
    """Files of an instance as they lie on disk.

    Attributes
    ----------
    files : dict of str to bytes
        Content by lower-case file name: ``instance.toml`` and every ``.csv``.
    others : set of str
        Names of CSVs that are no table of the format; they are not read.
    problems : list of Problem
        What could not be opened.
    unread : set of str
        Names of files that are there and could not be read.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    def add(self, name: str, size: int, read: Callable[[int], bytes]) -> None:
        """Keep a file of some size, unless another one has the same name but for capitals.

        ``read(most)`` gives its bytes, no more than so many.
        """
        key = name.lower()
        if key in self.files:
            self.refuse(key, f"there are two files named '{key}', in whatever capitals.")
            return
        if key != SETTINGS_FILE and key.removesuffix(".csv") not in TABLES:
            self.others.add(name[: -len(".csv")])
            return
        most = min(
            _LARGEST_SETTINGS if key == SETTINGS_FILE else LARGEST,
            LARGEST - sum(map(len, self.files.values())),
        )
        if size > most:
            raise _Refused(_too_large(key))
        content = read(most + 1)
        if len(content) > most:
            raise _Refused(_too_large(key))
        self.files[key] = content

    def refuse(self, name: str, message: str, value: str = "", suggestion: str = "") -> None:
        """Note a file that cannot be used."""
        self.problems.append(Problem(name, None, "", value, message, suggestion))
        self.unread.add(name.lower())


def open_source(path: Path) -> Source:
    """Load the files of the instance at `path`, a folder or a zip; never raises."""
    try:
        if path.is_dir():
            return _folder(path)
        if path.exists() or path.is_symlink():
            return _zip(path)
    except (OSError, ValueError) as error:
        source = Source()
        reason = getattr(error, "strerror", None) or error
        source.refuse(str(path), f"it cannot be opened ({reason}).")
        return source
    return _nothing(path)


def _wanted(name: str) -> bool:
    lower = name.lower()
    return not name.startswith(".") and (lower == SETTINGS_FILE or lower.endswith(".csv"))


def _nothing(path: Path) -> Source:
    source = Source()
    try:
        beside = [p.name for p in path.parent.iterdir() if p.is_dir() or p.suffix == ".zip"]
    except (OSError, ValueError):
        beside = []
    suggestion = Suggester(beside)(path.name)
    statement = "there is no such folder or zip"
    source.refuse(str(path), sentence(statement, suggestion), str(path), suggestion)
    return source


def _folder(path: Path) -> Source:
    source = Source()
    for file in sorted(path.iterdir()):
        if not _wanted(file.name):
            continue
        if _unknown(file.name):
            source.others |= set() if file.is_dir() else {file.name[: -len(".csv")]}
            continue
        try:
            with plain_file(file) as (content, size):
                source.add(file.name, size, content.read)
        except _Refused as error:
            source.refuse(file.name, f"{error}.")
        except OSError as error:
            source.refuse(file.name, f"the file cannot be read ({error.strerror or error}).")
    return source


def _unknown(name: str) -> bool:
    return name.lower().removesuffix(".csv") not in TABLES and name.lower() != SETTINGS_FILE


@contextmanager
def plain_file(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """An open file and its size; what is no plain file is refused and never waited for."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as content:
        about = os.fstat(content.fileno())
        for kind, what in _KINDS:
            if kind(about.st_mode):
                raise _Refused(f"it is {what}, not a file")
        yield content, about.st_size


def read_plain(path: Path) -> bytes:
    """Bytes of a CSV that stands by itself.

    Raises
    ------
    OSError
        When it cannot be read, is no plain file or is too large; it says why.
    """
    try:
        with plain_file(path) as (content, size):
            if size > LARGEST:
                raise _Refused(_too_large(path.name))
            return content.read(LARGEST)
    except _Refused as error:
        raise OSError(str(error)) from None


def _too_large(name: str) -> str:
    return (
        f"with '{name}' the files are larger than any round ({LARGEST / 1e6:.0f} MB for all "
        f"tables, {_LARGEST_SETTINGS / 1e6:.0f} MB for {SETTINGS_FILE}); it is not read"
    )


def _zip(path: Path) -> Source:
    source = Source()
    try:
        with plain_file(path) as (content, size):
            if size > LARGEST:
                raise _Refused(_too_large(path.name))
            with zipfile.ZipFile(content) as archive:
                _unpack(archive, path, source)
    except _Refused as error:
        source = Source()
        source.refuse(path.name, f"{error}.", str(path))
    except _ZIP_ERRORS as error:
        source = Source()
        source.refuse(
            path.name,
            f"it is neither a folder nor a zip that can be opened ({error}); an instance is a "
            "folder with instance.toml and one CSV a table, or a zip of that folder.",
            str(path),
        )
    return source


def _unpack(archive: zipfile.ZipFile, path: Path, source: Source) -> None:
    entries = [e for e in archive.infolist() if not e.is_dir()]
    if any(e.filename == "xl/workbook.xml" for e in entries):
        source.refuse(
            path.name,
            "Excel workbooks are not supported yet; save each sheet as a CSV in one folder.",
            str(path),
        )
        return
    unsafe = [e for e in entries if _unsafe(e)]
    for entry in unsafe[:_MOST_NAMED]:
        source.refuse(
            path.name,
            f"the zip holds '{brief(entry.filename)}', a name that points outside the folder or "
            "is a link; it is not opened.",
            entry.filename,
        )
    if unsafe:
        return
    root = _root(entries)
    if root is None:
        source.refuse(
            path.name, "the zip holds several folders with tables; zip one instance folder."
        )
        return
    for entry in entries:
        name = PurePosixPath(entry.filename)
        if name.parent == root and _wanted(name.name):
            if entry.flag_bits & _ENCRYPTED:
                raise _Refused(f"'{entry.filename}' needs a password; zip the folder without one")
            source.add(name.name, entry.file_size, partial(_taken, archive, entry))


def _taken(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    with archive.open(entry) as content:
        return content.read(most)


def _unsafe(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename
    outside = name.startswith("/") or "\\" in name or ":" in name.split("/")[0]
    link = stat.S_ISLNK(entry.external_attr >> 16)
    return outside or link or ".." in PurePosixPath(name).parts


def _root(entries: list[zipfile.ZipInfo]) -> PurePosixPath | None:
    """Folder of the zip that holds the instance; None when that is not clear."""
    names = [PurePosixPath(e.filename) for e in entries]
    names = [n for n in names if n.parts[0] != "__MACOSX" and _wanted(n.name) and len(n.parts) <= 2]
    parents = {n.parent for n in names}
    with_settings = {n.parent for n in names if n.name.lower() == SETTINGS_FILE}
    top = PurePosixPath(".")
    for candidates in (with_settings, parents):
        if top in candidates or not parents:
            return top
        if len(candidates) == 1:
            return candidates.pop()
    return None
