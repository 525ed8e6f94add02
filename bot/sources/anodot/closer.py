"""What Anodot tells to whoever looks closely: the course of the heaviest metric with its baseline, all metrics, and what they have in
common (contracts 2.4)."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any

from bot import errors, model
from bot.sources import base
from bot.sources.anodot import by_id, client, course, filters, schema, users

TOKENS, CLUSTERS, PER_CLUSTER = 3, 5, 5
"""Tokens of an anomaly that are told; clusters of a filter that are asked for, and the tokens of each."""
PAGES = 5
"""Further pages of metrics that are read."""
TIMES = 11
"""As many times its own length is looked at of the course of a metric, as the vendor's own plugin does."""


class Closer:
    """The ports `Witness` and `Commons` of one account."""

    def __init__(self, api: client.Client, one: by_id.ById, known: users.Users, courses: course.Reader) -> None:
        self._api, self._by_id, self._users, self._courses = api, one, known, courses

    # --- one anomaly ------------------------------------------------------------------------------------------------------

    async def evidence(self, anomaly: model.Anomaly) -> model.Evidence:
        """Its metrics, the course of the heaviest, and its top tokens; what fails of these is told."""
        ident = anomaly.merged_into.id if anomaly.merged_into else anomaly.ref.id
        raw = await self._by_id.raw(ident)
        metrics = await self._metrics(ident, raw)
        heaviest = max(metrics, key=lambda one: one.score or 0.0, default=None)
        scale = schema.scale(schema.text(raw, "resolution"))
        asked: list[Awaitable[Any]] = [self._tried(self._tokens(ident, scale)), self._tried(self._course(anomaly, ident, heaviest, scale))]
        found = await base.together([_awaited(one) for one in asked])
        tokens, going = (() if isinstance(one, errors.SourceError) else one for one in found)
        told = [*tokens, *_ends(going)]
        if heaviest is not None and anomaly.ended is None:
            told = [*schema.moving(heaviest), *told]
        names = tuple(one.name or one.ident for one in metrics if one.name or one.ident)
        many = [model.Fact("Metrics in all", f"{len(metrics):,}", more=names)] if len(metrics) > 1 else []
        missing = tuple(dict.fromkeys(str(one) for one in found if isinstance(one, errors.SourceError)))
        return model.Evidence([*told, *many], missing=missing, course=[one.value for one in going[-course.SHOWN :]])

    async def _tried(self, asking: Awaitable[Sequence[Any]]) -> Sequence[Any] | errors.SourceError:
        try:
            return await asking
        except errors.SourceError as error:
            return error

    async def _metrics(self, ident: str, first: Mapping[str, Any]) -> list[schema.Metric]:
        """All metrics, page by page until a page brings none that is new."""
        found = {
            one.ident or one.name or str(number): one
            for number, one in enumerate(map(schema.metric, schema.mappings(first.get("metrics"))))
        }
        for _ in range(PAGES if found else 0):
            raw = await self._api.metrics(ident, self._by_id.asked(ident), len(found))
            more = {one.ident or one.name: one for one in map(schema.metric, schema.mappings(raw.get("metrics")))}
            if not more.keys() - found.keys():
                break
            found |= more
        return list(found.values())

    async def _course(self, anomaly: model.Anomaly, ident: str, metric: schema.Metric | None, scale: str) -> Sequence[model.Point]:
        """The data points of a metric; none without one."""
        return await self._courses.points(anomaly, ident, metric.ident, scale, TIMES) if metric and metric.ident else []

    async def _tokens(self, ident: str, scale: str) -> Sequence[model.Fact]:
        params: base.Params = [("anomalyId", ident), ("resolution", scale or ",".join(client.SCALES)), *_LIMITS]
        found = commons(await self._api.listed("anomalies/tokenMap", params))
        return [model.Fact("Common", shared) for shared in said(found)[:TOKENS]]

    # --- a filter ---------------------------------------------------------------------------------------------------------

    async def common(self, query: model.Query) -> Sequence[model.Common]:
        """What the metrics of all that matches have in common. Raises NotSupported for a filter without a search, and for one of which a
        part is applied here: the answer would be about more than was asked."""
        plan = filters.plan(query, await self._users.bookmarks(query))
        if len(plan.lists) != 1 or not any(name == "q" for name, _ in plan.lists[0]):
            raise errors.NotSupported(
                f"{client.TITLE} tells what metrics have in common for one search: add metric:revenue, tag:key=value, or q:{{...}}."
            )
        if words := filters.applied_here(query):
            raise errors.NotSupported(
                f"Leave out {words}: {client.TITLE} tells what metrics have in common for a search of its own, which cannot be narrowed so."
            )
        return commons(await self._api.listed("anomalies/tokenMap", [*plan.lists[0], *_LIMITS]))


_LIMITS: base.Params = (("tokenMapClustersLimit", CLUSTERS), ("toklenMapClusterLimit", PER_CLUSTER))
"""The second one is spelt so."""


async def _awaited(one: Awaitable[Any]) -> Any:
    return await one


# --- reading ----------------------------------------------------------------------------------------------------------------


def _ends(going: Sequence[model.Point]) -> Sequence[model.Fact]:
    """How a course ended, in words."""
    if not going:
        return []
    band = going[-1]
    expected = [schema.written(one) for one in (band.low, band.high) if one is not None]
    facts = [model.Fact("Last value", schema.written(band.value))]
    return [*facts, *([model.Fact("Baseline now", " to ".join(expected))] if expected else [])]


def commons(reply: Any) -> Sequence[model.Common]:
    """What metrics have in common: each cluster with its tokens, the heaviest first."""
    items = reply.get("tokenMap", reply.get("clusters")) if isinstance(reply, Mapping) else reply
    if not isinstance(items, list):
        raise errors.SourceGarbled(client.NAME, f"{client.TITLE} gave an answer that is not a map of tokens.")
    found = [made for one in schema.mappings(items) if (made := _common(one)) is not None]
    return sorted(found, key=lambda one: -(one.weight or 0.0))


def _common(raw: Mapping[str, Any]) -> model.Common | None:
    key, value = schema.text(raw, "key"), schema.text(raw, "value")
    if not key and not value:
        return None
    tokens = [made for one in schema.mappings(raw.get("tokens")) if (made := _common(one)) is not None]
    return model.Common(
        key, value, schema.number(raw.get("weight")), _occurrences(raw, "anomaly"), _occurrences(raw, "total"),
        sorted(tokens, key=lambda one: -(one.weight or 0.0)),
    )  # fmt: skip


def _occurrences(raw: Mapping[str, Any], of: str) -> int | None:
    """How many: the sample of the vendor's page spells it so, and its table otherwise."""
    return client.whole(raw.get(f"{of}Occurrences", raw.get(f"{of}Occurances")))


def said(found: Sequence[model.Common]) -> Sequence[str]:
    """ "server=web01: 30 of 309", the tokens of all clusters, the heaviest first."""
    tokens = sorted((token for one in found for token in one.tokens or (one,)), key=lambda one: -(one.weight or 0.0))
    return [one.told for one in tokens]
