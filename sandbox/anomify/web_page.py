"""Anomify for people: the page of an anomaly, at the address that the demo tells the bot (`/anomaly/{id}` is the API's)."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette import routing

from sandbox import sheet
from sandbox.anomify import organisation, wire_json

PAGE = "/dashboard/anomaly/{id}"
MOST_DIGITS = 18


def routes(state: organisation.Organisation) -> list[routing.BaseRoute]:
    def read(ident: str) -> sheet.Sheet | None:
        state.advance()
        known = ident.isascii() and ident.isdigit() and len(ident) <= MOST_DIGITS
        found = state.anomalies.get(int(ident)) if known else None
        return None if found is None else _sheet(found, state)

    return [sheet.route("Anomify", PAGE, state, read)]


def _sheet(one: organisation.Anomaly, state: organisation.Organisation) -> sheet.Sheet:
    told = wire_json.anomaly(one, state, "")
    expected = f"{told['expected_range_lower_string']} to {told['expected_range_upper_string']}"
    return sheet.Sheet(
        title=f"{one.metric.name} ({one.id})",
        status="still going on" if one.ended is None else "as expected again",
        description=f"{one.metric.name} is {one.told_value():,.6g}, {'above' if one.positive else 'below'} what is expected",
        facts=(
            ("Score", f"{one.told_score():g}"),
            ("Expected", expected if one.correlated else "not known yet"),
            ("Triage", "Anomify keeps none: who looks into it is kept by the desk"),
        ),
        rules=[f"{other.metric.name} moves with it ({other.coefficient:g})" for other in one.draft.correlations()]
        if one.correlated
        else [],
        rules_called="Correlations",
        history=_history(one),
        told=told,
    )


def _history(one: organisation.Anomaly) -> list[tuple[datetime, str]]:
    told = [(datetime.fromtimestamp(one.started, UTC), "Began")]
    if one.ended is not None:
        told.append((datetime.fromtimestamp(one.ended, UTC), "As expected again"))
    return told
