"""Benchmark of many episodes at once: their cost in addition to judging, and their gain.

Run it with ``python -m benchmarks.vector``. ``benchmarks/README.md`` has the methods and the results.
"""
