"""Many programs judged at once."""
