"""What is wrong with a command, in words that say what was probably meant."""

from __future__ import annotations

import re
from typing import Any

import typer

from allocator.errors import UsageError
from allocator.words import Suggester

# typer does not export the base of its command-line errors.
CommandLineError: Any = typer.BadParameter.__mro__[2]

_CHOICE = re.compile(r"(?:Value error, )?'(?P<written>[^']*)' is not one of (?P<choices>'.*')\.?")


def usage_error(error: Exception) -> Exception:
    """An error of the command line in our own words; any other as it is."""
    if not isinstance(error, CommandLineError):
        return error
    said: Any = error
    message = _worded(said) or "Name a verb."
    where = said.ctx.command_path if said.ctx is not None else ""
    hint = f" Try '{where} --help'." if where else ""
    stop = "" if message.endswith((".", "?", "!")) else "."
    return UsageError(f"{message}{stop}{hint}")


def _worded(error: Any) -> str:
    message = str(error.format_message()).strip()
    option = getattr(error, "option_name", None)
    if option:
        written = str(option)
        known = [name for p in error.ctx.command.params for name in p.opts] if error.ctx else []
        return f"No such option: {written}. {_guess(written, known)}".strip()
    if message.startswith("Got unexpected extra argument"):
        return f"{message.rstrip('.')}; a name with spaces goes in quotes."
    choice = _CHOICE.search(message)
    if choice:
        written, choices = choice["written"], re.findall(r"'([^']*)'", choice["choices"])
        before = message[: choice.start()]
        listed = ", ".join(choices)
        return f"{before}'{written}' is not one of {listed}. {_guess(written, choices)}".strip()
    return message


def _guess(written: str, known: list[str]) -> str:
    found = Suggester(known)(written)
    return found[:1].upper() + found[1:]
