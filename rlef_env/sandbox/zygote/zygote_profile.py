"""What the runs of a zygote may do beyond computing: nothing, execute one program, or be a compiler."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PYTHON", "Profile"]


@dataclass(frozen=True, slots=True)
class Profile:
    """The purpose for which a zygote is locked.

    Attributes:
        native: a run executes a program that is not Python (and, by Landlock, nothing else).
        executables: files and folders that may be read and executed; for native programs, their runtime.
        compiles: a run may start processes, and write into ``scratch``.
        scratch: the folder that a compiler may write into; empty for none.
        writes: a run may write files into a scratch folder, which is emptied after it.
        calls: system calls without which its runtime does not work. They are allowed only where ``pipes`` cannot be
            used, and only to this runtime.
        reserves: programs reserve address space freely, so it is not limited; the memory limit counts what they touch.
        open_files: maximum number of descriptors per process.
        launcher: an executable that forks the runs instead of the interpreter (launcher.c); empty for none.
        pipes: a shared object that opens named pipes for a runtime that needs pipes (pipes.c); empty for none.
        preload: the folder that holds numpy, for a zygote that loads it; empty for none.
    """

    native: bool = False
    executables: tuple[str, ...] = ()
    compiles: bool = False
    scratch: str = ""
    writes: bool = False
    calls: tuple[str, ...] = ()
    reserves: bool = False
    open_files: int = 64
    preload: str = ""
    launcher: bytes = b""
    pipes: bytes = b""


PYTHON = Profile()
