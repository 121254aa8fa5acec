"""Add up what happens at known minutes of a day. The traps: midnight strikes twelve, and the night wraps around."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader

TAGS = ("simulation", "implementation", "time")
DIFFICULTY = "easy"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
The clock of the town hall strikes at every full hour: once at 01:00, twice at 02:00 and so on, up to
twelve times at 12:00; then it begins again, with once at 13:00, twice at 14:00, up to twelve times at
midnight, 00:00. It also strikes once at every half hour (00:30, 01:30, ..., 23:30).

Anna lies awake from time a to time b. She hears all strokes in between, also those at a itself and
at b itself. If b is earlier than a, it is a time of the next day. How many strokes does she hear?

Input

One line with the two times a and b, each as HH:MM, from 00:00 to 23:59.

Output

Print the number of strokes. If a and b are the same time, Anna is awake for that minute only.

{examples}

Note

In the first example the clock strikes once at 11:30, twelve times at 12:00, once at 12:30 and once at
13:00. In the third example it strikes once at 23:30, twelve times at midnight, and once at 00:30 and
at 01:00.
"""

SOLUTIONS = (
    r"""
# minute by minute
a, b = (int(time[:2]) * 60 + int(time[3:]) for time in input().split())
if b < a:
    b += 24 * 60
strokes = 0
for minute in range(a, b + 1):
    if minute % 60 == 0:
        strokes += (minute // 60 - 1) % 12 + 1
    elif minute % 60 == 30:
        strokes += 1
print(strokes)
""",
    r"""
# strokes up to a time of the first day; a whole day has 180 of them
def strokes_until(minute):
    if minute < 0:
        return 0
    hours, rest = divmod(minute, 60)
    full = sum(h % 12 or 12 for h in range(hours + 1))
    return full + hours + (rest >= 30)


a, b = input().split()
a, b = (int(hours) * 60 + int(minutes) for hours, minutes in (a.split(":"), b.split(":")))
print(strokes_until(b) - strokes_until(a - 1) + (180 if b < a else 0))
""",
)

INCORRECT = (
    (  # thirteen strokes at 13:00
        "wrong_answer",
        r"""
a, b = (int(time[:2]) * 60 + int(time[3:]) for time in input().split())
if b < a:
    b += 24 * 60
strokes = 0
for minute in range(a, b + 1):
    if minute % 60 == 0:
        strokes += minute // 60 % 24 or 12
    elif minute % 60 == 30:
        strokes += 1
print(strokes)
""",
    ),
    (  # no strokes at midnight
        "wrong_answer",
        r"""
a, b = (int(time[:2]) * 60 + int(time[3:]) for time in input().split())
if b < a:
    b += 24 * 60
strokes = 0
for minute in range(a, b + 1):
    hour = minute // 60 % 24
    if minute % 60 == 0:
        strokes += hour - 12 if hour > 12 else hour
    elif minute % 60 == 30:
        strokes += 1
print(strokes)
""",
    ),
    (  # leaves out what happens at time b
        "wrong_answer",
        r"""
a, b = (int(time[:2]) * 60 + int(time[3:]) for time in input().split())
if b < a:
    b += 24 * 60
strokes = 0
for minute in range(a, b):
    if minute % 60 == 0:
        strokes += (minute // 60 - 1) % 12 + 1
    elif minute % 60 == 30:
        strokes += 1
print(strokes)
""",
    ),
    (  # waits for a time that never comes: the minutes go on beyond midnight
        "time_limit",
        r"""
a, b = (int(time[:2]) * 60 + int(time[3:]) for time in input().split())
minute, strokes = a, 0
while True:
    if minute % 60 == 0:
        strokes += (minute // 60 - 1) % 12 + 1
    elif minute % 60 == 30:
        strokes += 1
    if minute == b:
        break
    minute += 1
print(strokes)
""",
    ),
    (  # splits the whole line at the colons
        "runtime_error",
        r"""
ah, am, bh, bm = map(int, input().split(":"))
a, b = ah * 60 + am, bh * 60 + bm
if b < a:
    b += 24 * 60
hours = [minute // 60 for minute in range(a, b + 1) if minute % 60 == 0]
halves = [minute for minute in range(a, b + 1) if minute % 60 == 30]
print(sum((hour - 1) % 12 + 1 for hour in hours) + len(halves))
""",
    ),
    (  # asks the system to set its clock, to count along with it
        "security_violation",
        r"""
import time

a, b = (int(time[:2]) * 60 + int(time[3:]) for time in input().split())
if b < a:
    b += 24 * 60
strokes = 0
for minute in range(a, b + 1):
    time.clock_settime(time.CLOCK_REALTIME, minute * 60.0)
    now = time.gmtime()
    if now.tm_min == 0:
        strokes += (now.tm_hour - 1) % 12 + 1
    elif now.tm_min == 30:
        strokes += 1
print(strokes)
""",
    ),
)

PUBLIC = ("11:30 13:10\n", "07:31 07:59\n", "23:10 01:05\n")

PRIVATE = (
    "09:00 10:00\n",
    "00:00 00:00\n",
    "12:30 12:30\n",
    "12:29 12:29\n",
    "00:00 23:59\n",
    "05:31 05:30\n",
    "00:01 00:00\n",
    "23:59 00:00\n",
    "18:00 18:30\n",
    "12:01 11:59\n",
)


def generated(rng: Random) -> Iterator[str]:
    for step in (1, 1, 1, 30, 30, 60, 60, 1, 1, 30):
        a, b = (rng.randrange(0, 1440, step) for _ in range(2))
        yield f"{a // 60:02}:{a % 60:02} {b // 60:02}:{b % 60:02}\n"


def validate(text: str) -> None:
    reader = Reader(text)
    reader.line("([01][0-9]|2[0-3]):[0-5][0-9] ([01][0-9]|2[0-3]):[0-5][0-9]")
    reader.end()
