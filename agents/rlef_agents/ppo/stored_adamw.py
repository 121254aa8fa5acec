"""AdamW whose moments are stored in bfloat16, or in the machine's memory while the weights are on a GPU.

A step takes one weight matrix at a time: its moments become float32 on the weight's device, torch's own AdamW moves it,
and the moments are stored again. With float32 moments on the same device it equals ``torch.optim.AdamW`` to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import torch
from torch.optim.adamw import adamw

__all__ = ["StoredAdamW"]

MOMENTS: Final = ("exp_avg", "exp_avg_sq")


class StoredAdamW(torch.optim.Optimizer):
    """AdamW with a choice of type and place of its moments.

    Args:
        groups: groups of float32 weights, as for ``torch.optim.AdamW``.
        lr: learning rate.
        betas: decays of the two moments.
        eps: added to the root of the second moment.
        dtype: type in which the moments are stored.
        offload: store them in the machine's memory, pinned where the weights are on a GPU.
    """

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        lr: float,
        betas: tuple[float, float],
        eps: float,
        dtype: torch.dtype = torch.float32,
        offload: bool = False,
    ) -> None:
        self._dtype, self._offload = dtype, offload
        super().__init__(groups, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move the weights that have a gradient."""
        del closure
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Load moments, which torch would store as it stores the weights."""
        super().load_state_dict(dict(state_dict))
        for parameter, state in self.state.items():
            for name in MOMENTS:
                stored = self.stored(parameter)
                stored.copy_(state[name])
                state[name] = stored

    def _move(self, parameter: torch.Tensor, gradient: torch.Tensor, group: Mapping[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros(())
            state |= {name: self.stored(parameter) for name in MOMENTS}
        first, second = (state[name].to(parameter.device, torch.float32) for name in MOMENTS)
        beta1, beta2 = group["betas"]
        adamw(
            [parameter], [gradient], [first], [second], [], [state["step"]], foreach=False, amsgrad=False,
            beta1=beta1, beta2=beta2, lr=group["lr"], weight_decay=group["weight_decay"], eps=group["eps"],
            maximize=False,
        )  # fmt: skip
        for name, moment in zip(MOMENTS, (first, second), strict=True):
            state[name].copy_(moment)

    def stored(self, parameter: torch.Tensor) -> torch.Tensor:
        """Return a new moment of a weight, zeros, in its type and place."""
        if not self._offload:
            return torch.zeros_like(parameter, dtype=self._dtype, requires_grad=False)
        return torch.zeros_like(
            parameter, dtype=self._dtype, device="cpu", pin_memory=parameter.is_cuda, requires_grad=False
        )
