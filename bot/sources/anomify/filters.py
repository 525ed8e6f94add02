"""How the filter words are treated: Anomify has no list that a document describes, so all of them are applied to what this desk knows."""

from __future__ import annotations

from collections.abc import Mapping

from bot import model

_HERE = model.Word(model.Handling.HERE)


def _refused(because: str) -> model.Word:
    return model.Word(model.Handling.REFUSED, because)


_NO_PLACES = _refused("Anomify has no datastores and no tables. Use q: and a part of the metric's name instead.")
_NO_CHECKS = _refused("Anomify has no checks and no rules. Use q: and a part of the metric's name instead.")

WORDS: Mapping[str, model.Word] = {
    **dict.fromkeys(("source", "id", "type", "status", "severity", "min", "since", "until", "assignee", "q", "limit"), _HERE),
    "sort": model.Word(
        model.Handling.HERE,
        values=("newest", "oldest", "weight", "weight:asc", "ended", "ended:asc", "duration", "duration:asc"),
    ),
    **dict.fromkeys(("datastore", "table", "container"), _NO_PLACES),
    **dict.fromkeys(("check", "rule", "fingerprint"), _NO_CHECKS),
    "tag": _refused("Anomify has no tags. Use q: and a part of the metric's name instead."),
    "enriched": _refused("Anomify keeps no source records of an anomaly."),
}
