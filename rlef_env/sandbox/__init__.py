"""Runs programs: (program, input, limits) -> Execution. It reports facts and does not judge."""

from rlef_env.sandbox.execution import Execution, Limits, Program, Status
from rlef_env.sandbox.languages import LANGUAGES, PRINTS_ONE, installed_languages
from rlef_env.sandbox.loaded_program import LoadedProgram
from rlef_env.sandbox.machine.health import measure_machine
from rlef_env.sandbox.sandbox import Sandbox

__all__ = [
    "LANGUAGES",
    "PRINTS_ONE",
    "Execution",
    "Limits",
    "LoadedProgram",
    "Program",
    "Sandbox",
    "Status",
    "installed_languages",
    "measure_machine",
]
