"""The successive solves behind a plan: reference, best, fewest pounds moved."""
