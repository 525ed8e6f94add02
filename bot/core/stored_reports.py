"""Reports as they are stored: words and keys that rows of earlier releases hold too, so that none of them ever changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot import model

Payload = Mapping[str, Any]


_STORED: Mapping[type[model.Report], tuple[str, Mapping[str, str]]] = {
    model.FirstContact: ("first_contact", {"source": "source", "title": "title", "count": "count", "at": "at"}),
    model.PlacesMet: ("first_contact", {"source": "source", "title": "title", "places": "places", "at": "at"}),
    model.SourceFailing: ("failing", {"title": "title", "error": "error", "since": "since", "over": "over"}),
    model.SourceRecovered: ("recovered", {"title": "title", "error": "error", "since": "since", "at": "at"}),
    model.NewlyAssigned: ("assigned", {"ref": "ref", "by": "by", "description": "title", "place": "header", "url": "url"}),
    model.LinkReplaced: ("replaced", {"title": "title", "person": "person", "new": "new", "by": "by"}),
    model.RequestInterrupted: ("interrupted", {"action": "action", "refs": "refs", "why": "why", "at": "at"}),
    model.ChannelRefuses: ("channel_gone", {"channel": "channel", "code": "code", "at": "at"}),
    model.ChannelWorks: ("channel_back", {"channel": "channel", "since": "since", "at": "at"}),
    model.CriticalJoined: ("critical_joined", {"thread": "thread", "refs": "refs"}),
    model.UnknownReport: ("", {"what": "what"}),
}
"""The word of each report, and the key of each of its fields."""


def pack(report: model.Report) -> Payload:
    """What is stored of a report; what is not known is left out."""
    what, keys = _STORED[type(report)]
    said = {key: _plain(getattr(report, field)) for field, key in keys.items()}
    return {"what": what} | {key: value for key, value in said.items() if value is not None}


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case model.Ref():
            return str(value)
        case (str(name), int(count)):
            return {"name": name, "count": count}
        case tuple():
            return [_plain(one) for one in value]
        case _:
            return value


def unpack(payload: Payload) -> model.Report:
    """Any stored report; what is missing or unreadable in it is empty, and one of another release is known by its word."""
    read = _READ.get(str(payload.get("what", "")), _unknown)
    return read(payload)


def _first_contact(payload: Payload) -> model.Report:
    source, title, at = _word(payload, "source"), _word(payload, "title"), _date(payload, "at")
    if payload.get("places"):
        places = tuple((str(one.get("name", "")), int(one.get("count") or 0)) for one in payload["places"])
        return model.PlacesMet(source, title, places, at)
    return model.FirstContact(source, title, int(payload.get("count") or 0), at)


def _failing(payload: Payload) -> model.Report:
    return model.SourceFailing(_word(payload, "title"), _word(payload, "error"), _date(payload, "since"), _date(payload, "over"))


def _recovered(payload: Payload) -> model.Report:
    return model.SourceRecovered(_word(payload, "title"), _word(payload, "error"), _date(payload, "since"), _date(payload, "at"))


def _assigned(payload: Payload) -> model.Report:
    description, place, url = (_word(payload, key) for key in ("title", "header", "url"))
    return model.NewlyAssigned(_ref(_word(payload, "ref")), _word(payload, "by"), description, place, url)


def _replaced(payload: Payload) -> model.Report:
    return model.LinkReplaced(_word(payload, "title"), _word(payload, "person"), _word(payload, "new"), _word(payload, "by"))


def _interrupted(payload: Payload) -> model.Report:
    return model.RequestInterrupted(_word(payload, "action"), _refs(payload), _word(payload, "why"), _date(payload, "at"))


def _joined(payload: Payload) -> model.Report:
    return model.CriticalJoined(_word(payload, "thread"), _refs(payload))


def _channel_refuses(payload: Payload) -> model.Report:
    return model.ChannelRefuses(_word(payload, "channel"), _word(payload, "code"), _date(payload, "at"))


def _channel_works(payload: Payload) -> model.Report:
    return model.ChannelWorks(_word(payload, "channel"), _date(payload, "since"), _date(payload, "at"))


def _unknown(payload: Payload) -> model.Report:
    return model.UnknownReport(_word(payload, "what"))


_READ: Mapping[str, Callable[[Payload], model.Report]] = {
    "first_contact": _first_contact,
    "failing": _failing,
    "recovered": _recovered,
    "assigned": _assigned,
    "replaced": _replaced,
    "interrupted": _interrupted,
    "channel_gone": _channel_refuses,
    "channel_back": _channel_works,
    "critical_joined": _joined,
}


def _word(payload: Payload, key: str) -> str:
    return str(payload.get(key) or "")


def _ref(word: str) -> model.Ref | None:
    try:
        return model.Ref.parse(word)
    except ValueError:
        return None


def _refs(payload: Payload) -> tuple[model.Ref, ...]:
    return tuple(ref for one in payload.get("refs") or () if (ref := _ref(str(one))) is not None)


def _date(payload: Payload, key: str) -> datetime | None:
    """The date under `key`, None when there is none or nobody can read it. Without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(_word(payload, key))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
