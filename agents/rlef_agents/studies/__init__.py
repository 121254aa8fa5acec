"""Studies: RLEF's findings, each with its control, as runs of small models that anyone can repeat."""
