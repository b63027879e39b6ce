"""What was walked: positions, the streets they lie on, and what of a plan that is."""
