"""A replay plays under the settings of the first run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rlef_env.agents.loading import named
from rlef_env.analysis.backtest.replay_run import replayed_evaluation
from rlef_env.analysis.evaluation import Evaluation
from rlef_env.analysis.run import Run
from rlef_env.judge import Verdict
from rlef_env.testing import ScriptedJudge
from tests.envs.samples import TINY


class Submits:
    """Answers with a program alone, as a tool does."""

    def act(self, conversations: Sequence[object]) -> list[str]:
        return ["print(3)" for _ in conversations]


def test_a_replay_has_the_settings_of_the_run(tmp_path: Path) -> None:
    """With ``protocol="tool"`` the response is the program, in evaluations too."""
    env = {"protocol": "tool", "reward": "pass_fraction", "prompt_cap": 900, "feedback_cap": 800}
    judge = ScriptedJudge([Verdict.WRONG_ANSWER])
    agent = named("submits", Submits())
    first = Evaluation(agent, TINY, "tiny", problem_ids=["sum"], turns=2, feedback="verdict", seed=7, env=env)
    run = first.play(tmp_path / "first", pool=judge).run
    again = replayed_evaluation(run, agent, TINY).play(tmp_path / "again", pool=judge).run
    assert again.folder.identity == run.folder.identity
    assert run.folder.identity.episodes["reward"] == "pass_fraction"
    for each in (run, Run(tmp_path / "again")):
        (record,) = each.records()
        assert [turn.program for turn in record.episode.turns] == ["print(3)", "print(3)"]
        assert "backtick" not in record.episode.prompt
