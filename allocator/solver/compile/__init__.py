"""From rules to arrays."""

from allocator.solver.compile.start import start_pyomo

start_pyomo()
