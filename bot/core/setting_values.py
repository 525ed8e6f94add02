"""What the text of a setting may be: each reader gives its value, or raises ValueError with the rest of a sentence that begins with the
variable's name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib import parse

from bot import model

YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
LEVELS = '{"low":0,"medium":20,"high":50,"critical":80}'
"""How severities are written, for the sentence about those that are not."""


def secret(prefix: str = "") -> Callable[[str], str]:
    """A token or key that begins like this."""

    def read(value: str) -> str:
        if not value.startswith(prefix):
            raise ValueError(f"must begin with {prefix}")
        if not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("has characters in it that no secret has: copy it again")
        return value

    return read


def url(value: str) -> str:
    """An address alone."""
    try:
        parts = parse.urlsplit(value)
        sound = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0) and " " not in value
    except ValueError:
        sound = False
    if not sound:
        raise ValueError("must be an address like https://acme.example.com")
    if "?" in value or "#" in value or "@" in parts.netloc:
        raise ValueError('must be an address alone, like https://acme.example.com: without "?", "#" or a user name and password in it')
    return value


def like(pattern: re.Pattern[str], wanted: str) -> Callable[[str], str]:
    """What this pattern matches."""

    def read(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(f'must be {wanted}, not "{value}"')
        return value

    return read


def number(low: float, high: float, kind: Callable[[str], float] = float) -> Callable[[str], float]:
    """A number between these, a whole one with `int`."""

    def read(value: str) -> float:
        try:
            found = kind(value)
        except ValueError:
            found = float("nan")
        if not low <= found <= high:
            raise ValueError(f'must be a {"whole " if kind is int else ""}number from {low:g} to {high:g}, not "{value}"')
        return found

    return read


def switch(value: str) -> bool:
    """Yes or no."""
    if value.lower() not in YES + NO:
        raise ValueError(f'must be true or false, not "{value}"')
    return value.lower() in YES


def listed(value: str) -> tuple[str, ...]:
    """Words between commas."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def table(value: str) -> dict[str, Any]:
    """A JSON object."""
    try:
        found = json.loads(value)
    except ValueError as error:
        raise ValueError(f"must be JSON: {error}") from None
    except RecursionError:
        raise ValueError("must be JSON, and not nested that deeply") from None
    if not isinstance(found, dict):
        raise ValueError("must be a JSON object")
    return found


def thresholds(bounds: Mapping[str, Any]) -> Mapping[model.Severity, float]:
    """Severities and the score where each begins, rising."""
    numbers = [bounds.get(word.value) for word in model.Severity]
    rising = all(isinstance(each, int | float) and not isinstance(each, bool) for each in numbers) and numbers == sorted(
        set(numbers)  # type: ignore[type-var]
    )
    if not rising or len(bounds) != len(model.Severity):
        raise ValueError(f"must give low, medium, high and critical rising scores, like {LEVELS}")
    return {word: float(bounds[word.value]) for word in model.Severity}
