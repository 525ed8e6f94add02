"""Whether Slack would let the desk work: asked at `python -m bot check`, posting nothing."""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from bot import errors
from bot.delivery import directory, failures


async def token(client: AsyncWebClient) -> frozenset[str]:
    """The scopes of the bot token. Raises a DeliveryError when it is not accepted, or may not ask who people are: then nobody could act."""
    ours, scopes = await directory.tested(client)
    await failures.ask(client.users_info(user=str(ours.get("user_id") or "")), repeatable=True)
    return scopes


async def app_token(client: AsyncWebClient, secret: str) -> None:
    """Raise a DeliveryError when no Socket Mode connection could be opened with this app-level token."""
    await failures.ask(client.apps_connections_open(app_token=secret), repeatable=True)


async def channel(client: AsyncWebClient, ident: str) -> None:
    """Raise ChannelGone when the bot could not post in this channel: unknown, archived, or the bot is no member of it."""
    try:
        answer = await failures.ask(client.conversations_info(channel=ident), repeatable=True)
    except errors.ChannelGone as error:
        raise errors.ChannelGone(
            f"Slack shows the bot no channel {ident} ({error.code}). Check DESK_CHANNEL; "
            "a private channel is invisible until the bot is invited.",
            code=error.code,
        ) from error
    facts = answer.get("channel") or {}
    if facts.get("is_archived"):
        raise errors.ChannelGone(f"The channel {ident} is archived. Name another one in DESK_CHANNEL.", code="is_archived")
    if not facts.get("is_member"):
        raise errors.ChannelGone(f"The bot is no member of {ident}. Type there: /invite @Anomaly Desk", code="not_in_channel")
