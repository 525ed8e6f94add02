"""Qualytics for people: the page of an anomaly, at the address that its links have."""

from __future__ import annotations

from datetime import datetime

from starlette import routing

from sandbox import sheet
from sandbox.qualytics import deployment, engine, response_json


def routes(state: deployment.Deployment) -> list[routing.BaseRoute]:
    def read(ident: str) -> sheet.Sheet | None:
        engine.advance(state)
        found = state.find(int(ident)) if ident.isascii() and ident.isdigit() else None
        return None if found is None else _sheet(found, state)

    return [sheet.route("Qualytics", "/anomalies/{id}", state, read)]


def _sheet(one: deployment.Anomaly, state: deployment.Deployment) -> sheet.Sheet:
    facts = state.facts
    return sheet.Sheet(
        title=f"#{one.id} {one.container.table.name}",
        status=one.status,
        description=one.description,
        facts=(
            ("Datastore", one.container.datastore.name),
            ("Table", one.container.table.name),
            ("Type", one.type),
            ("Weight", f"{one.weight:g}"),
            ("Rows", "" if one.records is None else f"{one.records:,} of {one.container.table.rows:,}"),
            ("Tags", ", ".join(one.tags)),
            ("Assignees", ", ".join(facts.users[person].name for person in one.assignees) or "nobody"),
        ),
        rules=[f"{check.spec.says} ({check.spec.rule})" for check in one.checks],
        history=_history(one, state),
        told=response_json.anomaly(one, state),
    )


def _history(one: deployment.Anomaly, state: deployment.Deployment) -> list[tuple[datetime, str]]:
    said = [(remark.created, f"{state.facts.users[remark.user].name}: {remark.message}") for remark in state.remarks(one)]
    return [(one.created, "Detected"), *((at, f"Status {status}") for at, status in one.history), *said]
