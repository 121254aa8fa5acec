"""Measurements behind the figures that the project states. Each module is run by itself: see README.md here."""
