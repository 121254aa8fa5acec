"""What a training run is: one frozen ``TrainConfig``, from a preset or a TOML file, with ``key=value`` on top.

Where a number is the paper's (RLEF, arXiv 2410.02089) its field says so; where the paper is silent, too.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import inspect
import json
import math
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from rlef_agents.ppo.n_at_k import check_n_at_k
from rlef_env.envs import make_reward
from rlef_env.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["PRESETS", "TrainConfig", "dump_config", "field_docs", "load_config"]

PRESETS: Final = ("tiny", "small", "llama-3.1-8b", "llama-3.1-70b")
"""Configurations that come with this package; ``tiny`` needs two cores and minutes."""

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "estimator": ("turn_value", "token_value", "group", "reinforce"),
    "normalise": ("auto", "turns", "tokens", "minibatch", "group", "none"),
    "truncated": ("as_is", "mask", "bootstrap"),
    "importance": ("old", "theta", "none"),
    "aggregate": ("token", "turn"),
    "critic": ("separate", "shared", "none"),
    "value_init": ("zero", "random"),
    "feedback": ("public", "none", "random", "private"),
    "dtype": ("float32", "bfloat16"),
    "device": ("auto", "cpu", "cuda"),
    "parallel": ("ddp", "fsdp"),
    "generator": ("local", "hf", "continuous", "vllm"),
    "judge": ("local", "ray"),
}

AT_LEAST: Final[Mapping[str, float]] = {
    **dict.fromkeys(("episodes", "minibatches", "epochs", "turns", "token_budget", "max_new", "context", "keep"), 1),
    **dict.fromkeys(("samples_per_problem", "evaluate_samples", "lora_alpha"), 1),
    **dict.fromkeys(("seed", "evaluate_episodes"), 0),
    **dict.fromkeys(("warmup", "max_lag", "critic_steps", "updates", "evaluate_every", "save_every", "lora_rank"), 0),
    **dict.fromkeys(("lr", "lr_final", "critic_lr", "weight_decay", "clip_norm", "beta", "value_coefficient"), 0.0),
    **dict.fromkeys(("entropy", "entropy_final", "policy_clip", "value_clip", "evaluate_temperature"), 0.0),
    **dict.fromkeys(("adam_beta1", "adam_beta2"), 0.0),
    "adam_eps": 1e-16,  # of a weight without a gradient 0 / (0 + 0) would be no number, in float32
}
BELOW: Final[Mapping[str, float]] = {"adam_beta1": 1.0, "adam_beta2": 1.0}
LARGEST: Final = 2**31 - 1
"""No count and no seed is larger."""


@dataclass(frozen=True)
class TrainConfig:
    """Everything that a run depends on."""

    # What is trained.

    model: str = ""
    """A name or folder for transformers' ``from_pretrained``; empty where the program makes the model (``tiny``)."""
    dtype: str = "float32"
    """What the layers compute in; weights, head, loss and optimiser are float32 either way. Paper: not stated."""
    device: str = "auto"
    """``auto`` takes a GPU if there is one."""
    critic: str = "separate"
    """``separate``: a network of its own that begins as a copy (paper); ``shared``: a head on the policy's features;
    ``none``, which is also what comes of the others where nothing reads a value: with ``estimator`` ``group`` or
    ``reinforce``, unless ``truncated="bootstrap"``."""
    detach_critic: bool = True
    """With a shared critic: the value loss does not reach the policy's weights."""
    value_init: str = "zero"
    """The head of the critic. ``random`` in the paper; ``zero`` makes the first advantages plain returns."""
    lora_rank: int = 0
    """Train adapters of this rank instead of all weights; 0 for all weights (paper)."""
    lora_alpha: int = 32
    """Adapters are scaled by this over their rank."""
    gradient_checkpointing: bool = False
    """Compute each layer twice to save memory."""
    chat_template: str = ""
    """``chatml``, ``llama3`` or ``qwen3``, or a file with a Jinja template, in the place of the tokenizer's own."""
    chat_template_options: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Variables of the template: ``{enable_thinking = false}`` switches the thinking of Qwen3 off."""
    system: str = ""
    """The text of a system message that begins every conversation. Paper: none."""
    date: str = ""
    """YYYY-MM-DD: what templates with a clock (of Llama 3.2, say) take for today; empty: the day on which the run
    began, also where it is resumed later."""

    # The environment. The paper's ablations: turns=1, feedback="none" or "random" or "private".

    dataset: str = "starter"
    """A name or path for ``rlef_env.load_dataset``; its split ``train``. Paper: CodeContests (on the Hugging Face hub
    ``deepmind/code_contests``)."""
    evaluate_dataset: str = ""
    """The same for evaluations; empty: the data set that is trained on."""
    evaluate_split: str = ""
    """Its split; empty: ``valid``. Where the data set that is trained on has none, every tenth of its problems is kept
    for evaluation and not trained on; of another ``evaluate_dataset`` all problems are taken."""
    turns: int = 3
    """Responses per episode (paper: 3; its single-turn runs: 1)."""
    feedback: str = "public"
    """What the policy is told: ``public`` tests that failed (paper), ``none``, ``random``, or ``private``."""
    reward: str = "rlef"
    """A name in ``rlef_env``'s rewards. Paper: +1 solved, -1 not, -0.2 for a response before the last without code."""
    final_invalid_penalty: float = 0.0
    """Added to the reward of a *last* response without code. The paper is silent: 0 leaves its -1; -0.2 makes -1.2."""

    judge: str = "local"
    """Where programs run: ``local``: this machine; ``ray``: the machines of a Ray cluster."""
    judge_address: str = ""
    """With ``ray``: HOST:PORT of the cluster; empty for the one that ``RAY_ADDRESS`` names, or one on this machine."""

    # Sampling.

    episodes: int = 1024
    """Per update. Paper: 1,024 rollouts."""
    samples_per_problem: int = 1
    """Episodes of one problem in an update; more than one for ``estimator="group"``. Paper: not stated."""
    temperature: float = 1.0
    """Paper: 1.0. There is no top-p or top-k in training: the policy is scored over the whole vocabulary."""
    max_new: int = 1024
    """Tokens per response, at most. Paper: not stated."""
    context: int = 8192
    """Tokens per episode, at most. Paper: not stated for RL; 8,192 in its supervised runs."""
    generator: str = "local"
    """What samples: our decode loop, transformers' ``generate`` or continuous batching, or a vLLM server."""
    servers: str = ""
    """With ``vllm``: addresses such as ``http://localhost:8000``, spaces between them; processes take turns. Servers
    read new weights from ``out``, which they must see under the same path."""
    max_lag: int = 0
    """Updates that may lie between a token's weights and the newest; older ones are refused. 0 is synchronous.
    Paper: asynchronous, its staleness not stated."""

    # Advantages.

    estimator: str = "turn_value"
    """``turn_value`` (paper), ``token_value`` (its ablation), ``group`` (as GRPO), ``reinforce``."""
    beta: float = 0.05
    """Weight of the KL term in the reward. Paper: 0.05. 0 needs no reference model."""
    normalise: str = "auto"
    """Advantages to mean 0 and standard deviation 1 over all ``turns`` of the update, whatever their lengths; or over
    its ``tokens``; over the turns of each ``minibatch``; or ``none``. With ``estimator="group"`` they are centred in
    their group already, and centring again would reinforce groups that all failed: there it is ``group`` (divided by
    the standard deviation of the group's rewards) or ``none``. ``auto``: ``group`` there, else ``turns``. Paper:
    "normalized", no more."""
    truncated: str = "as_is"
    """Responses that the length limit ended: ``as_is``: like any other; ``mask``: they are in no statistic, and neither
    policy nor critic gets a gradient from them; ``bootstrap``: as an episode's last response, V(c) stands for its
    reward. Paper: not stated."""

    # Losses.

    policy_clip: float = 0.2
    """eps of the policy loss; above 0. Paper: 0.2."""
    value_clip: float = 0.2
    """alpha of the value loss; above 0. Paper: 0.2."""
    value_coefficient: float = 1.0
    """Weight of the value loss. Paper: not stated; without effect on a separate critic but for clipping."""
    entropy: float = 0.0
    """Weight of an entropy bonus at the first update. Paper: none."""
    entropy_final: float = 0.0
    """The same at the last update; linear in between."""
    importance: str = "old"
    """The truncated importance factor min(pi_x / pi_b, 1): pi_x is pi_old, or ``theta`` (as printed in the paper)."""
    aggregate: str = "token"
    """Mean of the policy loss over all tokens of a minibatch, or over responses of their means. Paper: not stated."""

    # Optimiser.

    updates: int = 3000
    """Batches of episodes to train on. Paper: 12,000 optimiser steps (8B), 8,000 (70B), four per batch."""
    minibatches: int = 4
    """Disjoint parts of a batch, an optimiser step each. Paper: 4 of 256 episodes."""
    epochs: int = 1
    """Passes over a batch. Paper: 1."""
    lr: float = 2e-7
    """Paper: 2e-7."""
    lr_final: float | None = None
    """Learning rate at the last step, linear in between; None: constant (paper: no decay mentioned)."""
    critic_lr: float | None = None
    """The critic's own; None: as the policy's. Paper: not stated."""
    warmup: int = 50
    """Optimiser steps of linear warm-up, of the policy from its own first step on. Paper: 50."""
    critic_steps: int = 0
    """Optimiser steps at the start in which only the critic learns; the policy's warm-up follows. Paper: not stated."""
    weight_decay: float = 0.1
    """AdamW's, on matrices only. Paper: 0.1."""
    adam_eps: float = 1e-8
    """AdamW's epsilon, to be well below the size of a gradient's elements: where half a billion weights share a norm of
    0.1, these are 4e-6. A model as small as ``tiny`` wants 1e-5, as 1e-8 makes its first steps rash. Paper: not
    stated."""
    adam_beta1: float = 0.9
    """Paper: not stated."""
    adam_beta2: float = 0.95
    """Paper: not stated."""
    clip_norm: float = 1.0
    """Largest norm of the gradient, policy and critic apart; 0 for no limit. Paper: not stated."""
    token_budget: int = 8192
    """Tokens per micro-batch: memory, not results, depends on it."""
    parallel: str = "ddp"
    """With several processes: whole copies of the weights (``ddp``), or shards (``fsdp``)."""

    # The run.

    seed: int = 0
    """Of everything that is drawn."""
    deterministic: bool = False
    """Nothing overlaps and only deterministic kernels run: on a CPU, resuming is exact to the bit."""
    out: str = "runs/rlef"
    """Folder for checkpoints, metrics and this configuration."""
    save_every: int = 50
    """Updates between checkpoints; 0: only at the end."""
    keep: int = 2
    """Checkpoints that stay."""
    evaluate_every: int = 200
    """Updates between evaluations; 0: none. Paper: 800 optimiser steps."""
    evaluate_episodes: int = 0
    """Episodes per evaluation; 0: of every problem of the validation set."""
    evaluate_samples: int = 1
    """Episodes of each problem. Paper: 200 on CodeContests, 20 on other benchmarks."""
    evaluate_temperature: float = 0.2
    """Paper: 0.2 for 1@3, 1.0 for 10@100."""
    evaluate_top_p: float = 1.0
    """Evaluations sample among the likeliest tokens that have so much of the probability together. Paper: 0.95."""
    evaluate_n_at_k: str = ""
    """What to estimate beside 1@k for one episode: words such as ``10@100``, the chance that one of 10 submissions is
    right of 100 samples, every response being a sample. Needs ``evaluate_samples`` of 100 / ``turns`` or more."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            check(field.name, getattr(self, field.name))
        reads_values = self.estimator in ("turn_value", "token_value") or self.truncated == "bootstrap"
        if not reads_values:
            object.__setattr__(self, "critic", "none")
        elif self.critic == "none":
            raise UsageError(
                f"critic: expected 'separate' or 'shared', as estimator = {self.estimator!r} with truncated = "
                f"{self.truncated!r} reads values; got 'none'"
            )
        if self.critic == "none" and self.critic_steps:
            raise UsageError(f"critic_steps: expected 0 without a critic, got {self.critic_steps}")
        in_groups = self.estimator == "group"
        if self.normalise == "auto":  # what it means is written into the run's folder
            object.__setattr__(self, "normalise", "group" if in_groups else "turns")
        if self.normalise == "group" and not in_groups:
            raise UsageError(f"normalise: 'group' needs estimator = 'group'; got estimator = {self.estimator!r}")
        if in_groups and self.normalise not in ("group", "none"):
            raise UsageError(
                f"normalise: expected 'group' or 'none' with estimator = 'group', got {self.normalise!r}, which would "
                "centre a second time and reinforce groups that all failed; leave normalise out"
            )
        if self.temperature <= 0:
            raise UsageError(
                f"temperature: expected more than 0, as greedy samples teach nothing; got {self.temperature}"
            )
        for name in ("policy_clip", "value_clip"):
            if not getattr(self, name):  # which is not "no limit", as 0 is for clip_norm: nothing may move then
                raise UsageError(f"{name}: expected more than 0, got 0.0; a large number switches clipping off")
        if not 0 < self.evaluate_top_p <= 1:
            raise UsageError(f"evaluate_top_p: expected more than 0 and at most 1, got {self.evaluate_top_p}")
        make_reward(self.reward)
        check_n_at_k(self.evaluate_n_at_k, self.turns, self.evaluate_samples, "evaluate_samples")
        if self.estimator == "group" and self.samples_per_problem < 2:
            raise UsageError("samples_per_problem: estimator = 'group' needs 2 or more, a mean of one tells nothing")


def load_config(source: str | Path, overrides: Sequence[str] = ()) -> TrainConfig:
    """Read a preset or a TOML file.

    Args:
        source: a name in ``PRESETS``, or the path of a file of ``key = value`` lines.
        overrides: texts such as ``lr=1e-6``, as after ``--set``; the value as in TOML, or a bare text.

    Raises:
        UsageError: no such file or preset, or a key or value that is none.
    """
    name = str(source)
    if name in PRESETS:
        text = (resources.files("rlef_agents.ppo") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
    elif Path(name).is_file():
        text = Path(name).read_text(encoding="utf-8")
    else:
        raise UsageError(f"config: expected one of {', '.join(PRESETS)} or the path of a TOML file; got {name!r}")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name}: expected TOML; {error}") from error
    for override in overrides:
        key, found, value = override.partition("=")
        if not found:
            raise UsageError(f"--set: expected key=value, got {override!r}")
        values[key.strip()] = parsed(value.strip())
    known = {field.name for field in dataclasses.fields(TrainConfig)}
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            raise UsageError(f"{name}: no setting {key!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return TrainConfig(**{key: as_meant(key, value) for key, value in values.items()})


def dump_config(config: TrainConfig) -> str:
    """The configuration as TOML, each field under what it means; ``load_config`` gives back the same."""
    docs = field_docs()
    lines: list[str] = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        lines += [f"# {line}" for line in textwrap.wrap(docs[field.name], 116)]
        # TOML has no null: what is not set stays a comment.
        lines += [f"# {field.name} is not set" if value is None else f"{field.name} = {toml(value)}", ""]
    return "\n".join(lines)


@cache
def field_docs() -> dict[str, str]:
    """What each field means, from the text below it."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(TrainConfig))).body
    docs: dict[str, str] = {}
    for field, text in pairwise(definition.body if isinstance(definition, ast.ClassDef) else []):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                docs[name] = " ".join(words.split())
    return docs


