"""Writes the examples of few-shot self-repair: ``python -m tools.few_shot_examples``.

Each is an episode of the starter set that was really judged: a stored wrong program, the environment's feedback on it,
and the stored right program.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from rlef_env import Episodes
from rlef_env.envs import fenced

__all__ = ["PLACE", "lines"]

PLACE: Final = Path(__file__).resolve().parent.parent / "agents/rlef_agents/prompting/examples.jsonl"
CHOSEN: Final = (("starter/add-numbers", 2), ("starter/tile-the-hall", 1))
"""Problem, and number of its wrong program: one raises an exception, one prints a wrong answer."""


def lines() -> str:
    """Return the examples as JSON lines."""
    episodes = Episodes("starter")
    found = []
    for problem_id, number in CHOSEN:
        play = episodes.begin(problem_id)
        play.respond(fenced(play.problem.incorrect_solutions[number].source.rstrip()))
        play.respond(fenced(play.problem.solutions[0].source.rstrip()))
        if not play.episode.solved or len(play.episode.turns) != 2:
            raise SystemExit(f"{problem_id}: expected a repair at turn 2; choose another wrong program")
        found.append(json.dumps({"messages": play.messages}) + "\n")
    return "".join(found)


if __name__ == "__main__":
    PLACE.write_text(lines(), encoding="utf-8")
