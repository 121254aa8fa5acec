"""The policy: what a judged program may and may not do, why, and which layers enforce it. One row per guarantee.

``docs/threat-model.md`` shows this table, and ``tests/sandbox/test_policy.py`` has a test for each row.
`syscall_policy.py` lists the system calls behind the layer ``seccomp``.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["POLICY", "Guarantee"]


@dataclass(frozen=True, slots=True)
class Guarantee:
    """One row of the policy.

    Attributes:
        name: two or three words.
        what: what a program may or may not do.
        why: what would go wrong without it.
        layers: what enforces it; the first one holds everywhere. Layers of ``LAYERS``; ``memory files``, which the
            judge fills, and which a run may only read or only write; ``zygote``, whose process contains nothing to
            find; ``monitor``, the judge's measurements from outside.
    """

    name: str
    what: str
    why: str
    layers: tuple[str, ...]


POLICY: tuple[Guarantee, ...] = (
    Guarantee(
        "readable files",
        "reads the interpreter's library, shared objects, `/dev/null`, `zero`, `random`, `urandom` and the files given "
        "to its run; no other file",
        "answers, checkers and your data lie in files",
        ("landlock", "mount_namespace"),
    ),
    Guarantee(
        "installed packages",
        "reads no installed package, not even this one; numpy only if it was asked for",
        "this package contains the starter set's answers, and programs must run the same everywhere",
        ("landlock", "mount_namespace"),
    ),
    Guarantee(
        "given files",
        "cannot change its source, its input or a file given to it",
        "the next run reads the same ones",
        ("memory files",),
    ),
    Guarantee(
        "written files",
        "writes its output and errors, and no file",
        "a file would outlive its run, fill the disk, or be read by another",
        ("landlock", "seccomp", "mount_namespace"),
    ),
    Guarantee(
        "scratch folder",
        "if its limits allow it, creates and writes plain files in a folder of its own; it cannot execute, remove, "
        "rename or link them; their total size is bounded; they are deleted after the run",
        "checkers and interactors leave a score and a message",
        ("landlock", "seccomp", "mount_namespace", "monitor"),
    ),
    Guarantee(
        "facts about files",
        "changes no mode, owner, time or attribute",
        "another run could see it",
        ("seccomp",),
    ),
    Guarantee(
        "marks on files",
        "leaves no lock, lease, hint or owner on a file, and fetches, evicts, merges or flushes no page of it",
        "another run could see it, or would wait for it",
        ("seccomp",),
    ),
    Guarantee(
        "network",
        "no socket; asyncio wakes its loop through an event descriptor",
        "it could fetch answers and send results",
        ("seccomp", "network_namespace", "landlock"),
    ),
    Guarantee(
        "messages",
        "no pipe except the two of an interaction; no shared memory, message queue or key, and no queued signal",
        "two runs could send each other messages",
        ("seccomp", "ipc_namespace"),
    ),
    Guarantee(
        "the machine's state",
        "does not learn how much memory or disk the machine has left, how busy it is, or how many processes there are",
        "one run could use up memory, and another could read the message from what is left",
        ("seccomp", "landlock", "mount_namespace"),
    ),
    Guarantee(
        "waits",
        "waits for its own threads only: no futex on a page of a file that other runs have mapped too",
        "two runs could wake each other",
        ("seccomp", "landlock"),
    ),
    Guarantee(
        "numbers",
        "gets no number that other runs change: the ids of its process and threads, the numbers of its files and "
        "their times are the same in every run (ids differ in a program's last run: that is in the process which "
        "compiled it); it creates nothing that is numbered from a counter of the whole "
        "machine",
        "one run could advance the counter, and another could read it",
        ("memory files", "seccomp", "process_ids", "mount_namespace"),
    ),
    Guarantee(
        "clocks",
        "reads the machine's clocks and its own, but not those of another process, nor how long earlier runs took",
        "one run could encode a message in its CPU time, and another could read it",
        ("seccomp",),
    ),
    Guarantee(
        "processes",
        "starts threads, no processes",
        "a process could outlive its run, and its CPU time is hard to count",
        ("seccomp", "pid_namespace"),
    ),
    Guarantee(
        "execution",
        "executes nothing; a compiled program only itself and its runtime",
        "other programs would run with its rights",
        ("seccomp", "landlock"),
    ),
    Guarantee(
        "other processes",
        "sends no signal to any other process, and neither traces nor reads one",
        "the zygote and other runs have the same user id",
        ("seccomp", "landlock", "pid_namespace"),
    ),
    Guarantee(
        "priorities and limits",
        "cannot change priorities, CPU affinity or limits, except its own stack size",
        "it could evade its limits, or slow down others",
        ("seccomp",),
    ),
    Guarantee(
        "kernel",
        "is killed by calls that no honest program makes: ptrace, mount, bpf, io_uring, ...",
        "most kernel vulnerabilities are there",
        ("seccomp", "no_new_privs"),
    ),
    Guarantee(
        "unknown calls",
        "a system call that is on no list does not exist",
        "only known calls are let through",
        ("seccomp",),
    ),
    Guarantee(
        "secrets",
        "finds no descriptor, variable, argument or object that reveals anything of the host, the judge or the answers",
        "what it cannot see, it cannot use",
        ("zygote", "mount_namespace", "pid_namespace", "uts_namespace"),
    ),
    Guarantee(
        "state",
        "changes nothing that the next run starts with",
        "one run could prepare the next",
        ("zygote",),
    ),
    Guarantee(
        "leftovers",
        "leaves no thread or process behind",
        "it would continue to compute, at the expense of others",
        ("seccomp", "pid_namespace"),
    ),
    Guarantee(
        "CPU time",
        "is killed at its limit, whatever it catches, ignores or holds",
        "there must be a verdict",
        ("monitor", "rlimits"),
    ),
    Guarantee(
        "idle time",
        "is killed when it has slept for as long as its limit; waiting for a core, or while the other program of an "
        "interaction works, is not sleep",
        "a sleeping program would occupy its worker, but a starved honest program must not be killed",
        ("monitor", "schedstat"),
    ),
    Guarantee("wall time", "is killed at a far-off limit in any case", "a backstop to the two above", ("monitor",)),
    Guarantee(
        "memory",
        "is killed when it has touched more memory than an empty program plus its limit, or started more than 512 "
        "threads",
        "one program must not take the machine's memory",
        ("monitor", "rlimits", "oom_score"),
    ),
    Guarantee(
        "output",
        "is killed when it has written more than its limit to output or errors, or sent more in an interaction; it "
        "cannot read what it has written",
        "the judge holds the output in memory, and a program could store there what its memory limit does not allow",
        ("rlimits", "monitor"),
    ),
    Guarantee(
        "open files",
        "has at most 64 descriptors and no core file",
        "the kernel's memory must be bounded too",
        ("rlimits",),
    ),
    Guarantee(
        "interactions",
        "learns of the other program only what that sends and when it ends; it can reach no pipe or process of it",
        "the other program of an interaction holds the answer",
        ("monitor",),
    ),
)
