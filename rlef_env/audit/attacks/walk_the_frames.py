"""Walk the frames that called it and take what they hold."""
# Stopped by: comparison
import sys

frame = sys._getframe()
seen = []
while frame is not None:
    for name, value in list(frame.f_locals.items()):
        if "expected" in name or "answer" in name or "test" in name:
            print("BREACH: a frame holds", name)
        if hasattr(value, "fileno") and type(value).__name__ not in ("CDLL", "type"):  # CDLL has every function of C
            try:
                print("BREACH: a frame holds an open file", value.fileno()) if value.fileno() > 2 else None
            except (OSError, ValueError):
                pass
        seen.append(value)
    frame = frame.f_back
words = [value for value in seen if isinstance(value, str) and value.startswith("t")]
print(words[-1] if words else "nothing")
