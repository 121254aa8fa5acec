"""The texts that leave this package: the zygote's source for another interpreter, and the C programs for a compiler."""

from __future__ import annotations

import ast
import functools
import importlib.resources

from rlef_env.sandbox.zygote.protocol import C_DEFINES

__all__ = ["ZYGOTE_MODULES", "c_source", "zygote_source"]

ZYGOTE_MODULES = ("protocol", "kernel", "private_root", "lock", "child", "python_main", "main")
"""Concatenated in this order. They need only the standard library, and no two of them define the same name."""
HEADER = "from __future__ import annotations\n"


@functools.cache
def zygote_source() -> bytes:
    """Return the zygote's program: its modules as one text, without their imports of each other."""
    return "\n".join([HEADER, *map(_without_own_imports, ZYGOTE_MODULES)]).encode()


def _without_own_imports(module: str) -> str:
    text = _read(f"{module}.py")
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("__future__", "rlef_env"):
            lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    return "\n".join(lines)


def c_source(file: str) -> str:
    """Return launcher.c or pipes.c with the constants of `protocol.py` defined before it."""
    defines = "".join(f"#define {name} {value}\n" for name, value in C_DEFINES.items())
    return f'{defines}#line 1 "{file}"\n{_read(file)}'


def _read(file: str) -> str:
    return importlib.resources.files("rlef_env.sandbox.zygote").joinpath(file).read_text(encoding="utf-8")
