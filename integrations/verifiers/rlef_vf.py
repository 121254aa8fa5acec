"""Problems, episodes and a chat loop for verifiers and prime-rl: ``vf-eval rlef-vf``.

verifiers finds plugins by the name of a top-level module, so this is a distribution of its own. The taskset yields the
prompts of ``CodeEnv``, the environment plays its episodes, and the harness sends the chat as it is, in this process. An
episode without a verdict, because the judge itself failed, raises ``SandboxError``: verifiers does not count it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from rlef_env.envs import Episodes, Play, prompt_rows
from rlef_env.problems import Dataset, load_dataset

try:
    import verifiers.v1 as vf
    from openai import AsyncOpenAI
    from pydantic import Field
    from verifiers.v1.dialects.chat import message_to_wire
    from verifiers.v1.types import content_text
except ImportError:
    raise ImportError(f"{__name__}: expected verifiers to be installed; pip install verifiers") from None

__all__ = ["RlefEnv", "RlefEnvConfig", "RlefHarness", "RlefTask", "RlefTaskset", "RlefTasksetConfig"]


class RlefTask(vf.Task[vf.TaskData]):  # type: ignore[misc]
    """A problem; its data hold the prompt and the problem's id, and none of its tests."""

    @property
    def key(self) -> str:
        """The problem's id, which stays the same when the data set grows."""
        return str(self.data.id)


class RlefTasksetConfig(vf.TasksetConfig):  # type: ignore[misc]
    """Which problems to load, as for ``CodeEnv``."""

    dataset: str = "starter"
    split: str = "train"
    prompt_cap: int | None = 2048
    """Tokens to which a prompt is cut; None: it is not cut."""


class RlefTaskset(vf.Taskset[RlefTask, RlefTasksetConfig]):  # type: ignore[misc]
    """The problems of a data set that have tests, in its order."""

    @cached_property
    def dataset(self) -> Dataset:
        """The problems, with their tests."""
        return load_dataset(self.config.dataset, self.config.split)

    def load(self) -> Iterator[RlefTask]:
        """Yield a task for each problem."""
        for row in prompt_rows(self.dataset, prompt_cap=self.config.prompt_cap):
            name, prompt = row["problem_id"], row["prompt"][0]["content"]
            yield RlefTask(vf.TaskData(id=name, name=name, prompt=prompt), self.config.task)


class RlefEnvConfig(vf.EnvConfig):  # type: ignore[misc]
    """How to play, as for ``CodeEnv``."""

    agent: vf.AgentConfig = vf.AgentConfig(runtime=vf.SubprocessConfig())
    """The model. The default runtime of verifiers is a hosted one; this one needs none."""
    max_turns: int = Field(3, ge=1)
    """Most responses of an episode. A smaller ``agent.max_turns`` counts in its place."""
    feedback: str = "public"
    feedback_cap: int | None = 1024
    reward: str = "rlef"


class RlefEnv(vf.Env[RlefEnvConfig]):  # type: ignore[misc]
    """Plays each task as an episode of ``CodeEnv``; its reward is recorded as ``rlef``.

    Attributes:
        episodes: begins the episodes; all share a judge pool.
    """

    def __init__(self, config: RlefEnvConfig) -> None:
        super().__init__(config)
        limit, taskset = config.agent.max_turns, self.taskset.config
        self.episodes = Episodes(
            self.taskset.dataset,
            split=taskset.split,
            prompt_cap=taskset.prompt_cap,
            # The limit of the agent refuses the request after the last response, so that one is the last here, too.
            max_turns=config.max_turns if limit is None else min(config.max_turns, limit),
            feedback=config.feedback,
            feedback_cap=config.feedback_cap,
            reward=config.reward,
        )

    async def run(self, task: RlefTask, agents: Any) -> None:
        """Play an episode.

        Raises:
            SandboxError: the judge failed. The episode and its trace are not ``ok``.
        """
        play = self.episodes.begin(task.data.id)
        async with agents.agent.interaction(task) as interaction:
            message = None  # the task's prompt opens the chat
            while not play.ended:
                segment = await interaction.turn(message)
                if interaction.trace.errors:
                    return  # the model did not answer; the trace is not ok
                # A limit of tokens or time ends the chat: as if the model had answered nothing from there on.
                turn = await play.respond_async("" if segment.terminated else _text(segment.messages))
                while segment.terminated and not play.ended:
                    await play.respond_async("")
                message = turn.feedback
            _record(interaction.trace, play)


def _text(messages: list[Any]) -> str:
    """Return the latest message that the model wrote, without the thoughts that the server keeps apart."""
    return next((content_text(each.content) for each in reversed(messages) if each.role == "assistant"), "")


def _record(trace: Any, play: Play) -> None:
    latest = play.episode.turns[-1].judgement
    if play.total_reward is None:
        raise vf.SandboxError(f"problem {play.problem.id!r}: the judge failed ({latest.category or 'no reason given'})")
    trace.record_reward("rlef", play.total_reward)
    trace.record_metric("solved", play.episode.solved)
    trace.record_metric("turns", len(play.episode.turns))
    trace.info["rlef"] = {"problem_id": play.problem.id, "verdict": latest.verdict.value}


class RlefHarness(vf.Harness[vf.HarnessConfig]):  # type: ignore[misc]
    """Sends the chat so far to the model, in this process: no program is started, and the model has no tools."""

    APPENDS_SYSTEM_PROMPT = True
    SUPPORTS_RESUME = True
    EXECUTES_CODE = False
    NEEDS_CONTAINER = False

    async def launch(
        self,
        ctx: Any,
        trace: Any,
        runtime: Any,
        endpoint: str,
        secret: str,
        mcp_urls: dict[str, str],
        data: vf.TaskData,
    ) -> vf.ProgramResult:
        """Ask for one response. verifiers records it, and sets the sampling."""
        del trace, runtime, mcp_urls
        system, prompt = self.resolve_prompt(data)
        chat = [{"role": "system", "content": system}] if system else []
        chat += [{"role": "user", "content": prompt}] if isinstance(prompt, str) else map(message_to_wire, prompt or ())
        async with AsyncOpenAI(base_url=endpoint, api_key=secret, timeout=None) as client:
            await client.chat.completions.create(model=ctx.model, messages=chat)
        return vf.ProgramResult(0, "", "")
