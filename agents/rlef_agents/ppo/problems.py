"""Problems that a run trains on and is evaluated on: disjoint unless the settings ask for the same."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from rlef_agents.ppo.config import TrainConfig
from rlef_env import Dataset, load_dataset
from rlef_env.errors import UsageError
from rlef_env.problems import BUILTINS, is_hub_name

__all__ = ["Problems", "evaluation_problems", "is_downloaded", "training_problems"]

HELD_OUT: Final = "held out"
VALID: Final = ("valid", "validation", "dev")
TENTH: Final = 10


class Problems(NamedTuple):
    """Problems for a purpose.

    Attributes:
        dataset: the problems.
        split: split that they were loaded from.
        label: name for reports.
        note: a decision that the user should know of; empty where there is none.
    """

    dataset: Dataset
    split: str
    label: str
    note: str = ""


def training_problems(config: TrainConfig, *evaluated: Problems) -> Problems:
    """Return the problems that a run trains on: the split ``train``, except those held out for evaluation.

    Args:
        config: settings of the run.
        evaluated: results of ``evaluation_problems``, for each evaluation set.

    Raises:
        UsageError: there is no such data set.
        DataError: the data set cannot be read.
    """
    train = load_dataset(config.dataset, split="train")
    held = frozenset(name for each in evaluated if each.label == HELD_OUT for name in each.dataset.ids)
    if held:
        train = train.select(each for each in train.ids if each not in held)
    return Problems(train, "train", "train")


def evaluation_problems(config: TrainConfig, split: str = "") -> Problems:
    """Return the problems that a policy is evaluated on.

    ``evaluate_dataset`` and ``evaluate_split`` name them. Where neither is set, they are the split ``valid`` (or
    ``validation`` or ``dev``) of the training data set. If it has no such split, they are every tenth of its problems,
    and training leaves these out. A data set of the Hugging Face hub must have the split.

    Args:
        config: settings of the run.
        split: split to take instead of the configuration's.

    Raises:
        UsageError: there is no such data set or split.
        DataError: the data set cannot be read.
    """
    name, split = config.evaluate_dataset or config.dataset, split or config.evaluate_split
    if split:
        return Problems(load_dataset(name, split=split), split, split, _same(config, split))
    if is_downloaded(name):  # a split that cannot be downloaded now is not a missing split
        return Problems(load_dataset(name, split=VALID[0]), VALID[0], VALID[0])
    for each in VALID:
        with suppress(UsageError):  # a missing data set is reported below, for its split train
            return Problems(load_dataset(name, split=each), each, each)
    train = load_dataset(name, split="train")
    if config.evaluate_dataset:
        return Problems(train, "train", "all problems", _same(config, "train"))
    held = held_out(train)
    if not held:
        return Problems(train, "train", "train", f"{name!r} has one problem, which is used for training and evaluation")
    return Problems(
        train.select(held),
        "train",
        HELD_OUT,
        f"{name!r} has no split {VALID[0]!r}: {len(held)} of its {len(train)} problems are held out for evaluation and "
        "not trained on; set evaluate_dataset or evaluate_split for others",
    )


def held_out(train: Dataset) -> list[str]:
    """Return the ids of every tenth problem; of fewer than ten the last; of a single one none."""
    names = [each.id for each in train.metadata() if each.tests]
    return names[TENTH - 1 :: TENTH] or (names[-1:] if len(names) > 1 else [])


def is_downloaded(name: str) -> bool:
    """Return whether a data set is on the Hugging Face hub, rather than a file or built in."""
    return is_hub_name(name) and name.split("/", maxsplit=1)[0] not in BUILTINS and not Path(name).exists()


def _same(config: TrainConfig, split: str) -> str:
    same = split == "train" and config.evaluate_dataset in ("", config.dataset)
    return "these are the problems that are trained on" if same else ""
