"""Agents: their interface, a loop that lets one play episodes, and how they are found by name."""

from rlef_env.agents.agent import Agent, Conversation, SampledText, checked_responses, play
from rlef_env.agents.loading import AgentOptions, NamedAgent, installed_agents, load_agent

__all__ = [
    "Agent",
    "AgentOptions",
    "Conversation",
    "NamedAgent",
    "SampledText",
    "checked_responses",
    "installed_agents",
    "load_agent",
    "play",
]
