"""``RecordEpisodes``: the run folder that it writes, and that nothing is lost however the process ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import gymnasium.wrappers.vector
import numpy as np
import pytest
from gymnasium.vector import AsyncVectorEnv
from gymnasium.wrappers import Autoreset, TimeLimit

from rlef_env.agents import SampledText
from rlef_env.analysis import Run
from rlef_env.cli.command import main
from rlef_env.envs import CodeEnv
from rlef_env.envs.vector.vector_env import CodeVectorEnv
from rlef_env.episodes import Episode
from rlef_env.errors import UsageError
from rlef_env.judge import Verdict
from rlef_env.problems import Dataset
from rlef_env.problems.writing import write_jsonl
from rlef_env.runs import RunFolder, RunIdentity, read_records
from rlef_env.testing import ScriptedJudge
from rlef_env.wrappers import RecordEpisodes, vector
from tests.envs.samples import DOUBLE, SUM, SUM_RIGHT, SUM_WRONG, TINY

OPTIONS = {"problem_id": SUM.id}
WRONG, RIGHT, LOST = Verdict.WRONG_ANSWER, Verdict.ACCEPTED, Verdict.NO_VERDICT


def env(*verdicts: Verdict, **arguments: Any) -> CodeEnv:
    return CodeEnv(**{"dataset": TINY, "judge": ScriptedJudge(verdicts or [WRONG]), **arguments})


def envs(number: int, *verdicts: Verdict, **arguments: Any) -> CodeVectorEnv:
    return CodeVectorEnv(number, pool=ScriptedJudge(verdicts or [WRONG]), **{"dataset": TINY, **arguments})


def recorded(folder: Path) -> list[Episode]:
    return [record.episode for record in Run(folder).records()]


def played(wrapped: Any, *responses: str) -> Episode:
    wrapped.reset(options=OPTIONS)
    for response in responses:
        wrapped.step(response)
    episode: Episode = wrapped.unwrapped.episode
    return episode


def test_an_episode_is_kept_when_it_ends_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    with RecordEpisodes(env(WRONG, RIGHT), tmp_path / "run") as wrapped:
        wrapped.reset(options=OPTIONS)
        wrapped.step(SampledText(SUM_WRONG, 40, 12))
        assert recorded(tmp_path / "run") == []
        wrapped.step(SUM_RIGHT)
        [record] = Run(tmp_path / "run").records()
        assert record.episode == wrapped.unwrapped.episode  # type: ignore[attr-defined]
    first, second = record.turns
    assert (first.prompt_tokens, first.completion_tokens, second.completion_tokens) == (40, 12, None)
    assert first.category is not None
    assert second.category is None
    assert 0 < first.seconds + second.seconds <= record.seconds
    assert (record.phase, record.sample) == ("play", 0)
    [facts] = Run(tmp_path / "run").facts
    assert (facts.solved_at, facts.problem.digest != "", facts.max_turns) == (2, True, 3)
    assert Run(tmp_path / "run").metrics()["solve_rate"].value == 1.0


def test_lost_verdicts_are_kept_as_lost(tmp_path: Path) -> None:
    with RecordEpisodes(env(LOST, RIGHT), tmp_path) as wrapped:
        played(wrapped, SUM_RIGHT)
        played(wrapped, SUM_RIGHT)
    metrics = Run(tmp_path).metrics(max_no_verdict=1)
    assert (metrics.episodes, metrics.no_verdict, metrics["solve_rate"].value) == (2, 1, 1.0)


def test_every_nth_episode(tmp_path: Path) -> None:
    with RecordEpisodes(env(RIGHT), tmp_path, every=3) as wrapped:
        episodes = [played(wrapped, SUM_RIGHT + " " * number) for number in range(7)]
    assert recorded(tmp_path) == episodes[::3]
    with pytest.raises(UsageError, match="every: expected a whole number of at least 1, got 0"):
        RecordEpisodes(env(), tmp_path, every=0)


def test_an_episode_that_is_given_up_is_not_kept(tmp_path: Path) -> None:
    with RecordEpisodes(env(), tmp_path) as wrapped:
        played(wrapped, SUM_WRONG)
        whole = played(wrapped, SUM_WRONG, SUM_WRONG, SUM_WRONG)
        played(wrapped, SUM_WRONG)
    assert recorded(tmp_path) == [whole]


def test_an_outside_limit_ends_an_episode_too(tmp_path: Path) -> None:
    with RecordEpisodes(TimeLimit(env(), 2), tmp_path) as wrapped:
        stopped = played(wrapped, SUM_WRONG, SUM_WRONG)
    assert not stopped.ended
    assert recorded(tmp_path) == [stopped]
    assert Run(tmp_path).metrics()["solve_rate"].value == 0.0


def test_with_gymnasiums_autoreset(tmp_path: Path) -> None:
    with RecordEpisodes(Autoreset(env(RIGHT)), tmp_path) as wrapped:
        wrapped.reset(seed=1)
        for _ in range(4):
            wrapped.step(SUM_RIGHT)
    assert [len(episode.turns) for episode in recorded(tmp_path)] == [1, 1]


def test_a_folder_is_continued_with_the_same_settings_only(tmp_path: Path) -> None:
    for number in range(3):
        with RecordEpisodes(env(RIGHT), tmp_path) as wrapped:
            played(wrapped, SUM_RIGHT)
        assert sorted(facts.sample for facts in Run(tmp_path).facts) == list(range(number + 1))
    with pytest.raises(UsageError, match=r"episodes.max_turns: 5, other 3; use the same settings, or choose another"):
        RecordEpisodes(env(max_turns=5), tmp_path)
    RunFolder.create(tmp_path / "other", "evaluation", RunIdentity(agent={"name": "some agent"}))
    with pytest.raises(UsageError, match=r"agent\.name: \"recorded\", other \"some agent\""):
        RecordEpisodes(env(), tmp_path / "other")


def test_several_environments_record_in_one_folder(tmp_path: Path) -> None:
    wrapped = [RecordEpisodes(env(RIGHT), tmp_path) for _ in range(3)]
    for _ in range(2):
        for each in wrapped:
            played(each, SUM_RIGHT)
    assert len({(facts.problem.problem_id, facts.sample) for facts in Run(tmp_path).facts}) == 6
    for each in wrapped:
        each.close()
    with RecordEpisodes(env(RIGHT), tmp_path) as again:
        played(again, SUM_RIGHT)
    assert len(Run(tmp_path).facts) == 7


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("data") / "tiny.jsonl"
    write_jsonl(path, [SUM, DOUBLE])
    return str(path)


def test_processes_of_an_async_vector_environment(data: str, tmp_path: Path) -> None:
    def one() -> Any:
        return RecordEpisodes(gymnasium.make("RLEF-CodeContests-v0", dataset=data, max_turns=1), tmp_path / "run")

    vectors = AsyncVectorEnv([one, one])
    vectors.reset(seed=1)
    vectors.step((SampledText(SUM_RIGHT, 8, 4), SUM_WRONG))
    vectors.close()
    facts = Run(tmp_path / "run").facts
    assert len(facts) == 2
    assert sorted(str(each.turns[0].completion_tokens) for each in facts) == ["4", "None"]


@pytest.mark.parametrize("mode", ["SameStep", "NextStep", "Disabled"])
def test_a_vector_environment(mode: str, tmp_path: Path) -> None:
    wrapped = vector.RecordEpisodes(envs(3, WRONG, RIGHT, autoreset_mode=mode), tmp_path)
    plain = envs(3, WRONG, RIGHT, autoreset_mode=mode)
    ended: list[Episode] = []
    assert wrapped.reset(seed=4)[0] == plain.reset(seed=4)[0]
    for _ in range(4):
        actions = [SUM_RIGHT] * 3
        result = wrapped.step(actions)
        plain.send(range(3), actions)
        batch = plain.recv(3)
        assert result[1].tolist() == batch.rewards.tolist()
        assert result[0] == batch.observations
        ended += [episode for episode in batch.episodes if episode.ended]
        if mode == "Disabled" and (mask := batch.terminations | batch.truncations).any():
            for each in (wrapped, plain):
                each.reset(options={"reset_mask": mask})
    wrapped.close()
    wrapped.close()
    assert len(ended) >= 4
    assert recorded(tmp_path) == ended
    assert all(len(record.turns) == len(record.episode.turns) for record in Run(tmp_path).records())


def test_a_vector_environment_without_a_barrier(tmp_path: Path) -> None:
    wrapped = vector.RecordEpisodes(envs(2, RIGHT, dataset=Dataset("sum", "Sum", (SUM,))), tmp_path, every=2)
    wrapped.reset(seed=4)
    for _ in range(2):
        wrapped.send([1], [SampledText(SUM_RIGHT, 5, 6)])
        batch = wrapped.recv()
        assert batch.env_ids.tolist() == [1]
    wrapped.send([0], [SUM_RIGHT])
    wrapped.recv()
    wrapped.close()
    assert [record.turns[0].prompt_tokens for record in Run(tmp_path).records()] == [5, None]


def test_the_step_of_a_wrapped_vector_environment_is_its_own(tmp_path: Path) -> None:
    wrapped, plain = vector.RecordEpisodes(envs(2, RIGHT, WRONG), tmp_path), envs(2, RIGHT, WRONG)
    for each in (wrapped, plain):
        each.reset(seed=4)
    found, expected = wrapped.step([SUM_RIGHT] * 2), plain.step([SUM_RIGHT] * 2)
    assert found[0] == expected[0]
    for mine, theirs in zip(found[1:4], expected[1:4], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert str(found[4]) == str(expected[4])
    with pytest.raises(UsageError, match="as many actions as environments"):
        wrapped.step([SUM_RIGHT])
    wrapped.close()


def test_other_vector_wrappers_go_around_it(tmp_path: Path) -> None:
    inner = vector.RecordEpisodes(envs(2, RIGHT, dataset=Dataset("sum", "Sum", (SUM,))), tmp_path)
    wrapped = gymnasium.wrappers.vector.RecordEpisodeStatistics(gymnasium.wrappers.vector.ClipReward(inner, 0, 0.5))
    wrapped.reset(seed=1)
    *_, infos = wrapped.step((SUM_RIGHT, SUM_RIGHT))
    assert infos["episode"]["r"].tolist() == [0.5, 0.5]
    assert [episode.turns[0].reward for episode in recorded(tmp_path)] == [1.0, 1.0], "the environment's own reward"
    wrapped.close()


KILLED = """
import os, signal, sys
from rlef_env.envs import CodeEnv
from rlef_env.testing import ScriptedJudge
from rlef_env.wrappers import RecordEpisodes

