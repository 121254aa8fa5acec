"""The server that openenv.yaml names: ``uvicorn server.app:app --port 8000`` in the folder above.

Environment variables are its settings: ``RLEF_DATASET``, ``RLEF_SPLITS`` (separated by commas), ``RLEF_SESSIONS``, and
``RLEF_ARGUMENTS``, a JSON object with other arguments of ``CodeEnv``, e.g. ``{"on_no_verdict": "raise"}``.
"""

from __future__ import annotations

import json
import os

from rlef_env.integrations.openenv import create_app

app = create_app(
    os.environ.get("RLEF_DATASET", "starter"),
    splits=os.environ.get("RLEF_SPLITS", "train").split(","),
    sessions=int(os.environ.get("RLEF_SESSIONS", "64")),
    **json.loads(os.environ.get("RLEF_ARGUMENTS", "{}")),
)
