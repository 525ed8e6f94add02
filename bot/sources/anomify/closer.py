"""What Anomify tells to whoever looks closely, and what it draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot import errors, model, ports
from bot.sources import base
from bot.sources.anomify import by_id, client, facts, rounds

EVENTS = 50
"""Events that are told; how many there are is told, too."""
GRAPHS = 5
"""Pictures of patterns."""


class Closer:
    """The ports `Witness` and `Pictures`."""

    def __init__(self, api: client.Client, known: by_id.ById, watch: rounds.Rounds) -> None:
        self._api, self._by_id, self._rounds = api, known, watch

    async def evidence(self, anomaly: model.Anomaly) -> model.Evidence:
        """What happened around it, the newest first. What its card has no room for stands behind its facts."""
        data = await self._by_id.told(anomaly)
        happened = [facts.happening(one) for one in facts.events(data)]
        happened.sort(key=lambda one: one.at.timestamp() if one.at else 0.0, reverse=True)
        failed = facts.trouble(data)
        return model.Evidence((), happened[:EVENTS], len(happened), (), (f"What is related is {failed}.",) if failed else ())

    async def pictures(self, anomaly: model.Anomaly) -> Sequence[ports.Picture]:
        """The month up to it, and the patterns that it is like. Nobody waits for them: they count among what is read in turn."""
        data = await self._by_id.told(anomaly)
        graphs = _graphs(data, anomaly.series.metric if anomaly.series else f"anomaly {anomaly.ref.id}")
        self._rounds.spend(1 + len(graphs))
        drawn = await base.together([self._drawn(f"{anomaly.ref.id}-{name}", *graph) for name, graph in graphs.items()], 2)
        failed = [one for one in drawn if isinstance(one, errors.SourceError)]
        if failed and len(failed) == len(drawn):
            raise failed[0]
        return [one for one in drawn if isinstance(one, ports.Picture)]

    async def _drawn(self, name: str, address: str, alt: str) -> ports.Picture | errors.SourceError:
        try:
            content, ending = await self._api.picture(address)
        except errors.SourceError as error:
            return error
        return ports.Picture(f"{client.NAME}-{name}.{ending}", content, alt)


def _graphs(data: Mapping[str, Any], metric: str) -> Mapping[str, tuple[str, str]]:
    """Addresses with what is to be seen there, by names for files."""
    found: dict[str, tuple[str, str]] = {}
    address = data.get("anomaly_graph_url")
    if isinstance(address, str) and address:
        found["30-days"] = (address, f"Graph of {metric} in the 30 days up to the anomaly")
    patterns = data.get("pattern_graph_urls")
    for ident, one in list(patterns.items() if isinstance(patterns, Mapping) else ())[:GRAPHS]:
        number = "".join(letter for letter in str(ident) if letter.isdigit())[:18]
        if isinstance(one, str) and one:
            found[f"pattern-{number}"] = (one, f"Graph of the pattern {number} of {metric}")
    return found
