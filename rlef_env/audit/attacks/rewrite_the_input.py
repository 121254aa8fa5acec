"""Write another, easier input over the one of the next test."""
# Stopped by: seccomp, filesystem
import mmap
import os


def write():
    os.write(0, b"0\n")


def write_at():
    os.pwrite(0, b"0\n", 0)


def cut():
    os.ftruncate(0, 0)


def map_it():
    mmap.mmap(0, 1)[:1] = b"0"


def open_again():
    with open("/dev/stdin", "r+b", buffering=0) as file:
        file.write(b"0")


for way in (write, write_at, cut, map_it, open_again):
    try:
        way()
        print("BREACH: changed the input by", way.__name__)
    except (OSError, ValueError):
        pass
open_again()
