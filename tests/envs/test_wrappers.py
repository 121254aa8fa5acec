"""Every wrapper of Gymnasium works or raises an error that says why it cannot; docs/wrappers.md has the table."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import gymnasium.wrappers
import gymnasium.wrappers.vector
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Tuple
from gymnasium.spaces.utils import flatdim, flatten, flatten_space, unflatten
from gymnasium.wrappers import (
    ClipAction,
    ClipReward,
    FlattenObservation,
    TimeLimit,
    TransformAction,
    TransformObservation,
)

from rlef_env.envs.spaces import ProgramText
from rlef_env.errors import UsageError

ACTION = "```python\nprint(1)\n```"
FLATTENED = "turn texts into numbers first"
NUMBERS = "space|observations|Box"  # Gymnasium's messages about what a wrapper needs
UNCHECKED = "dtype"  # NumPy's message about a text, where the wrapper itself checks nothing
IMAGES = "render_mode|Render mode|numpy array"
ATARI = "opencv|atari|Atari"
NOT_HERE = "array_api_compat|jax"  # optional dependencies of Gymnasium
WHY = {
    None: "yes",
    FLATTENED: "no: texts cannot be flattened",
    NUMBERS: "no: needs numbers",
    UNCHECKED: "no: needs numbers",
    IMAGES: "no: needs images",
    ATARI: "no: for Atari only",
    NOT_HERE: "no: converts arrays",
}
NEXT_STEP = 'needs `autoreset_mode="NextStep"`'
NOTES = {
    "AddWhiteNoise": "changes images only",
    "ArrayConversion": "makes nonsense of texts, without an error, where `array_api_compat` is installed",
    "FlattenObservation": "replace the texts first, with `TransformObservation`",
    "JaxToNumpy": "as `ArrayConversion`",
    "JaxToTorch": "as `ArrayConversion`",
    "NumpyToTorch": "as `ArrayConversion`",
    "ObstructView": "changes images only",
    "RecordVideo": "`RecordEpisodes` of this package keeps episodes",
    "TimeAwareObservation": "with `flatten=False`, around a `TimeLimit`",
    "TimeLimit": "truncates; `max_turns` is the limit of the task, and terminates",
    "TransformObservation": f"of a vector environment: {NEXT_STEP}",
    "VectorizeTransformObservation": f"not with `FlattenObservation`; {NEXT_STEP}",
    "VectorizeTransformAction": "not with `ClipAction`",
}
LENGTH = {"func": lambda text: np.array([len(text)], np.float32), "observation_space": Box(0, 2**20, (1,))}
BOUNDS = {name: {f"min_{name}": np.float32(0), f"max_{name}": np.float32(1)} for name in ("obs", "action")}

# Name, arguments, and a pattern of the error; None where the wrapper works.
WRAPPERS: list[tuple[str, dict[str, Any], str | None]] = [
    ("AddRenderObservation", {}, IMAGES),
    ("AddWhiteNoise", {"probability_of_noise_per_pixel": 0.5}, None),
    ("ArrayConversion", {"env_xp": np, "target_xp": np}, NOT_HERE),
    ("AtariPreprocessing", {}, ATARI),
    ("Autoreset", {}, None),
    ("ClipAction", {}, NUMBERS),
    ("ClipReward", {"min_reward": -1, "max_reward": 1}, None),
    ("DelayObservation", {"delay": 1}, None),
    ("DiscretizeAction", {"bins": 3}, NUMBERS),
    ("DiscretizeObservation", {"bins": 3}, NUMBERS),
    ("DtypeObservation", {"dtype": np.float32}, NUMBERS),
    ("FilterObservation", {"filter_keys": ["a"]}, NUMBERS),
    ("FlattenObservation", {}, FLATTENED),
    ("FrameStackObservation", {"stack_size": 2}, None),
    ("GrayscaleObservation", {}, NUMBERS),
    ("HumanRendering", {}, IMAGES),
    ("JaxToNumpy", {}, NOT_HERE),
    ("JaxToTorch", {}, NOT_HERE),
    ("MaxAndSkipObservation", {}, NUMBERS),
    ("NormalizeObservation", {}, NUMBERS),
    ("NormalizeReward", {}, None),
    ("NumpyToTorch", {}, NOT_HERE),
    ("ObstructView", {"obstructed_pixels_ratio": 0.5, "obstruction_width": 2}, None),
    ("OrderEnforcing", {}, None),
    ("PassiveEnvChecker", {}, None),
    ("RecordEpisodeStatistics", {}, None),
    ("RecordVideo", {"video_folder": "."}, IMAGES),
    ("RenderCollection", {}, None),
    ("RepeatAction", {"num_repeats": 2}, None),
    ("RescaleAction", BOUNDS["action"], NUMBERS),
    ("RescaleObservation", BOUNDS["obs"], NUMBERS),
    ("ReshapeObservation", {"shape": (1,)}, NUMBERS),
    ("ResizeObservation", {"shape": (2, 2)}, NUMBERS),
    ("StickyAction", {"repeat_action_probability": 0.5}, None),
    ("TimeAwareObservation", {}, FLATTENED),
    ("TimeAwareObservation", {"flatten": False}, None),
    ("TimeLimit", {"max_episode_steps": 5}, None),
    ("TransformAction", {"func": str, "action_space": None}, None),
    ("TransformObservation", LENGTH, None),
    ("TransformReward", {"func": float}, None),
]
SAME = {"func": tuple, "single_observation_space": None, "observation_space": None}
VECTOR_WRAPPERS: list[tuple[str, dict[str, Any], str | None]] = [
    ("ArrayConversion", {"env_xp": np, "target_xp": np}, NOT_HERE),
    ("ClipAction", {}, NUMBERS),
    ("ClipReward", {"min_reward": -1, "max_reward": 1}, None),
    ("DictInfoToList", {}, None),
    ("DtypeObservation", {"dtype": np.float32}, NUMBERS),
    ("FilterObservation", {"filter_keys": ["a"]}, NUMBERS),
    ("FlattenObservation", {}, FLATTENED),
    ("GrayscaleObservation", {}, NUMBERS),
    ("HumanRendering", {}, IMAGES),
    ("JaxToNumpy", {}, NOT_HERE),
    ("JaxToTorch", {}, NOT_HERE),
    ("NormalizeObservation", {}, UNCHECKED),
    ("NormalizeReward", {}, None),
    ("NumpyToTorch", {}, NOT_HERE),
    ("RecordEpisodeStatistics", {}, None),
    ("RecordVideo", {"video_folder": "."}, IMAGES),
    ("RescaleAction", BOUNDS["action"], NUMBERS),
    ("RescaleObservation", BOUNDS["obs"], NUMBERS),
    ("ReshapeObservation", {"shape": (1,)}, NUMBERS),
    ("ResizeObservation", {"shape": (2, 2)}, NUMBERS),
    ("TransformAction", {"func": tuple, "action_space": None, "single_action_space": None}, None),
    ("TransformObservation", SAME, None),
    ("TransformReward", {"func": np.abs}, None),
    ("VectorizeTransformAction", {"wrapper": ClipAction}, NUMBERS),
    ("VectorizeTransformAction", {"wrapper": TransformAction, "func": str, "action_space": None}, None),
    ("VectorizeTransformObservation", {"wrapper": FlattenObservation}, FLATTENED),
    ("VectorizeTransformObservation", {"wrapper": TransformObservation, **LENGTH}, None),
    ("VectorizeTransformReward", {"wrapper": ClipReward, "min_reward": -1, "max_reward": 1}, None),
]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def skip_where_installed(refused: str | None) -> None:
    if refused == NOT_HERE and importlib.util.find_spec("array_api_compat"):
        pytest.skip("these wrappers are only tested without their library")


def wrappers_in(package: Any, base: type) -> set[str]:
    """Return the names of the wrappers that a package exports or any of its modules defines."""
    found = set(package.__all__) - {"vector"}
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        try:
            contents = vars(importlib.import_module(module.name))
        except ModuleNotFoundError:  # of an optional dependency; the package exports their names
            continue
        found |= {
            name
            for name, value in contents.items()
            if inspect.isclass(value) and issubclass(value, base) and value.__module__ == module.name
        }
    return found


def test_every_wrapper_is_tried() -> None:
    assert {name for name, _, _ in WRAPPERS} == wrappers_in(gymnasium.wrappers, gymnasium.Wrapper)
    vectors = wrappers_in(gymnasium.wrappers.vector, gymnasium.vector.VectorWrapper)
    assert {name for name, _, _ in VECTOR_WRAPPERS} == vectors


def test_the_table_of_the_documentation(root: Path) -> None:
    single = {name: WHY[refused] for name, _, refused in WRAPPERS}  # of two rows of a name, the one that works
    vectors = {name: WHY[refused] for name, _, refused in VECTOR_WRAPPERS}
    rows = [
        f"| `{name}` | {single.get(name, '-')} | {vectors.get(name, '-')} | {NOTES.get(name, '')} |".replace(
            "|  |", "| |"
        )
        for name in sorted({**single, **vectors})
    ]
    text = (root / "docs" / "wrappers.md").read_text(encoding="utf-8")
    assert "\n".join(rows) in text, "docs/wrappers.md should have:\n" + "\n".join(rows)
    assert set(NOTES) <= {**single, **vectors}.keys()


def test_wrappers_of_vector_observations_need_another_autoreset_mode() -> None:
    envs = gymnasium.make_vec("RLEF-Starter-v0", num_envs=2, pool="shared")
    with pytest.raises(ValueError, match="Expected autoreset_mode to be NEXT_STEP or DISABLED"):
        gymnasium.wrappers.vector.TransformObservation(envs, **SAME)


@pytest.mark.skipif(not importlib.util.find_spec("array_api_compat"), reason="needs array_api_compat")
def test_array_conversion_makes_nonsense_of_texts() -> None:
    """Gymnasium takes a text for a sequence of values. Where this fails, it works, and the table can say so."""
    wrapped = gymnasium.wrappers.ArrayConversion(gymnasium.make("RLEF-Starter-v0", judge="shared"), np, np)
    assert str(wrapped.reset(seed=1)[0]).startswith("<generator object")


@pytest.mark.parametrize("environment", ["RLEF-Starter-v0", "RLEF-CodeContests-v0"])
@pytest.mark.parametrize(("name", "arguments", "refused"), WRAPPERS, ids=[name for name, _, _ in WRAPPERS])
def test_wrappers(environment: str, name: str, arguments: dict[str, Any], refused: str | None) -> None:
    skip_where_installed(refused)
    env = TimeLimit(gymnasium.make(environment, judge="shared", render_mode="ansi"), 9)
    if refused is not None:
        with pytest.raises((TypeError, ValueError, ImportError, gymnasium.error.Error), match=refused):
            getattr(gymnasium.wrappers, name)(env, **arguments)
        return
    wrapped = getattr(gymnasium.wrappers, name)(env, **arguments)
    observation, _ = wrapped.reset(seed=1)
    assert observation in wrapped.observation_space
    observation, reward, _, _, info = wrapped.step(ACTION)
    assert observation in wrapped.observation_space
    assert (float(reward), info["turn"]) == (0.0, 2 if name == "RepeatAction" else 1)


@pytest.mark.parametrize(
    ("name", "arguments", "refused"), VECTOR_WRAPPERS, ids=[name for name, _, _ in VECTOR_WRAPPERS]
)
def test_vector_wrappers(name: str, arguments: dict[str, Any], refused: str | None) -> None:
    env = gymnasium.make_vec("RLEF-Starter-v0", num_envs=2, pool="shared", autoreset_mode="NextStep")
    skip_where_installed(refused)
    if refused is not None:
        with pytest.raises((TypeError, ValueError, ImportError, gymnasium.error.Error), match=refused):
            getattr(gymnasium.wrappers.vector, name)(env, **arguments).reset(seed=1)
        return
    wrapped = getattr(gymnasium.wrappers.vector, name)(env, **arguments)
    assert wrapped.reset(seed=1)[0] in wrapped.observation_space
    observations, rewards, *_ = wrapped.step((ACTION, ACTION))
    assert observations in wrapped.observation_space
    assert rewards.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("space", [ProgramText(9), Dict({"a": ProgramText(9)}), Tuple([ProgramText(9)])], ids=repr)
def test_texts_cannot_be_flattened(space: Any) -> None:
    with pytest.raises(UsageError, match=r"TransformObservation.*flatten=False"):
        flatten_space(space)
    with pytest.raises(UsageError, match=FLATTENED):
        flatten(space, {"a": "x"} if isinstance(space, Dict) else ("x",) if isinstance(space, Tuple) else "x")
    with pytest.raises(ValueError, match="flatten"):  # for a Dict and a Tuple the error is Gymnasium's
        flatdim(space)
    if isinstance(space, ProgramText):
        with pytest.raises(UsageError, match=FLATTENED):
            unflatten(space, np.zeros(1))
