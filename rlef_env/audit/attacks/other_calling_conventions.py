"""Make system calls by the 32-bit interface, where the numbers have other meanings."""
# Stopped by: seccomp
import ctypes
import mmap
import os

if os.uname().machine != "x86_64":
    os.kill(os.getpid(), 31)  # no such interface here: treat it as refused
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(0x40000000 | 57) == 0:  # fork by the x32 numbers
    print("BREACH: forked")
    os._exit(0)
page = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
page.write(bytes.fromhex("b802000000cd80c3"))  # mov eax, 2 (fork); int 0x80; ret
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
if call() == 0:
    os._exit(0)
print("BREACH: made a call of another kind")
