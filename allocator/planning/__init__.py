"""From an instance to a plan that has been checked."""
