"""One anomaly as each system tells it, with what a reader has to find in every message about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot import model
from bot.sources.qualytics import closings
from tests.render import samples

NOW = samples.NOW
_BASE = frozenset(model.Action)
_ENDS = (model.Closing("Resolved", "dealt with"), model.Closing("Invalid", "not a problem"))


@dataclass(frozen=True, slots=True)
class Shape:
    """An anomaly and its system; `what`, `where` and `bad` are patterns of what is wrong, where, and how bad."""

    name: str
    anomaly: model.Anomaly
    capabilities: model.Capabilities
    what: str
    where: str
    bad: str

    @property
    def archived(self) -> model.Anomaly:
        return replace(self.anomaly, state=model.State.ARCHIVED, status="Resolved", archived_as="Resolved")

    @property
    def past(self) -> model.Recurrence:
        """Dana closed it."""
        return model.Recurrence(last=self.entry("archive", after="Resolved"))

    def entry(self, action: str, **more: str) -> model.Entry:
        return model.Entry(self.anomaly.ref, action, NOW, actor="U0DANA1", actor_name="Dana", **more)


def _by(source: str) -> tuple[model.Person, ...]:
    return (model.Person(source, "12", "Dana Reyes", "dana@acme.example"),)


def _metric(source: str, ident: str, **more: object) -> model.Anomaly:
    given = {"assignees": _by(source), "scale": model.Scale("score", 100.0), "started": NOW - timedelta(hours=1)} | more
    return model.Anomaly(model.Ref(source, ident), model.State.ACTIVE, "open", NOW, **given)  # type: ignore[arg-type]


QUALYTICS = Shape(
    "qualytics",
    replace(
        samples.ORDERS,
        records=62,
        assignees=_by("qualytics"),
        description="62 rows fail: amount between 0 and 10000",
        checks=(model.Check("502", "between", ("amount",), "62 of 1,840,000 rows violate: amount between 0 and 10000"),),
    ),
    model.Capabilities("Qualytics", _BASE, closings.CLOSINGS),
    "amount between 0 and 10000",
    "orders",
    "High",
)
ANODOT = Shape(
    "anodot",
    _metric(
        "anodot",
        "53f8e1f94b0d023275ea8ad7ab23f6fc",
        type="pattern_change",
        type_title="Pattern change",
        description="Signups and bounces",
        severity=model.Severity.CRITICAL,
        weight=95.0,
        series=model.Series("signups", 43.64, low=125.93, percent=65.3, direction=model.Direction.DOWN, start=NOW),
        facts=(model.Fact("Peak", "43.64"), model.Fact("Below baseline", "82.29 (65 %)")),
        url="https://app.anodot.example/#!/anomalies?anomalies=;0(53f8e1f94b0d023275ea8ad7ab23f6fc)",
    ),
    model.Capabilities("Anodot", _BASE - {model.Action.SCAN, model.Action.TAG}, _ENDS),
    "43.64",
    "signups",
    "Critical",
)
ANOMIFY = Shape(
    "anomify",
    _metric(
        "anomify",
        "7744",
        type="positive",
        type_title="Positive",
        severity=model.Severity.LOW,
        weight=45.0,
        series=model.Series("acme_prod.web.web-01.cpu.total.user", 30.994, start=NOW),
        kept_here=(model.Part.STATE, model.Part.OUTCOME, model.Part.ASSIGNEES),
    ),
    model.Capabilities("Anomify", _BASE - {model.Action.SCAN, model.Action.COMMENT}, _ENDS),
    "30.99",
    r"acme_prod\.web\.web-01\.cpu\.total\.user",
    "Low",
)
AUTIONAL = Shape(
    "autional",
    _metric(
        "autional",
        "ano_7ccd3a07bf33",
        type="unusual_time",
        type_title="Unusual time",
        description="svc-backup read 120 secrets within 33 minutes, outside of its hours",
        severity=model.Severity.MEDIUM,
        scale=model.Scale("score"),
        facts=(model.Fact("User", "svc_backup"), model.Fact("Technique", "T1078", "https://attack.mitre.org/techniques/T1078/")),
        started=None,
    ),
    model.Capabilities("Autional", _BASE - {model.Action.SCAN}, _ENDS, stages=(model.Stage("investigating", "Investigating"),)),
    "[Uu]nusual time",
    "svc.backup",
    "Medium",
)

ALL = (QUALYTICS, ANODOT, ANOMIFY, AUTIONAL)
