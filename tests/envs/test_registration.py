"""Every registered id, through Gymnasium's own checks, alone and in vector environments."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.registration import registry
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

import rlef_env
from rlef_env.envs import CodeEnv
from rlef_env.envs.registration import register_environments
from rlef_env.problems import Dataset, write_jsonl
from tests.envs.samples import DOUBLE, SUM, SUM_CRASHES, SUM_PASSES_PUBLIC, SUM_RIGHT, SUM_WRONG, TINY, fenced

NOT_CODECONTESTS = "NOT CodeContests"


@pytest.fixture(scope="module")
def tiny_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write the tiny data set to a file, which a spec can name."""
    path = tmp_path_factory.mktemp("data") / "tiny.jsonl"
    write_jsonl(path, [SUM, DOUBLE])
    return str(path)


@pytest.mark.parametrize("name", ["RLEF-CodeContests-v0", "RLEF-Starter-v0"])  # the others: test_benchmarks.py
def test_gymnasium_finds_no_fault(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Only this warning is expected: this is not CodeContests.
        warnings.filterwarnings("ignore", message=f".*{NOT_CODECONTESTS}")
        env = gymnasium.make(name)
        check_env(env.unwrapped)
        env.close()


@pytest.mark.parametrize("feedback", ["public", "none", "random", "private"])
@pytest.mark.parametrize("max_turns", [1, 3])
def test_gymnasium_finds_no_fault_in_any_mode(tiny_file: str, feedback: str, max_turns: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make("RLEF-CodeContests-v0", dataset=tiny_file, feedback=feedback, max_turns=max_turns)
        check_env(env.unwrapped)
        env.close()


def test_a_warning_where_no_data_is_named(tiny_file: str) -> None:
    with pytest.warns(UserWarning, match=NOT_CODECONTESTS):
        env = gymnasium.make("RLEF-CodeContests-v0")
    assert env.reset(seed=0)[1]["dataset"] == "Starter"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gymnasium.make("RLEF-Starter-v0").reset(seed=0)[1]["dataset"] == "Starter"
        assert gymnasium.make("RLEF-CodeContests-v0", dataset=tiny_file).reset(seed=0)[1]["dataset"] == "tiny"


def test_a_spec_can_be_stored_and_made_again(tiny_file: str) -> None:
    env = gymnasium.make("RLEF-CodeContests-v0", dataset=tiny_file, max_turns=2, reward={"outcome": 2.0})
    assert env.spec is not None
    again = gymnasium.make(gymnasium.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert isinstance(again.unwrapped, CodeEnv)
    assert again.unwrapped.config.max_turns == 2
    assert again.reset(seed=1) == env.reset(seed=1)
    assert env.spec.max_episode_steps is None


def test_registering_twice_is_silent() -> None:
    before = dict(registry)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        register_environments()
    assert registry == before


# Vector environments

STEPS = [
    [SUM_WRONG, fenced("print('é😀')"), "nothing with ü", fenced("raise ValueError('ñ')")],
    [SUM_CRASHES, SUM_RIGHT, SUM_PASSES_PUBLIC, "日本語"],
    [SUM_WRONG] * 4,
    [SUM_CRASHES] * 4,
]


def run_vector(tiny_file: str, mode: str, **vector_arguments: Any) -> list[Any]:
    """Return what four environments return over some steps, as plain values."""
    envs = gymnasium.make_vec(
        "RLEF-CodeContests-v0",
        4,
        vectorization_mode=mode,
        vector_kwargs=vector_arguments,
        dataset=tiny_file,
        feedback="random",
    )
    try:
        observations, infos = envs.reset(seed=11)
        record: list[Any] = [observations, plain(infos)]
        for actions in STEPS:
            observations, *numbers, infos = envs.step(actions)
            assert observations in envs.observation_space
            record += [observations, plain(numbers), plain(infos)]
        return record
    finally:
        envs.close()


def plain(value: Any) -> Any:
    """Return arrays as lists, so that nested values can be compared."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, np.ndarray)):
        return [plain(item) for item in value]
    return value


@pytest.mark.parametrize("autoreset", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_async_and_sync_return_the_same(tiny_file: str, autoreset: AutoresetMode) -> None:
    expected = run_vector(tiny_file, "sync", autoreset_mode=autoreset)
    assert run_vector(tiny_file, "async", autoreset_mode=autoreset) == expected
    assert run_vector(tiny_file, "async", autoreset_mode=autoreset, shared_memory=False) == expected
    assert [type(observations) for observations in expected[2::3]] == [tuple] * len(STEPS)
    assert "Your code failed" in str(expected)


def test_async_observations_are_new_and_non_ascii_programs_arrive(tiny_file: str) -> None:
    envs = gymnasium.make_vec("RLEF-CodeContests-v0", 4, vectorization_mode="async", dataset=tiny_file)
    try:
        first, _ = envs.reset(options={"problem_id": "sum"})
        kept = tuple(first)
        # The judge would not accept "ü" if it were cut or replaced in transit.
        second, *_ = envs.step([fenced(f"raise ValueError('ü😀{i}')") for i in range(4)])
        third, *_ = envs.step(["no program"] * 4)
        assert first == kept
        assert all("ä and ß" in text for text in first)
        assert [f"ValueError: ü😀{i}\n" in text for i, text in enumerate(second)] == [True] * 4
        assert all(text.startswith("Could not parse") for text in third)
    finally:
        envs.close()


@pytest.mark.parametrize("mode", ["sync", "async", None])
def test_a_reward_may_be_a_closure_in_every_vector_mode(tiny_file: str, mode: Any) -> None:
    worth = 0.25
    envs = gymnasium.make_vec(
        "RLEF-CodeContests-v0", 2, vectorization_mode=mode, dataset=tiny_file, reward=lambda turn, final: worth + final
    )
    try:
        envs.reset(seed=0)
        assert envs.step(["no program"] * 2)[1].tolist() == [0.25, 0.25]
    finally:
        envs.close()


def step_in_child(env: CodeEnv, out: Any) -> None:
    env.reset(options={"problem_id": "sum"})
    out.put((env.step(SUM_RIGHT)[1], env._own_judge is not None))


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="uses the fork start method by name")
def test_a_forked_process_gets_its_own_judge() -> None:
    with rlef_env.Judge() as judge:
        env = CodeEnv(Dataset("tiny", "Tiny", TINY.problems), judge=judge)
        env.reset(options={"problem_id": "sum"})
        env.step(SUM_WRONG)
        context = multiprocessing.get_context("fork")
        out = context.Queue()
        child = context.Process(target=step_in_child, args=(env, out), daemon=True)
        child.start()
        assert out.get(timeout=250) == (1.0, True)
        child.join(250)
        assert env.step(SUM_RIGHT)[1] == 1.0  # the parent's judge still works


# Importing


def test_importing_the_package_is_light() -> None:
    code = (
        "import sys, rlef_env, gymnasium\n"
        "heavy = {'torch', 'transformers', 'rich', 'pandas', 'datasets', 'ray'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert 'RLEF-CodeContests-v0' in gymnasium.registry\n"
        "assert set(rlef_env.__all__) <= set(dir(rlef_env))\n"
        "print(*(getattr(rlef_env, name) for name in rlef_env.__all__))\n"
        "heavy = {'torch', 'transformers', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=250, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_problem_can_be_built_from_the_packages_own_names() -> None:
    problem = rlef_env.Problem(
        "p", "s", (rlef_env.Test("1", "1"),), checker=rlef_env.CheckerSpec(), solutions=(rlef_env.Solution("x"),)
    )
    assert {"CheckerSpec", "Problem", "Solution", "Test"} <= set(rlef_env.__all__)
    assert list(problem.tests()) == [("public", 0, rlef_env.Test("1", "1"))]


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Sandbox'"):
        _ = rlef_env.Sandbox  # type: ignore[attr-defined]


def test_the_version_is_the_distributions() -> None:
    assert (
        f'version = "{rlef_env.__version__}"' in (Path(rlef_env.__file__).parent.parent / "pyproject.toml").read_text()
    )
