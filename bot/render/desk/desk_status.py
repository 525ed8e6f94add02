"""The desk about itself: how it and its systems stand, and what it can be asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot import model, ports
from bot.core import grammar
from bot.render.anomaly import wording
from bot.render.kit import blocks, limits, text


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
    which systems that are not configured any more, `crew` which processes share the work."""

    sources: Sequence[SourceView]
    backlog: ports.Backlog
    slack: str
    version: str
    started: datetime
    unsupported: Sequence[str] = ()
    paused: Mapping[str, datetime] = field(default_factory=dict)
    left_alone: Mapping[str, int] = field(default_factory=dict)
    crew: model.Crew = field(default_factory=model.Crew)


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
    lines += [_left_alone(name, amount) for name, amount in view.left_alone.items()]
    shown: list[model.Block] = [blocks.header("How the desk stands")]
    for line, dates in rows:
        shown += [blocks.section(line), *((blocks.context(*_small(dates)),) if dates else ())]
    shown.append(blocks.section("\n".join(lines)))
    held = _held_up(view.backlog)
    shown += [blocks.context(line, *(blocks.marked(text.when(at)) for at in (at,) if at)) for line, at in held]
    for channel, until in list(view.paused.items())[:5]:
        shown.append(
            blocks.context(f"Channel {text.short(channel, 40)} does not take messages; tried again", blocks.marked(text.when(until)))
        )
    version = f"Anomaly Desk {text.short(view.version, 40)}, running since"
    shown.append(blocks.context(version, blocks.marked(text.when(view.started))))
    said = text.sentence(
        *(_spoken(line, dates) for line, dates in rows),
        *(text.spoken(line) for line in lines),
        *(f"{text.spoken(line)} {text.when(at) if at else ''}".strip() for line, at in held),
        f"{text.spoken(version)} {text.when(view.started)}",
    )
    return limits.fit(model.Message(said, tuple(shown)))


_Dates = Sequence[tuple[str, datetime]]

NO_OWN: Mapping[str, Sequence[model.OwnWord]] = {}


def _source(source: SourceView) -> tuple[str, _Dates]:
    title, health = text.short(source.title, 40), source.health
    total = sum(source.counts.values())
    tracked = f"{text.count(total, 'anomaly', 'anomalies')} tracked ({wording.states(source.counts)})" if total else "Nothing tracked yet"
    lag = "" if source.lag_seconds is None else f"posted ones are re-read, at most {text.duration(source.lag_seconds)} behind"
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
    pushed = f"{text.count(waiting, 'webhook')} {'waits' if waiting == 1 else 'wait'} to be read" if waiting else ""
    dates += [("oldest webhook", source.pushed.oldest)] if source.pushed.oldest is not None else []
    return text.sentence(state, tracked, pushed, text.capital(lag), ours), dates


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


def help_text(
    newest: model.Anomaly | None = None,
    closing: Sequence[model.Closing] | None = None,
    own: Mapping[str, Sequence[model.OwnWord]] = NO_OWN,
    refused: Collection[str] = (),
    unable: Collection[str] = (),
) -> model.Message:
    """What can be asked, each with an example; `newest` makes the examples ones that work in this workspace, `closing` are the ways in
    which its systems close anomalies, `own` the filter words that belong to single systems, by their titles; `refused` are those that no
    system can filter by, `unable` the commands for what no system can do."""
    verbs = [verb for verb in grammar.VERBS if verb.name not in unable]
    usage = grammar.closed_as("\n".join(f"{grammar.SLASH} {verb.usage}: {verb.about}." for verb in verbs), closing)
    examples = [grammar.closed_as(example, closing) for example in _examples(newest) if not any(f" {word}:" in example for word in refused)]
    about = "Filter words are joined by spaces and all have to match; commas mean or. Without a status, archived ones are left out."
    words = [_own_words(title, some) for title, some in own.items() if some]
    act = "The buttons of a card do the same for one anomaly; /anomalies show brings the card up wherever you are."
    said = text.sentence(
        "Anomaly Desk answers these commands",
        text.spoken(usage.replace("\n", " ")),
        text.spoken(f"For example: {'; '.join(examples)}"),
        about,
        *map(text.spoken, words),
        act,
    )
    shown = (
        blocks.header("What you can ask"),
        blocks.section(usage),
        blocks.context("For example, in this workspace:" if newest else "For example:"),
        blocks.preformatted("\n".join(examples)),
        blocks.context(about),
        *map(blocks.context, words),
        blocks.context(act),
    )
    return limits.fit(model.Message(said, shown))


def _own_words(title: str, words: Sequence[model.OwnWord]) -> str:
    """ "Only in Acme: delta:20 (the smallest change), direction:up (up or down)."."""
    told = ", ".join(f"{word.example} ({word.about})" for word in words)
    return text.short(f"Only in {title}: {told}.", limits.CONTEXT_TEXT)


def _examples(newest: model.Anomaly | None) -> list[str]:
    if newest is None:
        return [f"{grammar.SLASH} {verb.example}" for verb in grammar.VERBS if " " in verb.example]
    table = newest.container.name if newest.container else ""
    query = model.Query(tables=(text.squeeze(table),)) if table.strip() else model.Query(since=newest.created.date())
    ident = text.short(newest.ref.id, 80)
    return [
        f"/anomalies list {grammar.canonical(query)}".replace("`", "'"),
        "/anomalies list assignee:me",
        "/anomalies count severity:high,critical since:7d",
        f"/anomalies show {ident}",
        f"/anomalies history {ident}",
    ]
