"""How good a solution is, and why there is none."""
