"""Gymnasium wrappers for the coding environments. A wrapped environment can be rebuilt from its ``spec``."""
