"""Command ``rlef-agents``: train, clone, evaluate, watch and export models.

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
    from rlef_env.agents import NamedAgent

__all__ = ["main"]

DRY_RUN_DATASET: Final = "procedural?count=20"

EVALUATED_AT_ONCE: Final = 128
"""Episodes that `rlef-agents eval` plays at the same time by default."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: arguments after the command's name; those of ``sys.argv`` if None.

    Returns:
        The exit code.
    """
    # Otherwise PyTorch's idle threads spin on the cores that the judge needs. Set before torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    def run() -> None:
        arguments = parser().parse_args(argv)
        quiet_libraries()
        try:
            arguments.run(arguments)
        except KeyboardInterrupt as error:
            hint = "; `rlef-agents train ... --resume` continues from the last checkpoint"
            raise KeyboardInterrupt(str(error) or "stopped" + (hint if arguments.run is train else "")) from None

    return run_command("rlef-agents", run)


def quiet_libraries() -> None:
    """Turn off progress bars for weight files, and a line for each attempt to connect to the hub."""
    from huggingface_hub.utils import logging as hub_logging
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def parser() -> argparse.ArgumentParser:
    """Return the parser of all subcommands."""
    from rlef_agents.baselines import command as baseline
    from rlef_env.cli.evaluate import add_run_arguments

    top = OneLineParser(prog="rlef-agents", description="Train, clone, evaluate, watch and export models.")
    commands = top.add_subparsers(required=True, metavar="COMMAND", parser_class=SubcommandParser)

    train_ = command(commands, "train", train, "train a model on execution feedback (PPO, as in RLEF)")
    add_config(train_)
    train_.add_argument("--resume", action="store_true", help="continue from the last checkpoint in `out`")
    train_.add_argument("--dry-run", action="store_true", help="do one update with a tiny random model, keep nothing")
    train_.add_argument("--minutes", type=above_zero, help="stop after the update during which this time passes")
    train_.add_argument("--plain", action="store_true", help="print one line per update instead of a live table")

    sft_ = command(commands, "sft", clone, "train a model on the responses of stored conversations (cloning)")
    sft_.add_argument("model", help="a model for from_pretrained, or `tiny`: a new small one, generated conversations")
    sft_.add_argument("--data", help='file of JSON lines: {"messages": [...]}, or episodes as rlef-env stores them')
    sft_.add_argument("--out", required=True, help="folder for the model; must not exist yet")
    sft_.add_argument("--chat-template", help="chatml, llama3, qwen3 or a file; default: the tokenizer's own")
    add_sft_fields(sft_)

    eval_ = command(commands, "eval", evaluate_, "evaluate a model on the validation problems, as `rlef eval` does")
    eval_.add_argument("model", help="a model for from_pretrained, or the folder of a run (its best policy)")
    add_config(eval_)
    eval_.add_argument("--split", default="", help="train, valid or test; default: the configuration's")
    eval_.add_argument("--limit", type=count, default=0, help="only the first problems; default 0: all of them")
    eval_.add_argument("--samples", type=int, help="episodes per problem; default: the configuration's")
    eval_.add_argument("--n-at-k", metavar="N@K,...", help="n@k to estimate, such as 1@3,10@100")
    eval_.add_argument("--top-p", type=float, help="default: the configuration's; the paper uses 0.95")
    eval_.add_argument("--temperature", type=temperature, help="default: the configuration's")
    eval_.add_argument("--seed", type=count, default=0, help="default: 0")
    add_run_arguments(eval_)
    eval_.set_defaults(concurrency=EVALUATED_AT_ONCE)

    play_ = command(
        commands, "play", play, "play validation problems; show one episode in full and the number of solved ones"
    )
    play_.add_argument("model", help="a model for from_pretrained, or the folder of a run (its best policy)")
    add_config(play_, judge_options=False)
    play_.add_argument("--episodes", type=int, default=8, help="default: 8; the first one with feedback is shown")
    play_.add_argument("--temperature", type=temperature, default=1.0, help="default: 1")

    sb3_ = command(commands, "sb3", baseline.run, baseline.HELP)
    sb3_.description = baseline.DESCRIPTION
    baseline.add_arguments(sb3_)

    export_ = command(commands, "export", export, "write a checkpoint's policy for from_pretrained and vLLM")
    export_.add_argument("checkpoint", help="folder of a run, a checkpoint or a policy")
    export_.add_argument("out", help="folder for the model; must not exist yet")
    export_.add_argument("--dtype", default="float32", choices=("float32", "bfloat16", "float16"))
    return top


def number(kind: Callable[[str], float], accepts: Callable[[float], bool], expected: str) -> Callable[[str], Any]:
    """Return a function with which argparse reads a number and refuses one out of range."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = float("nan")
        if not accepts(value):
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
        return value

    return read


