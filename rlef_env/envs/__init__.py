"""The episode: CodeEnv, what it says and rewards, and episodes as values."""

from rlef_env.envs.code_env import CodeEnv
from rlef_env.envs.episode import Episode, Turn
from rlef_env.envs.episode_file import episode_from_row, episode_to_row, read_episodes, write_episodes
from rlef_env.envs.episode_text import GRID_LETTERS, episode_text, verdict_grid, verdict_words
from rlef_env.envs.extract import extract_program, fenced
from rlef_env.envs.feedback import feedback_text, prompt_text
from rlef_env.envs.info import episode_info
from rlef_env.envs.registration import ENVIRONMENTS, register_environments
from rlef_env.envs.replay import rejudge, replay
from rlef_env.envs.replies import Replies
from rlef_env.envs.rewards import COMPONENTS, REWARDS, Reward, make_reward
from rlef_env.envs.sampling import SAMPLERS, ByDifficulty, Curriculum, Sampler, Uniform
from rlef_env.envs.scoring import score_response
from rlef_env.envs.spaces import ProgramText
from rlef_env.envs.vector_env import CodeVectorEnv

__all__ = [
    "COMPONENTS",
    "ENVIRONMENTS",
    "GRID_LETTERS",
    "REWARDS",
    "SAMPLERS",
    "ByDifficulty",
    "CodeEnv",
    "CodeVectorEnv",
    "Curriculum",
    "Episode",
    "ProgramText",
    "Replies",
    "Reward",
    "Sampler",
    "Turn",
    "Uniform",
    "episode_from_row",
    "episode_info",
    "episode_text",
    "episode_to_row",
    "extract_program",
    "feedback_text",
    "fenced",
    "make_reward",
    "prompt_text",
    "read_episodes",
    "register_environments",
    "rejudge",
    "replay",
    "score_response",
    "verdict_grid",
    "verdict_words",
    "write_episodes",
]
