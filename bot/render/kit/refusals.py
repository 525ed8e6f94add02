"""What people read when something was refused or failed: what happened, whether anything was changed, what to do next."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot import errors, model
from bot.core import grammar, phrases
from bot.render import siblings
from bot.render.kit import asked, blocks, ids, limits, text

_ROOM = 1_000
_NAMED = 10
"""People named in a refusal; the rest is counted."""
_PLACES = 5
_UNCHANGED = "Nothing was changed."
_PROBABLY = "As far as this desk knows, nothing was changed."
_CALL = "whoever runs Anomaly Desk"

_SOURCE: tuple[tuple[type[errors.SourceError], str, str], ...] = (
    (errors.SourceUnavailable, "{source} did not answer ({brief}); nothing was changed", "Try again in a minute."),
    (errors.SourceRateLimited, "{source} asks to slow down: {words}", f"{_UNCHANGED} Try again in {{seconds}}."),
    (errors.SourceAuthFailed, "{source} does not accept the desk's token: {words}", f"{_UNCHANGED} Ask {_CALL} to renew the token."),
    (errors.SourceForbidden, "{source} does not allow this to the desk's user: {words}", f"{_UNCHANGED} {{right}}"),
    (errors.SourceMissing, "{source} does not know this: {words}", f"{_UNCHANGED} It may have been deleted there."),
    (errors.SourceRejected, "{source} refused: {words}", f"{_UNCHANGED} Correct that, or do it in {{source}} itself."),
    (
        errors.SourceGarbled,
        "{source} gave an answer that cannot be read: {words}",
        f"{_PROBABLY} Try again in a minute; if it stays, tell {_CALL}.",
    ),
    (
        errors.SourceUnsure,
        "{source} was asked, and did not say what became of it: {words}",
        "The desk looks by itself until it knows; the card shows it then, and you are told if it was not done. There is nothing to repeat.",
    ),
    (errors.SourceError, "{source} did not do it: {words}", f"{_PROBABLY} Try again in a minute."),
)
"""Kind of failure, what happened, what to do. The first row that fits counts."""

_UNREAD = "{source} could not be read just now ({brief}); the desk goes on trying"
"""Where somebody wanted to see something, and the system may answer again by itself."""
_UNHEARD = "{source} did not answer ({brief})"

_SLACK: tuple[tuple[type[errors.DeliveryError], str], ...] = (
    (errors.SlackAmbiguous, "Slack did not say whether it took this: {words} Look at the card before you repeat it."),
    (errors.SlackRateLimited, "Slack asks to slow down: {words} Try again in {seconds}."),
    (errors.SlackAuthFailed, f"Slack does not accept the desk's token: {{words}} Tell {_CALL}."),
    (errors.ChannelGone, "The desk cannot write in this channel: {words} Invite it with /invite, then try again."),
    (errors.MessageGone, "That message is gone: {words} Find the anomaly with /anomalies list."),
    (errors.DeliveryError, "Slack did not do it: {words} Try again in a minute."),
)


def mentions(error: errors.BotError) -> Sequence[str]:
    """The texts of an error in which people may be mentioned, as they were typed."""
    return [str(error), *((error.text, error.example) if isinstance(error, errors.BadCommand) else ())]


def error(error: errors.BotError, wanted: asked.Asked = asked.NOTHING, names: Mapping[str, str] = MappingProxyType({})) -> model.Message:
    """Any error of the product as an answer to the person who met it; never a traceback. `wanted` is what they asked for: where somebody is
    to say who they are first, it is finished afterwards. `names` are those of the Slack users whom it mentions, by their ids."""
    error = _named(error, names)
    if isinstance(error, errors.BadCommand):
        return _command(error)
    if isinstance(error, errors.NotAllowed) and error.ask:
        return _ask(error)
    if isinstance(error, errors.Unclear):
        return _which(error)
    if isinstance(error, errors.NotLinked):
        return _unlinked(error, wanted)
    if isinstance(error, errors.SourceError):
        return blocks.line(_source(error))
    if isinstance(error, errors.DeliveryError):
        return blocks.line(_delivery(error))
    if isinstance(error, errors.UserError):
        return blocks.line(text.sentence(_words(error)))
    return blocks.line(text.sentence(f"The desk could not do this: {_words(error)}", f"{_UNCHANGED} Tell {_CALL}"))


def _named(error: errors.BotError, names: Mapping[str, str]) -> errors.BotError:
    """The same with people and channels by their names; what is wrong stays marked where it stands then."""
    if not isinstance(error, errors.UserError) or all(grammar.named(said, names) == said for said in mentions(error)):
        return error
    told = copy.copy(error)
    told.args = (grammar.named(str(error), names), *error.args[1:])
    if isinstance(told, errors.BadCommand):
        parts = (told.text[: told.start], told.text[told.start : told.end], told.text[told.end :])
        before, wrong, after = (grammar.named(part, names) for part in parts)
        told.text, told.start, told.end = before + wrong + after, len(before), len(before + wrong)
        told.example = grammar.named(told.example, names)
    return told


def broken(number: str) -> model.Message:
    """For what nobody foresaw: the number is in the log beside the whole story."""
    return blocks.line(
        f"Something went wrong that the desk did not foresee. Look at the card before you try again; if it happens again, "
        f"tell {_CALL} this number: {text.short(number, 40)}."
    )


def why(
    reason: str,
    right: str = "",
    places: Sequence[str] = (),
    title: str = "",
    silent: str = "the system refused and gave no reason",
) -> str:
    """Why anomalies were refused, with the right that is missing, and where, when the reason does not name it; `silent` when there is no
    reason."""
    said = text.short(reason, 500, silent)
    if not right or right in said:
        return said
    shown = siblings.apart([place for place in places[:_PLACES] if place], 60)
    more = [f"{text.number(len(places) - _PLACES)} more"] if len(places) > _PLACES else []
    where = f" on {phrases.both([*shown, *more])}" if shown else ""
    system = f" in {text.short(title, 40)}" if title else ""
    return f"{said.rstrip('.')}; the desk's user lacks the right {text.short(right, 40)}{where}{system}"


def _ask(error: errors.NotAllowed) -> model.Message:
    """Who may do it is named; only the reader sees it, so nobody is called."""
    people = [
        f"<!subteam^{ident}>" if ident.startswith("S") else f"<@{ident}>" for ident in error.ask if ident.isascii() and ident.isalnum()
    ]
    who = f"Who may: {text.listed(people, _NAMED)}." if people else ""
    words = text.sentence(_words(error))
    shown = (blocks.section(words), *((blocks.context(blocks.marked(who)),) if who else ()))
    return limits.fit(model.Message(text.sentence(text.spoken(words), who), shown))


def _unlinked(error: errors.NotLinked, wanted: asked.Asked) -> model.Message:
    """The refusal with its door: [Link me] asks who they are, and then finishes what was asked where a button can hold that."""
    kept = bool(wanted.kind) and all(link_me(name, title, wanted) is not None for name, title in error.systems)
    then = "asks who you are there, and then finishes what you asked for" if kept else "asks who you are there; then ask again"
    shown_as = siblings.apart([title for _, title in error.systems], 40)
    buttons = [
        link_me(name, title, wanted if kept else asked.NOTHING, several=len(error.systems) > 1)
        for (name, _), title in zip(error.systems, shown_as, strict=True)
    ]
    words, how = text.sentence(_words(error)), f"Link me {then}."
    shown = (blocks.section(words), *blocks.rows(*buttons), blocks.context(how))
    return limits.fit(model.Message(text.sentence(text.spoken(words), how), shown))


def link_me(system: str, title: str, wanted: asked.Asked = asked.NOTHING, *, several: bool = False) -> model.Block | None:
    """[Link me]; None where what was asked is too long for a button."""
    value = asked.encode(system, wanted)
    if text.size(value, markup=True) > limits.VALUE:
        return None
    named = text.short(title, 40)
    return blocks.button(ids.LINK_ME, f"Link me in {named}" if several else "Link me", value, hint=f"Say who you are in {named}")


def _which(error: errors.Unclear) -> model.Message:
    """A button for each system that may be meant: it gives the same command again. One that is too long for a button is typed again."""
    words = text.sentence(_words(error))
    values = {title: ids.encode_pair(name, error.text) for name, title in error.systems}
    if not error.text or any(text.size(value, markup=True) > limits.VALUE for value in values.values()):
        return blocks.line(f"{words} Write its system before it, like {error.systems[0][0]}:{text.short(error.word, 80)}.")
    titles = siblings.by_name(list(values), 40)
    buttons = [blocks.button(ids.WHICH_SYSTEM, titles[title], value, hint=f"The one in {titles[title]}") for title, value in values.items()]
    shown = (blocks.section(words), *blocks.rows(*buttons))
    return limits.fit(model.Message(text.sentence(text.spoken(words), "Press the name of its system"), shown))


def _words(error: errors.BotError) -> str:
    return text.short(str(error), _ROOM, "no reason was given")


def _source(error: errors.SourceError) -> str:
    what, then = next((what, then) for kind, what, then in _SOURCE if isinstance(error, kind))
    if error.unsure and isinstance(error, errors.SourceUnavailable):
        what, then = _UNHEARD, f"{_PROBABLY} Look at it before you try again."
    elif error.reading and isinstance(error, errors.SourceUnavailable | errors.SourceGarbled):
        what, then = _UNREAD, "Ask again in a minute."
    elif error.reading:
        then = then.replace(f"{_UNCHANGED} ", "")
    facts = {
        "brief": text.short(getattr(error, "brief", "") or str(error).strip().removesuffix("."), _ROOM, "it gave no reason"),
        "source": text.capital(text.short(error.source, 40, "The system")),
        "words": _words(error),
        "seconds": _seconds(error),
        "right": _right(error) if isinstance(error, errors.SourceForbidden) else "",
    }
    return text.sentence(what.format(**facts), then.format(**facts))


def _right(error: errors.SourceForbidden) -> str:
    right = f"the right {text.short(error.right, 60)}" if error.right else "a right"
    where = f" on {text.short(error.place, 60)}" if error.place else ""
    return f"It lacks {right}{where}; an admin there can grant it."


def _delivery(error: errors.DeliveryError) -> str:
    template = next(template for kind, template in _SLACK if isinstance(error, kind))
    return template.format(words=text.sentence(_words(error)), seconds=_seconds(error))


def _seconds(error: errors.BotError) -> str:
    wait = getattr(error, "retry_after", 1.0)
    return text.count(max(1, round(wait)) if wait < 1e6 else 60, "second")


def _command(error: errors.BadCommand) -> model.Message:
    """What is wrong, the command with a caret under the wrong word, and one that works."""
    message, example = text.sentence(_words(error)), text.short(error.example, 300, "")
    line, caret = (text.aligned(part) for part in grammar.caret(error))
    wrong = text.short(error.text[error.start : error.end], 100, "")
    said = text.sentence(
        text.spoken(message),
        text.spoken(f"The wrong part is: {wrong}") if wrong else "",
        text.spoken(f"An example that works: {example}") if example else "",
    )
    shown = [blocks.section(message)]
    if error.text.strip():
        shown.append(blocks.preformatted(f"{line.rstrip()}\n{caret}"))
    if example:
        shown += [blocks.context("An example that works:"), blocks.preformatted(example.replace("`", "'"))]
    return limits.fit(model.Message(said, tuple(shown)))
