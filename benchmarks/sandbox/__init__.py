"""Measure the cost of judging a program: against a bare fork, against other graders, and layer by layer.

``python -m benchmarks.sandbox --help`` describes the command; `benchmarks/README.md` has the results.
"""
