"""The ``rlef-agents`` command: ``train``, ``sft``, ``eval``, ``play`` and ``export``.

``rlef_env.command_line`` has its exit codes and its one-line errors.
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rlef_env.command_line import OneLineParser, SubcommandParser, run_command
from rlef_env.errors import UsageError

if TYPE_CHECKING:
    from rlef_agents.ppo.config import TrainConfig

__all__ = ["main"]

DRY: Final = "procedural?count=20"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: the arguments after its name; ``sys.argv`` where None.

    Returns:
        The exit code.
    """
    # PyTorch's threads would otherwise spin while they wait, on the cores that judge; read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    def run() -> None:
        arguments = parser().parse_args(argv)
        no_bars()
        try:
            arguments.run(arguments)
        except KeyboardInterrupt:
            hint = "; `rlef-agents train ... --resume` continues from the last checkpoint"
            raise KeyboardInterrupt("stopped" + (hint if arguments.run is train else "")) from None

    return run_command("rlef-agents", run)


def no_bars() -> None:
    """Neither bars for files of weights between the lines of a run, nor a line for each attempt to reach the hub."""
    from huggingface_hub.utils import logging as hub_logging
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def parser() -> argparse.ArgumentParser:
    """The arguments of all five."""
    whole = OneLineParser(prog="rlef-agents", description=(__doc__ or "").splitlines()[0])
    commands = whole.add_subparsers(required=True, metavar="COMMAND", parser_class=SubcommandParser)

    train_ = command(commands, "train", train, "train a model on execution feedback (PPO, as in RLEF)")
    add_config(train_)
    train_.add_argument("--resume", action="store_true", help="go on from the last checkpoint in `out`")
    train_.add_argument("--dry-run", action="store_true", help="one update with a shrunk random model, nothing kept")
    train_.add_argument("--minutes", type=above_zero, help="stop after the first update that ends later than this")
    train_.add_argument("--plain", action="store_true", help="a line per update in the place of a live table")

    sft_ = command(commands, "sft", clone, "clone responses of stored conversations")
    sft_.add_argument("model", help="a model for from_pretrained, or `tiny`: made here, cloned from generated ones")
    sft_.add_argument("--data", help='JSON lines: {"messages": [...]}, or episodes as rlef-env stores them')
    sft_.add_argument("--out", required=True, help="folder for the model; must not be there yet")
    sft_.add_argument("--chat-template", help="chatml, llama3, qwen3 or a file, in the place of the tokenizer's own")
    add_sft_fields(sft_)

    eval_ = command(commands, "eval", evaluate_, "solve rate of a model on the validation problems")
    eval_.add_argument("model", help="a model for from_pretrained, or the folder of a run (its best policy)")
    add_config(eval_)
    eval_.add_argument("--split", default="", help="train, valid or test; the configuration's by default")
    eval_.add_argument("--episodes", type=count, default=0, help="0: of every problem")
    eval_.add_argument("--samples", type=int, help="episodes of each problem; the configuration's by default")
    eval_.add_argument("--n-at-k", action="append", metavar="N@K", help="estimate 10@100, say; may be given again")
    eval_.add_argument("--top-p", type=float, help="the configuration's by default; the paper's is 0.95")
    eval_.add_argument("--temperature", type=temperature, action="append", help="may be given again; 0.2 by default")

    play_ = command(
        commands, "play", play, "watch a model answer validation problems: an episode in full, and how many it solved"
    )
    play_.add_argument("model", help="a model for from_pretrained, or the folder of a run (its best policy)")
    add_config(play_, judging=False)
    play_.add_argument("--episodes", type=int, default=8, help="8 by default; the first with a feedback is shown")
    play_.add_argument("--temperature", type=temperature, default=1.0, help="1 by default")

    export_ = command(commands, "export", export, "write the policy of a checkpoint for from_pretrained and vLLM")
    export_.add_argument("checkpoint", help="a run, a checkpoint, or a policy folder")
    export_.add_argument("out", help="folder for the model; must not be there yet")
    export_.add_argument("--dtype", default="float32", choices=("float32", "bfloat16", "float16"))
    return whole


