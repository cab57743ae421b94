"""A drawn country: places, service lines and policy of any size, from a seed."""
