"""Result files: append-only JSON lines, each complete or not there, each known by its key."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Line = dict[str, Any]
Key = tuple[str, str, int, int]

STATUSES = (
    "verified-optimal",
    "feasible-at-limit",
    "soft-time-out",
    "hard-time-out",
    "out-of-memory",
    "crash",
    "unsupported",
    "licence-limit",
    "missing",
    "infeasible",
    "unbounded",
    "wrong",
    "error",
)
"""Everything a run can come to."""

NOT_TRIED = ("unsupported", "licence-limit", "missing")
"""The solver never worked on the programme: says nothing about how good it is."""

TRY_AGAIN = ("missing", "licence-limit")
"""What may have changed by the next session: run again, the later line counts."""

SHA256 = re.compile(r"[0-9a-f]{64}")


class BadResults(Exception):
    """A result file that cannot be relied on, with the place and the fix."""


@dataclass
class Results:
    """What a result file holds.

    Attributes
    ----------
    lines : list of dict
        One a key, in the order of the file.
    environments : dict of str to dict
        Machine and versions, by the id that lines carry.
    sessions : list of dict
        What was asked for, one entry a session, oldest first.
    notes : list of str
        What was put right on reading, for people.
    """

    lines: list[Line] = field(default_factory=list)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def key_of(line: Line) -> Key:
    """Key of a line: hash of the programme, everything asked for, permutation and repeat."""
    asked = line.get("asked") or {
        name: line.get(name) for name in ("solver", "layer", "options", "threads")
    }
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    return line["problem"]["sha256"], text, line["permutation"], line["repeat"]


def name_of(problem: dict[str, Any]) -> str:
    """Family, size and seed of a line's programme."""
    return f"{problem['family']}-{problem['size']}-{problem['seed']}"


def read(path: Path) -> Results:
    """Read a result file.

    A half-written last line (the machine stopped in the middle of it) is left out and said;
    anything else that is not a whole, identified result is refused.

    Raises
    ------
    BadResults
        With file, line and fix.
    """
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise BadResults(f"{path}: cannot be read ({fault.strerror}).") from None
    found = Results()
    held: dict[Key, tuple[int, Line]] = {}
    hashes: dict[str, tuple[int, str]] = {}
    for number, record in _records(path, content, found.notes):
        if "environment" in record:
            found.environments[str(record.get("id"))] = record["environment"]
            if record.get("session"):
                found.sessions.append({**record["session"], "environment_id": record.get("id")})
            continue
        _check(path, number, record)
        _check_hash(path, number, record["problem"], hashes)
        _hold(path, number, record, held, found.notes)
    found.lines = [line for _, line in sorted(held.values(), key=lambda entry: entry[0])]
    return found


def _records(path: Path, content: bytes, notes: list[str]) -> Iterator[tuple[int, Line]]:
    whole, tail = _split(content)
    for number, text in enumerate(whole, start=1):
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            raise BadResults(
                f"{path}, line {number}: not a JSON object. Restore the file, or remove the line"
                " if you know how it got there."
            )
        yield number, record
    if tail:
        notes.append(f"{path}: half-written last line left out ({len(tail)} bytes)")


def _split(content: bytes) -> tuple[list[bytes], bytes]:
    """Complete lines and what is left after them, if that is not a complete record."""
    *whole, tail = content.split(b"\n")
    if tail:
        try:
            json.loads(tail)
        except ValueError:
            return whole, tail
        whole.append(tail)
    return whole, b""


def _check(path: Path, number: int, line: Line) -> None:
    problem = line.get("problem")
    where = f"{path}, line {number}"
    if not isinstance(problem, dict) or not SHA256.fullmatch(str(problem.get("sha256"))):
        raise BadResults(
            f"{where}: no SHA-256 of the programme, so nobody can tell what was solved."
            " Only files written by `python -m benchmarks run` can be reported or compared."
        )
    for name in ("family", "size", "seed", "rows", "columns", "nonzeros", "integers"):
        if name not in problem:
            raise BadResults(f"{where}: the programme has no {name}.")
    if line.get("status") not in STATUSES:
        raise BadResults(
            f"{where}: status {line.get('status')!r} is none of {', '.join(STATUSES)}."
        )
    for name in ("permutation", "repeat"):
        if not isinstance(line.get(name), int):
            raise BadResults(f"{where}: {name} must be a whole number.")
    if not (line.get("solver") or line.get("layer")):
        raise BadResults(f"{where}: neither solver nor layer is named.")


