"""Training run: play episodes, update, evaluate and save.

``Trainer.train`` is the whole loop. A run depends only on its ``TrainConfig``. Its seeds are functions of the run's
seed and the update, so a run that stopped resumes from its last checkpoint as if it had not stopped.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rlef_agents.ppo import parallel
from rlef_agents.ppo.best_policy import finish_replacement, keep_best
from rlef_agents.ppo.chat_template import read_template
from rlef_agents.ppo.checkpoint import latest, load_checkpoint
from rlef_agents.ppo.checkpoint_writer import CheckpointWriter
from rlef_agents.ppo.checks import NotFiniteError
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.config_file import dump_config
from rlef_agents.ppo.driver import Driver
from rlef_agents.ppo.episode_log import EpisodeLog, count_start, open_run, run_identity
from rlef_agents.ppo.equal_groups import Chosen, play_groups
from rlef_agents.ppo.evaluation_sets import (
    EVALUATED_AT_ONCE,
    EVALUATION_SEED,
    EvaluationSet,
    evaluation_sets,
    play_evaluation,
)
from rlef_agents.ppo.generators import GeneratorFactory, unsharded_copy
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.model_card import model_card
from rlef_agents.ppo.parts import (
    check_context,
    env_arguments,
    load_empty_model,
    load_model,
    make_env,
    make_pool,
    make_renderer,
)
from rlef_agents.ppo.planner import Planner
from rlef_agents.ppo.play_metrics import STARVED, training_metrics
from rlef_agents.ppo.problems import training_problems
from rlef_agents.ppo.progress import Watch
from rlef_agents.ppo.resume import changed_settings, with_date
from rlef_agents.ppo.rollout import Batch, Plan, Rollout
from rlef_agents.ppo.run_log import Log, record_machine
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.ppo.stopping import Interrupted, StopSignal
from rlef_agents.ppo.timings import timings
from rlef_env import CodeVectorEnv
from rlef_env.envs import EnvConfig
from rlef_env.errors import RLEFError, UsageError
from rlef_env.runs import EpisodeFacts, RunFolder

__all__ = ["Trainer"]


class Trainer:
    """A training run.

    Args:
        config: settings of the run.
        model: a causal language model of transformers, instead of ``config.model``.
        tokenizer: tokenizer of the model.
        workers: number of judge workers on this machine, shared by its processes; the number of cores by default.
        verdicts: file of verdicts to share with other runs. Programs repeat, and a program with a known verdict is not
            judged again, unless the verdict depends on time.
        resume: resume from the last checkpoint in ``config.out``.
        allow_changes: resume with settings that ``changed_settings`` would refuse.
        quiet: print nothing.
        live: show progress in a table that changes in place.

    Attributes:
        sets: the evaluation sets; the first one selects the best policy.

    Raises:
        UsageError: the run's folder has checkpoints and ``resume`` is not set, or settings contradict each other.
    """

    def __init__(
        self,
        config: TrainConfig,
        model: Any = None,
        tokenizer: Any = None,
        workers: int | None = None,
        verdicts: str | None = None,
        resume: bool = False,
        allow_changes: bool = False,
        quiet: bool = False,
        live: bool = True,
    ) -> None:
        parallel.join()
        self.out = Path(config.out)
        before = latest(self.out / "checkpoints")
        if (before is not None or (self.out / "run.json").exists()) and not resume:
            raise UsageError(
                f"out: expected a folder without a run, got {config.out!r}, which has one; add --resume to "
                "continue it, or choose another out"
            )
        if -(-config.episodes // config.samples_per_problem) < parallel.world():
            raise UsageError(
                f"episodes: expected one problem or more for each of {parallel.world()} processes, got "
                f"{config.episodes} episodes, {config.samples_per_problem} of a problem"
            )
        differences = [] if before is None else changed_settings(before, config, allow_changes)
        self.config = config = with_date(config, self.out)
        read_template(config.chat_template)  # report an error before a model is loaded
        self.sets = evaluation_sets(config)
        train = training_problems(config, *(each.problems for each in self.sets))
        self.out.mkdir(parents=True, exist_ok=True)
        finish_replacement(self.out)
        if config.deterministic:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with it
            torch.use_deterministic_algorithms(True)
        source = None
        if model is None and config.parallel == "fsdp" and parallel.world() > 1:
            model, tokenizer, source = load_empty_model(config)
        elif model is None:
            model, tokenizer = load_model(config.model, config)
        check_context(config, model)
        self.tokenizer = tokenizer
        self.renderer = make_renderer(tokenizer, model, config)
        if config.chat_template:
            tokenizer.chat_template = self.renderer.template  # what is saved is prompted as it was trained
        whole = unsharded_copy(model, config, None if source is None else source.device)
        self.learner = Learner(model, config, source)
        self.stopping = StopSignal()
        extra = {} if before is None else load_checkpoint(before, self.learner)
        self.best = float(extra.get("best", -1.0))
        self.checkpoints = CheckpointWriter(self.out / "checkpoints", config.keep, self.learner.version)
        self.generators = GeneratorFactory(config, self.learner, self.renderer.stop_ids, whole)
        self.planner = Planner(config, train.dataset)
        self.planner.load_state_dict(extra.get("planner", {}))
        share = len(self.plan(0).seeds)
        self._stack = ExitStack()
        self.pool = make_pool(config, workers, verdicts, self._stack)
        # Which groups are replaced is known only when all of a batch has been played.
        lag = 0 if config.deterministic or config.equal_groups == "skip" else config.max_lag
        envs = [make_env(config, train, share, self.pool, tokenizer) for _ in range(1 + lag)]
        self.rollout = self._rollout(envs, config.temperature, verdict_noise=config.verdict_noise)
        if config.generator == "vllm":
            self.rollout.update(self.learner.version)  # servers may have started with other weights
        self.driver = Driver(self.rollout, self.plan, self.learner.version, config.updates, lag)
        self._evaluation_envs: dict[str, CodeVectorEnv] = {}
        try:  # the run begins here: until now, nothing of it is in the folder
            self.episodes = self._open_episode_log(differences)
        except BaseException:
            close(self.rollout)
            self._stack.close()
            raise
        if parallel.rank() == 0:
            (self.out / "config.toml").write_text(dump_config(config), encoding="utf-8")
        self.log = Log(
            self.out,
            config.updates,
            self.learner.version,
            live,
            quiet or parallel.rank() > 0,
            writes=parallel.rank() == 0,
            settings=dataclasses.asdict(config),
        )
        for difference in differences:
            self.log.say(f"resumed with a setting that differs from the checkpoint's: {difference}")
        for note in dict.fromkeys(each.problems.note for each in self.sets if each.problems.note):
            self.log.say(f"evaluation: {note}")
        if config.judge == "local" and parallel.rank() == 0:
            for line in record_machine(self.out, self.learner.version):
                self.log.say(line)

    def train(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Train to the last update, or until ``stop`` returns True after an update.

        SIGTERM and SIGUSR1 end the run sooner: the episodes that are being played are dropped, a checkpoint is saved,
        and this returns. Nothing is evaluated then.

        Raises:
            RLEFError: a loss is not a number, or a file cannot be written; the last checkpoint is usable.
        """
        with self.stopping.installed():
            try:
                self._train(stop)
            except Interrupted:
                if self.learner.version > self.checkpoints.version:
                    self.save()
                self.checkpoints.wait()
                self.log.say(
                    f"stopped by {self.stopping.name or 'a signal to another process'} after {self.learner.version} "
                    f"updates; {self.checkpoints.last()}"
                )

    def _train(self, stop: Callable[[], bool]) -> None:
        config, learner = self.config, self.learner
        if learner.version == 0 and config.evaluate_every:
            self.evaluate()
        while learner.version < config.updates:
            began = time.monotonic()
            chosen = self._play()
            batch = chosen.batch
            played = time.monotonic()
            version = learner.version
            metrics = self._update(chosen)
            self.checkpoints.wait()  # so that a killed run loses one more update at most
            facts = self.episodes.trained(batch, version, learner.turn_values, chosen.trained)
            everyones = [each for share in parallel.gathered(facts) for each in share]
            metrics |= training_metrics(everyones)
            self.planner.learn(everyones)
            with self.driver.paused():
                self.generators.renew()
                self.driver.update(learner.version)
            metrics |= {**self.generators.metrics, **timings(batch, began, played, self.pool.workers)}
            self.log.write("train", learner.version, metrics)
            # If one process stops, all do: each waits for the others in the following calls.
            over = learner.version >= config.updates or bool(parallel.largest(np.array([float(stop())]))[0])
            if self.stopping.agreed():
                raise Interrupted
            if config.evaluate_every and (over or learner.version % config.evaluate_every == 0):
                self.evaluate()
            if over or (config.save_every and learner.version % config.save_every == 0):
                # With a checkpoint after each update, a killed run would lose two updates.
                self.save(wait=over or not config.async_save or config.save_every == 1)
            if over:
                return

    def _play(self) -> Chosen:
        """Play the episodes of the next update; all processes call it at once."""
        config, version = self.config, self.learner.version
        count = len(self.plan(version).seeds)
        self._watch = Watch(f"update {version + 1}/{config.updates}", count, time.monotonic())
        if config.equal_groups == "skip":
            return play_groups(self._played, self.planner, version, config.replace_groups)
        batch = self._played(self.plan(version), self.driver.take)
        return Chosen(batch, [True] * len(batch.tokens))

    def _played(self, wanted: Plan, take: Callable[[], Batch] | None = None) -> Batch:
        """Play episodes; all processes call it at once.

        Args:
            wanted: episodes to play.
            take: function that plays them, or has played them; ``Rollout.play`` by default.

        Raises:
            Interrupted: in all processes, because one of them was asked to stop.
        """
        batch = None
        with suppress(Interrupted):
            play = take or (lambda: self.rollout.play(wanted))
            batch = play() if wanted.seeds else Batch()
        if self.stopping.agreed() or batch is None:
            raise Interrupted
        return batch

    def plan(self, update: int) -> Plan:
        """Return the problems and seeds to play for an update, in this process."""
        return self.planner.plan(update)

    def evaluate(self) -> dict[str, float]:
        """Evaluate the policy on every set, keep the best one in ``best/``, and return the first set's metrics."""
        found = [self._evaluate(each) for each in self.sets]
        self.log.forecast(self.sets[0].label, self.sets[0].name)
        if found[0].get("solve_rate", -1.0) > self.best:
            self.best = found[0]["solve_rate"]
            card = model_card(self.config, read_metrics(self.log.path), self.learner.version, merged=False)
            keep_best(self.out, self.learner, self.tokenizer, self.checkpoints.last(), card)
        return found[0]

    def _evaluate(self, chosen: EvaluationSet) -> dict[str, float]:
        step, settings = self.learner.version, chosen.config
        if chosen.name not in self._evaluation_envs:
            self._evaluation_envs[chosen.name] = make_env(
                settings, chosen.problems, EVALUATED_AT_ONCE, self.pool, self.tokenizer
            )
        env = self._evaluation_envs[chosen.name]
        rollout = self._rollout([env], settings.evaluate_temperature, settings.evaluate_top_p)
        label = f"evaluation {chosen.name}".rstrip() + f" after {step} updates"
        self._watch = Watch(label, chosen.episodes_of_process(), time.monotonic())

        def keep(batch: Batch, plan: Plan) -> list[EpisodeFacts]:
            self._watch.add(len(batch.episodes), sum(each.length for each in batch.tokens))
            return self.episodes.evaluated(batch, plan, step, chosen.label)

        try:
            with self.driver.paused():
                metrics = play_evaluation(chosen, env, rollout, keep, self.stopping)
        finally:
            close(rollout)
        self.log.write("evaluate", step, metrics, chosen.name)
        return metrics

    def save(self, wait: bool = True) -> Path:
        """Write a checkpoint, after the one before it is complete.

        Args:
            wait: return when it is complete. Otherwise it is written while training goes on, from a copy in memory.

        Raises:
            RLEFError: it cannot be written, or the one before it could not; the last complete one is untouched.
        """
        extra = {"best": self.best, "planner": self.planner.state_dict()}
        return self.checkpoints.save(self.learner, extra, self.tokenizer, wait)

    def close(self) -> None:
        """Close the judge, the logs and the generator; wait for a checkpoint as ``CheckpointWriter.close`` does."""
        self.driver.close()
        self.log.close()
        self.episodes.close()
        close(self.rollout)
        self._stack.close()
        self.checkpoints.close()

    def __enter__(self) -> Trainer:
        return self

    def __exit__(self, error: object, *_: object) -> None:
        with suppress(*([RLEFError] if error else [])):  # the first error is the one to report
            self.close()

    def _open_episode_log(self, changed: Sequence[str]) -> EpisodeLog:
        """Create or open the run's folder, in which each process keeps its episodes."""
        config, first = self.config, self.sets[0]
        attempt = 0
        parallel.wait_for_all()  # no process looks for a run after the first has created it
        if parallel.rank() == 0:
            facts = [each for one in self.sets for each in one.facts()] if config.evaluate_every else []
            env = EnvConfig.from_arguments(**env_arguments(first.config, first.problems, self.tokenizer)).settings
            split = ", ".join(dict.fromkeys(each.problems.split for each in self.sets))
            open_run(config, run_identity(config, env, facts, split, EVALUATION_SEED), facts)
            attempt = count_start(self.out, self.learner.version, changed)
        attempt = parallel.gathered(attempt)[0]
        return EpisodeLog(RunFolder.open(self.out), attempt, config.keep_episodes_every)

    def _rollout(
        self, envs: list[CodeVectorEnv], temperature: float, top_p: float = 1.0, verdict_noise: float = 0.0
    ) -> Rollout:
        config = self.config
        rollout = Rollout(
            self.generators.make(temperature, top_p),
            self.renderer,
            envs,
            config.max_new,
            config.context,
            config.final_invalid_penalty,
            overlap=not config.deterministic,
            verdict_noise=verdict_noise,
        )
        rollout.tick = lambda: self._tick(rollout)
        return rollout

    def _tick(self, rollout: Rollout) -> None:
        """Between steps of a rollout: end it if the run was asked to stop, or show how far it is."""
        self.stopping.check()
        self.log.progress(self._watch, rollout.progress())

    def _update(self, chosen: Chosen) -> dict[str, float]:
        number, batch = self.learner.version + 1, chosen.batch
        try:
            metrics = self.learner.update(chosen.tokens)
        except NotFiniteError as error:
            last = self.checkpoints.last()
            raise RLEFError(f"update {number}: {error}. {last}, for example with a lower lr") from error
        lost = [
            turn.judgement.category for episode in batch.episodes if episode.truncated for turn in episode.turns[-1:]
        ]
        starved = parallel.total(np.array([lost.count(STARVED)], np.float64))
        metrics["episodes_starved"] = float(starved[0])
        if self.config.verdict_noise:
            metrics["verdicts_flipped"] = float(parallel.total(np.array([len(batch.flipped)], np.float64))[0])
        if self.config.equal_groups == "skip":
            metrics |= {"equal_groups": float(chosen.equal), "replaced_groups": float(chosen.replaced)}
        if not metrics["episodes"] + metrics["episodes_without_verdict"]:
            raise RLEFError(
                f"update {number}: expected prompts shorter than the context of {self.config.context} tokens, got "
                f"none; raise context. {self.checkpoints.last()}"
            )
        if not metrics["episodes"]:
            reasons = {turn.judgement.category for episode in batch.episodes for turn in episode.turns[-1:]}
            raise RLEFError(
                f"update {number}: expected verdicts, got none for any episode (category of the judge: "
                f"{', '.join(sorted(map(str, reasons)))}); {self.checkpoints.last()}"
            )
        return metrics


def close(rollout: Rollout) -> None:
    """Close a generator that has threads."""
    end = getattr(rollout.generator, "close", None)
    if end is not None:
        end()
