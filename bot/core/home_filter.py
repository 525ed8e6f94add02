"""Which filters an App Home can have: it is drawn from what the desk knows, without asking any system."""

from __future__ import annotations

from bot import errors, model

_TOLD = frozenset({"source", "datastores", "tables", "tags", "severities", "min_weight", "since", "until", "fingerprint", "ago"})
"""Fields that columns tell."""

_EMPTY = model.Query()


def check(query: model.Query) -> None:
    """Raise NotSupported for a filter that an App Home cannot have."""
    if any(getattr(query, name) != getattr(_EMPTY, name) for name in model.Query.__dataclass_fields__.keys() - _TOLD):
        raise errors.NotSupported(
            "Your Home can be filtered by source:, datastore:, table:, tag:, severity:, min:, since: and until:. "
            "For other words use Triage here, or /anomalies list."
        )