def _check_hash(
    path: Path, number: int, problem: dict[str, Any], hashes: dict[str, tuple[int, str]]
) -> None:
    name, sha256 = name_of(problem), problem["sha256"]
    first, known = hashes.setdefault(name, (number, sha256))
    if known != sha256:
        raise BadResults(
            f"{path}, line {number}: {name} is another programme here ({sha256[:12]}) than in line"
            f" {first} ({known[:12]}). Its generator changed between sessions: keep a file for"
            " each, and use `python -m benchmarks compare` between them."
        )


def _hold(
    path: Path, number: int, line: Line, held: dict[Key, tuple[int, Line]], notes: list[str]
) -> None:
    key = key_of(line)
    if key not in held:
        held[key] = (number, line)
        return
    first, before = held[key]
    if before == line:
        notes.append(f"{path}, line {number}: a copy of line {first}, left out")
    elif before["status"] in TRY_AGAIN:
        held[key] = (number, line)
    elif line["status"] not in TRY_AGAIN:
        raise BadResults(
            f"{path}, lines {first} and {number}: the same run twice with different results"
            f" ({name_of(line['problem'])}, {line.get('solver') or line.get('layer')}, permutation"
            f" {line['permutation']}, repeat {line['repeat']}). Files must not be joined by hand:"
            " keep them apart."
        )


def merged(parts: Iterable[tuple[str, Results]]) -> Results:
    """Several files as one: only from one machine, of the same programmes, no run twice.

    Raises
    ------
    BadResults
        Where putting them together would compare what cannot be compared.
    """
    whole = Results()
    keys: dict[Key, tuple[str, Line]] = {}
    hashes: dict[str, tuple[str, str]] = {}
    for name, part in parts:
        for line in part.lines:
            problem = line["problem"]
            first, known = hashes.setdefault(name_of(problem), (name, problem["sha256"]))
            if known != problem["sha256"]:
                raise BadResults(
                    f"{name_of(problem)} is another programme in {name} than in {first}:"
                    " report them apart."
                )
            other, before = keys.setdefault(key_of(line), (name, line))
            if before is line:
                whole.lines.append(line)
            elif before != line:
                raise BadResults(
                    f"{first} and {name} both hold {name_of(problem)} by"
                    f" {line.get('solver') or line.get('layer')}: report them apart, or compare"
                    f" them (python -m benchmarks compare {other} {name})."
                )
        whole.environments.update(part.environments)
        whole.sessions += part.sessions
        whole.notes += part.notes
    return whole


def one_machine(results: Results) -> None:
    """Refuse results from more than one environment: their times say nothing together.

    Raises
    ------
    BadResults
    """
    used = sorted({str(line.get("environment_id")) for line in results.lines})
    if len(used) > 1:
        raise BadResults(
            f"results of {len(used)} environments ({', '.join(used)}), whose times must not be"
            " averaged. Report each apart; `python -m benchmarks compare` sets two side by side."
        )


class Appender:
    """Writes lines to a result file: each in one call, flushed to the disk.

    A half-written last line is cut off first, and a lock keeps a second session out.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)

    def recover(self) -> int:
        """Cut off a half-written last line; return how many bytes that was."""
        content = self.path.read_bytes()
        _, tail = _split(content)
        if tail:
            os.ftruncate(self._file, len(content) - len(tail))
        elif content and not content.endswith(b"\n"):
            os.write(self._file, b"\n")
        return len(tail)

    def append(self, record: Line) -> None:
        """Write one record.

        Raises
        ------
        OSError
            The disk took only a part of it; the part is cut off by the next session.
        """
        text = json.dumps(record, sort_keys=True, allow_nan=False) + "\n"
        content = text.encode()
        if os.write(self._file, content) != len(content):
            raise OSError(f"{self.path}: a line was only written in part. Is the disk full?")
        os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Appender]:
        """Open for this session alone.

        Raises
        ------
        BadResults
            Another session is writing to it.
        """
        appender = cls(path)
        try:
            _lock(appender._file, path)
            yield appender
        finally:
            appender.close()


def plain(value: Any) -> Any:
    """The same in plain values: numbers that JSON cannot hold as None, anything else as text."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _lock(file: int, path: Path) -> None:
    """Lock a file until it is closed or the process ends, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, 0x7FFFFFFF, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise BadResults(
            f"{path}: another session is writing to it. Wait for it, or give another --out."
        ) from None
