"""Every filter word that belongs to one system, and whose it is: so that a word of a system that is not connected is explained."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "bookmark": "Anodot",
    "delta": "Anodot",
    "direction": "Anodot",
    "duration": "Anodot",
    "metric": "Anodot",
    "resolution": "Anodot",
}
