"""Have the compiler of a running program nest as deep as it goes."""
# Held by: its own end, memory limit
for opening, closing in ("()", "[]", "{}"):
    try:
        eval(opening * 200_000 + closing * 200_000)
    except (SyntaxError, MemoryError, RecursionError, ValueError):
        pass
compile("-" * 100_000 + "1", "x", "eval")