def number(kind: Callable[[str], float], accepts: Callable[[float], bool], expected: str) -> Callable[[str], Any]:
    """What argparse reads a number with, and refuses one that has no meaning."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = float("nan")
        if not accepts(value):
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
        return value

    return read


above_zero = number(float, lambda value: value > 0, "a number above 0")
temperature = number(float, lambda value: 0 <= value < float("inf"), "0 or a number above it")
count = number(int, lambda value: value >= 0, "a whole number, 0 or more")
workers = number(int, lambda value: value >= 1, "a whole number, 1 or more")


def command(commands: Any, name: str, run: Callable[[Any], None], text: str) -> argparse.ArgumentParser:
    """Add a subcommand."""
    made: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    made.set_defaults(run=run)
    return made


def add_config(command: argparse.ArgumentParser, judging: bool = True) -> None:
    """Add what says how to train or evaluate, and how to judge."""
    command.add_argument("config", help="a TOML file, or a preset: tiny, small, llama-3.1-8b, llama-3.1-70b")
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting")
    if not judging:
        return
    command.add_argument("--workers", type=workers, help="programs judged at a time; the number of cores by default")
    command.add_argument("--verdicts", metavar="FILE", help="share the verdicts of known programs with other runs")


def add_sft_fields(command: argparse.ArgumentParser) -> None:
    """Add an option for each field of ``SftConfig``; unset ones keep the defaults."""
    from rlef_agents.ppo.config import field_docs
    from rlef_agents.ppo.sft import SftConfig

    docs = field_docs(SftConfig)
    for field in fields(SftConfig):
        text = f"{docs[field.name]}; {field.default} by default"
        name = "--" + field.name.replace("_", "-")
        if isinstance(field.default, bool):
            command.add_argument(name, dest=field.name, action="store_true", default=None, help=text)
        else:
            command.add_argument(name, dest=field.name, type=type(field.default), help=text)


def train(arguments: Any) -> None:
    """Train, to the end or for some minutes."""
    from rlef_agents.ppo import parallel
    from rlef_agents.ppo.sinks import read_metrics
    from rlef_agents.ppo.trainer import Trainer

    config = read_config(arguments)
    if arguments.dry_run:
        dry_run(config)
        return
    began = time.monotonic()
    limit = float("inf") if arguments.minutes is None else 60.0 * arguments.minutes
    model, tokenizer = tiny_start(config) if not config.model else (None, None)
    with Trainer(
        config, model, tokenizer, workers=arguments.workers, verdicts=arguments.verdicts, resume=arguments.resume,
        live=not arguments.plain,
    ) as trainer:  # fmt: skip
        trainer.train(stop=lambda: time.monotonic() - began > limit)
        evaluations = [row for row in read_metrics(trainer.log.path) if row["kind"] == "evaluate"]
        rates = [row["solve_rate"] for row in evaluations if "solve_rate" in row]
        if rates and parallel.rank() == 0:
            print(
                f"solved on {trainer.evaluated}: {rates[0]:.3f} before, {rates[-1]:.3f} now, {trainer.best:.3f} at best"
            )
            print(f"the best policy is in {trainer.out / 'best'}, for from_pretrained and `rlef-agents eval`")
    parallel.leave()


def dry_run(config: TrainConfig) -> None:
    """One update with a random model of the same architecture, shrunk; then all is deleted."""
    import tempfile

    from rlef_agents.ppo.generation.model_settings import max_context
    from rlef_agents.ppo.trainer import Trainer
    from rlef_agents.tiny.shrunk import shrunk

    config = with_stand_ins(config)
    model, tokenizer = shrunk(config.model or "llama")
    samples = config.samples_per_problem
    with tempfile.TemporaryDirectory() as folder:
        small = replace(
            config, episodes=4 * samples, minibatches=2, updates=1, max_new=16,
            context=min(8192, max_context(model.config)), generator="local", max_lag=0, out=folder,
            evaluate_every=1, evaluate_episodes=4, save_every=1,
            device="cpu", model=config.model or "llama", judge="local", evaluate_n_at_k="", evaluate_samples=1,
        )  # fmt: skip
        print(
            f"dry run: {type(model).__name__} with random weights, {model.num_parameters():,} of them; "
            f"problems of {config.dataset}"
        )
        with Trainer(small, model, tokenizer, live=False) as trainer:
            trainer.train()
    print("dry run: one update, one evaluation and one checkpoint were done; nothing was kept")


def with_stand_ins(config: TrainConfig) -> TrainConfig:
    """The configuration with generated problems for data sets that would have to be downloaded, which it says."""
    from rlef_agents.ppo.problems import is_downloaded

    names = {name for name in (config.dataset, config.evaluate_dataset) if is_downloaded(name)}
    for name in sorted(names):
        print(f"dry run: {name} is on the Hugging Face hub and is not read; {DRY} stands in for it")
    if config.evaluate_dataset in names or (config.dataset in names and not config.evaluate_dataset):
        config = replace(config, evaluate_dataset=config.evaluate_dataset and DRY, evaluate_split="")
    return replace(config, dataset=DRY) if config.dataset in names else config


def clone(arguments: Any) -> None:
    """Clone responses, and save the model."""
    from rlef_agents.ppo.chat_template import Renderer, model_stops, read_template
    from rlef_agents.ppo.config import TrainConfig
    from rlef_agents.ppo.sft import SftConfig, read_chats, sft
    from rlef_agents.ppo.trainer import load_model

    out = free(arguments.out)
    given = {field.name: getattr(arguments, field.name) for field in fields(SftConfig)}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.model == "tiny":
        from rlef_agents.tiny import make_start

        if arguments.data is not None or set(given) - {"seed"}:
            raise UsageError("sft tiny: expected no option but --out and --seed; its conversations are generated")
        make_start(out, given.get("seed", 0), say_step)
    else:
        if arguments.data is None:
            raise UsageError("--data: expected a file of conversations; only `sft tiny` generates its own")
        model, tokenizer = load_model(arguments.model, TrainConfig())
        renderer = Renderer(tokenizer, read_template(arguments.chat_template or ""), stops=model_stops(model))
        trained = sft(model, renderer, read_chats(arguments.data), SftConfig(**given), say_step)
        tokenizer.chat_template = renderer.template
        trained.save_pretrained(out)
        tokenizer.save_pretrained(out)
    print(f"the model is in {out}")


def evaluate_(arguments: Any) -> None:
    """Print solve rates; several processes share the episodes."""
    from rlef_agents.ppo import parallel
    from rlef_agents.ppo.chat_template import read_template
    from rlef_agents.ppo.evaluate import evaluate, evaluation_plans
    from rlef_agents.ppo.generators import make_generator
    from rlef_agents.ppo.n_at_k import check_n_at_k
    from rlef_agents.ppo.problems import evaluation_problems
    from rlef_agents.ppo.rollout import Rollout
    from rlef_agents.ppo.trainer import (
        EVALUATED_AT_ONCE,
        EVALUATION_SEED,
        check_context,
        load_model,
        make_env,
        make_pool,
        make_renderer,
        with_date,
    )  # fmt: skip

    config = read_config(arguments)
    samples = config.evaluate_samples if arguments.samples is None else arguments.samples
    top_p = config.evaluate_top_p if arguments.top_p is None else arguments.top_p
    wanted = check_n_at_k(" ".join(arguments.n_at_k or [config.evaluate_n_at_k]), config.turns, samples, "--samples")
    if samples < 1 or not 0 < top_p <= 1:
        raise UsageError(f"expected --samples of 1 or more and --top-p above 0 and at most 1, got {samples}, {top_p}")
    if config.generator == "vllm":
        config = replace(config, generator="local")
    parallel.join()
    share = parallel.rank(), parallel.world()
    read_template(config.chat_template)  # what is wrong is said before a model is read
    problems, config = evaluation_problems(config, arguments.split), with_date(config, Path(arguments.model))
    model, tokenizer = load_model(named_policy(arguments.model), config)
    check_context(config, model)
    renderer = make_renderer(tokenizer, model, config)
    if problems.note and parallel.rank() == 0:
        print(f"evaluation: {problems.note}")
    with ExitStack() as stack:
        pool = make_pool(config, arguments.workers, arguments.verdicts, stack)
        for temperature in arguments.temperature or [0.2]:
            env = make_env(config, problems, EVALUATED_AT_ONCE, pool, tokenizer)
            plans = evaluation_plans(env.dataset, arguments.episodes, env.num_envs, EVALUATION_SEED, samples, *share)
            generator = make_generator(config, model, renderer.stop_ids, temperature, top_p)
            found = evaluate(Rollout(generator, renderer, [env], config.max_new, config.context), plans, wanted)
            named = "  ".join(f"{name} {value:.4g}" for name, value in found.items())
            settings = f"feedback {config.feedback}, temperature {temperature:g}, top-p {top_p:g}"
            if parallel.rank() == 0:
                print(f"{problems.label}, {settings}: {named}", flush=True)
    parallel.leave()


def play(arguments: Any) -> None:
    """Play, print the first episode that has a feedback in it, and how many were solved."""
    from rlef_agents.hf_agent import HFAgent
    from rlef_agents.ppo.chat_template import read_template
    from rlef_agents.ppo.problems import evaluation_problems
    from rlef_agents.ppo.trainer import check_context, env_arguments, load_model, make_renderer, with_date
    from rlef_env import CodeEnv
    from rlef_env.agents import play as play_episodes

    config = read_config(arguments)
    if arguments.episodes < 1:
        raise UsageError(f"--episodes: expected 1 or more, got {arguments.episodes}")
    read_template(config.chat_template)  # what is wrong is said before a model is read
    problems, config = evaluation_problems(config), with_date(config, Path(arguments.model))
    model, tokenizer = load_model(named_policy(arguments.model), config)
    check_context(config, model)
    agent = HFAgent(
        model, tokenizer, temperature=arguments.temperature, max_new=config.max_new, seed=config.seed,
        renderer=make_renderer(tokenizer, model, config), context=config.context, dtype=config.dtype,
        top_p=config.evaluate_top_p,
    )  # fmt: skip
    with CodeEnv(**env_arguments(config, problems, tokenizer)) as env:
        episodes = play_episodes(agent, env, arguments.episodes, seed=config.seed)
    shown = next((episode for episode in episodes if len(episode.turns) > 1), episodes[0])
    print(f"{shown.problem_id}\n\n{indented(shown.prompt)}")
    for number, turn in enumerate(shown.turns, start=1):
        verdict = turn.judgement.verdict.value.replace("_", " ")
        print(f"\nresponse {number}: {verdict}\n\n{indented(turn.response)}")
        if turn.feedback and number < len(shown.turns):
            print(f"\nfeedback\n\n{indented(turn.feedback)}")
    lost = [episode.turns[-1].judgement.category for episode in episodes if episode.truncated]
    solved = sum(episode.solved for episode in episodes)
    print(f"\nof {len(episodes) - len(lost)} episodes {solved} were solved", flush=True)
    if lost:
        starved = f"; of {lost.count('starved')} the machine was too busy, see rlef doctor" if "starved" in lost else ""
        print(f"{len(lost)} more have no verdict and do not count{starved}", flush=True)


def indented(text: str) -> str:
    """What somebody said, set off from what we say."""
    return textwrap.indent(text.rstrip(), "    ", lambda _: True)


def export(arguments: Any) -> None:
    """Write a model that ``from_pretrained`` reads whole."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out, policy = free(arguments.out), policy_folder(Path(arguments.checkpoint))
    if (policy / "adapter_config.json").exists():
        from peft import AutoPeftModelForCausalLM

        adapted: Any = AutoPeftModelForCausalLM.from_pretrained(policy)
        model: Any = adapted.merge_and_unload()
    else:
        model = AutoModelForCausalLM.from_pretrained(policy)
    model.to(getattr(torch, arguments.dtype)).save_pretrained(out)
    AutoTokenizer.from_pretrained(policy).save_pretrained(out)
    print(f"{out}: read it with from_pretrained, or serve it with `vllm serve {out}`")


