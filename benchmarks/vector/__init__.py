"""What many episodes at once cost beyond judging their programs, and what they gain.

``python -m benchmarks.vector`` measures it; how, and what came out: ``benchmarks/README.md``.
"""
