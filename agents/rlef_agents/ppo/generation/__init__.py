"""Generators: what samples responses, behind one protocol."""

from rlef_agents.ppo.generation.base import Generator, Request

__all__ = ["Generator", "Request"]
