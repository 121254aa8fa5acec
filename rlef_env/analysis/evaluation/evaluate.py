"""``evaluate``: an agent plays a fixed list of problems, and the run folder keeps every episode."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rlef_env.agents import Agent, AgentOptions, NamedAgent, load_agent
from rlef_env.agents.loading import named
from rlef_env.analysis.errors import categorise
from rlef_env.analysis.evaluation.engine import Engine, Observer, Played
from rlef_env.analysis.evaluation.responses import read_responses
from rlef_env.analysis.evaluation.schedule import PlannedEpisode, missing_episodes, played_attempts
from rlef_env.analysis.metrics import NAtK, parse_n_at_k
from rlef_env.analysis.run import Run
from rlef_env.command_line import DISK_FULL
from rlef_env.envs import EnvConfig
from rlef_env.envs.dynamics import EpisodeDynamics
from rlef_env.errors import UsageError
from rlef_env.judge import BaseJudgePool, JudgePool
from rlef_env.problems import Dataset, Problem, load_dataset
from rlef_env.runs import (
    EpisodeRecord,
    EpisodeWriter,
    RunFolder,
    RunIdentity,
    judge_version,
    problem_facts,
    problem_list,
)

__all__ = ["Evaluation", "Finished", "Quiet", "evaluate", "make_evaluation", "new_folder", "tested_ids"]

TURNS: Final = 3
"""Turn limit of RLEF."""
RUNS: Final = Path("runs")
"""Folder of the runs that got no name."""


class Quiet:
    """An observer that does nothing."""

    def began(self, planned: PlannedEpisode) -> None:
        """Do nothing."""

    def ended(self, record: EpisodeRecord) -> None:
        """Do nothing."""

    def failed(self, planned: PlannedEpisode, error: UsageError) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Finished:
    """The end of an evaluation.

    Attributes:
        run: the run.
        played: what was done this time.
        missing: number of episodes that are still to be played: the agent failed, or the tokens were spent.
    """

    run: Run
    played: Played
    missing: int


@dataclass(frozen=True)
class Evaluation:
    """An evaluation: an agent, the problems, and the protocol.

    The defaults are the protocol of RLEF: three turns, every turn a sample, public feedback.

    Attributes:
        agent: the agent.
        dataset: the data set.
        name: the data set's name, as the user gave it.
        split: its split.
        problem_ids: the problems to play, in order.
        samples: number of episodes of each problem; or for each problem, by id.
        turns: turn limit.
        n_at_k: n@k to estimate; 1@turns if empty.
        seed: seed of all random draws.
        feedback: source of the feedback, as in ``CodeEnv``.
        after: first day of the date window, which ``dataset`` is cut to already; None: no limit.
        before: day after its last; None: no limit.
        concurrency: maximum number of episodes that are played at the same time.
        workers: programs that are judged at the same time; None: one for each core.
        isolation: as in ``CodeEnv``.
        budget_tokens: tokens that may be spent; None: any number.
        config: further settings, to be kept in the run.
        env: further arguments of the environment, such as ``tokenizer``.
        process: number of this process among several that share the episodes. Each has files of its own; the run must
            exist (``prepare``) before they play.
        processes: number of processes.
    """

    agent: NamedAgent
    dataset: Dataset
    name: str
    split: str = "train"
    problem_ids: Sequence[str] = ()
    samples: int | Mapping[str, int] = 1
    turns: int = 3
    n_at_k: tuple[NAtK, ...] = ()
    seed: int = 0
    feedback: Any = "public"
    after: str | None = None
    before: str | None = None
    concurrency: int = 16
    workers: int | None = None
    isolation: str = "locked"
    budget_tokens: int | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, Any] = field(default_factory=dict)
    process: int = 0
    processes: int = 1

    def prepare(self, out: str | Path, resume: bool = False) -> None:
        """Create the run in a folder, or check that the one that is there can be continued; see ``play``."""
        self._folder(Path(out), resume, self._env(self.isolation))

    def play(
        self,
        out: str | Path,
        resume: bool = False,
        observer: Callable[[Run, int], Observer] | None = None,
        pool: BaseJudgePool | None = None,
    ) -> Finished:
        """Play what is missing in a run.

        Args:
            out: the run's folder.
            resume: continue the run in that folder, if there is one.
            observer: a function of the run and the number of its episodes that returns an observer.
            pool: a pool of judges to use, which is left open; one of its own if None.

        Raises:
            UsageError: the folder has a run and ``resume`` is False, or the run was begun with other settings; or the
                agent failed several times in a row.
            OSError: the disk is full. What was judged is kept.
        """
        env = self._env(self.isolation if pool is None else pool.isolation)
        folder, samples = self._folder(Path(out), resume, env)
        with ExitStack() as stack:
            # Before the episodes are read: another process that still writes would add some of those that are missing.
            writer = stack.enter_context(EpisodeWriter(folder, f"process{self.process}" if self.process else "main"))
            every = missing_episodes(samples, self.seed, played_attempts(folder))
            planned = [each for each in every if each.seed % self.processes == self.process]
            watching = Quiet() if observer is None else observer(Run(folder), sum(samples.values()))
            if planned and pool is None:
                pool = stack.enter_context(JudgePool(self.workers, isolation=self.isolation))
            played = Played()
            if planned:
                assert pool is not None
                engine = Engine(
                    self.agent,
                    EpisodeDynamics(env),
                    pool,
                    writer.append,
                    watching,
                    categorise,
                    self.concurrency,
                    self.budget_tokens,
                    played,
                )
                try:
                    engine.play(planned)
                except OSError as error:
                    if error.errno not in DISK_FULL:
                        raise
                    missing = len(planned) - played.episodes
                    raise OSError(
                        errno.ENOSPC,
                        f"{os.strerror(errno.ENOSPC)}; all that was judged before is kept in {out}, {missing} episodes "
                        "are missing: free some space and add --resume",
                    ) from error
        return Finished(Run(folder), played, len(planned) - played.episodes)

    def _env(self, isolation: str) -> EnvConfig:
        return EnvConfig(
            self.dataset, self.split, max_turns=self.turns, feedback=self.feedback, isolation=isolation, **self.env
        )

    def _folder(self, out: Path, resume: bool, env: EnvConfig) -> tuple[RunFolder, dict[str, int]]:
        """Create or open the run's folder; return it, and the number of episodes of each problem."""
        ids = self.problem_ids
        if not ids:
            raise UsageError(f"data set {self.dataset.label}: expected a problem with a test, got none; name another")
        facts = [problem_facts(self.dataset.get(each)) for each in ids]
        identity = RunIdentity(
            agent={"name": self.agent.name, **self.agent.settings},
            episodes={**env.settings, "seed": self.seed},
            problems=problem_list(facts, self.name, self.split, self.after, self.before),
            judge=judge_version(),
        )
        samples = {each: self.samples if isinstance(self.samples, int) else self.samples[each] for each in ids}
        if resume and (out / "run.json").exists():
            return RunFolder.resume(out, identity), samples
        config = {
            "agent": self.agent.name,
            "data": self.name,
            "split": self.split,
            "samples": max(samples.values()),
            "turns": self.turns,
            "n_at_k": " ".join(map(str, self.n_at_k)),
            "concurrency": self.concurrency,
            "prices": getattr(self.agent.agent, "token_prices", None),
            **self.config,
        }
        return RunFolder.create(out, "evaluation", identity, config, facts), samples


