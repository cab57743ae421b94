"""The command line: reads arguments, calls the library, prints."""

from allocator.cli.app import main

__all__ = ["main"]
