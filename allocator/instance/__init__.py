"""Tables of an instance: what they hold, reading, checking and writing them."""
