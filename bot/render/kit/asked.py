"""What somebody asked for, kept in a button or a form until it can be finished: nothing of it is held in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

COMMAND, CLICK, FORM = "command", "click", "form"


@dataclass(frozen=True, slots=True)
class Asked:
    """A command with what was typed, a click on a message, or a form that was sent; `kind` "" is nothing.

    `key` is what Slack delivered it by, `name` the command, the action or the form, `said` its text, value or private_metadata; `ts` is the
    message that was clicked, which only its reader sees where it is `fleeting`; `values` is the state of a form.
    """

    kind: str = ""
    key: str = ""
    name: str = ""
    said: str = ""
    channel: str = ""
    ts: str = ""
    fleeting: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)


NOTHING = Asked()


def encode(system: str, asked: Asked) -> str:
    """The value of [Link me] and the private_metadata of its form: the system, and what is finished afterwards."""
    told = {key: value for key, value in asdict(asked).items() if value}
    return json.dumps([system, told], separators=(",", ":"), ensure_ascii=False)


def decode(value: str) -> tuple[str, Asked]:
    """Read what `encode` wrote. Raises ValueError for anything else."""
    said = json.loads(value or "null")
    if not (isinstance(said, list) and len(said) == 2 and isinstance(said[0], str) and said[0] and isinstance(said[1], dict)):
        raise ValueError("nothing of ours")
    try:
        asked = Asked(**said[1])
    except TypeError as error:
        raise ValueError(str(error)) from error
    texts = (asked.kind, asked.key, asked.name, asked.said, asked.channel, asked.ts)
    if not (all(isinstance(one, str) for one in texts) and isinstance(asked.values, dict)):
        raise ValueError("something else where a text belongs")
    return said[0], asked
