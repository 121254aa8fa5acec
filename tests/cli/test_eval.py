"""`rlef eval`: real processes that are killed, interrupted and out of disk; its numbers against a recomputation."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rlef_env import Episode, load_dataset
from rlef_env.analysis import Run
from rlef_env.envs import fenced
from tests.cli.conftest import Rlef

RLEF = str(Path(sys.executable).parent / "rlef")
WAIT = 240  # seconds: a test that needs them has failed

GATED = """
import os, threading
from rlef_agents import OracleAgent, RandomAgent, RepairAgent
from rlef_env.agents import AgentOptions

class Gated:
    "Answers as another agent does. After 12 responses it waits until it is killed, where the variable GATE is set."
    def __init__(self, agent):
        self.agent, self.count = agent, 0
        self.settings = getattr(agent, "settings", {})
    def act(self, conversations):
        self.count += len(conversations)
        if self.count > 12 and "GATE" in os.environ:
            threading.Event().wait()
        return self.agent.act(conversations)

class Oracle(Gated):
    def __init__(self, dataset): super().__init__(OracleAgent(dataset))
class Repair(Gated):
    def __init__(self, dataset, seed): super().__init__(RepairAgent(dataset, seed))
class Random(Gated):
    def __init__(self, seed): super().__init__(RandomAgent(seed))
class Model(Gated):
    def __init__(self, seed, temperature, max_new_tokens):
        from rlef_agents.hf_agent import HFAgent
        super().__init__(HFAgent.from_options("tiny", AgentOptions(seed, temperature, 1.0, max_new_tokens)))
