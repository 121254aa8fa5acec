"""The adapter to TRL, with the released package: real steps of ``GRPOTrainer`` on a tiny model."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gymnasium.error import InvalidAction

from rlef_env import Dataset, Episodes, Verdict, load_dataset, prompt_rows
from rlef_env.errors import ProblemNotFound, UsageError
from rlef_env.integrations import trl as adapter
from rlef_env.testing import ScriptedJudge
from tests.integrations.cases import CASES, Case, fenced, write_dataset

torch = pytest.importorskip("torch")
trl = pytest.importorskip("trl")
datasets = pytest.importorskip("datasets")
rlef_agents_tiny = pytest.importorskip("rlef_agents.tiny")

SUM, FOUR = CASES[0].program, "print(4)"  # right, and wrong on the public test
RIGHT, WRONG = fenced(SUM), fenced(FOUR)


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return load_dataset(write_dataset(tmp_path_factory.mktemp("data") / "problems.jsonl"))


@pytest.fixture(scope="module")
def tokenizer(problems: Dataset) -> Any:
    texts = [row["prompt"][0]["content"] for row in prompt_rows(problems)] + [fenced(case.program) for case in CASES]
    return rlef_agents_tiny.make_tokenizer(texts, 512)


def repr_of_type(value: object) -> str:
    return f"{type(value).__name__}-{len(value)}" if isinstance(value, (str, list)) else repr(value)


def played(problems: Dataset, tokenizer: Any, problem_id: str, texts: list[str], **arguments: Any) -> dict[str, Any]:
    """What the rollout of one problem returns where the model writes these texts."""
    given = iter(texts)

    class Trainer:
        processing_class = tokenizer

        def _generate_single_turn(self, prompts: list[list[int]], *_: object) -> Any:
            return [tokenizer(next(given), add_special_tokens=False)["input_ids"] for _ in prompts], None

    row = next(row for row in prompt_rows(problems) if row["problem_id"] == problem_id)
    return adapter.rollout(problems, **arguments)([row["prompt"]], Trainer())


# --- without a trainer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chat", [False, True])
def test_the_reward_function_agrees_with_score(problems: Dataset, chat: bool) -> None:
    texts = [fenced(case.program) for case in CASES]
    completions = [[{"role": "assistant", "content": text}] for text in texts] if chat else texts
    rewards = adapter.reward(problems)(completions=completions, problem_id=[case.problem_id for case in CASES])
    assert rewards == [case.reward for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_tool_call_agrees_with_score(problems: Dataset, case: Case) -> None:
    environment = adapter.environment(problems, max_turns=1)()
    environment.reset(problem_id=case.problem_id, prompt=[], other=1)
    assert environment.submit(case.program) == "This was the last program. The episode is over."
    assert environment.get_reward() == case.reward


def test_tools_equal_an_episode_turn_by_turn(problems: Dataset) -> None:
    environment = adapter.environment(problems, max_turns=3)()
    for programs in ([FOUR, "", SUM], [FOUR] * 3, [SUM]):
        play = Episodes(problems, max_turns=3, protocol="tool").begin("text")
        environment.reset(problem_id="text")
        for program in programs:
            shown = environment.submit(program)
            turn = play.respond(program)
            assert play.ended or shown == turn.feedback
        assert environment.submit("print(1)") == "The episode is over. No further program is accepted."
        assert environment.get_reward() == play.total_reward


def test_stopping_early_pays_no_more_than_failing(problems: Dataset) -> None:
    environment = adapter.environment(problems, max_turns=3)()
    totals = []
    for programs in ([], [FOUR], [FOUR] * 3):
        environment.reset(problem_id="text")
        for program in programs:
            environment.submit(program)
        totals.append(environment.get_reward())
    assert totals == [pytest.approx(-1.4), pytest.approx(-1.2), -1.0]


def test_a_lost_verdict_is_none_everywhere(problems: Dataset) -> None:
    lost = ScriptedJudge([Verdict.NO_VERDICT])
    assert adapter.reward(problems, pool=lost)(completions=[RIGHT], problem_id=["text"]) == [None]
    for turns, policy in ((1, "truncate"), (3, "truncate"), (1, "raise"), (3, "raise")):
        environment = adapter.environment(problems, pool=lost, max_turns=turns, on_no_verdict=policy)()
        environment.reset(problem_id="text")
        assert "over" in environment.submit(SUM)
        assert environment.get_reward() is None


def test_trl_sees_one_tool_and_the_factory_can_be_sent_to_another_process(tmp_path: Path) -> None:
    factory = adapter.environment(write_dataset(tmp_path / "problems.jsonl"), max_turns=2)
    functions = {name for name, _ in inspect.getmembers(adapter.Environment, inspect.isfunction) if name[0] != "_"}
    assert functions == {"reset", "submit", "get_reward"}
    assert isinstance(pickle.loads(pickle.dumps(factory))(), adapter.Environment)


def test_bad_rows_are_refused_in_words(problems: Dataset) -> None:
    environment = adapter.environment(problems)()
    with pytest.raises(UsageError, match="rollouts of a group would answer different problems"):
        environment.reset(prompt=[])
    with pytest.raises(ProblemNotFound, match="missing"):
        environment.reset(problem_id="missing")
    with pytest.raises(UsageError, match="expected the prompts of"):
        adapter.rollout(problems)([[{"role": "user", "content": "Another prompt"}]], None)


@pytest.mark.parametrize("turns", [1, 3])
@pytest.mark.parametrize("code", [123, None, "print('\ud800')", "#" * 2**20 + "\n"], ids=repr_of_type)
def test_no_tool_call_of_a_model_stops_the_training(problems: Dataset, code: Any, turns: int) -> None:
    """TRL shows the model an exception of the tool. One of `get_reward` would end the run."""
    environment = adapter.environment(problems, max_turns=turns)()
    environment.reset(problem_id="text")
    with pytest.raises(InvalidAction):
        environment.submit(code)
    play = Episodes(problems, max_turns=turns, protocol="tool").begin("text")
    while not play.ended:
        play.respond("")
    assert environment.get_reward() == play.total_reward
    environment.reset(problem_id="text")
    with pytest.raises(InvalidAction):
        environment.submit(code)
    environment.submit(SUM)
    assert environment.get_reward() == 1.0


@pytest.mark.parametrize(
    "completion",
    ["#" * (2**20 + 1), "\ud800", [{"role": "assistant", "content": None}], [{"role": "assistant"}], [], ""],
    ids=repr_of_type,
)
def test_no_completion_of_a_model_stops_the_training(problems: Dataset, completion: Any) -> None:
    rewards = adapter.reward(problems)(completions=[completion, RIGHT], problem_id=["text", "text"])
    assert rewards == [-1.0, 1.0]


def test_content_in_blocks_is_read(problems: Dataset) -> None:
    blocks = [{"type": "text", "text": RIGHT[:9]}, {"type": "text", "text": RIGHT[9:]}]
    completion = [{"role": "assistant", "content": blocks}]
    assert adapter.reward(problems)(completions=[completion], problem_id=["text"]) == [1.0]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rollout_agrees_with_score(problems: Dataset, tokenizer: Any, case: Case) -> None:
    output = played(problems, tokenizer, case.problem_id, [fenced(case.program)], max_turns=1)
    assert adapter.rollout_reward([""], output["rlef_reward"]) == [case.reward]


def test_a_lost_verdict_of_a_rollout_is_none(problems: Dataset, tokenizer: Any) -> None:
    for policy in ("truncate", "raise"):
        lost = ScriptedJudge([Verdict.NO_VERDICT])
        output = played(problems, tokenizer, "text", [RIGHT], pool=lost, on_no_verdict=policy)
        assert adapter.rollout_reward([""], output["rlef_reward"]) == [None]


def test_weights_are_a_reward_and_bad_arguments_are_refused_at_once(problems: Dataset) -> None:
    factory = adapter.environment(problems, reward={"solved": 2.0}, max_turns=1)
    environment, other = factory(), factory()
    environment.reset(problem_id="text")
    other.reset(problem_id="text")
    environment.submit(SUM)
    other.submit(FOUR)
    assert (environment.get_reward(), other.get_reward()) == (2.0, 0.0)
    for make in (adapter.environment, adapter.rollout):
        with pytest.raises(UsageError, match="got colour"):
            make(problems, colour=1)
    with pytest.raises(UsageError, match="reward: expected one of"):
        adapter.reward(problems, reward="colour")
    with pytest.raises(UsageError, match="column problem_id"):
        adapter.reward(problems)(completions=[RIGHT])


# --- with a trainer --------------------------------------------------------------------------------------------------


class Run:
    """A trainer on a tiny model, whose responses are given, and its rewards and weights."""

    def __init__(self, folder: Path, tokenizer: Any, rows: list[dict[str, Any]], texts: Iterator[str], **hooks: Any):
        self.texts, self.written = texts, 0

        class Scripted(trl.GRPOTrainer):
            def _generate_single_turn(_, prompt_ids: Any, *__: Any, **___: Any) -> Any:  # noqa: N805
                ids = [tokenizer(next(texts), add_special_tokens=False)["input_ids"] for _ in prompt_ids]
                ids = [[*each, tokenizer.eos_token_id] for each in ids]
                self.written += sum(map(len, ids))
                return ids, None

            def _calculate_rewards(inner, *arguments: Any) -> Any:  # noqa: N805
                self.rewards = super()._calculate_rewards(*arguments)
                return self.rewards

        config = trl.GRPOConfig(
            output_dir=str(folder), use_cpu=True, bf16=False, gradient_checkpointing=False, num_generations=2,
            per_device_train_batch_size=2, max_completion_length=400, beta=0.0, learning_rate=0.01, max_steps=1,
            report_to="none", save_strategy="no", disable_tqdm=True, logging_strategy="no", shuffle_dataset=False,
        )  # fmt: skip
        model = rlef_agents_tiny.make_model(tokenizer, width=32, layers=1, context=2048)
        self.before = {name: value.clone() for name, value in model.state_dict().items()}
        self.trainer = Scripted(
            model=model,
            args=config,
            train_dataset=datasets.Dataset.from_list(rows),
            processing_class=tokenizer,
            **hooks,
        )
        self.trainer.train()

    @property
    def moved(self) -> bool:
        after = self.trainer.model.state_dict()
        return any(not torch.equal(value.cpu(), after[name].cpu()) for name, value in self.before.items())


@pytest.fixture
def train(tmp_path: Path, tokenizer: Any, problems: Dataset) -> Callable[..., Run]:
    def run(texts: list[str], tokenizer: Any = tokenizer, **hooks: Any) -> Run:
        rows = [row for row in prompt_rows(problems) if row["problem_id"] == "text"]
        return Run(tmp_path, tokenizer, rows, iter(texts), **hooks)

    return run


@pytest.fixture
def with_tools(tokenizer: Any) -> Any:
    """The tokenizer, with a chat template that has tools."""
    changed = copy.deepcopy(tokenizer)
    changed.chat_template = (Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja").read_text(encoding="utf-8")
    return changed


def call(program: object) -> str:
    """A model's call of the tool."""
    arguments = json.dumps({"name": "submit", "arguments": {"code": program}})
    return f"<tool_call>\n{arguments}\n</tool_call>"


