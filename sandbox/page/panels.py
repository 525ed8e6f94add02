"""What the chaos panel can do to each fake system, as data: its words, and what is sent to the `/_control/` routes of its server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """A switch: its name for tests, its words, and what is sent to the server's `/_control/faults`."""

    name: str
    label: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Act:
    """A button: its name for tests, its words, and what is posted where. One that is a `change` is sent to an anomaly."""

    name: str
    label: str
    body: Mapping[str, Any]
    path: str = "change"

    @property
    def change(self) -> bool:
        return self.path == "change"


@dataclass(frozen=True)
class Choice:
    """A switch of the contract with its values in words."""

    mode: str
    label: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Panel:
    """One system. `still` are the statuses that are not ended, `order` the field whose largest number is the newest anomaly."""

    title: str
    still: frozenset[str]
    order: str
    acts: tuple[Act, ...]
    faults: tuple[Fault, ...]
    choices: tuple[Choice, ...] = ()


FOREVER = {"times": 0}
AWAY = {"mode": "503", "seconds": 30}
ELSEWHERE = {"kind": "scan", "datastore": 42, "containers": ["orders", "customers"]}
"""A scan that somebody starts in Qualytics itself."""
FAILS = {"result": "failure", "message": "Could not connect to snowflake: the warehouse is suspended"}


def _faults(name: str, *more: Fault) -> tuple[Fault, ...]:
    """What any system may answer, and what only this one does."""
    return (
        Fault(f"{name}-500", "Answers 500", {"mode": "500", **FOREVER}),
        *more,
        Fault(f"{name}-garbage", "Answers garbage", {"mode": "garbage", **FOREVER}),
        Fault(f"{name}-empty", "Answers nothing", {"mode": "empty", **FOREVER}),
        Fault(f"{name}-huge", "Answers 10 MB", {"mode": "huge", **FOREVER}),
        Fault(f"{name}-hang", "Hangs", {"mode": "hang", **FOREVER}),
    )


PANELS: Mapping[str, Panel] = {
    "qualytics": Panel(
        title="Qualytics",
        still=frozenset({"Active", "Acknowledged"}),
        order="id",
        acts=(
            Act("acknowledge", "Acknowledge", {"status": "Acknowledged"}),
            Act("archive", "Archive as Resolved", {"status": "Resolved"}),
            Act("scan", "Start a scan", ELSEWHERE, "operations/start"),
            Act("scan-fails", "Start a scan that fails", {**ELSEWHERE, **FAILS}, "operations/start"),
        ),
        faults=_faults("qualytics"),
        choices=(
            Choice("restore", "Restoring an archived anomaly", {"restores": "works", "422": "is refused (422)", "ignores": "is ignored"}),
        ),
    ),
    "autional": Panel(
        title="Autional",
        still=frozenset({"open", "acknowledged", "investigating"}),
        order="detected_at",
        acts=(
            Act("investigate", "Investigate", {"status": "investigating", "assignee": "usr_sokafor", "by": "usr_sokafor"}),
            Act("resolve", "Resolve", {"status": "resolved", "by": "usr_sokafor", "comment": "Password reset, all sessions ended."}),
            Act("expire", "End the bot's token", {}, "tokens/expire"),
            Act("odd", "Something it never found before", {"fields": {"type": "quantum_login", "odd": "no severity"}}, "anomalies"),
        ),
        faults=_faults(
            "autional",
            Fault("autional-failed", "Answers 200 with an error inside", {"mode": "failed", **FOREVER}),
            Fault("autional-429", "Too many calls: wait 5 s", {"mode": "429", "retry_after": 5, **FOREVER}),
        ),
        choices=(
            Choice("words", "Words for a status", {"console": "of its consoles", "page": "of its documentation"}),
            Choice("prefix", "Path of the service", {"audit": "audit", "audit-service": "audit-service"}),
        ),
    ),
    "anodot": Panel(
        title="Anodot",
        still=frozenset({"open"}),
        order="serial",
        acts=(
            Act("normal", "Back to normal", {"status": "closed"}),
            Act("spread", "Two more metrics", {"spread": 2}),
            Act("merge", "Merge the two newest", {}, "merge"),
            Act("expire", "End the bot's token", {}, "tokens/expire"),
            Act("revoke", "Take the access key back", {"revoked": True}, "keys"),
            Act("restore", "Give it back", {"revoked": False}, "keys"),
            Act("odd", "Something oddly written", {"fields": {"odd": "metric without intervals"}}, "anomalies"),
        ),
        faults=_faults(
            "anodot",
            Fault("anodot-failed", "Answers 200 with an error inside", {"mode": "failed", **FOREVER}),
            Fault("anodot-1004", "Too many calls in a minute", {"mode": "1004", **FOREVER}),
            Fault("anodot-2002", "Too many calls at once", {"mode": "2002", **FOREVER}),
        ),
        choices=(
            Choice("group_scores", "Scores of groups", {"hundred": "0..100", "unit": "0..1", "mixed": "both"}),
            Choice("triggers", "List of triggers", {"newer": "newer form", "older": "older form"}),
            Choice("expired", "A token that has ended", {"401": "401", "400": "400"}),
        ),
    ),
}
