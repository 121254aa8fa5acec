"""Settings of a training run: one frozen ``TrainConfig``.

The documentation of a field says which value the paper (RLEF, arXiv 2410.02089) has, or that the paper states none.
"""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from rlef_agents.ppo.config_checks import check, effective
from rlef_agents.ppo.evaluation_table import EvaluationTable, EvaluationTables, FeedbackOrNone
from rlef_agents.ppo.settings import (
    SETTINGS,
    AboveZero,
    Count,
    Day,
    DType,
    Examples,
    Momentum,
    Reward,
    Size,
    ZeroOrMore,
    one_line_errors,
)
from rlef_env.errors import UsageError

__all__ = ["TrainConfig"]


@one_line_errors
@dataclass(frozen=True, config=SETTINGS)
class TrainConfig:
    """All settings that a run depends on."""

    # The model.

    model: str = ""
    """A name or folder for transformers' ``from_pretrained``; empty where the program makes the model (``tiny``)."""
    dtype: DType = "float32"
    """Type that the layers compute in; weights, head, loss and optimiser are float32 either way. Paper: not stated."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Device of the model; ``auto`` takes a GPU if there is one."""
    critic: Literal["separate", "shared", "none"] = "separate"
    """``separate``: a network of its own that begins as a copy of the policy (paper); ``shared``: a head on the
    policy's features; ``none``: no critic. Where nothing reads a value, all three are ``none``: with ``estimator``
    ``group`` or ``reinforce``, unless ``truncated="bootstrap"``."""
    detach_critic: bool = True
    """With a shared critic: stop the gradient of the value loss before the policy's weights."""
    value_init: Literal["zero", "random"] = "zero"
    """Start of the critic's head. Paper: ``random``. With ``zero`` the first advantages are plain returns."""
    lora_rank: Size = 0
    """Rank of the adapters (LoRA) to train instead of all weights; 0 trains all weights (paper)."""
    lora_alpha: Count = 32
    """Adapters are scaled by this number over their rank."""
    lora_targets: str = "all-linear"
    """Linear layers that get adapters: ``all-linear``, or their names separated by spaces, such as ``q_proj v_proj``.
    Adapters have no dropout: it would make pi / pi_old noise."""
    lora_rslora: bool = False
    """Scale adapters by ``lora_alpha`` over the *square root* of their rank (rsLoRA), which suits large ranks."""
    gradient_checkpointing: bool = False
    """Compute each layer twice to save memory."""
    chat_template: str = ""
    """``chatml``, ``llama3`` or ``qwen3``, or a file with a Jinja template; it replaces the tokenizer's own."""
    chat_template_options: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Variables of the template: ``{enable_thinking = false}`` switches the thinking of Qwen3 off."""
    system: str = ""
    """Text of a system message at the start of every conversation. Paper: none."""
    few_shot: Examples = dataclasses.field(default_factory=list)
    """Examples between the system message and the first prompt: tables ``{user = "...", assistant = "..."}``, or a file
    of JSON lines with ``messages``, as for ``sft``. They are read once, and not trained on. Paper: none in training."""
    prefill: str = ""
    """Text that every response begins with, such as ``<think>``. The environment sees it as a part of the response; it
    is not sampled and not trained on. Paper: none."""
    date: Day = ""
    """YYYY-MM-DD: today's date for templates that print it (those of Llama 3.2, for example); empty: the day on which
    the run began, also after it is resumed."""

    # The environment. Ablations of the paper: turns=1; feedback="none", "random" or "private".

    dataset: str = "starter"
    """A name or path for ``rlef_env.load_dataset``; training uses its split ``train``. Paper: CodeContests (on the
    Hugging Face hub ``deepmind/code_contests``)."""
    evaluate_dataset: str = ""
    """Name or path of the data set for evaluations; empty: ``dataset``."""
    evaluate_split: str = ""
    """Split for evaluations; empty: ``valid``. If ``dataset`` has no such split, every tenth of its problems is kept
    for evaluation and not trained on; if ``evaluate_dataset`` has none, all of its problems are taken."""
    turns: Count = 3
    """Responses per episode (paper: 3; its single-turn runs: 1)."""
    feedback: Literal["public", "first", "none", "random", "private"] = "public"
    """Tests that the feedback shows when they fail: ``public`` (paper), the ``first`` failing one of these, ``none``,
    ``random``, or ``private``."""
    reward: Reward = "rlef"
    """Name of one of ``rlef_env``'s rewards, or a table of weights of its components, such as ``{outcome = 1,
    no_program = 1, compile_error = 0.5}``; a weight of 1 gives a component's own value (-0.2 for the last two). Paper:
    ``rlef``, which is +1 solved, -1 not solved, -0.2 for a response without code that is not the last."""
    final_invalid_penalty: Annotated[float, Field(le=0)] = 0.0
    """Number added to the reward of a *last* response without code. Paper: not stated. 0 keeps its -1; -0.2 makes it
    -1.2."""

    verdict_noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Probability that training is told the wrong outcome of an episode, to see how robust it is: solved where its last
    program fails, or not solved where it passes. Feedback, kept episodes, ``solve_rate`` and evaluations stay true.
    Paper: none."""

    prompt_cap: Size = 2048
    """Largest number of the model's tokens of a problem's statement in the prompt; the middle of a longer one is left
    out. 0: no limit. Paper: not stated."""
    feedback_cap: Size = 1024
    """The same for feedback. Paper: not stated."""
    sampling: Literal["uniform", "difficulty", "curriculum"] = "uniform"
    """How training draws problems: ``uniform``; ``difficulty``: first a difficulty, by ``difficulty_weights``, then one
    of its problems; ``curriculum``: most often those that are sometimes solved and sometimes not. Paper: not stated."""
    difficulty_weights: dict[str, Annotated[float, Field(ge=0)]] = dataclasses.field(default_factory=dict)
    """With ``sampling="difficulty"``: frequency of each difficulty, ``unknown`` where a problem has none; empty:
    every difficulty equally often."""

    judge: Literal["local", "ray"] = "local"
    """Where programs run: ``local``: this machine; ``ray``: the machines of a Ray cluster."""
    judge_address: str = ""
    """With ``ray``: HOST:PORT of the cluster; empty for the one that ``RAY_ADDRESS`` names, or one on this machine."""

    # Sampling.

    episodes: Count = 1024
    """Episodes per update. Paper: 1,024."""
    samples_per_problem: Count = 1
    """Episodes of one problem in an update; 2 or more for ``estimator="group"``. Paper: not stated."""
    temperature: AboveZero = 1.0
    """Sampling temperature in training; above 0, because greedy samples teach nothing. Paper: 1.0. There is no top-p or
    top-k in training: the policy is scored over the whole vocabulary."""
    max_new: Count = 1024
    """Largest number of tokens per response. Paper: not stated."""
    context: Count = 8192
    """Largest number of tokens per episode. Paper: not stated for RL; 8,192 in its supervised runs."""
    generator: Literal["auto", "local", "hf", "continuous", "vllm"] = "auto"
    """Generator of responses: this package's decode loop (``local``), transformers' ``generate`` (``hf``) or its
    continuous batching (``continuous``), or a vLLM server (``vllm``). ``auto``: ``continuous`` on a GPU, ``local`` on a
    CPU."""
    kv_memory: ZeroOrMore = 0.0
    """GB of memory for keys and values of the ``local`` generator, which allocates it as it is needed; 0: those of
    131,072 tokens or of one context, and at most half of what is free. What does not fit waits, or is computed
    again."""
    servers: str = ""
    """With ``vllm``: addresses such as ``http://localhost:8000``, separated by spaces; processes share them evenly.
    Servers read new weights from ``out``, which they must see under the same path."""
    max_lag: Size = 0
    """Largest number of updates between the weights that sampled a token and those that train on it. 0 is synchronous.
    Otherwise sampling and judging go on during updates, up to this many batches ahead; a generator in this process
    then has a copy of the model. Paper: asynchronous, staleness not stated."""

    # Advantages.

    estimator: Literal["turn_value", "token_value", "group", "reinforce"] = "turn_value"
    """``turn_value`` (paper), ``token_value`` (its ablation), ``group`` (as in GRPO), ``reinforce``."""
    beta: ZeroOrMore = 0.05
    """Weight of the KL term in the reward. Paper: 0.05. 0 needs no reference model."""
    normalise: Literal["auto", "turns", "tokens", "minibatch", "group", "none"] = "auto"
    """Scale advantages to mean 0 and standard deviation 1 over all ``turns`` of the update, whatever their lengths; or
    over its ``tokens``; or over the turns of each ``minibatch``; or not at all (``none``). With ``estimator="group"``
    advantages are already centred in their group, and centring again would reinforce groups that all failed: there it
    is ``group`` (divided by the standard deviation of the group's rewards) or ``none``. ``auto``: ``group`` with that
    estimator, else ``turns``. Paper: "normalized", no more."""
    truncated: Literal["as_is", "mask", "bootstrap"] = "as_is"
    """Responses that the length limit ended: ``as_is``: like any other; ``mask``: they are in no statistic, and neither
    policy nor critic gets a gradient from them; ``bootstrap``: where one is an episode's last response, V(c) replaces
    its reward. Paper: not stated."""

    equal_groups: Literal["keep", "skip"] = "keep"
    """With ``estimator="group"``: groups in which all episodes have the same reward teach nothing except KL. ``skip``
    leaves them out of all losses and statistics, unless there are no others. GRPO keeps them, DAPO skips them."""
    replace_groups: Size = 0
    """With ``equal_groups="skip"``: how many times an update may play further problems in place of skipped groups."""

    # Losses.

    policy_clip: AboveZero = 0.2
    """eps of the policy loss; above 0; a large number switches clipping off. Paper: 0.2."""
    value_clip: AboveZero = 0.2
    """alpha of the value loss; above 0; a large number switches clipping off. Paper: 0.2."""
    value_coefficient: ZeroOrMore = 1.0
    """Weight of the value loss. Paper: not stated. With a separate critic it only matters for gradient clipping."""
    entropy: ZeroOrMore = 0.0
    """Weight of an entropy bonus at the first update. Paper: none."""
    entropy_final: ZeroOrMore = 0.0
    """Weight of the entropy bonus at the last update; linear in between."""
    importance: Literal["old", "theta", "none"] = "old"
    """pi_x of the truncated importance factor min(pi_x / pi_b, 1): ``old`` is pi_old, ``theta`` is pi (as printed in
    the paper); ``none`` is no factor."""
    aggregate: Literal["token", "turn"] = "token"
    """``token``: mean of the policy loss over all tokens of a minibatch; ``turn``: over its responses, each with the
    mean of its tokens. Paper: not stated."""

    # Optimiser.

    updates: Size = 3000
    """Batches of episodes to train on. Paper: 12,000 optimiser steps (8B), 8,000 (70B), four per batch."""
    minibatches: Count = 4
    """Disjoint parts of a batch, an optimiser step each. Paper: 4 of 256 episodes."""
    epochs: Count = 1
    """Passes over a batch. Paper: 1."""
    lr: ZeroOrMore = 2e-7
    """Learning rate. Paper: 2e-7."""
    schedule: Literal["auto", "constant", "linear", "cosine"] = "auto"
    """How learning rates change after warm-up, over all ``updates``: ``constant`` (paper: no decay mentioned), or
    ``linear`` or along half a ``cosine`` to ``lr_final``. ``auto``: ``linear`` where ``lr_final`` is set, else
    ``constant``."""
    lr_final: ZeroOrMore | None = None
    """Learning rate at the last step; None: ``lr`` if constant, else 0. The critic's changes in proportion."""
    critic_lr: ZeroOrMore | None = None
    """Learning rate of the critic; None: the policy's. Paper: not stated."""
    warmup: Size = 50
    """Optimiser steps of linear warm-up; the policy's warm-up begins at its own first step. Paper: 50."""
    critic_steps: Size = 0
    """Optimiser steps at the start in which only the critic learns; the policy's warm-up follows. Paper: not stated."""
    optimiser: Literal["adamw", "adamw_8bit"] = "adamw"
    """``adamw``, or with moments of 8 bits, by the package bitsandbytes, which must be installed. Paper: AdamW."""
    moments: DType = "float32"
    """Type in which ``adamw`` stores its two moments; ``bfloat16`` saves 4 bytes a weight. Paper: not stated."""
    offload_moments: bool = False
    """Keep the moments in the machine's memory, not on the GPU; each step copies them there and back."""
    weight_decay: ZeroOrMore = 0.1
    """Weight decay of AdamW, on matrices only. Paper: 0.1."""
    # At least 1e-16: the step of a weight without a gradient would be 0 / (0 + 0), which is NaN in float32.
    adam_eps: Annotated[float, Field(ge=1e-16)] = 1e-8
    """Epsilon of AdamW. It should be well below the size of a gradient's elements: where half a billion weights share a
    norm of 0.1, these are 4e-6. A model as small as ``tiny`` needs 1e-5, because 1e-8 makes its first steps too large.
    Paper: not stated."""
    adam_beta1: Momentum = 0.9
    """beta1 of AdamW. Paper: not stated."""
    adam_beta2: Momentum = 0.95
    """beta2 of AdamW. Paper: not stated."""
    clip_norm: ZeroOrMore = 1.0
    """Largest norm of the gradient, policy and critic apart; 0 for no limit. Paper: not stated."""
    token_budget: Count = 8192
    """Tokens per micro-batch: memory depends on it, results do not."""
    parallel: Literal["ddp", "fsdp"] = "ddp"
    """With several processes: whole copies of the weights (``ddp``), or shards (``fsdp``)."""

    # The run.

    seed: Size = 0
    """Seed of all random draws."""
    deterministic: bool = False
    """Overlap nothing and run only deterministic kernels: on a CPU, a resumed run is exact to the bit."""
    out: str = "runs/rlef"
    """Folder for checkpoints, metrics and this configuration."""
    save_every: Size = 50
    """Updates between checkpoints; 0: only at the end."""
    async_save: bool = True
    """Write checkpoints while the next update goes on, from a copy in the machine's memory: of trained weights and the
    optimiser's state. With ``save_every=1`` the next update waits in any case, so that a killed run loses one only."""
    keep: Count = 2
    """Number of checkpoints that are kept."""
    keep_episodes_every: Size = 1
    """Updates between those whose episodes are kept in the run's folder; 1: all; 0: none. Evaluations' episodes are
    always kept."""
    evaluate_every: Size = 200
    """Updates between evaluations; 0: none. Paper: 800 optimiser steps."""
    evaluate_episodes: Size = 0
    """Episodes per evaluation; 0: all problems of the validation set."""
    evaluate_feedback: FeedbackOrNone = ""
    """Feedback in evaluations; empty: ``feedback``. Where training has none, ``public`` evaluates repairs."""
    evaluate_turns: Size = 0
    """Responses per episode in evaluations; 0: ``turns``."""
    evaluate_samples: Count = 1
    """Episodes of each problem. Paper: 200 on CodeContests, 20 on other benchmarks."""
    evaluate_temperature: ZeroOrMore = 0.2
    """Sampling temperature of evaluations. Paper: 0.2 for 1@3, 1.0 for 10@100."""
    evaluate_top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Evaluations sample from the most likely tokens whose probabilities add up to this number. Paper: 0.95."""
    evaluate_n_at_k: str = ""
    """Estimates beside 1@k of one episode, such as ``10@100``: the probability that one of 10 submissions chosen from
    100 samples is right, where every response is a sample. Needs ``evaluate_samples`` of 100 / ``turns`` or more."""
    evaluations: EvaluationTables = dataclasses.field(default_factory=list)
    """Several evaluation sets: tables ``[[evaluations]]``, each with a ``name`` and any of ``dataset``, ``split``,
    ``feedback``, ``turns``, ``episodes``, ``samples``, ``temperature``, ``top_p``, ``n_at_k``. What a table does not
    set is as in ``evaluate_*``. Empty: the one set of ``evaluate_*``."""
    best_by: str = ""
    """Name of the evaluation set whose solve rate selects ``best/``; empty: the first."""

    def evaluation_configs(self) -> dict[str, TrainConfig]:
        """Return these settings for each evaluation set, by its name; the name is empty where there are no tables.

        In them ``turns``, ``feedback`` and ``evaluate_*`` are those of the set, and ``evaluations`` is empty.

        Raises:
            UsageError: the settings of a set contradict each other.
        """
        return {each.name: self._with(each) for each in self.evaluations} or {"": self._with(EvaluationTable("x"))}

    def evaluation_config(self, name: str = "") -> TrainConfig:
        """Return these settings for one evaluation set, by default the one that selects the best policy.

        Raises:
            UsageError: there is no set of that name.
        """
        configs = self.evaluation_configs()
        if (name or self.best_by) not in configs:
            raise UsageError(f"evaluation: expected one of {', '.join(configs) or 'none'}, got {name!r}")
        return configs[name or self.best_by]

    def _with(self, each: EvaluationTable) -> TrainConfig:
        if not (self.evaluations or self.evaluate_feedback or self.evaluate_turns):
            return self
        try:
            return dataclasses.replace(
                self, evaluations=[], best_by="", evaluate_feedback="", evaluate_turns=0,
                feedback=each.feedback or self.evaluate_feedback or self.feedback,
                turns=each.turns or self.evaluate_turns or self.turns,
                evaluate_dataset=each.dataset or self.evaluate_dataset,
                evaluate_split=each.split or ("" if each.dataset else self.evaluate_split),
                evaluate_episodes=self.evaluate_episodes if each.episodes is None else each.episodes,
                evaluate_samples=each.samples or self.evaluate_samples,
                evaluate_temperature=self.evaluate_temperature if each.temperature is None else each.temperature,
                evaluate_top_p=each.top_p or self.evaluate_top_p,
                evaluate_n_at_k=self.evaluate_n_at_k if each.n_at_k is None else each.n_at_k,
            )  # fmt: skip
        except UsageError as error:
            raise UsageError(f"evaluations: {each.name}: {error}") from error

    def __post_init__(self) -> None:
        """Check settings against each other, and replace some by their effective values."""
        for name, value in effective(self).items():
            object.__setattr__(self, name, value)
        check(self)
        self.evaluation_configs()  # checks the sets
