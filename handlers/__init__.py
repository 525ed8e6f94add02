"""Slack listeners: acknowledge, decode, one service call, answer. `register` is the whole list."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.core import grammar
from handlers import actions, bulk, commands, desk, details, duplicates, guard, review, scans, views

COMMANDS = {**commands.COMMANDS, grammar.SCAN_SLASH: scans.command}

ACTIONS = {**actions.ACTIONS, **details.ACTIONS, **commands.ACTIONS, **bulk.ACTIONS, **review.ACTIONS, **scans.ACTIONS}

VIEW_ACTIONS = {**review.VIEW_ACTIONS, **details.VIEW_ACTIONS, **views.QUIET}

VIEWS = {**views.VIEWS, **duplicates.VIEWS, **bulk.VIEWS, **review.VIEWS, **scans.VIEWS}

OPTIONS = {**views.OPTIONS, **scans.OPTIONS}

SHORTCUTS = review.SHORTCUTS


def register(app: AsyncApp, desk: desk.Desk) -> None:
    """Give Bolt a listener for every command, shortcut, button, menu and modal that this product shows."""
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
    guard.catch_all(app)
