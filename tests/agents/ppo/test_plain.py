"""Learner against ``plain.py``: equal targets and gradients for every combination of settings.

``plain`` implements the mathematics a second time, one episode at a time. It shares only the types of the input with
the learner, so a bug has to be made twice to pass here.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
import torch

from rlef_agents.ppo import parallel, plain
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.minibatches import takes_sampled
from rlef_agents.ppo.optimiser import make_optimiser
from rlef_agents.ppo.rlef import Targets, make_targets
from rlef_agents.ppo.trajectory import TokenEpisode
from rlef_env.errors import UsageError
from tests.agents.ppo.small import config, episode, ids, model, random_episodes, sampled_by, turn
from tests.ports import lasting_port

ROOT = Path(__file__).resolve().parents[3]
DIMENSIONS = ("estimator", "normalise", "truncated", "aggregate", "importance")
CHOICES = {name: get_args(get_type_hints(TrainConfig)[name]) for name in DIMENSIONS}
MODEL: dict[str, Any] = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
NOISE = 0.1
"""Size of the noise added to the weights between the two steps of an update, so that the second clips."""

Combination = dict[str, str]
Named = dict[str, torch.Tensor]


def settings(combination: Combination) -> TrainConfig:
    """An update of two steps, each on the whole batch."""
    changes: dict[str, Any] = {
        "samples_per_problem": 2, "max_lag": 1, "minibatches": 1, "epochs": 2, "token_budget": 40, "beta": 0.5,
        "value_coefficient": 0.7, "value_init": "random", "temperature": 0.8,
    }  # fmt: skip
    return config(**changes, **combination)


def combinations() -> tuple[list[Combination], list[Combination]]:
    """Return the combinations that the configuration accepts, and those that it refuses."""
    accepted, refused = [], []
    for choices in itertools.product(*(CHOICES[name] for name in DIMENSIONS)):
        combination = dict(zip(DIMENSIONS, choices, strict=True))
        try:
            settings(combination)
        except UsageError:
            refused.append(combination)
        else:
            accepted.append(combination)
    return accepted, refused


def covering(accepted: Sequence[Combination]) -> list[Combination]:
    """Choose combinations such that any two compatible choices are together in one of them."""

    def pairs(combination: Combination) -> set[Any]:
        return set(itertools.combinations(combination.items(), 2))

    missing, chosen = set[Any]().union(*map(pairs, accepted)), []
    while missing:
        chosen.append(max(accepted, key=lambda each: len(pairs(each) & missing)))
        missing -= pairs(chosen[-1])
    return chosen


ACCEPTED, REFUSED = combinations()
COVERING = covering(ACCEPTED)


def test_only_a_second_centring_of_groups_is_refused() -> None:
    """Combinations that are not compared below are refused."""
    assert len(ACCEPTED) + len(REFUSED) == 4 * 6 * 3 * 2 * 3
    assert REFUSED
    for each in REFUSED:
        assert (each["estimator"] == "group") == (each["normalise"] not in ("group", "none", "auto")), each


def test_plain_shares_no_mathematics_with_the_learner() -> None:
    tree = ast.parse(Path(plain.__file__).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {each for each in imported if each and each.startswith("rlef_agents.ppo")} == {
        "rlef_agents.ppo.chat_template", "rlef_agents.ppo.trajectory"
    }  # fmt: skip


def test_the_targets_of_an_episode_worked_out_by_hand() -> None:
    """Two responses of two tokens and one; log pi - log rho is 0.2 and 0.6, then 1; beta is 0.5."""
    played = episode(turn([1], [2, 3], reward=-0.2), turn([4], [5], reward=1.0))
    scores = (([-1.0, -1.0], [-1.2, -1.6], [0.1], [0.0, 0.0]), ([-1.0], [-2.0], [0.3], [0.0]))
    first, second = (
        plain.Response(each, *map(torch.tensor, numbers)) for each, numbers in zip(played.turns, scores, strict=True)
    )
    plain.set_targets(plain.Settings(beta=0.5, normalise="none"), [played], [[first, second]])
    # R: -0.2 - 0.5 * 0.4 = -0.4, and 1 - 0.5 * 1 = 0.5.
    assert (first.returned, second.returned) == pytest.approx((0.1, 0.5), abs=1e-6)
    assert (float(first.advantage), float(second.advantage)) == pytest.approx((0.0, 0.2), abs=1e-6)
    assert (first.outcome, second.outcome) == pytest.approx((0.8, 1.0))


# --- one process -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", CHOICES["estimator"])
def test_targets_and_gradients_are_the_learners(estimator: str) -> None:
    compare(estimator, [each for each in COVERING if each["estimator"] == estimator])


@pytest.mark.slow
@pytest.mark.parametrize("estimator", CHOICES["estimator"])
def test_targets_and_gradients_are_the_learners_in_every_combination(estimator: str) -> None:
    compare(estimator, [each for each in ACCEPTED if each["estimator"] == estimator])


def compare(estimator: str, wanted: Sequence[Combination]) -> None:
    oracle = Oracle(estimator)
    for combination, seen in zip(wanted, updates(estimator, wanted), strict=True):
        oracle.agrees_with_targets(combination, seen.targets[0])
        oracle.agrees_with_gradients(combination, seen)


def test_each_minibatch_is_normalised_and_averaged_by_itself() -> None:
    combination = {"estimator": "turn_value", "normalise": "minibatch"}
    student = made(combination)
    student.config = dataclasses.replace(student.config, minibatches=2, epochs=1)
    oracle = Oracle("turn_value")
    order = copy.deepcopy(student.random).permutation(len(oracle.episodes))
    (seen,) = observed(student, [batch(student)])
    scored = oracle.targets(combination)
    for step, part in enumerate(np.array_split(order, 2)):
        gradient = oracle.gradient(combination, scored, seen.weights[step], part.tolist())
        assert_equal(gradient, seen.gradients[step], (step, *combination.items()))


def test_groups_that_share_a_prompt_and_are_not_scored_have_the_same_gradients() -> None:
    """The learner computes each prompt once and takes the generator's log-probabilities; ``plain`` does neither."""
    combination = {"estimator": "group", "normalise": "group"}
    changes = {"beta": 0.0, "max_lag": 0, "minibatches": 2, "epochs": 1, "token_budget": 1000}
    student = Learner(model(**MODEL), dataclasses.replace(settings(combination), **changes))
    assert takes_sampled(student.config)
    episodes = random_episodes(8, seed=5, problems=4)
    episodes = [
        dataclasses.replace(
            one, turns=(dataclasses.replace(one.turns[0], prompt_ids=ids([group, 3, 4])), *one.turns[1:])
        )
        for group, pair in enumerate(zip(episodes[:4], episodes[4:], strict=True))
        for one in pair
    ]
    episodes = sampled_by(student, episodes)
    order = copy.deepcopy(student.random).permutation(4)
    (seen,) = observed(student, [episodes])
    s = dataclasses.replace(plain_settings(combination), beta=0.0)
    lm, critic = networks(seen.weights[0])
    scored = [plain.score(s, lm, critic, lm, each, student.version) for each in episodes]
    plain.set_targets(s, episodes, scored)
    for step, part in enumerate(np.array_split(order, 2)):
        places = [place for group in part for place in (2 * group, 2 * group + 1)]
        lm, critic = networks(seen.weights[step])
        plain.backward(s, lm, critic, [episodes[place] for place in places], [scored[place] for place in places])
        gradient = {name: gradient_of(p) for name, p in weights_of(lm, critic).items()}
        assert max(float(each.abs().max()) for each in gradient.values()) > 1e-2
        assert_equal(gradient, seen.gradients[step], step)


