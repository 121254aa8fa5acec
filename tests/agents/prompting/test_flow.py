"""The flow against a server that follows a script, with the real judge: what it asks, repairs, submits and counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_agents.prompting import Flow, PromptingAgent
from rlef_agents.prompting.flow_texts import OWN_TESTS, REFLECT, WRITE, propose
from rlef_env import load_dataset
from rlef_env.agents import AgentOptions, Conversation, NamedAgent, SampledText, load_agent, play
from rlef_env.analysis import Run
from rlef_env.cli.command import main
from rlef_env.envs import fenced, prompt_text
from rlef_env.judge import Verdict
from rlef_env.judge.judgement import TestResult
from rlef_env.problems import Problem, Solution, Test
from rlef_env.problems.writing import write_jsonl
from rlef_env.testing import ScriptedJudge
from tests.agents.prompting.scripted_server import Chat, ScriptedServer, serving

STATEMENT = "Print the sum of two numbers.\n\nExample\n\nInput\n\n1 2\n\nOutput\n\n3\n"
PROMPT = prompt_text(STATEMENT)
OWN = json.dumps([{"input": "5 5", "output": "10"}, {"input": "0 9", "output": 9}, {"input": "1 2", "output": 99}])
"""Two own tests; the third has the input of the example and does not count."""
RIGHT = fenced("print(sum(map(int, input().split())))")
CONSTANT = fenced("print(3)")  # passes the example
HALF = fenced("a, b = map(int, input().split())\nprint(3 if a == 1 else 2 * a)")  # passes the example and one own test
WRONG = fenced("print('no')")


def script(*programs: str, own: str = OWN, reflection: str = "It adds.") -> Callable[[Chat], str]:
    """Return a server's answers: the reflection, the tests, and the programs in turn, the last one again and again."""
    left = list(programs)

    def answer(chat: Chat) -> str:
        if chat[-1].endswith(REFLECT):
            return reflection
        if chat[-1] == propose(4):
            return own
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


def first(prompt: str = PROMPT, seed: int = 0) -> Conversation:
    return Conversation(({"role": "user", "content": prompt},), "p", seed)


def agent_of(server: ScriptedServer, **others: Any) -> NamedAgent:
    return load_agent(f"flow:chat:{server.url}#m", None, AgentOptions(others=others))


def solved(server: ScriptedServer, **others: Any) -> SampledText:
    """Return the flow's response; its tokens are those of all requests."""
    [response] = agent_of(server, **others).act([first()])
    assert isinstance(response, SampledText)
    assert (response.prompt_tokens, response.completion_tokens) == (server.read, server.written)
    assert response.values["model_calls"] == len(server.chats)
    return response


def test_a_right_program_is_submitted_at_once() -> None:
    with serving(script(RIGHT)) as server:
        response = solved(server)
        begin = f"{PROMPT}\n\n{REFLECT}"
        assert server.chats == [[begin], [begin, "It adds.", propose(4)], [begin, "It adds.", WRITE]]
    assert response == RIGHT
    assert response.values == {"model_calls": 3, "executions": 3}, "the example and two own tests"


def test_a_wrong_program_is_repaired_on_own_tests() -> None:
    with serving(script(CONSTANT, RIGHT)) as server:
        response = solved(server)
        *begin, program, report = server.chats[3]
        assert (begin, program) == (server.chats[2], CONSTANT)
        assert report.startswith(f"{OWN_TESTS}\n\nYour code failed the following tests:\n\n- input `5 5\n` failed:\n")
        assert "Expected output `10\n` but got `3\n`" in report
    assert response == RIGHT
    assert response.values == {"model_calls": 4, "executions": (1 + 1) + (1 + 2)}, "it stops at the first own failure"


def test_public_tests_come_first() -> None:
    with serving(script(WRONG, RIGHT)) as server:
        response = solved(server)
        report = server.chats[3][-1]
        assert report.startswith("Your code failed the following tests:\n\n- input `1 2\n` failed:\nExpected output `3")
        assert "5 5" not in report
    assert response.values == {"model_calls": 4, "executions": 1 + 3}, "no own test runs while a public one fails"


