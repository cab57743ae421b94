"""What follows from the tables of an instance."""
