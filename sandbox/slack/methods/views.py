"""views.* and blocks.validate."""

from __future__ import annotations

from sandbox.slack import errors, message_content
from sandbox.slack.blockkit import schema, surfaces
from sandbox.slack.methods.arguments import Call, Json, Method, invalid


def _view(call: Call, kind: str) -> Json:
    if call.args.get("view") in (None, ""):
        raise invalid("missing required field: view")
    return call.workspace.modals.check(call.args["view"], kind, call.unsupported)


def _show(call: Call, *, push: bool) -> Json:
    space = call.workspace
    trigger = space.tickets.look(call.text("trigger_id"))
    payload = _view(call, "modal")
    view = (space.modals.push if push else space.modals.open)(trigger.user, payload)
    trigger.used = True
    space.changed()
    return {"ok": True, "view": view.json()}


def open_(call: Call) -> Json:
    """views.open"""
    return _show(call, push=False)


def push(call: Call) -> Json:
    """views.push"""
    return _show(call, push=True)


def update(call: Call) -> Json:
    """views.update"""
    if not call.optional("view_id") and not call.optional("external_id"):
        raise invalid("missing required field: view_id or external_id")
    view = call.workspace.modals.find(call.optional("view_id"), call.optional("external_id"))
    payload = _view(call, view.payload["type"])
    call.workspace.modals.replace(view, payload, call.optional("hash"))
    call.workspace.changed()
    return {"ok": True, "view": view.json()}


def publish(call: Call) -> Json:
    """views.publish"""
    user = call.workspace.user(call.text("user_id"))
    if not call.workspace.app.home_tab:
        raise errors.SlackError("not_enabled")
    payload = _view(call, "home")
    view = call.workspace.modals.publish(user.id, payload, call.optional("hash"))
    call.workspace.changed()
    return {"ok": True, "view": view.json()}


def validate(call: Call) -> Json:
    """blocks.validate: exactly one of blocks, view, message; no token."""
    given = [name for name in ("blocks", "view", "message") if call.args.get(name) not in (None, "")]
    if len(given) != 1:
        raise invalid("exactly one of blocks, view and message is needed")
    value = message_content.parse(call.args[given[0]], "invalid_blocks_format")
    report = _report(given[0], value)
    if report.problems:
        faults = [{"code": "invalid", "message": one.message, "pointer": one.pointer} for one in report.problems]
        raise errors.SlackError("invalid_blocks", errors=faults)
    return {"ok": True}


def _report(kind: str, value: object) -> schema.Report:
    if kind == "blocks":
        return surfaces.check(value, "message")
    if not isinstance(value, dict):
        raise errors.SlackError("invalid_blocks_format")
    if kind == "message":
        return surfaces.check(value.get("blocks", []), "message")
    surface = value.get("type")
    if surface not in ("modal", "home"):
        raise invalid("view.type must be modal or home")
    return surfaces.check_view(value, surface)


METHODS = {
    "views.open": Method(open_, "T4"),
    "views.push": Method(push, "T4"),
    "views.update": Method(update, "T4"),
    "views.publish": Method(publish, "T4"),
    "blocks.validate": Method(validate, "T3", token=""),
}
