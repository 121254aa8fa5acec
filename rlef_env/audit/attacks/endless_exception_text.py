"""Fail with a message of 12 MB, which somebody will show to the model."""
# Held by: its own end
raise ValueError("x" * 12_000_000)
