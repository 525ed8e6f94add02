"""The only writer: what is posted, edited, looked for, put off and ended, and what the admins are told."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot import errors, model, ports
from bot.core import retries
from bot.services import cards, post
from tests.services import cast, fixed_routes
from tests.services import lab as labs
from tests.services.lab import CHANNEL, Lab

BACK = model.SourceRecovered("Qualytics")
REFUSED = errors.BlocksRefused("Slack refused the layout of the message (invalid_blocks).", code="invalid_blocks")
TABLE = {"type": "table", "rows": [[{"type": "raw_text", "text": "cell"}]]}


@dataclass
class Wall:
    """Slack: what hangs where; `faults` are raised by the next calls of a name, `lost` after the message was stored."""

    clock: cast.Clock
    shown: dict[str, tuple[str, str, model.Message]] = field(default_factory=dict)
    faults: dict[str, list[errors.DeliveryError]] = field(default_factory=dict)
    lost: list[errors.DeliveryError] = field(default_factory=list)
    refuses: frozenset[str] = frozenset()
    calls: list[tuple[str, str]] = field(default_factory=list)
    clicked: list[bool] = field(default_factory=list)
    responded: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    def _call(self, name: str, channel: str, message: model.Message | None = None) -> None:
        self.calls.append((name, channel))
        if waiting := self.faults.get(name) or self.faults.get(f"{name} {channel}"):
            raise waiting.pop(0)
        if message is not None and ({block["type"] for block in message.blocks} & self.refuses):
            raise REFUSED

    async def post(self, channel: str, message: model.Message, card: str, thread: str = "", *, broadcast: bool = False) -> str:
        if self.gate is not None:
            self.entered.set()
            await self.gate.wait()
        self._call("post", channel, message)
        ts = f"{self.clock.now().timestamp():.0f}.{len(self.shown):06}"
        self.shown[ts] = (channel, card, message)
        if self.lost:
            raise self.lost.pop(0)
        return ts

    async def update(self, channel: str, ts: str, message: model.Message, *, clicked: bool = False) -> None:
        self._call("update", channel, message)
        self.clicked.append(clicked)
        self.shown[ts] = (channel, self.shown[ts][1], message)

    async def find(self, channel: str, card: str, since: datetime, thread: str = "") -> str:
        self._call("find", channel)
        return next((ts for ts, (_, of, _) in self.shown.items() if of == card), "")

    async def respond(self, response_url: str, message: model.Message, *, replace: bool = False) -> None:
        self._call("respond", "", message)
        assert replace
        self.responded.append(response_url)

    def said(self, channel: str = CHANNEL) -> list[str]:
        return [message.text for where, _, message in self.shown.values() if where == channel]

    def count(self, name: str) -> int:
        return sum(called == name for called, _ in self.calls)


@pytest.fixture
def wall(lab: Lab) -> Iterator[Wall]:
    made = Wall(lab.clock)
    lab.post.messenger = made  # type: ignore[assignment]
    lab.cards.routes = fixed_routes.FixedRoutes(model.Route("default", CHANNEL, burst=3, wait_seconds=0))
    lab.post.admins = ["U0ADMIN", "S0GROUP"]
    yield made
    assert not any(made.faults.values()), "a fault was not met"


async def arrive(lab: Lab, *idents: int, **values: Any) -> list[model.Ref]:
    """New anomalies, as the poll stores them, and one flush."""
    found = [replace(cast.anomaly(ident, **values), created=lab.clock.now()) for ident in idents]
    now = lab.clock.now()
    await lab.store.anomalies.save(ports.Observation("qualytics", found, read_at=now, now=now, drafts=await lab.cards.drafts(found)))
    await lab.post.flush()
    return [one.ref for one in found]


async def change(lab: Lab, ident: int, **values: Any) -> None:
    """The system says something new about one, and one flush."""
    now = lab.clock.now()
    one = replace(cast.anomaly(ident, **values), created=labs.cast.NOON)
    await lab.store.anomalies.save(ports.Observation("qualytics", [one], read_at=now, now=now))
    await lab.post.flush()


async def later(lab: Lab, seconds: float) -> None:
    lab.clock.pass_by(seconds=seconds)
    await lab.post.flush()


async def card(lab: Lab, ref: model.Ref) -> model.Card:
    (found,) = [one for one in await lab.store.cards.of([ref]) if one.ref == ref]
    return found


CLOSED = {"state": model.State.ARCHIVED, "status": "Invalid", "archived_as": "Invalid"}


# --- what is wanted -----------------------------------------------------------------------------------------------------------


async def test_two_flushes_at_once_do_not_both_read_and_decide_what_waits(lab: Lab, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    waiting = lab.store.cards.waiting

    async def watched() -> Any:
        found = await waiting()
        read.append(len(found))
        return found

    monkeypatch.setattr(lab.store.cards, "waiting", watched)
    found = [replace(cast.anomaly(ident), created=lab.clock.now()) for ident in range(1, 10)]
    now = lab.clock.now()
    await lab.store.anomalies.save(ports.Observation("qualytics", found, read_at=now, now=now, drafts=await lab.cards.drafts(found)))
    await asyncio.gather(lab.post.flush(), lab.post.flush())
    assert read == [9, 0] and wall.count("post") == 1


async def test_a_new_one_is_posted_once_and_edited_when_it_changes(lab: Lab, wall: Wall) -> None:
    (ref,) = await arrive(lab, 1)
    await lab.post.flush()
    assert (wall.count("post"), wall.count("update")) == (1, 0)
    await change(lab, 1, status="Acknowledged", state=model.State.ACKNOWLEDGED)
    assert (wall.count("post"), wall.count("update")) == (1, 1)
    assert wall.clicked == [False]
    shown = await card(lab, ref)
    assert (shown.due, shown.wanted, shown.delivered) == (None, 2, 2)


async def test_a_burst_becomes_one_message_that_tells_the_number(lab: Lab, wall: Wall) -> None:
    await arrive(lab, *range(1, 9))
    assert len(wall.said()) < 4
    assert any("8 " in said for said in wall.said())


async def test_a_burst_says_which_system_it_is_from_and_how_many_made_it_one(lab: Lab, wall: Wall) -> None:
    lab.cards.routes = fixed_routes.FixedRoutes(
        model.Route("small", CHANNEL, burst=3, wait_seconds=0), model.Route("large", "C0OTHER", burst=5, wait_seconds=0)
    )
    await arrive(lab, *range(1, 9))
    for channel, burst in ((CHANNEL, 3), ("C0OTHER", 5)):
        (message,) = [one for where, _, one in wall.shown.values() if where == channel and "arrived together" in one.text]
        assert "from Qualytics" in message.text and f"More than {burst} came" in str(message.blocks)


async def test_what_was_closed_before_its_turn_is_never_posted(lab: Lab, wall: Wall) -> None:
    wall.faults["post"] = [errors.SlackUnavailable("away")]
    (ref,) = await arrive(lab, 1)
    await change(lab, 1, **CLOSED)
    await later(lab, 5)
    assert wall.said() == []
    assert ((await card(lab, ref)).state, (await card(lab, ref)).reason) == (model.CardState.GONE, model.Reason.CLOSED_BEFORE_POST)


# --- clicks -------------------------------------------------------------------------------------------------------------------


async def test_the_clicked_card_is_edited_through_its_response_url_and_others_as_clicks(lab: Lab, wall: Wall) -> None:
    lab.cards.routes = fixed_routes.FixedRoutes(model.Route("one", CHANNEL, wait_seconds=0), model.Route("two", "C0OTHER", wait_seconds=0))
    (ref,) = await arrive(lab, 1)
    here = next(one for one in await lab.store.cards.of([ref]) if one.channel == CHANNEL)
    await lab.post.show([ref], post.Hint(CHANNEL, here.ts, "https://hooks.slack.example/x"))
    assert wall.responded == ["https://hooks.slack.example/x"]
    assert [channel for name, channel in wall.calls if name == "update"] == ["C0OTHER"]
    assert wall.clicked == [True]


async def test_a_response_url_that_is_used_up_falls_back_to_the_message(lab: Lab, wall: Wall) -> None:
    (ref,) = await arrive(lab, 1)
    wall.faults["respond"] = [errors.SlackRejected("used", code="used_url")]
    shown = await card(lab, ref)
    await lab.post.show([ref], post.Hint(CHANNEL, shown.ts, "https://hooks.slack.example/x"))
    assert (wall.count("respond"), wall.count("update")) == (1, 1)


async def test_a_response_url_that_refuses_blocks_gets_simpler_ones(lab: Lab, wall: Wall) -> None:
    (ref,) = await arrive(lab, 1)
    wall.faults["respond"] = [REFUSED]
    await lab.post.show([ref], post.Hint(CHANNEL, (await card(lab, ref)).ts, "https://hooks.slack.example/x"))
    assert (wall.count("respond"), wall.count("update")) == (2, 0)
    assert (await card(lab, ref)).due is not None, "whole again later"


@pytest.mark.parametrize(("reason", "edits"), [(model.Reason.REFUSED, 1), (model.Reason.UNVERIFIABLE, 1), (model.Reason.MESSAGE_GONE, 0)])
async def test_a_click_revives_a_card_that_may_still_be_there(lab: Lab, wall: Wall, reason: model.Reason, edits: int) -> None:
    (ref,) = await arrive(lab, 1)
    lease = await lab.store.leases.take("cards", (await card(lab, ref)).id, lab.clock.now(), 9)
    assert lease is not None and await lab.store.cards.end(lease, model.CardState.LOST, reason)
    await lab.store.leases.release(lease)
    await lab.post.show([ref])
    assert wall.count("update") == edits


async def test_only_a_message_of_a_known_anomaly_that_no_row_knows_is_adopted(lab: Lab, wall: Wall) -> None:
    (ref,) = await arrive(lab, 1)
    before = await card(lab, ref)
    await lab.cards.adopt(ref, CHANNEL, before.ts)
    await lab.cards.adopt(model.Ref("qualytics", "77"), "C0OLD", "1700000000.000100")
    assert await lab.store.cards.at("C0OLD", "1700000000.000100") is None
    await lab.cards.adopt(ref, "C0OLD", "1700000000.000200")
    adopted = await lab.store.cards.at("C0OLD", "1700000000.000200")
    assert adopted is not None and (adopted.reason, adopted.state) == (model.Reason.ADOPTED, model.CardState.LIVE)
    assert (await lab.store.cards.at(CHANNEL, before.ts)).reason is before.reason  # type: ignore[union-attr]


# --- reports and progress -------------------------------------------------------------------------------------------------------


async def test_a_report_is_said_once_in_the_default_channel_or_where_it_is_asked(lab: Lab, wall: Wall) -> None:
    for _ in range(2):
        await lab.cards.report("k", BACK)
        await lab.cards.report("k", BACK, "U0DANA")
        await lab.post.flush()
    assert (len(wall.said()), len(wall.said("U0DANA")), wall.count("update")) == (1, 1, 0)


async def test_progress_is_edited_every_four_seconds_and_what_is_later_waits(lab: Lab, wall: Wall) -> None:
    draft = cards.report("p", BACK, CHANNEL)
    await lab.cards.progress(draft)
    await lab.post.flush()
    assert wall.count("post") == 1
    await lab.cards.progress(draft)
    await lab.post.flush()
    assert wall.count("update") == 1
    await lab.cards.progress(draft)
    await lab.cards.progress(draft)
    await later(lab, 3.9)
    assert wall.count("update") == 1
    await later(lab, 0.2)
    assert wall.count("update") == 2
    await lab.cards.progress(draft, timedelta(seconds=30))
    await later(lab, 29)
    assert wall.count("update") == 2
    await later(lab, 1)
    assert wall.count("update") == 3


# --- answers that are lost --------------------------------------------------------------------------------------------------------


async def test_a_post_whose_answer_was_lost_is_adopted_when_it_is_there(lab: Lab, wall: Wall) -> None:
    wall.lost = [errors.SlackAmbiguous("no answer")]
    (ref,) = await arrive(lab, 1)
    await lab.post.flush()
    found = await card(lab, ref)
    assert (wall.count("post"), found.reason, found.posting) == (1, model.Reason.RECONCILED, None)
    assert found.ts in wall.shown


async def test_what_changed_while_the_answer_was_lost_is_shown_as_soon_as_it_is_found(lab: Lab, wall: Wall) -> None:
    wall.lost, wall.gate = [errors.SlackAmbiguous("no answer")], asyncio.Event()
    arriving = asyncio.create_task(arrive(lab, 1))
    await wall.entered.wait()
    now, one = lab.clock.now(), cast.anomaly(1, records=5)
    await lab.store.anomalies.save(ports.Observation("qualytics", [replace(one, created=now)], read_at=now, now=now))
    wall.gate.set()
    (ref,) = await arriving
    assert [name for name, _ in wall.calls] == ["post", "find", "update"]
    assert (await card(lab, ref)).due is None


async def test_a_post_that_is_not_there_after_ten_seconds_is_made_again(lab: Lab, wall: Wall) -> None:
    wall.faults["post"] = [errors.SlackAmbiguous("no answer")]
    (ref,) = await arrive(lab, 1)
    await lab.post.flush()
    assert (wall.count("find"), wall.said()) == (1, [])
    await later(lab, 9.9)
    assert (wall.count("find"), wall.said()) == (1, [])
    await later(lab, 0.1)
    assert (wall.count("find"), len(wall.said())) == (2, 1)
    assert (await card(lab, ref)).ts


async def test_where_the_app_may_read_no_history_the_doubt_stays(lab: Lab, wall: Wall) -> None:
    wall.faults["post"] = [errors.SlackAmbiguous("no answer")]
    wall.faults["find"] = [errors.SlackAuthFailed("no right", code="missing_scope")]
    (ref,) = await arrive(lab, 1)
    await later(lab, 3600)
    assert wall.said() == []
    assert ((await card(lab, ref)).state, (await card(lab, ref)).reason) == (model.CardState.LOST, model.Reason.UNVERIFIABLE)


@pytest.mark.parametrize(
    "error", [errors.SlackAuthFailed("revoked", code="token_revoked"), errors.ChannelGone("out", code="not_in_channel")]
)
async def test_where_history_is_closed_for_a_while_it_is_looked_at_later(lab: Lab, wall: Wall, error: errors.DeliveryError) -> None:
    wall.lost = [errors.SlackAmbiguous("no answer")]
    wall.faults["find"] = [error]
    (ref,) = await arrive(lab, 1)
    await lab.post.flush()
    assert not (await card(lab, ref)).ts
    await arrive(lab, 2)
    await later(lab, 61)
    assert (await card(lab, ref)).reason is model.Reason.RECONCILED
    assert wall.calls.count(("post", CHANNEL)) == 2


async def test_a_history_that_is_closed_holds_up_no_other_post(lab: Lab, wall: Wall) -> None:
    wall.faults["post"] = [errors.SlackAmbiguous("no answer")]
    wall.faults["find"] = [errors.ChannelGone("out", code="not_in_channel")]
    await arrive(lab, 1)
    await lab.post.flush()
    await arrive(lab, 2)
    assert len(wall.said()) == 1
    assert not lab.post.paused()


# --- refusals ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [REFUSED, errors.SlackRejected("Slack refused (no_text).", code="no_text")])
async def test_what_slack_refuses_is_tried_ever_more_slowly_and_posted_once(lab: Lab, wall: Wall, error: errors.DeliveryError) -> None:
    wall.faults["post"] = [error] * 100
    (ref,) = await arrive(lab, 1)
    each = wall.count("post")
    for wait in (15, 30, 60, 120, 240, 480, 600, 600):
        await later(lab, wait - 1)
        assert (await card(lab, ref)).due == lab.clock.now() + timedelta(seconds=1)
        await later(lab, 1)
    assert wall.count("post") == 9 * each
    told = await lab.store.cards.backlog(lab.clock.now())
    assert (told.posts, told.lost, list(told.errors)) == (1, 0, [(str(error), 1)])
    wall.faults.clear()
    await later(lab, 600)
    await later(lab, 600)
    assert len(wall.said()) == 1


async def test_a_refused_report_is_given_up_when_it_is_old_news(lab: Lab, wall: Wall) -> None:
    error = errors.SlackRejected("Slack refused (no_text).", code="no_text")
    wall.faults["post"] = [error] * 2_000
    await lab.cards.report("k", BACK)
    await lab.post.flush()
    (ref,) = await arrive(lab, 1)
    await later(lab, retries.STALE.total_seconds())
    assert (await lab.store.cards.backlog(lab.clock.now())).lost == 0
    await later(lab, 601)
    assert (await lab.store.cards.backlog(lab.clock.now())).lost == 1
    assert (await card(lab, ref)).state is model.CardState.LIVE, "an anomaly that is open is no old news"
    wall.faults.clear()


async def test_a_message_that_is_gone_ends_its_card(lab: Lab, wall: Wall) -> None:
    (ref,) = await arrive(lab, 1)
    wall.faults["update"] = [errors.MessageGone("deleted", code="message_not_found")]
    await change(lab, 1, records=5)
    await change(lab, 1, records=6)
    assert ((await card(lab, ref)).state, (await card(lab, ref)).reason) == (model.CardState.GONE, model.Reason.MESSAGE_GONE)
    assert wall.count("update") == 1


async def test_text_alone_is_shown_now_and_the_whole_card_later(lab: Lab, wall: Wall) -> None:
    wall.refuses = frozenset({"header", "section", "context", "actions", "divider", "rich_text"})
    (ref,) = await arrive(lab, 1)
    ((_, _, shown),) = wall.shown.values()
    assert shown.text and not shown.blocks
    assert (await card(lab, ref)).due == lab.clock.now() + retries.PLAIN_FOR
    assert (await lab.store.cards.backlog(lab.clock.now())).plain == 1
    await later(lab, 600)  # in vain: the next time when its age has doubled
    assert (await card(lab, ref)).due == lab.clock.now() + timedelta(seconds=600)
    wall.refuses = frozenset()
    await later(lab, 600)
    ((_, _, shown),) = wall.shown.values()
    assert shown.blocks and (await card(lab, ref)).due is None


async def test_what_was_learned_about_new_blocks_is_believed_for_an_hour(lab: Lab, wall: Wall) -> None:
    lab.cards.drawers[model.CardKind.DIGEST] = draw_table
    wall.refuses = frozenset({"table"})
    await digest(lab, "a")
    assert wall.count("post") == 2 and await lab.post.fallback.refuses_new_blocks()
    await digest(lab, "b")
    assert wall.count("post") == 3, "nothing new is tried within the hour"
    wall.refuses = frozenset()
    lab.clock.pass_by(seconds=3599)
    assert await lab.post.fallback.refuses_new_blocks()
    lab.clock.pass_by(seconds=1)
    assert not await lab.post.fallback.refuses_new_blocks()
    await digest(lab, "c")
    assert [message.blocks for _, _, message in wall.shown.values()][-1] == (TABLE,)
    await later(lab, 4000)
    assert all(message.blocks == (TABLE,) for _, _, message in wall.shown.values()), "a plain one is not for ever"


async def draw_table(_: model.Card) -> model.Message:
    return model.Message("A table.", (TABLE,))


async def digest(lab: Lab, key: str) -> None:
    await lab.store.cards.put(cards.at_once(model.CardKind.DIGEST, CHANNEL, key, {}), lab.clock.now())
    await lab.post.flush()


async def test_refusals_are_logged_once_an_hour_for_each_word(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    def lines() -> int:
        return sum("refuses messages" in record.getMessage() for record in caplog.records)

    for _ in range(3):
        lab.post.fallback.say(REFUSED)
    assert lines() == 1
    lab.post.fallback.say(errors.SlackRejected("no", code="no_text"))
    assert lines() == 2
    lab.clock.pass_by(seconds=3599)
    lab.post.fallback.say(REFUSED)
    assert lines() == 2
    lab.clock.pass_by(seconds=1)
    lab.post.fallback.say(REFUSED)
    assert lines() == 3


# --- pauses and trouble with channels ------------------------------------------------------------------------------------------------


async def test_a_pause_rests_the_lane_and_no_other(lab: Lab, wall: Wall) -> None:
    lab.cards.routes = fixed_routes.FixedRoutes(model.Route("one", CHANNEL, wait_seconds=0), model.Route("two", "C0OTHER", wait_seconds=0))
    wall.faults["post"] = [errors.SlackRateLimited("wait", retry_after=30)]
    await arrive(lab, 1)
    assert (len(wall.said()), len(wall.said("C0OTHER"))) in ((0, 1), (1, 0))
    await arrive(lab, 2)
    assert sorted((len(wall.said()), len(wall.said("C0OTHER")))) == [0, 2], "the lane that rests is not asked"
    assert wall.count("post") == 3
    await later(lab, 29)
    assert wall.count("post") == 3
    await later(lab, 1)
    assert (len(wall.said()), len(wall.said("C0OTHER"))) == (2, 2)


async def test_a_call_that_waited_too_long_for_its_turn_rests_nothing(lab: Lab, wall: Wall) -> None:
    wall.faults["post"] = [errors.SlackRateLimited("queue", code=post.QUEUED, retry_after=30)]
    await arrive(lab, 1)
    await arrive(lab, 2)
    assert len(wall.said()) == 1
    await later(lab, 30)
    assert len(wall.said()) == 2


async def test_an_edit_that_is_to_wait_rests_the_edits(lab: Lab, wall: Wall) -> None:
    await arrive(lab, 1)
    await arrive(lab, 2)
    wall.faults["update"] = [errors.SlackRateLimited("wait", retry_after=30)]
    await change(lab, 1, records=5)
    await change(lab, 2, records=5)
    await arrive(lab, 3)
    assert (wall.count("update"), wall.count("post")) == (1, 3)
    await later(lab, 30)
    assert wall.count("update") == 3


async def test_an_outage_is_tried_again_sooner_than_a_refusal(lab: Lab, wall: Wall) -> None:
    wall.faults["post"] = [errors.SlackUnavailable("away")] * 3
    await arrive(lab, 1)
    for wait in (2, 4, 8):
        await later(lab, wait - 0.1)
        assert wall.said() == []
        await later(lab, 0.1)
    assert len(wall.said()) == 1


@pytest.mark.parametrize("error", [errors.ChannelGone("gone", code="is_archived"), errors.SlackAuthFailed("no", code="invalid_auth")])
async def test_a_channel_that_refuses_us_is_told_once_and_again_when_it_is_back(lab: Lab, wall: Wall, error: errors.DeliveryError) -> None:
    wall.faults[f"post {CHANNEL}"] = [error, error]
    await arrive(lab, 1)
    assert lab.post.paused() == {CHANNEL: lab.clock.now() + timedelta(seconds=60)}
    await arrive(lab, 2)
    assert wall.calls.count(("post", CHANNEL)) == 1, "the others wait with it"
    await later(lab, 60)
    assert wall.calls.count(("post", CHANNEL)) == 2
    await later(lab, 1)
    assert len(wall.said("U0ADMIN")) == 1 and "cannot post" in wall.said("U0ADMIN")[0]
    assert wall.said("S0GROUP") == []
    await later(lab, 60)
    await later(lab, 1)
    assert (len(wall.said()), len(wall.said("U0ADMIN")), lab.post.paused()) == (2, 2, {})
    assert "works again" in wall.said("U0ADMIN")[1]


async def test_a_click_that_gets_through_ends_the_pause_of_its_channel(lab: Lab, wall: Wall) -> None:
    (ref,) = await arrive(lab, 1)
    wall.faults["post"] = [errors.ChannelGone("gone", code="is_archived")]
    await arrive(lab, 2)
    await arrive(lab, 3)
    assert len(wall.said()) == 1 and CHANNEL in lab.post.paused()
    await lab.post.show([ref])
    assert lab.post.paused() == {}
    await lab.post.flush()
    assert len(wall.said()) == 2, "what had only waited is posted now"


async def test_edits_of_a_channel_that_is_archived_wait_for_it(lab: Lab, wall: Wall) -> None:
    lab.cards.routes = fixed_routes.FixedRoutes(model.Route("one", CHANNEL, wait_seconds=0), model.Route("two", "C0OTHER", wait_seconds=0))
    (ref,) = await arrive(lab, 1)
    assert len(wall.shown) == 2
    wall.faults["update"] = [errors.ChannelGone("gone", code="is_inactive")]
    await change(lab, 1, records=5)
    assert wall.count("update") == 2, "the other channel's card is edited"
    await change(lab, 1, records=6)
    assert wall.count("update") == 3
    await later(lab, 60)
    assert wall.count("update") == 4
    assert all(one.due is None for one in await lab.store.cards.of([ref]))


async def test_an_admin_who_cannot_be_reached_is_not_told_about_that(lab: Lab, wall: Wall) -> None:
    wall.faults["post"] = [errors.ChannelGone("gone", code="user_disabled")]
    await lab.cards.report("k", BACK, "U0ADMIN")
    await lab.post.flush()
    await later(lab, 1)
    assert wall.said("U0ADMIN") == []


async def test_a_card_of_a_system_that_is_switched_off_stays_as_it_is(lab: Lab, wall: Wall) -> None:
    (ref,) = await arrive(lab, 1)
    sources: Any = lab.cards.sources
    system = sources.pop("qualytics")
    await change(lab, 1, records=5)
    await arrive(lab, 2)
    assert (wall.count("update"), wall.count("post")) == (0, 1)
    told = await lab.store.cards.backlog(lab.clock.now())
    assert told.errors[0][1] == 2 and "qualytics" in told.errors[0][0]
    sources["qualytics"] = system
    await later(lab, 60)
    assert (wall.count("update"), wall.count("post")) == (1, 2)
    assert (await card(lab, ref)).error == ""


# --- several and stopping ------------------------------------------------------------------------------------------------------------


async def test_a_card_that_somebody_else_holds_is_left_to_them(lab: Lab, wall: Wall) -> None:
    (ref,) = await arrive(lab, 1)
    lease = await lab.store.leases.take("cards", (await card(lab, ref)).id, lab.clock.now(), 9)
    assert lease is not None
    await change(lab, 1, records=5)
    await lab.post.show([ref])
    assert wall.count("update") == 0
    await lab.store.leases.release(lease)
    await lab.post.flush()
    assert wall.count("update") == 1


async def test_a_card_that_cannot_be_drawn_holds_up_nobody_and_is_said_once(lab: Lab, wall: Wall, caplog: pytest.LogCaptureFixture) -> None:
    """It would be the first of its lane each time."""
    broken = True

    async def draw(card: model.Card) -> model.Message | None:
        if broken:
            raise KeyError("a mistake of ours")
        return model.Message("drawn", ())

    lab.cards.drawers[model.CardKind.BATCH] = draw
    draft = model.CardDraft(model.CardKind.BATCH, CHANNEL, "b", state=model.CardState.LIVE, reason=model.Reason.REPORT)
    first = await lab.store.cards.put(draft, lab.clock.now())
    await arrive(lab, 1)
    for _ in range(3):
        await later(lab, 60)
    assert wall.count("post") == 1 and caplog.text.count(f"card {first.id} cannot be drawn") == 1
    broken = False
    await later(lab, 600)
    assert "drawn" in wall.said()


async def test_what_every_lane_raised_is_known(lab: Lab, wall: Wall) -> None:
    """A failed task that nobody looks at is reported by the garbage collector, at any time."""
    for channel in (CHANNEL, "C0OTHER"):
        await lab.cards.report(f"r {channel}", model.UnknownReport("nonsense"), channel)
        wall.faults[f"post {channel}"] = [ValueError(channel)]  # type: ignore[list-item]
    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
    with pytest.raises(ValueError, match="C0"):
        await lab.post.flush()
    gc.collect()
    assert not told


async def test_a_flush_does_not_wait_for_a_post_that_hangs(lab: Lab, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "PATIENCE_SECONDS", 0.01)
    wall.gate = asyncio.Event()
    await arrive(lab, 1)
    await lab.post.flush()
    assert wall.said() == []
    wall.gate.set()
    monkeypatch.setattr(post, "PATIENCE_SECONDS", 5.0)
    await lab.post.flush()
    assert len(wall.said()) == 1


async def test_a_stop_lets_what_is_under_way_end_and_starts_nothing(lab: Lab, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "PATIENCE_SECONDS", 0.01)
    wall.gate = asyncio.Event()
    await arrive(lab, 1)
    await arrive(lab, 2)
    await wall.entered.wait()
    closing = asyncio.create_task(lab.post.close(5))
    await asyncio.sleep(0)
    wall.gate.set()
    await closing
    assert len(wall.said()) == 1, "the one under way, and no other"
    await lab.post.flush()
    assert len(wall.said()) == 1


async def test_a_stop_cuts_off_what_does_not_end(lab: Lab, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "PATIENCE_SECONDS", 0.01)
    wall.gate = asyncio.Event()
    (ref,) = await arrive(lab, 1)
    await wall.entered.wait()
    await lab.post.close(0.01)
    assert wall.said() == []
    found = await card(lab, ref)
    assert found.posting is not None and not found.ts, "the next start looks what became of it"


async def test_what_slack_says_to_a_message_that_it_refuses_is_in_the_log(lab: Lab, wall: Wall, caplog: pytest.LogCaptureFixture) -> None:
    wall.faults["post"] = [errors.SlackRejected("Slack refused the message (msg_too_long).", code="msg_too_long")]
    await arrive(lab, 1)
    assert [record.name for record in caplog.records if "msg_too_long" in record.getMessage()] == ["bot.services.fallback"]


async def test_a_message_of_which_there_is_nothing_to_draw_any_more_stays_as_it_is(lab: Lab, wall: Wall) -> None:
    async def nothing(_: model.Card) -> None:
        return None

    draft = cards.report("k", model.UnknownReport("nonsense"), CHANNEL)
    await lab.cards.progress(draft)
    await lab.post.flush()
    lab.cards.drawers[model.CardKind.REPORT] = nothing
    await lab.cards.progress(draft)
    await later(lab, 5)
    kept = await lab.store.cards.put(draft, lab.clock.now())
    assert (wall.count("post"), wall.count("update"), kept.due) == (1, 0, None)
