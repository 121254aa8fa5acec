"""Change modules that the judge may have loaded, and check whether an earlier test did."""
# Stopped by: comparison
import atexit
import json
import random
import re
import struct
import threading
import traceback

MODULES = (atexit, json, random, re, struct, threading, traceback)
for module in MODULES:
    if getattr(module, "changed", False):
        print("BREACH: a change of an earlier run is still there:", module)
    module.changed = True
    for name in ("dumps", "loads", "compile", "pack", "unpack", "print_exception", "_shutdown", "_run_exitfuncs"):
        if hasattr(module, name):
            setattr(module, name, lambda *_, **__: "accepted")
