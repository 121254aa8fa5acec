"""Episodes as values: stored in files, checked, and shown as text."""

from rlef_env.episodes.episode import Episode, Turn
from rlef_env.episodes.render import GRID_LETTERS, episode_text, verdict_grid, verdict_words
from rlef_env.episodes.storage import episode_from_row, episode_to_row, read_episodes, write_episodes
from rlef_env.episodes.validation import ISOLATIONS, NOTHING, Violation, check_episode, episode_violation

__all__ = [
    "GRID_LETTERS",
    "ISOLATIONS",
    "NOTHING",
    "Episode",
    "Turn",
    "Violation",
    "check_episode",
    "episode_from_row",
    "episode_text",
    "episode_to_row",
    "episode_violation",
    "read_episodes",
    "verdict_grid",
    "verdict_words",
    "write_episodes",
]
