"""What the person who asked or pressed is told."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model, ports
from bot.core import grammar
from bot.render.anomaly import histories, replies
from bot.render.desk import desk_help, desk_status
from bot.render.kit import ids, refusals
from bot.sources.qualytics import closings
from tests.render import samples, slack_rules

CAPABILITIES, ORDERS = samples.CAPABILITIES, samples.ORDERS
DONE, ALREADY, REFUSED = model.Result.DONE, model.Result.ALREADY, model.Result.REFUSED


def receipt(change: model.Change, *outcomes: model.Outcome, after: model.Anomaly = ORDERS, remarks: tuple[str, ...] = ()) -> str:
    message = replies.receipt(model.Receipt(change, outcomes, {after.ref: after}, remarks), samples.DANA, CAPABILITIES)
    assert slack_rules.faults(message) == []
    seen = slack_rules.seen(message)
    assert slack_rules.heard(message) == seen.replace("\n", " ") or len(outcomes) > 1
    return seen


def outcome(result: model.Result, reason: str = "", **more: str) -> model.Outcome:
    return model.Outcome(samples.REF, result, reason, **more)


ACK = model.Change(model.Action.ACKNOWLEDGE)
ARCHIVE = model.Change(model.Action.ARCHIVE, archive_as="Invalid")
ASSIGN = model.Change(model.Action.ASSIGN, assignees=("7",))
ABOUT = "orders · customer_id not null and 1 more, #1001."


def test_done_is_one_line() -> None:
    assert receipt(ACK, outcome(DONE), remarks=("The comment was not kept.",)) == f"Acknowledged: {ABOUT} The comment was not kept."


def test_receipt_tells_what_the_system_says_now_not_what_was_wanted() -> None:
    assert receipt(ARCHIVE, outcome(DONE), after=samples.DUPLICATE) == f"Archived as Duplicate: {ABOUT}"
    both = replace(ORDERS, assignees=(model.Person("qualytics", "1", "Dana D", "DANA@acme.example"), samples.LEE))
    assert receipt(ASSIGN, outcome(DONE), after=both) == f"Assigned to you, Lee Park: {ABOUT}"
    assert receipt(ASSIGN, outcome(DONE)) == f"Unassigned: {ABOUT}"


def test_already_done_is_polite() -> None:
    by_lee = outcome(ALREADY, "already acknowledged by Lee at 09:14")
    assert receipt(ACK, by_lee) == "Already acknowledged by Lee at 09:14. Nothing was changed."
    assert receipt(ACK, outcome(ALREADY)) == f"Already acknowledged: {ABOUT} Nothing was changed."


def test_who_came_second_is_told_who_was_first_when_and_what_makes_sense_now() -> None:
    entry = model.Entry(samples.REF, "acknowledge", samples.NOW, actor="U1", actor_name="Lee", before="Active", after="Acknowledged")
    second = replace(outcome(ALREADY, "It is acknowledged already."), by=entry)
    told = replies.receipt(model.Receipt(ACK, [second], {samples.REF: samples.ACKNOWLEDGED}), samples.DANA, CAPABILITIES)
    assert "It is acknowledged already." in slack_rules.seen(told)
    assert f"Acknowledged by Lee\n{samples.DATE}" in slack_rules.seen(told)
    assert slack_rules.labels(told)[:2] == ["Assign…", "Archive as…"]
    assert "Acknowledged by Lee" in slack_rules.heard(told) and "Nothing was changed" in slack_rules.heard(told)


@pytest.mark.parametrize(
    ("result", "reason", "by", "silent"),
    [
        (DONE, "", "", True),
        (DONE, "It is kept here alone: nobody knows who you are there.", "", False),
        (ALREADY, "It is acknowledged already.", samples.DANA.id, True),
        (ALREADY, "It is acknowledged already.", "U2", False),
        (REFUSED, "Qualytics says no.", samples.DANA.id, False),
    ],
)
def test_no_line_repeats_what_the_card_shows(result: model.Result, reason: str, by: str, silent: bool) -> None:
    entry = samples.entry("acknowledge", actor=by) if by else None
    assert replies.silent(model.Receipt(ACK, [replace(outcome(result, reason), by=entry)], {}), samples.DANA) is silent
    other = replace(entry, action="archive") if entry else None
    assert not replies.silent(model.Receipt(ACK, [replace(outcome(ALREADY, reason), by=other)], {}), samples.DANA)


@pytest.mark.parametrize(("after", "now"), [(samples.ACKNOWLEDGED, "Acknowledged"), (ORDERS, "Active")])
def test_reopening_one_names_the_state_it_is_in_now(after: model.Anomaly, now: str) -> None:
    change = model.Change(model.Action.REOPEN)
    told = replies.receipt(model.Receipt(change, [outcome(DONE)], {samples.REF: after}), samples.DANA, CAPABILITIES)
    assert slack_rules.seen(told) == f"Reopened: {ABOUT} It is {now} now."
    assert f"It is {now} now." in slack_rules.heard(told)


def test_refused_says_why_and_which_right_is_missing() -> None:
    seen = receipt(ARCHIVE, outcome(REFUSED, "Qualytics says no.", right="Editor", place="warehouse-prod"))
    assert seen == f"Not archived: {ABOUT} Qualytics says no; the desk's user lacks the right Editor on warehouse-prod in Qualytics."
    assert "gave no reason" in receipt(ACK, outcome(REFUSED))


def test_many_are_counted_and_every_refused_one_is_named() -> None:
    others = [model.Outcome(model.Ref("qualytics", str(number)), REFUSED, f"locked {number}") for number in (7, 8)]
    seen = receipt(ACK, outcome(DONE), outcome(ALREADY), *others)
    assert "1 acknowledged, 1 already acknowledged, 2 refused." in seen
    assert "qualytics:7: locked 7" in seen and "qualytics:8: locked 8" in seen


def test_stale_says_who_was_faster_and_offers_the_right_button() -> None:
    last = samples.entry("archive", actor_name="Lee", after="Duplicate")
    late = replace(outcome(REFUSED), by=last, stale=True)
    message = replies.stale(samples.DUPLICATE, CAPABILITIES, late, "acknowledge")
    seen = slack_rules.seen(message)
    assert "Nothing was changed: you cannot acknowledge orders · customer_id not null and 1 more, #1001 any more." in seen
    assert f"Archived as Duplicate by Lee\n{samples.DATE}" in seen
    assert slack_rules.labels(message)[0] == "Reopen"


# --- lists ------------------------------------------------------------------------------------------------------------------------


def many(count: int) -> list[model.Anomaly]:
    return [replace(ORDERS, ref=model.Ref("qualytics", str(number)), version=number) for number in range(count)]


def values(message: model.Message, action_id: str) -> list[str]:
    return [part["value"] for part in slack_rules.pressable(message) if part["action_id"] == action_id]


def test_a_page_shows_each_anomaly_with_a_button_and_the_ways_on() -> None:
    message = replies.listing(model.Listing("table:orders", many(10), 412, 20))
    assert slack_rules.faults(message) == []
    seen = slack_rules.seen(message)
    assert seen.startswith("21 to 30 of 412 for: table:orders")
    row = f"\N{LARGE ORANGE SQUARE} *High* · orders · customer_id not null and 1 more · 4,210 rows · unassigned · {samples.DATE} · #"
    assert seen.count(row) == 10
    assert values(message, ids.SHOW) == [f"qualytics:{number}|{number}" for number in range(10)]
    assert values(message, ids.LIST_PAGE) == ["10|table:orders", "30|table:orders"]
    assert [ids.decode_page(value) for value in values(message, ids.LIST_PAGE)] == [(10, "table:orders"), (30, "table:orders")]


@pytest.mark.parametrize("shown", [10, 0])
def test_what_was_found_among_what_is_known_says_as_of_when(shown: int) -> None:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    message = replies.listing(model.Listing("severity:high", many(shown), shown, 0, as_of=at))
    assert slack_rules.faults(message) == []
    assert "Found among what this desk knew at 2026-11-21 12:00 UTC: what it had not seen by then is missing." in slack_rules.seen(message)
    assert "Found among" not in slack_rules.seen(replies.listing(model.Listing("severity:high", many(shown), shown)))


@pytest.mark.parametrize(
    ("shown", "total", "offset", "pages"),
    [(10, 10, 0, []), (10, 11, 0, ["10|"]), (3, 13, 10, ["0|"]), (10, None, 0, ["10|"]), (4, None, 0, []), (1, 1, 0, [])],
)
def test_pages_are_offered_only_where_there_are_some(shown: int, total: int | None, offset: int, pages: list[str]) -> None:
    assert values(replies.listing(model.Listing("", many(shown), total, offset)), ids.LIST_PAGE) == pages


def test_the_list_of_a_group_pages_through_the_group() -> None:
    message = replies.listing(model.Listing("", many(10), 37, 10), group="card-7")
    assert [ids.decode_group(value) for value in values(message, ids.GROUP_LIST)] == [("card-7", 0), ("card-7", 20)]
    assert values(message, ids.LIST_PAGE) == []


def test_a_filter_too_long_for_a_button_is_not_cut() -> None:
    message = replies.listing(model.Listing("table:" + "x" * 2000, many(10), 412))
    assert values(message, ids.LIST_PAGE) == []
    assert "Narrow it down" in slack_rules.seen(message)


def test_a_list_by_a_filter_can_be_reviewed_as_a_whole() -> None:
    message = replies.listing(model.Listing("table:orders", many(10), 412, 20))
    assert [ids.decode_scope(value) for value in values(message, ids.REVIEW_OPEN)] == [model.ReviewScope(words="table:orders")]
    assert "Press Review these to handle many at once." in slack_rules.heard(message)


@pytest.mark.parametrize(
    ("words", "shown", "total", "group"),
    [("", 10, 412, ""), ("table:orders", 1, 1, ""), ("table:" + "x" * 2000, 10, 412, ""), ("table:orders", 10, 37, "card-7")],
)
def test_other_lists_are_not_reviewed(words: str, shown: int, total: int, group: str) -> None:
    message = replies.listing(model.Listing(words, many(shown), total), group)
    assert values(message, ids.REVIEW_OPEN) == []
    assert "Review" not in slack_rules.heard(message)


def test_an_empty_answer_says_what_was_asked_and_what_to_try() -> None:
    seen = slack_rules.seen(replies.listing(model.Listing("table:orders status:resolved", [], 0)))
    assert "No anomaly matches: table:orders status:resolved." in seen
    assert "status:any" in seen


def test_count_splits_by_state_system_and_table() -> None:
    message = replies.count("tag:pii", 1412, {"active": 1400, "Investigating": 12}, [("orders", 900)], [("Acme", 1400), ("Umbra", 12)])
    assert slack_rules.seen(message) == (
        "1,412 anomalies match: tag:pii. 1,400 active, 12 Investigating. By system: Acme 1,400, Umbra 12. Most by table: orders 900."
    )
    assert slack_rules.seen(replies.count("", 1, {}, ())) == "1 open."


def test_open_means_not_archived_and_says_what_it_is_made_of() -> None:
    message = replies.count("", 114, {"active": 103, "acknowledged": 11}, [("orders", 90)], as_of=samples.NOW)
    told = "114 open: 103 active, 11 acknowledged. Most by table: orders 90."
    assert slack_rules.seen(message) == f"{told}\nThe tables as this desk knew them at {samples.DATE}."
    assert slack_rules.heard(message) == f"{told} The tables as this desk knew them at {samples.DATE}."


# --- history, why, status, help ----------------------------------------------------------------------------------------------------


def test_history_tells_refused_tries_changes_and_comments() -> None:
    entries = [
        samples.entry("acknowledge", before="Active", after="Acknowledged"),
        samples.entry("archive", actor_name="Lee", result=REFUSED, detail="no right on warehouse-prod"),
    ]
    comments = [model.Comment("Ann", "looks *bad*\nindeed", samples.NOW), model.Comment("", "x", None)]
    message = histories.history(ORDERS, entries, comments)
    assert slack_rules.faults(message) == []
    seen = slack_rules.seen(message)
    assert f"*Acknowledged* by Dana (was Active), {samples.DATE}\n*Not archived* by Lee: no right on warehouse-prod, {samples.DATE}" in seen
    assert f"Comments, newest first:\nSomebody: x\nAnn: looks *bad* indeed, {samples.DATE}" in seen.replace("\u200b", "")
    assert seen.startswith("History of orders · customer_id not null and 1 more\n") and seen.endswith("\n#1001\nDetails"), "the id is last"
    assert "Nobody has done anything to it" in slack_rules.seen(histories.history(ORDERS, [], []))


def test_a_long_history_counts_what_has_no_room() -> None:
    entries = [samples.entry("comment", detail=f"{number} " + "word " * 50) for number in range(60)]
    message = histories.history(ORDERS, entries, [model.Comment("Ann", f"{number} " + "x" * 400, samples.NOW) for number in range(60)])
    assert slack_rules.faults(message) == [] and len(message.blocks) == 5
    for told in (slack_rules.seen(message), slack_rules.heard(message)):
        assert len(re.findall(r"and \d\d more", told)) == 2 and "…" not in told
        assert "59 xxx" in told, "the newest of what was said is there"


def test_why_speaks_in_a_readers_words() -> None:
    decided = [model.Explanation(model.Reason.LEADING, samples.NOW, "C123")]
    seen = slack_rules.seen(histories.why(samples.REF, decided, ORDERS))
    assert seen.split("\n") == [
        "Why orders · customer_id not null and 1 more is shown where it is:",
        f"<#C123> Posted at once: nothing else had just been posted in this channel. {samples.DATE}",
        "qualytics:1001",
    ]
    told = " ".join(slack_rules.seen(histories.why(samples.REF, [model.Explanation(one, None, "C1")])) for one in model.Reason)
    assert "route" not in told


def test_why_gives_each_decision_its_sentence_channel_and_date() -> None:
    decided = [
        model.Explanation(model.Reason.BURST, samples.NOW, "C123"),
        model.Explanation(model.Reason.REFUSED, None, "", "invalid_blocks"),
    ]
    message = histories.why(samples.REF, decided)
    seen = slack_rules.seen(message)
    assert "Folded into a group card" in seen and "<#C123>" in seen and samples.DATE in seen
    assert "Slack's last answer: invalid_blocks." in seen
    assert slack_rules.foreign_controls(message) == []
    assert "<!here>" not in slack_rules.markups(histories.why(samples.REF, [model.Explanation(model.Reason.BURST, None, "!here")]))


@pytest.mark.parametrize("reason", list(model.Reason))
def test_every_reason_can_be_told(reason: model.Reason) -> None:
    assert len(slack_rules.heard(histories.why(samples.REF, [model.Explanation(reason, samples.NOW)]))) > 60


def test_status_tells_each_system_what_waits_and_the_version() -> None:
    later = samples.NOW + timedelta(minutes=5)
    good = desk_status.SourceView("Qualytics", model.SourceHealth("qualytics", last_ok=samples.NOW), {model.State.ACTIVE: 1200}, 75)
    good = replace(good, pushed=desk_status.Pushed(2, samples.NOW))
    bad = desk_status.SourceView("Anodot", model.SourceHealth("anodot", failing_since=samples.NOW, error="HTTP 500", next_poll=later))
    backlog = ports.Backlog(3, 0, 2, 1, 200, [("refused (invalid_blocks).", 4), ("gone", 1)], {"refused (invalid_blocks).": later}, 2)
    view = desk_status.StatusView([good, bad], backlog, "connected by Socket Mode", "0.1.0", samples.NOW, ["table"], {"C9": later})
    message = desk_status.status(view)
    assert slack_rules.faults(message) == []
    for told in (slack_rules.seen(message), slack_rules.heard(message)):
        for words in (
            "Qualytics answers. 1,200 anomalies known here (1,200 active). 2 messages of it wait to be read.",
            "Cards here are at most 75 seconds behind it.",
            "Anodot does not answer: HTTP 500. None known here yet.",
            "Failing since",
            "connected by Socket Mode",
            "Waiting: 3 new messages, 2 cards held for a moment to be grouped, the oldest for 3 minutes.",
            "1 message could not be delivered",
            "2 messages shown plainer than meant",
            "4 cards held up: refused (invalid_blocks), next try",
            "1 card held up: gone.",
            "table",
            "Anomaly Desk 0.1.0",
        ):
            assert words in told


def test_status_names_channels_and_no_internal_words() -> None:
    later = samples.NOW + timedelta(minutes=5)
    paused = {"C9": later, "D7": later} | {f"C1{number}": later for number in range(5)}
    source = desk_status.SourceView("Qualytics", model.SourceHealth("qualytics", last_ok=samples.NOW), {model.State.ACTIVE: 1}, 75)
    source = replace(source, pushed=desk_status.Pushed(2, samples.NOW))
    view = desk_status.StatusView([source], ports.Backlog(3, 2, 2, 1), "connected", "0.1.0", samples.NOW, (), paused)
    message = desk_status.status(view)
    assert slack_rules.faults(message) == []
    for told in (slack_rules.seen(message), message.text):
        assert "<#C9> takes no messages; tried again" in told and "somebody's direct messages takes no messages" not in told
        assert "somebody's direct messages take no messages" in told
        assert not re.search(r"(?i)\b(outbox|lease|relist|route|tracked|poll|webhooks?|intents?|D7)\b", told)
    assert "2 other channels take no messages" in slack_rules.seen(message)


def test_an_idle_desk_says_that_nothing_waits() -> None:
    view = desk_status.StatusView([], ports.Backlog(), "connected", "0.1.0", samples.NOW)
    assert "Nothing waits to be posted or edited." in slack_rules.seen(desk_status.status(view))


@pytest.mark.parametrize(
    ("ways", "usage", "example"),
    [
        (
            closings.CLOSINGS,
            "as:resolved|duplicate|invalid|discarded [of:<original>]` close",
            "/anomalies archive table:orders as:duplicate`",
        ),
        (
            (model.Closing("not_a_problem"), model.Closing("good catch"), model.Closing("Vanished", chosen=False)),
            'as:not_a_problem|"good catch"` close',
            "/anomalies archive table:orders as:not_a_problem`",
        ),
        ((), "/anomalies archive <ids|filter>` close", "/anomalies archive table:orders`"),
    ],
)
def test_the_help_closes_in_the_ways_of_the_systems(ways: tuple[model.Closing, ...], usage: str, example: str) -> None:
    message = desk_help.full(None, ways)
    assert slack_rules.faults(message) == []
    assert usage in slack_rules.seen(message)
    assert example in slack_rules.seen(message).replace("\n", "; ")


# --- errors -----------------------------------------------------------------------------------------------------------------------


def test_a_bad_command_gets_a_caret_and_an_example() -> None:
    with pytest.raises(errors.BadCommand) as raised:
        grammar.command("list stauts:open `x`", today=date(2026, 11, 21), sources=("qualytics",), default_source="qualytics")
    message = refusals.error(raised.value)
    seen = slack_rules.seen(message).split("\n")
    typed = next(number for number, line in enumerate(seen) if line.startswith("list stauts"))
    assert seen[typed + 1][seen[typed].index("stauts") :].startswith("^^^")
    assert seen[typed + 1].index("^") == seen[typed].index("stauts")
    assert "`" not in "".join(seen[typed : typed + 2])
    assert seen[-1].startswith("/anomalies list")
    assert "The wrong part is: stauts" in slack_rules.heard(message)
    assert message.blocks[1]["elements"][0]["type"] == "rich_text_preformatted"


def test_the_askers_own_command_is_shown_with_names() -> None:
    typed = "list assignee:<@U1|dana.r> <#C1|data-quality> stauts:open,<#C2>"
    with pytest.raises(errors.BadCommand) as raised:
        grammar.command(typed, today=date(2026, 11, 21), sources=("qualytics",), default_source="qualytics")
    names = {"U1": "Dana"}
    message = refusals.error(raised.value, names=names)
    seen = slack_rules.seen(message).split("\n")
    at = next(number for number, line in enumerate(seen) if line.startswith("list assignee:@Dana"))
    wrong = slice(seen[at + 1].index("^"), seen[at + 1].rindex("^") + 1)
    assert seen[at][wrong] == "assignee:@Dana #data-quality" and "U1" not in slack_rules.seen(message) + message.text
    shown = slack_rules.seen(replies.listing(model.Listing("assignee:<@U1> severity:high", many(2), 2, names=names)))
    assert shown.startswith("1 to 2 of 2 for: assignee:@Dana severity:high")


@given(st.text("ab <@#|>U1", max_size=30))
def test_a_caret_stays_under_the_wrong_word_whoever_is_mentioned(said: str) -> None:
    typed = f"{said} WRONG {said}"
    start = typed.index("WRONG")
    told = refusals.error(errors.BadCommand("No.", text=typed, start=start, end=start + 5), names={"U1": "Dana Reyes-Okafor"})
    line, caret = slack_rules.seen(told).split("\n")[1:3]
    assert line[caret.index("^") : caret.rindex("^") + 1] == "WRONG"


@pytest.mark.parametrize(
    ("error", "happened", "advice"),
    [
        (
            errors.SourceUnavailable("qualytics", "Qualytics failed with HTTP 500.", brief="HTTP 500"),
            "Qualytics did not answer (HTTP 500); nothing was changed.",
            "Try again in a minute.",
        ),
        (errors.SourceRateLimited("qualytics", "429", 11.6), "Qualytics asks to slow down", "Try again in 12 seconds."),
        (errors.SourceAuthFailed("qualytics", "expired"), "does not accept the desk's token: expired", "renew the token"),
        (errors.SourceForbidden("qualytics", "403", right="Editor", place="wh"), "does not allow this", "lacks the right Editor on wh;"),
        (errors.SourceMissing("qualytics", "404"), "does not know this", "deleted there"),
        (errors.SourceRejected("qualytics", "bad {status}"), "Qualytics refused: bad {status}.", "Nothing was changed."),
        (errors.SourceGarbled("qualytics", "<html>"), "cannot be read: <html>", "Try again"),
        (errors.SlackAmbiguous("timeout"), "did not say whether it took this", "Look at the card"),
        (errors.SlackRateLimited("slow", retry_after=1), "slow down", "in 1 second."),
        (errors.ChannelGone("not_in_channel"), "cannot write in this channel", "/invite"),
        (errors.SlackRejected("odd_error"), "odd_error", "Try again"),
        (errors.NotAllowed("Only members may archive. Ask Dana."), "Only members may archive. Ask Dana.", ""),
        (errors.ConfigError(["SLACK_BOT_TOKEN is missing."]), "SLACK_BOT_TOKEN is missing.", "whoever runs"),
    ],
)
def test_each_error_says_what_happened_and_what_to_do(error: errors.BotError, happened: str, advice: str) -> None:
    message = refusals.error(error)
    for told in (slack_rules.seen(message), slack_rules.heard(message)):
        assert happened in told and advice in told


def test_every_kind_of_source_and_delivery_error_is_answered() -> None:
    for kind in errors.SourceError.__subclasses__():
        assert "Qualytics" in slack_rules.seen(refusals.error(kind("qualytics", "words of the vendor")))
    for other in errors.DeliveryError.__subclasses__():
        assert "words of slack" in slack_rules.heard(refusals.error(other("words of slack"))).lower()


def test_the_unforeseen_gets_a_number() -> None:
    assert "abc123" in slack_rules.seen(refusals.broken("abc123"))


# --- exports and people -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "count", "said"),
    [
        ("status:open", 412, "412 anomalies are in your direct messages as a CSV file (status:open)."),
        ("", 1, "1 anomaly is in your direct messages as a CSV file."),
    ],
)
def test_an_export_says_where_its_file_is(words: str, count: int, said: str) -> None:
    message = replies.exported(words, count)
    assert slack_rules.seen(message) == slack_rules.heard(message) == said


@pytest.mark.parametrize(
    ("person", "how", "said"),
    [
        (
            samples.LEE,
            "known",
            "is Lee Park (lee@acme.example) in Qualytics. To change that: /anomalies link @name dana@acme.example, or none",
        ),
        (None, "known", "is nobody in Qualytics that this desk knows of. To link them: /anomalies link @name dana@acme.example, with"),
        (samples.LEE, "linked", "is Lee Park (lee@acme.example) in Qualytics from now on."),
        (model.Person("q", "7", "", "lee@acme.example"), "linked", "is lee@acme.example in Qualytics from now on."),
        (model.Person("q", "7", ""), "linked", "is user 7 in Qualytics from now on."),
        (None, "unlinked", "is not linked to a user of Qualytics any more. To link again: /anomalies link @name"),
    ],
)
def test_who_is_who(person: model.Person | None, how: str, said: str) -> None:
    message = replies.linked("U0DANA", person, CAPABILITIES, how)
    assert slack_rules.seen(message).startswith(f"<@U0DANA> {said}")
    assert message.text.startswith(f"<@U0DANA> {said}")


def test_a_link_command_that_an_answer_names_is_understood() -> None:
    for how in ("known", "unlinked"):
        line = slack_rules.heard(replies.linked("U0DANA", None, CAPABILITIES, how))
        typed = line.split("/anomalies ")[1].split("example")[0] + "example"
        command = grammar.command(
            typed.replace("@name", "<@U0DANA>"), today=date(2026, 11, 21), sources=["qualytics"], default_source="qualytics"
        )
        assert (command.person, command.target) == ("U0DANA", "dana@acme.example")


def test_who_somebody_is_in_each_system_and_which_one_does_not_answer() -> None:
    found = [(model.Capabilities("Acme", frozenset()), samples.LEE), (model.Capabilities("Umbra", frozenset()), None)]
    message = replies.known("U0LEE", found, [model.Unheard("third", "Third", "It is busy.", down=True)])
    seen = slack_rules.seen(message)
    assert "is Lee Park" in seen and "in Acme" in seen and "is nobody in Umbra that this desk knows of" in seen
    assert "Third does not answer, so nobody can say who this is there." in seen and "It is busy." in seen
    assert "Third does not answer" in message.text
