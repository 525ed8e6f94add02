"""A SQLite file that was migrated once in this process, and is laid wherever a test needs an empty database: a copy costs a hundredth."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bot.store import engine

_MADE: list[bytes] = []


async def lay(path: Path) -> None:
    """Make the file, unless there is one already."""
    if path.exists():
        return
    if not _MADE:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "desk.db"
            await engine.migrate(f"sqlite:///{made}")
            _MADE.append(made.read_bytes())
    path.write_bytes(_MADE[0])