above_zero = number(float, lambda value: value > 0, "a number > 0")
temperature = number(float, lambda value: 0 <= value < float("inf"), "a number >= 0")
count = number(int, lambda value: value >= 0, "a whole number >= 0")
workers = number(int, lambda value: value >= 1, "a whole number >= 1")


def command(commands: Any, name: str, run: Callable[[Any], None], text: str) -> argparse.ArgumentParser:
    """Add a subcommand."""
    added: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    added.set_defaults(run=run)
    return added


def add_config(command: argparse.ArgumentParser, judge_options: bool = True) -> None:
    """Add the configuration, and the options of the judge."""
    command.add_argument("config", help="a TOML file, or a preset: tiny, small, llama-3.1-8b, llama-3.1-70b")
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting; repeatable")
    if not judge_options:
        return
    command.add_argument("--workers", type=workers, help="programs judged at the same time; default: number of cores")
    command.add_argument("--verdicts", metavar="FILE", help="file of a verdict cache to share with other runs")


def add_sft_fields(command: argparse.ArgumentParser) -> None:
    """Add an option for each field of ``SftConfig``; options that are not given keep the defaults."""
    from rlef_agents.ppo.config_file import field_docs
    from rlef_agents.ppo.sft import SftConfig

    docs = field_docs(SftConfig)
    for field in fields(SftConfig):
        text = f"{docs[field.name]}; default: {field.default}"
        name = "--" + field.name.replace("_", "-")
        if isinstance(field.default, bool):
            command.add_argument(name, dest=field.name, action="store_true", default=None, help=text)
        else:
            command.add_argument(name, dest=field.name, type=type(field.default), help=text)


def train(arguments: Any) -> None:
    """Train to the end, or for some minutes."""
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
            summary = f"{rates[0]:.3f} before, {rates[-1]:.3f} now, {trainer.best:.3f} best"
            print(f"solve rate on {trainer.evaluated}: {summary}")
            print(f"the best policy is in {trainer.out / 'best'}, for from_pretrained and `rlef-agents eval`")
    parallel.leave()


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


def without_downloads(config: TrainConfig) -> TrainConfig:
    """Replace data sets that would be downloaded by generated problems, and print which ones."""
    from rlef_agents.ppo.problems import is_downloaded

    names = {name for name in (config.dataset, config.evaluate_dataset) if is_downloaded(name)}
    for name in sorted(names):
        print(f"dry run: {name} is on the Hugging Face hub and is not downloaded; {DRY_RUN_DATASET} replaces it")
    if config.evaluate_dataset in names or (config.dataset in names and not config.evaluate_dataset):
        config = replace(config, evaluate_dataset=config.evaluate_dataset and DRY_RUN_DATASET, evaluate_split="")
    return replace(config, dataset=DRY_RUN_DATASET) if config.dataset in names else config


def clone(arguments: Any) -> None:
    """Clone responses, and save the model."""
    from rlef_agents.ppo.chat_template import Renderer, model_stops, read_template
    from rlef_agents.ppo.config import TrainConfig
    from rlef_agents.ppo.parts import load_model
    from rlef_agents.ppo.sft import SftConfig, read_chats, sft

    out = new_folder(arguments.out)
    given = {field.name: getattr(arguments, field.name) for field in fields(SftConfig)}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.model == "tiny":
        from rlef_agents.tiny import make_start

        if arguments.data is not None or set(given) - {"seed"}:
            raise UsageError("sft tiny: expected no options except --out and --seed; its conversations are generated")
        make_start(out, given.get("seed", 0), print_step)
    else:
        if arguments.data is None:
            raise UsageError("--data: expected a file of conversations; only `sft tiny` generates its own")
        model, tokenizer = load_model(arguments.model, TrainConfig())
        renderer = Renderer(tokenizer, read_template(arguments.chat_template or ""), stops=model_stops(model))
        trained = sft(model, renderer, read_chats(arguments.data), SftConfig(**given), print_step)
        tokenizer.chat_template = renderer.template
        trained.save_pretrained(out)
        tokenizer.save_pretrained(out)
    print(f"the model is in {out}")


