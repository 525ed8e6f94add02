"""What the bot sends equals what the vendor's own client sends, but for the differences in one table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from bot import model
from bot.sources.qualytics import source as qualytics
from sandbox import qualytics as fake
from tests.sandbox.qualytics import oracle
from tests.sources.staging import Deployment

Do = Callable[[qualytics.Qualytics], Awaitable[Any]]


def found(**words: Any) -> Do:
    return lambda source: source.find(model.Query(datastores=("42",), **words))


def applied(change: model.Change, *ids: str) -> Do:
    async def act(source: qualytics.Qualytics) -> None:
        read = await source.get(ids)
        await source.apply(change, [read[ident] for ident in ids])

    return act


def started(kind: str, *datastores: str, tables: tuple[str, ...] = (), tags: tuple[str, ...] = (), **options: Any) -> Do:
    async def act(source: qualytics.Qualytics) -> None:
        for datastore in datastores or ("42",):
            await source.start(model.ScanRequest(kind, datastore, tables, tags, options))

    return act


async def aborted(source: qualytics.Qualytics) -> None:
    await source.abort("3001")


ACK = model.Action.ACKNOWLEDGE
SAME: dict[str, Do] = {
    "list open": found(),
    "list active": found(statuses=("active", "acknowledged")),
    "list closed": found(statuses=("resolved", "invalid")),
    "list both": found(statuses=("active", "resolved")),
    "list filtered": found(
        tables=("100",),
        checks=("501",),
        types=("record",),
        tags=("critical",),
        since=date(2026, 5, 1),
        until=date(2026, 5, 8),
        enriched=True,
    ),
    "get": lambda source: source.get(["1050"]),
    "update one": applied(model.Change(ACK), "1050"),
    "update one fully": applied(
        model.Change(
            model.Action.UNACKNOWLEDGE,
            description="Investigating in INC-987",
            add_tags=("incident", "oncall"),
            assignees=("12", "18"),
        ),
        "1050",
    ),
    "unassign one": applied(model.Change(ACK, assignees=()), "1050"),
    "update many": applied(model.Change(ACK, assignees=("12",), add_tags=("incident",)), "1050", "1049"),
    "archive one": applied(model.Change(model.Action.ARCHIVE, archive_as="Invalid"), "1048"),
    "archive many": applied(model.Change(model.Action.ARCHIVE, archive_as="Duplicate"), "1047", "1046"),
    "delete one": applied(model.Change(model.Action.DELETE), "1045"),
    "delete many": applied(model.Change(model.Action.DELETE), "1044", "1043"),
    "scan": started("scan"),
    "scan tables": started(
        "scan",
        tables=("orders", "customers"),
        incremental=True,
        auto_resolve_passed_anomalies=False,
        max_records_analyzed_per_partition=-1,
        enrichment_source_record_limit=10,
        greater_than_time="2026-05-01T00:00:00.000Z",
    ),
    "scan tags": started("scan", "42", "43", tags=("critical",), auto_resolve_passed_anomalies=True),
    "sync": started("sync", include=["table", "view"], prune=True),
    "profile": started("profile", tables=("orders",), ai_effort="high", infer_as_draft=True),
    "materialize": started("materialize", tables=("orders_daily",)),
    "export": started("export", tables=("100", "101")),
    "scan batch": started("scan", tables=("orders",), incremental=True, greater_than_batch=1234.5),
    "sync plain": started("sync", "43", "44"),
    "profile tags": started(
        "profile",
        tags=("critical", "finance"),
        ai_effort="off",
        max_records_analyzed_per_partition=1000,
        max_count_testing_sample=500,
        percent_testing_threshold=0.5,
        high_correlation_threshold=0.9,
        greater_than_time="2026-05-01T06:30:00.000Z",
        greater_than_batch=7.0,
        histogram_max_distinct_values=50,
    ),
    "profile all": started("profile"),
    "materialize tags": started("materialize", tags=("nightly",), max_records_per_partition=5000),
    "materialize all": started("materialize"),
    "export checks": started("export", tags=("critical",), asset_type="checks", include_deleted=True),
    "export profiles": started("export", asset_type="profiles"),
    "abort": aborted,
}

SORTED = "our lists ask for an order, so that pages do not depend on the server's"
OWN_TAGS = "our tags are the anomaly's own with the change applied; the client replaces them"
ONE_HOME = "our bulk calls never span datastores; an anomaly alone in its datastore goes through the single call"
DIFFERENT: dict[str, str] = {
    **dict.fromkeys((name for name in SAME if name.startswith("list")), SORTED),
    "update one fully": OWN_TAGS,
    "update many": f"{OWN_TAGS}; {ONE_HOME}",
    "archive many": ONE_HOME,
}
"""Every deliberate difference from the vendor's client."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theirs() -> dict[str, oracle.Ran]:
    return dict(zip(oracle.COMMANDS, await oracle.run(*oracle.COMMANDS.values()), strict=True))


