"""One command over all four systems, two thousand anomalies, real app and real HTTP: one goes down, and tokens end on the way."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from bot import model
from bot.render.kit import ids
from bot.sources import base
from sandbox.anomify import catalogue, push_json
from tests.handlers import front as fronts
from tests.handlers import pair
from tests.handlers.front import Front, Json, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")

SYSTEMS = ("qualytics", "anodot", "anomify", "autional")
UNBOUND = {f"{name.upper()}_CALLS_PER_MINUTE": "100000" for name in SYSTEMS}
SOME, MOST = 60, 1_820
"""Of each system whose anomalies are changed one by one; of Qualytics, which takes them by the hundred: two thousand in all."""

METRIC = next(one for one in catalogue.METRICS.values() if catalogue.alerts(one))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """All four; nothing was open at the start."""
    async with fronts.opened(tmp_path_factory.mktemp("desk"), SYSTEMS, **UNBOUND) as made:
        yield made


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits before asking again."""
    monkeypatch.setattr(base, "pause", lambda seconds: asyncio.sleep(0))


async def arrived(front: Front, most: int, some: int) -> Mapping[str, list[str]]:
    """New ones in all of them, by the system's name; of those of Anomify, which has no list, the desk is told."""
    stage: Any = front.stage
    made = {"qualytics": await stage.arrive(most)}
    made["anodot"] = [one.id for one in stage.anodot.world.arrive(some, what="signups", score=0.95)]
    made["autional"] = [one.id for one in stage.autional.world.arrive(some)]
    now = int(stage.anomify.world.now())
    hits = [hit for number in range(some) for hit in stage.anomify.world.arrive(1, metric=METRIC.name, started=now - 60 * number)]
    for hit in hits:
        told = {"data": push_json.POSTS["initial"](hit, stage.anomify.world), "status": {}}
        await front.running.pushes.receive("anomify", json.dumps(told).encode())
    while tasks := list(front.running.pushes.tasks):
        await asyncio.wait(tasks)
    return {name: [str(one) for one in (*made.get(name, ()), *(hit.id for hit in hits if name == "anomify"))] for name in SYSTEMS}


def counted(front: Front, statement: str) -> Counter[tuple[str, ...]]:
    """What the database of this desk says: the last column by the others."""
    with closing(sqlite3.connect(front.stage.folder / "desk.db")) as database:
        return Counter({row[:-1]: row[-1] for row in database.execute(statement)})


def journal(front: Front, since: int = 0) -> Counter[tuple[str, ...]]:
    """The lines of the journal by system, action and result."""
    return counted(front, f"SELECT source, action, result, count(*) FROM journal WHERE rowid > {since} GROUP BY 1, 2, 3")


def fates(front: Front, batch: str) -> Counter[tuple[str, ...]]:
    return counted(front, f"SELECT source, fate, count(*) FROM batch_items WHERE batch = '{batch}' GROUP BY 1, 2")


def receipt(front: Front, ts: str = "") -> Json:
    """The newest receipt that can be taken back, or what this message shows now."""
    return next(one for one in reversed(front.posted()) if (one["ts"] == ts if ts else ids.BATCH_UNDO in str(one["blocks"])))


def batch(message: Json) -> str:
    """The batch that a receipt is about."""
    elements = [element for block in message["blocks"] for element in block.get("elements", ())]
    return next(str(element["value"]) for element in elements if element.get("action_id") == ids.BATCH_UNDO)


