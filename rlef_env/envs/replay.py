"""Run a stored episode again: through an environment, or only past the judge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium

from rlef_env.envs.judging import SupportsJudge
from rlef_env.envs.plan import score_response
from rlef_env.episodes.episode import Episode
from rlef_env.episodes.validation import check_episode
from rlef_env.problems import Dataset

__all__ = ["rejudge", "replay"]


def replay(episode: Episode, env: gymnasium.Env[str, str]) -> Episode:
    """Give an episode's responses to an environment, and return what came of it there.

    With an environment made as the first one was, the result equals the episode; with other settings it shows what
    they change. Responses after the end of the new episode are not given.

    Args:
        episode: the episode to play again.
        env: a ``CodeEnv``, wrapped or not, whose data set holds the problem. It is reset.

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


def rejudge(episode: Episode, dataset: Dataset, judge: SupportsJudge) -> Episode:
    """Judge an episode's programs again, on the tests they were judged on, and return it with the new judgements.

    Everything else stays as it was recorded, rewards and feedback too: compare the two episodes to see whether the
    verdicts hold. A turn that was scored on all tests is scored on all of them again. The result is for
    comparing: where verdicts differ it is no episode that an environment plays, and a file of it is not read back.

    Args:
        episode: the episode to judge again.
        dataset: where its problem is.
        judge: who judges.

    Raises:
        DataError: the episode contradicts itself, or its settings are not those of a ``CodeEnv``.
        ProblemNotFound: the data set lacks the problem.
    """
    check_episode(episode)
    problem = dataset.get(episode.problem_id)
    settings = episode.settings
    # The end of a finished episode was scored; where the judge failed, only the turn limit says whether it would be.
    scored = len(episode.turns) if episode.terminated else settings["max_turns"]
    turns = [
        replace(
            turn,
            judgement=score_response(
                judge,
                problem,
                turn.program,
                last=number == scored,
                feedback=settings["feedback"],
                full_grid=settings["full_grid"],
            ).judgement,
        )
        for number, turn in enumerate(episode.turns, start=1)
    ]
    return replace(episode, turns=tuple(turns))
