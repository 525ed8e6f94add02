"""Why a message is, or is not, where people look for it: a sentence for every reason."""

from __future__ import annotations

from collections.abc import Mapping

from bot import model

SENTENCES: Mapping[model.Reason, str] = {
    model.Reason.FIRST_CONTACT: (
        "Not posted: it was open before this desk began to look after its system, or this part of it. One message announced all of those."
    ),
    model.Reason.NO_ROUTE: "Not posted: no channel takes an anomaly like this one.",
    model.Reason.LEADING: "Posted at once: nothing else had just been posted in this channel.",
    model.Reason.WAITING: (
        "Waiting: others were posted in this channel just before, and what follows waits up to {wait} to be posted together."
    ),
    model.Reason.AFTER_WAIT: "Posted after a wait of up to {wait}: others had been posted in this channel just before it.",
    model.Reason.BURST: "Folded into a group card: more than {burst} anomalies arrived within {wait}.",
    model.Reason.JOINED_GROUP: "Folded into a group card that was there: the burst of more than {burst} anomalies went on.",
    model.Reason.CLOSED_BEFORE_POST: "Not posted: it was closed in its system before its turn came.",
    model.Reason.ADOPTED: "Posted by an earlier installation of this desk, and looked after since somebody clicked on it.",
    model.Reason.REPORT: "Posted because the desk had something to report.",
    model.Reason.RECONCILED: "Posted. Slack's answer was lost, and the message was found in the channel.",
    model.Reason.UNVERIFIABLE: (
        "Perhaps posted: Slack's answer was lost, and the channel's history cannot be read. It is not posted again, so that nobody "
        "sees it twice."
    ),
    model.Reason.CHANNEL_GONE: (
        "Not shown: its channel is archived, deleted, or closed to the bot. Invite the bot there, or let another channel take it."
    ),
    model.Reason.MESSAGE_GONE: "Not shown any more: its message was deleted in Slack.",
    model.Reason.REFUSED: "Not shown: Slack does not take the message. It is tried again, at the latest when the anomaly changes.",
}


def sentence(reason: model.Reason, route: model.Route | None = None, detail: str = "") -> str:
    """The reason for people. `route` gives its numbers (without one, the defaults), `detail` is what an error said."""
    pace = route or model.Route("", "")
    told = SENTENCES[reason].format(burst=pace.burst, wait=_seconds(pace.wait_seconds))
    return f"{told} Slack said: {detail}" if detail and reason in _WITH_DETAIL else told


_WITH_DETAIL = frozenset({model.Reason.UNVERIFIABLE, model.Reason.CHANNEL_GONE, model.Reason.REFUSED})


def _seconds(seconds: float) -> str:
    if seconds == 0:
        return "one look at the system"
    return "1 second" if seconds == 1 else f"{seconds:g} seconds"
