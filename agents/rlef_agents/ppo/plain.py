"""RLEF's PPO (arXiv 2410.02089) in one file and one loop. Read it first; the learner is tested against it.

``python -m rlef_agents.ppo.plain`` makes a small transformer, clones programs into it, and trains it to find the right
program from execution feedback: two or three minutes on a quiet machine.

An episode is a dialogue: prompt c_1, response a_1, feedback, response a_2, ...; c_t is everything before a_t, and a_tj
is token j of response t. pi is the policy, pi_old the policy when the update began, pi_b the policy that sampled, rho
the policy before training, V the critic. The equations are those of the paper's section 2.2 and its appendix; their
numbers are ours:

    (1)  R_t  = r_t - beta * mean_j [log pi_old(a_tj) - log rho(a_tj)]                      one reward per response
    (2)  G_t  = sum_{i >= t} R_i                                                            not discounted
    (3)  A_t  = G_t - V_old(c_t), then normalised                                           one for all tokens of a_t
    (4)  q_tj = pi(a_tj) / pi_old(a_tj) * stop_gradient(min(pi_x(a_tj) / pi_b(a_tj), 1))    one ratio per token;
         the factor is 1 where pi_b is pi_old, and pi_x is pi_old or, as the paper prints it, pi
    (5)  L_pi = -mean_tj min(q_tj A_t, clip(q_tj, 1 - eps, 1 + eps) A_t)
    (6)  L_V  = mean_t 1/2 max[(V(c_t) - G_t)^2, (clip(V(c_t), V_old(c_t) - alpha, V_old(c_t) + alpha) - G_t)^2]

Episodes are scored one at a time, in one process: no packing, no padding, no sharding. ``Settings`` has those settings
of ``TrainConfig`` that change a number; tests/agents/ppo/test_plain.py compares targets and gradients for each choice.
"""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rlef_agents.ppo.chat_template import Renderer
from rlef_agents.ppo.trajectory import Completion, Ids, TokenEpisode, TokenTurn
from rlef_env import CodeEnv, load_dataset

__all__ = ["Critic", "Response", "Settings", "backward", "play", "score", "set_targets", "update"]


@dataclass(frozen=True)
class Settings:
    """Settings of an update; ``TrainConfig`` has the same names and documents each choice."""

    estimator: str = "turn_value"
    beta: float = 0.05
    normalise: str = "turns"
    truncated: str = "as_is"
    aggregate: str = "token"
    importance: str = "old"
    policy_clip: float = 0.2
    value_clip: float = 0.2
    value_coefficient: float = 1.0
    temperature: float = 1.0
    minibatches: int = 4
    clip_norm: float = 1.0


@dataclass
class Response:
    """A response of a batch: its scores at the start of the update, and its targets.

    Attributes:
        turn: its tokens, the generator's log-probabilities, the environment's reward.
        old: log pi_old of its tokens, ``(tokens,)``.
        reference: log rho of its tokens, ``(tokens,)``.
        value: V_old, ``(1,)``; with ``token_value`` before each token, ``(tokens,)``.
        stale: True for tokens sampled with weights older than pi_old, ``(tokens,)``.
        outcome: sum of r of this and later responses.
        returned: G, the sum of R of this and later responses.
        advantage: A, of the shape of ``value``.
        kept: False where the length limit cut the response and ``truncated="mask"`` leaves it out.
    """

    turn: TokenTurn
    old: Tensor
    reference: Tensor
    value: Tensor
    stale: Tensor
    outcome: float = 0.0
    returned: float = 0.0
    advantage: Tensor = field(default_factory=lambda: torch.zeros(1))
    kept: bool = True


class Critic(nn.Module):
    """V: a copy of the language model with a linear layer instead of its head; 0 everywhere at the start."""

    def __init__(self, lm: Any) -> None:
        super().__init__()
        self.backbone: Any = copy.deepcopy(lm.base_model)
        self.head = nn.Linear(lm.config.hidden_size, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: Tensor) -> Tensor:
        """Compute V after each token of a sequence, ``(length,)`` in and out."""
        values: Tensor = self.head(self.backbone(ids[None]).last_hidden_state)[0, :, 0]
        return values


