"""What to expect next week or month in each cell, and the proof of it."""
