"""The agent of baselines counts all that a response takes; independent samples and few-shot self-repair."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_agents.chat import ChatAgent
from rlef_agents.hf_agent import HFAgent
from rlef_agents.prompting import Ask, FewShot, Flow, Independent, PromptingAgent, Steps, ask, judge
from rlef_agents.prompting.few_shot import read_examples, shipped_examples
from rlef_env.agents import AgentOptions, Conversation, SampledText, load_agent
from rlef_env.errors import UsageError
from rlef_env.judge import JudgeJob, Verdict
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program
from rlef_env.testing import ScriptedJudge
from tests.agents.prompting.scripted_server import serving
from tests.agents.test_hf_agent import conversation, small
from tools.few_shot_examples import lines

ROOT = Path(__file__).resolve().parents[3]
JOB = JudgeJob(Problem("p", "", (Test("1\n", "1\n"), Test("2\n", "2\n"))), Program("print(input())"))


class Counting:
    """Answers with a text of its own for each chat, and tells given numbers of tokens."""

    token_prices = (1.0, 2.0)

    def __init__(self, tokens: dict[str, tuple[int | None, int | None]]) -> None:
        self.tokens, self.batches = tokens, list[list[Conversation]]()
        self.settings = {"model": "counting"}

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        self.batches.append(list(conversations))
        texts = [each.messages[-1]["content"] for each in conversations]
        return [SampledText(f"answer to {text}", *self.tokens[text]) for text in texts]


def chat(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


COUNTS = st.none() | st.integers(0, 1000)


@given(st.lists(st.lists(st.just(None) | st.tuples(COUNTS, COUNTS), max_size=5), max_size=4))
def test_tokens_and_executions_of_all_steps_are_added_up(scripts: list[list[Any]]) -> None:
    """Each script is one conversation's steps: None for a judgement of two tests, else the tokens of an answer."""
    names = [[f"{n} {place}" for place in range(len(script))] for n, script in enumerate(scripts)]
    model = Counting({name: each for row, script in zip(names, scripts, strict=True)
                      for name, each in zip(row, script, strict=True) if each})  # fmt: skip

    def baseline(each: Conversation) -> Steps[str]:
        said = [each.problem_id]
        for name, step in zip(names[int(each.problem_id)], scripts[int(each.problem_id)], strict=True):
            if step:
                said.append((yield from ask(chat(name), name)))
            else:
                said.append((yield from judge(JOB)).verdict.value)
        return ", ".join(said)

    pool = ScriptedJudge([Verdict.ACCEPTED])
    conversations = [Conversation(tuple(chat("task")), f"{n}") for n in range(len(scripts))]
    responses = PromptingAgent(model, baseline, pool=pool).act(conversations)
    for n, (script, response) in enumerate(zip(scripts, responses, strict=True)):
        expected = [f"answer to {names[n][place]}" if step else "accepted" for place, step in enumerate(script)]
        assert response == ", ".join([f"{n}", *expected])
        assert isinstance(response, SampledText)
        answers = [step for step in script if step]
        for part, count in ((0, response.prompt_tokens), (1, response.completion_tokens)):
            known = [step[part] for step in answers]
            assert count == (None if None in known else sum(known))
        assert response.values == {"model_calls": len(answers), "executions": 2 * (len(script) - len(answers))}


def test_conversations_advance_side_by_side() -> None:
    model = Counting({"a": (1, 1), "b": (1, 1), "c": (1, 1)})

    def baseline(each: Conversation) -> Steps[str]:
        for name in each.problem_id:
            yield from ask(chat(name), name)
        return "done"

    ids = ("abc", "b", "", "ca")
    agent = PromptingAgent(model, baseline)
    assert agent.act([Conversation((), each) for each in ids]) == ["done"] * 4
    assert [[each.messages[-1]["content"] for each in batch] for batch in model.batches] == [
        ["a", "b", "c"], ["b", "a"], ["c"]
    ]  # fmt: skip
    assert agent.token_prices == (1.0, 2.0)
    assert agent.settings == {"model": {"model": "counting"}}


def test_draws_depend_on_the_episodes_seed_and_the_purpose_alone() -> None:
    model = Counting({"x": (1, 1)})

    def baseline(each: Conversation) -> Steps[str]:
        for purpose in each.problem_id:
            yield Ask(tuple(chat("x")), purpose)
        return ""

    agent = PromptingAgent(model, baseline)
    agent.act([Conversation((), "ab", seed=1), Conversation((), "b", seed=1), Conversation((), "a", seed=2)])
    seeds = [[each.seed for each in batch] for batch in model.batches]
    assert seeds[1][0] == seeds[0][1], "the same purpose and seed"
    assert len({*seeds[0]}) == 3