def test_whole_updates_lead_to_the_same_weights() -> None:
    """Clipping by the norm of each network, and AdamW, with the real optimiser: three updates of one step."""
    student = made({"estimator": "turn_value"})
    student.config = dataclasses.replace(student.config, epochs=1, clip_norm=0.3, weight_decay=0.0, adam_eps=1e-3)
    student.optimiser = make_optimiser(student.policy, student.critic, student.config)
    lm, critic = networks(dict(student.model.named_parameters()))
    s = dataclasses.replace(plain_settings({}), minibatches=1, clip_norm=0.3)
    optimiser = torch.optim.AdamW(
        [*lm.parameters(), *critic.parameters()], lr=student.config.lr, betas=(0.9, 0.95), eps=1e-3, weight_decay=0.0
    )
    for _ in range(3):
        episodes = batch(student)
        plain.update(s, lm, critic, rho_of(student), optimiser, episodes, np.random.default_rng(0), student.version)
        student.update(episodes)
    ours = {name: p.detach() for name, p in student.model.named_parameters()}
    assert_equal(ours, weights_of(lm, critic), ("weights",), 1e-5)


# --- two processes ---------------------------------------------------------------------------------------------------


def test_two_processes_have_the_same_targets_and_gradients(tmp_path: Path) -> None:
    compare_in_two_processes("COVERING", tmp_path)