def test_all_public_tests_are_run_and_reported() -> None:
    prompt = prompt_text(f"{STATEMENT}\nInput\n\n7 7\n\nOutput\n\n14\n")
    with serving(script(WRONG, RIGHT)) as server:
        [response] = agent_of(server).act([first(prompt)])
        assert server.chats[3][-1].count("failed:\nExpected output") == 2
    assert isinstance(response, SampledText)
    assert response.values == {"model_calls": 4, "executions": 2 + 4}


def test_passed_tests_are_anchors() -> None:
    """A repair that loses a test is dropped; the next repair starts from the program before it."""
    for lost in (WRONG, CONSTANT):
        with serving(script(HALF, lost, RIGHT)) as server:
            response = solved(server)
            assert server.chats[4] == server.chats[3], "the same program and report again"
            assert server.chats[4][-2] == HALF
            assert response == RIGHT
    with serving(script(CONSTANT, HALF, WRONG, fenced("print('never')"))) as server:
        response = solved(server)
        assert response == HALF, "the best one is submitted, not the last one"
        assert [chat[-2] for chat in server.chats[3:]] == [CONSTANT, HALF, HALF]
        assert response.values == {"model_calls": 6, "executions": 2 + 3 + 1 + 1}


def test_a_repeated_program_ends_the_repairs_and_is_not_run_again() -> None:
    with serving(script(CONSTANT)) as server:
        response = solved(server)
    assert response == CONSTANT
    assert response.values == {"model_calls": 4, "executions": 2}


@pytest.mark.parametrize("repairs", [0, 1, 2])
def test_the_number_of_repairs_is_bounded(repairs: int) -> None:
    with serving(script(*(fenced(f"print({n})") for n in (4, 5, 6, 7, 8)))) as server:
        response = solved(server, repairs=repairs)
    assert response == fenced(f"print({4 + repairs})"), "as good as the first one, and newer"
    assert response.values == {"model_calls": 3 + repairs, "executions": 1 + repairs}


def test_without_own_tests_none_are_asked_for() -> None:
    with serving(script(CONSTANT)) as server:
        response = solved(server, own_tests=0)
    assert response.values == {"model_calls": 2, "executions": 1}


def test_no_more_own_tests_than_asked_for() -> None:
    rows = json.dumps([{"input": f"{n} 0", "output": f"{n}"} for n in range(2, 30)])
    with serving(script(RIGHT, own=rows)) as server:
        assert solved(server).values["executions"] == 1 + 4


# --- what models write -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "own",
    ["", "I see none.", "[", "[" * 9999, '[{"input": 1}]', '[{"input": "\\ud800", "output": 1}]'],
    ids=["nothing", "words", "a bracket", "deep", "no output", "half a character"],
)
def test_no_tests_in_the_answer(own: str) -> None:
    with serving(script(CONSTANT, own=own)) as server:
        response = solved(server)
    assert response == CONSTANT
    assert response.values == {"model_calls": 3, "executions": 1}, "the example alone"


def test_no_program_in_the_answer() -> None:
    with serving(script("I cannot.", RIGHT)) as server:
        response = solved(server)
        assert server.chats[3][-2:] == ["I cannot.", server.chats[3][-1]]
        assert server.chats[3][-1].startswith("Could not parse your code.")
    assert response == RIGHT
    assert response.values == {"model_calls": 4, "executions": 3}
    with serving(script("I cannot.")) as server:
        response = solved(server)
    assert (response, response.values) == ("I cannot.", {"model_calls": 4, "executions": 0})


def test_an_empty_reflection_is_not_sent_back() -> None:
    with serving(script(RIGHT, reflection="<think>It adds.</think>")) as server:
        response = solved(server)
        assert server.chats[1:] == [[PROMPT]], "thoughts are no reflection"
    assert response.values == {"model_calls": 2, "executions": 1}


def test_an_endless_program_ends_with_the_time_limit() -> None:
    endless = fenced("a, b = map(int, input().split())\nwhile a == 5: pass\nprint(a + b)")
    with serving(script(endless, RIGHT)) as server:
        response = solved(server, test_seconds=1)
        assert "- input `5 5\n` failed: Execution took too long." in server.chats[3][-1]
    assert response == RIGHT
    assert response.values == {"model_calls": 4, "executions": 2 + 3}