def test_no_verdict_is_the_judges_failure_and_not_the_programs() -> None:
    def baseline(_: Conversation) -> Steps[str]:
        return (yield from judge(JOB)).verdict.value

    agent = PromptingAgent(Counting({}), baseline, pool=ScriptedJudge([Verdict.NO_VERDICT]))
    with pytest.raises(RuntimeError, match="a program of the baseline: expected a verdict, got none"):
        agent.act([conversation("task")])


def test_the_numbers_of_a_baseline_on_a_baseline_are_of_both() -> None:
    inner = PromptingAgent(Counting({"task": (5, 7)}), _judged_answer, pool=ScriptedJudge())
    [response] = PromptingAgent(inner, _judged_answer, pool=ScriptedJudge()).act([conversation("task")])
    assert isinstance(response, SampledText)
    assert (response.prompt_tokens, response.completion_tokens) == (5, 7)
    assert response.values == {"model_calls": 1, "executions": 4}, "the model was asked once, both have judged"


def _judged_answer(each: Conversation) -> Steps[str]:
    answer = yield from ask(each.messages, "answer")
    yield from judge(JOB)
    return answer


def test_a_folder_of_a_model_answers_flows_and_examples() -> None:
    lm, words = small(max_position_embeddings=8000)
    model = HFAgent(lm, words, temperature=1.0, max_new=6)
    for baseline, calls in ((Flow(), range(3, 7)), (FewShot(), (1,)), (Independent(), (1,))):
        for each in map(_sampled, PromptingAgent(model, baseline).act([conversation("a"), conversation("b")])):
            assert each.values["model_calls"] in calls
            assert 0 < (each.completion_tokens or 0) <= 6 * each.values["model_calls"]


# --- independent samples ---------------------------------------------------------------------------------------------


def test_independent_samples_never_see_feedback() -> None:
    with serving(lambda chat: " ".join(chat)) as server:
        agent = load_agent(f"independent:chat:{server.url}#m", None, AgentOptions(seed=3))
        assert agent.concurrent
        responses = agent.act([conversation("the task", "wrong", "feedback"), conversation("the task")])
        assert responses == ["the task"] * 2
        assert len({*server.seeds}) == 2, "samples of an episode are drawn with seeds of their own"
        assert agent.act([conversation("the task")]) == ["the task"]
        assert server.seeds[-1] in server.seeds[:2], "the same turn again"
    assert [each.values for each in map(_sampled, responses)] == [{"model_calls": 1, "executions": 0}] * 2


def _sampled(text: str) -> SampledText:
    assert isinstance(text, SampledText)
    return text


# --- few-shot self-repair --------------------------------------------------------------------------------------------


def test_the_shipped_examples_are_judged_episodes_of_the_starter_set() -> None:
    def without_carets(text: str) -> list[Any]:  # Python versions mark other parts of a line in a trace
        rows = [json.loads(line) for line in text.splitlines()]
        return [[line for line in each["content"].split("\n") if set(line) - set(" ^~")]
                for row in rows for each in row["messages"]]  # fmt: skip

    shipped = (ROOT / "agents/rlef_agents/prompting/examples.jsonl").read_text(encoding="utf-8")
    assert without_carets(shipped) == without_carets(lines())


def test_the_model_sees_examples_and_then_the_conversation() -> None:
    with serving(lambda chat: chat[-1]) as server:
        agent = load_agent(f"few-shot:chat:{server.url}#m", None)
        [response] = agent.act([conversation("task", "wrong", "feedback")])
        shown = [message["content"] for example in shipped_examples() for message in example]
        assert len(shown) == 8
        assert server.chats == [[*shown, "task", "wrong", "feedback"]]
        assert response == "feedback"
        assert _sampled(response).prompt_tokens == server.read > 200, "examples are read and counted at every turn"


def test_an_example_of_the_same_problem_is_left_out() -> None:
    first, second = shipped_examples()
    with serving(lambda _: "x") as server:
        agent = load_agent(f"few-shot:chat:{server.url}#m", None)
        agent.act([replace(conversation("x"), messages=(first[0],))])
        assert server.chats == [[*(each["content"] for each in second), first[0]["content"]]]


