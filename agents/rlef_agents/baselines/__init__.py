"""Agents that learn with libraries of others."""
