"""Audit of the judge: runs attacks in the sandbox, and checks that none gets a reward or harms an honest program."""

from rlef_env.audit.attack import Attack
from rlef_env.audit.audit import AttackResult, Audit

__all__ = [
    "Attack",
    "AttackResult",
    "Audit",
]