def test_examples_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "examples.jsonl"
    rows = [[("user", "1"), ("assistant", "2")], [("user", "3"), ("assistant", "4")]]
    file.write_text(
        "\n\n".join(json.dumps({"messages": [{"role": r, "content": c} for r, c in row]}) for row in rows) + "\n"
    )
    options = AgentOptions(others={"examples": str(file), "shots": 1, "top_k": 5})
    with serving(lambda _: "x") as server:
        agent = load_agent(f"few-shot:chat:{server.url}#m", None, options)
        agent.act([conversation("task")])
        assert server.chats == [["1", "2", "task"]]
    assert agent.settings["shots"] == 1
    assert agent.settings["model"]["options"]["top_k"] == 5, "other options are the model's"
    other = load_agent(f"few-shot:chat:{server.url}#m", None, replace(options, others={"examples": str(file)}))
    assert other.settings["examples"] != agent.settings["examples"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected one example a line, got none"),
        ("{", r"examples.jsonl:1: expected .*user and assistant alternate, got '\{'"),
        ('\n{"messages": [{"role": "user", "content": "a"}]}', "examples.jsonl:2: expected"),
        ('{"messages": [{"role": "system", "content": "a"}, {"role": "user", "content": "a"}]}', "alternate"),
        ('{"messages": [{"role": "user", "content": 1}, {"role": "assistant", "content": "a"}]}', "alternate"),
        ("[]", "alternate"),
    ],
)
def test_wrong_files_are_refused_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "examples.jsonl"
    file.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        read_examples(file)
    assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="expected a file of JSON lines that can be read"):
        read_examples(tmp_path / "none")


def test_examples_that_do_not_fit_are_an_error() -> None:
    lm, words = small()  # 400 tokens
    with pytest.raises(UsageError, match="few-shot: expected the examples and the first message to fit"):
        PromptingAgent(HFAgent(lm, words, max_new=6), FewShot()).act([conversation("a")])


@pytest.mark.parametrize(
    ("name", "others", "message"),
    [
        ("few-shot:oracle", {}, "agent few-shot:oracle: expected few-shot:hf:FOLDER, few-shot:chat:URL#MODEL or"),
        ("flow:chat:http://h/v1", {}, r"agent flow:chat:http://h/v1: agent chat:http://h/v1: expected chat:URL#MODEL"),
        ("few-shot:chat:http://h/v1#m", {"shots": 3}, "shots: expected at most 2, the number of examples, got 3"),
        ("few-shot:chat:http://h/v1#m", {"shots": 0}, "shots: expected a whole number of 1 or more, got 0"),
        ("flow:chat:http://h/v1#m", {"repairs": -1}, "repairs: expected a whole number of 0 or more, got -1"),
        ("flow:chat:http://h/v1#m", {"own_tests": "x"}, "own_tests: expected a whole number of 0 or more, got 'x'"),
        ("flow:chat:http://h/v1#m", {"test_seconds": 0}, "test_seconds: expected a whole number of 1 or more, got 0"),
    ],
)
def test_wrong_names_and_options_are_refused_in_one_line(name: str, others: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_agent(name, None, AgentOptions(others=others))


class Shouting:
    """An agent without settings of its own."""

    def __init__(self, mark: str = "!") -> None:
        self._mark = mark

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        return [each.messages[-1]["content"] + self._mark for each in conversations]


def test_a_class_can_be_the_model_and_its_arguments_are_settings() -> None:
    name = f"independent:{__name__}:Shouting"
    agent = load_agent(name, None, AgentOptions(others={"mark": "?"}))
    assert agent.act([conversation("a", "b", "c")]) == ["a?"]
    assert agent.settings["model"]["mark"] == "?"
    assert agent.settings["model"]["source"], "a run is not continued with another class"
    with pytest.raises(UsageError, match="expected options that are parameters of its class, got marks"):
        load_agent(name, None, AgentOptions(others={"marks": "?"}))


def test_a_chat_agent_is_what_the_name_says() -> None:
    agent = load_agent("flow:chat:http://h/v1#m", None, AgentOptions(others={"prices": [1, 2], "repairs": 1}))
    assert isinstance(agent.agent, PromptingAgent)
    assert agent.agent.token_prices == [1.0, 2.0]
    assert agent.settings["model"] == ChatAgent.from_options("http://h/v1#m", AgentOptions()).settings
    assert (agent.settings["prompting"], agent.settings["repairs"]) == ("flow", 1)
