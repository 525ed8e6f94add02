"""Every kind of message by its text alone: who, what, where, how bad, what now; and what holds for all of them.

A new kind of message is a row of `KINDS`: how it is drawn for an anomaly of a system's shape, and which questions it answers. A pattern is
looked for in the words of the text; "{what}", "{where}" and "{bad}" are those of the shape.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model, ports
from bot.render.anomaly import anomaly_card, group_card, histories, replies, rows
from bot.render.batch import batch_message, batch_preview
from bot.render.desk import desk_help, desk_status, reports, short_help
from bot.render.digest import digest_message
from bot.render.home import home_view
from bot.render.kit import asked, refusals
from bot.render.scan import scan_message, scan_preview
from sandbox.slack.blockkit import surfaces
from tests.render import four_shapes, review_samples, samples, scan_samples, slack_rules
from tests.render.four_shapes import Shape

TEXT, BLOCKS, IN_ALL = 3_900, 40, 9_000
NOW = samples.NOW


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message. `tells` are patterns by the question that they answer; `of` are the shapes that it is drawn for. A view has no
    text of its own: its blocks are read."""

    name: str
    draw: Callable[[Shape], model.Message]
    tells: Mapping[str, str]
    of: Sequence[Shape] = field(default=four_shapes.ALL)
    surface: str = "message"


def _listing(shape: Shape) -> model.Message:
    several = [replace(shape.anomaly, ref=model.Ref(shape.name, f"{shape.anomaly.ref.id}{number}"), version=number) for number in range(10)]
    return replies.listing(model.Listing("status:active", several, 412, capabilities_of={shape.name: shape.capabilities}))


def _group(shape: Shape) -> model.Message:
    anomaly = replace(shape.anomaly, severity=model.Severity.CRITICAL)
    tables = [(anomaly.container.name, 12)] if anomaly.container else []
    counted = [(model.Severity.CRITICAL, 1), (model.Severity.LOW, 11)]
    tally = ports.Tally(12, {model.State.ACTIVE: 12}, tables, [anomaly], sources=[(shape.name, 12)], severities=counted)
    tally = replace(tally, places=len(tables), critical=1, worst=[anomaly])
    return group_card.group("card-1", tally, {shape.name: shape.capabilities}, 5)


def _batch(shape: Shape) -> model.Batch:
    change = model.Change(model.Action.ARCHIVE, archive_as="Resolved")
    return replace(samples.ARCHIVE_312, source=shape.name, change=change, actor="U0DANA1", channel="C0QUALITY")


def _preview(shape: Shape) -> model.Message:
    view = samples.batch_view(_batch(shape), samples.progress(todo=312), shape.capabilities)
    tables = [(shape.anomaly.container.name, 312)] if shape.anomaly.container else []
    split = model.Split(tables=tables, sample=[shape.anomaly], severities=[(model.Severity.CRITICAL, 2), (shape.anomaly.severity, 310)])
    return batch_preview.preview(view, split)


def _receipt(shape: Shape) -> model.Message:
    return batch_message.card(samples.batch_view(samples.finished(_batch(shape)), samples.progress(done=312), shape.capabilities))


def _undone(shape: Shape) -> model.Message:
    """The receipt after [Undo]."""
    view = samples.batch_view(samples.finished(_batch(shape)), samples.progress(done=312), shape.capabilities)
    return batch_message.card(replace(view, back=replace(view, batch=replace(view.batch, undo_of=view.batch.id))))


def _digest(shape: Shape) -> model.Message:
    anomaly = shape.anomaly
    line = replace(review_samples.GLANCE, ref=anomaly.ref, severity=anomaly.severity, title=rows.title(anomaly))
    line = replace(line, evidence=rows.evidence(anomaly))
    unread = (model.Unread(anomaly.severity, 2, NOW - timedelta(days=4)),)
    made = replace(review_samples.MORNING, source=shape.name, oldest=(line,), unread=unread, noise=())
    return digest_message.digest(made, shape.capabilities)


def _status(shape: Shape) -> model.Message:
    health = model.SourceHealth(shape.name, failing_since=NOW, error="HTTP 503")
    view = desk_status.SourceView(shape.capabilities.title, health, {model.State.ACTIVE: 12}, 10.0)
    return desk_status.status(desk_status.StatusView([view], ports.Backlog(), "connected by Socket Mode", "1", NOW))


