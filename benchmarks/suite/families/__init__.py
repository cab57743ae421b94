"""Families of programmes: why each is there, how it is drawn, what is known of it."""
