"""The adapter to verl, with the released package: its agent loop, reward manager and tool loop; a scripted model."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rlef_env import Episodes, Verdict, load_dataset
from rlef_env.errors import NoVerdictError
from rlef_env.integrations import verl as adapter
from rlef_env.integrations.rows import training_rows
from rlef_env.judge import JudgePool
from rlef_env.server import JudgeServer, ServerSettings
from rlef_env.testing import ScriptedJudge
from tests import asynchronous
from tests.integrations.cases import CASES, Case, fenced, write_dataset

pytest.importorskip("verl")
torch = pytest.importorskip("torch")
agent_loops = importlib.import_module("verl.experimental.agent_loop.agent_loop")  # must not be skipped beside verl
tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")
omegaconf = pytest.importorskip("omegaconf")

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SUM, FOUR = CASES[0].program, "print(4)"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_dataset(tmp_path_factory.mktemp("data") / "problems.jsonl")


@pytest.fixture(scope="module")
def server(data: str) -> Iterator[JudgeServer]:
    with JudgeServer(ServerSettings(port=0, workers=2, warm=(), datasets={data: load_dataset(data)})) as server:
        yield server


@pytest.fixture(autouse=True)
def url(server: JudgeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLEF_JUDGE_URL", server.url)
    monkeypatch.setattr(adapter, "PAUSE_SECONDS", 0.0)
    adapter._pool.cache_clear()
    adapter._episodes.cache_clear()


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """One token a byte, and ChatML."""
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    made = tokenizers.Tokenizer(tokenizers.models.BPE({each: at for at, each in enumerate(alphabet)}, []))
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    made.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|im_end|>", chat_template=CHATML
    )


class Model:
    """Writes texts in turn; ends the program if it is asked for one more."""

    def __init__(self, tokenizer: Any, texts: list[str]) -> None:
        self.tokenizer, self.texts, self.prompts = tokenizer, iter(texts), []  # type: ignore[var-annotated]

    async def generate(self, request_id: str, *, prompt_ids: list[int], **_: Any) -> Any:
        self.prompts.append(prompt_ids)
        ids = [*self.tokenizer(next(self.texts))["input_ids"], self.tokenizer.eos_token_id]
        output = agent_loops.TokenOutput if hasattr(agent_loops, "TokenOutput") else SimpleNamespace
        return output(token_ids=ids, log_probs=[-0.5] * len(ids), num_preempted=None, extra_fields={"global_steps": 1})


def row_of(data: str, problem_id: str) -> dict[str, Any]:
    rows = training_rows("verl", load_dataset(data), data)
    row = next(row for row in rows if row["extra_info"]["problem_id"] == problem_id)
    return {"raw_prompt": row["prompt"], "extra_info": row["extra_info"], "index": 0, "data_source": "rlef"}


def played(tokenizer: Any, data: str, problem_id: str, texts: list[str], limit: int = 4000, **arguments: Any) -> Any:
    """Make the agent loop as verl does, from a configuration, and run it."""
    import hydra

    rollout = {"response_length": limit, "prompt_length": 8000}
    config = omegaconf.OmegaConf.create({"actor_rollout_ref": {"rollout": rollout}, "data": {}})
    entry = {"name": "rlef", "_target_": "rlef_env.integrations.verl.AgentLoop", "arguments": arguments}
    model = Model(tokenizer, texts)

    async def run() -> Any:
        loop = hydra.utils.instantiate(
            omegaconf.OmegaConf.create(entry),
            trainer_config=agent_loops.DictConfigWrap(config), server_manager=model, tokenizer=tokenizer,
            processor=None, hf_model_type="qwen2", dataset_cls=None,
            data_config=agent_loops.DictConfigWrap(config.data),
            tools=agent_loops.ToolListWrap([]),
        )  # fmt: skip
        return await loop.run({}, **row_of(data, problem_id))

    return asynchronous.run(run())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_agent_loop_of_one_turn_agrees_with_score(tokenizer: Any, data: str, case: Case) -> None:
    output = played(tokenizer, data, case.problem_id, [fenced(case.program)], max_turns=1)
    assert output.reward_score == case.reward
    assert output.extra_fields["reward_extra_info"] == {"acc": float(case.reward > 0)}


def test_an_episode_equals_that_of_episodes_token_by_token(tokenizer: Any, data: str) -> None:
    texts = [fenced(FOUR), "no program", fenced(SUM)]
    output = played(tokenizer, data, "text", texts)
    play = Episodes(data).begin("text")
    for text in texts:
        play.respond(text)
    assert output.reward_score == play.total_reward
    assert output.extra_fields["turn_scores"] == [turn.reward for turn in play.episode.turns]
    whole = tokenizer.apply_chat_template(play.messages, tokenize=False)
    assert tokenizer.decode(output.prompt_ids + output.response_ids).strip() == whole.strip()
    written = [token for token, mask in zip(output.response_ids, output.response_mask, strict=True) if mask]
    assert tokenizer.decode(written) == "".join(f"{text}<|im_end|>" for text in texts)
    assert len(output.response_logprobs) == len(output.response_ids)
    tensors = output.as_dict()
    scores = tensors["rm_scores"]
    assert scores[-1] == play.total_reward
    assert scores[:-1].abs().sum() == 0


def test_no_room_for_another_response_pays_no_more_than_failing(tokenizer: Any, data: str) -> None:
    response = fenced(FOUR)
    output = played(tokenizer, data, "text", [response], limit=len(response) + 20, max_turns=3)
    assert output.reward_score == pytest.approx(-1.2)
    assert sum(output.response_mask) == len(response) + 1
    cut = played(tokenizer, data, "text", [fenced(SUM)], limit=20, max_turns=1)
    assert (cut.reward_score, len(cut.response_ids)) == (-1.0, 20), "what is cut off is not judged"


def test_a_lost_verdict_is_asked_for_again_then_an_error(
    tokenizer: Any, data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for verdicts in ([Verdict.NO_VERDICT] * 2 + [Verdict.ACCEPTED], [Verdict.NO_VERDICT]):
        judge = ScriptedJudge(verdicts)
        monkeypatch.setattr(JudgePool, "submit", lambda _, job, *__, judge=judge: judge.submit(job))
        if len(verdicts) > 1:
            assert played(tokenizer, data, "text", [fenced(SUM)]).reward_score == 1.0
        else:
            with pytest.raises(NoVerdictError):
                played(tokenizer, data, "text", [fenced(SUM)])


def managed(tokenizer: Any, data: str, case: Case) -> dict[str, Any]:
    """Score a response with verl's reward manager, which finds the function as its configuration names it."""
    from verl import DataProto
    from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager
    from verl.trainer.ppo.reward import get_custom_reward_fn

    function = {"path": "pkg://rlef_env.integrations.verl", "name": "compute_score"}
    config = omegaconf.OmegaConf.create({"reward": {"custom_reward_function": function}})
    row = row_of(data, case.problem_id)
    tokens = torch.tensor([tokenizer(fenced(case.program))["input_ids"]])

    async def run() -> dict[str, Any]:
        manager = NaiveRewardManager(config, tokenizer, get_custom_reward_fn(config))
        batch = DataProto.from_dict(
            {"responses": tokens, "attention_mask": torch.ones_like(tokens)},
            non_tensors={
                "data_source": ["rlef"], "reward_model": [{"ground_truth": case.problem_id}],
                "extra_info": [row["extra_info"]],
            },
        )  # fmt: skip
        found: dict[str, Any] = await manager.run_single(batch)
        return found

    return asynchronous.run(run())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_verls_reward_manager_agrees_with_score(tokenizer: Any, data: str, case: Case) -> None:
    found = managed(tokenizer, data, case)
    assert found["reward_score"] == case.reward
    assert found["reward_extra_info"]["verdict"] == case.verdict.value


