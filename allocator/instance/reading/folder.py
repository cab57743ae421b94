"""Folders written completely or not at all."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from allocator.errors import UsageError


def swap_folder(
    files: Mapping[str, str], folder: Path, keep: Callable[[Path, Path], None] | None = None
) -> None:
    """Put texts into a folder, all of them or none, in place of what was there.

    Parameters
    ----------
    files : mapping of str to str
        Text by file name.
    folder : pathlib.Path
        Folder to make or to replace; the caller has made sure that it may be.
    keep : callable, optional
        ``keep(old, new)`` copies what is to stay from the folder that is there.

    Raises
    ------
    UsageError
        When the folder cannot be written; it is then as it was.
    """
    target = folder.resolve()
    new = target.with_name(f".{target.name}-{uuid.uuid4().hex}")
    old = new.with_name(f"{new.name}-old")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        new.mkdir()
        for name, text in files.items():
            (new / name).write_text(text, encoding="utf-8", newline="")
        if target.exists():
            if keep is not None:
                keep(target, new)
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
