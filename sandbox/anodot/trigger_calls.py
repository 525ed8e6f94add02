"""The calls on alert triggers: who looks at what, and what was said about it (contracts 2.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette import responses

from sandbox.anodot import account, answers, api, catalogue, questions, trigger_json

BASE = "/alerts/triggered"
DEFAULT_SIZE = 20
KINDS: Mapping[str, str] = {"anomaly": "anomaly", "static": "static", "noData": "no_data"}
SEVERITIES = ("INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL")
SORTS: Mapping[str, Callable[[account.Trigger], float]] = {
    "startTime": lambda one: one.started,
    "updateTime": lambda one: one.updated,
    "updatedTime": lambda one: one.updated,
    "duration": lambda one: (one.ended or 10**10) - one.started,
    "score": lambda one: one.anomaly.score if one.anomaly else 0,
    "metrics": lambda one: len(one.anomaly.breaches) if one.anomaly else 1,
}
VERDICTS: Mapping[str, str] = {"positiveFeedback": "GOOD_CATCH", "negativeFeedback": "NOT_INTERESTING"}


async def index(call: api.Call) -> responses.Response:
    ask = questions.Reader(call.request.query_params, call.world.modes)
    found = matching(ask, call.world)
    size = ask.whole("size", 1)
    shown = found[: DEFAULT_SIZE if size is None else size]
    lean = ask.word("isLeanResponse", ("true", "false"), "true") == "true"
    return responses.JSONResponse(trigger_json.listed(shown, _total(found, call.world), call.world, lean))


async def count(call: api.Call) -> responses.Response:
    found = matching(questions.Reader(call.request.query_params, call.world.modes), call.world)
    return responses.JSONResponse({"total": len(found)})


def _total(found: Sequence[account.Trigger], state: account.Account) -> int:
    """The older form counts groups."""
    return len(found) if state.modes.triggers == "newer" else len({one.group for one in found})


def matching(ask: questions.Reader, state: account.Account) -> list[account.Trigger]:
    """All that fit, sorted; there is no parameter for the group. Raises Refused."""
    since, status = ask.whole("startTime"), ask.word("status", ("OPEN", "CLOSE"))
    sets = _sets(ask)
    ack, verdicts = ask.word("ack", ("ACK", "NOACK")), _verdicts(ask)
    found = [
        one
        for one in state.triggers.values()
        if (since is None or one.started >= since)
        and (not status or (one.status == "CLOSE") is (status == "CLOSE"))
        and all(wanted & own(one) for wanted, own in sets)
        and (not ack or bool(one.acks) is (ack == "ACK"))
        and (not verdicts or verdicts & ({said.type for said in state.feedback_of([one.id])} or {""}))
    ]
    known = [name for name in SORTS if state.modes.trigger_sort in ("both", name) or not name.startswith("update")]
    by = SORTS[ask.word("sort", known) or "startTime"]
    found.sort(key=lambda one: (by(one), one.serial), reverse=ask.word("order", ("asc", "desc"), "desc") == "desc")
    return found


def _sets(ask: questions.Reader) -> list[tuple[set[str], Callable[[account.Trigger], set[str]]]]:
    """Comma lists that are asked for, with what a trigger has of each."""
    table: Sequence[tuple[str, Callable[[account.Trigger], set[str]], Sequence[str]]] = (
        ("types", lambda one: {one.rule.kind}, tuple(KINDS)),
        ("severities", lambda one: {one.rule.severity.upper()}, SEVERITIES),
        ("labels", lambda one: {one.rule.label}, ()),
        ("channels", lambda one: {catalogue.CHANNEL["id"]}, ()),
        ("subscribers", lambda one: set(one.rule.subscribers), ()),
        ("alertConfigurationIds", lambda one: {one.rule.id}, ()),
    )
    asked = []
    for name, own, known in table:
        wanted = {part.strip() for part in ask.text(name).split(",") if part.strip()}
        if wanted and known and wanted - set(known) and ask.modes.unknown_words == "refused":
            raise answers.wrong(f"Illegal value for {name}: {', '.join(sorted(wanted - set(known)))}")
        if wanted:
            asked.append(({KINDS[one] for one in wanted if one in KINDS} if name == "types" else wanted, own))
    return asked


def _verdicts(ask: questions.Reader) -> set[str]:
    """Any of them that is asked for; "" is no feedback."""
    wanted = {verdict for name, verdict in VERDICTS.items() if ask.text(name) == "true"}
    return wanted | ({""} if ask.text("noFeedback") == "true" else set())


# --- what people do to them ------------------------------------------------------------------------------------------------


def _acknowledging(on: bool) -> api.Handler:
    async def acknowledge(call: api.Call) -> responses.Response:
        """For the person who is named; nothing comes back."""
        trigger, given = call.trigger(), await questions.body(call.request)
        call.world.acknowledge(trigger, questions.person(given, "userId", call.world).id, on)
        return responses.Response()

    return acknowledge


async def assign(call: api.Call) -> responses.Response:
    trigger, given = call.trigger(), await questions.body(call.request)
    assignee, assigner = (questions.person(given, name, call.world) for name in ("assigneeId", "assignerId"))
    call.world.assign(trigger, assignee.id, assigner.id)
    return responses.Response()


async def unassign(call: api.Call) -> responses.Response:
    """The body says who is taken off: somebody else stays."""
    trigger, given = call.trigger(), await questions.body(call.request)
    assignee, assigner = (questions.person(given, name, call.world) for name in ("assigneeId", "assignerId"))
    if trigger.assignee != assignee.id:
        raise answers.wrong("assigneeId is not the assignee of this trigger")
    call.world.assign(trigger, "", assigner.id)
    return responses.Response()


async def comment(call: api.Call) -> responses.Response:
    """On the timeline of a group, which is the id of an anomaly."""
    given: Mapping[str, Any] = await questions.body(call.request)
    group = questions.text(given, "alertGroupId")
    free = call.world.modes.comments == "anomalies" and group in call.world.anomalies
    if not free and not any(one.group == group for one in call.world.triggers.values()):
        raise answers.missing(f"Alert group {group}")
    said = questions.text(given, "text")
    user = questions.person(given, "userId", call.world).id if given.get("userId") is not None else ""
    made = call.world.say(group, said, user)
    return responses.JSONResponse({"id": made.id, "comment": made.text, "createdTime": made.created})


ROWS = (
    api.Row("GET", BASE, index, "trigger_calls"),
    api.Row("GET", f"{BASE}/count", count, "trigger_calls"),
    api.Row("POST", BASE + "/{id}/acknowledge/add", _acknowledging(True), "trigger_calls", writes=True),
    api.Row("POST", BASE + "/{id}/acknowledge/remove", _acknowledging(False), "trigger_calls", writes=True),
    api.Row("PUT", BASE + "/{id}/assignee", assign, "trigger_calls", writes=True),
    api.Row("DELETE", BASE + "/{id}/assignee", unassign, "trigger_calls", writes=True),
    api.Row("POST", "/timeline/comments", comment, writes=True),
)
