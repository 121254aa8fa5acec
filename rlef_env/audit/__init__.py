"""Does cheating pay? Attacks on the judge, run in the sandbox, with an honest program around each."""

from rlef_env.audit.attack import MARK, Attack, corpus, read_attacks
from rlef_env.audit.audit import Audit, Honest, Outcome, honest_for
from rlef_env.audit.defences import HOLDERS
from rlef_env.audit.machine_time import MachineTime
from rlef_env.audit.problems import ADDING_UP, secret_problem

__all__ = [
    "ADDING_UP",
    "HOLDERS",
    "MARK",
    "Attack",
    "Audit",
    "Honest",
    "MachineTime",
    "Outcome",
    "corpus",
    "honest_for",
    "read_attacks",
    "secret_problem",
]