def test_functions_are_called() -> None:
    """The own tests for standard input, and of another function, are none."""
    problem = load_dataset("starter").get("starter/seat-labels")
    rows = [("seat_labels(1, 1)", "['1A']"), ("1 1", "1A"), ("other(1)", "2"), ("seat_labels(1, x)", "[]")]
    own = json.dumps([{"input": given, "output": wanted} for given, wanted in rows])
    right = problem.solutions[0].source
    wrong = (
        f"{right}\nright = seat_labels\ndef seat_labels(rows, seats): return [] if seats == 1 else right(rows, seats)"
    )
    with serving(script(fenced(wrong), fenced(right.rstrip()), own=own)) as server:
        [response] = agent_of(server).act([first(prompt_text(problem.statement))])
        assert "- input `seat_labels(1, 1)\n` failed:\nExpected output `['1A']\n` but got `[]" in server.chats[3][-1]
    assert response == fenced(right.rstrip())
    assert isinstance(response, SampledText)
    assert response.values == {"model_calls": 4, "executions": 3 + 3}, "two examples and one own test"


def test_without_any_test_nothing_runs() -> None:
    with serving(script(WRONG, own="none")) as server:
        [response] = agent_of(server).act([first(prompt_text("Print the sum."))])
    assert isinstance(response, SampledText)
    assert (response, response.values) == (WRONG, {"model_calls": 3, "executions": 0})


def test_a_program_that_looks_for_answers_finds_none(tmp_path: Path) -> None:
    """It tries a file, its own environment, its parent, the machine's name, and to leave a file: it gets errors."""
    secret = tmp_path / "secret"
    secret.write_text("the secret word")
    cheat = f"""
import os, sys
found = []
for path in ({str(secret)!r}, "/proc/self/environ", f"/proc/{{os.getppid()}}/cmdline", "/etc/hostname"):
    try:
        found.append(open(path).read())
    except BaseException as error:
        found.append(type(error).__name__)
try:
    open({str(tmp_path / "left")!r}, "w").write("x")
except BaseException as error:
    found.append(type(error).__name__)
print(*found, sep="|")
"""
    with serving(script(fenced(cheat), WRONG)) as server:
        assert solved(server) == WRONG
        got = server.chats[3][-1].partition("but got `")[2].partition("\n`")[0].split("|")
    assert len(got) == 5
    assert all(each.endswith("Error") for each in got), got
    assert not (tmp_path / "left").exists()


# --- a whole episode -------------------------------------------------------------------------------------------------


def test_later_turns_keep_the_plan_and_test_what_feedback_has_shown() -> None:
    said = "- input `7 7\n` failed:\nExpected output `14\n` but got `3\n`\n\nGive it another try."
    with serving(script(CONSTANT, CONSTANT, HALF, RIGHT)) as server:
        agent = agent_of(server, repairs=1)
        [one] = agent.act([first()])
        later = (*first().messages, {"role": "assistant", "content": str(one)}, {"role": "user", "content": said})
        [two] = agent.act([Conversation(later, "p")])
        assert [chat[-1] for chat in server.chats[4:]] == [said, server.chats[5][-1]]
        assert server.chats[4][2:] == [WRITE, CONSTANT, said]
        assert len(server.seeds) == len(set(server.seeds)) == 6, "every request has a seed of its own"
        assert isinstance(two, SampledText)
        assert two == RIGHT
        assert two.values == {"model_calls": 2, "executions": 4 + 4}, "HALF passes all but the last"


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=4))
def test_what_is_submitted_is_never_worse_on_tests_than_what_was_seen(scores: list[tuple[int, int]]) -> None:
    """Programs that pass so many of three public tests, and then so many of three own ones, in the order asked for."""
    own = json.dumps([{"input": f"{n}", "output": "0"} for n in (10, 11, 12)])
    prompt = prompt_text("P\n\nExamples\n\n" + "".join(f"Input\n\n{n}\n\nOutput\n\n0\n\n" for n in range(3)))
    programs = [f"print({n}, {score})" for n, score in enumerate(scores)]
    asked: list[str] = []

    class Model:
        def act(self, conversations: Sequence[Conversation]) -> list[str]:
            last = conversations[0].messages[-1]["content"]
            if last.endswith(REFLECT) or last == propose(4):
                return ["It prints." if last.endswith(REFLECT) else own]
            asked.append(programs[min(len(asked), len(programs) - 1)])
            return [fenced(asked[-1])]

    class Pool(ScriptedJudge):
        def submit(self, job: Any, *_: Any, **__: Any) -> Any:
            public, private = scores[programs.index(job.program.source)]
            self._result = lambda role, n: TestResult(
                role, n, Verdict.ACCEPTED if n < (public if role == "public" else private) else Verdict.WRONG_ANSWER
            )
            return super().submit(job)

    [response] = PromptingAgent(Model(), Flow(), pool=Pool()).act([first(prompt)])
    tried = list(dict.fromkeys(asked))
    worth = {each: scores[programs.index(each)] if scores[programs.index(each)][0] == 3 else
             (scores[programs.index(each)][0], 0) for each in tried}  # fmt: skip
    best = max(worth.values())
    assert response == fenced([each for each in tried if worth[each] == best][-1])
    assert all(worth[each] < (3, 3) for each in tried[:-1]), "a program that passes all tests is the last one"


