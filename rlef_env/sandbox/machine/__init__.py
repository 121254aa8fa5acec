"""How much time the cores of this machine have, and how exactly runs are measured on it."""
