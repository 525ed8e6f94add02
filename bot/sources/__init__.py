"""What is imported before any system speaks HTTP."""

from __future__ import annotations

import sys

# httpx has a command line, and loads it with rich, pygments and click wherever these happen to be installed: 4.6 MB that no server needs.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