def test_a_step_with_a_call_that_is_no_program(train: Callable[..., Run], problems: Dataset, with_tools: Any) -> None:
    """TRL shows the model its error, and the training goes on."""
    factory = adapter.environment(problems, max_turns=1)
    run = train([call(123), call(SUM), "?", "Done."], tokenizer=with_tools, environment_factory=factory)
    assert run.rewards[:, 0].tolist() == [-1.0, 1.0]


def test_a_step_with_the_reward_function(train: Callable[..., Run], problems: Dataset) -> None:
    run = train([RIGHT, WRONG], reward_funcs=adapter.reward(problems))
    assert run.rewards[:, 0].tolist() == [1.0, -1.0]
    assert run.moved


def test_a_lost_verdict_moves_no_weight(train: Callable[..., Run], problems: Dataset) -> None:
    """The other response of the group has a reward of its own, and no baseline but itself."""
    half_lost = ScriptedJudge([Verdict.ACCEPTED, Verdict.NO_VERDICT])
    run = train([RIGHT, WRONG], reward_funcs=adapter.reward(problems, pool=half_lost))
    assert run.rewards[:, 0].isnan().tolist() == [False, True]
    assert not run.moved


def test_a_lost_verdict_of_whole_episodes_or_tools_moves_no_weight(
    train: Callable[..., Run], problems: Dataset, with_tools: Any
) -> None:
    lost = ScriptedJudge([Verdict.NO_VERDICT])
    hooks: list[tuple[list[str], dict[str, Any]]] = [
        (
            [RIGHT, WRONG],
            {"rollout_func": adapter.rollout(problems, pool=lost), "reward_funcs": adapter.rollout_reward},
        ),
        (
            [call(SUM), call(FOUR), "Done.", "Done."],
            {"environment_factory": adapter.environment(problems, pool=lost), "tokenizer": with_tools},
        ),
    ]
    for texts, arguments in hooks:
        run = train(texts, **arguments)
        assert run.rewards.isnan().all()
        assert not run.moved


