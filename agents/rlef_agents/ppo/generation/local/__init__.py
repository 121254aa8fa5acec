"""Our own decode loop, for determinism and small models."""