def places(episode: TokenEpisode) -> list[slice]:
    """Return for each response the places that predict its tokens: from the last of c_t to its own last but one."""
    found, end = [], 0
    for turn in episode.turns:
        start = end + len(turn.prompt_ids)
        end = start + len(turn.completion.ids)
        found.append(slice(start - 1, end - 1))
    return found


def log_probabilities(lm: Any, episode: TokenEpisode, temperature: float) -> list[Tensor]:
    """Compute log pi of the sampled tokens, ``(tokens,)`` for each response."""
    ids = torch.from_numpy(episode.ids)
    every = (lm(ids[None]).logits[0] / temperature).log_softmax(-1)
    following = every[:-1].gather(1, ids[1:, None])[:, 0]
    return [following[place] for place in places(episode)]


def values(s: Settings, critic: Critic, episode: TokenEpisode) -> list[Tensor]:
    """Compute V(c_t), ``(1,)`` for each response; with ``token_value`` V before each token, ``(tokens,)``."""
    every = critic(torch.from_numpy(episode.ids))
    return [every[place] if s.estimator == "token_value" else every[place][:1] for place in places(episode)]


@torch.no_grad()
def score(s: Settings, lm: Any, critic: Critic, reference: Any, episode: TokenEpisode, version: int) -> list[Response]:
    """Score each response: log pi_old, log rho and V_old; ``version`` is that of pi_old."""
    old, rho = (log_probabilities(network, episode, s.temperature) for network in (lm, reference))
    stale = [torch.from_numpy(turn.completion.versions) < version for turn in episode.turns]
    return [Response(*each) for each in zip(episode.turns, old, rho, values(s, critic, episode), stale, strict=True)]


def set_targets(s: Settings, episodes: Sequence[TokenEpisode], batch: Sequence[Sequence[Response]]) -> None:
    """Set outcome, return and advantage of every response: equations (1) to (3)."""
    groups: dict[str, list[Response]] = defaultdict(list)
    for episode, responses in zip(episodes, batch, strict=True):
        outcome = returned = 0.0
        for response in reversed(responses):
            cut = not response.turn.completion.finished
            response.kept = not (cut and s.truncated == "mask")
            bootstrap = cut and response is responses[-1] and s.truncated == "bootstrap"
            reward = float(response.value[0]) if bootstrap else response.turn.reward
            kl = float((response.old.double() - response.reference.double()).mean()) if response.kept else 0.0
            response.outcome = outcome = outcome + reward
            response.returned = returned = returned + reward - s.beta * kl  # (1), (2)
        groups[episode.problem_id] += [response for response in responses if response.kept][:1]
    for episode, responses in zip(episodes, batch, strict=True):
        kept = [response for response in responses if response.kept]
        for response in kept:
            if s.estimator == "group":  # GRPO (arXiv 2402.03300): episodes of one problem against each other
                group = groups[episode.problem_id]
                spread = float(np.std([first.outcome for first in group]))
                scale = spread if s.normalise == "group" and spread > 1e-6 else 1.0
                better = kept[0].returned - float(np.mean([first.returned for first in group]))
                response.advantage = torch.tensor([better / scale], dtype=torch.float64)
            elif s.estimator == "reinforce":
                response.advantage = torch.tensor([response.returned], dtype=torch.float64)
            else:
                response.advantage = response.returned - response.value.double()  # (3)
    if s.normalise in ("turns", "tokens"):
        normalise(s, [response for responses in batch for response in responses])


def normalise(s: Settings, responses: Sequence[Response]) -> None:
    """Scale advantages to mean 0 and standard deviation 1; a single one stays, a deviation of 0 is no divisor."""
    counted = [response.advantage for response in responses if response.kept]
    if sum(map(len, counted)) < 2:
        return
    if s.normalise == "tokens":  # count each once per token of its response
        counted = [response.advantage.expand(len(response.old)) for response in responses if response.kept]
    mean, spread = torch.cat(counted).mean(), torch.cat(counted).std(correction=0)
    for response in responses:
        response.advantage = (response.advantage - mean) / (spread if spread > 1e-6 else 1.0)


