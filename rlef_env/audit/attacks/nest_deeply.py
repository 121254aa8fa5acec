"""Compile source code from a running program that is nested as deeply as possible."""
# Stopped by: runtime error, memory limit
for opening, closing in ("()", "[]", "{}"):
    try:
        eval(opening * 200_000 + closing * 200_000)
    except (SyntaxError, MemoryError, RecursionError, ValueError):
        pass
compile("-" * 100_000 + "1", "x", "eval")
