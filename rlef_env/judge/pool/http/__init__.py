"""The pool whose workers are those of a server, ``rlef serve``."""

from rlef_env.judge.pool.http.client import Call, JudgeClient
from rlef_env.judge.pool.http.pool import HttpJudgePool

__all__ = ["Call", "HttpJudgePool", "JudgeClient"]
