"""Products by oneDNN against those of PyTorch's own way, on any processor that oneDNN supports."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from rlef_agents.ppo import products
from rlef_agents.ppo.products import linear, prefers_onednn, use_fast_products

needs_onednn = pytest.mark.skipif(
    not (torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")),
    reason="needs a PyTorch with oneDNN",
)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "prefers_onednn", lambda: True)
    monkeypatch.setattr(products, "SMALLEST", 0)


@needs_onednn
@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("shape", [(7,), (1, 7), (2, 3)], ids=str)
@pytest.mark.parametrize("trained", ["x", "weight", "both"])
@pytest.mark.parametrize("bias", [False, True])
def test_products_and_gradients_are_those_of_torch(shape: tuple[int, ...], trained: str, bias: bool) -> None:
    random = torch.Generator().manual_seed(0)
    x, weight, offset = (torch.randn(*size, generator=random) for size in ((*shape, 5), (4, 5), (4,)))
    x.requires_grad_(trained != "weight")
    weight.requires_grad_(trained != "x")
    offset.requires_grad_(trained != "x")
    wanted = [each for each in (x, weight, *([offset] if bias else [])) if each.requires_grad]
    slopes = torch.randn(*shape, 4, generator=random)
    ours, theirs = (each(x, weight, offset if bias else None) for each in (linear, F.linear))
    torch.testing.assert_close(ours, theirs)
    found = torch.autograd.grad((ours * slopes).sum(), wanted)
    for mine, expected in zip(found, torch.autograd.grad((theirs * slopes).sum(), wanted), strict=True):
        torch.testing.assert_close(mine, expected)


@needs_onednn
@pytest.mark.usefixtures("always")
def test_layers_of_a_network_and_of_its_copy_use_their_own_weights() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2, bias=False))
    x = torch.randn(5, 3)
    before = network(x)
    use_fast_products(network)
    torch.testing.assert_close(network(x), before)
    other = copy.deepcopy(network)
    with torch.no_grad():
        other[1].weight.zero_()
    assert not other(x).any()
    torch.testing.assert_close(network(x), before)


@pytest.mark.usefixtures("always")
def test_other_types_and_shards_are_computed_as_before() -> None:
    x, weight = torch.randn(3, 5), torch.randn(4, 5)
    assert torch.equal(linear(x.double(), weight.double()), F.linear(x.double(), weight.double()))
    with torch.autocast("cpu", torch.bfloat16):
        assert linear(x, weight).dtype == torch.bfloat16


@pytest.mark.parametrize(("vendor", "found"), [("AuthenticAMD", True), ("GenuineIntel", False)])
def test_onednn_is_for_processors_on_which_it_was_measured(
    vendor: str, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: f"processor: 0\nvendor_id: {vendor}\n\nprocessor: 1\n")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    prefers_onednn.cache_clear()
    try:
        assert prefers_onednn() is (found and hasattr(torch.ops.mkldnn, "_linear_pointwise"))
    finally:
        prefers_onednn.cache_clear()
