"""Prompting baselines: agents that ask another agent's model, several times a turn where they need to.

A baseline is a function of the conversation that yields what it needs, a model's answer or a judgement, and returns the
response (``steps``). ``PromptingAgent`` carries out the steps of many conversations side by side, and counts the tokens
and executions of all of them.
"""

from rlef_agents.prompting.agent import PromptingAgent
from rlef_agents.prompting.few_shot import FewShot
from rlef_agents.prompting.flow import Flow
from rlef_agents.prompting.independent import Independent
from rlef_agents.prompting.steps import Ask, Steps, ask, judge

__all__ = ["Ask", "FewShot", "Flow", "Independent", "PromptingAgent", "Steps", "ask", "judge"]