def test_a_step_with_whole_episodes(train: Callable[..., Run], problems: Dataset) -> None:
    """One repairs its program and one does not; only tokens that the model wrote are trained on."""
    played: dict[str, Any] = {}
    play = adapter.rollout(problems, max_turns=3)

    def recorded(prompts: Any, trainer: Any) -> Any:
        played.update(play(prompts, trainer))
        return dict(played)

    run = train(
        [WRONG, WRONG, RIGHT, "no program", WRONG],
        rollout_func=recorded,
        reward_funcs=adapter.rollout_reward,
    )
    assert run.rewards[:, 0].tolist() == pytest.approx([1.0, -1.2])
    assert run.moved
    masks = played["env_mask"]
    assert sum(map(sum, masks)) == run.written
    assert all(0 in mask for mask in masks)


def test_a_step_with_tools(train: Callable[..., Run], problems: Dataset, with_tools: Any) -> None:
    """TRL calls the tool as the model asks, shows its answer, and takes the reward from the environment."""
    texts = [call(FOUR), call(FOUR), call(SUM), "I give up.", "It is right now."]
    factory = adapter.environment(problems, max_turns=3)
    run = train(texts, tokenizer=with_tools, environment_factory=factory)
    assert run.rewards[:, 0].tolist() == pytest.approx([1.0, -1.2])
    assert run.moved


def test_the_tokens_of_an_episode_are_those_of_its_chat(problems: Dataset, tokenizer: Any) -> None:
    """What the model is trained on is what the chat template makes of the whole conversation."""

    class Trainer:
        processing_class = tokenizer

        def _generate_single_turn(self, prompts: list[list[int]], *_: object) -> Any:
            text = WRONG if len(prompts[0]) < 300 and not seen else RIGHT
            seen.append(text)
            return [[*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]], None

    seen: list[str] = []
    row = next(row for row in prompt_rows(problems) if row["problem_id"] == "text")
    output = adapter.rollout(problems)([row["prompt"]], Trainer())
    play = Episodes(problems).begin("text")
    for text in seen:
        play.respond(text)
    whole = tokenizer.apply_chat_template(play.messages, tokenize=False)
    assert tokenizer.decode(output["prompt_ids"][0] + output["completion_ids"][0]).strip() == whole.strip()
    assert len(seen) == 2
