"""The anomaly systems of the demo: how the fake of each is started, and what the bot is told to find it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import anodot, anomify, autional, qualytics

SPOKEN = Path(__file__).parents[1] / "bot" / "sources"
"""Where the product keeps what it knows of a system, as `<name>/system.py`."""


@dataclass(frozen=True, slots=True)
class System:
    """One system. `takes` are the options of the demo that `python -m sandbox.<name>` takes too; `settings` are the bot's, for a URL.

    `pushes`: its fake posts what happens to the hook that `/_control/hook` names. `body` is that of a push by hand, "" where it has none.
    """

    name: str
    takes: tuple[str, ...]
    settings: Callable[[str], Mapping[str, str]]
    pushes: bool = False
    body: str = ""


FEED = ("seed", "latency_ms", "open", "arrivals")

SYSTEMS: tuple[System, ...] = (
    System(
        "qualytics",
        (*FEED, "scans", "operation_seconds"),
        lambda url: {"QUALYTICS_URL": url, "QUALYTICS_TOKEN": qualytics.SANDBOX_TOKEN},
        body='{"anomaly": "https://acme.example/anomalies/1001"}',
    ),
    System(
        "autional",
        FEED,
        lambda url: {
            "AUTIONAL_URL": url,
            "AUTIONAL_TENANT": autional.TENANT,
            "AUTIONAL_CLIENT_ID": autional.CLIENT_ID,
            "AUTIONAL_CLIENT_SECRET": autional.CLIENT_SECRET,
        },
    ),
    System(
        "anodot",
        FEED,
        lambda url: {"ANODOT_URL": url, "ANODOT_ACCESS_KEY": anodot.SANDBOX_KEY},
        pushes=True,
        body='{"subject": "An alert that names no anomaly"}',
    ),
    System(
        "anomify",
        FEED,
        lambda url: {"ANOMIFY_URL": url, "ANOMIFY_TOKEN": anomify.SANDBOX_TOKEN},
        pushes=True,
        body='{"data": {"anomaly": {"id": 7710}}}',
    ),
)


def chosen(only: Sequence[str], spoken: Path = SPOKEN) -> tuple[System, ...]:
    """The systems that are asked for; without a choice all that the bot speaks."""
    return tuple(one for one in SYSTEMS if (one.name in only if only else (spoken / one.name / "system.py").is_file()))


def command(system: System, port: int, options: Mapping[str, Any], beside: int) -> Iterable[str]:
    """The arguments of its server. What arrives is shared by all: with `beside` systems in all, each has its share of the pace."""
    yield from ("-m", f"sandbox.{system.name}", "--port", str(port))
    for name in system.takes:
        value = options[name] * beside if name == "arrivals" else options[name]
        yield from (f"--{name.replace('_', '-')}", str(value))
