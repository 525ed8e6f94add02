"""The lock file beside a SQLite file: one Anomaly Desk at a time. The kernel lets it go when its process dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from bot import errors


class Lock:
    """An advisory lock (`flock`) on `<database>.lock`, which names the process that holds it."""

    def __init__(self, database: Path) -> None:
        """Take it. Raises ConfigError when another process has it, or when the file cannot be made."""
        path = database.with_name(database.name + ".lock")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise errors.ConfigError([f"DATABASE_URL: cannot write beside {database}: {error.strerror}."]) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._file, 20).decode("ascii", "replace").strip()
            self.release()
            who = f" (process {holder})" if holder else ""
            raise errors.ConfigError(
                [f"Another Anomaly Desk is already running on {database}{who}. Stop it first, or use PostgreSQL for several."]
            ) from error
        os.truncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode("ascii"))

    def release(self) -> None:
        """Let it go. The file stays: removing it would let two processes lock two files of the same name."""
        os.close(self._file)
