"""Several systems at once: asked together, merged in one order, and those that are missing are named."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from bot import errors, model, ports
from bot.core import permissions
from bot.render.anomaly import replies
from bot.services import browse, searching, selecting
from bot.sources.qualytics import list_params
from tests.render import slack_rules
from tests.services import cast, fixed_routes
from tests.services.test_browse import taken

ME = model.Actor("U0DANA", "Dana")
AWAY = errors.SourceUnavailable("anomify", "Anomify did not answer within 30 seconds.")
HIGH, LOW = model.Severity.HIGH, model.Severity.LOW


@dataclass
class System(cast.System):
    """One that may be down, and that may know only some tables."""

    down: errors.SourceError | None = None
    tables: frozenset[str] = frozenset()
    waits: asyncio.Event | None = None

    def _check(self, query: model.Query) -> None:
        if self.down:
            raise self.down
        if unknown := set(query.tables) - self.tables:
            raise errors.NotFound(f"{self.title} has no table {', '.join(unknown)}.")

    async def find(self, query: model.Query) -> model.Found:
        if self.waits:
            await self.waits.wait()
        self._check(query)
        return await super().find(query)

    async def count(self, query: model.Query) -> int:
        self._check(query)
        return await super().count(query)

    async def get(self, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        self._check(model.Query())
        return await super().get(ids)


def one(source: str, ident: str, minutes: int, severity: model.Severity | None = None, **values: Any) -> model.Anomaly:
    given = replace(cast.anomaly(1, **values), ref=model.Ref(source, ident), severity=severity)
    return replace(given, created=cast.NOON + timedelta(minutes=minutes))


QUALYTICS = [one("qualytics", "1", 1, LOW), one("qualytics", "3", 3, HIGH), one("qualytics", "5", 5)]
ANOMIFY = [one("anomify", "a:2", 2, HIGH), one("anomify", "a:4", 4, LOW)]


def pair(**second: Any) -> tuple[browse.Browse, System, System]:
    """The service over two systems."""
    first = System(all=QUALYTICS)
    other = System(**({"all": ANOMIFY, "name": "anomify", "title": "Anomify"} | second))
    store: Any = cast.Shelf()
    sources: Any = {"qualytics": first, "anomify": other}
    service = browse.Browse(
        sources=sources, anomalies=store, cards=store, journal=store, health=store, resolve=cast.unresolved, clock=cast.Clock(),
        grants=permissions.Grants(), routes=fixed_routes.FixedRoutes(model.Route("default", "C1")),
    )  # fmt: skip
    return service, first, other


def refs(found: Sequence[model.Anomaly]) -> list[str]:
    return [str(one.ref) for one in found]


async def test_without_a_source_every_system_is_asked_and_the_most_severe_come_first_then_the_newest() -> None:
    service, _, _ = pair()
    page = await service.listing(model.Query(), ME)
    assert refs(page.anomalies) == ["qualytics:3", "anomify:a:2", "anomify:a:4", "qualytics:1", "qualytics:5"]
    assert (page.total, list(page.totals), list(page.unheard)) == (5, [("Qualytics", 3), ("Anomify", 2)], [])
    seen = slack_rules.seen(replies.listing(page))
    assert "1 to 5 of 5 (Qualytics 3, Anomify 2)" in seen


@pytest.mark.parametrize(
    ("sort", "first"), [("newest", "qualytics:5"), ("oldest", "qualytics:1"), ("weight", "qualytics:5")], ids=["newest", "oldest", "weight"]
)
async def test_the_order_that_is_asked_for_counts_over_all(sort: str, first: str) -> None:
    service, _, _ = pair()
    page = await service.listing(model.Query(sort=sort), ME)
    assert refs(page.anomalies)[0] == first


async def test_a_limit_is_over_all_and_pages_neither_miss_nor_repeat() -> None:
    many = [one("anomify", f"a:{n}", n, HIGH) for n in range(12)]
    service, _, _ = pair(all=many)
    pages = [await service.listing(model.Query(), ME, offset) for offset in (0, 10)]
    told = [ref for page in pages for ref in refs(page.anomalies)]
    assert len(told) == len(set(told)) == 15
    page = await service.listing(model.Query(limit=2), ME)
    assert (len(page.anomalies), page.total, page.limit) == (2, 15, 2)
    assert refs(await taken(await service.select(model.Query(limit=3, sort="newest"), ME))) == [
        "anomify:a:11",
        "anomify:a:10",
        "anomify:a:9",
    ]


async def test_of_too_many_to_be_sorted_here_each_system_tells_its_heaviest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SORTED", 2)
    monkeypatch.setattr(browse, "PAGE", 2)
    ours = [
        one("qualytics", "1", 1, HIGH, weight=60.0),
        one("qualytics", "3", 3, LOW, weight=1.0),
        one("qualytics", "5", 5, LOW, weight=2.0),
    ]
    theirs = [one("anomify", "a:2", 2, HIGH, weight=75.0), one("anomify", "a:4", 4, LOW, weight=4.0), one("anomify", "a:6", 6)]
    service, first, _ = pair(all=theirs)
    first.all = ours
    pages = [await service.listing(model.Query(), ME, offset) for offset in (0, 2)]
    assert [refs(page.anomalies) for page in pages] == [["anomify:a:2", "qualytics:1"], ["anomify:a:4", "qualytics:5"]]


async def test_one_that_is_named_is_asked_alone() -> None:
    service, first, _ = pair()
    page = await service.listing(model.Query(source="anomify"), ME)
    assert refs(page.anomalies) == ["anomify:a:2", "anomify:a:4"] and first.asked == [] and list(page.totals) == []


async def test_one_that_is_down_is_named_in_bold_and_the_others_are_shown() -> None:
    service, _, _ = pair(down=AWAY)
    page = await service.listing(model.Query(), ME)
    assert refs(page.anomalies) == ["qualytics:3", "qualytics:1", "qualytics:5"]
    message = replies.listing(page)
    bold = [
        leaf for block in message.blocks if block["type"] == "rich_text" for leaf in block["elements"][0]["elements"] if leaf.get("style")
    ]
    assert [leaf["text"] for leaf in bold] == ["Anomify does not answer; its anomalies are not in this list."]
    assert "within 30 seconds" in slack_rules.seen(message) and "Anomify does not answer" in message.text
    counted = await service.count(model.Query(), ME)
    assert (counted.total, [gone.title for gone in counted.unheard]) == (3, ["Anomify"])
    picked = await service.pick([model.Ref("anomify", "a:2"), model.Ref("qualytics", "3")], ME)
    assert (refs(picked.anomalies), picked.missing, [gone.down for gone in picked.unheard]) == (["qualytics:3"], [], [True])
    assert len((await service.export(model.Query(), ME)).unheard) == 1


async def test_when_all_are_down_both_are_said() -> None:
    service, first, _ = pair(down=AWAY)
    first.down = errors.SourceUnavailable("qualytics", "Qualytics did not answer within 30 seconds.")
    with pytest.raises(errors.SourceUnavailable, match=r"Qualytics did not answer .*Anomify did not answer"):
        await service.listing(model.Query(), ME)


async def test_nothing_found_says_who_could_not_be_asked() -> None:
    service, first, _ = pair(down=AWAY)
    first.all = ()
    with pytest.raises(errors.NotFound, match=r"Nothing is open in Qualytics\. Anomify did not answer within 30 seconds\."):
        await service.select(model.Query(), ME)


async def test_a_word_that_only_one_system_has_selects_there_alone_and_says_so() -> None:
    words = {name: word for name, word in list_params.WORDS.items() if name != "check"}
    service, first, _ = pair(words=words)
    first.all = [one("qualytics", "1", 1, checks=(model.Check("512", "notNull"),))]
    page = await service.listing(model.Query(checks=("512",)), ME)
    assert refs(page.anomalies) == ["qualytics:1"]
    assert "Anomify is left out. It cannot filter by check: it knows nothing of the kind." in slack_rules.seen(replies.listing(page))
    with pytest.raises(errors.NotSupported, match="Anomify cannot filter by check:"):
        await service.listing(model.Query(source="anomify", checks=("512",)), ME)


async def test_a_table_that_only_one_system_knows_selects_there_alone() -> None:
    service, first, _ = pair()
    first.tables = frozenset({"orders"})
    page = await service.listing(model.Query(tables=("orders",)), ME)
    assert refs(page.anomalies) == ["qualytics:3", "qualytics:1", "qualytics:5"] and [gone.down for gone in page.unheard] == [False]
    with pytest.raises(errors.NotFound, match=r"Qualytics has no table nix\. Anomify has no table nix\."):
        await service.listing(model.Query(tables=("nix",)), ME)


async def test_they_are_asked_at_the_same_time() -> None:
    service, first, other = pair()
    first.waits = other.waits = gate = asyncio.Event()
    asked = asyncio.create_task(service.listing(model.Query(), ME))
    while "find" not in first.asked and not asked.done():
        gate.set()
        await asyncio.sleep(0)
    assert len((await asked).anomalies) == 5


async def test_counts_are_by_system() -> None:
    service, _, _ = pair()
    counted = await service.count(model.Query(), ME)
    assert (counted.total, list(counted.totals), dict(counted.by_state)) == (5, [("Qualytics", 3), ("Anomify", 2)], {"active": 5})
    seen = slack_rules.seen(replies.count("", counted.total, counted.by_state, counted.by_table, counted.totals, counted.unheard))
    assert "By system: Qualytics 3, Anomify 2." in seen


async def test_a_message_is_about_the_anomalies_whose_systems_own_its_links() -> None:
    service, _, _ = pair(idents=model.Idents(hosts=("app.anomify.example",), path=r"/detail/([a-z]:[0-9]+)"))
    scope = await service.about("C1", "1.2", "see https://app.anomify.example/detail/a:2 and https://elsewhere.example/anomalies/7", ME)
    assert scope.words == "source:anomify id:a:2 status:any"
    with pytest.raises(errors.NotFound, match="No anomaly is named"):
        await service.about("C1", "1.2", "https://elsewhere.example/anomalies/7", ME)


# --- what is taken page by page ------------------------------------------------------------------------------------------------


@dataclass
class Paged(System):
    """A page for each; the page that `breaks` is not answered."""

    breaks: int | None = None
    read: int = 0

    async def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        self._check(query)
        for number, found in enumerate(sorted(self.all, key=lambda one: one.created, reverse=True)):
            if number == self.breaks:
                raise errors.SourceUnavailable(self.name, f"{self.title} did not answer within 30 seconds.")
            self.read += 1
            yield [found]


def paged(**second: Any) -> tuple[browse.Browse, Paged, Paged]:
    """The service over two systems that have pages."""
    service, _, _ = pair()
    first = Paged(all=QUALYTICS)
    other = Paged(**({"all": ANOMIFY, "name": "anomify", "title": "Anomify"} | second))
    sources: Any = {"qualytics": first, "anomify": other}
    return replace(service, sources=sources), first, other


async def test_a_selection_of_several_is_read_while_it_is_taken_in_one_order() -> None:
    service, first, other = paged()
    found = await service.select(model.Query(), ME)
    assert list(found.systems) == ["qualytics", "anomify"]
    assert refs(await taken(found)) == ["qualytics:5", "anomify:a:4", "qualytics:3", "anomify:a:2", "qualytics:1"]
    assert "find" not in [*first.asked, *other.asked], "never all at once"


async def test_a_long_limit_is_over_all_and_reads_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SORTED", 1)
    monkeypatch.setattr(selecting, "FEW", 1)
    monkeypatch.setattr(selecting, "SIZE", 1)
    service, first, other = paged()
    found = await taken(await service.select(model.Query(limit=2), ME))
    assert refs(found) == ["qualytics:5", "anomify:a:4"]
    assert first.read + other.read < 5


async def test_one_that_does_not_answer_at_first_is_not_in_it_and_is_named() -> None:
    service, _, _ = paged(down=AWAY)
    found = await service.select(model.Query(), ME)
    assert refs(await taken(found)) == ["qualytics:5", "qualytics:3", "qualytics:1"]
    assert ([gone.title for gone in found.unheard], list(found.systems)) == (["Anomify"], ["qualytics"])


async def test_one_that_fails_on_the_way_fails_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selecting, "SIZE", 1)
    service, _, _ = paged(breaks=1)
    found = await service.select(model.Query(), ME)
    with pytest.raises(errors.SourceUnavailable, match="Anomify did not answer"):
        await taken(found)


@dataclass
class Group(cast.Shelf):
    """A group card with these members."""

    members_: Sequence[model.Anomaly] = ()

    async def tally(self, card: str, sample: int = 5, *, version: int = 0, severity: model.Severity | None = None) -> ports.Tally:
        systems = Counter(one.ref.source for one in self.members_)
        return ports.Tally(len(self.members_), {}, [], [], sources=list(systems.items()))

    async def members(self, card: str, *, offset: int, limit: int, version: int = 0, severity: str = "") -> Sequence[model.Anomaly]:
        return self.members_[offset : offset + limit]


def grouped(service: browse.Browse, *members: model.Anomaly) -> browse.Browse:
    store: Any = Group(members_=members)
    return replace(service, cards=store)


async def test_a_group_of_several_tells_who_is_gone_and_who_did_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browse, "MEMBERS", 1)
    service, _, other = paged()
    gone = one("qualytics", "9", 9)
    both = grouped(service, ANOMIFY[0], gone, *QUALYTICS, ANOMIFY[1])
    found = await both.whole_group("g", ME)
    assert sorted(found.systems) == ["anomify", "qualytics"]
    assert len(await taken(found)) == 5 and [str(ref) for ref in found.missing] == ["qualytics:9"]
    other.down = AWAY
    found = await both.whole_group("g", ME)
    assert refs(await taken(found)) == refs(QUALYTICS) and list(found.systems) == ["qualytics"]
    assert [silent.title for silent in found.unheard] == ["Anomify"], "said once, however many of its anomalies there are"
    with pytest.raises(errors.SourceUnavailable, match="Anomify did not answer"):
        await grouped(service, *ANOMIFY).whole_group("g", ME)
    with pytest.raises(errors.NotFound, match="not known any more"):
        await grouped(service, gone).whole_group("g", ME)


async def test_a_system_of_a_group_that_fails_on_the_way_fails_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browse, "MEMBERS", 1)
    service, _, other = paged()
    found = await grouped(service, *ANOMIFY, *QUALYTICS).whole_group("g", ME)
    other.down = AWAY
    with pytest.raises(errors.SourceUnavailable, match="Anomify did not answer"):
        await taken(found)
