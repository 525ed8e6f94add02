"""Domain objects as the service's JSON (contracts 1.4, 1.6, 1.7; fields of the 2025 models plus description and assignees)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox import acme
from sandbox.qualytics import catalogue, deployment

Json = dict[str, Any]


def moment(at: datetime) -> str:
    """ISO-8601 with microseconds and Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def user(person: acme.User) -> Json:
    return {
        "id": person.id,
        "user_id": f"auth0|{person.id:024x}",
        "user_name": person.email.split("@")[0],
        "email": person.email,
        "name": person.name,
        "role": person.role,
        "user_type": person.type,
    }


def tag(name: str, tags: Mapping[str, str]) -> Json:
    return {"type": "global", "name": name, "color": tags.get(name, "#687076"), "description": "", "weight_modifier": 0}


def datastore_stub(store: acme.Datastore) -> Json:
    return {"id": store.id, "name": store.name, "store_type": "jdbc", "type": store.type, "enrichment_only": False}


def datastore(store: acme.Datastore, facts: catalogue.Catalogue) -> Json:
    teams = [{"id": team.id, "name": team.name} for team in facts.teams if store.id in team.datastores]
    return {
        **datastore_stub(store),
        "database": store.database,
        "schema": store.schema,
        "teams": teams,
        "global_tags": [],
        "connected": True,
        "favorite": False,
    }


def container_stub(container: catalogue.Container) -> Json:
    return {"id": container.id, "name": container.table.name, "container_type": container.table.kind, "table_type": "TABLE"}


def container(found: catalogue.Container, facts: catalogue.Catalogue) -> Json:
    return {
        **container_stub(found),
        "datastore": datastore_stub(found.datastore),
        "global_tags": [tag(name, facts.tags) for name in found.table.tags],
        "metrics": {"total_quality_checks": len(found.checks), "num_records": found.table.rows},
    }


def check_stub(found: catalogue.Check) -> Json:
    return {
        "id": found.id,
        "rule_type": found.spec.rule,
        "fields": [{"id": found.id * 10 + position, "name": name} for position, name in enumerate(found.spec.fields)],
        "description": found.spec.says,
        "filter": None,
        "coverage": 1.0,
        "weight": found.spec.weight,
        "properties": dict(found.spec.properties) or None,
        "inferred": False,
    }


def check(found: catalogue.Check, facts: catalogue.Catalogue) -> Json:
    return {
        **check_stub(found),
        "status": "Active" if found.active else "Draft",
        "archived": False,
        "container": container_stub(found.container),
        "datastore": datastore_stub(found.container.datastore),
        "global_tags": [tag(name, facts.tags) for name in found.container.table.tags],
        "default_anomaly_assignees": [user(facts.users[person]) for person in found.assignees],
    }


def comment(said: deployment.Comment, facts: catalogue.Catalogue) -> Json:
    return {
        "id": said.id,
        "created": moment(said.created),
        "message": said.message,
        "user": user(facts.users[said.user]),
        "anomaly_id": said.anomaly,
    }


def listed(found: deployment.Anomaly, facts: catalogue.Catalogue) -> Json:
    """An anomaly as the list shows it."""
    partition = {"id": found.container.id * 10, "name": found.container.table.name}
    return {
        "id": found.id,
        "uuid": str(found.uuid),
        "created": found.dated(found.created) if found.dated else moment(found.created),
        "type": found.type,
        "status": found.status,
        "weight": found.weight,
        "anomalous_records_count": found.records,
        "description": found.description,
        "message": found.message,
        "fingerprint": found.fingerprint,
        "is_new": found.is_new,
        "archived": found.archived,
        "source_enriched": found.enriched,
        "global_tags": [tag(name, facts.tags) for name in found.tags],
        "assignees": [user(facts.users[person]) for person in found.assignees],
        "failed_checks": [failed(check, found) for check in found.checks],
        "datastore": datastore_stub(found.container.datastore),
        "container": container_stub(found.container),
        "partition": partition,
    }


def failed(check: catalogue.Check, of: deployment.Anomaly) -> Json:
    """How a check failed, with its message."""
    message = of.description if check.spec.shape else f"{of.records:,} of {check.container.table.rows:,} rows violate: {check.spec.says}"
    return {
        "quality_check": check_stub(check),
        "message": message,
        "suggested_field": None,
        "suggested_value": None,
        "suggested_score": None,
    }


def listed_bytes(found: deployment.Anomaly, facts: catalogue.Catalogue) -> bytes:
    """The same, encoded once until it changes: a list of 10,000 stays cheap."""
    if found.wire is None:
        found.wire = json.dumps(listed(found, facts), ensure_ascii=False).encode()
    return found.wire


def anomaly(found: deployment.Anomaly, state: deployment.Deployment) -> Json:
    """An anomaly as the single call shows it: with its comments."""
    return {**listed(found, state.facts), "comments": [comment(said, state.facts) for said in state.remarks(found)]}


def team(found: catalogue.Team, facts: catalogue.Catalogue) -> Json:
    stores = [datastore_stub(facts.datastores[ident]) for ident in found.datastores]
    return {"id": found.id, "name": found.name, "description": "", "permission": "Editor", "datastores": stores}
