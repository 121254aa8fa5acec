"""``rlef-agents sb3``: trains PPO of Stable-Baselines3 on candidates, with and without feedback, and compares."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rlef_env.errors import UsageError
from rlef_env.problems.procedural import FAMILIES

if TYPE_CHECKING:
    from rlef_agents.baselines.sb3 import Trained

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "ceilings", "run"]

HELP = "train PPO of Stable-Baselines3 to choose programs by their feedback"
DESCRIPTION = """\
Train PPO of Stable-Baselines3 on procedural/hidden_step. The policy sees numbers and chooses one of 8 programs, three
times. One of them is right; which one, only a failing test shows. With feedback it can solve all problems, without 3
of 8. Each --feedback is a training of its own; the numbers are measured on other problems.
"""

DATASET: Final = "procedural/hidden_step?count=128&difficulty=3"
LINES: Final = ("-", "--", ":", "-.")
K, TURNS = 8, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef-agents sb3``."""
    parser.add_argument(
        "--feedback",
        nargs="+",
        choices=("public", "random", "none"),
        default=["public", "random"],
        metavar="F",
        help="public, random or none; several are compared (default: public random)",
    )
    parser.add_argument("--steps", type=int, default=30_000, metavar="N", help="responses of training (default: 30000)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of problems and policy (default: 0)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write curves and results as JSON")
    parser.add_argument("--plot", type=Path, metavar="OUT", help="draw the curves, as .svg, .png or .pdf")


def run(arguments: argparse.Namespace) -> None:
    """Train once for each source of feedback, and print what each policy solves."""
    try:
        from rlef_agents.baselines.sb3 import train
    except ImportError as error:
        raise UsageError(
            f"sb3: expected Stable-Baselines3, got {error}; pip install 'rlef-agents[sb3]' (in a clone: 'agents[sb3]')"
        ) from None
    if arguments.steps < 1:
        raise UsageError(f"--steps: expected a whole number, at least 1, got {arguments.steps}")
    results: dict[str, Trained] = {}
    for feedback in dict.fromkeys(arguments.feedback):
        print(f"feedback {feedback}: {arguments.steps} responses", flush=True)
        trained = results[feedback] = train(
            DATASET, steps=arguments.steps, feedback=feedback, k=K, max_turns=TURNS, seed=arguments.seed
        )
        print(
            f"  solved {trained.solved:.3f} of the test episodes; ceiling {ceilings()[feedback]:.3f}; "
            f"{trained.seconds:.0f} s, {trained.judged} programs judged",
            flush=True,
        )
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(as_json(results), indent=1) + "\n", encoding="utf-8")
    if arguments.plot is not None:
        plot(results, arguments.plot)


def ceilings() -> dict[str, float]:
    """Return feedback -> the highest possible share of solved problems."""
    family = FAMILIES["hidden_step"]
    assert family.ceiling is not None
    return {feedback: family.ceiling(family.default, TURNS, feedback) for feedback in ("public", "random", "none")}


def as_json(results: Mapping[str, Trained]) -> dict[str, Any]:
    """Return the results as plain JSON values."""
    return {
        feedback: {
            "ceiling": ceilings()[feedback],
            "solved": each.solved,
            "seconds": round(each.seconds, 1),
            "judged": each.judged,
            "curve": [asdict(point) for point in each.curve],
        }
        for feedback, each in results.items()
    }


def plot(results: Mapping[str, Trained], path: Path) -> None:
    """Draw a curve for each source of feedback, readable in grey.

    Raises:
        UsageError: matplotlib is missing.
    """
    try:
        from matplotlib import pyplot
    except ImportError:
        raise UsageError("--plot: expected matplotlib; pip install 'rlef-env[analysis]'") from None
    figure, axes = pyplot.subplots(figsize=(7, 3.6))
    for (feedback, each), line in zip(results.items(), LINES, strict=False):
        axes.plot(
            [point.steps for point in each.curve],
            [point.solved for point in each.curve],
            line,
            color="black",
            label=f"feedback {feedback}",
        )
    for value, words in labelled(results):
        axes.axhline(value, color="grey", linewidth=0.8)
        axes.annotate(words, (0, value), xytext=(2, 3), textcoords="offset points", color="grey", fontsize=8)
    axes.set(xlabel="responses", ylabel="solved training episodes", ylim=(0, 1.08))
    axes.legend(loc="center right", frameon=False)
    figure.savefig(path, dpi=150, bbox_inches="tight")
    pyplot.close(figure)


def labelled(results: Mapping[str, Trained]) -> Sequence[tuple[float, str]]:
    """Return each ceiling with the sources of feedback that have it."""
    values: dict[float, list[str]] = {}
    for feedback in results:
        values.setdefault(ceilings()[feedback], []).append(feedback)
    return [(value, f"ceiling, feedback {' or '.join(names)}") for value, names in values.items()]
