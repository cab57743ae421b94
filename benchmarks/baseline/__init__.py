"""What continuous integration runs, and what came of it: ``python -m benchmarks.baseline``."""
