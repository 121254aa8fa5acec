"""Problem packages, folders with one problem each: Kattis and ICPC (``problem.yaml``), DMOJ (``init.yml``)."""

from rlef_env.problems.packages.packages import PACKAGE_FILES, is_package, iter_packages, package_paths, read_package

__all__ = ["PACKAGE_FILES", "is_package", "iter_packages", "package_paths", "read_package"]
