"""The process that forks programs, and this end of it."""
