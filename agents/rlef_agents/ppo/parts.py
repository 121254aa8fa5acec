"""Parts of a run, made from its settings: model, renderer, environments and judge."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rlef_agents.ppo import parallel
from rlef_agents.ppo.chat_template import Renderer, model_stops, read_template
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.construction import Source
from rlef_agents.ppo.generation.model_settings import max_context
from rlef_agents.ppo.loading import read_empty_model, read_model
from rlef_agents.ppo.network import base
from rlef_agents.ppo.problems import Problems
from rlef_env import CodeVectorEnv, JudgePool
from rlef_env.errors import UsageError
from rlef_env.judge import BaseJudgePool, CachedPool, VerdictCache, default_workers

__all__ = ["check_context", "env_arguments", "load_empty_model", "load_model", "make_env", "make_pool", "make_renderer"]


def check_context(config: TrainConfig, model: Any) -> None:
    """Refuse a context that is longer than the model's, before anything is sampled."""
    longest = max_context(base(model).config)
    if config.context > longest:
        raise UsageError(
            f"context: expected at most {longest} tokens, which is the model's max_position_embeddings, got "
            f"{config.context}; set context={longest}"
        )


def make_renderer(tokenizer: Any, model: Any, config: TrainConfig) -> Renderer:
    """Create the renderer of conversations from the configuration."""
    return Renderer(
        tokenizer,
        read_template(config.chat_template),
        config.chat_template_options,
        config.system,
        config.date,
        model_stops(model),
        [(each["user"], each["assistant"]) for each in config.few_shot],
        config.prefill,
    )


def make_env(config: TrainConfig, problems: Problems, count: int, pool: BaseJudgePool, tokenizer: Any) -> CodeVectorEnv:
    """Create environments for ``Rollout`` from the configuration."""
    return CodeVectorEnv(count, pool=pool, autoreset_mode="Disabled", **env_arguments(config, problems, tokenizer))


def env_arguments(config: TrainConfig, problems: Problems, tokenizer: Any) -> dict[str, Any]:
    """Return the arguments of an environment, which counts prompts and feedback in the model's own tokens."""
    return {
        "tokenizer": tokenizer,
        "dataset": problems.dataset,
        "split": problems.split,
        "max_turns": config.turns,
        "feedback": config.feedback,
        "reward": config.reward,
        "prompt_cap": config.prompt_cap or None,
        "feedback_cap": config.feedback_cap or None,
    }


def make_pool(config: TrainConfig, workers: int | None, verdicts: str | None, stack: ExitStack) -> BaseJudgePool:
    """Create the judge, on this machine or on a Ray cluster.

    Args:
        config: settings of the run.
        workers: programs judged at a time, on this machine or on the cluster; its number of cores where None.
        verdicts: file of verdicts to share with other runs.
        stack: closes the judge at the end.
    """
    if config.judge == "ray":
        from rlef_env.judge.pool.ray import RayJudgePool

        if workers is None and parallel.world() > 1:
            raise UsageError("--workers: expected the number of programs that the cluster judges at a time, got none")
        share = None if workers is None else max(1, workers // parallel.world())
        pool: BaseJudgePool = RayJudgePool(config.judge_address or None, share)
    else:
        pool = JudgePool(max(1, (workers or default_workers()) // parallel.on_this_machine()))
    stack.enter_context(pool)
    cache = VerdictCache(path=verdicts)
    stack.callback(cache.close)
    return stack.enter_context(CachedPool(pool, cache))


def load_model(
    name: str, config: TrainConfig, report: Callable[[dict[str, float]], None] = lambda _: None
) -> tuple[Any, Any]:
    """Load a model and its tokenizer; without a name, make and clone the tiny one in the run's folder.

    Args:
        name: name of the model, as ``read_model`` takes it.
        config: settings of the run.
        report: called with the metrics of each step of cloning.
    """
    return read_model(name or made_start(config, report), config.device)


def load_empty_model(config: TrainConfig) -> tuple[Any, Any, Source]:
    """Return a run's model without weights, its tokenizer and the source of its weights; see ``read_empty_model``."""
    return read_empty_model(config.model or made_start(config), config.device)


def made_start(config: TrainConfig, report: Callable[[dict[str, float]], None] = lambda _: None) -> str:
    """Make and clone the tiny model in the run's folder, unless it is there; return its folder."""
    from rlef_agents.tiny import make_start

    folder = Path(config.out) / "start"
    parallel.join()
    if parallel.rank() == 0:
        make_start(folder, config.seed, report)
    parallel.wait_for_all()
    return str(folder)
