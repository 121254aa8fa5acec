"""Read its own memory, page by page, for something that looks like an answer."""
# Stopped by: comparison, time limit, runtime error
import ctypes
import re

libc = ctypes.CDLL(None, use_errno=True)
libc.sbrk.restype = ctypes.c_void_p
ANSWER = re.compile(rb"t[0-9a-f]{16}\n")
PAGE = 4096
resident = ctypes.create_string_buffer(1)
address = libc.sbrk(0) // PAGE * PAGE - PAGE
for _ in range(4096):
    if libc.mincore(ctypes.c_void_p(address), PAGE, resident) == 0:
        for match in ANSWER.findall(ctypes.string_at(address, PAGE)):
            print("BREACH: memory holds what looks like an answer:", match)
    address -= PAGE
