"""Tells hypothesis how to draw this package's types, so that ``st.from_type(Problem)`` works.

An entry point of the group ``hypothesis``: hypothesis calls ``register`` when it is imported.
"""

from __future__ import annotations

__all__ = ["register"]


def register() -> None:
    """Register strategies for ``Problem``, ``Test``, ``Judgement`` and ``Episode``; they are loaded when first used."""
    from hypothesis import strategies as st

    from rlef_env.episodes import Episode
    from rlef_env.judge import Judgement
    from rlef_env.problems import Problem, Test

    def drawn(name: str) -> st.SearchStrategy[object]:
        from rlef_env import testing

        strategy: st.SearchStrategy[object] = getattr(testing, name)()
        return strategy

    for kind, name in (
        (Problem, "problems"),
        (Test, "problem_tests"),
        (Judgement, "judgements"),
        (Episode, "episodes"),
    ):
        st.register_type_strategy(kind, lambda _, name=name: drawn(name))  # type: ignore[misc]
