"""Autional's security console for people: the list that every link leads to, and the page of each anomaly behind it."""

from __future__ import annotations

import html
import itertools
from datetime import datetime

from starlette import requests, responses, routing

from sandbox import sheet
from sandbox.autional import catalogue, tenant, wire_json

CONSOLE = "/console/anomalies"
LISTED = 50
"""So many of the newest stand on the list."""


def routes(state: tenant.Tenant) -> list[routing.BaseRoute]:
    def read(ident: str) -> sheet.Sheet | None:
        state.advance()
        found = state.anomalies.get(ident)
        return None if found is None else _sheet(found, state)

    async def listed(request: requests.Request) -> responses.Response:
        state.advance()
        rows = "".join(_row(one) for one in itertools.islice(state.newest(), LISTED))
        return responses.HTMLResponse(sheet.document("Autional", "Anomalies", f'<ul data-testid="list">{rows}</ul>'))

    return [routing.Route(CONSOLE, listed, methods=["GET"]), sheet.route("Autional", CONSOLE + "/{id}", state, read)]


def _row(one: tenant.Anomaly) -> str:
    words = html.escape(f"{one.severity} · {one.type} · {one.status}: {one.description}")
    return f'<li><a href="{CONSOLE}/{html.escape(one.id)}">{html.escape(one.id)}</a> {words}</li>'


def _sheet(one: tenant.Anomaly, state: tenant.Tenant) -> sheet.Sheet:
    return sheet.Sheet(
        title=f"{one.type} {one.id}",
        status=one.status,
        description=one.description,
        facts=(
            ("Severity", one.severity),
            ("Account", one.user_id),
            ("Assignee", _name(one.assignee, state) or "nobody"),
            ("Case", one.case),
            ("Events", str(len(one.events))),
        ),
        rules=[f"{one.type}, {one.technique}"] if one.technique else [one.type],
        rules_called="Threat type",
        history=_history(one, state),
        told=wire_json.anomaly(one, state),
    )


def _history(one: tenant.Anomaly, state: tenant.Tenant) -> list[tuple[datetime, str]]:
    told = [(one.detected, "Detected"), *((said.created, f"{_name(said.author, state)}: {said.content}") for said in one.comments)]
    if one.resolved:
        told.append((one.resolved, f"{one.status} by {_name(one.resolved_by, state)}"))
    return told


def _name(ident: str, state: tenant.Tenant) -> str:
    known = {member.user_id: member.username for member in (*state.members, catalogue.BOT)}
    return known.get(ident, ident)
