"""What Autional sends of an anomaly, read as far as it can be: nothing in it is required, and unknown words are kept
(vendor page, `dto.AnomalyResponse`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot import model, ports
from bot.sources.autional import statuses

TOO_LATE, NEVER = 1e11, 1e20
"""A number of a time from here on counts smaller units: as seconds it would be the year 5138. What is larger still is none."""
EVENTS = 50
"""Ids of events that are kept; more are counted."""
TECHNIQUES = "https://attack.mitre.org"
_TECHNIQUE, _TACTIC = re.compile(r"(T\d{4})(?:\.(\d{3}))?"), re.compile(r"TA\d{4}")
NO_SCORE = model.Scale("score")

Names = Mapping[str, model.Person]


def moment(value: Any) -> datetime | None:
    """A time: epoch seconds as in the vendor's samples, epoch milliseconds as on the wire, either as text, or ISO 8601; None where there is
    none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return _written(value)
    if not 0 < number < NEVER:
        return None
    while number >= TOO_LATE:
        number /= 1000
    return datetime.fromtimestamp(number, UTC)


def _written(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def text(raw: Mapping[str, Any], name: str) -> str:
    """A text, or a number as one."""
    value = raw.get(name)
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def person(ident: str, names: Names) -> model.Person:
    """A user by their id, named where the member list names them."""
    return names.get(ident) or model.Person("autional", ident, "")


def named(ident: str, names: Names) -> str:
    """ "Dana Reyes (usr_1)", or the id alone."""
    known = names.get(ident)
    return f"{known.name} ({ident})" if known and known.name and known.name != ident else ident


class Reader:
    """Reads anomalies of one tenant. `web` is the page on which the console lists them: none has a page of its own."""

    def __init__(self, source: str, tenant: str, web: str, clock: ports.Clock) -> None:
        self._source, self._tenant, self._web, self._clock = source, tenant, web, clock

    def anomalies(self, items: Sequence[Any], names: Names) -> list[model.Anomaly]:
        """Those that have an id."""
        found = (self.anomaly(one, names) for one in items)
        return [one for one in found if one is not None]

    def anomaly(self, raw: Any, names: Names) -> model.Anomaly | None:
        """One anomaly; None for what has no id."""
        if not isinstance(raw, Mapping) or not text(raw, "id").strip():
            return None
        status, kind = text(raw, "status") or "unknown", text(raw, "type")
        state, outcome = statuses.stands(status)
        detected, recorded = moment(raw.get("detected_at")), moment(raw.get("created_at"))
        tenant, assignee = text(raw, "tenant_id"), text(raw, "assignee").strip()
        created = detected or recorded
        return model.Anomaly(
            model.Ref(self._source, text(raw, "id").strip()),
            state,
            status,
            created or self._clock.now(),
            archived_as=outcome,
            type=kind,
            type_title=kind.replace("_", " ").capitalize() if kind else "",
            description=text(raw, "description"),
            severity=_severity(text(raw, "severity")),
            assignees=(person(assignee, names),) if assignee else (),
            places=(model.Place(tenant, tenant),) if tenant and tenant != self._tenant else (),
            url=self._web,
            undated=created is None,
            scale=NO_SCORE,
            facts=tuple(_facts(raw, names)),
        )

    def comments(self, raw: Any, names: Names) -> list[model.Comment]:
        """The remarks on one, oldest first; their authors come as ids, and without a name."""
        found = raw.get("comments") if isinstance(raw, Mapping) else None
        read = [self._comment(one, names) for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
        return sorted((one for one in read if one.text), key=lambda one: one.at.timestamp() if one.at else 0.0)

    def _comment(self, raw: Mapping[str, Any], names: Names) -> model.Comment:
        ident = text(raw, "author_id")
        author = text(raw, "author_name").strip() or person(ident, names).name or ident
        return model.Comment(author, text(raw, "content").strip(), moment(raw.get("created_at")))


def _severity(word: str) -> model.Severity | None:
    try:
        return model.Severity(word.strip().casefold())
    except ValueError:
        return None


def _facts(raw: Mapping[str, Any], names: Names) -> list[model.Fact]:
    """In order of importance: who, how often, by which technique, in which case, and who settled it when."""
    user, technique, case = (text(raw, name).strip() for name in ("user_id", "mitre_tactic", "related_case_id"))
    by, at, events = text(raw, "resolved_by").strip(), moment(raw.get("resolved_at")), _events(raw)
    return [
        *([model.Fact("User", named(user, names))] if user else []),
        *([model.Fact("Events", f"{len(events):,}", more=events[:EVENTS])] if events else []),
        *([model.Fact("Technique", technique, technique_page(technique))] if technique else []),
        *([model.Fact("Case", case)] if case else []),
        *([model.Fact("Resolved", f"by {named(by, names)}" if by else "", at=at)] if by or at else []),
    ]


def _events(raw: Mapping[str, Any]) -> tuple[str, ...]:
    found = raw.get("event_ids")
    return tuple(str(one) for one in found if isinstance(one, str | int)) if isinstance(found, list) else ()


def technique_page(word: str) -> str:
    """The page about a technique (T1110, T1110.001) or a tactic (TA0006); "" for anything else."""
    technique = _TECHNIQUE.fullmatch(word.upper())
    if technique:
        main, sub = technique.groups()
        return f"{TECHNIQUES}/techniques/{main}/{f'{sub}/' if sub else ''}"
    return f"{TECHNIQUES}/tactics/{word.upper()}/" if _TACTIC.fullmatch(word.upper()) else ""


def member(source: str, raw: Any) -> model.Person | None:
    """A member of the tenant."""
    if not isinstance(raw, Mapping) or not text(raw, "user_id"):
        return None
    email = text(raw, "email")
    name = next((found for key in ("display_name", "name", "username") if (found := text(raw, key).strip())), "")
    return model.Person(source, text(raw, "user_id"), name or email.partition("@")[0], email)
