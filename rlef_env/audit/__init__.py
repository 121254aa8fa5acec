"""Audit of the judge: runs attacks in the sandbox, and checks that none gets a reward or harms an honest program."""

from rlef_env.audit.attack import MARK, Attack, corpus, read_attacks
from rlef_env.audit.audit import AttackResult, Audit, HonestProgram, honest_program_for
from rlef_env.audit.defences import DEFENCES
from rlef_env.audit.machine_time import MachineTime
from rlef_env.audit.problems import HONEST_PROBLEM, secret_problem

__all__ = [
    "DEFENCES",
    "HONEST_PROBLEM",
    "MARK",
    "Attack",
    "AttackResult",
    "Audit",
    "HonestProgram",
    "MachineTime",
    "corpus",
    "honest_program_for",
    "read_attacks",
    "secret_problem",
]
