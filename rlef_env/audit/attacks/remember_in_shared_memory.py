"""Leave shared memory, semaphores and queues, of POSIX and of System V."""
# Stopped by: seccomp, filesystem
import ctypes
import os
from multiprocessing import shared_memory

libc = ctypes.CDLL(None, use_errno=True)
KEY = 0x726C6566
for name, arguments in (
    ("shmget", (KEY, 4096, 0o1666)),
    ("semget", (KEY, 1, 0o1666)),
    ("msgget", (KEY, 0o1666)),
    ("mq_open", (b"/rlef-audit", os.O_CREAT | os.O_RDWR, 0o666, None)),
    ("shm_open", (b"/rlef-audit", os.O_CREAT | os.O_RDWR, 0o666)),
):
    if getattr(libc, name)(*arguments) >= 0:
        print("BREACH: made something by", name)
libc.sem_open.restype = ctypes.c_void_p
if libc.sem_open(b"/rlef-audit", os.O_CREAT, 0o666, 1):
    print("BREACH: made a semaphore")
shared_memory.SharedMemory("rlef-audit", create=True, size=4096)
