"""Is it right? A problem, a sandbox and a checker make a judgement."""

from rlef_env.judge.verdict import Judgement, TestResult, Verdict

__all__ = ["Judgement", "TestResult", "Verdict"]
