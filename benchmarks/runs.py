"""How fast a run of a million episodes opens and aggregates, and what appending an episode costs.

    python -m benchmarks.runs [--episodes 1000000] [--json OUT]

The episodes are real ones of the starter set, repeated under other numbers; they take 3 turns each.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from rlef_agents import RandomAgent
from rlef_env import CodeEnv
from rlef_env.agents import play
from rlef_env.problems import load_dataset
from rlef_env.runs import EpisodeRecord, EpisodeWriter, RunFolder, RunIdentity, connect, problem_facts, read_facts
from rlef_env.runs.shards import turns_file

SHARD = 4096
QUERIES = {
    "episodes": "SELECT count(*), avg(solved::INT), sum(cpu_seconds) FROM episodes",
    "by turn": "SELECT turn, verdict, count(*), avg(reward) FROM turns GROUP BY ALL ORDER BY ALL",
    "by problem": "SELECT problem_id, avg(solved::INT), count(*) FROM episodes GROUP BY problem_id ORDER BY 2",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    dataset = load_dataset("starter")
    with CodeEnv(dataset) as env:
        played = play(RandomAgent(), env, 64, seed=0)
    results: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder.create(
            Path(folder, "run"), "evaluation", RunIdentity(), problems=[problem_facts(each) for each in dataset]
        )
        records = [EpisodeRecord(played[number % len(played)], sample=number) for number in range(SHARD)]
        began = time.perf_counter()
        with EpisodeWriter(run, compress=False, shard_episodes=SHARD + 1) as writer:
            for record in records:
                writer.append(record)
            results["append, us"] = 1e6 * (time.perf_counter() - began) / SHARD
        began = time.perf_counter()
        EpisodeWriter(run).close()
        results["compress, us an episode"] = 1e6 * (time.perf_counter() - began) / SHARD
        repeat(run, -(-arguments.episodes // SHARD))
        size = sum(path.stat().st_size for path in run.episodes.iterdir())
        began = time.perf_counter()
        connection = connect(RunFolder.open(run.path))
        connection.execute("SELECT * FROM episodes LIMIT 10").fetchall()
        results["open, s"] = time.perf_counter() - began
        results["episodes"] = float(connection.execute("SELECT count(*) FROM episodes").fetchone()[0])  # type: ignore[index]
        results["bytes an episode"] = size / results["episodes"]
        for name, sql in QUERIES.items():
            began = time.perf_counter()
            connection.execute(sql).fetchall()
            results[f"aggregate {name}, s"] = time.perf_counter() - began
        connection.close()
        began = time.perf_counter()
        results["facts of all episodes, s"] = len(read_facts(run)) and time.perf_counter() - began
    for name, value in results.items():
        print(f"{name:28} {value:12,.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n")


def repeat(run: RunFolder, shards: int) -> None:
    """Write the first shard again under other numbers."""
    import duckdb

    (first,) = (path for path in run.episodes.glob("*.parquet") if not path.name.endswith(".turns.parquet"))
    for number in range(1, shards):
        path = run.episodes / f"main-{number:06d}.parquet"
        for source, target in ((first, path), (turns_file(first), turns_file(path))):
            duckdb.sql(
                f"COPY (SELECT * REPLACE ((episode + {number}) AS episode, (sample + {number * SHARD})::INT AS sample) "
                f"FROM '{source}') TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
            )


if __name__ == "__main__":
    main()