def _scan(operation: model.Operation) -> Callable[[Shape], model.Message]:
    return lambda shape: scan_message.card(operation, shape.capabilities, scan_samples.LATER)


def _history(shape: Shape) -> model.Message:
    entries = [shape.entry("acknowledge", before="Active", after="Acknowledged")]
    return histories.history(shape.anomaly, entries, [model.Comment("Lee Park", "late vendor file", NOW)])


def _card(shape: Shape) -> model.Message:
    return anomaly_card.anomaly(shape.anomaly, shape.capabilities, samples.past())


def _archived(shape: Shape) -> model.Message:
    return anomaly_card.anomaly(shape.archived, shape.capabilities, shape.past)


def _count(shape: Shape) -> model.Message:
    return replies.count("", 114, {"active": 103, "acknowledged": 11}, [("orders", 90)], [(shape.capabilities.title, 114)])


def _refusal(shape: Shape) -> model.Message:
    return refusals.error(errors.SourceUnavailable(shape.capabilities.title, "HTTP 500"))


def _verification(shape: Shape) -> model.Message:
    checked = replace(scan_samples.done(scan_samples.RESULT.SUCCESS, passes=False), verifies=shape.anomaly.ref)
    return scan_message.card(checked, shape.capabilities, scan_samples.LATER, anomaly=shape.anomaly)


def _home(shape: Shape) -> model.Message:
    """Two rows of a queue, and one of those that nobody has acknowledged."""
    one = shape.anomaly
    mine = [replace(one, ref=model.Ref(shape.name, f"{one.ref.id}{number}")) for number in range(2)]
    counted = {one.severity: 2}
    unseen = model.HomeQueue([one], 1, severities={one.severity: 1})
    facts = model.HomeFacts(model.HomeQueue(mine, 2, severities=counted), unseen, load=[model.Load("", "Lee Park", 12)])
    return _read(home_view.home(home_view.HomeView(facts, {shape.name: shape.capabilities}, shape.capabilities)))


def _read(view: model.Block) -> model.Message:
    return model.Message(html.escape(slack_rules.seen(view), quote=False), tuple(view["blocks"]))


def _unlinked(shape: Shape) -> model.Message:
    title = shape.capabilities.title
    error = errors.NotLinked(f"You are not linked to {title} yet.", systems=[(shape.name, title)])
    return refusals.error(error, asked.Asked(asked.COMMAND, "/anomalies", "list assignee:me"))


def _stale(shape: Shape) -> model.Message:
    """Somebody else was first."""
    outcome = model.Outcome(shape.anomaly.ref, model.Result.REFUSED, stale=True, by=shape.entry("archive", after="Resolved"))
    return replies.stale(shape.archived, shape.capabilities, outcome, "acknowledge")


def _asking(shape: Shape) -> model.Message:
    return anomaly_card.asking(_card(shape), shape.capabilities.title, "Dana")


def _contact(shape: Shape) -> model.Message:
    return reports.report(model.FirstContact(shape.name, shape.capabilities.title, 412))


def _trouble(shape: Shape) -> model.Message:
    return reports.report(model.SourceFailing(shape.capabilities.title, "HTTP 503", NOW))


def _scan_preview(shape: Shape) -> model.Message:
    return scan_preview.preview(model.Proposal([scan_samples.PREVIEW]), shape.capabilities)


def _misspelt(shape: Shape) -> model.Message:
    missing = model.Problem(model.Cause.DATASTORE_MISSING, names=("warehouze",), near=("warehouse-prod",))
    return scan_preview.problems([missing], shape.capabilities, shape.name)


def _assigned(shape: Shape) -> model.Message:
    """The direct message to whoever is assigned by somebody, as the service words it."""
    one = shape.anomaly
    return reports.report(model.NewlyAssigned(one.ref, "Lee", rows.evidence(one), rows.named(one), one.url))


def _joined(shape: Shape) -> model.Message:
    return group_card.joined([replace(shape.anomaly, severity=model.Severity.CRITICAL)], {shape.name: shape.capabilities})


_ALL_FIVE = {"what": "{what}", "where": "{where}", "bad": "{bad}"}
_SCANNED = (four_shapes.QUALYTICS,)
_FAILED = scan_samples.done(scan_samples.RESULT.FAILURE)