@pytest.mark.slow
def test_two_processes_have_the_same_targets_and_gradients_in_every_combination(tmp_path: Path) -> None:
    compare_in_two_processes("ACCEPTED", tmp_path)


SHARES = (slice(0, 2), slice(2, None))
"""Uneven shares with a common problem, so that means of means and groups of one process would differ."""


def compare_in_two_processes(which: str, folder: Path) -> None:
    program = f"from tests.agents.ppo.test_plain import one_of_two; one_of_two({which!r}, {str(folder)!r})"
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(lasting_port()), "OMP_NUM_THREADS": "1"}
    shared["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "agents"), os.environ.get("PYTHONPATH", "")])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            cwd=ROOT,
        )
        for rank in range(2)
    ]
    try:
        assert [process.wait(timeout=850) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
    halves = [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(2)]
    for estimator in CHOICES["estimator"]:
        oracle = Oracle(estimator)
        wanted = [each for each in globals()[which] if each["estimator"] == estimator]
        for combination, first, second in zip(wanted, *(half[estimator] for half in halves), strict=True):
            assert_equal(first.gradients[-1], second.gradients[-1], combination.items(), 0.0)  # in both, the sum
            oracle.agrees_with_gradients(combination, first)
            targets = zip(first.targets[0], second.targets[0], strict=True)
            oracle.agrees_with_targets(combination, Targets(*map(np.concatenate, targets)))


def one_of_two(which: str, folder: str) -> None:
    """Run in each process."""
    torch.set_num_threads(1)
    parallel.join()
    found = {}
    for estimator in CHOICES["estimator"]:
        wanted = [each for each in globals()[which] if each["estimator"] == estimator]
        found[estimator] = list(updates(estimator, wanted, SHARES[parallel.rank()]))
    torch.save(found, Path(folder) / f"{parallel.rank()}.pt")
    torch.distributed.destroy_process_group()


# --- the learner, observed -----------------------------------------------------------------------------------------


@dataclasses.dataclass
class Seen:
    """An update of a learner: its targets, and at each step the weights and their gradients by name."""

    targets: list[Targets] = dataclasses.field(default_factory=list)
    weights: list[Named] = dataclasses.field(default_factory=list)
    gradients: list[Named] = dataclasses.field(default_factory=list)


def updates(estimator: str, wanted: Sequence[Combination], share: slice = slice(None)) -> Iterator[Seen]:
    """Yield the update of the same learner, in its first state, for each combination."""
    students: dict[str, tuple[Learner, dict[str, Any], list[TokenEpisode]]] = {}
    for combination in wanted:
        kind = settings(combination).critic  # there is none where nothing reads it
        if kind not in students:
            student = made(combination)
            students[kind] = student, copy.deepcopy(student.model.state_dict()), batch(student)[share]
        student, start, episodes = students[kind]
        student.config, student.version, student.steps = settings(combination), 1, 1
        student.model.load_state_dict(start)
        yield from observed(student, [episodes])


def made(combination: Combination) -> Learner:
    """A learner in the middle of a run: its reference is not its policy."""
    student = Learner(model(**MODEL), settings(combination))
    assert student.reference is not None
    move(student.reference.parameters(), seed=1)
    student.version = student.steps = 1
    return student


def observed(student: Learner, batches: Sequence[list[TokenEpisode]]) -> Iterator[Seen]:
    """Yield updates in which the optimiser only adds noise to the weights."""
    for episodes in batches:
        seen = Seen()

        def step(seen: Seen = seen) -> None:
            named = dict(student.model.named_parameters())
            seen.weights.append({name: p.detach().clone() for name, p in named.items()})
            seen.gradients.append({name: gradient_of(p) for name, p in named.items()})
            move(named.values(), seed=2)

        def noted(*arguments: Any, seen: Seen = seen) -> Targets:
            seen.targets.append(make_targets(*arguments))
            return seen.targets[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(student.optimiser, "step", step)
            patch.setattr("rlef_agents.ppo.learner.make_targets", noted)
            student.update(episodes)
        yield seen


def batch(student: Learner) -> list[TokenEpisode]:
    """Make episodes of three problems; the length limit cut some responses, and half of the episodes are stale.

    Episode 0: its first response is cut. 2: all are. 4: its last one is. 5 has no verdict. 1 and 4 failed, and are the
    group of their problem. 1, 3 and 5 were sampled with other weights.
    """
    random = np.random.default_rng(3)
    episodes = []
    for number, whole in enumerate(sampled_by(student, random_episodes(7, seed=189, problems=3, max_length=5))):
        turns = []
        for place, each in enumerate(whole.turns):
            completion, last = each.completion, place == len(whole.turns) - 1
            stale = number % 2
            noise = stale * random.normal(0.0, 0.3, len(completion.ids)).astype(np.float32)
            cut = number == 2 or (number == 0 and place == 0) or (number == 4 and last)
            completion = dataclasses.replace(
                completion, logprobs=completion.logprobs + noise, finished=not cut, versions=completion.versions - stale
            )
            reward = -1.0 if last and number in (1, 4) else each.reward
            turns.append(dataclasses.replace(each, completion=completion, reward=reward))
        episodes.append(dataclasses.replace(whole, turns=tuple(turns), has_verdict=number != 5))
    assert len(episodes[0].turns) > 1
    assert len(episodes[4].turns) > 1
    return episodes


# --- plain, called ---------------------------------------------------------------------------------------------------


class Oracle:
    """Results of ``plain`` for the batch with an estimator."""

    def __init__(self, estimator: str) -> None:
        student = made({"estimator": estimator, "truncated": "bootstrap"})
        self.episodes = [each for each in batch(student) if each.has_verdict]
        lm, critic = networks(dict(student.model.named_parameters()))
        s, rho = plain_settings({"estimator": estimator}), rho_of(student)
        self.scored = [plain.score(s, lm, critic, rho, each, student.version) for each in self.episodes]

    def targets(self, combination: Combination) -> list[list[plain.Response]]:
        scored = copy.deepcopy(self.scored)
        plain.set_targets(plain_settings(combination), self.episodes, scored)
        return scored

    def gradient(
        self, combination: Combination, scored: list[list[plain.Response]], weights: Named, part: Sequence[int]
    ) -> Named:
        lm, critic = networks(weights)
        episodes, responses = [self.episodes[place] for place in part], [scored[place] for place in part]
        plain.backward(plain_settings(combination), lm, critic, episodes, responses)
        return {name: gradient_of(p) for name, p in weights_of(lm, critic).items()}

    def agrees_with_targets(self, combination: Combination, targets: Targets) -> None:
        responses = [each for whole in self.targets(combination) for each in whole]
        lengths = [len(each.old) for each in responses]
        kept = np.repeat([each.kept for each in responses], lengths)
        weights = [each.kept / (len(each.old) if combination["aggregate"] == "turn" else 1) for each in responses]
        advantages = torch.cat([each.advantage.expand(len(each.old)) for each in responses]).numpy()
        returns = np.repeat([each.returned for each in responses], [len(each.value) for each in responses])
        label = str(combination)
        np.testing.assert_array_equal(targets.trained, kept, label)
        np.testing.assert_allclose(targets.weights, np.repeat(weights, lengths), rtol=1e-12, err_msg=label)
        np.testing.assert_allclose(targets.advantages[kept], advantages[kept], atol=1e-5, rtol=1e-5, err_msg=label)
        valued = targets.valued
        np.testing.assert_allclose(targets.returns[valued], returns[valued], atol=1e-5, rtol=1e-5, err_msg=label)

    def agrees_with_gradients(self, combination: Combination, seen: Seen) -> None:
        assert len(seen.gradients) == 2
        for step, (weights, theirs) in enumerate(zip(seen.weights, seen.gradients, strict=True)):
            ours = self.gradient(combination, self.targets(combination), weights, range(len(self.episodes)))
            assert max(float(each.abs().max()) for each in ours.values()) > 1e-2
            assert_equal(ours, theirs, (step, *combination.items()))


def plain_settings(combination: Combination) -> plain.Settings:
    """Return the settings of a configuration that ``plain`` has."""
    whole = settings(combination)
    return plain.Settings(**{field.name: getattr(whole, field.name) for field in dataclasses.fields(plain.Settings)})


def networks(weights: Named) -> tuple[Any, plain.Critic]:
    """Make a new language model and critic with a learner's weights."""
    lm: Any = model(**MODEL)
    critic = plain.Critic(lm)
    with torch.no_grad():
        for name, tensor in weights_of(lm, critic).items():
            tensor.copy_(weights.get(name, tensor))
    return lm, critic


def weights_of(lm: Any, critic: plain.Critic) -> Named:
    """Return the weights by their names in a learner."""
    parts = {"lm": lm, "critic": critic.backbone, "value_head": critic.head}
    return {f"{part}.{name}": p for part, network in parts.items() for name, p in network.named_parameters()}


def rho_of(student: Learner) -> Any:
    rho: Any = model(**MODEL)
    rho.load_state_dict(student.reference.lm.state_dict())  # type: ignore[union-attr]
    return rho


def gradient_of(parameter: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()


def move(parameters: Any, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in parameters:
            parameter.add_(NOISE * torch.randn(parameter.shape, generator=random))


def assert_equal(ours: Named, theirs: Named, label: Any, tolerance: float = 1e-5) -> None:
    """Compare relative to the largest entry of all. ``plain`` has a critic where the learner has none."""
    extra = ours.keys() - theirs.keys()
    assert theirs.keys() <= ours.keys()
    assert all(name.startswith(("critic.", "value_head.")) for name in extra)
    ours = {name: each for name, each in ours.items() if name not in extra}
    largest = max(float(each.abs().max()) for each in ours.values())
    for name, each in ours.items():
        difference = float((each - theirs[name]).detach().abs().max())
        assert difference <= tolerance * largest, (name, difference, largest, label)


# --- the program -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_program_learns() -> None:
    """Its gain exceeds two standard errors of the two shares; a share above a half shows that it reads feedback."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "agents"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "rlef_agents.ppo.plain"],
        env={**os.environ, "PYTHONPATH": path}, cwd=ROOT, capture_output=True, text=True, timeout=1100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    before, after = (float(share) for share in re.findall(r"^solved .*: (0\.\d+|1\.0+)", done.stdout, re.MULTILINE))
    assert after > before + 0.1, done.stdout
    assert after > 0.65, done.stdout
