"""A fake Autional that speaks its audit service as the contracts tell it (section 4) and refuses what the real one refuses.

world = Tenant()
async with running(world) as url:      # a real server on loopback; the calls are under f"{url}/bff/audit/api/v1"
    ...                                # headers: Authorization: Bearer SANDBOX_TOKEN, X-Tenant-ID: TENANT; control: f"{url}/_control/..."
"""

from __future__ import annotations

from sandbox.autional.catalogue import TENANT
from sandbox.autional.server import assemble, running, serving
from sandbox.autional.tenant import Tenant
from sandbox.autional.tokens import CLIENT_ID, CLIENT_SECRET, SANDBOX_TOKEN
from sandbox.autional.web_page import CONSOLE

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "CONSOLE", "SANDBOX_TOKEN", "TENANT", "Tenant", "assemble", "running", "serving"]
