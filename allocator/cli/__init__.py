"""The command line: reads arguments, calls the library, prints.

Little is imported here, so that Ctrl-C is heard almost from the start.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from allocator.cli.ear import Ear
from allocator.cli.exits import Exit
from allocator.cli.output import begin, interrupted
from allocator.cli.streams import standard_streams

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the program's name; those of the process when left out, which is then about
        to end: nothing that asks it to changes its exit status any more.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    begin()
    with Ear(_work, last=arguments is None), standard_streams():
        try:
            status: int = _work(words)
        except KeyboardInterrupt:
            status = Exit.INTERRUPTED
        if status == Exit.INTERRUPTED:  # typer may have caught the interruption itself
            status = interrupted()
    return int(status)


def _work(words: list[str]) -> int:
    """The part of a command that may be interrupted."""
    from allocator.cli.app import run

    return run(words)
