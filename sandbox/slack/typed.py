"""What a person types, as Slack hands it to an app: mentions, links and entities."""

from __future__ import annotations

import re

from sandbox.slack import workspace

_TOKEN = re.compile(
    r"(?P<url>https?://[^\s<>|]+)|(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)|(?P<user>(?<![\w@])@[\w.-]+)|(?P<channel>(?<![\w#])#[\w-]+)|(?P<raw>[&<>])"
)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_EVERYBODY = ("here", "channel", "everyone")


def entities(text: str) -> str:
    """`& < >` escaped, nothing else."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _user(space: workspace.Workspace, name: str, *, labels: bool) -> str:
    if name in _EVERYBODY:
        return f"<!{name}>"
    for user in space.people.values():
        if user.name == name:
            return f"<@{user.id}|{name}>" if labels else f"<@{user.id}>"
    for group in space.groups.values():
        if group.handle == name:
            return f"<!subteam^{group.id}|@{name}>"
    return ""


def _channel(space: workspace.Workspace, name: str) -> str:
    for channel in space.channels.values():
        if channel.name == name and not channel.is_im:
            return f"<#{channel.id}|{'' if channel.is_private else name}>"
    return ""


def escaped(space: workspace.Workspace, text: str, *, labels: bool) -> str:
    """The text with mentions resolved, links and addresses in brackets, entities escaped; curly quotes stay. `labels` adds user names."""

    def one(match: re.Match[str]) -> str:
        kind, found = match.lastgroup, match.group()
        if kind == "url":
            link = found.rstrip(".,;:!?)'\"")
            return f"<{entities(link)}>{entities(found[len(link) :])}"
        if kind == "mail":
            return f"<mailto:{found}|{found}>"
        if kind == "user":
            name = found[1:].rstrip(".-")
            resolved = _user(space, name, labels=labels)
            return resolved + found[1 + len(name) :] if resolved else found
        if kind == "channel":
            return _channel(space, found[1:]) or found
        return _ENTITIES[found]

    return _TOKEN.sub(one, text)
