"""Fail with a message of 20 MB, which somebody will show to the model."""
# Held by: its own end
raise ValueError("x" * 20_000_000)
