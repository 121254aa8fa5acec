"""Tests that are specific to one of the generators HF, batching and vLLM."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rlef_agents.ppo.generation import Request
from rlef_agents.ppo.generation.batching import BatchingGenerator
from rlef_agents.ppo.generation.hf import HFGenerator
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from rlef_agents.ppo.generation.servers import Servers
from rlef_agents.ppo.generation.vllm import VLLMGenerator
from tests.agents.ppo.generation.models import (
    MAX_CONTEXT,
    STOP,
    VOCABULARY,
    assert_true_logprobs,
    full_logprobs,
    model,
    prompts,
    sample_all,
    shake,
)
from tests.agents.ppo.generation.vllm_server import FakeVLLM


def misleading(lm: Any) -> Any:
    """Set generation settings and dropout, as real checkpoints and training have them."""
    lm.generation_config.update(
        repetition_penalty=3.0, temperature=0.2, top_k=2, do_sample=True, eos_token_id=7, min_new_tokens=5
    )
    for module in lm.modules():
        if hasattr(module, "p"):
            module.p = 0.5
    return lm.train()


def test_hf_ignores_the_models_settings_and_restores_them() -> None:
    lm = misleading(model("gpt2"))
    settings = lm.generation_config
    contexts = prompts(5)
    answered = sample_all(
        HFGenerator(lm, [STOP], 0.9),
        [Request(number, ids, 4 + 3 * number, number) for number, ids in enumerate(contexts)],
    )
    assert lm.training
    assert lm.generation_config is settings
    lm.eval()
    for number, context in enumerate(contexts):
        assert_true_logprobs(lm, context, answered[number], 0.9)
        assert answered[number].finished or len(answered[number].ids) == 4 + 3 * number


def test_batching_ignores_the_models_settings_and_restores_them() -> None:
    lm = misleading(model())
    settings, attention = lm.generation_config, lm.config._attn_implementation
    generator = BatchingGenerator(lm, [STOP], 0.9, batching={"page_size": 16, "num_blocks": 64, "max_batch_tokens": 64})
    contexts = prompts(5)
    answered = sample_all(generator, [Request(number, ids, 9, number) for number, ids in enumerate(contexts)])
    assert lm.training
    assert lm.generation_config is settings
    assert lm.config._attn_implementation == attention
    lm.eval()
    for number, context in enumerate(contexts):
        assert_true_logprobs(lm, context, answered[number], 0.9)


@pytest.mark.parametrize("loss", ["fewer", "error", "another"])
def test_batching_notices_what_transformers_only_logs(monkeypatch: pytest.MonkeyPatch, loss: str) -> None:
    lm = model()
    truth = lm.generate_batch

    def lossy(*args: Any, **kwargs: Any) -> Any:
        results = truth(*args, **kwargs)
        name = next(iter(results))
        if loss == "fewer":
            del results[name]
        elif loss == "error":
            results[name].error = "out of blocks"
        else:
            results[name].prompt_ids = [1, 2, 3]
        return results

    monkeypatch.setattr(lm, "generate_batch", lossy)
    generator = BatchingGenerator(lm, [STOP], batching={"page_size": 16, "num_blocks": 64, "max_batch_tokens": 64})
    for number in range(2):
        generator.submit(Request(number, np.array([5 + number]), 2, number))
    message = {"fewer": "2 responses, got 1", "error": "out of blocks", "another": "or another prompt"}[loss]
    with pytest.raises(RuntimeError, match=message):
        generator.poll()


def vllm(server: FakeVLLM, lm: Any, folder: Path) -> VLLMGenerator:
    servers = Servers([server.url], timeout=250, retries=1, backoff=0)
    return VLLMGenerator(servers, lm.save_pretrained, folder, [STOP], VOCABULARY, MAX_CONTEXT, slots=2)


def test_vllm_gets_new_weights_through_a_folder(tmp_path: Path) -> None:
    lm = model()
    with FakeVLLM(lm) as server:
        generator = vllm(server, lm, tmp_path)
        for version in (1, 2):
            shake(lm, version, 0.05)
            generator.update(version)
        assert [path for path, _ in server.requests] == ["/collective_rpc", "/reset_prefix_cache"] * 2
        assert [path.name for path in tmp_path.iterdir()] == ["version-2"]
        assert (tmp_path / "version-2" / "model.safetensors").is_file()
        completion = sample_all(generator, [Request(0, np.array([5, 6]), 8, 0)])[0]
        np.testing.assert_allclose(
            completion.logprobs, full_logprobs(lm, np.array([5, 6]), completion.ids, 1.0), rtol=0, atol=1e-5
        )
        generator.close()


def test_vllm_refuses_to_continue_with_a_stale_cache(tmp_path: Path) -> None:
    lm = model()
    with FakeVLLM(lm) as server:
        server.keeps_cache = True
        generator = vllm(server, lm, tmp_path)
        with pytest.raises(RuntimeError, match="older weights"):
            generator.update(1)
        generator.close()


def test_vllm_waits_for_pending_requests_when_weights_change(tmp_path: Path) -> None:
    lm = model()
    with FakeVLLM(lm) as server:
        generator = vllm(server, lm, tmp_path)
        for number in range(6):
            generator.submit(Request(number, np.array([5 + number]), 8, number))
        shake(lm, 1, 0.05)
        generator.update(1)
        paths = [path for path, _ in server.requests]
        assert paths == ["/inference/v1/generate"] * 6 + ["/collective_rpc", "/reset_prefix_cache"]
        answered = dict(generator.poll())
        while len(answered) < 6:
            answered.update(generator.poll())
        assert all((completion.versions == 0).all() for completion in answered.values())
        generator.submit(Request(0, np.array([5]), 3, 0))
        [(_, completion)] = generator.poll()
        assert (completion.versions == 1).all()
        generator.close()


def test_one_process_updates_the_server_and_all_wait_before_and_after(tmp_path: Path) -> None:
    lm = model()
    with FakeVLLM(lm) as server:
        met: list[int] = []
        for is_leader in (False, True):
            generator = VLLMGenerator(
                Servers([server.url]), lm.save_pretrained, tmp_path, [STOP], VOCABULARY, MAX_CONTEXT,
                is_leader=is_leader, barrier=lambda: met.append(len(server.requests)),
            )  # fmt: skip
            generator.update(1)
            generator.close()
        assert met == [0, 0, 0, 0, 0, 2]  # requests at each barrier: drained; written; loaded by the server


MAKERS = {
    "local": lambda lm, server, folder, top_p: LocalGenerator(lm, [STOP], 1.0, top_p=top_p),
    "hf": lambda lm, server, folder, top_p: HFGenerator(lm, [STOP], 1.0, top_p=top_p),
    "continuous": lambda lm, server, folder, top_p: BatchingGenerator(
        lm, [STOP], 1.0, batching={"page_size": 16, "num_blocks": 64, "max_batch_tokens": 64}, top_p=top_p
    ),
    "vllm": lambda lm, server, folder, top_p: VLLMGenerator(
        Servers([server.url], timeout=250), lm.save_pretrained, folder, [STOP], VOCABULARY, MAX_CONTEXT, top_p=top_p
    ),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_top_p_of_next_to_nothing_is_greedy(name: str, tmp_path: Path) -> None:
    lm = model()
    requests = [Request(number, ids, 6, number) for number, ids in enumerate(prompts(3))]
    greedy = sample_all(HFGenerator(lm, [STOP], 0), requests)
    with FakeVLLM(lm) as server:
        cut = MAKERS[name](lm, server, tmp_path, 1e-6)
        answered = sample_all(cut, requests)
        if name == "vllm":
            cut.close()
    for number, completion in answered.items():
        assert completion.ids.tolist() == greedy[number].ids.tolist()
        np.testing.assert_allclose(completion.logprobs, 0.0, atol=1e-6)  # the only token left


def choice(ids: list[int], logprobs: list[float | None], reason: str) -> tuple[int, bytes]:
    content = [{"token": "", "logprob": logprob} for logprob in logprobs]
    answer = {"choices": [{"token_ids": ids, "logprobs": {"content": content}, "finish_reason": reason}]}
    return 200, json.dumps(answer).encode()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((500, b"no memory"), "HTTP 500, b'no memory'"),
        ((200, b"<html>"), "expected JSON, got b'<html>'"),
        ((200, b"{}"), "expected ids and log-probs"),
        ((200, b'{"choices": []}'), "expected ids and log-probs"),
        ((200, b'{"choices": [{"token_ids": [1], "logprobs": null, "finish_reason": "length"}]}'), "expected ids"),
        (choice([5], [-1.0], "length"), "1 ids, 1 log-probs and the reason 'length'"),
        (choice([5, 6], [-1.0, -1.0], "stop"), "reason 'stop'"),
        (choice([5, 6], [-1.0, -1.0], "abort"), "reason 'abort'"),
        (choice([5, 6], [-1.0], "length"), "2 ids, 1 log-probs"),
        (choice([5, 6], [-1.0, None], "length"), "2 ids, 2 log-probs"),
        (choice([5, 6], [-1.0, 0.5], "length"), "2 ids, 2 log-probs"),
        (choice([], [], "stop"), "0 ids"),
    ],
)
def test_vllm_refuses_unexpected_answers(tmp_path: Path, answer: tuple[int, bytes], message: str) -> None:
    lm = model()
    with FakeVLLM(lm) as server:
        server.answer = answer
        generator = vllm(server, lm, tmp_path)
        generator.submit(Request(0, np.array([5]), 2, 0))
        with pytest.raises(RuntimeError, match=message):
            generator.poll()
        generator.close()


def test_vllm_reports_an_unreachable_server(tmp_path: Path) -> None:
    lm = model()
    with FakeVLLM(lm) as server:
        generator = vllm(server, lm, tmp_path)
    generator.submit(Request(0, np.array([5]), 2, 0))
    with pytest.raises(RuntimeError, match="is the server running"):
        generator.poll()
    generator.close()
