"""From a Pyomo model to a trusted solution: compile, solve, certify."""
