"""Evaluate agents, compare runs, and report on them."""
