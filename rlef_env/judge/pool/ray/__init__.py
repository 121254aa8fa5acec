"""The pool whose workers are actors of a Ray cluster."""

from rlef_env.judge.pool.ray.pool import RayJudgePool

__all__ = ["RayJudgePool"]
