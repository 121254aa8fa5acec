"""Measure the cost of learning: decoding, updates and whole steps, against other implementations."""
