"""Outcomes of a change, and their sentences for people."""

from __future__ import annotations

from bot import errors, model


def refused(target: model.Anomaly, reason: str) -> model.Outcome:
    """It was not done, and why."""
    return model.Outcome(target.ref, model.Result.REFUSED, reason)


def gone(target: model.Anomaly) -> model.Outcome:
    """Autional deletes what is old; nothing can be done about it any more."""
    return refused(target, "It does not exist in Autional any more.")


def failed(target: model.Anomaly, error: errors.SourceError) -> model.Outcome:
    """What an error of the call for this one means."""
    if isinstance(error, errors.SourceForbidden):
        return model.Outcome(target.ref, model.Result.REFUSED, str(error), right=error.right, place=error.place)
    if isinstance(error, errors.SourceMissing):
        return gone(target)
    unsure = isinstance(error, errors.SourceUnavailable | errors.SourceGarbled)
    return model.Outcome(target.ref, model.Result.REFUSED, str(error), unsure=unsure)
