"""Cases for a study of reading: the points at which a frozen policy has written a wrong program and is told so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Final

from rlef_agents.studies import interventions
from rlef_agents.studies.interventions import RAISES, Mode, Told, failed_tests, failed_with
from rlef_env import Dataset, Problem, score_all
from rlef_env.agents import Agent, Conversation
from rlef_env.envs import extract_program, fenced, prompt_text
from rlef_env.judge import BaseJudgePool, Judgement, Verdict
from rlef_env.problems.procedural import variants_of

__all__ = ["Case", "Played", "all_told", "distinct_problems", "judged_under", "play_cases", "told_under"]

_NOT_JUDGED: Final = Judgement(Verdict.NO_VERDICT)


@dataclass(frozen=True)
class Case:
    """A conversation that ends with a wrong program, before the policy is told.

    Attributes:
        problem: the problem.
        seed: seed of the conversation.
        responses: the policy's responses; the last one holds a program that failed a public test.
        told: the environment's feedback between them.
        judgements: the judgements of the responses.
    """

    problem: Problem
    seed: int
    responses: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    judgements: tuple[Judgement, ...] = ()

    @property
    def judgement(self) -> Judgement:
        """The judgement of the last response."""
        return self.judgements[-1] if self.judgements else _NOT_JUDGED

    def conversation(self, told: Sequence[str]) -> Conversation:
        """Return the conversation with these messages after the responses."""
        texts = [prompt_text(self.problem.statement)]
        for response, message in zip(self.responses, told, strict=True):
            texts += [response, message]
        messages = ({"role": ("user", "assistant")[place % 2], "content": text} for place, text in enumerate(texts))
        return Conversation(tuple(messages), self.problem.id, self.seed)

    @property
    def program(self) -> str:
        """The last program."""
        return extract_program(self.responses[-1]) or ""

    @cached_property
    def variants(self) -> tuple[Problem, ...]:
        """The problem under each secret, in the order of secrets, itself included."""
        return variants_of(self.problem.id)

    @cached_property
    def others(self) -> tuple[Problem, ...]:
        """The problem under each other secret."""
        return tuple(each for each in self.variants if replace(each, id=self.problem.id) != self.problem)


@dataclass(frozen=True, slots=True)
class Played:
    """What playing came to.

    Attributes:
        cases: the cases.
        asked: number of problems that were played.
        ended: those that passed the public tests before, so that there is nothing to be told.
        without_program: those whose last response holds no program.
        no_verdict: those that the judge could not judge.
    """

    cases: tuple[Case, ...]
    asked: int
    ended: int
    without_program: int
    no_verdict: int


def distinct_problems(dataset: Dataset, count: int) -> list[Problem]:
    """Return the first problems of a data set of which no two have the same statement and public tests.

    To a policy such two are one problem: counting both would make intervals too narrow.
    """
    found: dict[object, Problem] = {}
    for problem in dataset:
        found.setdefault((problem.statement, problem.public_tests), problem)
        if len(found) == count:
            break
    return list(found.values())


def play_cases(
    agent: Agent,
    problems: Sequence[Problem],
    pool: BaseJudgePool,
    seed: int = 0,
    turn: int = 1,
    mode: Mode = "public",
) -> Played:
    """Let a policy play with true feedback until its wrong program of a turn.

    Args:
        agent: the policy.
        problems: the problems, each played once.
        pool: judges.
        seed: seed of all draws.
        turn: number of responses, of which each must hold a program that fails a public test.
        mode: which failures the feedback shows.
    """
    cases = [Case(problem, Random(f"{seed} {problem.id}").getrandbits(31)) for problem in problems]
    ended = without = lost = 0
    for number in range(turn):
        texts = [(failed_with(each.problem, each.judgement, mode).text,) if number else () for each in cases]
        asked = [case.conversation((*case.told, *text)) for case, text in zip(cases, texts, strict=True)]
        responses = agent.act(asked) if asked else []
        scored = score_all(zip([each.problem for each in cases], responses, strict=True), pool=pool)
        going: list[Case] = []
        for case, text, response, score in zip(cases, texts, responses, scored, strict=True):
            if score.reward is None:
                lost += 1
            elif score.program is None:
                without += 1
            elif not failed_tests(score.judgement):
                ended += 1
            else:
                judged = (*case.judgements, score.judgement)
                going.append(Case(case.problem, case.seed, (*case.responses, response), (*case.told, *text), judged))
        cases = going
    return Played(tuple(cases), len(problems), ended, without, lost)


def told_under(problem: Problem, judged: Sequence[Judgement], mode: Mode = "public") -> Told | None:
    """Return what the environment would tell the policy if this were its problem.

    Args:
        problem: the case's problem under another secret.
        judged: judgements of all programs of the case on that problem.
        mode: which failures the feedback shows.

    Returns:
        The feedback, of all programs; None where one of them passes.
    """
    return _of_all([failed_with(problem, each, mode) if failed_tests(each) else None for each in judged])


def _of_all(told: Sequence[Told | None]) -> Told | None:
    """Return the message about the last program with those about the programs before; None if there is none for one."""
    made = [each for each in told if each is not None]
    return replace(made[-1], before=tuple(each.text for each in made[:-1])) if len(made) == len(told) else None


def judged_under(
    pairs: Sequence[tuple[Case, Problem]], pool: BaseJudgePool, mode: Mode = "public"
) -> list[Told | None]:
    """Judge the programs of cases on other problems; return ``told_under`` of each pair."""
    scored = score_all(((problem, response) for case, problem in pairs for response in case.responses), pool=pool)
    return [told_under(problem, [next(scored).judgement for _ in case.responses], mode) for case, problem in pairs]


def all_told(cases: Sequence[Case], pool: BaseJudgePool, seed: int = 0, mode: Mode = "public") -> list[dict[str, Told]]:
    """Return the messages of every intervention for each case, by its name; without those that a case does not have.

    Args:
        cases: the cases.
        pool: judges.
        seed: seed of all draws.
        mode: which failures the feedback shows.
    """
    counterfactual = _counterfactual(cases, pool, seed, mode)
    raised = [score.judgement for score in score_all(((each.problem, fenced(RAISES)) for each in cases), pool=pool)]
    made: list[dict[str, Told]] = []
    for place, case in enumerate(cases):
        draw, judged = f"{seed} {case.problem.id} number", case.judgements
        trace = interventions.exception(case.problem, raised[place], mode) if failed_tests(raised[place]) else None
        told: dict[str, Told | None] = {
            "true": told_under(case.problem, judged, mode),
            "counterfactual": counterfactual[place],
            "other_problem": _other_problem(cases, place, seed, mode),
            "unrelated_number": _of_all(  # equal draws: the same number in all messages
                [interventions.unrelated_number(case.problem, each, case.others, Random(draw), mode) for each in judged]
            ),
            "try_again": _of_all([interventions.try_again() for _ in judged]),
            "verdict_only": _of_all([interventions.verdict_only(case.problem, each, mode) for each in judged]),
            "exception": _of_all([trace for _ in judged]),
        }
        made.append({name: each for name, each in told.items() if each is not None})
    return made


def _counterfactual(cases: Sequence[Case], pool: BaseJudgePool, seed: int, mode: Mode) -> list[Told | None]:
    """Draw another secret for each case, under which its programs fail too, and are told something else at the end."""
    left = {
        place: iter(Random(f"{seed} {case.problem.id} secret").sample(case.others, len(case.others)))
        for place, case in enumerate(cases)
    }
    found: list[Told | None] = [None] * len(cases)
    while left:
        drawn = {place: next(others, None) for place, others in left.items()}
        pairs = {place: (cases[place], other) for place, other in drawn.items() if other is not None}
        told = judged_under(list(pairs.values()), pool, mode)
        for place, each in zip(pairs, told, strict=True):
            if each is not None and each.text != failed_with(cases[place].problem, cases[place].judgement, mode).text:
                found[place] = each
        left = {place: others for place, others in left.items() if place in pairs and found[place] is None}
    return found


def _other_problem(cases: Sequence[Case], place: int, seed: int, mode: Mode) -> Told | None:
    """Draw another case, whose right program is neither this one's nor what the policy wrote; return its feedback."""
    case, random = cases[place], Random(f"{seed} {cases[place].problem.id} other")
    excluded = {case.program, *_right_programs(case.problem)}
    for other in random.sample(cases, len(cases)):
        if excluded.isdisjoint(_right_programs(other.problem)):
            return told_under(other.problem, other.judgements, mode)
    return None


def _right_programs(problem: Problem) -> list[str]:
    return [each.source.rstrip() for each in problem.solutions]
