"""The start of a study: a small model that writes programs, cloned from conversations without right repairs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field
from pydantic.dataclasses import dataclass

from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.loading import read_model
from rlef_agents.ppo.settings import SETTINGS, Count, ZeroOrMore, one_line_errors
from rlef_agents.ppo.sft import sft
from rlef_agents.ppo.sft_config import SftConfig
from rlef_agents.studies.guessing import GuessingAgent
from rlef_agents.tiny.model import make_model
from rlef_agents.tiny.tokenizer import make_tokenizer
from rlef_env import load_dataset
from rlef_env.agents import NamedAgent
from rlef_env.analysis.evaluation import Evaluation
from rlef_env.judge import BaseJudgePool
from rlef_env.problems import Dataset
from rlef_env.runs import read_records

__all__ = ["PLAYED_AT_ONCE", "Start", "conversations", "make_start", "played"]

PLAYED_AT_ONCE: Final = 256

Share = Annotated[float, Field(ge=0, le=1)]
Chat = list[dict[str, str]]


@one_line_errors
@dataclass(frozen=True, config=SETTINGS)
class Start:
    """How a start is made. Conversations are episodes of ``GuessingAgent`` in the environment, on training problems."""

    model: str = ""
    """a pretrained model, as ``rlef-agents train`` takes it; empty: a small one is made"""
    conversations: Count | None = None
    """number of conversations to clone; none: 6,000, but a pretrained model is used as it is"""
    shown: Share = 0.5
    """share of conversations whose statement shows the public tests; there the program is right"""
    silent: Share = 0.25
    """share of the others in which feedback only says that the program failed: the model has to know that text, too"""
    right: Share | None = None
    """probability that a repair is right; none: by chance"""
    first: Share | None = None
    """probability that the first program is right where the statement does not show the tests; none: by chance"""
    hard_coded: Share = 0.0
    """probability that a repair prints the expected output of the public test, and nothing else"""
    epochs: Count = 2
    """passes over the conversations"""
    batch: Count = 32
    """conversations per step"""
    lr: ZeroOrMore = 1e-3
    """learning rate"""
    width: Count = 96
    """features of a small model"""
    layers: Count = 3
    """layers of a small model"""

    @property
    def count(self) -> int:
        """Number of conversations to clone."""
        if self.conversations is None:
            return 0 if self.model else 6000
        return self.conversations

    @property
    def is_made(self) -> bool:
        """Whether there is anything to make: not of a pretrained model that is used as it is."""
        return not self.model or self.count > 0


def conversations(start: Start, task: Mapping[str, Any], seed: int, pool: BaseJudgePool) -> list[Chat]:
    """Play the conversations of a start.

    Args:
        start: how many of which kind.
        task: ``dataset`` (generated problems), ``turns`` and ``feedback`` of the environment.
        seed: seed of all draws.
        pool: judges.
    """
    shown = round(start.shown * start.count)
    silent = round(start.silent * (start.count - shown))
    parts = (
        (with_example(task["dataset"]), task["feedback"], shown, 1.0),
        (task["dataset"], task["feedback"], start.count - shown - silent, start.first),
        (task["dataset"], "none", silent, start.first),
    )
    return [
        chat
        for name, feedback, count, first in parts
        if count
        for chat in played(
            {**task, "dataset": name, "feedback": feedback},
            count,
            GuessingAgent(load(name), start.right, first, seed, start.hard_coded),
            seed,
            pool,
        )
    ]


def load(name: str) -> Dataset:
    """Return training problems."""
    return load_dataset(name, split="train")


def with_example(dataset: str) -> str:
    """Return the name of the same problems with their public tests in the statement."""
    return f"{dataset}{'&' if '?' in dataset else '?'}example=true"


def played(
    task: Mapping[str, Any], count: int, agent: Any, seed: int, pool: BaseJudgePool, solved: bool = False
) -> Iterator[Chat]:
    """Play episodes on training problems, each about equally often, and yield their messages.

    Args:
        task: ``dataset``, ``turns`` and ``feedback``.
        count: number of episodes.
        agent: the agent.
        seed: seed of the episodes.
        pool: judges.
        solved: yield only those that were solved.
    """
    problems = load(task["dataset"])
    ids = list(problems.ids)
    samples = {each: share for place, each in enumerate(ids) if (share := (count - 1 - place) // len(ids) + 1)}
    named = agent if isinstance(agent, NamedAgent) else NamedAgent("guessing", agent, {})
    evaluation = Evaluation(
        named, problems, task["dataset"], problem_ids=list(samples), samples=samples, turns=task["turns"],
        feedback=task["feedback"], seed=seed, concurrency=PLAYED_AT_ONCE,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        finished = evaluation.play(Path(folder) / "run", pool=pool)
        records = sorted(read_records(finished.run.folder), key=lambda each: (each.episode.problem_id, each.sample))
        for record in records:  # not in the order in which they ended, which depends on the machine
            if record.episode.solved or not solved:
                yield list(record.episode.messages)


def make_start(start: Start, folder: Path, task: Mapping[str, Any], seed: int, pool: BaseJudgePool) -> None:
    """Make or read a model and its tokenizer, clone the conversations, and save both, unless the folder exists.

    Args:
        start: the recipe.
        folder: folder for the model; ``from_pretrained`` reads it.
        task: ``dataset``, ``turns``, ``feedback``, and ``context``, the largest number of tokens.
        seed: seed of all draws.
        pool: judges.
    """
    if folder.exists():
        return
    chats = conversations(start, task, seed, pool)
    context = task["context"]
    model: Any
    if start.model:
        model, tokenizer = read_model(start.model)
    else:
        tokenizer = make_tokenizer(message["content"] for chat in chats for message in chat)
        model = make_model(tokenizer, start.width, start.layers, context, seed)
    config = SftConfig(epochs=start.epochs, batch=start.batch, lr=start.lr, warmup=20, context=context, seed=seed)
    model = sft(model, Renderer(tokenizer), chats, config)
    writing = folder.with_name(f".writing-{folder.name}")
    shutil.rmtree(writing, ignore_errors=True)
    model.save_pretrained(writing)
    tokenizer.save_pretrained(writing)
    writing.rename(folder)
