"""Parts that several schemas share: tests, asserts, values in strings, limits, chats."""
