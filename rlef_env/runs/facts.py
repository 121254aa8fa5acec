"""What analyses count: an episode without its texts."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EpisodeFacts", "ProblemFacts", "TurnFacts"]


@dataclass(frozen=True, slots=True)
class ProblemFacts:
    """Facts about a problem of a run, by which results are grouped.

    Attributes:
        problem_id: the problem's id in its data set.
        digest: hash of the problem's statement, tests, limits and checker; equal if and only if these are equal.
        cluster: problems of one cluster are not independent: the contest or the procedural family, else the id itself.
        source: origin of the problem, or None.
        difficulty: the source's own word or number, or None.
        published: day of publication as ``"2023-08-21"``, or None.
        tags: topics, as the source names them.
    """

    problem_id: str
    digest: str = ""
    cluster: str = ""
    source: str | None = None
    difficulty: str | None = None
    published: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """A turn without its texts.

    Attributes:
        turn: its number in the episode, from 1.
        verdict: value of its ``Verdict``, such as ``"wrong_answer"``.
        category: kind of error (see ``rlef_env.analysis.errors``); the judge's category where it was not analysed;
            None if there is none.
        reward: its reward.
        passed_public: whether the program passed every public test that was run, and at least one test was run.
        program: hash of the program, equal for equal programs; None where the response holds no program.
        cpu_seconds: CPU time of the program on all tests together.
        prompt_tokens: tokens that the model read; None where unknown.
        completion_tokens: tokens that the model wrote; None where unknown.
        seconds: wall time until the agent had answered.
        executions: runs of a program on a test: those of the judge, and those that the agent has asked for itself.
    """

    turn: int
    verdict: str
    category: str | None = None
    reward: float = 0.0
    passed_public: bool = False
    program: str | None = None
    cpu_seconds: float = 0.0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float = 0.0
    executions: int = 0


@dataclass(frozen=True, slots=True)
class EpisodeFacts:
    """An episode without its texts.

    Attributes:
        problem: the problem.
        sample: number of the episode among those of its problem, from 0.
        phase: ``"evaluate"``, ``"train"`` or ``"play"``.
        evaluation: name of the evaluation set; empty where a run has one.
        step: number of updates that the policy had; None outside of training.
        max_turns: turn limit.
        solved_at: number of the turn that solved the problem, from 1; 0 where none did.
        has_verdict: False where the judge itself failed: such an episode says nothing about the agent.
        turns: the turns, in order.
        seconds: wall time of the episode.
    """

    problem: ProblemFacts
    sample: int
    phase: str
    evaluation: str
    step: int | None
    max_turns: int
    solved_at: int
    has_verdict: bool
    turns: tuple[TurnFacts, ...]
    seconds: float = 0.0

    @property
    def solved(self) -> bool:
        """Whether a turn solved the problem."""
        return self.solved_at > 0
