"""Constants that the two ends of a zygote must agree on: the judge's process, and the zygote with its C programs.

The judge imports this module. `source.py` puts it first in the text that a zygote is started with, and gives the C
programs what ``C_DEFINES`` names. So it needs only the standard library, and contains nothing secret.

All messages travel over pairs of Unix sockets that keep message boundaries (SOCK_SEQPACKET):

    zygote -> judge      JSON: the interpreter's path, shared objects and version
    judge -> zygote      JSON: the configuration of the lock
    zygote -> judge      JSON: layer -> [whether it holds, why not]
    zygote -> judge      SCRATCH, with a descriptor of the scratch folder, if there is one
    judge -> zygote      LOAD, LIMITS, JSON of command, imports and recursion limit; with descriptors of the program's
                         file and of a socket for this program alone

The socket of one program:

    program -> judge     COMPILED and the CPU time that it took, in nanoseconds; or COMPILE_ERROR and what the compiler
                         printed
    judge -> program     RUN and the run's arguments, separated by NUL; with descriptors of standard input, output and
                         errors, and of the files that the run may read
    program -> judge     RESULT; or FAILURE and what failed: the sandbox's fault, not the program's

Instead of RUN, the judge may send RUN_IN_PLACE once, to a Python program: then the process that compiled it runs it,
not a fork. The zygote sends RESULT, because it is the parent of that process; and it sends it only if that process had
received the order and was ready. RESULT then covers everything that the process and its children did, and has
no start.

Instead of RUN, the judge may send PROGRAM to a launcher, with a descriptor of the next program to execute. The answer
is COMPILED.

At any time the judge may send HANDLE_REQUEST and a random number to a process that has a child. The answer is the same
message, so that a late one is recognised, with a pidfd of the child.
"""

from __future__ import annotations

import struct

SOLUTION = "solution.py"  # the name under which every program runs

# Descriptors of a run.
STREAMS = 3  # standard input, output, errors
ARTIFACT = 3  # through which a runtime opens the program
FIRST_FILE, MAX_FILES = 40, 16  # files given to a run, from this descriptor on

# Messages.
LOAD, COMPILED, COMPILE_ERROR, FAILURE, SCRATCH, RUN, RUN_IN_PLACE = b"L", b"C", b"E", b"F", b"S", b"run", b"here"
PROGRAM = b"P"
HANDLE_REQUEST, HANDLE_REQUEST_BYTES = b"?", 9  # no other message begins so; its number takes 8 bytes
LIMITS = struct.Struct("<qqqq")  # CPU seconds (whole); bytes of address space, of a file, of the stack (-1: unchanged)
DESCRIPTOR = struct.Struct("=i")
# Wait status; struct rusage; struct timespec of: start, end (CLOCK_MONOTONIC), CPU time of the process that forked it.
RESULT = struct.Struct("<i4x18q2q2q2q")
RESULT_PLACES = STATUS, USAGE, STARTED, ENDED, SPENT = 0, 8, 152, 168, 184  # of these in RESULT
MAX_CONFIG_BYTES, MAX_MESSAGE_BYTES, MAX_TEXT_BYTES = 2**18, 2**16, 60_000

# Named pipes, for a runtime that does not start without pipes.
NAMED_PIPES, PIPES = "/dev/pipes", 256

# System calls whose numbers are the same on every processor, and that C programs use too.
PIDFD_OPEN, LANDLOCK_RESTRICT_SELF = 434, 446

C_DEFINES = {
    "STREAMS": STREAMS,
    "ARTIFACT": ARTIFACT,
    "FIRST_FILE": FIRST_FILE,
    "MAX_FILES": MAX_FILES,
    "FAILURE": FAILURE[0],
    "COMPILED": COMPILED[0],
    "PROGRAM": PROGRAM[0],
    "HANDLE_REQUEST": HANDLE_REQUEST[0],
    "HANDLE_REQUEST_BYTES": HANDLE_REQUEST_BYTES,
    "RESULT_BYTES": RESULT.size,
    "MAX_MESSAGE_BYTES": MAX_MESSAGE_BYTES,
    "NAMED_PIPES": f'"{NAMED_PIPES}"',
    "PIPES": PIPES,
    "PIDFD_OPEN": PIDFD_OPEN,
    "LANDLOCK_RESTRICT_SELF": LANDLOCK_RESTRICT_SELF,
}
"""Macro -> value: for launcher.c and pipes.c."""
