"""What every reader of a webhook's body needs: a text that may be JSON, and ids that can be ids. Each raises ValueError with the rest of
a sentence that "The webhook's body" begins."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot import model
from bot.sources import judging

MOST = 200
"""Anomalies that one push may name; one that names more is about everything."""

_DIGITS = re.compile(r"[0-9]{1,18}")


def text(body: bytes) -> str:
    """A text that says something."""
    try:
        said = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise ValueError("is not text") from None
    if not said:
        raise ValueError("is empty")
    return said


def parsed(said: str) -> Any:
    """JSON, also with line breaks inside of its texts. Raises ValueError for anything else."""
    try:
        return judging.parse(said.encode("utf-8", "replace"))
    except ValueError:
        try:
            return json.loads(said, strict=False)
        except (ValueError, RecursionError):
            raise ValueError("is no JSON") from None


def mapping(body: bytes) -> Mapping[str, Any]:
    """A JSON object."""
    found = parsed(text(body))
    if not isinstance(found, Mapping):
        raise ValueError("is no JSON object")
    return found


def under(value: Any, *names: str) -> Any:
    """What stands there, however deep; None where nothing does."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def digits(value: Any) -> str:
    """A whole number, written as a number or as a text; "" for anything else."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    said = str(value).strip() if isinstance(value, int | str) else ""
    return said if _DIGITS.fullmatch(said) else ""


def news(found: Iterable[model.Mention]) -> model.News:
    """These, each once; everything where there are none, or too many."""
    about = {one.ident: one for one in found}
    return model.News(tuple(about.values())) if 0 < len(about) <= MOST else model.News(everything=True)
