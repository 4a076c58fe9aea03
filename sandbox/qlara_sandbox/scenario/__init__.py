"""Named starting points: a scenario file, checked, becomes a fresh world."""
