"""Slack listeners: acknowledge, decode, one service call, answer. `register` is the whole list."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncApp

from bot.core import grammar
from bot.render.kit import ids
from handlers import actions, bulk, commands, desk, events, guard, home, linking, review, scans, views

COMMANDS = {**commands.COMMANDS, grammar.SCAN_SLASH: scans.command}

ACTIONS = {**actions.ACTIONS, **commands.ACTIONS, **bulk.ACTIONS, **review.ACTIONS, **scans.ACTIONS, **linking.ACTIONS}

VIEW_ACTIONS = {**review.VIEW_ACTIONS, **home.ACTIONS, **views.QUIET}

VIEWS = {**views.VIEWS, **bulk.VIEWS, **review.VIEWS, **scans.VIEWS}

DOORS = linking.Doors(COMMANDS, ACTIONS, dict(VIEWS))

VIEWS[ids.LINK_ME_VIEW] = partial(linking.submitted, DOORS)

OPTIONS = {**views.OPTIONS, **linking.OPTIONS, **scans.OPTIONS}

SHORTCUTS = review.SHORTCUTS


def register(app: AsyncApp, desk: desk.Desk) -> None:
    """Give Bolt a listener for every command, shortcut, button, menu and modal that this product shows, and for every event it gets."""
    for name, command in COMMANDS.items():
        app.command(name)(guard.acked(desk, command))
    for callback_id, shortcut in SHORTCUTS.items():
        app.shortcut(callback_id)(guard.acked(desk, shortcut))
    for action_id, action in {**ACTIONS, **VIEW_ACTIONS}.items():
        app.action(action_id)(guard.acked(desk, action))
    for callback_id, view in VIEWS.items():
        app.view(callback_id)(guard.submitted(desk, view))
    for action_id, options in OPTIONS.items():
        app.options(action_id)(guard.offered(desk, options))
    for name, (subscribed, kind, event) in events.EVENTS.items():
        app.event(name)(guard.heard(desk, subscribed, kind, event))
    for name in events.UNUSED:
        app.event(name)(events.ignored)
    guard.catch_all(app)
