"""One module per outside system: Ray, HTTP. None of those is loaded before it is used."""

from rlef_env.integrations.ray_judge import RayJudge
from rlef_env.integrations.server import JudgeServer, ServerSettings

__all__ = ["JudgeServer", "RayJudge", "ServerSettings"]
