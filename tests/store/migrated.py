"""A SQLite file that was migrated once in this process, and is laid wherever a test needs an empty database: a copy costs a hundredth."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bot.store import engine

_MADE: list[bytes] = []


async def lay(path: Path) -> None:
    """Make the file, unless there is one already."""
    if not _MADE:
        with tempfile.TemporaryDirectory() as folder:
            await engine.migrate(f"sqlite:///{folder}/desk.db")
            _keep(Path(folder) / "desk.db")
    _copy(path)


def _keep(made: Path) -> None:
    _MADE.append(made.read_bytes())


def _copy(path: Path) -> None:
    if not path.exists():
        path.write_bytes(_MADE[0])
