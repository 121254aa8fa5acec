"""A flow: reflect, propose tests, write a program, repair it on public and own tests, and only then submit it.

In the manner of AlphaCodium (Ridnik et al., arXiv 2401.08500), with fewer stages: no ranking of several plans, and own
tests come in one answer. What is kept: reflection in words, tests of the model's own, public tests before own ones, and
passed tests as anchors, which a repair must not fail.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

from rlef_agents.prompting import flow_texts
from rlef_agents.prompting.agent import PromptingAgent
from rlef_agents.prompting.loading import at_least, model_and_options
from rlef_agents.prompting.shown_tests import called, proposed_tests, public_tests, same_input
from rlef_agents.prompting.steps import Messages, Steps, ask, assistant, judge, user
from rlef_env.agents import AgentOptions, Conversation
from rlef_env.envs import extract_program, feedback_text, without_thoughts
from rlef_env.judge import JudgeJob, Judgement, Verdict
from rlef_env.problems import CheckerSpec, FunctionSpec, Problem, Test
from rlef_env.sandbox import Program

__all__ = ["Flow"]

_MAX_PLANS: Final = 1 << 14  # enough for all episodes that are played at the same time
_TEXTS: Final = hashlib.sha256(
    "\0".join((flow_texts.REFLECT, flow_texts.propose(0), flow_texts.WRITE, flow_texts.OWN_TESTS)).encode()
).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Plan:
    """What precedes the programs of an episode.

    Attributes:
        reflection: what the model says about the problem.
        own_tests: the tests that it proposes.
    """

    reflection: str
    own_tests: tuple[Test, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """A program that was tried before it is submitted.

    Attributes:
        response: the model's answer.
        program: the program in it; None where it holds none.
        passed: numbers of public tests, and of own tests before the first failing one, that it passes.
        report: what failed, as a message to the model; empty if nothing did.
    """

    response: str
    program: str | None
    passed: tuple[int, int]
    report: str


class Flow:
    """Makes one response of several answers of the model.

    Public tests are those that the conversation shows: examples of the statement, and failed tests of earlier feedback.
    They and the own tests run in the judge's sandbox. A program that passes no fewer public tests than the best one,
    and then no fewer own tests, becomes the best one; each repair starts from it. It is submitted when it passes all
    tests, when the model repeats a program, or after the last repair.

    Args:
        repairs: maximum number of repairs before a response.
        own_tests: maximum number of tests that the model proposes; 0 for none.
        test_seconds: CPU seconds that a run on a test may take. The problem's own limit is not known to an agent.

    Raises:
        UsageError: an argument has an unsupported value.
    """

    def __init__(self, repairs: int = 3, own_tests: int = 4, test_seconds: int = 4) -> None:
        at_least(0, repairs=repairs, own_tests=own_tests)
        at_least(1, test_seconds=test_seconds)
        self._repairs, self._own_tests, self._test_seconds = repairs, own_tests, test_seconds
        self._plans: OrderedDict[tuple[str, int], Plan] = OrderedDict()
        self._lock = Lock()
        self.settings = {
            "prompting": "flow", "repairs": repairs, "own_tests": own_tests, "test_seconds": test_seconds,
            "texts": _TEXTS,
        }  # fmt: skip

    @classmethod
    def from_options(cls, target: str, options: AgentOptions) -> PromptingAgent:
        """Create the agent of ``flow:AGENT``. Options are the arguments of this class.

        Raises:
            UsageError: there is no such agent, or an option is wrong.
        """
        defaults = {"repairs": 3, "own_tests": 4, "test_seconds": 4}
        model, own = model_and_options("flow", target, options, defaults)
        flow = cls(**own)
        return PromptingAgent(model, flow, flow.settings)

    def __call__(self, conversation: Conversation) -> Steps[str]:
        """Return the steps to a response."""
        plan = yield from self._plan(conversation)
        problem = self._problem(conversation, plan)
        prompt, turn = conversation.messages[0]["content"], conversation.turn
        # A server may refuse an empty answer in a chat.
        begin = (
            [user(_reflect(prompt)), assistant(plan.reflection), user(flow_texts.WRITE)]
            if plan.reflection
            else [user(prompt)]
        )
        chat = (*begin, *conversation.messages[1:])
        best = yield from _attempt(chat, f"turn {turn}, program", problem)
        seen = {best.program}
        for number in range(1, self._repairs + 1):
            if not best.report:
                break
            again = (*chat, assistant(best.response), user(best.report))
            repaired = yield from _attempt(again, f"turn {turn}, repair {number}", problem, seen)
            if repaired.program in seen:
                break
            seen.add(repaired.program)
            best = repaired if repaired.passed >= best.passed else best
        return best.response

    def _plan(self, conversation: Conversation) -> Steps[Plan]:
        """Return the episode's plan. It depends on the prompt and the seed alone, so later turns have the same."""
        key = conversation.messages[0]["content"], conversation.seed
        with self._lock:
            if key in self._plans:
                return self._plans[key]
        first = user(_reflect(key[0]))
        reflection = without_thoughts((yield from ask([first], "reflection")))
        own: tuple[Test, ...] = ()
        if self._own_tests and reflection:
            request = user(flow_texts.propose(self._own_tests))
            proposed = yield from ask([first, assistant(reflection), request], "own tests")
            own = proposed_tests(without_thoughts(proposed))[: self._own_tests]
        with self._lock:
            self._plans[key] = plan = Plan(reflection, own)
            while len(self._plans) > _MAX_PLANS:
                self._plans.popitem(last=False)
        return plan

    def _problem(self, conversation: Conversation, plan: Plan) -> Problem:
        """Return the tests as a problem: what the conversation shows as public tests, the model's own as private."""
        public = public_tests(conversation.messages)
        known = set(map(same_input, public))
        own = tuple(test for test in plan.own_tests if same_input(test) not in known)
        # The first test says whether a function is asked for; tests of another kind are none.
        name = next(map(called, (*public, *own)), "")
        public, own = (tuple(test for test in tests if called(test) == name) for tests in (public, own))
        problem = Problem("flow", "", public, own, time_limit=float(self._test_seconds))
        return replace(problem, function=FunctionSpec(name), checker=CheckerSpec("value")) if name else problem


def _reflect(prompt: str) -> str:
    return f"{prompt}\n\n{flow_texts.REFLECT}"


def _attempt(chat: Messages, purpose: str, problem: Problem, seen: Collection[str | None] = ()) -> Steps[Attempt]:
    """Ask for a program, and run it on the tests unless it was seen before."""
    response = yield from ask(chat, purpose)
    program = extract_program(response)
    if program is None:
        report = feedback_text(Judgement(Verdict.NO_PROGRAM), problem)
        return Attempt(response, None, (-1, 0), report)
    public = len(problem.public_tests)
    if program in seen or not (public or problem.private_tests):
        return Attempt(response, program, (0, 0), "")
    # All public tests are run, and own ones up to the first that fails, if the public ones pass.
    judgement = yield from judge(JudgeJob(problem, Program(program), gate=public))
    passed = [result.role for result in judgement.results if result.verdict is Verdict.ACCEPTED]
    return Attempt(response, program, (passed.count("public"), passed.count("private")), _report(judgement, problem))


def _report(judgement: Judgement, problem: Problem) -> str:
    if judgement.verdict is Verdict.ACCEPTED:
        return ""
    report = feedback_text(judgement, problem, feedback="private")
    own = all(result.verdict is Verdict.ACCEPTED for result in judgement.results if result.role == "public")
    return f"{flow_texts.OWN_TESTS}\n\n{report}" if own else report
