"""What of Anomify's texts may be read on: its replies are full of addresses, telephone numbers and Slack ids of people (contracts trap 33).

Readers take named fields and nothing else; what is text that somebody wrote goes through here besides.
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;]+")
_TELEPHONE = re.compile(r"(?<![\w.])(?:\+|00)\d(?:[ ()./-]?\d){6,14}(?!\w)")
_SLACK = re.compile(r"\b[UW](?=[A-Z0-9]*\d)[A-Z0-9]{8,20}\b")
HIDDEN = "[hidden]"


def told(text: str) -> str:
    """A text without anybody's address, telephone number or Slack id."""
    for pattern in (_ADDRESS, _TELEPHONE, _SLACK):
        text = pattern.sub(HIDDEN, text)
    return text
