"""What a judged program may do, and the layers that enforce it."""