def evaluate(
    agent: str | Agent,
    problems: str | os.PathLike[str] | Dataset | Iterable[Problem] = "starter",
    *,
    out: str | os.PathLike[str] | None = None,
    split: str = "train",
    samples: int | None = None,
    turns: int | None = None,
    n_at_k: str = "",
    seed: int = 0,
    limit: int | None = None,
    after: str | None = None,
    before: str | None = None,
    feedback: str = "public",
    options: AgentOptions | None = None,
    concurrency: int = 16,
    workers: int | None = None,
    pool: BaseJudgePool | None = None,
    budget_tokens: int | None = None,
    resume: bool = False,
) -> Run:
    """Let an agent play problems, and return the run.

    Args:
        agent: an object with a method ``act``, or a name as for ``rlef eval``: ``"oracle"``, ``"hf:PATH"``, ...
        problems: a data set, its name or path, or the problems themselves.
        out: folder of the run; a new one in ``runs`` if None.
        split: the data set's split.
        samples: episodes of each problem; as many as ``n_at_k`` needs if None.
        turns: turn limit; 3 if None, 1 for responses from a file.
        n_at_k: n@k to estimate, such as ``"1@3 10@100"``; 1@turns if empty.
        seed: seed of all random draws.
        limit: play only the first problems.
        after: only problems published on this day or later.
        before: only problems published before this day.
        feedback: source of the feedback, as in ``CodeEnv``.
        options: options of an agent that is given by name; its seed and concurrency are replaced.
        concurrency: maximum number of episodes that are played at the same time.
        workers: programs that are judged at the same time; None: one for each core.
        pool: a pool of judges to use, which is left open.
        budget_tokens: tokens that may be spent; then the run ends and can be resumed.
        resume: continue the run in ``out``, if there is one.

    Returns:
        The run, with ``metrics()``, ``records()`` and ``query(sql)``.

    Raises:
        UsageError: an argument is not supported, or the agent failed on an episode. What was judged is kept.
        DataError: the data cannot be read.
    """
    if isinstance(problems, (str, os.PathLike)):
        name = os.fspath(problems)
        dataset = load_dataset(problems, split, after=after, before=before)
    else:
        if after or before:
            raise UsageError("after, before: expected the name of a data set, got problems; select them before")
        dataset = problems if isinstance(problems, Dataset) else Dataset("problems", "problems", tuple(problems))
        name = dataset.name
    evaluation = make_evaluation(
        agent, dataset, tested_ids(dataset)[:limit], replace(options or AgentOptions(), seed=seed), name=name,
        split=split, samples=samples, turns=turns, n_at_k=n_at_k, seed=seed, feedback=feedback, after=after,
        before=before, concurrency=concurrency, workers=workers, budget_tokens=budget_tokens,
    )  # fmt: skip
    failures = FirstFailure()
    folder = Path(out) if out else new_folder(evaluation.agent.name, dataset.label)
    finished = evaluation.play(folder, resume, lambda *_: failures, pool)
    if failures.error is not None:
        raise UsageError(
            f"{failures.error}; {finished.missing} episodes are missing in {finished.run.path}, resume=True plays them"
        ) from failures.error
    return finished.run


