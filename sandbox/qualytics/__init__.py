"""A fake Qualytics that speaks the vendor's running contract (contracts.md section 1) and refuses what the real one refuses.

world = Deployment()
async with running(world) as url:      # a real server on loopback; the API is under f"{url}/api"
    ...                                # token: SANDBOX_TOKEN; control: f"{url}/_control/..."
"""

from __future__ import annotations

from sandbox.qualytics.deployment import Deployment
from sandbox.qualytics.server import assemble, running, serving
from sandbox.qualytics.tokens import SANDBOX_TOKEN

__all__ = ["SANDBOX_TOKEN", "Deployment", "assemble", "running", "serving"]
