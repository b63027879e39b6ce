"""The life of an incident as a case: intake, steps, deadlines, lists and rates."""
