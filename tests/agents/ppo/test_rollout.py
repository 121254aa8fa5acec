"""Tokens, rewards and ends of episodes are the environment's; random draws depend on seeds alone."""

from concurrent.futures import Future

import numpy as np
import pytest

from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.evaluate import evaluate
from rlef_agents.ppo.rollout import Plan, Rollout, plan
from rlef_agents.ppo.trajectory import Completion
from rlef_agents.tiny.shrunk import shrunk
from rlef_env import CodeVectorEnv, Judgement, JudgePool, Verdict, load_dataset
from rlef_env.runs import EpisodeRecord, facts_of

DATASET = "procedural/hidden_step?short=true&steps=3&count=50"


class Scripted:
    """A generator with scripted responses: one completion per poll, the newest request first."""

    def __init__(self, renderer, script):
        self.renderer, self.script = renderer, script
        self.waiting, self.requests, self.forgotten, self.version = [], [], [], 0
        self.slots = 4

    def submit(self, request):
        self.waiting.append(request)
        self.requests.append(request)

    def poll(self, timeout=None):
        if not self.waiting:
            return []
        request = self.waiting.pop()
        turn = sum(each.conversation == request.conversation for each in self.requests) - 1
        ids = np.append(self.renderer.data(self.script(turn)), self.renderer.end_of_turn)
        count = len(ids)
        versions = np.full(count, self.version)
        return [(request.conversation, Completion(ids, np.zeros(count, np.float32), versions, finished=True))]

    def forget(self, conversation):
        self.forgotten.append(conversation)

    def update(self, version):
        self.version = version


def guess(turn):
    return f"```python\nprint(int(input()) + {turn + 1})\n```"


@pytest.fixture(scope="module")
def renderer():
    return Renderer(shrunk("llama")[1])


@pytest.fixture(scope="module")
def pool():
    with JudgePool(2) as pool:
        yield pool


def make(renderer, pool, script=guess, envs=1, count=6, **options):
    made = [
        CodeVectorEnv(count, pool=pool, autoreset_mode="Disabled", **{"dataset": DATASET, **options.get("env", {})})
        for _ in range(envs)
    ]
    options.pop("env", None)
    return Rollout(Scripted(renderer, script), renderer, made, **{"max_new": 64, "context": 4096, **options})


def same(one, other):
    assert [episode.problem_id for episode in one.tokens] == [episode.problem_id for episode in other.tokens]
    assert all(np.array_equal(a.ids, b.ids) for a, b in zip(one.tokens, other.tokens, strict=True))
    assert one.episodes == other.episodes


def test_tokens_and_rewards_are_those_of_the_episode(renderer, pool):
    rollout = make(renderer, pool)
    batch = rollout.play(plan(0, 0, 6))
    assert len(batch.tokens) == len(batch.episodes) == 6
    for tokens, episode in zip(batch.tokens, batch.episodes, strict=True):
        assert tokens.solved is episode.solved is True  # three steps, three turns
        assert [turn.reward for turn in tokens.turns] == [turn.reward for turn in episode.turns]
        assert [renderer.text(turn.completion.ids) for turn in tokens.turns] == [
            turn.response for turn in episode.turns
        ]
        assert np.array_equal(tokens.turns[0].prompt_ids, renderer.first(episode.prompt))
        for before, turn in zip(episode.turns, tokens.turns[1:], strict=False):
            ids = tokens.turns[0].completion.ids
            assert np.array_equal(turn.prompt_ids, renderer.following(before.feedback, ids))
    # every request holds the whole conversation so far, and every conversation is forgotten at its end
    by_name = {}
    for request in rollout.generator.requests:
        before = by_name.get(request.conversation)
        assert before is None or np.array_equal(request.ids[: len(before)], before)
        by_name[request.conversation] = request.ids
    assert sorted(rollout.generator.forgotten) == list(range(6))
    seeds = [request.seed for request in rollout.generator.requests]
    assert len(set(seeds)) == len(seeds) > 6  # with the previous response's seed, a response could only repeat it


class Spelling(Scripted):
    """Samples letter by letter, unlike any tokenization of the same text, and records its responses."""

    def __init__(self, renderer, script):
        super().__init__(renderer, script)
        self.responses = {}

    def poll(self, timeout=None):
        answers = []
        for name, whole in super().poll():
            text = self.renderer.text(whole.ids)
            ids = np.concatenate([*map(self.renderer.data, text), whole.ids[-1:]])
            count = len(ids)
            assert count > len(whole.ids)
            spelled = Completion(ids, -np.ones(count, np.float32), np.zeros(count, np.int64), finished=True)
            self.responses.setdefault(name, []).append(spelled)
            answers.append((name, spelled))
        return answers


