"""Other processes that use the same database."""

from __future__ import annotations

import asyncio
import sys


async def python(code: str, url: str) -> asyncio.subprocess.Process:
    """A Python of its own that runs this code; the URL is its first argument."""
    return await asyncio.create_subprocess_exec(sys.executable, "-c", code, url, stdout=asyncio.subprocess.PIPE)
