"""Health and the calls that only read: users, datastores, containers, tags, checks, teams (contracts 1.1 and 1.7)."""

from __future__ import annotations

from starlette import responses

from sandbox import acme
from sandbox.qualytics import api, catalogue, request_models, response_json


async def health(call: api.Call) -> responses.Response:
    return api.nothing()


async def status(call: api.Call) -> responses.Response:
    return responses.JSONResponse({"database_connection": "OK", "rabbitmq_connection": "OK"})


async def me(call: api.Call) -> responses.Response:
    return responses.JSONResponse(response_json.user(call.world.facts.users[call.grant.user]))


async def users(call: api.Call) -> responses.Response:
    wanted = call.query(request_models.UserQuery)
    shown = [user for user in call.world.facts.users.values() if wanted.name is None or wanted.name.lower() in user.name.lower()]
    return api.page(shown, wanted, response_json.user)


async def user(call: api.Call) -> responses.Response:
    return responses.JSONResponse(response_json.user(api.found(call.world.facts.users.get(call.number()), f"User {call.path()}")))


def _visible(call: api.Call) -> list[acme.Datastore]:
    allowed = call.world.visible(call.grant)
    return [store for store in call.world.facts.datastores.values() if store.id in allowed]


async def datastores(call: api.Call) -> responses.Response:
    wanted = call.query(request_models.DatastoreQuery)
    shown = [store for store in _visible(call) if wanted.name in (None, store.name) and (wanted.search or "").lower() in store.name.lower()]
    return api.page(shown, wanted, lambda store: response_json.datastore(store, call.world.facts))


async def datastore(call: api.Call) -> responses.Response:
    store = api.found(call.world.facts.datastores.get(call.number()), f"Datastore {call.path()}")
    call.need("read", [store])
    return responses.JSONResponse(response_json.datastore(store, call.world.facts))


async def containers(call: api.Call) -> responses.Response:
    wanted = call.query(request_models.ContainerQuery)
    shown = [found for found in _containers(call) if _matches(found, wanted)]
    return api.page(shown, wanted, lambda found: response_json.container(found, call.world.facts))


def _containers(call: api.Call) -> list[catalogue.Container]:
    allowed = call.world.visible(call.grant)
    return [found for found in call.world.facts.containers.values() if found.datastore.id in allowed]


def _matches(found: catalogue.Container, wanted: request_models.ContainerQuery) -> bool:
    return all(
        (
            not wanted.datastore or found.datastore.id in wanted.datastore,
            not wanted.container_type or found.table.kind in wanted.container_type,
            not wanted.tag or bool(set(wanted.tag) & set(found.table.tags)),
            wanted.name in (None, found.table.name),
            (wanted.search or "").lower() in found.table.name.lower(),
        )
    )


async def container_listing(call: api.Call) -> responses.Response:
    """A bare list, not a page."""
    wanted = call.query(request_models.ListQuery)
    store = api.found(call.world.facts.datastores.get(wanted.datastore), f"Datastore {wanted.datastore}")
    call.need("list", [store])
    return responses.JSONResponse([response_json.container_stub(found) for found in _containers(call) if found.datastore is store])


async def container(call: api.Call) -> responses.Response:
    found = api.found(call.world.facts.containers.get(call.number()), f"Container {call.path()}")
    call.need("read", [found.datastore])
    return responses.JSONResponse(response_json.container(found, call.world.facts))


async def tags(call: api.Call) -> responses.Response:
    known = call.world.facts.tags
    return api.page(sorted(known), call.query(request_models.PageQuery), lambda name: response_json.tag(name, known))


async def tag(call: api.Call) -> responses.Response:
    known = call.world.facts.tags
    name = api.found(call.path("name") if call.path("name") in known else None, f"Tag '{call.path('name')}'")
    return responses.JSONResponse(response_json.tag(name, known))


async def checks(call: api.Call) -> responses.Response:
    wanted = call.query(request_models.CheckQuery)
    allowed = call.world.visible(call.grant)
    shown = [found for found in call.world.facts.checks.values() if found.container.datastore.id in allowed and _is(found, wanted)]
    return api.page(shown, wanted, lambda found: response_json.check(found, call.world.facts))


def _is(found: catalogue.Check, wanted: request_models.CheckQuery) -> bool:
    return all(
        (
            not wanted.datastore or found.container.datastore.id in wanted.datastore,
            not wanted.container or found.container.id in wanted.container,
            not wanted.tag or bool(set(wanted.tag) & set(found.container.table.tags)),
            wanted.status in (None, "Active" if found.active else "Draft"),
        )
    )


async def check(call: api.Call) -> responses.Response:
    found = api.found(call.world.facts.checks.get(call.number()), f"Quality check {call.path()}")
    call.need("read", [found.container.datastore])
    return responses.JSONResponse(response_json.check(found, call.world.facts))


async def teams(call: api.Call) -> responses.Response:
    facts = call.world.facts
    return api.page(facts.teams, call.query(request_models.PageQuery), lambda team: response_json.team(team, facts))


async def team(call: api.Call) -> responses.Response:
    facts, number = call.world.facts, call.number()
    found = api.found(next((team for team in facts.teams if team.id == number), None), f"Team {number}")
    return responses.JSONResponse(response_json.team(found, facts))


ROWS = (
    api.Row("GET", "/health", health, open=True),
    api.Row("GET", "/status", status, open=True),
    api.Row("GET", "/users", users),
    api.Row("GET", "/users/me", me),
    api.Row("GET", "/users/{id}", user),
    api.Row("GET", "/datastores", datastores),
    api.Row("GET", "/datastores/{id}", datastore),
    api.Row("GET", "/containers", containers),
    api.Row("GET", "/containers/listing", container_listing),
    api.Row("GET", "/containers/{id}", container),
    api.Row("GET", "/global-tags", tags),
    api.Row("GET", "/global-tags/{name}", tag),
    api.Row("GET", "/quality-checks", checks),
    api.Row("GET", "/quality-checks/{id}", check),
    api.Row("GET", "/teams", teams),
    api.Row("GET", "/teams/{id}", team),
)
