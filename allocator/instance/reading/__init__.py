"""From bytes to rows and back."""
