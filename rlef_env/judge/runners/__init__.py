"""How programs of each kind of problem are run on a test."""
