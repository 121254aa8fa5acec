"""Episodes written by hand, as short words."""

from __future__ import annotations

from rlef_env.runs import EpisodeFacts, ProblemFacts, TurnFacts

VERDICTS = {"a": "accepted", "w": "wrong_answer", "p": "wrong_answer", "n": "no_program", "c": "compile_error"}


def episode(
    problem: str | ProblemFacts,
    word: str,
    sample: int = 0,
    programs: str = "",
    tokens: int | None = None,
    turns: int = 3,
) -> EpisodeFacts:
    """Return an episode of a problem.

    Args:
        problem: the problem, or its id.
        word: a letter a turn: (a)ccepted, (w)rong, (p)assed the public tests but not the hidden ones, (n)o program,
            (c)ompile error; or ``"?"`` alone for an episode without a verdict.
        sample: its number among those of the problem.
        programs: a letter a turn: the program; every program is new by default.
        tokens: tokens written in each turn.
        turns: turn limit.
    """
    facts = problem if isinstance(problem, ProblemFacts) else ProblemFacts(problem, cluster=problem)
    lost = word == "?"
    return EpisodeFacts(
        problem=facts,
        sample=sample,
        phase="evaluate",
        evaluation="",
        step=None,
        max_turns=turns,
        solved_at=len(word) if word.endswith("a") else 0,
        has_verdict=not lost,
        turns=tuple(
            TurnFacts(
                turn=number,
                verdict="no_verdict" if lost else VERDICTS[letter],
                category="starved" if lost else None,
                passed_public=letter in "ap",
                program=None if letter == "n" else (programs[number - 1 : number] or f"{sample} {number}"),
                cpu_seconds=0.5,
                prompt_tokens=tokens,
                completion_tokens=tokens,
                executions=2 * number,
            )
            for number, letter in enumerate(word, start=1)
        ),
    )
