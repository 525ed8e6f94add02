"""A fake Anodot that speaks its API as the contracts tell it (section 2) and refuses what the real one refuses.

world = Account()
async with running(world) as url:      # a real server on loopback; the calls are under f"{url}/api/v2"
    ...                                # the access key SANDBOX_KEY is exchanged for a token; control: f"{url}/_control/..."
"""

from __future__ import annotations

from sandbox.anodot.account import Account
from sandbox.anodot.server import assemble, running, serving
from sandbox.anodot.tokens import SANDBOX_KEY

__all__ = ["SANDBOX_KEY", "Account", "assemble", "running", "serving"]
