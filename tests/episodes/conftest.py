"""Fixtures of the episodes' tests: those of the environment."""

from tests.envs.conftest import judge, make_env

__all__ = ["judge", "make_env"]
