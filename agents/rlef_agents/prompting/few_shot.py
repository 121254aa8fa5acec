"""Few-shot self-repair: the model sees programs, feedback and repairs of other problems before its own problem."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from rlef_agents.prompting.agent import PromptingAgent
from rlef_agents.prompting.loading import at_least, model_and_options
from rlef_agents.prompting.steps import Message, Steps, ask
from rlef_env.agents import AgentOptions, Conversation
from rlef_env.errors import UsageError

__all__ = ["FewShot", "read_examples", "shipped_examples"]

Example = tuple[Message, ...]


class FewShot:
    """Puts examples before the conversation.

    An example of the problem that is asked is left out: it would show the answer.

    Args:
        examples: chats of other problems, each from the prompt to the last response.
    """

    def __init__(self, examples: Sequence[Sequence[Message]] | None = None) -> None:
        self.examples = tuple(map(tuple, shipped_examples() if examples is None else examples))

    def __call__(self, conversation: Conversation) -> Steps[str]:
        """Return the steps to a response.

        Raises:
            UsageError: the examples and the first message do not fit into the model's context.
        """
        prompt = conversation.messages[0]["content"]
        shown = [message for each in self.examples if each[0]["content"] != prompt for message in each]
        answer = yield from ask((*shown, *conversation.messages), f"turn {conversation.turn}")
        # What agents answer if the context is full: nothing was read and nothing was written.
        if not conversation.turn and (answer, answer.prompt_tokens, answer.completion_tokens) == ("", 0, 0):
            raise UsageError(
                "few-shot: expected the examples and the first message to fit into the model's context, got no answer; "
                "use fewer or shorter ones (--option shots=1, --option examples=FILE)"
            )
        return answer

    @classmethod
    def from_options(cls, target: str, options: AgentOptions) -> PromptingAgent:
        """Create the agent of ``few-shot:AGENT``.

        Options are ``examples``, a file of them, and ``shots``, how many of them are shown: the first ones.

        Raises:
            UsageError: there is no such agent, or an option is wrong.
        """
        model, own = model_and_options("few-shot", target, options, {"examples": "", "shots": None})
        found = read_examples(Path(own["examples"])) if own["examples"] else shipped_examples()
        shots = len(found) if own["shots"] is None else own["shots"]
        at_least(1, shots=shots)
        if shots > len(found):
            raise UsageError(f"shots: expected at most {len(found)}, the number of examples, got {shots}")
        digest = hashlib.sha256(json.dumps(found[:shots]).encode()).hexdigest()[:16]
        return PromptingAgent(model, cls(found[:shots]), {"prompting": "few-shot", "shots": shots, "examples": digest})


def shipped_examples() -> list[Example]:
    """Return the examples of this package: two problems of the starter set with a wrong and a right program each."""
    return _parsed(files(__package__).joinpath("examples.jsonl").read_text(encoding="utf-8"), "examples.jsonl")


def read_examples(path: Path) -> list[Example]:
    """Read examples: JSON lines ``{"messages": [...]}``, as ``rlef select --to sft`` writes them.

    Raises:
        UsageError: the file cannot be read, holds none, or user and assistant do not alternate in a line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"examples: expected a file of JSON lines that can be read, got: {error}") from None
    return _parsed(text, str(path))


def _parsed(text: str, name: str) -> list[Example]:
    found: list[Example] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                found.append(_example(json.loads(line)["messages"]))
            except (ValueError, KeyError, TypeError, RecursionError):
                raise UsageError(
                    f'examples: {name}:{number}: expected {{"messages": [...]}} in which user and assistant alternate, '
                    f"got {line[:100]!r}"
                ) from None
    if not found:
        raise UsageError(f"examples: {name}: expected one example a line, got none")
    return found


def _example(messages: Any) -> Example:
    made = tuple({"role": each["role"], "content": each["content"]} for each in messages)
    roles = [each["role"] for each in made]
    texts = all(isinstance(each["content"], str) for each in made)
    if not made or roles != ["user", "assistant"] * (len(roles) // 2) or not texts:
        raise ValueError(roles)
    return made
