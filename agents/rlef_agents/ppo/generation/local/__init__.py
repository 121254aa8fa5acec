"""Generation by a decode loop of our own, for determinism and small models."""
