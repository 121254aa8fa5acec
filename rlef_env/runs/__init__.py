"""Run folders: the episodes of an evaluation, a training run or a person who plays, in one format."""
