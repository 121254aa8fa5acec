"""Runs programs: (program, input, limits) -> Execution. It reports facts and does not judge."""

from rlef_env.sandbox.doctor import landlock_abi, probe
from rlef_env.sandbox.execution import Execution, Limits, Program, PythonStart, Status, require_run
from rlef_env.sandbox.interact import Interaction, interact
from rlef_env.sandbox.languages import LANGUAGES, Language, installed_languages
from rlef_env.sandbox.loaded_program import LoadedProgram
from rlef_env.sandbox.machine.core_time import CoreTimes, core_times, stolen_seconds
from rlef_env.sandbox.machine.cores import cpu_quota, usable_cores
from rlef_env.sandbox.machine.health import (
    QUICK_RUNS,
    BusyTimes,
    MachineHealth,
    busy_times,
    machine_health,
    measure_machine,
)
from rlef_env.sandbox.machine.out_of_memory import OUT_OF_MEMORY
from rlef_env.sandbox.policy.guarantees import POLICY, Guarantee
from rlef_env.sandbox.policy.layers import LAYERS, REQUIRED, Layer
from rlef_env.sandbox.sandbox import ISOLATIONS, Sandbox

__all__ = [
    "ISOLATIONS",
    "LANGUAGES",
    "LAYERS",
    "OUT_OF_MEMORY",
    "POLICY",
    "QUICK_RUNS",
    "REQUIRED",
    "BusyTimes",
    "CoreTimes",
    "Execution",
    "Guarantee",
    "Interaction",
    "Language",
    "Layer",
    "Limits",
    "LoadedProgram",
    "MachineHealth",
    "Program",
    "PythonStart",
    "Sandbox",
    "Status",
    "busy_times",
    "core_times",
    "cpu_quota",
    "installed_languages",
    "interact",
    "landlock_abi",
    "machine_health",
    "measure_machine",
    "probe",
    "require_run",
    "stolen_seconds",
    "usable_cores",
]
