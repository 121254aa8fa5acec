"""Agents for rlef_env: the agent protocol, three scripted agents, and a loop that plays episodes.

Importing this package loads no learning framework. The modules that need one import it themselves.
"""

from rlef_agents.scripted import OracleAgent, RandomAgent, RepairAgent
from rlef_env.agents import Agent, Conversation, play

__all__ = ["Agent", "Conversation", "OracleAgent", "RandomAgent", "RepairAgent", "play"]
