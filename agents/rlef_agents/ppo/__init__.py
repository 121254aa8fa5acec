"""The LLM PPO of RLEF: token-level policy, turn-level value."""
