"""Matrix products of float32 on a CPU, by the faster of two libraries.

PyTorch multiplies float32 matrices with MKL, which takes its AVX-512 kernels on Intel's processors only. On AMD's, the
same product by oneDNN, which PyTorch contains too, takes half of the time (``benchmarks/README.md``). Both are exact
to the rounding of float32; sums are added in another order.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MethodType
from typing import Any, Final

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

__all__ = ["linear", "use_fast_products"]

SMALLEST: Final = 1 << 20
"""Multiplications below which the call itself takes longer than what it saves."""


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Compute ``x @ weight.T + bias`` as ``torch.nn.functional.linear`` does, and its gradients."""
    if not _is_faster(x, weight):
        return F.linear(x, weight, bias)
    if torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad):
        result: Tensor = _Product.apply(x, weight)  # type: ignore[no-untyped-call]
        return result if bias is None else result + bias
    return _product(x, weight, bias)


def use_fast_products(network: nn.Module) -> None:
    """Let the linear layers of a network compute with ``linear``, where it is faster on this machine."""
    if not prefers_onednn():
        return
    for module in network.modules():
        if type(module) is nn.Linear:
            module.forward = MethodType(_forward, module)  # type: ignore[method-assign]


@cache
def prefers_onednn() -> bool:
    """Return whether this machine multiplies faster with oneDNN than with MKL."""
    try:
        vendor = "AuthenticAMD" in Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
    except OSError:
        vendor = False
    return (
        vendor
        and torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and torch.backends.cpu.get_cpu_capability() == "AVX512"
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    )


def _forward(layer: nn.Linear, x: Tensor) -> Tensor:
    return linear(x, layer.weight, layer.bias)


def _is_faster(x: Tensor, weight: Tensor) -> bool:
    return (
        type(weight) in (Tensor, nn.Parameter)  # no shard, and nothing that overrides operations
        and x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and x.numel() * len(weight) >= SMALLEST
        and not torch.is_autocast_enabled("cpu")
        and prefers_onednn()
    )


def _product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    result: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return result


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x if weight.requires_grad else None, weight)
        return _product(x, weight)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        to_x = to_weight = None
        if ctx.needs_input_grad[0]:
            to_x = _product(gradient, weight.t())
        if ctx.needs_input_grad[1]:
            rows = gradient.reshape(-1, gradient.shape[-1])
            to_weight = _product(rows.t(), x.reshape(-1, x.shape[-1]).t())
        return to_x, to_weight
