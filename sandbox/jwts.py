"""Tokens in the shape of a JWT; nobody checks their signature, so a fake has to know which ones it issued."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any


class NotOne(ValueError):
    """The text is no JWT."""


def _part(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def made(claims: Mapping[str, Any]) -> str:
    """A token that says this; the signature is a constant."""
    return ".".join((_part({"alg": "HS256", "typ": "JWT"}), _part(claims), "c2FuZGJveC1zaWduYXR1cmU"))


def claims(token: str) -> dict[str, Any]:
    """What a JWT says. Raises NotOne."""
    try:
        body = token.split(".")[1]
        read = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError) as error:
        raise NotOne(token) from error
    if not isinstance(read, dict):
        raise NotOne(token)
    return read