env = RecordEpisodes(CodeEnv("starter", judge=ScriptedJudge()), sys.argv[1])
for _ in range(5):
    env.reset()
    env.step("```python\\nprint(1)\\n```")
env.reset()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_has_lost_no_episode(tmp_path: Path) -> None:
    for killed in (1, 2):
        process = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], timeout=250)
        assert process.returncode == -signal.SIGKILL
        assert len(recorded(tmp_path)) == 5 * killed, "the next process goes on in the same folder"


def test_a_full_disk_is_an_error_and_leaves_the_run_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped = RecordEpisodes(env(RIGHT), tmp_path)
    whole = played(wrapped, SUM_RIGHT)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(OSError, match="No space left"):
            played(wrapped, SUM_RIGHT)
    assert recorded(tmp_path) == [whole]
    later = played(wrapped, SUM_RIGHT)
    wrapped.close()
    assert recorded(tmp_path) == [whole, later]


def test_the_commands_read_it(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    with RecordEpisodes(gymnasium.make("RLEF-CodeContests-v0", dataset=data), run) as wrapped:
        for problem, responses in (("sum", [SUM_WRONG, SUM_RIGHT]), ("double", [SUM_WRONG] * 3)):
            wrapped.reset(options={"problem_id": problem})
            for response in responses:
                wrapped.step(response)
    for words, expected in (
        (["query", str(run), "SELECT count(*) AS episodes, sum(solved::int) AS solved FROM episodes"], "2"),
        (["errors", str(run)], "2 episodes, 5 turns"),
        (["rescore", str(run)], "5"),
        (["report", str(run), "--out", str(tmp_path / "report.html")], "2 episodes"),
        (["replay", str(run), "--agent", "oracle", "--out", str(tmp_path / "again"), "--plain"], "won"),
    ):
        assert main(words) == 0, words
        shown = capsys.readouterr()
        assert expected in shown.out + shown.err
    assert json.loads((run / "run.json").read_text())["kind"] == "play"
    assert len(list(read_records(Run(run).folder))) == 2
