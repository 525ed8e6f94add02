"""Who is who, as it is typed: a Slack user, and the user of a system that they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core import phrases
from bot.core.grammar import fields, lexer, references, selector, verbs

_MENTION = re.compile(r"<@([^<>]+)>")
_BETWEEN = frozenset({"to", "as", "is", "=", "->", "=>"})
"""Small words that people put between the two."""


@dataclass(frozen=True, slots=True)
class Link:
    """`person` is a Slack id, "" for the asker; `target` is as typed, "none" to unlink, "" to ask; `system` is "" where none is named."""

    person: str = ""
    target: str = ""
    system: str = ""


def read(verb: verbs.Verb, rest: Sequence[lexer.Token], context: references.Context) -> Link:
    """Read `@user system:12`, either half, or nothing. Raises Mistake."""
    found = [token for token in rest if (token.key or token.values) and token.raw.casefold() not in _BETWEEN]
    people = [token for token in found if _names_somebody(token)]
    targets = [token for token in found if token not in people]
    if len(people) > 1 or any(len(token.values) > 1 for token in people):
        message = f"{verb.name} takes one person at a time, like {verb.name} {people[0].values[0].text} {_SAMPLE}."
        raise lexer.Mistake(message, people[0].start, people[-1].end, whole=f"{verb.name} {people[0].values[0].text}")
    person = _person(verb, people[0], context) if people else ""
    if not targets:
        return Link(person)
    if len(targets) > 1:
        raise _several(verb, targets)
    system, target = _target(verb, targets[0], context)
    return Link(person, target, system)


_SAMPLE = "dana@acme.example"


def _names_somebody(token: lexer.Token) -> bool:
    """Whether this word is a Slack user: a mention, me, or a name behind an @."""
    if token.key or any(value.quoted for value in token.values):
        return False
    return any(value.text.startswith(("<@", "@")) or value.text.casefold() == fields.ME for value in token.values)


def _person(verb: verbs.Verb, token: lexer.Token, context: references.Context) -> str:
    typed = token.values[0].text
    mention = _MENTION.fullmatch(typed)
    if mention:
        return mention[1]
    if fields.SOMEBODY.get(typed.casefold()) == fields.ME:
        return ""
    message = f"{phrases.quoted(typed)} is no mention. Pick the person from Slack's list while you type @."
    raise lexer.Mistake(message, token.start, token.end, whole=verb.name)


def _several(verb: verbs.Verb, targets: Sequence[lexer.Token]) -> lexer.Mistake:
    first, last = targets[0], targets[-1]
    named = " ".join(value.text for token in targets for value in token.values)
    prefix = f"{first.key}:" if first.key else ""
    fix = prefix + lexer.quote(named)
    message = f"{verb.name} takes one user of a system. A name of several words stands in quotation marks: {phrases.cut(fix, 80)}"
    return lexer.Mistake(message, first.start, last.end, fix=fix)


def _target(verb: verbs.Verb, token: lexer.Token, context: references.Context) -> tuple[str, str]:
    """The system and the user, as typed."""
    if selector.selects(token, context):
        message = f"{token.key}: selects anomalies. {verb.name} takes the id, the e-mail address or the name of a user, like {_SAMPLE}."
        raise lexer.Mistake(message, token.start, token.end, fix=_SAMPLE)
    if token.key and token.key not in context.sources:
        raise references.unknown_source(token.key, token, lexer.Value("", token.start, token.end), context)
    if len(token.values) != 1 or not token.values[0].text.strip():
        message = f"{verb.name} takes one user of a system: the id, the e-mail address or the name, like {_SAMPLE}."
        raise lexer.Mistake(message, token.start, token.end, fix=_SAMPLE)
    typed = token.values[0].text.strip()
    nobody = not token.values[0].quoted and fields.SOMEBODY.get(typed.casefold()) == fields.NOBODY
    return token.key, fields.NOBODY if nobody else typed
