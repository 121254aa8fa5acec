"""JSON and Python literals from outside the program, read strictly and in time and memory linear in their length."""
