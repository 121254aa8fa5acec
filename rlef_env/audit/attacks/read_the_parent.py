"""Read the parent's memory with process_vm_readv."""
# Stopped by: seccomp
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(8)
local = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
remote = (ctypes.c_size_t * 2)(id(os), 8)
if libc.process_vm_readv(os.getppid(), local, 1, remote, 1, 0) > 0:
    print("BREACH: read the memory of its parent")
