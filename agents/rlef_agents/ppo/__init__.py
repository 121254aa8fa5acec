"""PPO of RLEF for language models: token-level policy, turn-level value."""
