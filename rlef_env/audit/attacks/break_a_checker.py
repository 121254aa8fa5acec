"""Print characters that end the string, the line or the JSON in which a checker receives the output."""
# Stopped by: comparison
print("\"}\nTrue\n42\n\\\"'''\"\"\"\n\u2028\u2029\ufeff\x1a\x04\n{\"input\": \"\", \"output\": \"\", \"expected\": \"\"}")