def test_rows_9_and_11_what_was_sampled_is_what_is_trained_and_what_comes_next(renderer, pool):
    """Compares token by token, the stop token included."""
    rollout = make(renderer, pool)
    generator = rollout.generator = Spelling(renderer, guess)
    batch = rollout.play(plan(0, 0, 6))
    contexts_of = {
        number: [each.ids for each in generator.requests if each.conversation == number] for number in range(6)
    }
    assert any(len(contexts) > 1 for contexts in contexts_of.values())
    for number, (tokens, episode) in enumerate(zip(batch.tokens, batch.episodes, strict=True)):
        responses, contexts = generator.responses[number], contexts_of[number]
        assert [turn.completion.ids.tolist() for turn in tokens.turns] == [each.ids.tolist() for each in responses]
        assert all(turn.completion.ids[-1] == renderer.end_of_turn for turn in tokens.turns)
        for place in range(1, len(contexts)):
            between = renderer.following(episode.turns[place - 1].feedback, responses[place - 1].ids)
            expected = np.concatenate([contexts[place - 1], responses[place - 1].ids, between])
            assert contexts[place].tolist() == expected.tolist()
            assert tokens.turns[place].prompt_ids.tolist() == between.tolist()


def test_without_overlap_the_result_is_the_same(renderer, pool):
    same(make(renderer, pool).play(plan(3, 1, 6)), make(renderer, pool, overlap=False).play(plan(3, 1, 6)))


def test_seeds_are_functions_of_run_update_problem_and_sample():
    whole = plan(1, 2, 12, samples=3)
    assert whole == plan(1, 2, 12, samples=3)
    assert len(set(whole.problems)) == 4
    assert len(set(whole.seeds)) == 12
    for other in (plan(1, 3, 12, samples=3), plan(2, 2, 12, samples=3)):
        assert not set(whole.seeds) & set(other.seeds)
    parts = [plan(1, 2, 12, 3, process, 2) for process in range(2)]
    assert tuple(seed for part in parts for seed in part.seeds) == whole.seeds
    for count, episodes in ((5, 12), (4, 3)):
        shares = [plan(1, 2, episodes, 1, process, count).seeds for process in range(count)]
        assert sum(shares, ()) == plan(1, 2, episodes).seeds
        assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert plan(1, 2, 3).seeds[:2] == plan(1, 2, 2).seeds


def test_problems_can_be_asked_by_name(renderer, pool):
    rollout = make(renderer, pool)
    names = [rollout._free[0].dataset[place].id for place in (4, 7)]
    batch = rollout.play(Plan(tuple(names), (1, 2)))
    assert [episode.problem_id for episode in batch.episodes] == names


@pytest.mark.parametrize(
    ("response", "penalty", "last"),
    [("```python\nprint(0)\n```", -0.2, -1.0), ("no idea", 0.0, -1.0), ("no idea", -0.2, -1.2)],
    ids=["wrong", "no program", "no program, which costs more"],
)
def test_an_episode_without_room_for_a_response_ends_as_at_its_turn_limit(renderer, pool, response, penalty, last):
    """Its last response gets a last response's reward, not that of a response with a successor (-0.2 or 0)."""
    prompt = make(renderer, pool).play(plan(0, 0, 2)).episodes[0].prompt
    # One response and its end of turn fill the context.
    limit = len(renderer.first(prompt)) + len(renderer.data(response)) + 1
    batch = make(renderer, pool, context=limit, script=lambda turn: response, final_invalid_penalty=penalty).play(
        plan(0, 0, 2)
    )
    assert batch.out_of_context == [0, 1]
    assert batch.skipped == []
    for tokens, episode in zip(batch.tokens, batch.episodes, strict=True):
        assert tokens.has_verdict
        assert not tokens.solved
        assert len(tokens.turns) == 1
        assert tokens.turns[-1].reward == pytest.approx(last)
        assert episode.turns[-1].reward > -1.0, "the environment's reward for a response that is not the last"
        assert tokens.length == limit


