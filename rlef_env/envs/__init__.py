"""Environments: episodes of one problem each, with execution feedback and rewards."""

from rlef_env.envs.code_env import CodeEnv
from rlef_env.envs.config import EnvConfig
from rlef_env.envs.extract import extract_program, fenced, without_thoughts
from rlef_env.envs.feedback import feedback_text, prompt_text
from rlef_env.envs.play import Episodes, Play
from rlef_env.envs.problem_sampler import ByDifficulty, ProblemSampler, make_problem_sampler
from rlef_env.envs.prompt_rows import prompt_rows
from rlef_env.envs.replay import rejudge, replay
from rlef_env.envs.rewards import REWARDS, Reward, make_reward
from rlef_env.envs.scoring import Scored, score, score_all, score_async
from rlef_env.envs.shared_pool import shared_pool
from rlef_env.envs.vector.step_batch import StepBatch
from rlef_env.envs.vector.vector_env import CodeVectorEnv

__all__ = [
    "REWARDS",
    "ByDifficulty",
    "CodeEnv",
    "CodeVectorEnv",
    "EnvConfig",
    "Episodes",
    "Play",
    "ProblemSampler",
    "Reward",
    "Scored",
    "StepBatch",
    "extract_program",
    "feedback_text",
    "fenced",
    "make_problem_sampler",
    "make_reward",
    "prompt_rows",
    "prompt_text",
    "rejudge",
    "replay",
    "score",
    "score_all",
    "score_async",
    "shared_pool",
    "without_thoughts",
]
