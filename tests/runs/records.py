"""Runs with drawn episodes."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from rlef_env.runs import EpisodeRecord, ProblemFacts, RunFolder, RunIdentity, TurnExtra
from tests.envs.scripted import played_episodes, text

IDENTITY = RunIdentity({"name": "repair"}, {"max_turns": 3, "seed": 0}, {"count": 2, "digest": "d"}, {"rlef-env": "1"})
PROBLEMS = [ProblemFacts("sum", "d1", "family/sums", tags=("math", "ü\ud800")), ProblemFacts("echo", "d2", "echo")]
number = st.floats(allow_nan=False, allow_infinity=False)


def new_run(folder: Path) -> RunFolder:
    return RunFolder.create(folder, "evaluation", IDENTITY, {"agent": "repair"}, PROBLEMS)


@st.composite
def extras(draw: st.DrawFn) -> TurnExtra:
    tokens = st.none() | st.integers(0, 2**40)
    values = st.dictionaries(text, number, max_size=2)
    return TurnExtra(draw(st.none() | text), draw(tokens), draw(tokens), draw(st.floats(0, 1e6)), draw(values))


@st.composite
def records(draw: st.DrawFn) -> EpisodeRecord:
    episode = draw(played_episodes())
    count = len(episode.turns)
    return EpisodeRecord(
        episode,
        sample=draw(st.integers(0, 2**31 - 1)),
        phase=draw(st.sampled_from(["evaluate", "train", "play"])),
        evaluation=draw(text),
        step=draw(st.none() | st.integers(0, 2**40)),
        seconds=draw(st.floats(0, 1e6)),
        turns=tuple(draw(st.just([]) | st.lists(extras(), min_size=count, max_size=count))),
    )
