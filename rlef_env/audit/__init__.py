"""Does cheating pay? Attacks on the judge, run in the sandbox, with an honest program around each."""

from rlef_env.audit.attack import MARK, Attack, corpus, read_attacks
from rlef_env.audit.audit import AttackResult, Audit, HonestProgram, honest_program_for
from rlef_env.audit.defences import DEFENCES
from rlef_env.audit.machine_time import MachineTime
from rlef_env.audit.problems import ADDING_UP, secret_problem

__all__ = [
    "ADDING_UP",
    "DEFENCES",
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
