"""Agents that play in rlef_env: what an agent is, three simple ones, and a loop that plays episodes.

Importing this package loads no learning framework; the modules that need one import it themselves.
"""

from rlef_agents.random_programs import RandomAgent
from rlef_agents.repair import RepairAgent
from rlef_agents.scripted import OracleAgent
from rlef_env.agents import Agent, Conversation, play

__all__ = ["Agent", "Conversation", "OracleAgent", "RandomAgent", "RepairAgent", "play"]
