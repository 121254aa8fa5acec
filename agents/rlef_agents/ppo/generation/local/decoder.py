"""Forward pass of Llama-like models of transformers for generation: packed prefill, batched decoding.

It computes the same logits as ``model(ids).logits``; the tests compare the two. The differences: keys and values are
written in place (``KVMemory``), projections with the same input are one matrix, matrices are packed for the CPU, and
logits are computed only where a token is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812

from rlef_agents.ppo.generation.model_settings import unsupported_rope

__all__ = ["MODEL_TYPES", "Decoder", "Part", "Segment", "unsupported_reason"]

MODEL_TYPES = ("llama", "mistral", "qwen2", "qwen3")
PACKED_SIZE: Final = 1 << 17
"""Smallest number of weights of a matrix that is packed: below it, oneDNN's calls cost more than they save."""

_Attend = Callable[[int, torch.Tensor], torch.Tensor]


class Segment(NamedTuple):
    """Tokens of one row to prefill, from position ``start`` on; earlier positions are computed already.

    Attributes:
        row: keys and values of the row, of shape ``(layers, 2, heads, capacity, head size)``.
        start: first position to compute.
        tokens: tokens of this position and the following ones.
        source: row to copy the earlier positions from, as they are equal; it may be that of an earlier segment of the
            same call. None where they are in ``row``.
    """

    row: torch.Tensor
    start: int
    tokens: torch.Tensor
    source: torch.Tensor | None = None


class Part(NamedTuple):
    """The first ``rows`` rows of a pool of shape ``(layers, 2, rows, heads, capacity, head size)``.

    ``length`` is the largest number of tokens of these rows: the smaller, the cheaper.
    """

    pool: torch.Tensor
    rows: int
    length: int


class _Adapter(NamedTuple):
    outputs: slice  # rows of the joint layer's weight that the adapter changes
    down: torch.Tensor
    up: torch.Tensor
    scaling: float


class _Linear(NamedTuple):
    """Linear layer, with the weight in the layout of oneDNN (``packed``) where that is faster.

    On a processor of AMD with AVX-512, oneDNN multiplies 2 to 3 times as fast as MKL, in the same float32.
    """

    weight: torch.Tensor | None
    bias: torch.Tensor | None
    adapters: tuple[_Adapter, ...] = ()
    packed: torch.Tensor | None = None
    dtype: torch.dtype = torch.float32

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.packed is None:
            assert self.weight is not None
            result = F.linear(x, self.weight, self.bias)
        else:
            result = torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, "none", [], "")
        for adapter in self.adapters:
            result[..., adapter.outputs] += F.linear(F.linear(x, adapter.down), adapter.up) * adapter.scaling
        return result


class _Layer(NamedTuple):
    norm: torch.Tensor
    qkv: _Linear
    qk_norm: torch.Tensor | None  # of shape (query and key heads, head size), where the model has such norms
    out: _Linear
    mlp_norm: torch.Tensor
    gate_up: _Linear
    down: _Linear


