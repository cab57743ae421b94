"""What a table of an instance is."""
