"""A desk that has Anomify alone: pushed, posted, triaged in the desk's own rows, listed from its store; and nobody's address anywhere."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

import pytest
import pytest_asyncio

from bot import model
from bot.render.kit import ids
from bot.services import searching
from sandbox.anomify import catalogue, push_json
from tests.handlers import front as fronts
from tests.handlers import pair
from tests.handlers.front import Front, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")

METRIC = next(one for one in catalogue.METRICS.values() if catalogue.alerts(one))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """Anomify and nothing else; nothing was open at the start."""
    async with fronts.opened(tmp_path_factory.mktemp("desk"), ("anomify",)) as made:
        yield made


def there(front: Front) -> Any:
    """What Anomify knows."""
    return front.stage.anomify.world


def calls(front: Front) -> list[str]:
    """What it was asked since the last look."""
    log = front.stage.anomify.app.calls
    asked = [f"{one['method']} {one['path']}" for one in log]
    log.clear()
    return asked


async def pushed(front: Front, one: Any, what: str = "initial") -> None:
    """Its webhook tells of it; the desk has read and posted it then."""
    body = {"data": push_json.POSTS[what](one, there(front)), "status": {}}
    await front.running.pushes.receive("anomify", json.dumps(body).encode())
    await front.read()


async def arrived(front: Front, **fields: Any) -> model.Ref:
    """A new one that was pushed and posted."""
    (one,) = there(front).arrive(1, **{"metric": METRIC.name, "correlated": True, **fields})
    await pushed(front, one)
    return model.Ref("anomify", str(one.id))


async def test_a_push_becomes_a_card_with_what_is_known(front: Front) -> None:
    ref = await arrived(front, score=0.93)
    card = visible(front.card(ref))
    assert METRIC.name in card and card.startswith("\N{LARGE RED SQUARE} *Critical*"), card
    for said in ("Watchers:", "Training:", "Correlated:"):
        assert said in card, (said, card)


async def test_one_that_is_not_stored_there_yet_gets_its_card_all_the_same(front: Front) -> None:
    ref = await arrived(front, correlated=False)
    assert METRIC.name in visible(front.card(ref))
    assert any("/anomaly/lookup" in line for line in calls(front))


async def test_all_triage_is_kept_by_the_desk_and_anomify_is_asked_to_change_nothing(front: Front) -> None:
    ref = await arrived(front)
    await front.send(front.press(front.card(ref), ids.ACKNOWLEDGE))
    assert "Dana looks into it" in visible(front.card(ref))
    assert "unassigned" not in visible(front.card(ref)), "whoever acknowledges it gets it"
    await front.send(front.press(front.card(ref), ids.ARCHIVE, "Invalid"))
    assert "Invalid" in visible(front.card(ref))
    await front.look()
    assert "Invalid" in visible(front.card(ref)), "reading it again leaves what is kept"
    await front.send(front.press(front.card(ref), ids.REOPEN))
    await front.send(front.command("undo"))
    assert {line.split()[0] for line in calls(front)} == {"GET"}


async def test_lists_and_counts_are_answered_from_the_store_and_say_so(front: Front) -> None:
    ref, other = await arrived(front), await arrived(front)
    await front.send(front.command(f"archive {other.id} as:resolved"))
    calls(front)
    told = await front.told(front.command(f"list q:{METRIC.name}"))
    assert ref.id in told and other.id not in told and "what this desk knew at" in told, told
    assert other.id in await front.told(front.command("list status:resolved"))
    assert "match" in (await front.told(front.command("count status:any"))).casefold()
    assert calls(front) == [], "it was asked for nothing"
    assert "cannot filter by table: it has no datastores" in await front.told(front.command("list table:orders"))
    assert "Anomify offers no way to tag" in await front.told(front.command(f"tag {ref.id} +tag:x"))


async def test_several_are_done_in_one_batch_and_taken_back(front: Front) -> None:
    refs = [await arrived(front) for _ in range(2)]
    await front.send(front.command(f"ack {','.join(ref.id for ref in refs)} assign:me"))
    await pair.confirmed(front)
    for ref in refs:
        assert "Dana looks into it" in visible(front.card(ref)) and "unassigned" not in visible(front.card(ref))
    await front.send(front.command("undo"))
    await front.running.post.flush()
    assert not [ref for ref in refs if "Acknowledged by" in visible(front.card(ref))]


async def test_whoever_looks_closely_is_told_what_happened_around_it(front: Front) -> None:
    ref = await arrived(front)
    assert "What happened around it" in await front.told(front.command(f"history {ref.id}"))


# --- pictures --------------------------------------------------------------------------------------------------------------


def shared(front: Front, ref: model.Ref) -> list[Any]:
    """The files in the thread of its card."""
    ts = front.card(ref)["ts"]
    return [file for file in front.stage.workspace.files.values() if any(thread == ts for _, _, thread in file.shares)]


async def test_its_graphs_are_shared_into_the_thread_of_its_card_once(front: Front) -> None:
    calls(front)
    ref = await arrived(front)
    files = shared(front, ref)
    assert files[0].name == f"anomify-{ref.id}-30-days.png" and files[0].content.startswith(b"\x89PNG")
    assert files[0].title == f"Graph of {METRIC.name} in the 30 days up to the anomaly"
    assert any(line.endswith("/graph") for line in calls(front)), "whatever host their addresses name"
    for what in ("correlated", "final"):
        await pushed(front, there(front).anomalies[int(ref.id)], what)
    await front.look()
    assert len(shared(front, ref)) == len(files)


async def test_a_graph_that_is_elsewhere_is_left_out(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.services.following.AGAIN", ())
    there(front).modes.hosts = "elsewhere"
    ref = await arrived(front)
    there(front).modes.hosts = "stage"
    assert shared(front, ref) == [] and METRIC.name in visible(front.card(ref))


# --- sorted --------------------------------------------------------------------------------------------------------------------


async def test_they_are_sorted_by_what_the_store_does_not_sort_by(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    refs = [await arrived(front, score=score) for score in (0.5, 0.9, 0.7)]
    source = front.running.sources["anomify"]
    for way in ("duration", "duration:asc", "ended", "ended:asc", "weight:asc"):
        found = (await source.find(model.Query(sort=way))).anomalies
        assert list(found) == sorted(found, key=searching.order(way)) and {one.ref for one in found} >= set(refs)
    lightest = await front.told(front.command("list sort:weight:asc"))
    assert lightest.index(refs[0].id) < lightest.index(refs[2].id) < lightest.index(refs[1].id), "the newest would come otherwise"
    monkeypatch.setattr("bot.services.known_here.SORTED", 2)
    assert "too many to sort by duration" in await front.told(front.command("list sort:duration"))


# --- nobody's address ------------------------------------------------------------------------------------------------------


def secrets() -> Iterator[str]:
    """What its replies say of people, in the ways in which it may be written."""
    for user in catalogue.USERS:
        for value in (user.phone, user.slack):
            if value:
                yield value
                yield value.replace(" ", "")
        yield user.email


async def test_addresses_numbers_and_slack_ids_of_its_replies_are_nowhere(front: Front, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    (one,) = there(front).arrive(1, metric=METRIC.name, correlated=True)
    raw = json.dumps(push_json.POSTS["final"](one, there(front)))
    given = {word for word in secrets() if word in raw}
    assert len(given) >= 2, "it tells of people"
    for what in ("initial", "correlated", "final"):
        await pushed(front, one, what)
    ref = model.Ref("anomify", str(one.id))
    for command in (f"show {ref.id}", f"history {ref.id}", "list", "status"):
        await front.send(front.command(command))
    front.stage.anomify.faults.add(mode="reply", json={"status": {"code": 500, "message": f"ask {' or '.join(given)}"}, "data": {}})
    await front.send(front.command(f"show {ref.id}"))
    await front.look()
    front.stage.anomify.faults.clear()
    posted = json.dumps(front.posted()) + "\n".join(front.whispers())
    places = {
        "log": caplog.text,
        "Slack": posted,
        "database": _rows(front),
        "file": "".join(path.read_bytes().decode("latin-1") for path in front.stage.folder.glob("desk.db*")),
        "metrics": front.running.metrics.text(),
    }
    strangers = {word for word in given if word not in (fronts.DANA, fronts.LEE, "dana@acme.example")}
    assert strangers
    for where, text in places.items():
        assert not [word for word in strangers if word in text], where
    assert METRIC.name in places["file"] and METRIC.name in posted, "it was looked for where things are"


def _rows(front: Front) -> str:
    with closing(sqlite3.connect(front.stage.folder / "desk.db")) as db:
        return "\n".join(db.iterdump())