def evaluate_(arguments: Any) -> None:
    """Evaluate a model with the settings of a configuration; several processes share the episodes."""
    from rlef_agents.ppo import parallel
    from rlef_agents.ppo.evaluate import evaluated_problems
    from rlef_agents.ppo.parts import env_arguments, make_pool
    from rlef_agents.ppo.problems import evaluation_problems
    from rlef_env.analysis.evaluation import Evaluation, new_folder
    from rlef_env.analysis.metrics import check_n_at_k
    from rlef_env.cli.evaluate import play_and_report

    config = read_config(arguments)
    samples = config.evaluate_samples if arguments.samples is None else arguments.samples
    top_p = config.evaluate_top_p if arguments.top_p is None else arguments.top_p
    heat = config.evaluate_temperature if arguments.temperature is None else arguments.temperature
    wanted = check_n_at_k(arguments.n_at_k or config.evaluate_n_at_k, config.turns, samples, "--samples")
    if samples < 1 or not 0 < top_p <= 1:
        raise UsageError(f"--samples, --top-p: expected samples >= 1 and 0 < top-p <= 1, got {samples} and {top_p}")
    if arguments.resume and arguments.out is None:
        raise UsageError("--resume: expected --out with the folder of the run to continue")
    parallel.join()
    problems = evaluation_problems(config, arguments.split)
    agent, tokenizer = model_agent(arguments.model, config, heat, top_p, arguments.seed, arguments.concurrency)
    env = env_arguments(config, problems, tokenizer)
    evaluation = Evaluation(
        agent,
        problems.dataset,
        name=config.evaluate_dataset or config.dataset,
        split=problems.split,
        problem_ids=evaluated_problems(problems.dataset, arguments.limit),
        samples=samples,
        turns=config.turns,
        n_at_k=tuple(wanted),
        seed=arguments.seed,
        feedback=config.feedback,
        concurrency=arguments.concurrency,
        env={name: env[name] for name in ("tokenizer", "reward")},
        process=parallel.rank(),
        processes=parallel.world(),
    )
    out = parallel.gathered(arguments.out or new_folder(arguments.model, problems.dataset.label))[0]
    first = parallel.rank() == 0
    if problems.note and first:
        print(f"evaluation: {problems.note}")
    with ExitStack() as stack:
        pool = make_pool(config, arguments.workers, arguments.verdicts, stack)
        if parallel.world() > 1:
            if first:
                evaluation.prepare(out, arguments.resume)
            parallel.wait_for_all()
            arguments.resume = True
        if first:
            play_and_report(arguments, evaluation, out, pool, parallel.wait_for_all)
        else:
            evaluation.play(out, True, None, pool)
            parallel.wait_for_all()
    parallel.leave()


def model_agent(
    model: str, config: TrainConfig, temperature: float, top_p: float, seed: int, slots: int
) -> tuple[NamedAgent, Any]:
    """Load a model, or the best policy of a run, as an agent with the settings of a configuration; and its tokenizer.

    Args:
        model: its name or folder.
        config: settings of rendering, lengths and types.
        temperature: divisor of the logits.
        top_p: share of probability to sample from.
        seed: seed of sampling.
        slots: number of responses that are decoded at the same time.
    """
    import hashlib

    from rlef_agents.hf_agent import HFAgent
    from rlef_agents.ppo.chat_template import read_template
    from rlef_agents.ppo.parts import check_context, load_model, make_renderer
    from rlef_agents.ppo.resume import with_date
    from rlef_env.agents import NamedAgent

    read_template(config.chat_template)  # reports a wrong template before the model is loaded
    config = with_date(config, Path(model))
    loaded, tokenizer = load_model(named_policy(model), config)
    check_context(config, loaded)
    renderer = make_renderer(tokenizer, loaded, config)
    agent = HFAgent(
        loaded, tokenizer, temperature=temperature, max_new=config.max_new, seed=seed, slots=slots, top_p=top_p,
        renderer=renderer, context=config.context, dtype=config.dtype,
    )  # fmt: skip
    # The template, its options, the system message and the date decide the tokens of a prompt.
    prompt = hashlib.sha256(renderer.first("?").tobytes()).hexdigest()[:16]
    return NamedAgent(f"hf:{model}", agent, {**agent.settings, "prompt": prompt}), tokenizer


