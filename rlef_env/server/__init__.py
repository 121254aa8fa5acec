"""The judge over HTTP: SandboxFusion's API as its clients use it, and ``/judge``, which says all there is to say."""

from rlef_env.server.serving import JudgeServer, ServerSettings

__all__ = ["JudgeServer", "ServerSettings"]
