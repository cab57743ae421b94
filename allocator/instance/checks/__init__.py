"""What may be wrong with an instance."""
