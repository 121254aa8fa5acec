"""Independent samples: the baseline without feedback, with the same number of programs."""

from __future__ import annotations

from rlef_agents.prompting.agent import PromptingAgent
from rlef_agents.prompting.loading import model_and_options
from rlef_agents.prompting.steps import Steps, ask
from rlef_env.agents import AgentOptions, Conversation

__all__ = ["Independent"]


class Independent:
    """Shows the model only the first message, at every turn: one sample a turn, each without feedback.

    If the environment ends an episode when the public tests pass, the last program is the first that passes them. This
    is best of n, chosen by the public tests, where n is the number of turns. The model must sample at random, or all
    its samples are equal.
    """

    def __call__(self, conversation: Conversation) -> Steps[str]:
        """Return the steps to a response."""
        return (yield from ask(conversation.messages[:1], f"turn {conversation.turn}"))

    @classmethod
    def from_options(cls, target: str, options: AgentOptions) -> PromptingAgent:
        """Create the agent of ``independent:AGENT``.

        Raises:
            UsageError: there is no such agent.
        """
        model, _ = model_and_options("independent", target, options, {})
        return PromptingAgent(model, cls(), {"prompting": "independent"})
