"""A task of inspect-ai: a sample is an episode, with inspect's models, logs, viewer and retries.

``rlef`` is the task. Its solver ``repair`` plays the episode, and its scorer ``rlef_solved`` says how it ended. A
sample without a verdict, because the judge itself failed, is unscored: inspect leaves it out of every metric.
"""

from __future__ import annotations

from typing import Any

from rlef_env.envs import Episodes, Play, prompt_rows
from rlef_env.errors import UsageError
from rlef_env.judge import BaseJudgePool
from rlef_env.problems import Dataset
from rlef_env.runs import EpisodeRecord, facts_of

try:
    from inspect_ai import Task, task
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import ChatMessageUser
    from inspect_ai.scorer import CORRECT, INCORRECT, Score, Scorer, Target, accuracy, scorer, stderr
    from inspect_ai.solver import Generate, Solver, TaskState, solver
except ImportError:
    raise ImportError(f"{__name__}: expected inspect-ai to be installed; pip install inspect-ai") from None

__all__ = ["repair", "rlef", "rlef_solved"]

_OUTCOME = "rlef_outcome"  # where the solver leaves what the scorer and the log need to know of the episode


@task  # type: ignore[untyped-decorator]
def rlef(
    dataset: str | Dataset = "starter",
    split: str = "train",
    max_turns: int = 3,
    feedback: str = "public",
    pool: BaseJudgePool | None = None,
    **arguments: Any,
) -> Task:
    """Evaluate a model on coding problems; a failed program comes back with feedback until the turns are used up.

    Args:
        dataset: as for ``CodeEnv``.
        split: as for ``CodeEnv``.
        max_turns: as for ``CodeEnv``.
        feedback: as for ``CodeEnv``.
        pool: a judge pool; None is the pool that this process shares.
        arguments: the other arguments of ``CodeEnv``: ``reward``, ``prompt_cap``, ...
    """
    arguments |= {"split": split, "max_turns": max_turns, "feedback": feedback, "on_no_verdict": "truncate"}
    episodes = Episodes(dataset, pool=pool, **arguments)
    samples = [
        Sample(
            id=row["problem_id"],
            input=[ChatMessageUser(content=message["content"]) for message in row["prompt"]],
            target="accepted",
            metadata={"problem_id": row["problem_id"]},
        )
        for row in prompt_rows(episodes.dataset, **arguments)
    ]
    return Task(
        dataset=MemoryDataset(samples, name=episodes.dataset.name),
        solver=repair(episodes),
        scorer=rlef_solved(),
        metadata={"max_turns": max_turns},
    )


@solver  # type: ignore[untyped-decorator]
def repair(episodes: Episodes) -> Solver:
    """Play the episode of a sample: generate, judge, and give the model the feedback, until the episode ends.

    Args:
        episodes: where episodes begin. A sample names its problem in its metadata, as ``problem_id``.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        play = episodes.begin(state.metadata["problem_id"])
        state.store.set(_OUTCOME, _outcome(play))
        while not play.ended:
            state = await generate(state)
            await play.respond_async(state.output.completion)
            state.store.set(_OUTCOME, _outcome(play))
            if not play.ended:
                state.messages.append(ChatMessageUser(content=play.messages[-1]["content"]))
        return state

    return solve


@scorer(metrics=[accuracy(), stderr()])  # type: ignore[untyped-decorator]
def rlef_solved() -> Scorer:
    """Score an episode that ``repair`` played: correct if its last program passed all tests."""

    async def score(state: TaskState, target: Target) -> Score:
        del target
        outcome = state.store.get(_OUTCOME)
        if outcome is None:
            raise UsageError("rlef_solved: expected a sample that the solver repair played, got one without an episode")
        known = {
            "answer": outcome["program"],
            "explanation": f"{outcome['verdict']} after {outcome['turns']} responses",
            "metadata": outcome,
        }
        if not outcome["has_verdict"]:
            return Score.unscored(reason="scoring_failed", **known)
        return Score(value=CORRECT if outcome["solved_at"] else INCORRECT, **known)

    return score


def _outcome(play: Play) -> dict[str, Any]:
    """Return what is known of an episode so far, as plain JSON values."""
    last = play.episode.turns[-1] if play.episode.turns else None
    facts = facts_of(EpisodeRecord(play.episode))
    return {
        "verdict": last.judgement.verdict.value if last else None,
        "has_verdict": not play.episode.truncated,
        "solved_at": play.episode.solved_at,
        "turns": len(play.episode.turns),
        "passed_public": bool(facts.turns) and facts.turns[-1].passed_public,
        "reward": play.total_reward,
        "program": last.program if last else None,
    }