def test_verls_reward_manager_raises_for_a_lost_verdict(
    tokenizer: Any, data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JudgePool, "submit", lambda _, job, *__: ScriptedJudge([Verdict.NO_VERDICT]).submit(job))
    with pytest.raises(NoVerdictError):
        managed(tokenizer, data, CASES[0])


def test_the_tool_in_verls_tool_loop(data: str, tmp_path: Path) -> None:
    """verl makes the tool from its configuration, and calls it; the last program is what is scored."""
    from verl.experimental.agent_loop.tool_agent_loop import ToolAgentLoop
    from verl.tools.tool_registry import initialize_tools_from_config

    file = tmp_path / "tools.yaml"
    file.write_text(
        "tools:\n  - class_name: rlef_env.integrations.verl.SubmitTool\n    config: {type: native}\n", encoding="utf-8"
    )
    (tool,) = initialize_tools_from_config(str(file))
    row = row_of(data, "text")["extra_info"]
    agent = SimpleNamespace(extra_fields={}, _active_tools={"submit": tool})
    loop = object.__new__(ToolAgentLoop)
    loop.tools, loop.max_tool_response_length = {"submit": tool}, 4000

    def call(arguments: str) -> tuple[str, float]:
        call = SimpleNamespace(name="submit", arguments=arguments)
        response, reward, _ = asynchronous.run(loop._call_tool(call, row["tools_kwargs"], agent))
        return response.text, reward

    text, reward = call('{"code": "print(4)"}')
    assert ("Expected" in text or "expected" in text, reward) == (True, 0.0)
    assert call('{"code": 3}') == ("Expected the argument code, a whole program as a text.", 0.0)
    text, reward = call('{"code": "print(sum(map(int, input().split())))"}')
    assert (text, reward, tool.rows) == ("All of these tests pass.", 0.0, {})
    assert adapter.compute_score("rlef", "Done.", "", {**row, **agent.extra_fields})["score"] == 1.0
