"""The worker processes of the local pool, and how the pool talks to them."""
