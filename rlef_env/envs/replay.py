"""Run a stored episode again: through an environment, or through the judge only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium

from rlef_env.envs.plan import ResponsePlan
from rlef_env.episodes.episode import Episode
from rlef_env.episodes.validation import check_episode
from rlef_env.judge import BaseJudgePool, Judge
from rlef_env.problems import Dataset

__all__ = ["rejudge", "replay"]


def replay(episode: Episode, env: gymnasium.Env[str, str]) -> Episode:
    """Give an episode's responses to an environment, and return the episode that it plays.

    If the environment is made like the first one, the result equals the episode. With other settings the result shows
    what they change. Responses after the end of the new episode are left out.

    Args:
        episode: the episode to play again.
        env: a ``CodeEnv``, wrapped or not, whose data set has the problem. It is reset.

    Raises:
        DataError: the episode contradicts itself, or its settings are not those of a ``CodeEnv``.
        ProblemNotFound: the environment's data set lacks the problem.
    """
    check_episode(episode)
    code_env: Any = env.unwrapped
    options = {"problem_id": episode.problem_id}
    if "feedback_seed" in episode.settings:
        options["feedback_seed"] = episode.settings["feedback_seed"]
    env.reset(options=options)
    for turn in episode.turns:
        env.step(turn.response)
        if code_env.episode.ended:
            break
    result: Episode = code_env.episode
    return result


def rejudge(episode: Episode, dataset: Dataset, judge: Judge | BaseJudgePool) -> Episode:
    """Judge an episode's programs again, on the same tests, and return the episode with the new judgements.

    Everything else stays as recorded, rewards and feedback too: compare the two episodes to see whether the verdicts
    hold. A turn that was scored on all tests is scored on all of them again. The result is for comparison only: where
    verdicts differ, no environment plays such an episode, and a file of it cannot be read.

    Args:
        episode: the episode to judge again.
        dataset: a data set with the episode's problem.
        judge: a judge or a pool.

    Raises:
        DataError: the episode contradicts itself, or its settings are not those of a ``CodeEnv``.
        ProblemNotFound: the data set lacks the problem.
    """
    check_episode(episode)
    problem = dataset.get(episode.problem_id)
    settings = episode.settings
    # A terminated episode was scored at its end. Where the judge failed, only the turn limit decides.
    scored = len(episode.turns) if episode.terminated else settings["max_turns"]
    turns = []
    for number, turn in enumerate(episode.turns, start=1):
        plan = ResponsePlan(problem, turn.program, number == scored, settings["feedback"], settings["full_grid"])
        job = plan.job()
        judgement, _ = plan.decide(None if job is None else judge.judge(job))
        turns.append(replace(turn, judgement=judgement))
    return replace(episode, turns=tuple(turns))
