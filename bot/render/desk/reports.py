"""Messages about the desk itself: what it found at first contact, what fails, what works again, what somebody has to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot import model
from bot.core import grammar, vocabulary
from bot.render import siblings
from bot.render.anomaly import buttons
from bot.render.kit import blocks, ids, limits, text

_REFS = 10
_PLACES = 10


def report(said: model.Report) -> model.Message:
    """The message for a report; one that this version does not know says so instead of failing."""
    return limits.fit(_DRAWN[type(said)](said))


def _first_contact(said: model.FirstContact) -> model.Message:
    title = text.short(said.title, 60)
    if not said.count:
        return _line(f"Connected to {title}: nothing is open there. New anomalies will appear here.")
    were = "was" if said.count == 1 else "were"
    line = f"Connected to {title}. {text.number(said.count)} {were} already open in {title}; new anomalies will appear here as cards."
    row = blocks.actions(
        blocks.button(ids.CONTACT_NEWEST, "Show newest 10", ids.encode_page(0, f"source:{said.source} limit:10")),
        blocks.button(ids.CONTACT_LIST, "Open list", ids.encode_page(0, f"source:{said.source}")),
    )
    heard = text.sentence(text.spoken(line), "Press Show newest 10 or Open list to look at them")
    return model.Message(heard, (blocks.section(line), *row))


def _places_met(said: model.PlacesMet) -> model.Message:
    """The same for places that are looked after since later: "crm (37 open already) and finance-lake (4 open already)"."""
    names = siblings.apart([name for name, _ in said.places], 60)
    counted = zip(names, (count for _, count in said.places), strict=True)
    told = text.listed([f"{name} ({text.number(count)} open already)" for name, count in counted], _PLACES)
    line = f"{text.short(said.title, 60)} is looked after in {told} too from now on. New anomalies there will appear here as cards."
    query = model.Query(source=said.source, datastores=tuple(name for name, _ in said.places))
    newest, everything = (ids.encode_page(0, grammar.canonical(one)) for one in (replace(query, limit=10), query))
    fits = text.size(newest, markup=True) <= limits.VALUE
    row = blocks.actions(
        blocks.button(ids.CONTACT_NEWEST, "Show newest 10", newest) if fits else None,
        blocks.button(ids.CONTACT_LIST, "Open list", everything) if fits else None,
    )
    heard = text.sentence(text.spoken(line), "Press Show newest 10 or Open list to look at them" if fits else "")
    return model.Message(heard, (blocks.section(line), *row))


def _failing(said: model.SourceFailing) -> model.Message:
    title, error = text.short(said.title, 60), text.short(said.error, 500)
    if said.over is not None:
        return _dated(f"Over: {title} did not answer as it should", ("from", said.since), ("to", said.over), after=f"It said: {error}")
    meanwhile = f"Until it recovers, new anomalies of {title} do not arrive and its cards may be out of date"
    after = text.sentence(error, meanwhile, "It is tried again by itself")
    return _dated(f"{title} does not answer as it should", ("since", said.since), after=after)


def _recovered(said: model.SourceRecovered) -> model.Message:
    after = f"What happened meanwhile is being caught up now.{_span(said.since, said.at)}"
    return _dated(f"{text.short(said.title, 60)} answers again", ("since", said.at), after=after)


def _assigned(said: model.NewlyAssigned) -> model.Message:
    described = text.short(said.description, 1_000, "")
    line = f"{text.short(said.by, 60)} assigned you to {text.short(said.place, 150, 'an anomaly')}" + (
        f": {described}" if described else ""
    )
    heard = text.sentence(text.spoken(line), text.link(said.url, "Open it in the web app") if text.url(said.url) else "")
    show = buttons.show(said.ref, 0, hint="Show the anomaly here") if said.ref else None
    row = blocks.actions(show, blocks.link_button(ids.OPEN, "Open in the web app", said.url))
    return model.Message(heard, (blocks.section(line), *row, blocks.context(text.short(str(said.ref or ""), 80))))


def _replaced(said: model.LinkReplaced) -> model.Message:
    by = text.short(said.by, 60, "")
    why = f"{by} said so" if by else "their e-mail address is the same"
    now = f"{text.short(said.new, 60, 'Somebody else')} is from now on: {why}"
    lost = f"You are not {text.short(said.person, 80)} in {text.short(said.title, 60)} any more"
    return _line(text.sentence(lost, now, "If that is wrong, ask an admin of this desk"))


def _interrupted(said: model.RequestInterrupted) -> model.Message:
    refs = [text.short(str(ref), 80) for ref in said.refs]
    asked = vocabulary.done(said.action)
    what = f"{text.listed(refs, _REFS)} {'was' if len(refs) == 1 else 'were'} not {asked}"
    after = text.sentence(text.short(said.why, 500), "Do it again from the card, or with /anomalies show")
    return _dated(f"Your request was interrupted: {what}", ("asked", said.at), after=after)


_CHANNEL_CODES = {
    "channel_not_found": "it does not exist or I am not allowed to see it. Invite me there, or correct DESK_CHANNEL.",
    "not_in_channel": "I am not a member. Invite me there with /invite.",
    "is_archived": "it is archived. Unarchive it, or correct DESK_CHANNEL.",
}


def _channel_refuses(said: model.ChannelRefuses) -> model.Message:
    because = _CHANNEL_CODES.get(said.code, f"Slack said: {text.short(said.code, 80, 'no reason given')}.")
    line = f"{text.spoken(because)} Cards for it wait and are tried again by themselves."
    return _linked(f"I cannot post in the channel {text.channel(said.channel)}: {line}")


def _channel_works(said: model.ChannelWorks) -> model.Message:
    since = f" after trouble since {text.when(said.since)}" if said.since is not None else ""
    return _linked(f"Posting in the channel {text.channel(said.channel)} works again{since}. What waited is being posted now.")


def _unknown(said: model.UnknownReport) -> model.Message:
    return _line(f"The desk has something to report ({text.short(said.what, 40)}), but this version cannot show it. See /anomalies status.")


_DRAWN: Mapping[type[model.Report], Callable[[Any], model.Message]] = {
    model.FirstContact: _first_contact,
    model.PlacesMet: _places_met,
    model.SourceFailing: _failing,
    model.SourceRecovered: _recovered,
    model.NewlyAssigned: _assigned,
    model.LinkReplaced: _replaced,
    model.RequestInterrupted: _interrupted,
    model.ChannelRefuses: _channel_refuses,
    model.ChannelWorks: _channel_works,
    model.UnknownReport: _unknown,
}


# --- building ---------------------------------------------------------------------------------------------------------------------


def _line(line: str) -> model.Message:
    return model.Message(text.spoken(line), (blocks.section(line),))


def _linked(markup: str) -> model.Message:
    """One line that names a channel: markup of ours, so that Slack writes the name out."""
    return model.Message(markup, ({"type": "section", "text": blocks.marked(markup)},))


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
