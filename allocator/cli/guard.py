"""From what went wrong to a short message and an exit status other programs rely on."""

from __future__ import annotations

import hashlib
import platform
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import allocator
from allocator.cli.exits import Exit
from allocator.errors import (
    AllocatorError,
    FiguresError,
    InstanceError,
    Problem,
    SolverError,
    UnsoundError,
    UsageError,
    VerificationError,
)


def failed(
    error: Exception, *, json: bool, debug: bool, every: bool = False, verb: str = ""
) -> Exit:
    """Report `error` and return the exit status it stands for.

    Parameters
    ----------
    error : Exception
        What a verb raised.
    json : bool
        Whether standard output gets the error as a JSON object.
    debug : bool
        Whether to show the traceback of a fault of ours.
    every : bool
        Whether to list every problem of an instance.
    verb : str
        What was asked for.
    """
    from allocator.cli.output import print_json, printer, say
    from allocator.cli.short import Short
    from allocator.report.files.record import error_record
    from allocator.report.text.problems import print_refused
    from allocator.words import shown

    problems, status = _problems(error)
    if isinstance(error, UnsoundError):
        problems = [_problem(f"{problems[0].message} {_written(error.bundle)}")]
    if debug:
        sys.stderr.write(shown("".join(traceback.format_exception(error))))
    short = Short(error if isinstance(error, InstanceError) and verb == "solve" else None)
    if json:
        print_json({**error_record(problems), **short.record()})
    if isinstance(error, InstanceError):
        missing = short.told(every=every)
        print_refused(problems, verb, printer(error=True), missing, every=every)
    else:
        for problem in problems:
            say(problem.message)
    if status == Exit.OUR_FAULT and not debug:
        say(f"{_versions()}. Run again with --debug for the traceback.")
    return status


def _written(bundle: bytes) -> str:
    """Where the zip to send us is, once it is there, or why it is not."""
    target = Path(f"allocator-fault-{hashlib.sha256(bundle).hexdigest()[:8]}.zip").absolute()
    part = target.with_suffix(".part")
    try:
        part.write_bytes(bundle)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        return f"The file to send us could not be written: {error}"
    return f"Please send us {target}: it holds the round and what was found."


def _problems(error: Exception) -> tuple[list[Problem], Exit]:
    if isinstance(error, InstanceError):
        return error.problems, Exit.BAD_INPUT
    if isinstance(error, UsageError):
        return [_problem(str(error))], Exit.BAD_INPUT
    if isinstance(error, VerificationError):
        message = f"Nothing here is a plan: the solution failed its independent check. {error}"
        return [_problem(message)], Exit.FAILED_CHECK
    if isinstance(error, FiguresError):
        return [_problem(f"Figures of this round are beyond any solver: {error}")], Exit.BAD_INPUT
    if isinstance(error, SolverError):
        return [_problem(f"The solver cannot be trusted here: {error}")], Exit.OUR_FAULT
    if isinstance(error, AllocatorError):
        return [_problem(str(error))], Exit.OUR_FAULT
    name = type(error).__name__
    message = f"A fault in allocator, not in your figures: {name}: {error}".rstrip(": ")
    return [_problem(message)], Exit.OUR_FAULT


def _problem(message: str) -> Problem:
    return Problem("", None, "", "", message)


def _versions() -> str:
    from importlib.metadata import PackageNotFoundError, version

    parts = [f"allocator {allocator.__version__}"]
    for package in ("pyomo", "highspy", "pandas"):
        try:
            parts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            parts.append(f"{package} not installed")
    return ", ".join([*parts, f"Python {platform.python_version()}", platform.platform()])


def asked(arguments: Sequence[str], option: str) -> bool:
    """Whether `option` is among `arguments`, whatever else may be wrong with them."""
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return option in before
