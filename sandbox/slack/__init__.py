"""A fake Slack workspace, as strict as the real one. It knows nothing of the bot: everything is typed from Slack's documentation."""

from __future__ import annotations

from sandbox.slack.server import create, running
from sandbox.slack.workspace import Workspace

__all__ = ["Workspace", "create", "running"]
