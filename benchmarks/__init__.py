"""Measurements behind the figures that this project states. Each module is a command: see README.md in this folder."""
