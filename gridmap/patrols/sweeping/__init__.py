"""Streets to be swept whole by some teams, and areas to divide between them."""