@pytest.mark.parametrize(("reward", "highest"), [("rlef", -1.0), ("pass_fraction", 0.5)])
def test_an_episode_that_ends_before_its_hidden_tests_is_not_solved(renderer, pool, reward, highest):
    """Else filling the context would pay for a program that passes the public tests only. Not run is not passed."""
    prompts = [each.prompt for each in make(renderer, pool).play(plan(0, 0, 6)).episodes]
    limit = len(renderer.first(prompts[0])) + len(renderer.data(guess(0))) + 1
    env = {"feedback": "none", "reward": reward}
    batch = make(renderer, pool, context=limit, env=env).play(plan(0, 0, 6))
    assert batch.out_of_context == list(range(6))
    verdicts = [episode.turns[-1].judgement.verdict for episode in batch.episodes]
    assert {Verdict.ACCEPTED, Verdict.WRONG_ANSWER} == set(verdicts), "one public test, and nothing else, was run"
    for tokens, verdict in zip(batch.tokens, verdicts, strict=True):
        assert not tokens.solved
        if verdict is Verdict.ACCEPTED:
            assert tokens.turns[-1].reward <= highest


def test_a_problem_that_fills_the_context_is_skipped_and_counted(renderer, pool):
    """The other problems are played: one long statement does not end a run."""
    starter = {"dataset": "starter"}
    whole = make(renderer, pool, env=starter).play(plan(0, 0, 6))
    lengths = [len(renderer.first(episode.prompt)) for episode in whole.episodes]
    limit = max(lengths)  # the longest prompt has no room for a token after it
    long = [place for place, length in enumerate(lengths) if length == limit]
    assert 0 < len(long) < 6
    batch = make(renderer, pool, context=limit, env=starter).play(plan(0, 0, 6))
    assert batch.skipped == long
    assert set(long) <= set(batch.out_of_context)
    assert [tokens.problem_id for tokens in batch.tokens] == [
        episode.problem_id for place, episode in enumerate(batch.episodes) if place not in long
    ]

    def keep(batch, plan):
        return [facts_of(EpisodeRecord(episode)) for episode in batch.episodes]

    found = evaluate(make(renderer, pool, context=limit, env=starter), [plan(0, 0, 6)], keep)
    assert (found["skipped"], found["episodes"]) == (len(long), 6)
    assert found["out_of_context"] >= len(long)
    nothing = make(renderer, pool, context=10).play(plan(0, 0, 2))
    assert (nothing.tokens, nothing.skipped) == ([], [0, 1])


def test_samples_of_a_problem_have_random_feedback_of_their_own(renderer, pool):
    def feedback(samples):
        rollout = make(renderer, pool, script=lambda turn: "no idea", env={"feedback": "random"})
        episodes = rollout.play(plan(0, 0, 6, samples)).episodes
        return [(episode.problem_id, episode.settings["feedback_seed"]) for episode in episodes]

    drawn = feedback(6)
    assert len({problem for problem, _ in drawn}) == 1
    assert len({seed for _, seed in drawn}) == 6
    assert drawn == feedback(6)


@pytest.mark.parametrize(("penalty", "last"), [(0.0, -1.0), (-0.2, -1.2)])
def test_a_last_response_without_a_program_may_cost_more(renderer, pool, penalty, last):
    rollout = make(renderer, pool, script=lambda turn: "no idea", final_invalid_penalty=penalty)
    batch = rollout.play(plan(0, 0, 2))
    assert [[turn.reward for turn in episode.turns] for episode in batch.tokens] == [[-0.2, -0.2, last]] * 2


class Broken:
    """A pool that returns NO_VERDICT for some problems."""

    isolation = "locked"
    workers = 1

    def __init__(self, names):
        self.names = names

    def submit(self, job, priority=0, owner=None):
        future = Future()
        verdict = Verdict.NO_VERDICT if job.problem.id in self.names else Verdict.ACCEPTED
        future.set_result(Judgement(verdict, total=1))
        return future


def test_no_verdict_is_no_failure(renderer):
    names = tuple(problem.id for problem in load_dataset(DATASET, split="train"))[:6]
    batch = make(renderer, Broken(names[:2])).play(Plan(names, tuple(range(6))))
    lost = [episode for episode in batch.tokens if not episode.has_verdict]
    assert [episode.problem_id for episode in lost] == list(names[:2])
    assert all(turn.reward == 0.0 for episode in lost for turn in episode.turns)
    assert all(episode.solved for episode in batch.tokens if episode.has_verdict)
