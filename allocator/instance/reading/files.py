"""Opening an instance: the files of a folder, or of a zip of the folder."""

from __future__ import annotations

import stat
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from allocator.errors import Problem
from allocator.instance.tables.settings import SETTINGS_FILE
from allocator.words import Suggester, sentence

_LARGEST = 1_000_000_000
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


@dataclass
class Source:
    """Files of an instance as they lie on disk.

    Attributes
    ----------
    files : dict of str to bytes
        Content by lower-case file name: ``instance.toml`` and every ``.csv``.
    problems : list of Problem
        What could not be opened.
    unread : set of str
        Names of files that are there and could not be read.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)

    def add(self, name: str, content: bytes) -> None:
        """Keep a file, unless another one has the same name but for capitals."""
        key = name.lower()
        if key in self.files:
            self.refuse(key, f"there are two files named '{key}' that differ in capitals only.")
        else:
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
        if path.is_file():
            return _zip(path)
    except (OSError, ValueError) as error:
        source = Source()
        source.refuse(str(path), f"it cannot be opened ({error}).")
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
        if not _wanted(file.name) or file.is_dir():
            continue
        try:
            source.add(file.name, file.read_bytes())
        except OSError as error:
            source.refuse(file.name, f"the file cannot be read ({error.strerror or error}).")
    return source


def _zip(path: Path) -> Source:
    source = Source()
    try:
        with zipfile.ZipFile(path) as archive:
            _unpack(archive, path, source)
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
    for entry in unsafe:
        source.refuse(
            path.name,
            f"the zip holds '{entry.filename}', a name that points outside the folder or is a "
            "link; it is not opened.",
            entry.filename,
        )
    if unsafe:
        return
    if sum(e.file_size for e in entries) > _LARGEST:
        source.refuse(path.name, "the zip unpacks to more than 1 GB; it is not opened.")
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
            source.add(name.name, archive.read(entry))


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
