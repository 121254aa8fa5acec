"""Print what matches everything, in case the comparison takes it for a pattern."""
# Stopped by: comparison
print(".* * %s {} nan inf -inf NaN 1e999 0x0 \\w+ (?s:.*) None True")
