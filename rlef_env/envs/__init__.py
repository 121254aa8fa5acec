"""Environments: episodes of one problem each, with execution feedback and rewards."""

from rlef_env.envs.code_env import CodeEnv
from rlef_env.envs.config import EnvConfig
from rlef_env.envs.extract import extract_program, fenced
from rlef_env.envs.feedback import feedback_text, prompt_text
from rlef_env.envs.infos import episode_info
from rlef_env.envs.problem_sampler import PROBLEM_SAMPLERS, ByDifficulty, Curriculum, ProblemSampler, Uniform
from rlef_env.envs.registration import ENVIRONMENTS, register_environments
from rlef_env.envs.replay import rejudge, replay
from rlef_env.envs.rewards import COMPONENTS, REWARDS, Reward, make_reward
from rlef_env.envs.spaces import ProgramText
from rlef_env.envs.vector.step_batch import StepBatch
from rlef_env.envs.vector.vector_env import CodeVectorEnv

__all__ = [
    "COMPONENTS",
    "ENVIRONMENTS",
    "PROBLEM_SAMPLERS",
    "REWARDS",
    "ByDifficulty",
    "CodeEnv",
    "CodeVectorEnv",
    "Curriculum",
    "EnvConfig",
    "ProblemSampler",
    "ProgramText",
    "Reward",
    "StepBatch",
    "Uniform",
    "episode_info",
    "extract_program",
    "feedback_text",
    "fenced",
    "make_reward",
    "prompt_text",
    "register_environments",
    "rejudge",
    "replay",
]
