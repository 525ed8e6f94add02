"""Lists, counts and reasons: what is sent to the system, what is applied here, and who may look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot import errors, model, ports
from bot.core import grammar, permissions
from bot.render.kit import spreadsheet
from bot.services import browse, searching, selecting, slicing
from tests.services import cast, fixed_routes
from tests.services.desk import ACK, CHANNEL, DANA, INVALID, Desk, World

ME = model.Actor("U0DANA", "Dana")
ROUTE = model.Route("default", "C1", burst=3, wait_seconds=7)


def looking(system: cast.System, shelf: cast.Shelf | None = None, rules: permissions.Grants | None = None) -> browse.Browse:
    """The service over this system and shelf."""
    store: Any = shelf or cast.Shelf()
    sources: Any = {"qualytics": system}
    scanners: Any = {"qualytics": system} if model.Action.SCAN in system.supports else {}
    return browse.Browse(
        sources=sources,
        scanners=scanners,
        anomalies=store,
        cards=store,
        journal=store,
        health=store,
        resolve=cast.unresolved,
        clock=cast.Clock(),
        grants=rules or permissions.Grants(),
        routes=fixed_routes.FixedRoutes(ROUTE),
    )


def many(count: int, **values: object) -> list[model.Anomaly]:
    return [cast.anomaly(number, **values) for number in range(1, count + 1)]


def idents(listing: model.Listing) -> list[int]:
    return [int(one.ref.id) for one in listing.anomalies]


async def test_a_page_in_the_order_of_a_system_reads_no_more_than_it_shows() -> None:
    system = cast.System(all=many(35))
    service = looking(system)
    newest = model.Query(sort="newest")
    page = await service.listing(newest, ME)
    assert idents(page) == list(range(35, 25, -1)) and (page.total, page.offset) == (35, 0)
    page = await service.listing(newest, ME, 30)
    assert idents(page) == [5, 4, 3, 2, 1] and page.total == 35
    assert system.limits == [10, 40]
    assert idents(await service.listing(newest, ME, 990)) == []


async def test_a_limit_ends_the_list_and_does_not_hide_the_total() -> None:
    service = looking(cast.System(all=many(35)))
    page = await service.listing(model.Query(limit=12), ME, 10)
    assert idents(page) == [25, 24] and (page.total, page.limit) == (35, 12)


def rated(number: int, severity: model.Severity, weight: float) -> model.Anomaly:
    return replace(cast.anomaly(number), severity=severity, weight=weight)


LOW, HIGH, CRITICAL = model.Severity.LOW, model.Severity.HIGH, model.Severity.CRITICAL


async def test_a_list_of_one_system_is_sorted_by_severity_then_age_unless_sort_says_otherwise() -> None:
    there = [rated(1, CRITICAL, 81), rated(2, LOW, 1), rated(3, HIGH, 79), rated(4, CRITICAL, 80), rated(5, LOW, 2)]
    service = looking(cast.System(all=there))
    assert idents(await service.listing(model.Query(), ME)) == [4, 1, 3, 5, 2]
    assert idents(await service.listing(model.Query(sort="oldest"), ME)) == [1, 2, 3, 4, 5]


async def test_of_more_than_can_be_sorted_the_heaviest_come_first_on_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SORTED", 11)
    there = [rated(number, CRITICAL if number < 3 else LOW, 100 - number) for number in range(1, 26)]
    service = looking(cast.System(all=there))
    told = [ident for offset in (0, 10, 20) for ident in idents(await service.listing(model.Query(), ME, offset))]
    assert told == list(range(1, 26)), "nobody waits behind what is newer and less severe"


async def test_what_a_limit_selects_is_what_its_list_shows() -> None:
    there = [rated(1, CRITICAL, 81), rated(2, LOW, 1), rated(3, HIGH, 79), rated(4, LOW, 2)]
    service = looking(cast.System(all=there))
    listed = idents(await service.listing(model.Query(limit=2), ME))
    chosen = await service.select(model.Query(limit=2), ME)
    assert listed == [int(one.ref.id) async for page in chosen.pages() for one in page] == [1, 3]


async def test_of_the_first_few_it_is_told_how_many_match_and_nothing_is_read_twice_for_that() -> None:
    system = cast.System(all=many(30))
    service = looking(system)
    chosen = await service.select(model.Query(min_weight=11.0, limit=2), ME)
    assert ([int(one.ref.id) for one in await taken(chosen)], chosen.matching) == ([30, 29], 20)
    assert system.limits == [0], "everything is read once to be filtered here"
    assert (await service.select(model.Query(min_weight=29.0, limit=2), ME)).matching is None, "these are all"


async def test_words_that_the_system_does_not_know_are_applied_here() -> None:
    people = (model.Person("qualytics", "12", "Dana"),)
    system = cast.System(all=[*many(30), *(replace(one, assignees=people) for one in [cast.anomaly(n) for n in range(101, 114)])])
    service = looking(system)
    page = await service.listing(model.Query(assignees=("me",)), ME)
    assert idents(page) == list(range(113, 103, -1)) and page.total == 13
    page = await service.listing(model.Query(min_weight=29.0), ME)
    assert page.total == 15 and system.limits == [0, 0], "all is read before it is filtered"
    assert page.words == "min:29"


async def test_the_version_is_that_of_the_store() -> None:
    known = replace(cast.anomaly(2), version=7)
    page = await looking(cast.System(all=many(2)), cast.Shelf({known.ref: known})).listing(model.Query(), ME)
    assert [one.version for one in page.anomalies] == [7, 0]


async def test_few_are_counted_by_state_and_table() -> None:
    table = model.Place("9", "orders")
    acked = replace(cast.anomaly(9), state=model.State.ACKNOWLEDGED, status="Acknowledged")
    own = replace(acked, ref=model.Ref("qualytics", "10"), status="Investigating")
    counted = await looking(cast.System(all=[*many(3, container=table), acked, own])).count(model.Query(), ME)
    assert (counted.total, counted.by_table, counted.as_of) == (5, [("orders", 3)], None)
    assert list(counted.by_state.items()) == [("active", 3), ("acknowledged", 1), ("Investigating", 1)]


class Huge(cast.System):
    """A system that counts by its status."""

    async def count(self, query: model.Query) -> int:
        self.asked.append("count")
        return sum(grammar.matches(query, one) for one in self.all)


@pytest.mark.parametrize(
    ("statuses", "states"),
    [
        ((), {"active": 150, "acknowledged": 20}),
        (("any",), {"active": 150, "acknowledged": 20, "archived": 30}),
        (("active",), {"active": 150}),
        (("active", "resolved"), {}),
    ],
    ids=str,
)
async def test_count_keeps_its_breakdown_at_any_size(statuses: tuple[str, ...], states: dict[str, int]) -> None:
    acked = [replace(one, state=model.State.ACKNOWLEDGED) for one in many(20)]
    closed = [replace(one, state=model.State.ARCHIVED, archived_as="Resolved", status="Resolved") for one in many(30)]
    huge = Huge(all=[*many(150), *acked, *closed])
    counted = await looking(huge).count(model.Query(statuses=statuses), ME)
    assert dict(counted.by_state) == states and counted.total >= 150
    assert set(huge.asked) == {"count"}, "nothing is read"


async def test_what_a_system_refuses_is_said_before_it_is_asked() -> None:
    system = cast.System(all=many(3))
    service = looking(system)
    for ask in (service.listing, service.count):
        with pytest.raises(errors.NotSupported, match="cannot filter by metric:"):
            await ask(model.Query(others=(("metric", "x"),)), ME)
        with pytest.raises(errors.NotFound, match='No system called "anodot"'):
            await ask(model.Query(source="anodot"), ME)
    with pytest.raises(errors.NotFound, match="no such person"):
        await service.listing(model.Query(assignees=("ghost",)), ME)
    assert system.asked == []


async def taken(selection: selecting.Selection) -> list[model.Anomaly]:
    """All that is selected."""
    return [one async for page in selection.pages() for one in page]


async def exported(service: browse.Browse, query: model.Query) -> int:
    """How many lines a file of it has."""
    found = await service.export(query, ME)
    return (await slicing.streamed(found.pages(), spreadsheet.anomalies, browse.bounded))[1]


async def test_everything_that_matches_is_selected_for_a_change_and_of_nothing_it_is_said_why() -> None:
    service = looking(cast.System(all=many(30)))
    assert len(await taken(await service.select(model.Query(), ME))) == 30
    assert [int(one.ref.id) for one in await taken(await service.select(model.Query(limit=2), ME))] == [30, 29]
    assert [int(one.ref.id) for one in await taken(await service.select(model.Query(min_weight=29.0), ME))] == [30, 29]
    with pytest.raises(errors.NotFound, match=r"Nothing matches: min:99\. Without min:99 there would be 30"):
        await service.select(model.Query(min_weight=99.0), ME)
    with pytest.raises(errors.NotFound, match="Nothing is open in Qualytics"):
        await looking(cast.System()).select(model.Query(), ME)


async def test_a_file_holds_so_many_and_more_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browse, "MOST_EXPORTED", 20)
    assert await exported(looking(cast.System(all=many(20))), model.Query()) == 20
    system = cast.System(all=many(21))
    with pytest.raises(errors.NotSupported, match="21 anomalies match, and a file holds 20 at most"):
        await exported(looking(system), model.Query())
    assert system.asked == ["count"]
    assert await exported(looking(system), model.Query(limit=5)) == 5
    assert await exported(looking(system), model.Query(min_weight=2.0)) == 20, "those that match count, not those that are read"
    with pytest.raises(errors.NotSupported, match="21 anomalies match"):
        await exported(looking(system), model.Query(min_weight=1.0))
    with pytest.raises(errors.NotSupported, match="21 anomalies match"):
        await exported(looking(system), model.Query(limit=25))
    with pytest.raises(errors.NotFound, match="Nothing is open"):
        await exported(looking(cast.System()), model.Query())
    system.asked.clear()
    with pytest.raises(errors.NotSupported, match="cannot filter by metric:"):
        await exported(looking(system), model.Query(others=(("metric", "x"),)))
    assert system.asked == []


async def test_what_is_picked_is_read_anew_in_its_order_and_what_is_not_known_is_named() -> None:
    service = looking(cast.System(all=many(3)))
    refs = [model.Ref("qualytics", str(ident)) for ident in (3, 77, 1)]
    picked = await service.pick(refs, ME)
    assert ([one.ref for one in picked.anomalies], picked.missing) == ([refs[0], refs[2]], [refs[1]])
    with pytest.raises(errors.NotFound, match=r"Qualytics knows none of these: 40, 41, 42, 43, 44, 45, 46, 47, 48, 49\. They"):
        await service.pick([model.Ref("qualytics", str(ident)) for ident in range(40, 60)], ME)


async def test_one_that_is_gone() -> None:
    with pytest.raises(errors.NotFound, match="Qualytics has no anomaly 9"):
        await looking(cast.System(all=many(3))).show(model.Ref("qualytics", "9"), ME)


async def test_why_names_the_decision_with_the_numbers_of_its_route() -> None:
    ref = model.Ref("qualytics", "1")
    at = datetime(2026, 11, 21, tzinfo=UTC)
    card = model.Card("c", model.CardKind.ANOMALY, "C1", str(ref), model.CardState.FOLDED, model.Reason.BURST, at, "default", ref)
    service = looking(cast.System(), cast.Shelf(cards=[card]))
    assert list(await service.why(ref, ME)) == [model.Explanation(model.Reason.BURST, at, "C1", "", ROUTE)]
    service = looking(cast.System(), cast.Shelf(reasons={ref: model.Reason.FIRST_CONTACT}))
    assert [one.reason for one in await service.why(ref, ME)] == [model.Reason.FIRST_CONTACT]
    service = looking(cast.System(), cast.Shelf(reasons={ref: model.Reason.WAITING}))
    assert [one.reason for one in await service.why(ref, ME)] == [model.Reason.NO_ROUTE], "new, and no route took it"
    with pytest.raises(errors.NotFound, match="has not seen qualytics:1 yet"):
        await looking(cast.System()).why(ref, ME)


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ([], "has not seen qualytics:1 yet, and Qualytics has no such anomaly"),
        ([cast.anomaly(1)], "has not seen qualytics:1 yet, though it is open in Qualytics.* looks through everything.* every 16 polls"),
        ([cast.anomaly(1, state=model.State.ARCHIVED)], "has not seen qualytics:1 yet: it is closed in Qualytics"),
    ],
)
async def test_why_tells_of_what_the_desk_has_not_found_how_it_stands_and_when_it_will(there: list[model.Anomaly], said: str) -> None:
    with pytest.raises(errors.NotFound, match=said):
        await looking(cast.System(all=there)).why(model.Ref("qualytics", "1"), ME)


async def test_why_tells_of_one_that_was_opened_again_since_the_desk_saw_it() -> None:
    ref = model.Ref("qualytics", "1")
    shelf = cast.Shelf(known={ref: cast.anomaly(1, state=model.State.ARCHIVED)}, reasons={ref: model.Reason.FIRST_CONTACT})
    with pytest.raises(errors.NotFound, match=r"was closed when this desk saw it last, and is open in Qualytics again.* every 16 polls"):
        await looking(cast.System(all=[cast.anomaly(1)]), shelf).why(ref, ME)
    closed = cast.System(all=[cast.anomaly(1, state=model.State.ARCHIVED)])
    assert [one.reason for one in await looking(closed, shelf).why(ref, ME)] == [model.Reason.FIRST_CONTACT]


WAREHOUSE, CRM = model.Place("42", "warehouse-prod"), model.Place("43", "crm-replica")


@dataclass
class Scanned(cast.System):
    """A source with two datastores, and these scans of them, the newest first; `away`: it does not answer."""

    supports: frozenset[model.Action] = frozenset({model.Action.SCAN})
    seen: Sequence[model.Scan] = ()
    away: bool = False

    async def datastores(self) -> Sequence[model.Place]:
        if self.away:
            raise errors.SourceUnavailable("qualytics", "Qualytics did not answer.")
        return [WAREHOUSE, CRM]

    async def scans(self, *, datastore: str = "", kind: str = "", limit: int = 0) -> Sequence[model.Scan]:
        assert kind == "scan" and limit
        return [one for one in self.seen if not datastore or (one.datastore is not None and one.datastore.id == datastore)]


def scan(ident: str, place: model.Place, result: model.ScanResult = model.ScanResult.SUCCESS, *, hour: int = 0) -> model.Scan:
    """One that ended at this hour; 0: it has not."""
    return model.Scan("qualytics", ident, "scan", result, place, ended=datetime(2026, 11, 21, hour, tzinfo=UTC) if hour else None)


@pytest.mark.parametrize(
    ("seen", "datastores", "told"),
    [
        ((scan("1", CRM, hour=9),), ("crm-replica",), "The last scan of crm-replica ended 2026-11-21 09:00 UTC."),
        ((scan("1", CRM, hour=9),), (), "The last scan of crm-replica ended 2026-11-21 09:00 UTC."),
        ((scan("2", CRM), scan("1", CRM, hour=9)), (), "The last scan of crm-replica ended 2026-11-21 09:00 UTC."),
        (
            (scan("1", CRM, model.ScanResult.FAILURE, hour=9),),
            ("crm-replica",),
            "The last scan of crm-replica ended 2026-11-21 09:00 UTC, and it did not go well (failure).",
        ),
        ((scan("7", CRM),), ("crm-replica",), "crm-replica has not been scanned yet; operation 7 is scanning it now."),
        ((scan("1", CRM, hour=9),), ("warehouse-prod",), "warehouse-prod has not been scanned yet: start one with /scan warehouse-prod."),
        ((), (), "Qualytics has not been scanned yet."),
        (
            (scan("1", CRM, hour=9),),
            ("warehouse-prod", "crm-replica"),
            "/scan warehouse-prod. The last scan of crm-replica ended 2026-11-21 09:00 UTC.",
        ),
    ],
)
async def test_an_empty_answer_says_when_somebody_looked_last(seen: Sequence[model.Scan], datastores: tuple[str, ...], told: str) -> None:
    said = await looking(Scanned(seen=seen)).why_nothing(model.Query(datastores=datastores), ME)
    assert said.startswith("Nothing") and said.endswith(told)


async def test_an_empty_answer_does_without_what_nobody_can_say() -> None:
    for system in (Scanned(away=True), cast.System()):
        assert await looking(system).why_nothing(model.Query(), ME) == "Nothing is open in Qualytics."


async def test_why_says_so_when_nobody_can_look_at_the_system() -> None:
    class Away(cast.System):
        async def get(self, ids: Sequence[str]) -> Any:
            raise errors.SourceUnavailable("qualytics", "Qualytics did not answer within 30 seconds.")

    with pytest.raises(errors.NotFound, match="cannot look for it now: Qualytics did not answer"):
        await looking(Away()).why(model.Ref("qualytics", "1"), ME)
    with pytest.raises(errors.NotFound, match="no system called anodot is connected"):
        await looking(cast.System()).why(model.Ref("anodot", "1"), ME)


@pytest.mark.parametrize(("kept", "told"), [(model.Reason.WAITING, model.Reason.NO_ROUTE), (model.Reason.FIRST_CONTACT,) * 2])
async def test_why_of_one_without_a_card_is_what_was_decided_when_it_was_seen(kept: model.Reason, told: model.Reason) -> None:
    ref = model.Ref("qualytics", "1")
    assert await looking(cast.System(), cast.Shelf(reasons={ref: kept})).why(ref, ME) == [model.Explanation(told, None)]


# --- on a real store ------------------------------------------------------------------------------------------------------------


def over(desk: Desk) -> browse.Browse:
    """The service over everything that this process of the desk has."""
    store: Any = desk.world.store
    return browse.Browse(
        sources=desk.cards.sources,
        anomalies=store.anomalies,
        cards=store.cards,
        journal=store.journal,
        health=store.health,
        resolve=cast.unresolved,
        clock=desk.world.clock,
        grants=desk.grants,
        routes=desk.cards.routes,
    )


async def test_one_is_shown_as_its_system_tells_it_with_what_is_known_here(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    world.system.set(1, description="changed a moment ago")
    await desk.click(INVALID, 1)
    await desk.click(model.Change(model.Action.REOPEN), 1)
    shown = await over(desk).show(model.Ref("qualytics", "1"), DANA)
    assert (shown.anomaly.description, shown.anomaly.version) == ("changed a moment ago", (await world.stored(1)).version)
    assert shown.anomaly.version > 1 and shown.past.last is not None and shown.past.last.action == "reopen"
    assert (shown.capabilities.title, shown.capabilities.supports, shown.capabilities.archive_as) == (
        "Qualytics",
        world.system.supports,
        world.system.archive_as,
    )


async def test_a_history_has_what_was_said_and_not_twice_what_was_done(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await desk.click(ACK, 1)
    await desk.remarks.work()
    world.system.said["1"].append(model.Comment("Lee", "Looks like the loader", world.clock.now()))
    assert len(world.system.said["1"]) == 2, "the comment with the name, and Lee's"
    _, entries, comments = await over(desk).history(model.Ref("qualytics", "1"), DANA)
    assert [(one.action, one.actor_name) for one in entries] == [("acknowledge", "Dana")]
    assert [one.text for one in comments] == ["Looks like the loader"]
    world.system.supports -= {model.Action.COMMENT}
    world.system.calls.clear()
    assert not (await over(desk).history(model.Ref("qualytics", "1"), DANA))[2]
    assert "comments" not in [name for name, _ in world.system.calls]


async def test_a_group_card_is_read_by_pages_and_as_a_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browse, "MEMBERS", 4)
    desk = world.desk()
    await desk.met(*range(1, 26))
    group = next(one for one in await world.store.cards.of([model.Ref("qualytics", "1")]) if one.kind is model.CardKind.GROUP)
    assert group.channel == CHANNEL
    whole = await taken(await over(desk).whole_group(group.id, DANA))
    pages = [await over(desk).members(group.id, DANA, offset) for offset in (0, 10, 20, 30)]
    assert {page.total for page in pages} == {len(whole)} and [page.offset for page in pages] == [0, 10, 20, 30]
    assert [one.ref for page in pages for one in page.anomalies] == [one.ref for one in whole]
    assert len(pages[0].anomalies) == 10 and len({one.ref for one in whole}) == len(whole) > 20


async def test_how_a_system_stands_counts_its_own_anomalies_by_state(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2, 3)
    await desk.click(ACK, 1)
    other = replace(cast.anomaly(9), ref=model.Ref("anodot", "9"))
    await world.store.anomalies.save(ports.Observation("anodot", [other], read_at=world.clock.now(), now=world.clock.now()))
    health, counts = await over(desk).standing("qualytics")
    assert health.last_ok is not None and counts == {model.State.ACTIVE: 3, model.State.ACKNOWLEDGED: 1}, "0 was met first"
    assert (await over(desk).standing("anodot"))[1] == {model.State.ACTIVE: 1}


async def test_an_empty_answer_names_the_word_that_excluded_most() -> None:
    service = looking(cast.System(all=many(30)))
    said = await service.why_nothing(model.Query(min_weight=29.0, assignees=("me",)), ME)
    assert "Without assignee:me there would be 2." in said and "min:29" in said
    said = await looking(cast.System()).why_nothing(model.Query(min_weight=29.0), ME)
    assert said == "Nothing matches: min:29. Nothing does without any one of these words either."


async def test_every_question_needs_the_right_to_look() -> None:
    rules = permissions.grants(["U0BOSS"], {"browse": "admins"})
    service = looking(cast.System(all=many(3)), rules=rules)
    ref = model.Ref("qualytics", "1")
    questions = (
        lambda: service.listing(model.Query(), ME),
        lambda: service.count(model.Query(), ME),
        lambda: service.select(model.Query(), ME),
        lambda: service.export(model.Query(), ME),
        lambda: service.pick([ref], ME),
        lambda: service.show(ref, ME),
        lambda: service.history(ref, ME),
        lambda: service.why(ref, ME),
        lambda: service.members("c", ME),
        lambda: service.whole_group("c", ME),
        lambda: service.why_nothing(model.Query(), ME),
        lambda: service.about("C1", "1.2", "", ME),
    )
    for ask in questions:
        with pytest.raises(errors.NotAllowed) as caught:
            await ask()
        assert caught.value.ask == ("U0BOSS",)


def card(kind: model.CardKind, ref: model.Ref | None = None) -> model.Card:
    return model.Card("card-7", kind, "C1", "k", model.CardState.LIVE, model.Reason.LEADING, cast.NOON, ref=ref, ts="1.1")


@pytest.mark.parametrize(
    ("hung", "said", "about"),
    [
        (card(model.CardKind.GROUP), "", model.ReviewScope(card="card-7")),
        (card(model.CardKind.ANOMALY, model.Ref("qualytics", "5")), "", model.ReviewScope(words="id:5 status:any")),
        (card(model.CardKind.REPORT), "https://acme.example/anomalies/6", model.ReviewScope(words="id:6 status:any")),
        (None, "https://acme.example/anomalies/7", model.ReviewScope(words="id:7 status:any")),
        (None, "good morning", None),
        (card(model.CardKind.REPORT), "good morning", None),
    ],
)
async def test_what_a_message_is_about(hung: model.Card | None, said: str, about: model.ReviewScope | None) -> None:
    service: Any = looking(cast.System())

    async def at(channel: str, ts: str) -> model.Card | None:
        return hung if (channel, ts) == ("C1", "1.1") else None

    service.cards = type("Cards", (), {"at": staticmethod(at)})()
    if about is None:
        with pytest.raises(errors.NotFound, match="No anomaly is named"):
            await service.about("C1", "1.1", said, ME)
    else:
        assert await service.about("C1", "1.1", said, ME) == about
    with pytest.raises(errors.NotAllowed):
        await service.about("C1", "1.1", said, model.Actor("U0GUS", "Gus", is_guest=True))


async def test_a_card_that_slack_does_not_take_is_told_as_not_shown() -> None:
    ref = model.Ref("qualytics", "1")
    refused = replace(card(model.CardKind.ANOMALY, ref), ts="", error="Slack refused (no_text).")
    for hung, reason in ((refused, model.Reason.REFUSED), (replace(refused, error=""), model.Reason.LEADING)):
        (decided,) = await looking(cast.System(), cast.Shelf(cards=[hung])).why(ref, ME)
        assert (decided.reason, decided.detail) == (reason, hung.error)
    (decided,) = await looking(cast.System(), cast.Shelf(cards=[replace(refused, ts="1.1")])).why(ref, ME)
    assert decided.reason is model.Reason.LEADING, "an edit that is refused takes nothing away"
