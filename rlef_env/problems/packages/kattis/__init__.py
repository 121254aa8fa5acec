"""Problem packages of Kattis and the ICPC, in all versions of their format."""

from rlef_env.problems.packages.kattis.package import read_kattis

__all__ = ["read_kattis"]
