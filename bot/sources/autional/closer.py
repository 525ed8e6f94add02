"""What Autional tells to whoever looks closely: what the same user did besides, within a week and within a day (contracts 4.3); and its
search for anomalies, of which it tells nothing while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot import errors, model
from bot.sources import base
from bot.sources.autional import client, filters, schema

EVENTS = 8
"""Events that are told; how many there are is told, too."""
COUNTS = (("total_events", "Events within a day"), ("unique_devices", "Devices"), ("unique_ips", "Addresses"))
SPANS = tuple(filters.RANGES)


class Closer:
    """The ports `Witness` and `Detector` of one tenant."""

    spans = SPANS

    def __init__(self, api: client.Client) -> None:
        self._api = api

    async def evidence(self, anomaly: model.Anomaly) -> model.Evidence:
        """Related ones and the timeline; what fails of both is told."""
        ident = anomaly.ref.id
        asked = [self._tried(f"{self._api.one(ident)}/related", _related), self._tried(f"{self._api.one(ident)}/timeline", _timeline)]
        related, timeline = await base.together(asked)
        failed = [one for one in (related, timeline) if isinstance(one, errors.SourceError)]
        if len(failed) == len(asked):
            raise failed[0]
        found = timeline if isinstance(timeline, model.Evidence) else model.NO_EVIDENCE
        others = [one for one in related.related if one != anomaly.ref] if isinstance(related, model.Evidence) else ()
        return model.Evidence(found.facts, found.happened, found.happened_in_all, others, tuple(dict.fromkeys(map(str, failed))))

    async def _tried(self, path: str, read: Any) -> model.Evidence | errors.SourceError:
        try:
            found: model.Evidence = read(await self._api.audit(path))
        except errors.SourceError as error:
            return error
        return found

    async def detect(self, span: str) -> model.Detection:
        """Start a search; what it finds is told at once by some deployments, and by others nothing but the name of a task."""
        try:
            reply = await self._api.change("POST", "anomalies/detect", {"time_range": span})
        except errors.SourceMissing:
            return model.Detection(0)  # so says the specification where there is none
        found = reply.get("data", reply.get("items"))
        if isinstance(found, Mapping):
            return model.Detection(None, schema.text(found, "task_id"))
        return model.Detection(len(found) if isinstance(found, list) else None)


def _related(reply: Mapping[str, Any]) -> model.Evidence:
    items = reply.get("items", reply.get("data"))
    found = [schema.text(one, "id") for one in _mappings(items)]
    return model.Evidence(related=[model.Ref(client.NAME, ident) for ident in found if ident])


def _timeline(reply: Mapping[str, Any]) -> model.Evidence:
    """How much there was, and the newest events: what was done, and by what. Addresses and devices are counted, not named."""
    told = reply.get("data")
    data: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    said = data.get("context")
    context: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
    facts = [model.Fact(label, f"{context[name]:,}") for name, label in COUNTS if _counts(context.get(name))]
    events = [model.Happening(_event(one), schema.moment(one.get("timestamp"))) for one in _mappings(data.get("events"))]
    events.sort(key=lambda one: one.at.timestamp() if one.at else 0.0, reverse=True)
    total = context.get("total_events")
    in_all = total if isinstance(total, int) and _counts(total) else len(events)
    return model.Evidence(facts, [one for one in events if one.what][:EVENTS], in_all)


def _counts(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _event(raw: Mapping[str, Any]) -> str:
    action, module = schema.text(raw, "action"), schema.text(raw, "module")
    return f"{action} ({module})" if action and module else action or module or schema.text(raw, "message")


def _mappings(found: Any) -> Sequence[Mapping[str, Any]]:
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