KINDS = (
    Kind("card", _card, _ALL_FIVE | {"who": "Dana", "now": "You can"}),
    Kind("archived card", _archived, {"who": "Dana", "where": "{where}|{what}"}),
    Kind("group", _group, {"what": "12 anomalies", "bad": "1 critical", "where": "{where}|{what}", "now": "Review"}),
    Kind("list", _listing, _ALL_FIVE | {"who": "Dana Reyes", "now": "press Next"}),
    Kind("count", _count, {"what": "114 open: 103 active, 11 acknowledged", "where": "orders 90"}),
    Kind("preview", _preview, {"what": "Archive 312", "bad": "2 critical", "now": "Confirm|Undo"}),
    Kind("receipt", _receipt, {"who": "Dana", "what": "312"}),
    Kind("undo", _undone, {"who": "Dana", "what": "312"}),
    Kind("digest", _digest, _ALL_FIVE | {"who": "Lee Park 12", "now": "Press Review queue"}),
    Kind("history", _history, {"who": "Dana", "what": "Acknowledged", "where": "{where}|{what}"}),
    Kind(
        "why",
        lambda it: histories.why(it.anomaly.ref, [model.Explanation(model.Reason.BURST, NOW, "C0QUALITY")], it.anomaly),
        {"what": "Folded into a group card", "where": "{where}|{what}"},
    ),
    Kind("status", _status, {"what": "does not answer", "where": "Anodot|Anomify|Autional|Qualytics"}),
    Kind("help", lambda it: desk_help.full(it.anomaly), {"now": "/anomalies"}),
    Kind("refusal", _refusal, {"what": "HTTP 500", "now": "Try"}),
    Kind("scan", _scan(scan_samples.running()), {"where": "orders", "what": "(?i)scan", "who": "Dana", "now": "press Abort"}, _SCANNED),
    Kind("failed scan", _scan(_FAILED), {"where": "orders", "what": "(?i)fail", "now": "press .*Run it again"}, _SCANNED),
    Kind("verification", _verification, {"what": "still fails", "where": "orders", "who": "Dana", "now": "press .*Show"}, _SCANNED),
    Kind("Home", _home, _ALL_FIVE | {"who": r"Dana Reyes|Lee Park \*12\*", "now": "Acknowledge|Assign"}, surface="home"),
    Kind("link", _unlinked, {"what": "not linked", "where": "Anodot|Anomify|Autional|Qualytics", "now": "Link me .* finishes"}),
    Kind("short help", lambda _: short_help.message(scans=True), {"what": "anomalies", "now": "Press a button|/anomalies"}, _SCANNED),
    Kind("stale card", _stale, {"what": "Nothing was changed", "who": "by Dana", "where": "{where}|{what}", "now": "You can reopen"}),
    Kind("asking", _asking, _ALL_FIVE | {"who": "for Dana", "now": "You can"}),
    Kind("joined a group", _joined, {"what": "{what}", "where": "{where}", "bad": "Critical", "now": "acknowledge it there"}),
    Kind("first contact", _contact, {"what": "412", "where": "Anodot|Anomify|Autional|Qualytics", "now": "Press Show newest"}),
    Kind("trouble", _trouble, {"what": "does not answer|HTTP 503", "where": "Qualytics", "now": "tried again by itself"}, _SCANNED),
    Kind("scan preview", _scan_preview, {"what": "Scan", "where": "orders", "now": "press"}, _SCANNED),
    Kind("misspelt datastore", _misspelt, {"what": "no datastore called", "where": "warehouze", "now": "Did you mean"}, _SCANNED),
    Kind("assigned to you", _assigned, _ALL_FIVE | {"who": "Lee assigned you", "now": "Open it"}, (four_shapes.QUALYTICS,)),
    Kind(
        "chain",
        _scan(scan_samples.running(scan_samples.DAILY)),
        {"where": "warehouse-prod", "what": "(?i)profile", "now": "press Abort"},
        _SCANNED,
    ),
)

EACH = [pytest.param(kind, shape, id=f"{kind.name}, {shape.name}") for kind in KINDS for shape in kind.of]


