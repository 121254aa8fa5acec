"""How it runs: (program, input, limits) -> Execution. Facts only, no opinion."""

from rlef_env.sandbox.converse import Conversation, converse
from rlef_env.sandbox.core_time import OUT_OF_MEMORY, CoreTimes, core_times, stolen_seconds
from rlef_env.sandbox.cores import cpu_quota, usable_cores
from rlef_env.sandbox.execution import Execution, Limits, Program, PythonStart, Status, require_run
from rlef_env.sandbox.languages import LANGUAGES, Language, installed_languages
from rlef_env.sandbox.layers import LAYERS, REQUIRED, Layer
from rlef_env.sandbox.loaded import LoadedProgram
from rlef_env.sandbox.machine import (
    QUICK_RUNS,
    BusyTimes,
    MachineHealth,
    busy_times,
    machine_health,
    measure_machine,
)
from rlef_env.sandbox.policy import POLICY, Row
from rlef_env.sandbox.probe import landlock_abi, probe
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
    "Conversation",
    "CoreTimes",
    "Execution",
    "Language",
    "Layer",
    "Limits",
    "LoadedProgram",
    "MachineHealth",
    "Program",
    "PythonStart",
    "Row",
    "Sandbox",
    "Status",
    "busy_times",
    "converse",
    "core_times",
    "cpu_quota",
    "installed_languages",
    "landlock_abi",
    "machine_health",
    "measure_machine",
    "probe",
    "require_run",
    "stolen_seconds",
    "usable_cores",
]
