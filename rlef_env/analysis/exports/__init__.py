"""Write a run in the formats of others, so that their viewers and trainers open it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rlef_env.analysis.exports.hugging_face import write_chats, write_preferences
from rlef_env.analysis.exports.inspect_log import write_inspect_logs
from rlef_env.analysis.exports.nemo_gym import write_rollouts
from rlef_env.analysis.exports.scout import write_transcripts
from rlef_env.analysis.exports.source import Source
from rlef_env.analysis.exports.tensorboard import write_tensorboard
from rlef_env.analysis.exports.verifiers_traces import write_traces
from rlef_env.errors import UsageError
from rlef_env.runs import RunFolder

__all__ = ["EXPORTS", "Export", "export_run"]


@dataclass(frozen=True, slots=True)
class Export:
    """A format of others.

    Attributes:
        what: what is written, in a few words.
        opened_by: the command or call that opens it.
        write: writes it to a folder; returns a line for each file.
    """

    what: str
    opened_by: str
    write: Callable[[Source, Path], list[str]]


EXPORTS: Final[Mapping[str, Export]] = {
    "inspect": Export("inspect-ai's logs", "inspect view --log-dir OUT", write_inspect_logs),
    "scout": Export("transcripts of Inspect Scout", "scout view -T OUT", write_transcripts),
    "verifiers": Export("traces.jsonl of verifiers", "verifiers.v1.utils.trace_store.read_episodes", write_traces),
    "nemo-gym": Export("rollouts of NeMo Gym", "gym eval profile", write_rollouts),
    "hf": Export("chats of solved episodes", "datasets.load_dataset(OUT)", write_chats),
    "preferences": Export("pairs: chosen and rejected", "datasets.load_dataset(OUT)", write_preferences),
    "tensorboard": Export("curves of training", "tensorboard --logdir OUT", write_tensorboard),
}
"""Every format by name."""


def export_run(
    run: RunFolder, to: str, out: str | Path, phase: str | None = None, limit: int | None = None
) -> list[str]:
    """Write a run in another format.

    Args:
        run: the run.
        to: name of the format, a key of ``EXPORTS``.
        out: folder to write to; it is created, and must be empty.
        phase: phase of the episodes; None for all.
        limit: number of episodes at most; None for all.

    Returns:
        A line for each file that was written.

    Raises:
        UsageError: the format is unknown, the folder is not empty, or a package that writes the format is not
            installed.
        DataError: the run is damaged.
        OSError: a file cannot be written.
    """
    if to not in EXPORTS:
        raise UsageError(f"to: expected one of {', '.join(EXPORTS)}, got {to!r}")
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{out}: expected a new or empty folder, got one with files; choose another")
    folder.mkdir(parents=True, exist_ok=True)
    return EXPORTS[to].write(Source(run, phase, limit), folder)
