"""Slack listeners: acknowledge, decode, one service call, answer. `register` is the whole list."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from handlers import actions, bulk, commands, guard, views

ACTIONS = {**actions.ACTIONS, **bulk.ACTIONS}

VIEWS = {**views.VIEWS, **bulk.VIEWS}


def register(app: AsyncApp, desk: guard.Desk) -> None:
    """Give Bolt a listener for every command, button, menu and modal that this product shows."""
    for name, command in commands.COMMANDS.items():
        app.command(name)(guard.acked(desk, command))
    for action_id, action in {**ACTIONS, **views.QUIET}.items():
        app.action(action_id)(guard.acked(desk, action))
    for callback_id, view in VIEWS.items():
        app.view(callback_id)(guard.submitted(desk, view))
    for action_id, options in views.OPTIONS.items():
        app.options(action_id)(guard.offered(desk, options))
    guard.catch_all(app)
