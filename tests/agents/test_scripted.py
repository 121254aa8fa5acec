"""The three scripted agents on the starter set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rlef_agents import Agent, Conversation, OracleAgent, RandomAgent, RepairAgent, play
from rlef_env import CodeEnv, Episode, Verdict, load_dataset
from rlef_env.problems import Dataset, Problem, Solution, Test

FEW = 6


@pytest.fixture(scope="module")
def starter() -> Dataset:
    return load_dataset("starter")


@pytest.fixture(scope="module")
def env() -> Iterator[CodeEnv]:
    environment = CodeEnv(dataset="starter")
    yield environment
    environment.close()


@pytest.fixture(scope="module")
def few(starter: Dataset) -> list[str]:
    return [problem.id for problem in starter.problems[:FEW]]


def first(problem_id: str) -> Conversation:
    return Conversation(({"role": "user", "content": "?"},), problem_id)


def second(problem_id: str) -> Conversation:
    chat = ("user", "?"), ("assistant", "!"), ("user", "Your code failed")
    return Conversation(tuple({"role": role, "content": content} for role, content in chat), problem_id)


def test_oracle_solves_every_problem_at_once(starter: Dataset, env: CodeEnv, few: list[str]) -> None:
    played = play(OracleAgent(starter), env, episodes=FEW, problem_ids=few)
    assert [(episode.problem_id, episode.solved_at) for episode in played] == [(name, 1) for name in few]


def test_repair_solves_at_turn_two_if_a_public_test_fails(starter: Dataset, env: CodeEnv, few: list[str]) -> None:
    played = play(RepairAgent(starter, seed=0), env, episodes=FEW, problem_ids=few)
    repaired = [episode for episode in played if public_failure(episode)]
    assert repaired, "expected a problem whose wrong program fails a public test"
    assert all(episode.solved_at == 2 for episode in repaired)
    # Without feedback there is no repair: all public tests passed, so the episode ended.
    assert all(len(episode.turns) == 1 and not episode.solved for episode in played if episode not in repaired)


def test_repair_depends_on_its_seed_only(starter: Dataset) -> None:
    conversations = [first(problem.id) for problem in starter]
    zero = RepairAgent(starter, seed=0).act(conversations)
    assert RepairAgent(starter, seed=0).act(conversations) == zero
    assert RepairAgent(starter, seed=0).act(conversations[::-1]) == zero[::-1]
    assert RepairAgent(starter, seed=1).act(conversations) != zero


def test_random_solves_nothing(env: CodeEnv, few: list[str]) -> None:
    played = play(RandomAgent(seed=0), env, episodes=FEW, problem_ids=few)
    assert not any(episode.solved for episode in played)
    verdicts = {turn.judgement.verdict for episode in played for turn in episode.turns}
    assert Verdict.NO_PROGRAM in verdicts
    assert len(verdicts) > 1


def test_random_depends_on_its_seed_only() -> None:
    conversations = [replace(first("any"), seed=seed) for seed in range(20)]
    responses = RandomAgent(3).act(conversations)
    assert RandomAgent(3).act(conversations[::-1]) == responses[::-1]
    assert RandomAgent(4).act(conversations) != responses
    assert len(set(responses)) > 10
    assert RandomAgent(3).act([replace(second("any"), seed=0)]) != responses[:1]


def test_programs_in_other_languages_are_ignored() -> None:
    problem = Problem(
        id="p",
        statement="?",
        public_tests=(Test("", ""),),
        solutions=(Solution("int main", "cpp"), Solution("right = 3"), Solution("later = 4")),
        incorrect_solutions=(Solution("int nain", "cpp"), Solution("print 1", "python2")),
    )
    dataset = Dataset("toy", "Toy", (problem,))
    assert OracleAgent(dataset).act([first("p")]) == ["```python\nright = 3\n```"]
    assert RepairAgent(dataset).act([first("p")]) == ["```python\nright = 3\n```"], (
        "no wrong Python program to start with"
    )


@pytest.mark.parametrize("make", [OracleAgent, RepairAgent])
def test_without_a_stored_program_the_response_has_none(make: type[OracleAgent | RepairAgent]) -> None:
    dataset = Dataset("toy", "Toy", (Problem("p", "?"),))
    (response,) = make(dataset).act([first("p")])
    assert "```" not in response


def test_responses_are_in_the_order_of_the_conversations(starter: Dataset) -> None:
    ids = [problem.id for problem in starter.problems[:3]]
    responses = RepairAgent(starter).act([second(name) for name in ids])
    assert [
        starter.get(name).solutions[0].source in response for name, response in zip(ids, responses, strict=True)
    ] == [True] * 3


def test_every_scripted_agent_is_an_agent(starter: Dataset) -> None:
    agents: list[Agent] = [OracleAgent(starter), RepairAgent(starter), RandomAgent()]
    assert all(agent.act([]) == [] for agent in agents)


def public_failure(episode: Episode) -> bool:
    return any(
        result.role == "public" and result.verdict is not Verdict.ACCEPTED
        for result in episode.turns[0].judgement.results
    )
