"""Several servers: failures that pass, servers that are lost, servers without a flag, and adapters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rlef_agents.ppo.generation import Request
from rlef_agents.ppo.generation.servers import ServerError, Servers
from rlef_agents.ppo.generation.vllm import VLLMGenerator
from tests.agents.ppo.generation.models import (
    MAX_CONTEXT,
    STOP,
    VOCABULARY,
    assert_true_logprobs,
    model,
    prompts,
    sample_all,
    shake,
)
from tests.agents.ppo.generation.vllm_server import FakeVLLM

GENERATE, LOAD = "/inference/v1/generate", "/collective_rpc"


@pytest.fixture
def two() -> Iterator[list[FakeVLLM]]:
    with FakeVLLM(model()) as first, FakeVLLM(model()) as second:
        yield [first, second]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:

        def made(*fakes: FakeVLLM, lm: Any = None, **changes: Any) -> VLLMGenerator:
            servers = Servers([fake.url for fake in fakes], timeout=250, retries=3, backoff=0)
            save = (lm or model()).save_pretrained
            generator = VLLMGenerator(servers, save, tmp_path, [STOP], VOCABULARY, MAX_CONTEXT, **changes)
            stack.callback(generator.close)
            return generator

        yield made


def requests() -> list[Request]:
    return [Request(number, ids, 6, number) for number, ids in enumerate(prompts(8))]


def count(fake: FakeVLLM, path: str) -> int:
    return [each for each, _ in fake.requests].count(path)


def test_all_servers_sample_and_all_get_new_weights(two: list[FakeVLLM], make: Any) -> None:
    lm = model()
    generator = make(*two, lm=lm)
    shake(lm, 1, 0.05)
    generator.update(1)
    answered = sample_all(generator, requests())
    assert [count(fake, LOAD) for fake in two] == [1, 1]
    assert [count(fake, GENERATE) for fake in two] == [4, 4]
    for request in requests():
        assert_true_logprobs(lm, request.ids, answered[request.conversation])
    before = [len(fake.requests) for fake in two]
    sample_all(generator, [Request(0, np.array([5, 6]), 3, 0)] * 1)
    assert [len(fake.requests) for fake in two] == [before[0] + 1, before[1]], "a conversation stays on its server"


@pytest.mark.parametrize("failures", [[503], [0], [502, 0, 500]], ids=str)
def test_a_failure_that_passes_is_repeated_and_counted(two: list[FakeVLLM], make: Any, failures: list[int]) -> None:
    generator = make(two[0])
    two[0].failures = list(failures)
    answered = sample_all(generator, requests()[:1])
    assert generator.servers.retried == len(failures)
    assert generator.servers.lost == {}
    assert_true_logprobs(model(), requests()[0].ids, answered[0])


def test_requests_of_a_lost_server_go_to_the_others_until_it_loads_new_weights(two: list[FakeVLLM], make: Any) -> None:
    generator = make(*two)
    two[0].failures = [500] * 1000
    answered = sample_all(generator, requests())
    assert set(answered) == set(range(8))
    assert count(two[1], GENERATE) == 8
    assert list(generator.servers.lost) == [two[0].url.rstrip("/")]
    generator.update(1)
    assert len(generator.servers.lost) == 1, "it still fails"
    two[0].failures = []
    generator.update(2)
    assert generator.servers.lost == {}
    sample_all(generator, requests())
    assert count(two[0], GENERATE) == 4


def test_without_any_server_there_is_one_line_that_says_what_to_do(two: list[FakeVLLM], make: Any) -> None:
    generator = make(*two)
    for fake in two:
        fake.failures = [500] * 1000
    generator.submit(requests()[0])
    with pytest.raises(ServerError, match=r"got none of 2 \(.*HTTP 500.*--resume continues from it$"):
        generator.poll()
    with pytest.raises(ServerError, match="is the server running"):
        generator.update(1)


@pytest.mark.parametrize(
    ("flags", "advice"),
    [({"scale_out": False}, "--enable-scale-out"), ({"development": False}, "VLLM_SERVER_DEV_MODE=1")],
    ids=["scale-out", "development"],
)
def test_a_server_without_a_flag_is_named_with_the_flag(make: Any, flags: dict[str, bool], advice: str) -> None:
    with FakeVLLM(model(), **flags) as fake:
        generator = make(fake)
        generator.submit(requests()[0])
        with pytest.raises(ServerError, match=f"expected a server of vLLM 0.33, got HTTP 404; start it with {advice}"):
            generator.update(1), generator.poll()
        assert generator.servers.retried == 0


@pytest.mark.parametrize(("version", "found"), [("0.29.1", "vLLM 0.29.1"), ("", "a server that tells no version")])
def test_a_server_that_refuses_a_request_is_named_with_its_version(make: Any, version: str, found: str) -> None:
    with FakeVLLM(model()) as fake:
        fake.version, fake.answer = version, (422, b"no field token_ids")
        generator = make(fake)
        generator.submit(requests()[0])
        wanted = f"expected a server of vLLM 0.33, got HTTP 422 from {found}: b'no field token_ids'"
        with pytest.raises(ServerError, match=re.escape(wanted)):
            generator.poll()


def test_a_server_that_was_started_again_lacks_the_adapter_until_the_next_update(make: Any) -> None:
    peft = pytest.importorskip("peft")
    adapted = peft.get_peft_model(model(), peft.LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM"))
    with FakeVLLM(model(), lora=True, development=False) as one, FakeVLLM(model(), lora=True, development=False) as two:
        generator = make(one, two, lm=adapted, adapters=True)
        generator.update(1)
        one.start_again()
        assert set(sample_all(generator, requests())) == set(range(8))
        assert list(generator.servers.lost) == [one.url.rstrip("/")]
        generator.update(2)
        assert generator.servers.lost == {}


def test_only_adapters_are_sent_and_pending_responses_keep_theirs(make: Any, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft")
    settings = peft.LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM")
    adapted = peft.get_peft_model(model(), settings)
    with FakeVLLM(model(), lora=True, development=False) as fake:
        generator = make(fake, lm=adapted, adapters=True, slots=1)
        generator.update(1)
        for request in requests():
            generator.submit(request)
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.data.normal_(0.0, 0.3)
        generator.update(2)
        answered = {}
        while completions := generator.poll():
            answered.update(completions)
        assert len(answered) == 8
        for request in requests():
            completion = answered[request.conversation]
            assert set(completion.versions) == {1}
            assert_true_logprobs(model(), request.ids, completion)  # lora_B was 0
        newer = sample_all(generator, requests()[:1])[0]
        assert set(newer.versions) == {2}
        assert_true_logprobs(adapted, requests()[0].ids, newer)
        files = {path.name for path in (tmp_path / "version-2").iterdir()}
        assert "adapter_model.safetensors" in files
        assert "model.safetensors" not in files
