"""The parser, and from words to an exit status."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import allocator
from allocator.cli.check import check
from allocator.cli.compare import compare
from allocator.cli.describe import describe
from allocator.cli.ear import heard
from allocator.cli.evaluate import evaluate
from allocator.cli.exits import Exit
from allocator.cli.export import export
from allocator.cli.guard import asked, failed
from allocator.cli.new import new
from allocator.cli.output import say
from allocator.cli.solve import solve
from allocator.cli.streams import Unwritable, into_nothing
from allocator.cli.usage import usage_error
from allocator.errors import AllocatorError

app = typer.Typer(
    help="Allocates a care system's fixed budget and proves the plan is the best.",
    epilog="Exit status: 0 done and verified, 1 a fault of ours, 2 bad input or usage, "
    "3 proved infeasible, 4 stopped at a limit or interrupted with a plan, 5 a plan failed its "
    "check, 130 interrupted without one.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run(words: list[str]) -> int:
    """Run the command that some words are and return its exit status.

    Raises
    ------
    KeyboardInterrupt
        When it was interrupted.
    """
    try:
        try:
            status = app(words, prog_name="allocator", standalone_mode=False) or Exit.DONE
            sys.stdout.flush()
        except (BrokenPipeError, Unwritable):
            raise
        except typer.Abort:
            raise KeyboardInterrupt from None
        except Exception as error:
            if heard() and not isinstance(error, AllocatorError):
                raise KeyboardInterrupt from None
            told = usage_error(error)
            debug, every = asked(words, "--debug"), asked(words, "--all")
            verb = next((word for word in words if not word.startswith("-")), "")
            as_json = asked(words, "--json")
            status = failed(told, json=as_json, debug=debug, every=every, verb=verb)
    except BrokenPipeError:
        into_nothing(sys.stdout)
        status = Exit.NO_READER
    except Unwritable as why:
        into_nothing(sys.stdout)
        say(f"Standard output cannot be written: {why}.")
        status = Exit.OUR_FAULT
    return int(status)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"allocator {allocator.__version__}")
        raise typer.Exit


@app.callback()
def _allocator(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Options that go before a verb."""


for verb in (check, solve, evaluate, compare, export, describe, new):
    app.command(verb.__name__)(verb)
