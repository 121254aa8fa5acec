"""Episodes that an environment played on the tiny data set with a judge of arbitrary results."""

from __future__ import annotations

from hypothesis import strategies as st

from rlef_env.episodes import Episode
from rlef_env.testing import episodes
from tests.envs.samples import TINY

__all__ = ["played_episodes", "text"]

text = st.text(st.characters(), max_size=20)  # lone surrogates too


def played_episodes() -> st.SearchStrategy[Episode]:
    """Return a strategy for episodes of the tiny data set, perhaps not played to their end."""
    return episodes(TINY)
