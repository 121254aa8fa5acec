"""Fail with a message of 12 MB, which the feedback might show."""
# Stopped by: runtime error
raise ValueError("x" * 12_000_000)
