"""Verdicts about triggers: GOOD_CATCH or NOT_INTERESTING, with a reason and a comment afterwards (contracts 2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette import responses

from sandbox.anodot import account, answers, api, catalogue, links, questions

BASE = "/feedbacks"
DAY = 86_400
GOOD, BAD = "GOOD_CATCH", "NOT_INTERESTING"
REASONS = ("No Business Impact", "Incorrect Data", "Not an Anomaly")


async def give(call: api.Call) -> responses.Response:
    given = await questions.body(call.request)
    user, trigger, verdict = _said(given, call.world)
    return _meta(call.world.judge(trigger, user, verdict))


async def change(call: api.Call) -> responses.Response:
    """The same again, with a reason (of bad ones alone) and a comment."""
    found = call.world.feedbacks.get(str(call.request.path_params["id"]))
    if found is None:
        raise answers.missing("Feedback")
    given = await questions.body(call.request)
    user, trigger, verdict = _said(given, call.world)
    reason, comment = given.get("reason"), given.get("comment")
    if reason is not None and (verdict != BAD or reason not in _reasons(call.world)):
        raise answers.wrong(f"Illegal value for reason: {reason}")
    if comment is not None and not isinstance(comment, str):
        raise answers.wrong("comment must be a text")
    changed = call.world.judge_again(found, user=user, trigger=trigger.id, type=verdict, reason=reason or "", comment=comment or "")
    return _meta(changed)


async def index(call: api.Call) -> responses.Response:
    """Those that were given in a time frame: the last day, where nobody says. Those about static alerts and missing data are elsewhere."""
    ask, now = questions.Reader(call.request.query_params, call.world.modes), call.world.now()
    names = ("startTime", "endTime") if call.world.modes.feedback_times == "startTime" else ("startDate", "endDate")
    start, end = (ask.whole(name) for name in names)
    kind = {"static": "static", "noData": "no_data"}.get(str(call.request.path_params.get("kind", "")), "anomaly")
    found = [
        one
        for one in call.world.feedbacks.values()
        if (now - DAY if start is None else start) <= one.created <= (now if end is None else end)
        and (trigger := call.world.triggers.get(one.trigger)) is not None
        and trigger.rule.kind == kind
    ]
    base = str(call.request.base_url).rstrip("/")
    return responses.JSONResponse({"total": len(found), "feedbacks": [_told(one, call.world, base) for one in found]})


async def others(call: api.Call) -> responses.Response:
    if call.request.path_params["kind"] not in ("static", "noData"):
        raise answers.missing("Feedback")
    return await index(call)


def _reasons(state: account.Account) -> tuple[str, ...]:
    return REASONS if state.modes.reasons == "words" else tuple(reason.upper().replace(" ", "_") for reason in REASONS)


def _said(given: Mapping[str, Any], state: account.Account) -> tuple[catalogue.User, account.Trigger, str]:
    """Who, about which, what. Raises Refused."""
    user = questions.person(given, "userId", state)
    questions.text(given, "userName")
    verdict = questions.text(given, "type", lambda word: word in (GOOD, BAD))
    questions.text(given, "origin", lambda word: word == "api")
    idents = given.get("triggerIds")
    if not isinstance(idents, list) or len(idents) != 1 or not isinstance(idents[0], str):
        raise answers.wrong("triggerIds needs a single value")
    trigger = state.triggers.get(idents[0])
    if trigger is None:
        raise answers.missing(f"Alert trigger {idents[0]}")
    return user, trigger, verdict


def _meta(one: account.Feedback) -> responses.Response:
    meta = {"userId": one.user.id, "modifiedTime": one.modified, "createdTime": one.created, "origin": "api"}
    return responses.JSONResponse({"id": one.id, "meta": meta})


def _told(one: account.Feedback, state: account.Account, base: str) -> dict[str, Any]:
    """`anomalyId` is an address; the id is `anomalyGroupId`."""
    trigger = state.triggers[one.trigger]
    resolution = trigger.anomaly.resolution if trigger.anomaly else "medium"
    alert = {
        "Id": f"{base}/#!/alerts/{trigger.rule.id}",
        "emailId": trigger.group[:5],
        "alertName": trigger.rule.title,
        "startTime": trigger.started,
        "status": "CLOSE" if trigger.status == "CLOSE" else "OPEN",
        "alertOwner": catalogue.DANA.name,
    }
    return {
        "id": one.id,
        "type": one.type,
        "comment": ", ".join(part for part in (one.reason, one.comment) if part),
        "createdTime": one.created,
        "userName": one.user.email,
        "anomalyId": links.investigate(base, trigger.group, resolution, [trigger.id]),
        "anomalyGroupId": trigger.group,
        "score": round(trigger.anomaly.score * 100) if trigger.anomaly else None,
        "alerts": [{**alert, "endTime": trigger.ended} if trigger.ended else alert],
    }


ROWS = (
    api.Row("GET", BASE, index, "feedback_calls"),
    api.Row("GET", BASE + "/{kind}", others, "feedback_calls"),
    api.Row("POST", BASE, give, writes=True),
    api.Row("PUT", BASE + "/{id}", change, writes=True),
)
