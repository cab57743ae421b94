"""``python -m allocator``: the command line."""

import sys

from allocator.cli import main

if __name__ == "__main__":
    sys.exit(main())
