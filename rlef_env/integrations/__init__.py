"""Adapters to trainers and evaluation harnesses, a module for each.

Importing a module here imports the system that it adapts to only when a name that needs it is used. docs/integrations
says which versions were tested, and what each system does with an episode without a verdict.
"""