def check(name: str, value: object) -> None:
    """Raise where a field has a value of the wrong type, or one that it cannot have."""
    kind = TrainConfig.__annotations__[name]
    types = {
        "str": (str,),
        "int": (int,),
        "bool": (bool,),
        "float": (int, float),
        "float | None": (int, float, type(None)),
        "dict[str, Any]": (dict,),
    }
    if not isinstance(value, types[kind]) or (isinstance(value, bool) and kind != "bool"):
        raise UsageError(f"{name}: expected {kind}, got {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError(f"{name}: expected a finite number, got {value!r}")
    if name == "date" and value:
        try:
            if date.fromisoformat(str(value)).isoformat() != value:
                raise ValueError(value)
        except ValueError:
            raise UsageError(f"date: expected YYYY-MM-DD, got {value!r}") from None
    if name in CHOICES and value not in CHOICES[name]:
        raise UsageError(f"{name}: expected one of {', '.join(CHOICES[name])}; got {value!r}")
    if name in AT_LEAST and isinstance(value, (int, float)) and value < AT_LEAST[name]:
        raise UsageError(f"{name}: expected {AT_LEAST[name]} or more, got {value!r}")
    if name in BELOW and isinstance(value, (int, float)) and value >= BELOW[name]:
        raise UsageError(f"{name}: expected less than {BELOW[name]}, got {value!r}")
    if isinstance(value, int) and value > LARGEST:
        raise UsageError(f"{name}: expected at most {LARGEST}, got {value!r}")


def parsed(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def as_meant(key: str, value: Any) -> Any:
    """A whole number where a fraction is wanted, and a day that TOML has a type for."""
    if key == "date" and isinstance(value, date):
        return value.isoformat()
    wants = TrainConfig.__annotations__[key].startswith("float")
    return float(value) if wants and isinstance(value, int) and not isinstance(value, bool) else value


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return repr(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
