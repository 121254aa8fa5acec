"""A run with each kind of episode, judged by the real judge: solved, repaired, failed, without a verdict, odd texts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from rlef_env.analysis.errors import categorise
from rlef_env.runs import EpisodeRecord, EpisodeWriter, RunFolder, RunIdentity, TurnExtra, problem_facts
from tests.analysis.errors.examples import BROKEN, READ, SUM, Example, fenced, played

CLOSE, RIGHT = (fenced(f"{READ}\nprint(a + b + {off})") for off in (1, 0))
DATED = replace(SUM, date="2024-02-02", tags=("math",), difficulty="800")
ODD = "odd id/\n\x1b[2J"
ODD_TEXT = "no <script>alert(1)</script> idea \u2603 \x00"

EPISODES = (
    (Example("", DATED, (CLOSE, RIGHT)), 0),
    (Example("", DATED, (CLOSE, CLOSE, ODD_TEXT)), 1),
    (Example("", DATED, (RIGHT,)), 2),
    (Example("", DATED, (RIGHT,)), 3),
    (Example("", replace(SUM, id=ODD), (RIGHT,)), 0),
    (Example("", BROKEN, (fenced("print(1)"),)), 0),
)
"""Examples and their sample numbers. The last one has no verdict."""

METRICS = (
    {"kind": "train", "update": 1, "loss": 0.5, "note": None},
    {"kind": "train", "update": 2, "loss": 0.25},
    {"kind": "evaluate", "update": 2, "rate": 0.5},
)


def make_run(path: Path, training: bool = False) -> RunFolder:
    """Store the episodes as an evaluation; or as training with one step of training and one evaluation after it."""
    problems = {example.problem.id: problem_facts(example.problem) for example, _ in EPISODES}
    identity = RunIdentity(agent={"name": "mixed"}, problems={"dataset": "examples", "split": "test"})
    folder = RunFolder.create(path, "training" if training else "evaluation", identity, {}, problems.values())
    episodes = played(tuple(example for example, _ in EPISODES))
    with EpisodeWriter(folder, compress=False) as writer:
        for phase, step in (("train", 3), ("evaluate", 5)) if training else (("evaluate", None),):
            for (example, sample), episode in zip(EPISODES, episodes, strict=True):
                categories = categorise(example.problem, episode)
                extras = tuple(TurnExtra(category, 10, 5, 0.5, {"kl": 0.01}) for category in categories)
                writer.append(EpisodeRecord(episode, sample, phase, "", step, seconds=2.0, turns=extras))  # type: ignore[arg-type]
    if training:
        folder.metrics.write_text("".join(json.dumps(row) + "\n" for row in METRICS))
    return folder
