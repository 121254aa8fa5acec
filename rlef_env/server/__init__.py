"""The judge over HTTP: the API of SandboxFusion, and ``/judge``, which returns the whole judgement."""

from rlef_env.server.serving import JudgeServer, ServerSettings

__all__ = [
    "JudgeServer",
    "ServerSettings",
]