"""


class ChatServer:
    """Answers a problem of the starter set: wrongly at the first turn if the request's seed is odd, else rightly."""

    def __init__(self) -> None:
        self.problems = {problem.statement: problem for problem in load_dataset("starter")}
        self.requests: list[dict[str, Any]] = []
        self.stop_after: int | None = None
        self.killed = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.requests.append(body)
                if server.stop_after is not None and len(server.requests) > server.stop_after:
                    server.killed.wait(WAIT)
                    return
                content = server.answer(body)
                usage = {"prompt_tokens": 7 * len(body["messages"]), "completion_tokens": 5}
                answer = json.dumps({"choices": [{"message": {"content": content}}], "usage": usage}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"chat:http://127.0.0.1:{self.http.server_port}/v1#solver"

    def answer(self, body: dict[str, Any]) -> str:
        prompt = body["messages"][0]["content"]
        problem = next(problem for statement, problem in self.problems.items() if statement.strip() in prompt)
        wrong = len(body["messages"]) == 1 and body["seed"] % 2
        programs = problem.incorrect_solutions if wrong else problem.solutions
        return fenced(next((each.source for each in programs if each.language == "python"), "print()"))


@pytest.fixture
def server() -> Iterator[ChatServer]:
    made = ChatServer()
    threading.Thread(target=made.http.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.killed.set()
    made.http.shutdown()
    made.http.server_close()


def lines(run: Path) -> list[bytes]:
    """Return the whole lines of the run's episodes, as they are on disk."""
    data = b"".join(path.read_bytes() for path in sorted((run / "episodes").glob("*.jsonl")))
    return data.splitlines(keepends=True) if data.endswith(b"\n") else data.splitlines(keepends=True)[:-1]


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until something has happened; fail if the process ended before."""
    end = time.monotonic() + WAIT
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        threading.Event().wait(0.01)


def killed(folder: Path, signal_number: int, *arguments: str, **environment: str) -> tuple[int, str, list[bytes]]:
    """Start ``rlef eval``, and send a signal when it has kept an episode. Return exit code, errors and kept lines."""
    process = subprocess.Popen(
        [RLEF, "eval", *arguments], cwd=folder, env={**os.environ, **environment}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    run = folder / "run"
    wait_for(lambda: run.exists() and bool(lines(run)), process)
    process.send_signal(signal_number)
    _, errors = process.communicate(timeout=WAIT)
    return process.returncode, errors, lines(run)


# --- a recomputation that shares nothing with the metrics ------------------------------------------------------------


def recomputed(episodes: list[Episode]) -> dict[str, float]:
    """Compute the metrics from the episodes, in the plainest way."""
    problems = defaultdict(list)
    for each in episodes:
        assert not each.truncated
        problems[each.problem_id].append(each)

    def verdicts(each: Episode) -> list[str]:
        return [turn.judgement.verdict.value for turn in each.turns]

    def solved_by(each: Episode, turn: int) -> bool:
        return "accepted" in verdicts(each)[:turn]

    def average(value: Callable[[Episode], float]) -> float:
        return sum(sum(map(value, those)) / len(those) for those in problems.values()) / len(problems)

    def passed_public(each: Episode) -> bool:
        results = [result for result in each.turns[-1].judgement.results if result.role == "public"]
        return bool(results) and all(result.verdict.value == "accepted" for result in results)

    def two_at_six(those: list[Episode]) -> float:
        pair = those[:2]  # with two episodes, the only draw
        candidates = [each for each in pair if passed_public(each)]
        return float(any(solved_by(each, 3) for each in candidates))

    turns = [turn for each in episodes for turn in each.turns]
    failed = [each for each in episodes if verdicts(each)[0] != "accepted"]
    programs = {name: [t.program for e in those for t in e.turns if t.program] for name, those in problems.items()}
    later = [(turn.program, [before.program for before in each.turns[:number]])
             for each in episodes for number, turn in enumerate(each.turns) if number and turn.program]  # fmt: skip
    found = {
        "solve_rate": average(lambda each: solved_by(each, 3)),
        **{f"solved_at_{turn}": average(lambda each, turn=turn: solved_by(each, turn)) for turn in (1, 2, 3)},
        "1@3": average(lambda each: solved_by(each, 3)),
        "2@6": sum(map(two_at_six, problems.values())) / len(problems),
        "pass@2": sum(any(solved_by(each, 3) for each in those) for those in problems.values()) / len(problems),
        "valid_programs": sum(t.judgement.verdict.value not in ("no_program", "compile_error") for t in turns)
        / len(turns),
        "turns": average(lambda each: len(each.turns)),
        "executions": average(lambda each: sum(len(turn.judgement.results) for turn in each.turns)),
        "cpu_seconds": average(lambda each: sum(turn.judgement.cpu_seconds for turn in each.turns)),
    }
    if failed:
        found["repair_rate"] = sum(solved_by(each, 3) for each in failed) / len(failed)
    if any(programs.values()):
        found["distinct_programs"] = sum(len(set(each)) for each in programs.values()) / sum(
            map(len, programs.values())
        )
    if later:
        found["repeated_programs"] = sum(program in before for program, before in later) / len(later)
    return found


def check_numbers(folder: Path, samples: int = 2) -> dict[str, Any]:
    """Check the metrics in ``out.json`` against the episodes of the run; return them."""
    records = list(Run(folder / "run").records())
    keys = [(each.episode.problem_id, each.sample) for each in records]
    assert len(set(keys)) == len(keys)
    row: dict[str, Any] = json.loads((folder / "out.json").read_text())
    assert (row["episodes"], row["no_verdict"], row["missing"]) == (len(keys), 0, 0)
    assert row["problems"] * samples == len(keys)
    expected = recomputed([each.episode for each in records])
    assert {name: row["metrics"][name]["value"] for name in expected} == pytest.approx(expected)
    for each in row["metrics"].values():
        if each["value"] is not None:
            assert each["low"] <= each["value"] <= (each["high"] if each["high"] is not None else float("inf"))
    return row


PROTOCOL = (
    "--samples",
    "2",
    "--n-at-k",
    "1@3,2@6",
    "--temperature",
    "1",
    "--concurrency",
    "2",
    "--out",
    "run",
    "--json",
    "out.json",
)


def killed_and_resumed(
    folder: Path, rlef: Rlef, agent: str, *more: str, before_resuming: Callable[[], object] = bool
) -> dict[str, Any]:
    """Kill an evaluation in the middle, resume it, and check its numbers."""
    arguments = (agent, *PROTOCOL, *more)
    code, _, kept = killed(folder, signal.SIGKILL, *arguments, GATE="closed")
    assert code == -signal.SIGKILL
    assert kept
    before_resuming()
    process = rlef("eval", *arguments, "--resume")
    assert process.returncode == 0, process.stderr
    row = check_numbers(folder)
    known = {(each.episode.problem_id, each.sample): each for each in Run(folder / "run").records()}
    for line in kept:
        old = json.loads(line)
        now = known[old["episode"]["problem_id"], old["sample"]]
        assert [turn.response for turn in now.episode.turns] == [turn["response"] for turn in old["episode"]["turns"]]
        assert now.seconds == old["seconds"], "it was not played again"
    return row


def test_a_real_chat_server_killed_in_the_middle_and_resumed(rlef: Rlef, server: ChatServer, tmp_path: Path) -> None:
    def go_on() -> None:
        server.killed.set()
        server.stop_after = None

    server.stop_after = 7
    row = killed_and_resumed(tmp_path, rlef, server.name, "--limit", "4", before_resuming=go_on)
    assert row["metrics"]["solve_rate"]["value"] > 0
    assert row["tokens"] == sum(
        7 * (1 + 2 * n) + 5 for each in Run(tmp_path / "run").facts for n in range(len(each.turns))
    )
    assert all(request["temperature"] == 1 and request["top_p"] == 0.95 for request in server.requests)


def test_ctrl_c_keeps_what_was_judged(tmp_path: Path) -> None:
    (tmp_path / "gated.py").write_text(GATED)
    code, errors, kept = killed(tmp_path, signal.SIGINT, "gated:Oracle", *PROTOCOL, "--limit", "20", GATE="closed")
    assert code == 130
    assert errors.splitlines()[-1].startswith("rlef: stopped; ")
    assert "of 40 episodes are kept in run, the same command with --resume plays the rest" in errors
    assert Run(tmp_path / "run").facts or kept


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_a_full_disk_keeps_what_was_judged(rlef: Rlef, tmp_path: Path) -> None:
    run = f"{RLEF} eval random --limit 12 --out disk/run --concurrency 1 --workers 1"
    script = f"""
        mkdir disk && mount -t tmpfs -o size=32k none disk || exit 77
        {run}; echo code $?
        {RLEF} eval random --limit 12 --out disk/run --resume >/dev/null; echo code $?
        mount -o remount,size=16m disk && {run} --resume --json out.json >/dev/null; echo code $?
        cp -r disk/run run
    """
    process = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=WAIT
    )
    if process.returncode == 77:
        pytest.skip(f"cannot mount here: {process.stderr}")
    codes = [line for line in process.stdout.splitlines() if line.startswith("code")]
    assert codes == ["code 74", "code 74", "code 0"], process.stdout + process.stderr
    full = [line for line in process.stderr.splitlines() if "No space left" in line]
    assert len(full) == 2
    assert "all that was judged before is kept in disk/run" in full[0]
    assert "free some space and add --resume" in full[0]
    assert len(Run(tmp_path / "run").facts) == 12


def test_the_paper_protocol_and_the_table(rlef: Rlef, tmp_path: Path) -> None:
    process = rlef("eval", "repair", "--limit", "3", "--by", "difficulty", "--json", "out.json")
    assert process.returncode == 0, process.stderr
    assert process.stdout.startswith("repair on Starter: 3 episodes of 3 problems; each has a verdict.\n")
    for words in (
        "solve_rate",
        "solved_at_3",
        "repair_rate",
        "1@3",
        "95 % interval",
        "difficulty",
        "Kept in runs/eval-repair-starter-",
    ):
        assert words in process.stdout
    (folder,) = (tmp_path / "runs").iterdir()
    (tmp_path / "run").symlink_to(folder)
    row = {**json.loads((tmp_path / "out.json").read_text())}
    assert row["run"] == str(folder.relative_to(tmp_path))
    assert set(row["by"]) == {"difficulty"}
    assert Run(folder).folder.identity.episodes["max_turns"] == 3


def test_a_set_of_problems(rlef: Rlef, tmp_path: Path) -> None:
    ids = [problem.id for problem in load_dataset("starter").problems[5:7]]
    rows = [{"dataset": "starter", "problem_id": each} for each in ids]
    (tmp_path / "set.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    process = rlef("eval", "oracle", "--set", "set.jsonl", "--out", "run")
    assert process.returncode == 0, process.stderr
    assert sorted(each.problem.problem_id for each in Run(tmp_path / "run").facts) == sorted(ids)
    assert "expected no --after" in rlef("eval", "oracle", "--set", "set.jsonl", "--after", "2024-01-01").stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["oracel"], "flow:..., hf:..., independent:... or module:Class, got 'oracel'"),
        (["chat:nowhere"], "agent chat:nowhere: expected chat:URL#MODEL"),
        (["oracle", "--n-at-k", "3@1"], "n@k: expected words such as 10@100"),
        (["oracle", "--samples", "1", "--n-at-k", "2@6"], "samples: expected 2 or more episodes of each problem"),
        (["oracle", "--temperature", "-1"], "expected a number from 0 to 100, got '-1'"),
        (["oracle", "--option", "size"], "expected NAME=VALUE"),
        (["oracle", "--option", "size=3"], "got size"),
        (["oracle", "--data", "nothing.jsonl"], "nothing.jsonl"),
        (["oracle", "--resume"], "--resume: expected --out"),
        (["file:none.jsonl"], "none.jsonl: expected a file of responses, got: No such file"),
        (["oracle", "--data", "starter", "--after", "2024-01-01"], "expected problems with dates to select by"),
    ],
)
def test_bad_input_is_one_line(rlef_here: Rlef, tmp_path: Path, arguments: list[str], words: str) -> None:
    process = rlef_here("eval", *arguments)
    assert process.returncode == 2
    (line,) = process.stderr.splitlines()
    assert words in line
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.parametrize("agent", ["gated:Oracle", "gated:Repair", "gated:Random", "gated:Model", "chat"])
def test_the_starter_set_killed_in_the_middle_and_resumed(
    rlef: Rlef, server: ChatServer, tmp_path: Path, agent: str
) -> None:
    from tests.agents.ppo.small import model, tokenizer

    (tmp_path / "gated.py").write_text(GATED)
    words = tokenizer()
    model("llama", vocab_size=len(words), max_position_embeddings=4096).save_pretrained(tmp_path / "tiny")
    words.save_pretrained(tmp_path / "tiny")
    server.stop_after = 20 if agent == "chat" else None

    def go_on() -> None:
        server.killed.set()
        server.stop_after = None

    name = server.name if agent == "chat" else agent
    row = killed_and_resumed(tmp_path, rlef, name, "--max-new-tokens", "24", before_resuming=go_on)
    assert row["problems"] == 66
    rate = row["metrics"]["solve_rate"]["value"]
    assert {"gated:Oracle": rate == 1, "gated:Repair": 0.5 < rate < 0.7, "chat": rate > 0.5}.get(agent, rate == 0)
