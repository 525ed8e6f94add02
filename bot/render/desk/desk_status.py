"""The desk about itself: how it and its systems stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot import model, ports
from bot.render.anomaly import wording
from bot.render.kit import blocks, limits, text

_PAUSED, _PAUSED_ROOM = 5, 600
"""Channels that are named, and units of them in the text alone; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """How many webhooks of a system wait to be read, and since when the first of them."""

    waiting: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceView:
    """How one source stands: `counts` are the tracked anomalies by state, `lag_seconds` how far behind the watch of posted ones is
    (None: not known yet), `unkept` the parts of some of its anomalies that are kept here, `pushed` what it told and was not read yet."""

    title: str
    health: model.SourceHealth
    counts: Mapping[model.State, int] = field(default_factory=dict)
    lag_seconds: float | None = None
    unkept: frozenset[model.Part] = frozenset()
    pushed: Pushed = field(default_factory=Pushed)


@dataclass(frozen=True, slots=True)
class StatusView:
    """All that `/anomalies status` tells. `slack` says in words how the connection stands ("connected by Socket Mode"), `paused` until
    when which channels are left alone, `unsupported` which kinds of blocks this workspace refuses, `left_alone` how much is unfinished in
    which systems that are not configured any more, `crew` which processes share the work, `off` in sentences what
    the app was installed without."""

    sources: Sequence[SourceView]
    backlog: ports.Backlog
    slack: str
    version: str
    started: datetime
    unsupported: Sequence[str] = ()
    paused: Mapping[str, datetime] = field(default_factory=dict)
    left_alone: Mapping[str, int] = field(default_factory=dict)
    crew: model.Crew = field(default_factory=model.Crew)
    off: Sequence[str] = ()


def status(view: StatusView) -> model.Message:
    """How everything stands: each system, what waits, how far behind it is, Slack, and this desk's version."""
    rows = [_source(source) for source in view.sources]
    waiting = _backlog(view.backlog)
    lines = [f"Slack: {text.short(view.slack, 200)}.", waiting]
    if sum(view.crew.roles.values()) > 1:
        lines.append(f"Processes: {text.listed([f'{number} x {role}' for role, number in sorted(view.crew.roles.items())])}.")
    if view.unsupported:
        refused = text.listed([text.short(kind, 40) for kind in view.unsupported])
        lines.append(f"This workspace refuses these blocks, so plainer ones are used: {refused}.")
    lines += [text.short(sentence, 600) for sentence in view.off]
    lines += [_left_alone(name, amount) for name, amount in view.left_alone.items()]
    shown: list[model.Block] = [blocks.header("How the desk stands")]
    for line, dates in rows:
        shown += [blocks.section(line), *((blocks.context(*_small(dates)),) if dates else ())]
    shown.append(blocks.section("\n".join(lines)))
    held = _held_up(view.backlog)
    shown += [blocks.context(line, *(blocks.marked(text.when(at)) for at in (at,) if at)) for line, at in held]
    paused = [
        f"{text.channel(channel)} {'take' if channel[:1] in 'DUW' else 'takes'} no messages; tried again {text.when(until)}"
        for channel, until in view.paused.items()
    ]
    shown += [blocks.context(blocks.marked(line)) for line in paused[:_PAUSED]]
    if len(paused) > _PAUSED:
        shown.append(blocks.context(f"{text.count(len(paused) - _PAUSED, 'other channel takes', 'other channels take')} no messages"))
    version = f"Anomaly Desk {text.short(view.version, 40)}, running since"
    shown.append(blocks.context(version, blocks.marked(text.when(view.started))))
    said = text.sentence(
        *(_spoken(line, dates) for line, dates in rows),
        *(text.spoken(line) for line in lines),
        *(f"{text.spoken(line)} {text.when(at) if at else ''}".strip() for line, at in held),
        text.within(paused, _PAUSED_ROOM, "; "),
        f"{text.spoken(version)} {text.when(view.started)}",
    )
    return limits.fit(model.Message(said, tuple(shown)))


_Dates = Sequence[tuple[str, datetime]]


def _source(source: SourceView) -> tuple[str, _Dates]:
    title, health = text.short(source.title, 40), source.health
    total = sum(source.counts.values())
    known = f"{text.count(total, 'anomaly', 'anomalies')} known here ({wording.states(source.counts)})" if total else "None known here yet"
    lag = "" if source.lag_seconds is None else f"cards here are at most {text.duration(source.lag_seconds)} behind it"
    dates: list[tuple[str, datetime]] = []
    if health.failing_since is not None:
        state = f"{title} does not answer: {text.short(health.error, 300, 'no reason was given')}"
        dates.append(("failing since", health.failing_since))
    elif health.last_ok is None:
        state = f"{title} has not been asked yet"
    else:
        state = f"{title} answers"
    retry = health.next_poll if health.failing_since is not None else None  # while all is well, the next look is no news
    dates += [(word, at) for word, at in (("last answer", health.last_ok), ("next try", retry)) if at is not None]
    ours = f"Where it does not keep {wording.unkept(source.unkept)}, they are kept here" if source.unkept else ""
    waiting = source.pushed.waiting
    pushed = f"{text.count(waiting, 'message')} of it {'waits' if waiting == 1 else 'wait'} to be read" if waiting else ""
    dates += [("oldest of them", source.pushed.oldest)] if source.pushed.oldest is not None else []
    return text.sentence(state, known, pushed, text.capital(lag), ours), dates


def _small(dates: _Dates) -> list[model.Block]:
    return [part for word, at in dates for part in (blocks.plain(text.capital(word)), blocks.marked(text.when(at)))]


def _spoken(line: str, dates: _Dates) -> str:
    said = ", ".join(f"{word} {text.when(at)}" for word, at in dates)
    return text.sentence(text.spoken(line), text.capital(said))


def _left_alone(name: str, amount: int) -> str:
    many = text.count(amount, "unfinished request", "unfinished requests")
    return f"{text.short(name, 40)} is not configured any more: {many} {'waits' if amount == 1 else 'wait'} until it is again."


def _backlog(backlog: ports.Backlog) -> str:
    parts = [text.count(amount, what) for amount, what in ((backlog.posts, "new message"), (backlog.edits, "edit")) if amount]
    if backlog.waiting:
        parts.append(f"{text.count(backlog.waiting, 'card')} held for a moment to be grouped")
    plain = f"{text.count(backlog.plain, 'message')} shown plainer than meant, because Slack refused the rest; tried whole again later"
    if not parts and not backlog.lost:
        return text.sentence("Nothing waits to be posted or edited", plain if backlog.plain else "")
    behind = f", the oldest for {text.duration(backlog.oldest_seconds)}" if backlog.oldest_seconds >= 1 else ""
    line = f"Waiting: {', '.join(parts)}{behind}." if parts else ""
    lost = f"{text.count(backlog.lost, 'message')} could not be delivered; /anomalies why <id> says why." if backlog.lost else ""
    return text.sentence(line, lost, plain if backlog.plain else "")


def _held_up(backlog: ports.Backlog) -> Sequence[tuple[str, datetime | None]]:
    """A line for each reason that holds messages up, and when the first of them is tried again."""
    lines: list[tuple[str, datetime | None]] = []
    for error, amount in backlog.errors[:5]:
        at = backlog.next_tries.get(error)
        said = text.short(error, 160).removesuffix(".")
        lines.append((f"{text.count(amount, 'card')} held up: {said}{', next try' if at else '.'}", at))
    return lines
