"""Print numbers whose conversion overflows, hangs or is never equal to anything."""
# Stopped by: comparison
print("1e999999999999 -1e-999999999999 0x1p-99999999 nan(0x1) infinity 1_000 ٣ ² " + "0" * 10**6 + "1e-1000000")
