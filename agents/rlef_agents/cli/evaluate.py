"""``rlef-agents eval``: evaluate a model with the settings of a configuration."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import Any, Final

from rlef_agents.cli.arguments import add_evaluated_model, add_judge_options, count, temperature
from rlef_agents.cli.model_agent import model_agent
from rlef_agents.cli.settings import evaluated_config
from rlef_env.errors import UsageError

__all__ = ["HELP", "add_arguments", "run"]

HELP: Final = "evaluate a model on the validation problems, as `rlef eval` does"

EVALUATED_AT_ONCE: Final = 128
"""Episodes that are played at the same time by default."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef-agents eval``."""
    from rlef_env.cli.evaluate import add_run_arguments

    add_evaluated_model(parser)
    add_judge_options(parser)
    parser.add_argument("--evaluation", default="", metavar="NAME", help="a set of `evaluations`; default: `best_by`")
    parser.add_argument("--split", default="", help="train, valid or test; default: the configuration's")
    parser.add_argument("--limit", type=count, default=0, help="only the first problems; default 0: all of them")
    parser.add_argument("--samples", type=int, help="episodes per problem; default: the configuration's")
    parser.add_argument("--n-at-k", metavar="N@K,...", help="n@k to estimate, such as 1@3,10@100")
    parser.add_argument("--top-p", type=float, help="default: the configuration's; the paper uses 0.95")
    parser.add_argument("--temperature", type=temperature, help="default: the configuration's")
    parser.add_argument("--seed", type=count, default=0, help="default: 0")
    add_run_arguments(parser)
    parser.set_defaults(concurrency=EVALUATED_AT_ONCE)


def run(arguments: Any) -> None:
    """Evaluate a model with the settings of a configuration; several processes share the episodes."""
    from rlef_agents.ppo import parallel
    from rlef_agents.ppo.evaluate import evaluated_problems
    from rlef_agents.ppo.parts import env_arguments, make_pool
    from rlef_agents.ppo.problems import evaluation_problems
    from rlef_env.analysis.evaluation import Evaluation, new_folder
    from rlef_env.analysis.metrics import check_n_at_k
    from rlef_env.cli.evaluate import play_and_report

    config = evaluated_config(arguments).evaluation_config(arguments.evaluation)
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
        env={name: env[name] for name in ("tokenizer", "reward", "prompt_cap", "feedback_cap")},
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
