"""Two systems as the grammar knows them: one whose ids are as usual, and one with ids of its own and words of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot import model
from bot.core import grammar
from bot.sources.qualytics import client_options


def number(text: str) -> str:
    """Reads 20 and 20%."""
    bare = text.removesuffix("%")
    if not bare.isdecimal():
        raise ValueError("It takes a whole number.")
    return str(int(bare))


def either(text: str) -> str:
    if text.casefold() not in ("up", "down"):
        raise ValueError("It takes up or down.")
    return text.casefold()


OWN = (
    model.OwnWord("bookmark", "bookmark:mine", "bookmarked ones", str.strip, lambda kept, one: kept in one.tags, many=True),
    model.OwnWord("delta", "delta:20", "the smallest change", number, lambda kept, one: (one.weight or 0) >= int(kept), ("change",)),
    model.OwnWord("direction", "direction:up", "up or down", either),
)


@dataclass(frozen=True)
class System:
    name: str
    title: str
    idents: model.Idents
    own_words: tuple[model.OwnWord, ...] = ()
    archive_as: tuple[model.Closing, ...] = ()
    client_options: model.ClientOptions = field(default_factory=model.ClientOptions)
    stages: tuple[model.Stage, ...] = ()
    words: Mapping[str, model.Word] = field(default_factory=dict)


HOSTS = ("acme.qualytics.io", "a.io", "acme.io", "acme.example", "localhost:8000")
QUALYTICS = System("qualytics", "Qualytics", model.Idents(hosts=HOSTS), client_options=client_options.OPTIONS)
FORM = r"[0-9a-f]{4,32}|[a-z]+:[0-9]+(/[a-z])?"
CLOSINGS = (model.Closing("Confirmed", "it was real"),)
ANODOT = System("anodot", "Anodot", model.Idents(FORM, ("app.anodot.example",), r"/detail/([A-Za-z0-9:%]+)", "2af8"), OWN, CLOSINGS)

ELSEWHERE = {"resolution": "Anomify", "bookmark": "Anodot", "delta": "Anodot", "direction": "Anodot"}
SYSTEMS = (QUALYTICS, System("anodot", "Anodot", model.Idents()))
USUAL = grammar.spoken(SYSTEMS, ELSEWHERE)
"""Two whose ids look as usual."""

ALONE = grammar.spoken([QUALYTICS], ELSEWHERE)
BOTH = grammar.spoken([QUALYTICS, ANODOT], ELSEWHERE)
