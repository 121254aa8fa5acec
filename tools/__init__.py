"""Starter set's authoring sources: one module a problem, and the builder of `rlef_env/problems/starter.jsonl`."""
