"""Which problems a run trains on, and which it is evaluated on: never the same ones, unless that is asked for."""

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
        split: the split that they were loaded from.
        label: what a report calls them.
        note: what was decided and a user should hear of; empty where there is nothing.
    """

    dataset: Dataset
    split: str
    label: str
    note: str = ""


def training_problems(config: TrainConfig, evaluated: Problems) -> Problems:
    """The problems that a run trains on: the split ``train``, less what is held out for evaluation.

    Args:
        config: of the run.
        evaluated: of ``evaluation_problems``.

    Raises:
        UsageError: there is no such data set.
        DataError: it cannot be read.
    """
    train = load_dataset(config.dataset, split="train")
    if evaluated.label == HELD_OUT:
        held = frozenset(evaluated.dataset.ids)
        train = train.select(each for each in train.ids if each not in held)
    return Problems(train, "train", "train")


def evaluation_problems(config: TrainConfig, split: str = "") -> Problems:
    """The problems that a policy is evaluated on.

    They are those of ``evaluate_dataset`` and ``evaluate_split``. Where neither is set: the split ``valid`` (or
    ``validation`` or ``dev``) of the training data set; every tenth of its problems where it has none, which training
    leaves out then. A data set of the Hugging Face hub must have one.

    Args:
        config: of the run.
        split: in the place of the configuration's.

    Raises:
        UsageError: there is no such data set or split.
        DataError: it cannot be read.
    """
    name, split = config.evaluate_dataset or config.dataset, split or config.evaluate_split
    if split:
        return Problems(load_dataset(name, split=split), split, split, _same(config, split))
    if is_downloaded(name):  # a split that cannot be reached just now is not one that is not there
        return Problems(load_dataset(name, split=VALID[0]), VALID[0], VALID[0])
    for each in VALID:
        with suppress(UsageError):  # that there is no data set at all is said of its split train
            return Problems(load_dataset(name, split=each), each, each)
    train = load_dataset(name, split="train")
    if config.evaluate_dataset:
        return Problems(train, "train", "all problems", _same(config, "train"))
    held = held_out(train)
    if not held:
        return Problems(train, "train", "train", f"{name!r} has one problem, which is trained on and evaluated on")
    return Problems(
        train.select(held),
        "train",
        HELD_OUT,
        f"{name!r} has no split {VALID[0]!r}: {len(held)} of its {len(train)} problems are held out for evaluation and "
        "not trained on; set evaluate_dataset or evaluate_split for others",
    )


def held_out(train: Dataset) -> list[str]:
    """The ids of every tenth problem; of the last where there are fewer; of none where there is only one."""
    names = [each.id for each in train.metadata() if each.tests]
    return names[TENTH - 1 :: TENTH] or (names[-1:] if len(names) > 1 else [])


def is_downloaded(name: str) -> bool:
    """Whether the name of a data set is one of the Hugging Face hub, rather than of a file or of what comes along."""
    return is_hub_name(name) and name.split("/", maxsplit=1)[0] not in BUILTINS and not Path(name).exists()


def _same(config: TrainConfig, split: str) -> str:
    same = split == "train" and config.evaluate_dataset in ("", config.dataset)
    return "these are the problems that are trained on" if same else ""
