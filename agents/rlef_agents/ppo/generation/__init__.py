"""Generators sample responses; all of them implement one protocol."""

from rlef_agents.ppo.generation.base import Generator, Request

__all__ = ["Generator", "Request"]
