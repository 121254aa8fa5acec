"""The policy: what a judged program may and may not do, why, and what keeps it so. One row a promise.

``docs/threat-model.md`` shows this table, and ``tests/sandbox/test_policy.py`` has a test for each row. The system
calls behind the layer ``seccomp`` are listed one by one in `syscall_policy.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["POLICY", "Guarantee"]


@dataclass(frozen=True, slots=True)
class Guarantee:
    """One promise.

    Attributes:
        name: in two or three words.
        what: what a program may or may not do.
        why: what would go wrong without it.
        layers: what enforces it, the first one everywhere: layers of ``LAYERS``; ``memory files``, which the judge
            fills, and a run may only read or only write; ``zygote``, which holds nothing to find; ``watch``, the
            judge's look from outside.
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
        "reads no installed package, this one neither; numpy where it was asked for",
        "the starter set's answers lie in this package, and programs must run alike everywhere",
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
        "where its limits allow one, makes and writes plain files in a folder of its own: not executed, removed, "
        "renamed or linked; bounded in all; gone after the run",
        "checkers and interactors leave a score and a message",
        ("landlock", "seccomp", "mount_namespace", "watch"),
    ),
    Guarantee(
        "facts about files",
        "changes no mode, owner, time or attribute",
        "another run would see it",
        ("seccomp",),
    ),
    Guarantee(
        "marks on files",
        "leaves no lock, lease, hint or owner on a file, and fetches, evicts, merges or flushes no page of it",
        "another run would see it, or wait for it",
        ("seccomp",),
    ),
    Guarantee(
        "network",
        "no socket; asyncio wakes itself by an event descriptor",
        "answers could be fetched, and results sent",
        ("seccomp", "network_namespace", "landlock"),
    ),
    Guarantee(
        "messages",
        "no pipe but the two that a conversation gives it; no shared memory, message queue or key, and no signal "
        "that is queued",
        "two runs could talk to each other",
        ("seccomp", "ipc_namespace"),
    ),
    Guarantee(
        "the machine's state",
        "does not learn how much memory or disk the machine has left, how busy it is, or how many processes there are",
        "one run could take memory, and another read from what is left what it was told",
        ("seccomp", "landlock", "mount_namespace"),
    ),
    Guarantee(
        "waits",
        "waits for its own threads only: no futex on a page of a file, which other runs have mapped as well",
        "two runs could wake each other",
        ("seccomp", "landlock"),
    ),
    Guarantee(
        "numbers",
        "gets no number that other runs move: the ids of its process and threads, the numbers of its files and "
        "the times on them are the same in every run; it makes nothing that takes one from a counter of the "
        "machine",
        "one run could count, and another read the count",
        ("memory files", "seccomp", "process_ids", "mount_namespace"),
    ),
    Guarantee(
        "clocks",
        "reads the machine's clocks and its own, and not those of another process",
        "one run could work for as long as it was told, and another read it",
        ("seccomp",),
    ),
    Guarantee(
        "processes",
        "starts threads, no processes",
        "a process could outlive its run, and its time is hard to count",
        ("seccomp", "pid_namespace"),
    ),
    Guarantee(
        "execution",
        "executes nothing; a compiled program only itself and its runtime",
        "another program would run with its rights",
        ("seccomp", "landlock"),
    ),
    Guarantee(
        "other processes",
        "sends no signal to any other process, and neither traces nor reads one",
        "the zygote and other runs have the same user",
        ("seccomp", "landlock", "pid_namespace"),
    ),
    Guarantee(
        "priorities and limits",
        "changes no priority, affinity or limit, its own neither but the size of its stack",
        "it could outlast its limits, or starve others",
        ("seccomp",),
    ),
    Guarantee(
        "kernel",
        "is ended by calls that no honest program makes: ptrace, mount, bpf, io_uring, ...",
        "most faults of kernels lie there",
        ("seccomp", "no_new_privs"),
    ),
    Guarantee(
        "unknown calls", "a system call on no list does not exist", "what is not known is not let through", ("seccomp",)
    ),
    Guarantee(
        "secrets",
        "finds no descriptor, variable, argument or object that tells of the host, the judge or the answers",
        "what it cannot see it cannot use",
        ("zygote", "mount_namespace", "pid_namespace", "uts_namespace"),
    ),
    Guarantee(
        "state",
        "changes nothing that the next run starts with",
        "one run could prepare another",
        ("zygote",),
    ),
    Guarantee(
        "leftovers",
        "leaves no thread or process behind",
        "it would go on computing on the time of others",
        ("seccomp", "pid_namespace"),
    ),
    Guarantee(
        "CPU time",
        "ends at its limit, whatever it catches, ignores or holds",
        "a verdict must come",
        ("watch", "rlimits"),
    ),
    Guarantee(
        "idle time",
        "ends when it has slept for as long; waiting for a core, or for the work of one it talks to, is not sleep",
        "a sleeper would keep its worker, and a starved honest program must not be ended",
        ("watch", "schedstat"),
    ),
    Guarantee("wall time", "ends at a far-off limit in any case", "a backstop to the two above", ("watch",)),
    Guarantee(
        "memory",
        "ends when it has touched more than its limit above an empty program, or started more than 512 threads",
        "one program must not take the machine's memory",
        ("watch", "rlimits", "oom_score"),
    ),
    Guarantee(
        "output",
        "ends when it has written more than its limit on output or errors, or said more to one that it talks to; "
        "what it has written it cannot read",
        "the judge holds it in memory, and the program could keep there what its memory limit refuses",
        ("rlimits", "watch"),
    ),
    Guarantee(
        "open files", "has at most 64 descriptors and no core file", "the kernel's memory is bounded too", ("rlimits",)
    ),
    Guarantee(
        "conversations",
        "knows of one that it talks to what that one says, and when it ends; it has no pipe or process of it in reach",
        "a judged program talks to one that holds the answer",
        ("watch",),
    ),
)
