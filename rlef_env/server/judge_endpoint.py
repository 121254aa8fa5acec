"""Request of ``/judge``."""

from __future__ import annotations

from typing import Final

from rlef_env.judge import JudgeJob
from rlef_env.problems import Problem
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import ROLES, Role
from rlef_env.sandbox import LANGUAGES, Program

__all__ = ["job_from_request"]

KEYS: Final = (
    *("problem", "layout", "dataset", "id", "program", "language", "roles"),
    *("stop_early", "limit", "first", "gate", "priority", "timeout"),
)


def job_from_request(root: Field, problem: Problem) -> tuple[JudgeJob, int, float | None]:
    """Read a ``/judge`` request: return the job, its priority, and its timeout in seconds, None if it has none.

    Raises:
        DataError: a field is unknown or has a wrong value.
    """
    for key in root.table():
        if key not in KEYS:
            raise root.child(key).error(f"only {', '.join(KEYS)}", "leave the field out")
    language, roles, stop_early = (root.child(key) for key in ("language", "roles", "stop_early"))
    limit, first, gate = (root.child(key) for key in ("limit", "first", "gate"))
    priority, timeout = root.child("priority"), root.child("timeout")
    if language.present and language.text() not in LANGUAGES:
        raise language.error(f"one of {', '.join(LANGUAGES)}", "choose one of these")
    if timeout.present and timeout.number() <= 0:
        raise timeout.error("seconds above 0", "choose a longer time")
    job = JudgeJob(
        problem,
        Program(root.child("program").text(), language.value if language.present else "python"),
        tuple(_role(role) for role in roles.items()) if roles.present else ROLES,
        stop_early.boolean() if stop_early.present else True,
        limit=_integer(limit, 1) if limit.present else None,
        offset=_integer(first, 0) if first.present else 0,
        gate=_integer(gate, 0) if gate.present else 0,
    )
    seconds = timeout.number() if timeout.present else None
    return job, priority.integer() if priority.present else 0, seconds


def _role(field: Field) -> Role:
    if field.value not in ROLES:
        raise field.error(f"one of {', '.join(ROLES)}", "choose one of these")
    role: Role = field.value
    return role


def _integer(field: Field, minimum: int) -> int:
    if field.integer() < minimum:
        raise field.error(f"a whole number of at least {minimum}", "choose a larger one")
    return field.integer()