def play(arguments: Any) -> None:
    """Play, print the first episode with feedback, and the number of solved episodes."""
    from rlef_agents.ppo.parts import env_arguments
    from rlef_agents.ppo.problems import evaluation_problems
    from rlef_env import CodeEnv
    from rlef_env.agents import play as play_episodes

    config = read_config(arguments)
    if arguments.episodes < 1:
        raise UsageError(f"--episodes: expected 1 or more, got {arguments.episodes}")
    problems = evaluation_problems(config)
    agent, tokenizer = model_agent(
        arguments.model, config, arguments.temperature, config.evaluate_top_p, config.seed, slots=1
    )
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
    print(f"\nsolved {solved} of {len(episodes) - len(lost)} episodes", flush=True)
    if lost:
        starved = f", {lost.count('starved')} because the machine was too busy (see rlef doctor)"
        print(f"{len(lost)} more have no verdict and do not count{starved if 'starved' in lost else ''}", flush=True)


def indented(text: str) -> str:
    """Indent a prompt, response or feedback."""
    return textwrap.indent(text.rstrip(), "    ", lambda _: True)


def export(arguments: Any) -> None:
    """Write a policy, adapters merged, as a model for ``from_pretrained``."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out, policy = new_folder(arguments.out), policy_folder(Path(arguments.checkpoint))
    if (policy / "adapter_config.json").exists():
        from peft import AutoPeftModelForCausalLM

        adapted: Any = AutoPeftModelForCausalLM.from_pretrained(policy)
        model: Any = adapted.merge_and_unload()
    else:
        model = AutoModelForCausalLM.from_pretrained(policy)
    model.to(getattr(torch, arguments.dtype)).save_pretrained(out)
    AutoTokenizer.from_pretrained(policy).save_pretrained(out)
    print(f"{out}: load it with from_pretrained, or serve it with `vllm serve {out}`")


def named_policy(model: str) -> str:
    """Return the argument for ``from_pretrained``: the policy in a folder, or any other name unchanged."""
    return str(policy_folder(Path(model))) if Path(model).is_dir() else model


def policy_folder(path: Path) -> Path:
    """Return the folder of a policy: a run's best one, else its last checkpoint's; a checkpoint's; or the path itself.

    Raises:
        UsageError: there is no policy.
    """
    from rlef_agents.ppo.checkpoint import latest

    last = latest(path / "checkpoints")
    candidates = [path / "best", path / "policy", path, *([last / "policy"] if last else [])]
    for folder in candidates:
        if any((folder / name).exists() for name in ("config.json", "adapter_config.json")):
            return folder
    raise UsageError(f"checkpoint: expected the folder of a run, a checkpoint or a policy, got {str(path)!r}")


def read_config(arguments: Any) -> TrainConfig:
    """Return the configuration that the arguments name."""
    from rlef_agents.ppo.config_file import load_config

    return load_config(arguments.config, arguments.set)


def tiny_start(config: TrainConfig) -> tuple[Any, Any]:
    """Return the cloned small model and its tokenizer; the first run creates them."""
    import torch

    from rlef_agents.ppo.parts import load_model

    torch.set_num_threads(1)  # its matrices are too small for several threads, and the judge needs the other cores
    return load_model("", config, print_step)


def print_step(metrics: dict[str, float]) -> None:
    """Print the metrics of every 25th step of cloning and of the last one."""
    step, steps = int(metrics["step"]), int(metrics["steps"])
    if step % 25 == 0 or step == steps:
        rate = metrics["tokens_per_second"]
        print(f"cloning: step {step}/{steps}  loss {metrics['loss']:.3f}  tokens/s {rate:,.0f}", flush=True)


def new_folder(folder: str) -> Path:
    """Return a path if nothing exists there yet."""
    path = Path(folder)
    if path.exists():
        raise UsageError(f"out: expected a path that does not exist yet, got {folder!r}")
    return path


if __name__ == "__main__":
    sys.exit(main())
