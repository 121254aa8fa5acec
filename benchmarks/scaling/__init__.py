"""Simulate judges, owners and learners at sizes that nobody here has, from measured costs."""