async def test_tokens_that_end_in_the_middle_are_renewed_once_each_and_nothing_is_done_twice(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, stage = await arrived(front, 8, 8), front.stage
    refs = ",".join(str(model.Ref(name, ident)) for name, idents in made.items() for ident in idents)
    await front.send(front.command(f"archive {refs} as:resolved"))
    assert "By system: Anodot 8, Anomify 8, Autional 8, Qualytics 8." in front.whispers()[-1]
    for name, parts in (("anodot", stage.anodot), ("autional", stage.autional)):
        _end_at(parts.world.tokens, 12, monkeypatch)  # type: ignore[attr-defined]
        source: Any = front.running.sources[name]
        getattr(source, "_inner", source)._api._who._held.since -= timedelta(hours=1)  # as if it was an hour old
        parts.app.calls.clear()  # type: ignore[attr-defined]
    await pair.confirmed(front)
    shown = receipt(front)
    assert "Dana archived 32 anomalies as Resolved" in visible(shown) and "refused" not in visible(shown)
    assert fates(front, batch(shown)) == {(name, "done"): 8 for name in SYSTEMS}
    assert journal(front) == {(name, "archive", "done"): 8 for name in SYSTEMS}
    calls = {name: list(parts.app.calls) for name, parts in (("anodot", stage.anodot), ("autional", stage.autional))}  # type: ignore[attr-defined]
    for name, word in (("anodot", "/access-token"), ("autional", "/oauth/token")):
        assert sum(call["path"].endswith(word) for call in calls[name]) == 1, name
        assert sum(call["status"] in (400, 401) for call in calls[name]), f"the token of {name} ended on the way"
    world: Any = stage.anodot.world  # type: ignore[attr-defined]
    triggers = [trigger.id for ident in made["anodot"] for trigger in world.anomalies[ident].triggers]
    assert Counter(one.trigger for one in world.feedbacks.values()) == dict.fromkeys(triggers, 1)
    accepted = [call["path"].split("/")[-2] for call in calls["autional"] if call["method"] == "PUT" and call["status"] == 200]
    assert Counter(accepted) == dict.fromkeys(made["autional"], 1)


def _end_at(tokens: Any, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All tokens of a system end when it looks at one for the so-many-th time."""
    real, looked = tokens.grant, [0]

    def grant(token: str, now: float) -> Any:
        looked[0] += 1
        if looked[0] == number:
            tokens.expire(now)
        return real(token, now)

    monkeypatch.setattr(tokens, "grant", grant)


@pytest.mark.long
async def test_of_two_thousand_three_are_done_one_is_refused_as_a_whole_tried_again_and_the_undo_says_what_stays(front: Front) -> None:
    before = counted(front, "SELECT max(rowid) FROM journal")[()]
    await arrived(front, MOST, SOME)
    autional: Any = front.stage.autional  # type: ignore[attr-defined]
    await front.send(front.command("archive status:open as:resolved"))
    preview = front.whispers()[-1]
    assert preview.startswith("Archive 2,000 anomalies as Resolved?\n2,000 anomalies: everything that is open.\nIncludes ")
    assert "By system: Qualytics 1,820, Anodot 60, Anomify 60, Autional 60." in preview
    assert "By datastore in Qualytics: " in preview and "no datastore" not in preview
    autional.faults.add(mode="503")
    await pair.confirmed(front)
    autional.faults.clear()

    shown = receipt(front)
    lines = visible(shown).replace("\n ", " ").split("\n")
    assert lines[0] == "Dana archived 1,940 anomalies as Resolved · 60 refused · everything that is open"
    assert sorted(line for line in lines if line.startswith("•")) == [
        "• Anodot: 60 done",
        "• Anomify: 60 done",
        "• Autional: 60 refused as a whole: Autional failed with HTTP 503.",
        "• Qualytics: 1,820 done",
    ]
    done = {("qualytics",): MOST, ("anodot",): SOME, ("anomify",): SOME}
    assert fates(front, batch(shown)) == {**{(*name, "done"): n for name, n in done.items()}, ("autional", "refused"): SOME}
    assert journal(front, before) == {(*name, "archive", "done"): n for name, n in done.items()}, "nothing is told of what was not done"
    assert counted(front, "SELECT source, count(*) FROM overlay WHERE source = 'autional' GROUP BY 1") == {}
    assert counted(front, "SELECT count(*) FROM intents WHERE finished IS NULL")[()] == 0
    assert _open(front, "autional") == SOME and _open(front, "qualytics") == 0

    await front.send(front.press(shown, ids.BATCH_AGAIN))
    assert "60 anomalies: everything that is open (the part of Autional)." in front.whispers()[-1]
    await pair.confirmed(front)
    again = receipt(front)
    assert again["ts"] != shown["ts"] and "Dana archived 60 anomalies as Resolved" in visible(again)
    assert _open(front, "autional") == 0

    posted = len(front.posted())
    await front.send(front.press(shown, ids.BATCH_UNDO))
    await front.running.post.flush()
    assert len(front.posted()) == posted + 1, "its CSV, in the thread"
    lines = visible(receipt(front, shown["ts"])).replace("\n ", " ").split("\n")
    assert lines[0] == "Taken back by Dana: 1,940 as before again"
    assert "• 60 of them: The feedback that was given stays in Anodot" in lines
    assert journal(front, before) == {
        **{(*name, "archive", "done"): n for name, n in done.items()},
        **{(*name, "reopen", "done"): n for name, n in done.items()},
        ("autional", "archive", "done"): SOME,
    }
    assert (_open(front, "qualytics"), _open(front, "autional")) == (MOST, 0), "what the other batch did stays"


def _open(front: Front, name: str) -> int:
    """How many are open in a system, as it says itself."""
    stage: Any = front.stage
    if name == "autional":
        return sum(one.status == "open" for one in stage.autional.world.anomalies.values())
    return sum(one.status in ("Active", "Acknowledged") for one in stage.world.anomalies.values())
