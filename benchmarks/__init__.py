"""How fast the modelling layer is, against the solver underneath."""
