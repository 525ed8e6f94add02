"""What the running systems bring to the grammar: how they name their anomalies, and the filter words that are theirs alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot import model
from bot.core import phrases
from bot.core.grammar import fields, idents, lexer


class Speaks(Protocol):
    """A system, as far as the grammar has to know it."""

    name: str
    title: str
    idents: model.Idents
    own_words: tuple[model.OwnWord, ...]
    client_options: model.ClientOptions

    @property
    def archive_as(self) -> Sequence[model.Closing]: ...

    @property
    def stages(self) -> Sequence[model.Stage]: ...

    @property
    def words(self) -> Mapping[str, model.Word]: ...


@dataclass(frozen=True, slots=True)
class Systems:
    """`titles` and `idents` by the names of the systems; `words` by the names and aliases of filter words; `elsewhere` says of the words
    that no running system has whose they are; `clients` are the command lines of the systems, `stages` what they call an acknowledged
    anomaly where somebody says so."""

    titles: Mapping[str, str] = field(default_factory=dict)
    idents: Mapping[str, model.Idents] = field(default_factory=dict)
    words: Mapping[str, fields.FilterWord] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    clients: Sequence[model.ClientOptions] = ()
    stages: Sequence[model.Stage] = ()

    @property
    def flags(self) -> Mapping[str, str]:
        """The words for options of what changes anomalies."""
        return {flag: word for client in self.clients for flag, word in client.flags.items()}

    @property
    def scan_flags(self) -> Mapping[str, str]:
        """The words for options of operations."""
        return {flag: word for client in self.clients for flag, word in client.scan_flags.items()}

    @property
    def programs(self) -> frozenset[str]:
        """The programs whose commands people paste."""
        return frozenset(client.program for client in self.clients if client.program)

    def find(self, key: str) -> fields.FilterWord | None:
        """The filter word that this key means: one of all systems, or of a running one."""
        return self.words.get(fields.ALIASES.get(key, key)) or fields.find(key)

    def example(self, word: fields.FilterWord) -> str:
        """A use of this word that works here."""
        return f"source:{next(iter(self.titles))}" if word.name == "source" and self.titles else word.example

    def sample(self, ident: str = "1001") -> str:
        """A reference with its system, for a hint."""
        return f"{next(iter(self.titles), 'system')}:{ident}"

    def check_known(self, token: lexer.Token) -> None:
        """Raise Mistake for a word of a system that is not connected."""
        if token.key in self.elsewhere and self.find(token.key) is None:
            message = f"{token.key}: is a word of {self.elsewhere[token.key]}, which is not connected here. Leave it out."
            raise lexer.Mistake(message, token.start, token.end, fix=" ")

    def fits(self, source: str, ident: str) -> bool:
        """Whether this may be an id of a system that is connected: one that does not say how they look has none with a colon."""
        if source not in self.idents:
            return False
        form = self.idents[source].form
        return re.fullmatch(form, ident) is not None if form else ":" not in ident and not idents.wrong(ident)

    def knows(self, typed: str) -> bool:
        """Whether this may be an id of a system that is connected, alone or behind the name of that system and a colon."""
        head, _, rest = typed.partition(":")
        return self.fits(head, rest) or bool(self.homes(typed))

    def homes(self, ident: str) -> list[str]:
        """The systems whose form of id fits."""
        return [name for name in self.idents if self.fits(name, ident)]

    def owner(self, host: str) -> str:
        """The system whose web pages are on this host, "" for a host of nobody here."""
        host = host.rpartition("@")[2].casefold()
        return next((name for name, idents in self.idents.items() if host in idents.hosts), "")


NONE = Systems()
"""Nothing is known of any system."""


def of(running: Iterable[Speaks], elsewhere: Mapping[str, str]) -> Systems:
    """What these systems bring; `elsewhere` are all known words of single systems."""
    systems = list(running)
    words = {key: _read(word) for system in reversed(systems) for word in system.own_words for key in (word.name, *word.aliases)}
    words["status"] = fields.standing(one.word for system in systems for one in system.archive_as)
    titles, named = {one.name: one.title for one in systems}, {one.name: one.idents for one in systems}
    words["id"] = fields.identified(Systems(titles, named).knows)
    if any(fields.opens(one.words) for one in systems):
        words["type"] = fields.OPEN_TYPES
    stages = list(dict.fromkeys(stage for one in systems for stage in one.stages))
    return Systems(titles, named, words, elsewhere, [one.client_options for one in systems], stages)


def _read(word: model.OwnWord) -> fields.FilterWord:
    """A declared word as one of the grammar."""

    def read(name: str, value: lexer.Value, today: object) -> str:
        try:
            return word.read(value.text)
        except ValueError as error:
            message = f"{phrases.quoted(value.text)} is not a value of {name}: {error} For example {word.example}"
            raise lexer.Mistake(message, value.start, value.end) from error

    return fields.FilterWord(word.name, "others", word.example, word.about, read, many=word.many)
