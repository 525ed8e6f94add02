"""Outcomes of a change, and their sentences for people."""

from __future__ import annotations

from bot import errors, model

GONE = "It does not exist in Qualytics any more."


def refused(target: model.Anomaly, reason: str) -> model.Outcome:
    """It was not done, and why."""
    return model.Outcome(target.ref, model.Result.REFUSED, reason)


def unsure(target: model.Anomaly, reason: str) -> model.Outcome:
    """Nobody knows whether it was done: somebody has to look."""
    return model.Outcome(target.ref, model.Result.REFUSED, reason, unsure=True)


def gone(target: model.Anomaly) -> model.Outcome:
    """There is no such anomaly, as far as this desk is concerned."""
    return refused(target, GONE)


def failed(target: model.Anomaly, error: errors.SourceError) -> model.Outcome:
    """What an error of the call for this one means."""
    if isinstance(error, errors.SourceForbidden):
        return model.Outcome(target.ref, model.Result.REFUSED, str(error), right=error.right, place=error.place)
    if isinstance(error, (errors.SourceUnavailable, errors.SourceGarbled)):
        return unsure(target, str(error))
    return gone(target) if isinstance(error, errors.SourceMissing) else refused(target, str(error))
