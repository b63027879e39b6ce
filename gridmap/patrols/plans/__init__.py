"""Plans of patrols: what was asked, and the tours that the planner made of it."""