def without_order(call: oracle.Call) -> oracle.Call:
    query = tuple(sorted(pair for pair in call.query if pair not in (("sort_created", "desc"),)))
    return oracle.Call(call.method, call.path, query, call.json)


def effective(calls: list[oracle.Call]) -> list[oracle.Call]:
    """What was asked for, apart from look-ups that only our side makes (ids of tables, reading before a write)."""
    return [without_order(one) for one in calls]


def as_items(calls: list[oracle.Call]) -> dict[int, dict[str, Any]]:
    """Updates and removals per anomaly, whichever call carried them."""
    items: dict[int, dict[str, Any]] = {}
    for one in calls:
        tail = one.path.rpartition("/")[2]
        if isinstance(one.json, list):
            items |= {item["id"]: {key: value for key, value in item.items() if key != "id"} for item in one.json}
        elif tail.isdecimal():
            archive = {key: value == "true" if key == "archive" else value for key, value in one.query}
            items[int(tail)] = dict(one.json or (archive if archive.get("archive") else {"archive": False}))
    return items


async def ours(name: str, reading: bool) -> list[oracle.Call]:
    """What we send for the same wish, without what we read before a write."""
    async with fake.serving(fake.Deployment(seed=7, open_count=12)) as (url, parts):
        system = Deployment(url, parts)
        source = system.source()
        if name == "abort":
            await started("scan")(source)
            system.calls()
        await SAME[name](source)
        calls = [oracle.call(entry) for entry in system.calls()]
        await system.aclose()
    return [one for one in calls if reading or one.method != "GET"]


def kind(name: str) -> bool:
    return name.startswith(("list", "get"))


@pytest.mark.parametrize("name", [name for name in SAME if DIFFERENT.get(name, SORTED) == SORTED])
async def test_we_send_what_the_client_sends(theirs: dict[str, oracle.Ran], name: str) -> None:
    wanted = [one for one in theirs[name].calls if kind(name) or one.method != "GET"]
    sent = [one for one in await ours(name, reading=kind(name)) if not (kind(name) and one.path.endswith(("listing", "datastores")))]
    assert wanted
    assert effective(sent) == effective(wanted)
    assert (effective(sent) == [oracle.Call(one.method, one.path, tuple(sorted(one.query)), one.json) for one in sent]) is (
        name not in DIFFERENT
    )


@pytest.mark.parametrize("name", [name for name, why in DIFFERENT.items() if why != SORTED])
async def test_where_we_differ_we_still_ask_for_the_same(theirs: dict[str, oracle.Ran], name: str) -> None:
    wanted, sent = as_items(list(theirs[name].calls)), as_items(await ours(name, reading=False))
    assert wanted.keys() == sent.keys()
    for ident, item in wanted.items():
        mine = dict(sent[ident])
        if "tags" in item:
            assert set(item.pop("tags")) <= set(mine.pop("tags"))
        assert mine == item


async def test_every_difference_is_a_real_one(theirs: dict[str, oracle.Ran]) -> None:
    for name in DIFFERENT:
        wanted = [one for one in theirs[name].calls if kind(name) or one.method != "GET"]
        assert [*await ours(name, reading=kind(name))] != wanted, name
