"""Updates of the learner: exact however a batch is split, and stopped by every check."""

from __future__ import annotations

import dataclasses
import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch

from rlef_agents.ppo.checks import NotFiniteError, ScoreMismatchError, StaleTokensError
from rlef_agents.ppo.config_file import load_config
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.lora import add_lora
from rlef_agents.ppo.metrics import batch_metrics
from rlef_agents.ppo.minibatches import takes_sampled
from rlef_agents.ppo.packing import flatten
from rlef_agents.ppo.rlef import Scored, make_targets, minibatch_normalised
from rlef_agents.ppo.trajectory import TokenEpisode
from rlef_env.errors import UsageError
from tests.agents.ppo.small import (
    config,
    episode,
    learner,
    model,
    moved,
    random_episodes,
    sampled_by,
    turn,
    weights,
)


def gradients(student: Learner, episodes: list[TokenEpisode], monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """Return the gradients that the optimiser got in the only step of an update."""
    seen: list[list[torch.Tensor]] = []
    parameters = [*student.policy, *student.critic]
    monkeypatch.setattr(
        student.optimiser,
        "step",
        lambda: seen.append([torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in parameters]),
    )
    student.update(episodes, minibatches=1)
    (only,) = seen
    return only


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aggregate": "turn"},
        {"estimator": "token_value"},
        {"critic": "shared", "detach_critic": False, "entropy": 0.1, "lr": 1e-3},
        {"truncated": "mask"},
        {"normalise": "minibatch"},
        {"estimator": "group", "samples_per_problem": 2},
    ],
    ids=lambda changes: ",".join(map(str, changes.values())) or "paper",
)
def test_row_19_gradients_do_not_depend_on_how_a_batch_is_split(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    episodes = random_episodes(7, seed=1)
    first = episodes[0].turns[0]
    cut = dataclasses.replace(first, completion=dataclasses.replace(first.completion, finished=False))
    episodes[0] = dataclasses.replace(episodes[0], turns=(cut, *episodes[0].turns[1:]))
    found = []
    for budget in (1, 30, 1000):
        student = learner(token_budget=budget, value_init="random", **changes)
        found.append(gradients(student, sampled_by(student, episodes), monkeypatch))
    largest = max(float(each.abs().max()) for each in found[0])
    assert largest > 1e-3
    for other in found[1:]:
        assert moved(found[0], other) < 1e-6 * max(1.0, largest)


def test_row_1_and_22_untouched_weights_agree_with_themselves_and_the_reference() -> None:
    student = learner()
    metrics = student.update(sampled_by(student, random_episodes(6)))
    assert metrics["first_ratio_error"] < 1e-4
    assert metrics["reference_kl"] == 0.0
    assert metrics["sampler_gap_max"] < 1e-5
    assert metrics["effective_samples"] == pytest.approx(1.0, abs=1e-4)
    again = student.update(sampled_by(student, random_episodes(6, seed=5)))
    assert again["first_ratio_error"] < 1e-4
    assert again["reference_kl"] != 0.0


def test_row_1_a_policy_that_changed_after_scoring_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    student = learner()
    episodes = sampled_by(student, random_episodes(6))
    score = student.score

    def score_and_change(batch: Any) -> Scored:
        scored = score(batch)
        with torch.no_grad():
            student.model.lm.lm_head.weight.mul_(1.5)
        return scored

    monkeypatch.setattr(student, "score", score_and_change)
    with pytest.raises(ScoreMismatchError, match="before the first step of an update"):
        student.update(episodes)


def test_row_22_a_reference_that_is_not_the_start_is_noticed_and_never_trained() -> None:
    student = learner()
    assert student.reference is not None
    before = [parameter.clone() for parameter in student.reference.parameters()]
    trained = {id(p) for group in student.optimiser.param_groups for p in group["params"]}
    assert not trained & {id(p) for p in student.reference.parameters()}
    student.update(sampled_by(student, random_episodes(6)))
    assert moved(before, list(student.reference.parameters())) == 0.0
    other = learner()
    other.reference = student.reference
    with torch.no_grad():
        student.reference.lm.lm_head.weight.mul_(1.5)  # type: ignore[union-attr]
    with pytest.raises(ScoreMismatchError, match="KL to the reference"):
        other.update(sampled_by(other, random_episodes(6)))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_row_2_a_scorer_without_the_temperature_is_refused(dtype: str) -> None:
    """Log-probabilities of the generator reveal it, also in bfloat16, where rounding always makes some difference."""
    episodes, peaked = random_episodes(30), model()
    with torch.no_grad():
        peaked.lm_head.weight.mul_(100.0)
    for temperature, raises in ((0.7, False), (1.0, True)):
        generator, student = (learner(lm=peaked, temperature=each, dtype=dtype) for each in (0.7, temperature))
        before = weights(student)
        if raises:
            with pytest.raises(ScoreMismatchError, match=f"rounding to {dtype}.*the generator has other weights"):
                student.update(sampled_by(generator, episodes))
            assert moved(before, weights(student)) == 0.0
        else:
            metrics = student.update(sampled_by(generator, episodes))
            assert metrics["sampler_gap_median"] == metrics["sampler_gap_p99"] == pytest.approx(0.0, abs=1e-6)


def off_by(episodes: list[TokenEpisode], size: float, tokens: int, version: int = 0) -> list[TokenEpisode]:
    """Add ``size`` to the generator's log-probabilities of the first ``tokens`` tokens."""
    left, made = tokens, []
    for each in episodes:
        turns = []
        for one in each.turns:
            logprobs = one.completion.logprobs.copy()
            logprobs[:left] += size
            left = max(0, left - len(logprobs))
            versions = np.full(len(logprobs), version)
            completion = dataclasses.replace(one.completion, logprobs=logprobs, versions=versions)
            turns.append(dataclasses.replace(one, completion=completion))
        made.append(dataclasses.replace(each, turns=tuple(turns)))
    return made


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_row_22_a_generator_with_other_log_probabilities_is_refused_by_quantile(dtype: str) -> None:
    """A few of about 200 tokens may differ by as much as rounding; half of them may not, and none by more."""
    student = learner(dtype=dtype, max_lag=1)
    episodes = sampled_by(student, random_episodes(30))
    count = sum(len(one.completion.ids) for each in episodes for one in each.turns)
    assert count > 200
    fine, wrong = {"float32": (1e-3 / 2, 1e-3), "bfloat16": (0.3, 0.1)}[dtype]
    student.update(off_by(episodes, fine, 2))
    student.version = 0
    with pytest.raises(ScoreMismatchError, match="against the learner's"):
        student.update(off_by(sampled_by(student, episodes), wrong, count // 2 + 5))
    student.update(off_by(sampled_by(student, episodes), wrong, count, version=-1))  # stale tokens may differ


@pytest.mark.parametrize("importance", ["old", "theta"])
def test_rounding_of_the_generator_removes_no_gradient(importance: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token with a negative advantage and a generator's probability 1.35 times too high is clipped only if stale."""
    found = []
    for size, version in ((0.0, 0), (0.3, 0), (0.3, -1)):
        changes = {"importance": importance, "normalise": "none", "beta": 0.0, "token_budget": 1000}
        student = learner(dtype="bfloat16", max_lag=1, **changes)
        episodes = [episode(turn([1, 2], [3], reward=-1.0)), *random_episodes(30)]
        episodes = off_by(sampled_by(student, episodes), size, 1, version)
        found.append(gradients(student, episodes, monkeypatch))
    assert moved(found[0], found[1]) == 0.0
    assert moved(found[0], found[2]) > 0.0


SAMPLED_IS_ENOUGH: dict[str, Any] = {
    "estimator": "group", "samples_per_problem": 2, "beta": 0.0, "critic": "none", "minibatches": 3
}  # fmt: skip


def test_a_batch_is_not_scored_where_the_generators_log_probabilities_are_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The update is the same as with scoring first, and so are the metrics that do not say what was compared."""
    pairs = zip(*(random_episodes(6, seed, problems=6) for seed in (4, 5)), strict=True)
    episodes = [each for pair in pairs for each in pair]
    found, scored = [], []
    for generator in ("local", "vllm"):
        student = learner(generator=generator, **SAMPLED_IS_ENOUGH)
        sampled = off_by(sampled_by(student, episodes), 1e-7, 1)
        score = student.score
        monkeypatch.setattr(
            student, "score", lambda batch, name=generator, score=score: scored.append(name) or score(batch)
        )
        metrics = student.update(sampled)
        found.append((weights(student), metrics, student.turn_values))
    assert scored == ["vllm"]
    assert moved(found[0][0], found[1][0]) < 1e-6
    assert moved(found[0][0], weights(learner(**SAMPLED_IS_ENOUGH))) > 1e-3
    for name in found[0][1].keys() - {"policy_entropy", "sampler_gap", "sampler_kl", "sampler_gap_max"}:
        assert found[0][1][name] == pytest.approx(found[1][1][name], abs=1e-5), name
    assert found[0][1]["policy_entropy"] == pytest.approx(found[1][1]["policy_entropy"], rel=0.02)
    for ours, theirs in zip(found[0][2], found[1][2], strict=True):
        assert ours["logprob"] == pytest.approx(theirs["logprob"], abs=1e-5)
        assert ours["entropy"] == pytest.approx(theirs["entropy"], rel=0.1), "when it was trained on"


def test_without_scoring_the_first_step_compares_the_generator_before_any_weight_moves() -> None:
    student = learner(**SAMPLED_IS_ENOUGH)
    episodes = sampled_by(student, random_episodes(12, problems=6))
    before = weights(student)
    with pytest.raises(ScoreMismatchError, match="of the generator, against the learner's"):
        student.update(off_by(episodes, 0.1, 10**6))
    assert moved(before, weights(student)) == 0.0
    assert student.update(episodes)["sampler_gap_max"] < 1e-5


@pytest.mark.parametrize(
    "changes",
    [{"beta": 0.1}, {"max_lag": 1}, {"dtype": "bfloat16"}, {"generator": "continuous"}, {"truncated": "bootstrap"}],
    ids=str,
)
def test_a_batch_is_scored_where_more_is_needed(changes: dict[str, Any]) -> None:
    chosen = {**SAMPLED_IS_ENOUGH, "critic": "shared", **changes}
    assert takes_sampled(config(**SAMPLED_IS_ENOUGH))
    assert not takes_sampled(config(**chosen))


def test_samples_of_a_problem_stay_in_one_minibatch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their prompt is then computed once; with fewer problems than minibatches they are split."""
    episodes = [each for one in random_episodes(4, problems=4) for each in (one, dataclasses.replace(one))]
    for wanted, whole in ((2, True), (8, False)):
        student = learner(**SAMPLED_IS_ENOUGH)
        parts: list[list[int]] = []
        step = student._step
        monkeypatch.setattr(
            student,
            "_step",
            lambda *args, parts=parts, step=step, **kw: parts.append(args[1].tolist()) or step(*args, **kw),
        )
        student.update(sampled_by(student, episodes), minibatches=wanted)
        assert len(parts) == wanted
        assert sorted(place for part in parts for place in part) == list(range(8))
        assert all({place ^ 1 for place in part} == set(part) for part in parts) is whole


def test_row_28_tokens_that_are_too_old_or_of_the_future_are_refused() -> None:
    student = learner(max_lag=1)
    start = sampled_by(student, random_episodes(4))
    student.update(start)
    metrics = student.update(start)
    assert metrics["lag"] == 1.0
    before = weights(student)
    with pytest.raises(
        StaleTokensError, match=r"at most 1 updates .max_lag. older than version 2, got some that are 2"
    ):
        student.update(start)
    ahead = [episode(turn([1], [2], version=3))]
    with pytest.raises(StaleTokensError, match="1 newer"):
        student.update(ahead)
    one_old_token = sampled_by(student, random_episodes(4))
    one_old_token[2].turns[0].completion.versions[-1] = 0
    with pytest.raises(StaleTokensError):
        student.update(one_old_token)
    assert moved(before, weights(student)) == 0.0


def test_row_34_episodes_without_a_verdict_are_counted_and_not_trained_on() -> None:
    with_, without = learner(), learner()
    episodes = sampled_by(with_, random_episodes(5))
    failed = dataclasses.replace(sampled_by(with_, random_episodes(1, seed=9))[0], has_verdict=False)
    assert failed.turns[-1].reward != 0.0
    counts = with_.update([*episodes[:2], failed, *episodes[2:]])
    without.update(episodes)
    assert (counts["episodes"], counts["episodes_without_verdict"]) == (5, 1)
    assert moved(weights(with_), weights(without)) == 0.0
    before = weights(with_)
    assert with_.update([failed]) == {"episodes": 0.0, "episodes_without_verdict": 1.0}
    assert (moved(before, weights(with_)), with_.version) == (0.0, 1)


@pytest.mark.parametrize("what", ["reward", "logprob", "weight", "loss", "gradient"])
def test_a_number_that_is_not_finite_stops_before_it_reaches_a_weight(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = learner()
    episodes = sampled_by(student, random_episodes(4))
    if what == "reward":
        last = episodes[0].turns[-1]
        episodes[0] = episode(dataclasses.replace(last, reward=math.nan))
    elif what == "logprob":
        episodes[0].turns[0].completion.logprobs[0] = -math.inf
    elif what == "weight":
        with torch.no_grad():
            student.model.lm.lm_head.weight[0, 0] = math.nan
    elif what == "loss":
        monkeypatch.setattr("rlef_agents.ppo.learner.value_loss", lambda values, *_: (values.sum() * math.nan, {}))
    else:
        student.critic[0].register_hook(lambda gradient: gradient * math.inf)
    before = [tensor.nan_to_num(7.0) for tensor in weights(student)]
    with pytest.raises(NotFiniteError, match="expected finite numbers"):
        student.update(episodes)
    assert moved(before, [tensor.nan_to_num(7.0) for tensor in weights(student)]) == 0.0
    assert not student.optimiser.state
    assert all(p.grad is None for p in (*student.policy, *student.critic))


def test_minibatches_are_disjoint_and_cover_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    student = learner(epochs=2)
    episodes = sampled_by(student, random_episodes(9))
    parts: list[list[int]] = []
    step = student._step
    monkeypatch.setattr(student, "_step", lambda *args, **kw: parts.append(args[1].tolist()) or step(*args, **kw))
    metrics = student.update(episodes, minibatches=4)
    assert metrics["steps"] == student.steps == 8
    for epoch in (parts[:4], parts[4:]):
        assert sorted(number for part in epoch for number in part) == list(range(9))
    assert parts[:4] != parts[4:]
    assert student.update(sampled_by(student, episodes[:2]), minibatches=4)["steps"] == 12, "two episodes, two parts"


def test_row_32_gradients_are_clipped_once_per_step_and_the_schedule_counts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All micro-batches of a step give one gradient, which is scaled once."""
    episodes = random_episodes(6)
    found = []
    for limit in (0.0, 0.01):
        student = learner(clip_norm=limit, token_budget=1)
        found.append(gradients(student, sampled_by(student, episodes), monkeypatch)[: len(student.policy)])
    norms = [math.sqrt(sum(float(each.square().sum()) for each in policy)) for policy in found]
    assert norms[0] > 0.01
    assert norms[1] == pytest.approx(0.01, rel=1e-4)
    assert moved([each * (0.01 / norms[0]) for each in found[0]], found[1]) < 1e-6
    student = learner(warmup=4, lr=1.0, updates=100, clip_norm=1e-9)
    rates = []
    monkeypatch.setattr(student.optimiser, "step", lambda: rates.append(student.optimiser.param_groups[0]["lr"]))
    for _ in range(3):
        student.update(sampled_by(student, episodes), minibatches=2)
    assert rates == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    monkeypatch.setattr("rlef_agents.ppo.learner.value_loss", lambda values, *_: (values.sum() * math.nan, {}))
    with pytest.raises(NotFiniteError):
        student.update(sampled_by(student, episodes))
    assert (student.steps, len(rates)) == (6, 6), "a step that is not taken does not count"


@pytest.mark.parametrize(("updates", "minibatches"), [(3, 1), (1, 3)])
def test_rates_fall_to_the_last_step_and_the_critic_may_have_its_own(
    updates: int, minibatches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = learner(lr=1.0, lr_final=0.5, critic_lr=4.0, updates=updates, minibatches=minibatches, critic_steps=1)
    rates: list[dict[str, float]] = []
    monkeypatch.setattr(
        student.optimiser, "step", lambda: rates.append({g["network"]: g["lr"] for g in student.optimiser.param_groups})
    )
    for _ in range(updates):
        student.update(sampled_by(student, random_episodes(4)))
    # Steps 0, 1, 2 of 3: factors 1, 0.75, 0.5; in the first only the critic learns.
    assert rates == [{"policy": 0.0, "critic": 4.0}, {"policy": 0.75, "critic": 3.0}, {"policy": 0.5, "critic": 2.0}]


@pytest.mark.parametrize("critic_steps", [0, 3])
def test_the_policy_warms_up_when_its_own_first_step_comes(critic_steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    student = learner(critic_steps=critic_steps, warmup=4, lr=1.0, critic_lr=2.0, minibatches=1)
    rates: dict[str, list[float]] = {"policy": [], "critic": []}
    step = student.optimiser.step

    def noted() -> None:
        for group in student.optimiser.param_groups:
            group["lr"] *= 1e-6
            rates[group["network"]].append(round(group["lr"] * 1e6, 9))
        step()

    monkeypatch.setattr(student.optimiser, "step", noted)
    for number in range(8):
        student.update(sampled_by(student, random_episodes(4)))
        # AdamW has counted as many steps of the policy as it was trained for, and no step with zero gradients.
        assert seen(student, student.policy) == ({number + 1 - critic_steps} if number >= critic_steps else set())
        assert seen(student, student.critic) == {number + 1}
    expected = [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert rates["policy"][::2] == ([0.0] * critic_steps + expected)[:8]
    assert rates["critic"][::2] == [2.0 * rate for rate in expected]


def seen(student: Learner, parameters: list[Any]) -> set[int]:
    return {int(student.optimiser.state[p]["step"]) for p in parameters if p in student.optimiser.state}


def test_row_23_steps_of_the_critic_alone_leave_the_policy_as_it_is() -> None:
    student = learner(critic_steps=2, critic="shared", weight_decay=0.5)
    before = [p.detach().clone() for p in student.policy]
    student.update(sampled_by(student, random_episodes(6)), minibatches=2)
    assert moved(before, student.policy) == 0.0
    assert student.model.value_head.weight.abs().max() > 0.0
    student.update(sampled_by(student, random_episodes(6)), minibatches=1)
    assert moved(before, student.policy) > 0.0


def test_row_24_a_policy_at_rest_is_not_moved_by_the_critic() -> None:
    student = learner(lr=0.0, critic_lr=1e-2, critic="shared", detach_critic=True)
    episodes = sampled_by(student, random_episodes(6))
    before = student.score(episodes)
    student.update(episodes)
    after = student.score(episodes)
    np.testing.assert_array_equal(before.old, after.old)
    assert np.abs(before.values - after.values).max() > 0.0


@pytest.mark.parametrize("detach", [True, False])
def test_row_24_the_value_loss_has_a_gradient_for_the_policy_only_where_it_may(detach: bool) -> None:
    """While only the critic learns, the policy's gradient is that of the value loss."""
    student = learner(critic="shared", detach_critic=detach, critic_steps=10, value_init="random")
    metrics = student.update(sampled_by(student, random_episodes(6)))
    assert metrics["critic_gradient_norm"] > 0.0
    assert (metrics["gradient_norm"] == 0.0) is detach


@pytest.mark.parametrize(
    "changes", [{"estimator": "group", "samples_per_problem": 2}, {"estimator": "reinforce"}], ids=str
)
def test_there_is_no_critic_where_nothing_reads_a_value(changes: dict[str, Any]) -> None:
    for critic in ("separate", "shared", "none"):
        student = learner(critic=critic, **changes)
        assert (student.config.critic, student.critic, student.model.critic) == ("none", [], None)
        before = weights(student)
        metrics = student.update(sampled_by(student, random_episodes(6)))
        assert moved(before, weights(student)) > 0.0
        assert (metrics["value_loss"], metrics["value"], metrics["critic_gradient_norm"]) == (0.0, 0.0, 0.0)
    assert learner(truncated="bootstrap", **changes).critic, "V replaces the reward of a cut response"
    for refused in ({"truncated": "bootstrap", **changes}, {"estimator": "turn_value"}, {"estimator": "token_value"}):
        with pytest.raises(UsageError, match="critic: expected 'separate' or 'shared'"):
            config(critic="none", **refused)
    with pytest.raises(UsageError, match="critic_steps: expected 0 without a critic"):
        config(critic_steps=5, **changes)


def test_row_31_and_5_the_optimiser_is_as_documented_and_moves_every_weight_in_bfloat16() -> None:
    student = learner(dtype="bfloat16", lr=2e-7, clip_norm=1.0, value_init="random", adam_eps=1e-5)
    assert {group["eps"] for group in student.optimiser.param_groups} == {1e-5}
    assert (config().adam_eps, load_config("tiny").adam_eps, load_config("llama-3.1-8b").adam_eps) == (1e-8, 1e-5, 1e-8)
    decays = {p.dim() > 1: group["weight_decay"] for group in student.optimiser.param_groups for p in group["params"]}
    assert decays == {True: 0.1, False: 0.0}
    student.update(sampled_by(student, random_episodes(6)), minibatches=1)
    for name, parameter in student.model.named_parameters():
        assert parameter.dtype == torch.float32, name
    before = {name: p.detach().clone() for name, p in student.model.named_parameters()}
    for seed in range(3):
        student.update(sampled_by(student, random_episodes(6, seed)), minibatches=2)
    still = [name for name, p in student.model.named_parameters() if torch.equal(before[name], p)]
    assert not still


def test_row_36_the_learner_trains_in_train_mode_whatever_a_generator_left() -> None:
    student = learner(gradient_checkpointing=True)
    episodes = sampled_by(student, random_episodes(4))
    student.model.eval()
    student.update(episodes)
    assert all(module.training for module in student.model.modules())


def test_row_14_and_29_what_is_rewarded_becomes_likelier() -> None:
    """From prompt 5 the token 7 is worth 1 and 8 is worth -1; nothing else tells them apart."""
    student = learner(beta=0.0, critic="shared", lr=3e-3, updates=50, minibatches=1)
    assert student.reference is None
    batch = [episode(turn([5], [token, 1], reward=1.0 if token == 7 else -1.0)) for token in (7, 8) * 4]
    for _ in range(12):
        batch = sampled_by(student, batch)
        student.update(batch)
    old = student.score(batch[:2]).old
    assert old[0] - old[2] > 1.0, "token 7 against token 8"
    assert abs(old[1] - old[3]) < 3.0


def targets_of(episodes: list[TokenEpisode], seed: int = 0, **changes: Any) -> Any:
    chosen = config(**changes)
    flat = flatten(episodes)
    random = np.random.default_rng(seed)
    tokens, token_values = int(flat.lengths.sum()), chosen.estimator == "token_value"
    old, rho = (-random.random(tokens) for _ in range(2))
    values = random.random(tokens if token_values else len(flat.lengths))
    scored = Scored(old, rho, np.ones(tokens), values)
    return flat, scored, make_targets(chosen, flat, scored, [each.problem_id for each in episodes])


def test_row_15_and_17_prompt_and_feedback_tokens_have_no_part_in_targets() -> None:
    """Adding prompt tokens changes nothing, because no target has an entry for them."""
    episodes = random_episodes(5)
    longer = [
        dataclasses.replace(
            each,
            turns=tuple(
                dataclasses.replace(one, prompt_ids=np.concatenate([one.prompt_ids, np.full(50, 10**6)]))
                for one in each.turns
            ),
        )
        for each in episodes
    ]
    for estimator in ("turn_value", "token_value", "reinforce"):
        short, long = (targets_of(each, estimator=estimator)[2] for each in (episodes, longer))
        for before, after in zip(short, long, strict=True):
            np.testing.assert_array_equal(before, after)


def test_row_14_every_reward_reaches_the_returns_once() -> None:
    episodes = random_episodes(8)
    flat, scored, targets = targets_of(episodes, beta=0.0)
    del scored
    firsts = np.flatnonzero(np.diff(flat.episodes, prepend=-1))
    np.testing.assert_allclose(targets.returns[firsts], [sum(one.reward for one in each.turns) for each in episodes])


def test_row_18_long_responses_count_as_much_as_short_ones() -> None:
    flat, _, targets = targets_of(random_episodes(20), normalise="turns")
    firsts = np.cumsum(flat.lengths) - flat.lengths
    per_turn = targets.advantages[firsts]
    assert per_turn.mean() == pytest.approx(0.0, abs=1e-12)
    assert per_turn.std() == pytest.approx(1.0)
    np.testing.assert_array_equal(targets.advantages, np.repeat(per_turn, flat.lengths))
    by_token = targets_of(random_episodes(20), normalise="tokens")[2].advantages
    assert (by_token.mean(), by_token.std()) == (pytest.approx(0.0, abs=1e-12), pytest.approx(1.0))


def test_minibatch_statistics_are_of_its_own_turns() -> None:
    flat, _, targets = targets_of(random_episodes(6), normalise="minibatch")
    mine = flat.episodes < 3
    got = minibatch_normalised(targets, flat, mine, token_values=False)
    firsts = (np.cumsum(flat.lengths) - flat.lengths)[mine]
    assert (got[firsts].mean(), got[firsts].std()) == (pytest.approx(0.0, abs=1e-12), pytest.approx(1.0))
    rest = ~np.repeat(mine, flat.lengths)
    np.testing.assert_array_equal(got[rest], targets.advantages[rest])


@pytest.mark.parametrize("choice", ["as_is", "mask", "bootstrap"])
def test_row_13_truncated_responses_are_treated_as_configured(choice: str) -> None:
    """Only ``Completion.finished`` counts: the longest response is finished and a shorter one is cut."""
    episodes = [
        episode(turn([1], [2, 3, 4, 5], reward=1.0)),
        episode(turn([1], [2, 3], reward=-1.0, finished=False)),
    ]
    _, scored, targets = targets_of(episodes, truncated=choice, beta=0.0, normalise="none")
    assert targets.trained.tolist() == [True] * 4 + [choice != "mask"] * 2
    assert targets.returns.tolist() == [1.0, scored.values[1] if choice == "bootstrap" else -1.0]
    if choice == "bootstrap":
        assert targets.advantages[4:].tolist() == [0.0, 0.0]


def by_hand(rewards: list[list[float]], problems: str, **changes: Any) -> list[float]:
    """Return advantages of the first turns of episodes with these rewards; all responses are one token, without KL."""
    episodes = [
        episode(*(turn([1], [2], reward=reward) for reward in each), problem=name)
        for each, name in zip(rewards, problems, strict=True)
    ]
    flat = flatten(episodes)
    zeros = np.zeros(len(flat.lengths))
    targets = make_targets(
        config(estimator="group", samples_per_problem=2, **changes),
        flat,
        Scored(zeros, zeros, zeros, zeros),
        [each.problem_id for each in episodes],
    )
    assert all(len(set(targets.advantages[flat.episodes == number])) == 1 for number in range(len(episodes)))
    return list(targets.advantages[np.flatnonzero(np.diff(flat.episodes, prepend=-1))])


def test_row_34_a_group_that_all_failed_is_not_reinforced() -> None:
    """Failures have three turns and successes one, so centring over turns would raise advantages of 0."""
    rewards = [[1.0], [0.0, 0.0, -1.0], [0.0, 0.0, -1.0], [0.0, 0.0, -1.0], [1.0], [1.0]]
    for changes in ({}, {"normalise": "none"}, {"normalise": "group"}):
        assert by_hand(rewards, "AABBCC", **changes) == [1.0, -1.0, 0.0, 0.0, 0.0, 0.0]
    for refused in ("turns", "tokens", "minibatch"):
        with pytest.raises(UsageError, match="centre a second time"):
            config(estimator="group", samples_per_problem=2, normalise=refused)
    assert (config().normalise, config(estimator="group", samples_per_problem=2).normalise) == ("turns", "group")


def test_row_34_the_kl_of_a_group_that_all_failed_is_not_scaled_up() -> None:
    """beta is 0.1, KL is 0.2 and 0.4: the returns differ by 0.02, and so do the advantages."""
    episodes = [episode(turn([1], [2], reward=-1.0)), episode(turn([1], [3], reward=-1.0))]
    flat, rho = flatten(episodes), np.array([-0.2, -0.4])
    chosen = config(estimator="group", samples_per_problem=2, beta=0.1)
    targets = make_targets(chosen, flat, Scored(np.zeros(2), rho, np.zeros(2), np.zeros(2)), ["p", "p"])
    np.testing.assert_allclose(targets.advantages, [0.01, -0.01])


CUT = [episode(turn([1], [2, 3], reward=-1.0, finished=False), problem=name) for name in "ABAB"]
WHOLE = [
    episode(turn([1], [2, 3], reward=reward), problem=name) for reward, name in zip((1, -1, 1, -1), "AABB", strict=True)
]


def poisoned(flat: Any, scored: Scored, poison: float) -> tuple[Any, Scored]:
    """Replace all arrays of cut responses by another number."""
    tokens = np.repeat(flat.truncated, flat.lengths)
    rewards = np.where(flat.truncated & flat.first, poison, flat.rewards)
    per_value = tokens if len(scored.values) == len(tokens) else flat.truncated
    places = (tokens, tokens, tokens, per_value)
    return (
        dataclasses.replace(flat, rewards=rewards),
        Scored(*(np.where(where, poison, array) for where, array in zip(places, scored, strict=True))),
    )


def test_row_17_masked_responses_are_in_no_statistic_by_hand() -> None:
    """Statistics have the four finished responses with rewards 1 and -1, and none of the four cut ones."""
    zeros = np.zeros(16)
    for normalise, expected in (("turns", [1, -1, 1, -1]), ("none", [1, -1, 1, -1])):
        for worth in (-1.0, 1e6):
            flat = flatten([*WHOLE, *CUT])
            flat = dataclasses.replace(flat, rewards=np.where(flat.truncated, worth, flat.rewards))
            targets = make_targets(
                config(truncated="mask", normalise=normalise),
                flat,
                Scored(zeros, zeros, zeros, zeros[:8]),
                "p" * 8,
            )
            assert targets.advantages.tolist() == [*np.repeat(expected, 2), *[0.0] * 8]
            assert targets.valued.tolist() == [True] * 4 + [False] * 4


@pytest.mark.parametrize("normalise", ["turns", "tokens", "minibatch", "group", "none"])
@pytest.mark.parametrize("estimator", ["turn_value", "token_value", "group", "reinforce"])
def test_row_17_poison_in_masked_responses_changes_no_bit(estimator: str, normalise: str) -> None:
    if (normalise == "group" and estimator != "group") or (estimator == "group" and normalise not in ("group", "none")):
        return
    chosen = config(truncated="mask", estimator=estimator, samples_per_problem=2, normalise=normalise, aggregate="turn")
    episodes = random_episodes(12, seed=3)
    episodes = [cut_somewhere(each, number) for number, each in enumerate(episodes)]
    flat, token_values = flatten(episodes), estimator == "token_value"
    random = np.random.default_rng(0)
    sizes = [flat.lengths.sum()] * 3 + [flat.lengths.sum() if token_values else len(flat.lengths)]
    scored = Scored(*(-random.random(size) for size in sizes))
    found = []
    for poison in (-1.0, 1e6):
        bad, badly = poisoned(flat, scored, poison)
        targets = make_targets(chosen, bad, badly, [each.problem_id for each in episodes])
        shaped = minibatch_normalised(targets, bad, flat.episodes < 8, token_values)
        returns, metrics = targets.returns[targets.valued], batch_metrics(bad, badly, targets, episodes, 0)
        for name in [name for name in metrics if name.startswith("sampler_") or name == "episode_reward"]:
            del metrics[name]  # metrics of the generator and of the episodes count all responses
        found.append([*targets[:1], *targets[2:], returns, shaped, np.array(list(metrics.values()))])
    assert flat.truncated.any()
    assert np.abs(found[0][0]).max() > 0.0
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def cut_somewhere(whole: TokenEpisode, number: int) -> TokenEpisode:
    """Cut the first response of every third episode."""
    first = whole.turns[0]
    cut = dataclasses.replace(first, completion=dataclasses.replace(first.completion, finished=number % 3 > 0))
    return dataclasses.replace(whole, turns=(cut, *whole.turns[1:]))


@pytest.mark.parametrize(
    "changes",
    [
        {"critic": "shared", "detach_critic": False},
        {"normalise": "minibatch", "aggregate": "turn", "entropy": 0.1},
        {"estimator": "token_value"},
        {"estimator": "group", "samples_per_problem": 2},
    ],
    ids=lambda changes: ",".join(map(str, changes.values())),
)
def test_row_17_an_update_learns_nothing_from_masked_responses(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever their scores and rewards are, all weights of policy and critic are the same."""
    found = []
    for poison in (-1.0, 1e6):
        student = learner(truncated="mask", value_init="random", **changes)
        episodes = sampled_by(student, [*WHOLE, *CUT])
        score = student.score

        def badly(batch: Any, score: Any = score, poison: float = poison) -> Scored:
            return poisoned(flatten(batch), score(batch), poison)[1]

        monkeypatch.setattr(student, "score", badly)
        monkeypatch.setattr("rlef_agents.ppo.learner.check_agreement", lambda *_: 0.0)  # it would refuse the poison
        before = weights(student)
        student.update([reworthed(each, poison) for each in episodes])
        found.append(weights(student))
        assert moved(before, found[-1]) > 0.0
    assert moved(*found) == 0.0


def reworthed(whole: TokenEpisode, worth: float) -> TokenEpisode:
    (only,) = whole.turns
    return (
        whole
        if only.completion.finished
        else episode(dataclasses.replace(only, reward=worth), problem=whole.problem_id)
    )


def test_a_minibatch_of_masked_responses_only_takes_no_step() -> None:
    """A step with zero gradients would still change AdamW's moments and decay the weights."""
    student = learner(truncated="mask", weight_decay=0.1)
    student.update(sampled_by(student, random_episodes(4)))
    before, steps = weights(student), student.steps
    metrics = student.update(sampled_by(student, [episode(turn([1], [2], reward=-1.0, finished=False))] * 4))
    assert moved(before, weights(student)) == 0.0
    assert (student.steps, student.version, metrics["truncated"]) == (steps, 2, 1.0)


def test_masked_responses_get_no_policy_gradient() -> None:
    batch = [episode(turn([5], [7], reward=1.0)), episode(turn([6], [8], reward=-1.0, finished=False))]
    student = learner(
        truncated="mask", beta=0.0, normalise="none", critic="shared", weight_decay=0.0, lm=model("llama")
    )
    student.update(sampled_by(student, batch), minibatches=1)
    moved_alone = student.score(batch).old
    other = learner(truncated="mask", beta=0.0, normalise="none", critic="shared", weight_decay=0.0)
    other.update(sampled_by(other, batch[:1]), minibatches=1)
    np.testing.assert_allclose(moved_alone, other.score(batch).old, atol=1e-6)


@pytest.mark.parametrize("name", ["llama", "qwen2", "qwen3", "gpt2"])
def test_real_architectures_learn(name: str) -> None:
    student = learner(name, beta=0.01, lr=3e-3, updates=50)
    batch = [episode(turn([5, 6], [token, 1], reward=1.0 if token == 7 else -1.0)) for token in (7, 8) * 3]
    start = student.score(batch[:2]).old
    for _ in range(6):
        batch = sampled_by(student, batch)
        metrics = student.update(batch)
    end = student.score(batch[:2]).old
    assert (end[0] - end[2]) - (start[0] - start[2]) > 0.3
    assert metrics["explained_variance"] <= 1.0


def test_lora_learns_and_leaves_the_rest() -> None:
    pytest.importorskip("peft")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        student = learner(lora_rank=2, lr=1e-2, critic="shared")
    frozen = {name: p.detach().clone() for name, p in student.model.named_parameters() if not p.requires_grad}
    batch = sampled_by(student, random_episodes(6))
    for _ in range(2):
        batch = sampled_by(student, batch)
        metrics = student.update(batch)
    assert metrics["reference_kl"] != 0.0
    for name, parameter in student.model.named_parameters():
        if name in frozen:
            assert torch.equal(frozen[name], parameter), name


def test_adapters_are_drawn_from_the_runs_seed_alone() -> None:
    pytest.importorskip("peft")
    warnings.simplefilter("ignore")
    found = []
    for seed, drawn_before in ((0, 1), (0, 2), (1, 1)):
        lm = model()
        torch.manual_seed(drawn_before)
        student = Learner(lm, config(lora_rank=2, seed=seed))
        found.append([p.detach().clone() for p in student.policy])
    assert moved(found[0], found[1]) == 0.0
    assert moved(found[0], found[2]) > 0.0


def test_a_model_that_has_adapters_already_is_refused() -> None:
    """Its reference would be the model before its adapters were trained."""
    pytest.importorskip("peft")
    warnings.simplefilter("ignore")
    adapted = add_lora(model(), 2, 4)
    with pytest.raises(UsageError, match="merge them first"):
        learner(lm=adapted)
    learner(lm=adapted.merge_and_unload())
