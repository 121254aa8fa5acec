"""Whether a verdict depends on how busy the machine is: the same suite judged idle and under load.

``python -m benchmarks.stability --help`` says how to run it; `benchmarks/README.md` has the results.
"""
