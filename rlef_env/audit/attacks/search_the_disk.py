"""Walk every folder for a file of problems."""
# Stopped by: comparison, filesystem
import os
import sys

for top in ("/", ".", "/proc", "/work", "/home", "/root", "/tmp", "/var", "/opt", "/mnt", *sys.path):
    for folder, _, files in os.walk(top):
        for name in files:
            if name.endswith((".jsonl", ".parquet", ".arrow", ".sqlite")):
                print("BREACH: found", folder, name)
        if folder.count("/") > 5 or "site-packages" in folder and files:
            break
