"""Solvers, each behind one function that takes a problem, options and its specification."""

from benchmarks.suite.solvers.base import Options, Outcome, SolverSpec

__all__ = ["Options", "Outcome", "SolverSpec"]
