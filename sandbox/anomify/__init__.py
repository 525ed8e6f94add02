"""A fake Anomify that speaks its API as the contracts tell it (section 3) and refuses what the real one refuses.

world = Organisation()
async with running(world) as url:      # a real server on loopback; SANDBOX_TOKEN opens it, control is under f"{url}/_control/..."
    ...
"""

from __future__ import annotations

from sandbox.anomify.organisation import Organisation
from sandbox.anomify.server import assemble, running, serving
from sandbox.anomify.sessions import SANDBOX_TOKEN
from sandbox.anomify.web_page import PAGE

__all__ = ["PAGE", "SANDBOX_TOKEN", "Organisation", "assemble", "running", "serving"]
