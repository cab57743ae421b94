"""Studies with a method of their own: overhead, decisions, structure."""
