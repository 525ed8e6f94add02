"""What it means that a system closed an anomaly by itself: it is over, which is nobody's verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot import model


def settled(anomaly: model.Anomaly, since: datetime) -> model.Anomaly:
    """How an anomaly stands that its system closed by itself then; its `state` is what people made of it.

    Nobody looked after it: it is archived as over. Somebody acknowledged it: it stays with them, marked, until a person closes it. What a
    person closed stays closed in that way.
    """
    if anomaly.state is model.State.ARCHIVED:
        return anomaly
    if anomaly.state is model.State.ACKNOWLEDGED:
        return replace(anomaly, over=since)
    return replace(anomaly, state=model.State.ARCHIVED, archived_as=model.OVER, over=since)


def by_itself(anomaly: model.Anomaly) -> bool:
    """Whether it is closed, and by nobody but its system."""
    return anomaly.state is model.State.ARCHIVED and anomaly.archived_as == model.OVER