def test_a_judge_that_fails_leaves_the_episode_out() -> None:
    judge = ScriptedJudge(result=lambda role, n: TestResult(role, n, Verdict.NO_VERDICT))
    with serving(script(RIGHT)) as server:
        agent = PromptingAgent(agent_of(server).agent._model, Flow(), pool=judge)  # type: ignore[attr-defined]
        with pytest.raises(RuntimeError, match="expected a verdict, got none"):
            agent.act([first()])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    problems = [
        Problem(f"p{n}", STATEMENT.replace("two", f"two ({n})"), (Test("1 2\n", "3\n"),), (Test("4 5\n", "9\n"),),
                solutions=(Solution("print(sum(map(int, input().split())))"),)) for n in range(3)
    ]  # fmt: skip
    write_jsonl(tmp_path / "sums.jsonl", problems)
    return tmp_path / "sums.jsonl"


def test_rlef_eval_counts_the_tokens_and_executions_of_all_steps(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = script(RIGHT)
    with serving(lambda chat: HALF if chat[-1] == WRITE else answers(chat)) as server:
        words = ["eval", f"flow:chat:{server.url}#m", "--data", str(data), "--out", str(tmp_path / "run"), "--plain"]
        assert main([*words, "--workers", "1", "--json", str(tmp_path / "out.json")]) == 0
        assert len(server.chats) == 3 * 4
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["tokens"] == server.read + server.written
    own = 3 + 3  # HALF passes the example, one own test and not the other; then all three pass
    assert found["metrics"]["executions"]["value"] == own + 2, "the judge runs a public and a hidden test"
    assert found["metrics"]["solved_at_1"]["value"] == 1
    run = Run(tmp_path / "run")
    assert [extra.values for each in run.records() for extra in each.turns] == [
        {"model_calls": 4, "executions": own}
    ] * 3
    assert "runs of a program on a test in an episode" in capsys.readouterr().out
    pytest.importorskip("duckdb")
    assert run.query("SELECT sum(executions), sum(tests) FROM turns").rows == [(3 * (own + 2), 3 * 2)]
    asked = "SELECT sum((extra->'values'->>'model_calls')::int) FROM turns"
    assert run.query(asked).rows == [(3 * 4,)]
    assert main([*words, "--resume", "--option", "repairs=1"]) == 2
    assert "agent.repairs: 1, other 3" in capsys.readouterr().err


def test_a_budget_counts_all_tokens(data: Path, tmp_path: Path) -> None:
    with serving(script(RIGHT)) as server:
        words = ["eval", f"flow:chat:{server.url}#m", "--data", str(data), "--out", str(tmp_path / "run"), "--plain"]
        main([*words, "--workers", "1", "--concurrency", "1", "--budget-tokens", "1"])
        assert len(server.chats) == 3, "one episode, with its reflection and tests, is more than the budget"


def test_the_environment_of_gymnasium() -> None:
    answers = script(RIGHT)
    with serving(lambda chat: WRONG if chat[-1] == WRITE else answers(chat)) as server:
        env = gym.make("RLEF-Starter-v0")
        try:
            [episode] = play(agent_of(server), env, 1, problem_ids=["starter/add-numbers"])
        finally:
            env.close()
    assert episode.solved_at == 1
    assert episode.turns[0].response == RIGHT
