"""Start Pyomo without scipy.stats, which it imports for whoever has scipy and nobody here uses."""

from __future__ import annotations

import sys

import scipy.sparse  # noqa: F401  (there before Pyomo is, which would otherwise wait for it)


def start_pyomo() -> None:
    """Import Pyomo as if there were no scipy yet: a third of what a small solve takes.

    Pyomo looks for scipy among the modules that are loaded; where it finds it, it imports
    scipy.stats, scipy.spatial and scipy.integrate with it. Where it does not, it does so when
    it first wants scipy, as its tools for data do; nothing that is compiled here ever does.
    """
    if "pyomo.common.dependencies" in sys.modules:
        return
    scipy = sys.modules.pop("scipy")
    try:
        import pyomo.environ  # noqa: F401
    finally:
        sys.modules["scipy"] = scipy
