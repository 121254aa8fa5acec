"""Plays episodes while processes are killed, and the same episodes undisturbed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

from rlef_env.envs import CodeEnv, CodeVectorEnv
from rlef_env.episodes import Episode
from rlef_env.judge import Judge, JudgeJob, Judgement, JudgePool
from rlef_env.judge.pool.ray import RayJudgePool
from rlef_env.problems import Dataset, Problem, Test

__all__ = ["DATASET", "Chaos", "played", "undisturbed_episodes"]

LIMIT_SECONDS = 0.3
DATASET = Dataset(
    "double",
    "Double",
    tuple(
        Problem(
            f"double {size}",
            "Print twice the number.",
            tuple(Test(f"{number}\n", f"{2 * number}\n") for number in range(1, 3)),
            tuple(Test(f"{number}\n", f"{2 * number}\n") for number in range(3, size)),
            time_limit=LIMIT_SECONDS,
            memory_limit=2**26,
        )
        for size in (4, 8, 20)
    ),
)

RIGHT = "print(2 * int(input()))"
KINDS: Sequence[tuple[int, str | None]] = (  # weight, and the program; None for a response without one
    (30, RIGHT),
    (20, "print(0)"),
    (8, "n = int(input())\nprint(2 * n if n < 3 else 0)"),  # passes the public tests only
    (8, "raise ValueError(input())"),
    (5, "print("),
    (5, None),
    (4, "import os\nos._exit(3)"),
    # slow
    (3, "import time\ntime.sleep(60)"),
    (3, "while True:\n    pass"),
    (4, f"import time\ntime.sleep(0.1)\n{RIGHT}"),
    # hostile
    (3, "import os\nos.kill(os.getppid(), 9)"),
    (3, "import os\nwhile True:\n    os.fork()"),
    (2, "kept = bytearray(2 * 10**9)"),
    (2, "import os\nos.kill(os.getpid(), 9)"),
    (2, "import os\nos.closerange(0, 99)\nprint(1)"),
)


def response(env_id: int, episode: int, turn: int) -> str:
    """Return the response for an environment. All responses differ, so that none can be taken for another."""
    random = Random(f"{env_id}/{episode}/{turn}")
    (program,) = random.choices([source for _, source in KINDS], [often for often, _ in KINDS])
    text = f"Environment {env_id}, episode {episode}, turn {turn}."
    return text if program is None else f"{text}\n```python\n{program}\n```"


class Undisturbed:
    """A judge that is not disturbed; it judges each program once for each problem."""

    isolation = "locked"

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._known: dict[tuple[object, ...], Judgement] = {}

    def judge(self, job: JudgeJob) -> Judgement:
        """See ``Judge.judge``."""
        key = (job.problem.id, job.program, job.roles, job.stop_early, job.limit, job.offset, job.gate)
        if key not in self._known:
            self._known[key] = self._judge.judge(job)
        return self._known[key]


def undisturbed_episodes(num_envs: int, episodes: int, seed: int) -> list[list[Episode]]:
    """Play the episodes of each environment, one after the other, undisturbed."""
    played = []
    with Judge() as judge:
        undisturbed = Undisturbed(judge)
        for env_id in range(num_envs):
            env = CodeEnv(DATASET, judge=undisturbed)  # type: ignore[arg-type]
            played.append([])
            for number in range(episodes):
                env.reset(seed=seed + env_id if number == 0 else None)
                while not env.episode.ended:
                    env.step(response(env_id, number, len(env.episode.turns)))
                played[-1].append(env.episode)
    return played


def played(env: CodeVectorEnv, episodes: int, seed: int, disturb: Callable[[set[int]], None]) -> list[list[Episode]]:
    """Play the episodes of all environments at the same time.

    Args:
        env: in the mode SAME_STEP.
        episodes: number of episodes of each environment.
        seed: of the first environment.
        disturb: called before each ``recv`` with the ids of the pending steps.
    """
    ended: list[list[Episode]] = [[] for _ in range(env.num_envs)]
    turns = [0] * env.num_envs
    pending: dict[int, int] = {}
    env.reset(seed=seed)
    idle = list(range(env.num_envs))
    while idle or pending:
        responses = [response(env_id, len(ended[env_id]), turns[env_id]) for env_id in idle]
        sent = env.send(idle, responses).tolist()
        assert not pending.keys() & sent
        pending |= dict(zip(sent, idle, strict=True))
        disturb(set(pending))
        batch = env.recv()
        idle = []
        for step_id, env_id, episode in zip(
            batch.step_ids.tolist(), batch.env_ids.tolist(), batch.episodes, strict=True
        ):
            assert pending.pop(step_id) == env_id, "answered twice, or for another environment"
            turns[env_id] += 1
            assert len(episode.turns) == turns[env_id]
            if episode.ended:
                ended[env_id].append(episode)
                turns[env_id] = 0
            if len(ended[env_id]) < episodes:
                idle.append(env_id)
    assert env.num_pending == 0
    return ended


class Chaos:
    """Kills the processes of a pool, one kind after the other.

    It waits until all steps that were pending at the last kill have their verdicts: a program that loses its worker
    three times has none, because it may be the cause. Other tests are about that.

    Args:
        pool: to disturb.
        seed: of the choice of processes.
        machine: removes a machine from the cluster of the pool and adds another one; None: the pool is on this machine.
    """

    def __init__(self, pool: JudgePool | RayJudgePool, seed: int, machine: Callable[[], None] | None = None) -> None:
        self._pool, self._random, self._machine = pool, Random(seed), machine
        self._disturbed: set[int] = set()
        self._clients: list[subprocess.Popen[str]] = []
        self.hits: Counter[str] = Counter()
        self.seen: set[int] = set()
        """All workers that were ever seen, and their descendants."""

    def __call__(self, pending: set[int]) -> None:
        """Kill something, unless a step that was pending at the last kill still is."""
        if self._disturbed & pending:
            return
        workers = [pid for pid in self._pool.processes() if alive(pid)]
        self.seen.update(found for pid in workers for found in tree(pid))
        if not workers:
            return
        parent = self.fork_server if self._machine is None else self.raylet
        kinds = [self.worker, self.zygote, self.program, self.every_worker, parent, self.fork, self.client]
        hit = kinds[sum(self.hits.values()) % len(kinds)]
        hit(workers)
        self.hits[hit.__name__] += 1
        if hit not in (self.fork, self.client):  # these affect no program of the pool
            self._disturbed = pending

    def worker(self, workers: list[int]) -> None:
        """Kill one worker, as the kernel does when memory runs out."""
        kill(self._random.choice(workers))

    def every_worker(self, workers: list[int]) -> None:
        """Kill all workers at once."""
        for pid in workers:
            kill(pid)

    def zygote(self, workers: list[int]) -> None:
        """Kill a process from which a worker starts programs."""
        self._kill_one([zygote for pid in workers for zygote in children(pid)])

    def program(self, workers: list[int]) -> None:
        """Kill the process that has compiled a program."""
        self._kill_one([program for pid in workers for zygote in children(pid) for program in children(zygote)])

    def fork_server(self, workers: list[int]) -> None:
        """Kill the process from which workers are forked; they end with it."""
        kill(int(Path(f"/proc/{workers[0]}/stat").read_text().rpartition(")")[2].split()[1]))

    def raylet(self, workers: list[int]) -> None:
        """Remove a machine from the cluster, with everything that runs on it."""
        assert self._machine is not None
        self._machine()

    def fork(self, workers: list[int]) -> None:
        """Fork a child of the owner, which has copies of its descriptors, and kill the child."""
        if (child := os.fork()) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)

    def client(self, workers: list[int]) -> None:
        """Start another owner on this machine; it is killed while it judges."""
        self._clients.append(
            subprocess.Popen([sys.executable, "-c", CLIENT], stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
        )
        self._end_clients(at_work=False)

    def _kill_one(self, pids: list[int]) -> None:
        if pids:
            kill(self._random.choice(pids))

    def _end_clients(self, at_work: bool) -> None:
        """Kill clients that have printed the ids of their workers; all of them if ``at_work``."""
        for client in list(self._clients):
            assert client.stdout is not None
            if at_work or len(self._clients) > 1:
                self.seen.update(int(pid) for pid in client.stdout.readline().split())
                client.kill()
                client.wait()
                client.stdout.close()
                self._clients.remove(client)

    def close(self) -> None:
        """Kill the clients that are left."""
        self._end_clients(at_work=True)


CLIENT = """
from rlef_env.judge import JudgeJob, JudgePool
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program
pool = JudgePool(1)
endless = Problem("endless", "", (Test("", ""),), time_limit=100.0)
future = pool.submit(JudgeJob(endless, Program("import time\\ntime.sleep(90)")))
while not pool.processes():
    pass
print(*pool.processes(), flush=True)
future.result()
"""


def kill(pid: int) -> None:
    """Kill a process, if it still exists."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    """Return whether a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid: int) -> list[int]:
    """Return the children of a process."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def tree(pid: int) -> Iterator[int]:
    """Yield a process and its descendants."""
    yield pid
    for child in children(pid):
        yield from tree(child)
