"""The version of this package. Its programs and servers compare it."""

__all__ = ["__version__"]

__version__ = "0.1.0"