def make_evaluation(
    agent: str | Agent,
    dataset: Dataset,
    problem_ids: Sequence[str],
    options: AgentOptions,
    *,
    samples: int | None,
    turns: int | None,
    n_at_k: str,
    concurrency: int,
    **arguments: Any,
) -> Evaluation:
    """Load the agent, complete the protocol, and check it.

    Args:
        agent: an agent, or the name of one; ``"file:PATH"`` for responses made elsewhere.
        dataset: the data set.
        problem_ids: the problems to play.
        options: options of an agent that is given by name.
        samples: episodes of each problem; as many as n@k needs if None.
        turns: turn limit; 3 if None, 1 for responses from a file.
        n_at_k: n@k to estimate, as text.
        concurrency: maximum number of episodes that are played at the same time.
        arguments: other fields of ``Evaluation``.

    Raises:
        UsageError: an argument is not supported.
        DataError: a file of responses cannot be read.
    """
    counts: int | Mapping[str, int]
    if isinstance(agent, str) and agent.startswith("file:"):
        if turns not in (None, 1) or samples is not None:
            raise UsageError(
                "responses from a file: expected no number of turns or samples, because each response is judged as "
                f"a single turn; got turns {turns} and samples {samples}"
            )
        is_part = any(arguments.get(name) for name in ("after", "before"))
        stored = read_responses(agent.removeprefix("file:"), dataset, problem_ids, is_part)
        loaded, turns = named(agent, stored), 1
        wanted = tuple(parse_n_at_k(n_at_k, turns))
        problem_ids, counts = list(stored.responses), {each: len(given) for each, given in stored.responses.items()}
        needed_samples(wanted, turns, max(counts.values()))
    else:
        turns = TURNS if turns is None else turns
        wanted = tuple(parse_n_at_k(n_at_k, turns))
        counts = needed_samples(wanted, turns, samples)
        options = replace(options, concurrency=concurrency)
        loaded = load_agent(agent, dataset, options) if isinstance(agent, str) else named(_name_of(agent), agent)
    return Evaluation(
        loaded, dataset, problem_ids=problem_ids, samples=counts, turns=turns, n_at_k=wanted, concurrency=concurrency,
        **arguments,
    )  # fmt: skip


def tested_ids(dataset: Dataset) -> list[str]:
    """Return the ids of the problems that have a test, in order."""
    return [dataset.ids[place] for place in dataset.tested]


class FirstFailure(Quiet):
    """Remembers the agent's first failure."""

    def __init__(self) -> None:
        self.error: UsageError | None = None

    def failed(self, planned: PlannedEpisode, error: UsageError) -> None:  # noqa: ARG002 - an observer's method
        """Remember the failure."""
        self.error = self.error or error


def needed_samples(wanted: Sequence[NAtK], turns: int, samples: int | None) -> int:
    """Return the number of episodes of each problem: as given, else as many as n@k needs.

    Raises:
        UsageError: fewer are given than n@k needs, or less than one.
    """
    needed = max([1, *(each.episodes(turns) for each in wanted)])
    if samples is not None and samples < needed:
        why = "" if needed == 1 else f", which {', '.join(map(str, wanted))} needs at {turns} turns"
        raise UsageError(f"samples: expected {needed} or more episodes of each problem{why}, got {samples}")
    return needed if samples is None else samples


def new_folder(agent: str, label: str) -> Path:
    """Return a path in ``runs`` where nothing is yet: agent, data set and time."""
    words = re.sub(r"[^A-Za-z0-9.]+", "-", f"eval-{agent[-40:]}-{label[-40:]}").strip("-.").lower()
    stem = f"{words}-{datetime.now():%Y%m%d-%H%M%S}"
    paths = (RUNS / (stem if number == 0 else f"{stem}-{number}") for number in range(10**6))
    return next(path for path in paths if not path.exists())


def _name_of(agent: object) -> str:
    kind = agent if isinstance(agent, type) else type(agent)
    return f"{kind.__module__}:{kind.__qualname__}"
