"""Outcomes of a change, and their sentences for people."""

from __future__ import annotations

from bot import errors, model


def refused(target: model.Anomaly, reason: str) -> model.Outcome:
    """It was not done, and why."""
    return model.Outcome(target.ref, model.Result.REFUSED, reason, unlinked=reason == STRANGER)


def gone(target: model.Anomaly) -> model.Outcome:
    """Nothing can be done about it any more."""
    return refused(target, "It does not exist in Anodot any more.")


def done(target: model.Anomaly, ours: model.Overlay | None = None, reason: str = "") -> model.Outcome:
    """It was done; `ours` is what the desk is to keep of it."""
    return model.Outcome(target.ref, model.Result.DONE, reason, ours=ours, unlinked=reason == UNKNOWN)


def failed(target: model.Anomaly, error: errors.SourceError) -> model.Outcome:
    """What an error of the call for this one means."""
    if isinstance(error, errors.SourceForbidden):
        return model.Outcome(target.ref, model.Result.REFUSED, str(error), right=error.right, place=error.place)
    if isinstance(error, errors.SourceMissing):
        return gone(target)
    unsure = isinstance(error, errors.SourceUnavailable | errors.SourceGarbled)
    return model.Outcome(target.ref, model.Result.REFUSED, str(error), unsure=unsure)


UNKNOWN = (
    "It is kept here alone: Anodot writes down who did it, and nobody knows who you are there. "
    "Say so with /anomalies link and your e-mail address in Anodot."
)
STRANGER = (
    "Anodot writes down who takes somebody off an anomaly, and nobody knows who you are there. "
    "Say so with /anomalies link and your e-mail address in Anodot, and try again."
)
NO_RIGHT = "It is kept here alone: in Anodot the access key, or whoever acts, may not change alerts."
NO_TIMELINE = "Anodot has no timeline for it: no alert was raised."
FEEDBACK_STAYS = "The feedback that was given stays in Anodot."
