"""How fast the product is, against the solver underneath and against all others."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""Of the clone."""
