"""What judging a program costs, against a bare fork, against what others use, and layer by layer.

``python -m benchmarks.sandbox --help`` says how to run it; `benchmarks/README.md` has the results.
"""
