"""What is wanted: cards for what is new, messages that are made once and corrected, reports that are said once."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from bot import model
from bot.services import cards
from bot.store import routes
from tests.services import cast, fixed_routes
from tests.services.lab import CHANNEL, Lab

CLOSED = {"state": model.State.ARCHIVED, "status": "Invalid", "archived_as": "Invalid"}
SCAN = cards.at_once(model.CardKind.SCAN, CHANNEL, "o1", {"operation": "o1"})
BACK = model.SourceRecovered("Qualytics")


async def test_drafts_are_for_what_is_open_on_every_route_that_takes_it(lab: Lab) -> None:
    lab.cards.routes = fixed_routes.FixedRoutes(model.Route("all", "C1"), model.Route("heavy", "C2", model.Query(min_weight=5)))
    light, heavy, closed = cast.anomaly(1), cast.anomaly(9), cast.anomaly(3, **CLOSED)
    drafts = await lab.cards.drafts([light, heavy, closed])
    assert {ref.id: [draft.route for draft in made] for ref, made in drafts.items()} == {"1": ["all"], "9": ["all", "heavy"]}


async def test_what_is_published_is_made_once_and_wanted_again_when_it_says_something_else(lab: Lab) -> None:
    made = await lab.cards.publish(SCAN)
    assert (made.state, made.due, made.wanted) == (model.CardState.LIVE, lab.clock.now(), 1)
    same = await lab.cards.publish(SCAN)
    assert (same.id, same.wanted) == (made.id, 1)
    other = await lab.cards.publish(cards.at_once(model.CardKind.SCAN, CHANNEL, "o1", {"operation": "o2"}))
    assert (other.id, other.wanted, other.payload) == (made.id, 2, {"operation": "o2"})


async def test_what_is_drawn_again_is_due_at_once_though_its_draft_says_the_same(lab: Lab) -> None:
    made = await lab.cards.publish(SCAN)
    await lab.cards.progress(SCAN, timedelta(seconds=30))
    lab.clock.pass_by(seconds=1)
    await lab.cards.redraw(SCAN)
    again = await lab.store.cards.get(made.id)
    assert again is not None and again.wanted == 3 and again.due is not None and again.due <= lab.clock.now()


async def test_a_report_goes_to_the_default_channel_or_to_who_is_asked_for(lab: Lab) -> None:
    await lab.cards.report("k", BACK)
    await lab.cards.report("k", BACK, "U0DANA")
    due = await lab.store.cards.due(lab.clock.now(), posted=False, limit=10)
    assert sorted((card.channel, card.kind, card.payload["what"]) for card in due) == [
        (CHANNEL, model.CardKind.REPORT, "recovered"),
        ("U0DANA", model.CardKind.REPORT, "recovered"),
    ]


async def test_a_kind_is_drawn_by_who_registered_for_it(lab: Lab) -> None:
    async def draw(card: model.Card) -> model.Message:
        return model.Message(f"Digest {card.key}.")

    lab.cards.drawers[model.CardKind.DIGEST] = draw
    digest = await lab.cards.publish(cards.at_once(model.CardKind.DIGEST, CHANNEL, "noon", {}))
    report = await lab.cards.publish(cards.report("k", BACK, CHANNEL))
    assert await lab.cards.draw(digest) == model.Message("Digest noon.")
    drawn = await lab.cards.draw(report)
    assert drawn is not None and drawn.text.startswith("Qualytics answers again")


async def test_a_route_that_is_added_while_the_desk_runs_takes_what_comes_next(lab: Lab) -> None:
    known = routes.Routes(lab.store.db, model.Route("default", CHANNEL), lab.clock, ZoneInfo("UTC"), [], {})
    lab.cards.routes = known
    (heavy,) = seen = [cast.anomaly(9)]
    assert [draft.channel for draft in (await lab.cards.drafts(seen))[heavy.ref]] == [CHANNEL]
    await known.put(model.Route("heavy", "C0HEAVY", burst=2), "min:5", "U1", lab.clock.now())
    assert [(draft.channel, draft.route) for draft in (await lab.cards.drafts(seen))[heavy.ref]] == [
        (CHANNEL, "default"),
        ("C0HEAVY", "heavy"),
    ]
    assert lab.cards.channel == CHANNEL, "what belongs to no route is told where the settings say"
