"""Words and figures as planners write them."""
