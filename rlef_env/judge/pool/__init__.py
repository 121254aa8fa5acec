"""Pools judge many programs at once."""