@pytest.mark.parametrize(("kind", "shape"), EACH)
def test_the_text_alone_is_enough(kind: Kind, shape: Shape) -> None:
    heard = slack_rules.heard(kind.draw(shape))
    for question, pattern in kind.tells.items():
        wanted = pattern.format(what=shape.what, where=shape.where, bad=shape.bad)
        assert re.search(wanted, heard), f"{question}? {heard}"


@pytest.mark.parametrize(("kind", "shape"), EACH)
def test_no_raw_id_of_a_person_or_a_channel_stands_in_a_sentence(kind: Kind, shape: Shape) -> None:
    message = kind.draw(shape)
    for words in (*slack_rules.markups(message), slack_rules.seen(message)):
        assert re.findall(r"\b[UWCG]0[A-Z0-9]+", re.sub(r"<[@#][A-Z0-9]+>", "", words)) == []


@pytest.mark.parametrize(("kind", "shape"), EACH)
def test_buttons_are_told_apart_and_pictures_have_words(kind: Kind, shape: Shape) -> None:
    message = kind.draw(shape)
    pressable = [part for part in slack_rules.pressable(message) if part["type"] != "overflow"]  # which can have no name
    named = Counter(part.get("accessibility_label") or str(part.get("text", part.get("placeholder"))) for part in pressable)
    assert [name for name, many in named.items() if many > 1] == []
    pictures = [part for _, part in slack_rules.parts(list(message.blocks)) if part.get("type") == "image"]
    assert [one for one in pictures if not str(one.get("alt_text", "")).strip()] == []


def faults(message: model.Message, surface: str = "message") -> list[str]:
    """What Slack, or this product's own promise, has against a message."""
    wrong = [*slack_rules.faults(message), *surfaces.check(list(message.blocks), surface).lines]
    wrong += [f"{len(message.blocks)} blocks"] if len(message.blocks) > BLOCKS else []
    wrong += [f"text of {slack_rules.units(message.text)}"] if slack_rules.units(message.text) > TEXT else []
    whole = slack_rules.units(message.text) + surfaces.characters(list(message.blocks))
    return wrong + ([f"{whole} characters in all"] if whole > IN_ALL else [])


@pytest.mark.parametrize(("kind", "shape"), EACH)
def test_a_message_fits(kind: Kind, shape: Shape) -> None:
    assert faults(kind.draw(shape), kind.surface) == []


MORE = re.compile(r"and [\d,]+ more")


@given(st.lists(samples.HOSTILE, min_size=1, max_size=10), samples.OFFERS, samples.SHORT)
def test_any_list_fits_and_counts_what_its_text_leaves_out(anomalies: list[model.Anomaly], offered: model.Capabilities, words: str) -> None:
    listing = model.Listing(words, anomalies, 412, capabilities_of={"qualytics": offered})
    message = replies.listing(listing)
    assert faults(message) == []
    assert sum("accessory" in block and block["type"] == "section" for block in message.blocks) <= len(anomalies) + 1
    assert message.text.count("<!date^") >= len(anomalies) or MORE.search(message.text)


@given(samples.HOSTILE, st.lists(samples.ENTRIES, max_size=40), st.lists(samples.COMMENTS, max_size=40))
def test_any_history_fits_and_counts_what_has_no_room(
    anomaly: model.Anomaly, entries: list[model.Entry], comments: list[model.Comment]
) -> None:
    message = histories.history(anomaly, entries, comments)
    assert faults(message) == []
    dates = sum(words.count("<!date^") for words in slack_rules.markups(message)[1:])
    assert dates >= len(entries) or any(MORE.search(words) for words in slack_rules.markups(message)[1:])


@given(review_samples.DIGESTS, samples.OFFERS)
def test_any_digest_fits(made: model.Digest, offered: model.Capabilities) -> None:
    assert faults(digest_message.digest(made, offered)) == []


@given(samples.SHORT, samples.COUNTED, samples.COUNTED)
def test_any_count_fits(words: str, states: list[tuple[str, int]], tables: list[tuple[str, int]]) -> None:
    assert faults(replies.count(words, 9, dict(states), tables, states, as_of=NOW)) == []


@given(samples.HOSTILE, samples.SHORT)
def test_any_reason_fits(anomaly: model.Anomaly, detail: str) -> None:
    decided = [model.Explanation(reason, NOW, "C0QUALITY", detail) for reason in model.Reason]
    assert faults(histories.why(anomaly.ref, decided, anomaly)) == []
