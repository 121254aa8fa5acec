"""What learning costs: decoding, updates and whole steps, against other ways of doing the same."""
