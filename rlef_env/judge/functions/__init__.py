"""Calls of functions: arguments go in, typed values come out."""
