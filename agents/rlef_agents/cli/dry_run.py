"""``rlef-agents train --dry-run``: one update with a tiny random model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rlef_agents.ppo.config import TrainConfig

__all__ = ["dry_run"]

DRY_RUN_DATASET: Final = "procedural?count=20"


def dry_run(config: TrainConfig) -> None:
    """Run one update with a tiny random model of the same architecture, then delete everything."""
    import tempfile

    from rlef_agents.ppo.generation.model_settings import max_context
    from rlef_agents.ppo.trainer import Trainer
    from rlef_agents.tiny.shrunk import shrunk

    config = without_downloads(config)
    model, tokenizer = shrunk(config.model or "llama")
    samples = config.samples_per_problem
    with tempfile.TemporaryDirectory() as folder:
        small = replace(
            config, episodes=4 * samples, minibatches=2, updates=1, max_new=16,
            context=min(8192, max_context(model.config)), generator="local", max_lag=0, out=folder,
            evaluate_every=1, evaluate_episodes=4, save_every=1, evaluations=[], best_by="",
            sampling="uniform", difficulty_weights={},  # the data set may be another one
            device="cpu", model=config.model or "llama", judge="local", evaluate_n_at_k="", evaluate_samples=1,
        )  # fmt: skip
        print(
            f"dry run: {type(model).__name__} with random weights, {model.num_parameters():,} of them; "
            f"problems of {config.dataset}"
        )
        with Trainer(small, model, tokenizer, live=False) as trainer:
            trainer.train()
    print("dry run: one update, one evaluation and one checkpoint were done; nothing was kept")


def without_downloads(config: TrainConfig) -> TrainConfig:
    """Replace data sets that would be downloaded by generated problems, and print which ones."""
    from rlef_agents.ppo.problems import is_downloaded

    names = {name for name in (config.dataset, config.evaluate_dataset) if is_downloaded(name)}
    for name in sorted(names):
        print(f"dry run: {name} is on the Hugging Face hub and is not downloaded; {DRY_RUN_DATASET} replaces it")
    if config.evaluate_dataset in names or (config.dataset in names and not config.evaluate_dataset):
        config = replace(config, evaluate_dataset=config.evaluate_dataset and DRY_RUN_DATASET, evaluate_split="")
    return replace(config, dataset=DRY_RUN_DATASET) if config.dataset in names else config
