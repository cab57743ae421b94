"""What people and other programs read of a plan; knows instances and plans, no solver."""
