"""The process that forks programs and runs, and the judge's end of it."""