def named_policy(model: str) -> str:
    """What ``from_pretrained`` is to read: a name as it is, of a folder the policy in it."""
    return str(policy_folder(Path(model))) if Path(model).is_dir() else model


def policy_folder(path: Path) -> Path:
    """The policy in a run (its best, else that of its last checkpoint), in a checkpoint, or the folder itself."""
    from rlef_agents.ppo.checkpoint import latest

    last = latest(path / "checkpoints")
    candidates = [path / "best", path / "policy", path, *([last / "policy"] if last else [])]
    for folder in candidates:
        if any((folder / name).exists() for name in ("config.json", "adapter_config.json")):
            return folder
    raise UsageError(f"checkpoint: expected a run, a checkpoint or a model, got {str(path)!r}")


def read_config(arguments: Any) -> TrainConfig:
    """The configuration that the arguments name."""
    from rlef_agents.ppo.config import load_config

    return load_config(arguments.config, arguments.set)


def tiny_start(config: TrainConfig) -> tuple[Any, Any]:
    """The small model, cloned; made on the first run."""
    import torch

    from rlef_agents.ppo.trainer import load_model

    torch.set_num_threads(1)  # its matrices are too small to share, and the judge has work for the other cores
    return load_model("", config, say_step)


def say_step(metrics: dict[str, float]) -> None:
    """Print how cloning goes, now and then."""
    step, steps = int(metrics["step"]), int(metrics["steps"])
    if step % 25 == 0 or step == steps:
        rate = metrics["tokens_per_second"]
        print(f"cloning: step {step}/{steps}  loss {metrics['loss']:.3f}  tokens/s {rate:,.0f}", flush=True)


def free(folder: str) -> Path:
    """A folder that is not there yet."""
    path = Path(folder)
    if path.exists():
        raise UsageError(f"out: expected a folder that is not there yet, got {folder!r}")
    return path


if __name__ == "__main__":
    sys.exit(main())