def backward(
    s: Settings, lm: Any, critic: Critic, episodes: Sequence[TokenEpisode], batch: Sequence[Sequence[Response]]
) -> None:
    """Add the gradient of a minibatch's losses to that of the weights: equations (4) to (6)."""
    if s.normalise == "minibatch":
        normalise(s, [response for responses in batch for response in responses])
    kept = [response for responses in batch for response in responses if response.kept]
    policy_count = sum(len(response.old) if s.aggregate == "token" else 1 for response in kept)
    value_count = sum(len(response.value) for response in kept)
    for episode, responses in zip(episodes, batch, strict=True):
        loss = torch.zeros((), dtype=torch.float64)
        scored = zip(log_probabilities(lm, episode, s.temperature), values(s, critic, episode), strict=True)
        for response, (new, value) in zip(responses, scored, strict=True):
            if not response.kept:
                continue
            ratio = (new - response.old).exp()
            if s.importance != "none":
                newer = response.old if s.importance == "old" else new.detach()
                factor = (newer - torch.from_numpy(response.turn.completion.logprobs)).exp().clamp(max=1.0)
                ratio = torch.where(response.stale, ratio * factor, ratio)  # (4)
            inside = ratio.clamp(1.0 - s.policy_clip, 1.0 + s.policy_clip)
            gains = torch.minimum(ratio * response.advantage, inside * response.advantage)  # (5)
            loss = loss - (gains.sum() if s.aggregate == "token" else gains.mean()) / policy_count
            near = response.value + (value - response.value).clamp(-s.value_clip, s.value_clip)
            errors = torch.maximum((value - response.returned) ** 2, (near - response.returned) ** 2)  # (6)
            loss = loss + s.value_coefficient * 0.5 * errors.sum() / value_count
        if loss.requires_grad:
            loss.backward()  # type: ignore[no-untyped-call]


def update(
    s: Settings,
    lm: Any,
    critic: Critic,
    reference: Any,
    optimiser: torch.optim.Optimizer,
    episodes: Sequence[TokenEpisode],
    random: np.random.Generator,
    version: int = 0,
) -> None:
    """Train on one batch: score it, set its targets, and take an optimiser step per disjoint minibatch."""
    judged = [episode for episode in episodes if episode.has_verdict]  # a failure of the judge is no reward
    batch = [score(s, lm, critic, reference, episode, version) for episode in judged]
    set_targets(s, judged, batch)
    for part in np.array_split(random.permutation(len(judged)), s.minibatches):
        optimiser.zero_grad()
        backward(s, lm, critic, [judged[place] for place in part], [batch[place] for place in part])
        for network in (lm, critic):
            nn.utils.clip_grad_norm_(network.parameters(), s.clip_norm)
        optimiser.step()


def play(env: CodeEnv, renderer: Renderer, respond: Callable[[Ids], Completion]) -> TokenEpisode:
    """Play an episode. Sampled tokens are kept as they are; only the environment gets their text."""
    message, info = env.reset()
    prompt = context = renderer.first(message)
    turns: list[TokenTurn] = []
    while True:
        completion = respond(context)
        message, reward, terminated, truncated, info = env.step(renderer.text(completion.ids))
        turns.append(TokenTurn(prompt, completion, reward))
        if terminated or truncated:
            return TokenEpisode(tuple(turns), info["problem_id"], info["solved"], info["has_verdict"])
        prompt = renderer.following(message, completion.ids)
        context = np.concatenate([context, completion.ids, prompt])


@torch.no_grad()
def sample(lm: Any, context: Ids, stop: Sequence[int]) -> Completion:
    """Sample a response at temperature 1 from the whole vocabulary, which is also what scoring assumes."""
    ids = torch.from_numpy(context)[None]
    made = lm.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=True, top_k=0, max_new_tokens=20, eos_token_id=list(stop),
        pad_token_id=0, return_dict_in_generate=True, output_logits=True,
    )  # fmt: skip
    drawn = made.sequences[0, len(context) :]
    logprobs = torch.cat(made.logits).log_softmax(-1).gather(1, drawn[:, None])[:, 0]
    return Completion(drawn.numpy(), logprobs.numpy(), np.zeros(len(drawn), np.int64), int(drawn[-1]) in stop)