class Decoder:
    """A model's forward pass over keys and values of earlier tokens.

    Joint and packed matrices are copies, and so are all matrices if ``dtype`` is not the model's own. Everything else
    is the live model. After an update ``refresh`` copies them again; until then ``check_fresh`` raises.

    With ``dtype`` bfloat16 and float32 weights, the decoder is the same function as the model under ``torch.autocast``,
    which the learner scores: matrix products and attention in bfloat16; the residual stream, norms, rotary embeddings
    and the head in float32. With a rounded residual stream it would be a different policy.

    Args:
        model: a causal language model of transformers that ``unsupported_reason`` accepts, or a peft model of one. If
            ``dtype`` is the model's own, low-rank adapters cost nothing, because ``refresh`` adds them to the weights.
            Otherwise they are separate products, as in the learner: rounding the sum of weight and adapter would lose
            small values of the adapter.
        dtype: dtype of matrix products, attention and the pool; None is the model's own. All else has the model's own.
    """

    def __init__(self, model: Any, dtype: torch.dtype | None = None) -> None:
        model = model.get_base_model() if hasattr(model, "get_base_model") else model
        if reason := unsupported_reason(model):
            raise ValueError(f"LocalGenerator: {reason}; use HFGenerator, which runs any model of transformers")
        config = model.config
        self._model = model
        self.device: torch.device = model.lm_head.weight.device
        self.stream: torch.dtype = model.lm_head.weight.dtype
        self.dtype: torch.dtype = dtype or self.stream
        self.heads: int = config.num_attention_heads
        self.kv_heads: int = config.num_key_value_heads
        self.head_dim: int = getattr(config, "head_dim", None) or config.hidden_size // self.heads
        self.layers: int = config.num_hidden_layers
        self.vocabulary: int = config.vocab_size
        self.max_context: int = config.max_position_embeddings
        self._epsilon: float = config.rms_norm_eps
        self._activation = model.model.layers[0].mlp.act_fn
        self.refresh()

    def refresh(self) -> None:
        """Read the model's current weights."""
        self._parameters = list(self._model.parameters())
        with torch.inference_mode():
            base = self._model.model
            self._embedding = base.embed_tokens.weight
            self._head = _joint(self.stream, self.stream, self._model.lm_head)
            self._norm = base.norm.weight
            self._layers = [self._layer(layer) for layer in base.layers]
            self._tables = torch.empty(2, 0, 1, self.head_dim, device=self.device)
        self._read = self._fingerprint()

    def check_fresh(self) -> None:
        """Check that the weights have not changed since they were read.

        Raises:
            RuntimeError: an in-place operation changed them, or other tensors replaced them.
        """
        if self._read != self._fingerprint():
            raise RuntimeError("the model's weights have changed since the last update(version): call update first")

    def prefill(self, segments: Sequence[Segment]) -> torch.Tensor:
        """Write the keys and values of segments into their rows, and return the logits after the last token of each.

        Sequences are concatenated without padding; attention is computed sequence by sequence.

        Returns:
            Logits of shape ``(len(segments), vocabulary)``, float32.
        """
        ends = [0]
        for segment in segments:
            ends.append(ends[-1] + len(segment.tokens))
        starts = [
            torch.arange(segment.start, segment.start + len(segment.tokens), device=self.device) for segment in segments
        ]
        masks = [_lower_right(len(segment.tokens), segment.start, self.device) for segment in segments]

        def attend(layer: int, qkv: torch.Tensor) -> torch.Tensor:
            attended = []
            for segment, mask, begin, end in zip(segments, masks, ends[:-1], ends[1:], strict=True):
                stop = segment.start + end - begin
                row = segment.row[layer]
                new = qkv[begin:end, self.heads :].view(end - begin, 2, self.kv_heads, self.head_dim)
                row[:, :, segment.start : stop] = new.permute(1, 2, 0, 3)
                if segment.source is not None:
                    row[:, :, : segment.start] = segment.source[layer][:, :, : segment.start]
                attended.append(
                    F.scaled_dot_product_attention(
                        qkv[begin:end, : self.heads].transpose(0, 1)[None],
                        row[None, 0, :, :stop],
                        row[None, 1, :, :stop],
                        attn_mask=mask,
                        is_causal=mask is None and end - begin > 1,
                        enable_gqa=self.heads != self.kv_heads,
                    )[0].transpose(0, 1)
                )
            return torch.cat(attended).flatten(1)

        tokens = torch.cat([segment.tokens for segment in segments])
        last = torch.tensor(ends[1:], device=self.device) - 1
        return self._logits(self._forward(tokens, torch.cat(starts), attend)[last])

    def step(self, parts: Sequence[Part], tokens: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Compute the logits after one token of each row of the parts.

        Args:
            parts: keys and values of earlier tokens; those of these tokens are added.
            tokens: tokens of shape ``(batch,)``, part by part.
            positions: positions of these tokens, of shape ``(batch,)``.

        Returns:
            Logits of shape ``(batch, vocabulary)``, float32.
        """
        shape = (self.kv_heads, self.head_dim)
        places = []
        for part, at in zip(parts, torch.split(positions, [part.rows for part in parts]), strict=True):
            seen = torch.arange(part.length, device=self.device) <= at[:, None]
            mask = torch.zeros(seen.shape, dtype=self.dtype, device=self.device).masked_fill_(~seen, -torch.inf)
            places.append((torch.arange(part.rows, device=self.device), at, mask[:, None, None]))

        def attend(layer: int, qkv: torch.Tensor) -> torch.Tensor:
            attended, begin = [], 0
            for part, (numbers, at, mask) in zip(parts, places, strict=True):
                mine = qkv[begin : begin + part.rows]
                begin += part.rows
                part.pool[layer][:, numbers, :, at] = mine[:, self.heads :].view(part.rows, 2, *shape)
                # The query heads of a group attend to the same keys, as if they were positions.
                queries = mine[:, : self.heads].view(part.rows, self.kv_heads, -1, self.head_dim)
                keys, values = part.pool[layer, :, : part.rows, :, : part.length]
                attended.append(F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask).flatten(1))
            return attended[0] if len(attended) == 1 else torch.cat(attended)

        return self._logits(self._forward(tokens, positions, attend))

    def _forward(self, tokens: torch.Tensor, positions: torch.Tensor, attend: _Attend) -> torch.Tensor:
        cosine, sine = self._rotations(positions)
        rotated = self.heads + self.kv_heads
        hidden = F.embedding(tokens, self._embedding)
        for index, layer in enumerate(self._layers):
            normed = self._rms(hidden, layer.norm).to(self.dtype)
            qkv = layer.qkv(normed).view(len(tokens), -1, self.head_dim)
            qk = qkv[:, :rotated]
            turning = qk if layer.qk_norm is None else self._rms(qk, None) * layer.qk_norm
            turned = turning.roll(self.head_dim // 2, -1) * sine  # in the type of the sines, which may be wider
            qk.copy_((turning * cosine).add_(turned))
            hidden.add_(layer.out(attend(index, qkv)))
            gate, up = layer.gate_up(self._rms(hidden, layer.mlp_norm).to(self.dtype)).chunk(2, -1)
            hidden.add_(layer.down(self._activation(gate).mul_(up)))
        return self._rms(hidden, self._norm)

    def _rms(self, x: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
        return F.rms_norm(x, (x.shape[-1],), weight, self._epsilon)

    def _logits(self, hidden: torch.Tensor) -> torch.Tensor:
        return self._head(hidden.to(self._head.dtype)).float()

    def _rotations(self, positions: torch.Tensor) -> torch.Tensor:
        """Return cosines and sines of positions, of shape ``(2, n, 1, head size)``; sines are signed for ``roll``."""
        if positions.numel() and self._tables.shape[1] < self.max_context:
            every = torch.arange(self.max_context, device=self.device)[None]
            cosine, sine = self._model.model.rotary_emb(torch.empty(0, dtype=self.stream, device=self.device), every)
            signed = torch.cat((-sine[..., : self.head_dim // 2], sine[..., self.head_dim // 2 :]), -1)
            self._tables = torch.stack((cosine[0], signed[0]))[:, :, None]
        return self._tables[:, positions]

    def _layer(self, layer: Any) -> _Layer:
        attention, mlp = layer.self_attn, layer.mlp
        qk_norm = None
        if hasattr(attention, "q_norm"):
            qk_norm = torch.cat(
                (
                    attention.q_norm.weight.expand(self.heads, -1),
                    attention.k_norm.weight.expand(self.kv_heads, -1),
                )
            )
        return _Layer(
            norm=layer.input_layernorm.weight,
            qkv=_joint(self.dtype, self.stream, attention.q_proj, attention.k_proj, attention.v_proj),
            qk_norm=qk_norm,
            out=_joint(self.dtype, self.stream, attention.o_proj),
            mlp_norm=layer.post_attention_layernorm.weight,
            gate_up=_joint(self.dtype, self.stream, mlp.gate_proj, mlp.up_proj),
            down=_joint(self.dtype, self.stream, mlp.down_proj),
        )

    def _fingerprint(self) -> list[tuple[int, int]]:
        return [
            (parameter.data_ptr(), 0 if parameter.is_inference() else parameter._version)
            for parameter in self._parameters
        ]


def unsupported_reason(model: Any) -> str | None:
    """Return the reason why the decoder cannot run a model of transformers; None if it can.

    Linear layers are checked only by ``Decoder``.
    """
    config = getattr(model, "config", None)
    if getattr(config, "model_type", None) not in MODEL_TYPES:
        return f"expected a model of type {', '.join(MODEL_TYPES)}, got {getattr(config, 'model_type', type(model))}"
    if (reason := unsupported_rope(config)) is not None:
        return reason
    if any(getattr(layer.self_attn, "sliding_window", None) for layer in model.model.layers):
        return "expected full attention in every layer, got a sliding window"
    return None


def _joint(dtype: torch.dtype, stream: torch.dtype, *modules: Any) -> _Linear:
    """Join linear layers with the same input into one. A single layer keeps its live weight, unless it is cast.

    Adapters stay apart where products are computed in another dtype than the stream: rounding would lose small values.
    """
    cast = dtype != stream
    weights = [_base(module).weight if cast else _merged(module) for module in modules]
    biases = [module.bias for module in modules if module.bias is not None]
    weight = (torch.cat(weights) if len(weights) > 1 else weights[0]).to(dtype)
    adapters: list[_Adapter] = []
    for module, end in zip(modules, accumulate(len(each) for each in weights), strict=True):
        outputs = slice(end - len(_base(module).weight), end)
        for name in _active(module) if cast else ():
            down, up = (layer[name].weight.to(dtype) for layer in (module.lora_A, module.lora_B))
            adapters.append(_Adapter(outputs, down, up, module.scaling[name]))
    bias = torch.cat(biases).to(weight.dtype) if biases else None
    if packable(weight):
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous())
        return _Linear(None, bias, tuple(adapters), packed, weight.dtype)
    return _Linear(weight, bias, tuple(adapters), None, weight.dtype)


def packable(weight: torch.Tensor) -> bool:
    """Whether packing makes products with a matrix faster, and this build of torch can pack it."""
    return (
        weight.device.type == "cpu"
        and weight.dtype in (torch.float32, torch.bfloat16)
        and weight.numel() >= PACKED_SIZE
        and torch._C._has_mkldnn
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )


def _merged(module: Any) -> torch.Tensor:
    """Return a linear layer's weight plus its enabled low-rank adapters of peft."""
    weight: torch.Tensor = _base(module).weight
    for name in _active(module):
        weight = weight + module.get_delta_weight(name)
    return weight


def _active(module: Any) -> list[str]:
    """Return the names of a linear layer's enabled adapters that are not yet merged into its weight."""
    if not hasattr(module, "lora_A") or module.disable_adapters:
        return []
    return [name for name in module.active_adapters if name in module.lora_A and name not in module.merged_adapters]


def _base(module: Any) -> torch.nn.Linear:
    """Return a linear layer without its adapters."""
    base: torch.nn.Linear = getattr(module, "base_layer", module)
    adapted = base is not module
    if type(base) is not torch.nn.Linear or (adapted and (not hasattr(module, "lora_A") or module.lora_variant)):
        raise ValueError(
            "LocalGenerator: expected linear layers, plain or with plain LoRA, "
            f"got {type(module).__module__}.{type(module).__name__}; use HFGenerator"
        )
    return base


def _lower_right(new: int, kept: int, device: torch.device) -> torch.Tensor | None:
    """Return the mask of ``kept + new`` tokens that each new token sees; None if ``is_causal`` describes it."""
    if kept == 0 or new == 1:
        return None
    return torch.ones(new, kept + new, dtype=torch.bool, device=device).tril_(kept)
