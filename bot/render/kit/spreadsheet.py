"""Lists for spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from bot import model
from bot.core import closings
from bot.render.kit import text

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


def receipt(items: Iterable[model.Item], *, heading: bool = True) -> bytes:
    """Every anomaly with its result, one line each: UTF-8 with a byte order mark, so that spreadsheets read the letters right.

    Ids as commands take them (`acme:1001`). A cell that a spreadsheet would calculate is defused with an apostrophe. Without
    `heading` the lines alone, to follow others.
    """
    return _file([name for name, _ in _COLUMNS] if heading else (), ([read(item) for _, read in _COLUMNS] for item in items))


_CapabilitiesOf = Mapping[str, model.Capabilities]

_EXPORT: tuple[tuple[str, Callable[[model.Anomaly], str]], ...] = (
    ("id", lambda anomaly: str(anomaly.ref)),
    ("url", lambda anomaly: anomaly.url),
    ("status", lambda anomaly: anomaly.status),
    ("type", lambda anomaly: anomaly.type),
    ("severity", lambda anomaly: str(anomaly.severity or "")),
    ("weight", lambda anomaly: "" if anomaly.weight is None else f"{anomaly.weight:.15g}"),
    ("records", lambda anomaly: "" if anomaly.records is None else str(anomaly.records)),
    ("datastore", lambda anomaly: anomaly.datastore.name if anomaly.datastore else ""),
    ("table", lambda anomaly: anomaly.container.name if anomaly.container else ""),
    ("created", lambda anomaly: anomaly.created.isoformat()),
    ("tags", lambda anomaly: ", ".join(anomaly.tags)),
    ("assignees", lambda anomaly: ", ".join(person.name or person.email or person.id for person in anomaly.assignees)),
    ("checks", lambda anomaly: "; ".join(_check(check) for check in anomaly.checks)),
    ("description", lambda anomaly: anomaly.description),
    ("fingerprint", lambda anomaly: anomaly.fingerprint),
    ("scale", lambda anomaly: _scale(anomaly)),
)
_ADDED: tuple[tuple[str, Callable[[model.Anomaly, model.Capabilities], str]], ...] = (
    ("system", lambda anomaly, capabilities: capabilities.title),
    (
        "closed as",
        lambda anomaly, capabilities: closings.title(capabilities.archive_as, anomaly.archived_as) if anomaly.archived_as else "",
    ),
)
"""What takes more than the anomaly to tell. New columns stand behind those of earlier releases: people read them by their place."""


def anomalies(anomalies: Iterable[model.Anomaly], *, heading: bool = True, capabilities_of: _CapabilitiesOf | None = None) -> bytes:
    """Every anomaly, one line each, as its system told it last; as safe as a receipt. `capabilities_of` is what the systems
    let people do, by their names."""
    names = [name for name, _ in (*_EXPORT, *_ADDED)] if heading else ()
    return _file(names, (_row(anomaly, capabilities_of or {}) for anomaly in anomalies))


def _row(anomaly: model.Anomaly, capabilities_of: _CapabilitiesOf) -> Sequence[str]:
    capabilities = capabilities_of.get(anomaly.ref.source) or model.Capabilities(anomaly.ref.source, frozenset())
    return [*(read(anomaly) for _, read in _EXPORT), *(read(anomaly, capabilities) for _, read in _ADDED)]


def _scale(anomaly: model.Anomaly) -> str:
    """ "weight", "score of 1": what the number in the column of weights is a number of."""
    if anomaly.weight is None:
        return ""
    return anomaly.scale.name if anomaly.scale.most is None else f"{anomaly.scale.name} of {anomaly.scale.most:.15g}"


def _check(check: model.Check) -> str:
    fields = ", ".join(check.fields)
    return check.message.strip() or f"{fields}: {check.rule}".strip(": ")


def _file(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    page = io.StringIO(newline="")
    writer = csv.writer(page)
    if heading:
        page.write("\ufeff")
        writer.writerow(heading)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return page.getvalue().encode()


_SIGNS = "=+\\-@|%＝＋－＠｜％﹦﹢﹣﹫﹪⁼⁺₌₊"
"""What makes a spreadsheet calculate, and the wide and small forms that some read as the same."""

_BEGINS = re.compile(rf"""(?:^|(?<=[,;|，；｜]))(?=[\s\u200c\u200d'"]*[{_SIGNS}])""")
"""Where a cell with a formula may begin: many spreadsheets split at another separator than the comma (OWASP, "CSV Injection")."""


def _cell(value: str) -> str:
    """One harmless line: an apostrophe stands before each sign that may come to stand first in a cell."""
    return _BEGINS.sub("'", " ".join(text.aligned(value).split()))
