"""Anodot for people: the page of an anomaly. Its links keep the id behind the `#`, where only the browser reads it."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette import requests, responses, routing

from sandbox import sheet
from sandbox.anodot import account, catalogue, series, wire_json

FORWARD = """<p>The address names no anomaly.</p><script>
const told = /anomalies=;0\\(([^)]*)\\)/.exec(location.hash);
if (told) location.replace("/page/" + encodeURIComponent(decodeURIComponent(told[1])));
</script>"""


def routes(state: account.Account) -> list[routing.BaseRoute]:
    def read(ident: str) -> sheet.Sheet | None:
        state.advance()
        found = state.found(ident)
        return None if found is None else _sheet(found, state)

    async def forward(request: requests.Request) -> responses.Response:
        return responses.HTMLResponse(sheet.document("Anodot", "Anomalies", FORWARD))

    return [routing.Route("/", forward, methods=["GET"]), sheet.route("Anodot", "/page/{id}", state, read)]


def _sheet(one: account.Anomaly, state: account.Account) -> sheet.Sheet:
    first = one.breaches[0].metric
    return sheet.Sheet(
        title=f"{first.measure.what} ({one.id})",
        status=one.state,
        description="; ".join(_breach(breach) for breach in one.breaches),
        facts=(
            ("Score", f"{wire_json.scaled(one, state):g}"),
            ("Data points", f"every {catalogue.TIME_SCALE[one.resolution]}"),
            ("Merged", ", ".join(one.merged)),
        ),
        rules=[f"{trigger.rule.title} ({trigger.rule.severity}): {trigger.status}{_handled(trigger)}" for trigger in one.triggers],
        rules_called="Alerts",
        history=_history(one, state),
        told=wire_json.anomaly(one, state),
    )


def _breach(breach: series.Breach) -> str:
    found = series.peak(breach.metric, breach.now)
    places = ", ".join(f"{key} {value}" for key, value in breach.metric.properties)
    return f"{breach.metric.measure.what} of {places}: {found.value:,.4g} {breach.metric.measure.unit}, {found.percentage:+.0f} %"


def _handled(trigger: account.Trigger) -> str:
    by = [_name(person) for person in trigger.acks]
    taken = f", acknowledged by {', '.join(by)}" if by else ""
    return f"{taken}, assigned to {_name(trigger.assignee)}" if trigger.assignee else taken


def _history(one: account.Anomaly, state: account.Account) -> list[tuple[datetime, str]]:
    told = [(datetime.fromtimestamp(one.started, UTC), "Began")]
    told += [
        (datetime.fromtimestamp(said.created, UTC), f"{_name(said.user)}: {said.text}") for said in state.comments if said.group == one.id
    ]
    if one.ended is not None:
        told.append((datetime.fromtimestamp(one.ended, UTC), "Back to normal"))
    return told


def _name(ident: str) -> str:
    return next((user.name for user in catalogue.USERS if user.id == ident), ident)
