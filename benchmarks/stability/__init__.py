"""Benchmark of the stability of verdicts: the same suite judged on an idle and on a busy machine.

``python -m benchmarks.stability --help`` prints how to run it; `benchmarks/README.md` has the results.
"""
