"""Folders and files written completely or not at all.

What is new is written under a passing name beside its target and takes the target's place in one
step, so that at any moment, and after any end of the program, the old or the new one stands
under the name. Where the system cannot exchange two names, there is a moment between two steps
in which neither does: the old one is then whole under a name of its own, and whoever reads or
writes the target next puts it back (:func:`put_back`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Set
from contextlib import suppress
from pathlib import Path

from allocator.errors import UsageError
from allocator.instance.reading.exchange import exchanged
from allocator.instance.reading.sole import (
    left_over,
    passing_name,
    set_aside,
    sole_writer,
    unfinished,
)
from allocator.instance.reading.unbroken import unbroken

Ours = Callable[[Path], Set[str]]
"""``ours(folder)``: names in it that were written here, and may be deleted."""


def swap_folder(
    files: Mapping[str, str],
    folder: Path,
    ours: Ours,
    keep: Callable[[Path, Path], None] | None = None,
) -> None:
    """Put texts into a folder, all of them or none, in place of what was there.

    Parameters
    ----------
    files : mapping of str to str
        Text by file name.
    folder : pathlib.Path
        Folder to make or to replace; the caller has made sure that it may be.
    ours : callable
        ``ours(folder)`` names what in one that was written whole, lately or before, may be
        deleted; whatever else turns up in it by the time it is replaced is moved to the new one.
    keep : callable, optional
        ``keep(old, new)`` copies what is to stay from the folder that is there.

    Raises
    ------
    UsageError
        When the folder cannot be written; it is then as it was.
    """
    target = folder.resolve()
    new = passing_name(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with sole_writer(target.parent) as sole:
            if sole:
                _clear(target, ours)
            try:
                half = unfinished(new)
                half.mkdir()
                for name, text in files.items():
                    (half / name).write_text(text, encoding="utf-8", newline="")
                if keep is not None and target.exists():
                    keep(target, half)
                with unbroken():
                    half.rename(new)
                    _put(new, target)
            finally:
                with unbroken():
                    _tidy(new, target, lambda gone: ours(gone) | files.keys())
    except OSError as error:
        old = set_aside(new)
        lost = f" What was there is whole in {old}." if old.exists() else ""
        raise UsageError(f"{folder} cannot be written: {_why(error)}.{lost}") from error


def write_file(pieces: Iterable[bytes], path: Path) -> None:
    """Write a file, all of it or nothing, in place of what was there.

    Raises
    ------
    UsageError
        When it cannot be written; what was there is then as it was.
    """
    target = path.resolve()
    new = passing_name(target)
    try:
        with sole_writer(target.parent) as sole:
            for item in left_over(target) if sole else ():
                with suppress(OSError):
                    item.unlink()
            try:
                with new.open("wb") as file:
                    file.writelines(pieces)
                new.replace(target)
            finally:
                new.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {_why(error)}.") from error


def put_back(folder: Path) -> None:
    """Give a folder that is gone its name again, where a writer was killed between two steps."""
    with suppress(
        OSError, ValueError, RuntimeError
    ):  # whoever wants the folder says what is wrong with it
        target = folder.resolve()
        if target.exists() or not target.parent.is_dir():
            return
        with sole_writer(target.parent) as sole:
            if sole:
                _restore(target)


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def _restore(target: Path) -> None:
    for item in left_over(target):
        if item.name.endswith("-old") and not target.exists():
            item.rename(target)


def _clear(target: Path, ours: Ours) -> None:
    """Put back or delete what writers that were killed have left."""
    _restore(target)
    for item in left_over(target):
        if item.name.endswith("-new"):
            shutil.rmtree(item, ignore_errors=True)
        else:
            _discard(item, target, ours)


def _put(new: Path, target: Path) -> None:
    """Give a folder its name; what had the name is then under a passing one."""
    if not target.exists():
        new.rename(target)
    elif not exchanged(new, target):
        target.rename(set_aside(new))
        new.rename(target)


def _tidy(new: Path, target: Path, ours: Ours) -> None:
    """Leave nothing but the target, new or as it was, however far it came."""
    old = set_aside(new)
    if old.exists() and not target.exists():
        old.rename(target)
    shutil.rmtree(unfinished(new), ignore_errors=True)
    for gone in (new, old):
        _discard(gone, target, ours)


def _discard(gone: Path, target: Path, ours: Ours) -> None:
    """Delete a folder that is in nobody's way; what is not `ours` in it moves to the target."""
    with suppress(OSError):  # what stays is cleared by the next writer
        known = ours(gone)
        for item in list(gone.iterdir()):
            place = target / item.name
            if item.name not in known and target.is_dir() and not place.exists():
                item.rename(place)
            elif item.is_dir() and not item.is_symlink():
                shutil.rmtree(item)
            else:
                item.unlink()
        gone.rmdir()
