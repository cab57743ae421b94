"""The Pyomo formulations, one file a constraint family."""
