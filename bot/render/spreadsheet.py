"""Lists for spreadsheets."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from bot import model
from bot.render import text

_RESULTS: Mapping[model.Fate, str] = {
    model.Fate.TODO: "not yet done",
    model.Fate.SENT: "asked for, not yet known",
    model.Fate.DONE: "done",
    model.Fate.ALREADY: "already so",
    model.Fate.REFUSED: "refused",
    model.Fate.DRIFTED: "left alone: changed in between",
}
_COLUMNS: tuple[tuple[str, Callable[[model.Item], str]], ...] = (
    ("id", lambda item: str(item.ref)),
    ("table", lambda item: item.table),
    ("datastore", lambda item: item.place),
    ("result", lambda item: _RESULTS[item.fate]),
    ("reason", lambda item: item.reason),
    ("missing right", lambda item: item.right),
)


def receipt(items: Iterable[model.Item]) -> bytes:
    """Every anomaly with its result, one line each: UTF-8 with a byte order mark, so that spreadsheets read the letters right.

    Ids as commands take them (`qualytics:1001`). A cell that a spreadsheet would calculate is defused with an apostrophe.
    """
    page = io.StringIO(newline="")
    writer = csv.writer(page)
    writer.writerow([name for name, _ in _COLUMNS])
    writer.writerows([_cell(read(item)) for _, read in _COLUMNS] for item in items)
    return page.getvalue().encode("utf-8-sig")


def _cell(value: str) -> str:
    """One harmless line. Wide forms of the signs count as the signs: some spreadsheets calculate those too."""
    line = " ".join(text.aligned(value).split())
    first = unicodedata.normalize("NFKC", line.lstrip("\u200c\u200d'\" ")[:1])
    return f"'{line}" if first in ("=", "+", "-", "@", "|", "%") else line
