"""Solvers, each behind one function that takes a problem and gives an outcome."""
