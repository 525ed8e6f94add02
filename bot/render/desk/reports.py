"""Messages about the desk itself: what it found at first contact, what fails, what works again, what somebody has to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot import model
from bot.core import grammar, vocabulary
from bot.render.anomaly import buttons
from bot.render.kit import blocks, ids, limits, text

Payload = Mapping[str, Any]

_REFS = 10
_PLACES = 10


def report(payload: Payload) -> model.Message:
    """The message for a report card; `payload["what"]` says which, dates are ISO texts. An unknown one says so instead of failing."""
    return limits.fit(_REPORTS.get(str(payload.get("what", "")), _unknown)(payload))


def _first_contact(payload: Payload) -> model.Message:
    if payload.get("places"):
        return _places_met(payload)
    title, count = _word(payload, "title"), int(payload.get("count") or 0)
    if not count:
        return _line(f"Connected to {title}: nothing is open there. New anomalies will appear here.")
    were = "was" if count == 1 else "were"
    line = f"Connected to {title}. {text.number(count)} {were} already open in {title}; new anomalies will appear here as cards."
    source = str(payload.get("source", ""))
    row = blocks.actions(
        blocks.button(ids.CONTACT_NEWEST, "Show newest 10", ids.encode_page(0, f"source:{source} limit:10")),
        blocks.button(ids.CONTACT_LIST, "Open list", ids.encode_page(0, f"source:{source}")),
    )
    said = text.sentence(text.spoken(line), "Press Show newest 10 or Open list to look at them")
    return model.Message(said, (blocks.section(line), *row))


def _places_met(payload: Payload) -> model.Message:
    """The same for places that are looked after since later: "crm (37 open already) and finance-lake (4 open already)"."""
    places = [(str(one.get("name", "")), int(one.get("count") or 0)) for one in payload["places"]]
    told = text.listed([f"{text.short(name, 60)} ({text.number(count)} open already)" for name, count in places], _PLACES)
    line = f"{_word(payload, 'title')} is looked after in {told} too from now on. New anomalies there will appear here as cards."
    query = model.Query(source=str(payload.get("source", "")), datastores=tuple(name for name, _ in places))
    newest, everything = (ids.encode_page(0, grammar.canonical(one)) for one in (replace(query, limit=10), query))
    fits = text.size(newest, markup=True) <= limits.VALUE
    row = blocks.actions(
        blocks.button(ids.CONTACT_NEWEST, "Show newest 10", newest) if fits else None,
        blocks.button(ids.CONTACT_LIST, "Open list", everything) if fits else None,
    )
    said = text.sentence(text.spoken(line), "Press Show newest 10 or Open list to look at them" if fits else "")
    return model.Message(said, (blocks.section(line), *row))


def _failing(payload: Payload) -> model.Message:
    title, error = _word(payload, "title"), _word(payload, "error", 500)
    over = _date(payload, "over")
    if over is not None:
        return _dated(
            f"Over: {title} did not answer as it should", ("from", _date(payload, "since")), ("to", over), after=f"It said: {error}"
        )
    meanwhile = f"Until it recovers, new anomalies of {title} do not arrive and its cards may be out of date"
    after = text.sentence(error, meanwhile, "It is tried again by itself")
    return _dated(f"{title} does not answer as it should", ("since", _date(payload, "since")), after=after)


def _recovered(payload: Payload) -> model.Message:
    title = _word(payload, "title")
    since, at = _date(payload, "since"), _date(payload, "at")
    after = f"What happened meanwhile is being caught up now.{_span(since, at)}"
    return _dated(f"{title} answers again", ("since", at), after=after)


def _assigned(payload: Payload) -> model.Message:
    by, about = _word(payload, "by"), _word(payload, "header", 150, "an anomaly")
    described = _word(payload, "title", 1_000, "")
    ref = str(payload.get("ref", ""))
    line = f"{by} assigned you to {about}" + (f": {described}" if described else "")
    address, show = str(payload.get("url", "")), None
    try:
        show = buttons.show(model.Ref.parse(ref), 0, hint="Show the anomaly here")
    except ValueError:
        pass
    said = text.sentence(text.spoken(line), text.link(address, "Open it in the web app") if text.url(address) else "")
    row = blocks.actions(show, blocks.link_button(ids.OPEN, "Open in the web app", address))
    return model.Message(said, (blocks.section(line), *row, blocks.context(text.short(ref, 80))))


def _replaced(payload: Payload) -> model.Message:
    system, person, by = _word(payload, "title"), _word(payload, "person", 80), _word(payload, "by", 60, "")
    why = f"{by} said so" if by else "their e-mail address is the same"
    now = f"{_word(payload, 'new', 60, 'Somebody else')} is from now on: {why}"
    return _line(text.sentence(f"You are not {person} in {system} any more", now, "If that is wrong, ask an admin of this desk"))


def _interrupted(payload: Payload) -> model.Message:
    refs = [text.short(str(ref), 80) for ref in payload.get("refs") or ()]
    asked = vocabulary.done(str(payload.get("action", "")))
    what = f"{text.listed(refs, _REFS)} {'was' if len(refs) == 1 else 'were'} not {asked}"
    after = text.sentence(_word(payload, "why", 500), "Do it again from the card, or with /anomalies show")
    return _dated(f"Your request was interrupted: {what}", ("asked", _date(payload, "at")), after=after)


def _held(payload: Payload) -> model.Message:
    count = int(payload.get("count") or 0)
    line = f"{text.count(count, 'card')} {'is' if count == 1 else 'are'} held back by {_word(payload, 'why', 300, 'Slack')}"
    return _dated(line, ("since", _date(payload, "since")), after="Nothing is lost: they follow by themselves. See /anomalies status.")


_CHANNEL_CODES = {
    "channel_not_found": "it does not exist or I am not allowed to see it. Invite me there, or correct DESK_CHANNEL.",
    "not_in_channel": "I am not a member. Invite me there with /invite.",
    "is_archived": "it is archived. Unarchive it, or correct DESK_CHANNEL.",
}


def _channel_gone(payload: Payload) -> model.Message:
    code = _word(payload, "code", 80, "no reason given")
    because = _CHANNEL_CODES.get(str(payload.get("code", "")), f"Slack said: {code}.")
    line = f"I cannot post in the channel {_word(payload, 'channel', 40)}: {because} Cards for it wait and are tried again by themselves."
    return _line(line)


def _channel_back(payload: Payload) -> model.Message:
    return _dated(
        f"Posting in the channel {_word(payload, 'channel', 40)} works again",
        ("after trouble since", _date(payload, "since")),
        after="What waited is being posted now.",
    )


def _unknown(payload: Payload) -> model.Message:
    return _line(
        f"The desk has something to report ({_word(payload, 'what', 40)}), but this version cannot show it. See /anomalies status."
    )


_REPORTS: Mapping[str, Callable[[Payload], model.Message]] = {
    "first_contact": _first_contact,
    "failing": _failing,
    "recovered": _recovered,
    "assigned": _assigned,
    "interrupted": _interrupted,
    "replaced": _replaced,
    "held": _held,
    "channel_gone": _channel_gone,
    "channel_back": _channel_back,
}


# --- building ---------------------------------------------------------------------------------------------------------------------


def _word(payload: Payload, key: str, room: int = 60, empty: str = text.NOTHING) -> str:
    return text.short(str(payload.get(key) or ""), room, empty)


def _date(payload: Payload, key: str) -> datetime | None:
    """The date under `key`, None when there is none or nobody can read it. Without a zone it is UTC."""
    value = payload.get(key)
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value or ""))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _line(line: str) -> model.Message:
    return model.Message(text.spoken(line), (blocks.section(line),))


def _dated(line: str, *dates: tuple[str, datetime | None], after: str = "") -> model.Message:
    """A line, a row of small print with its dates, and what follows from it."""
    known = [(word, at) for word, at in dates if at is not None]
    small = [part for word, at in known for part in (blocks.plain(text.capital(word)), blocks.marked(text.when(at)))]
    spoken = " ".join(f"{word} {text.when(at)}" for word, at in known)
    said = text.sentence(f"{text.spoken(line)} {spoken}".strip(), text.spoken(after))
    shown = (blocks.section(text.sentence(line, after)), *((blocks.context(*small),) if small else ()))
    return model.Message(said, shown)


def _span(since: datetime | None, at: datetime | None) -> str:
    """How long it took, in minutes; "" when nobody knows."""
    if since is None or at is None:
        return ""
    return f" It was away for about {text.count(max(1, round((at - since).total_seconds() / 60)), 'minute')}."