# --- a run on the smallest family of generated problems, with a model made here ---------------------------------------

STEPS = 4
DATASET = f"procedural/hidden_step?short=true&steps={STEPS}&scale=10&count=1000"
"""Print 10 * n + c, where c is 1 to 4 and only a failing test reveals it. With two turns, an agent that does not read
feedback solves at most half of the problems (0.44 if it guesses at random twice); one that reads it solves all."""


def program(c: object) -> str:
    """Return a response of the demonstrator."""
    return f"```python\nn = int(input())\nprint(10 * n + {c})\n```"


def clone(lm: Any, demonstrations: Sequence[TokenEpisode], random: np.random.Generator, epochs: int) -> None:
    """Make demonstrations likely, so that reinforcement begins with programs and not with noise."""
    optimiser = torch.optim.AdamW(lm.parameters(), lr=1e-3)
    for _ in range(epochs):
        for part in np.array_split(random.permutation(len(demonstrations)), len(demonstrations) // 8):
            optimiser.zero_grad()
            for place in part:
                loss = -torch.cat(log_probabilities(lm, demonstrations[place], 1.0)).mean() / len(part)
                loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()


def main(seed: int = 0, updates: int = 20, episodes: int = 64, demonstrations: int = 500, reads: float = 0.7) -> None:
    """Clone a demonstrator that uses the feedback in a share ``reads`` of cases and else guesses; then reinforce."""
    from rlef_agents.tiny import make_model, make_tokenizer

    torch.set_num_threads(1)  # so small a model is slower on more
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    train, valid = (
        CodeEnv(load_dataset(DATASET, split=split), split=split, max_turns=2) for split in ("train", "valid")
    )
    texts = []
    for problem in range(50):
        texts += [train.reset(seed=problem)[0], program(1), train.step(program(1))[0]]
    tokenizer = make_tokenizer(texts)
    renderer, lm = Renderer(tokenizer), make_model(tokenizer, seed=seed)

    def demonstrate(context: Ids) -> Completion:
        revealed = re.findall(r"Expected output `\d*(\d)", renderer.text(context))
        c = revealed[0] if revealed and random.random() < reads else random.integers(1, STEPS + 1)
        ids = np.append(renderer.data(program(c)), renderer.end_of_turn)
        return Completion(ids, np.zeros(len(ids), np.float32), np.zeros(len(ids), np.int64), finished=True)

    def respond(context: Ids) -> Completion:
        return sample(lm, context, renderer.stop_ids)

    def evaluate(when: str) -> None:
        valid.reset(seed=seed)
        judged = [each for each in (play(valid, renderer, respond) for _ in range(200)) if each.has_verdict]
        share = sum(each.solved for each in judged) / max(len(judged), 1)
        print(f"solved {when} reinforcement: {share:.3f} of {len(judged)} validation problems", flush=True)

    train.reset(seed=seed)
    clone(lm, [play(train, renderer, demonstrate) for _ in range(demonstrations)], random, epochs=8)
    evaluate("before")
    settings, critic, reference = Settings(minibatches=8), Critic(lm), copy.deepcopy(lm).requires_grad_(False)
    optimiser = torch.optim.AdamW([*lm.parameters(), *critic.parameters()], lr=5e-4, betas=(0.9, 0.95), eps=1e-5)
    for number in range(updates):
        for group in optimiser.param_groups:
            group["lr"] = 5e-4 * min(1.0, (number + 1) / 5)  # warm-up
        batch = [play(train, renderer, respond) for _ in range(episodes)]
        update(settings, lm, critic, reference, optimiser, batch, random)
        print(f"update {number + 1}/{updates}: solved {np.mean([each.solved for each in batch]):.3f}", flush=True)
    evaluate("after")


if __name__ == "__main__":
    main()
