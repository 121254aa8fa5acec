"""Generators that the conformance tests run on, and what may differ between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlef_agents.ppo.generation.batching import BatchingGenerator
from rlef_agents.ppo.generation.hf import HFGenerator
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from rlef_agents.ppo.generation.servers import Servers
from rlef_agents.ppo.generation.vllm import VLLMGenerator
from tests.agents.ppo.generation.models import MAX_CONTEXT, STOP, VOCABULARY
from tests.agents.ppo.generation.vllm_server import FakeVLLM

PAGES = {"page_size": 16, "num_blocks": 96, "max_batch_tokens": 128}


@dataclass(frozen=True)
class Implementation:
    """A generator to test.

    Attributes:
        make: function that creates it from a model, a temperature and a folder.
        architecture: architecture of the model that it is tested with.
        seeded: whether a request's draws depend on its seed alone, not on the other requests.
    """

    make: Callable[[Any, float, Path], Any]
    architecture: str
    seeded: bool = True


@contextmanager
def opened(name: str, model: Any, temperature: float, folder: Path) -> Iterator[Any]:
    if name != "vllm":
        yield IMPLEMENTATIONS[name].make(model, temperature, folder)
        return
    with FakeVLLM(model) as server:
        generator = VLLMGenerator(
            Servers([server.url], timeout=250, retries=1, backoff=0),
            model.save_pretrained,
            folder,
            [STOP],
            VOCABULARY,
            MAX_CONTEXT,
            temperature,
            slots=4,
        )
        yield generator
        generator.close()


def _not_made_here(*_: Any) -> Any:
    raise AssertionError


IMPLEMENTATIONS = {
    "local": Implementation(
        lambda model, temperature, _: LocalGenerator(model, [STOP], temperature, slots=3, kv_tokens=600), "llama"
    ),
    "local, scarce": Implementation(
        lambda model, temperature, _: LocalGenerator(model, [STOP], temperature, slots=3, kv_tokens=130), "qwen3"
    ),
    "hf": Implementation(lambda model, temperature, _: HFGenerator(model, [STOP], temperature, slots=3), "gpt2"),
    "batching": Implementation(
        lambda model, temperature, _: BatchingGenerator(model, [STOP], temperature, batching=PAGES),
        "llama",
        seeded=False,
    ),
    "vllm": Implementation(_not_made_here, "llama"),
}
