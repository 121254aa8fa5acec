"""Generators: what samples responses, behind one protocol."""

from rlef_agents.ppo.generate.generator import Generator, Request

__all__ = ["Generator", "Request"]
