"""Slack's Web API behind the Messenger port: every message leaves through here.

What must not happen: a message twice (nothing here repeats a call by itself), a token, a response_url or an upload URL in an error or a
log line.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib import parse, request

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook import WebhookResponse

from bot import errors, model, ports
from bot.delivery import failures
from bot.delivery.pacing import Lane, Pacer

API_URL = "https://slack.com/api/"
TIMEOUT_SECONDS, CONNECT_SECONDS = 10.0, 5.0
HOOKS = ("https", "hooks.slack.com", None)
"""Where response_urls are, as scheme, host and port."""
ALT_TEXT = 1000
"""Characters that say what is to be seen in a picture."""
UPLOAD_SECONDS = 60.0
"""For the bytes of one file: a receipt of thousands of lines may be larger than a whole call should take."""

EVENT = "anomaly_desk_card"
"""The event_type of our messages' metadata; its payload is `{"card": id}` (slack-platform section 7)."""

SKEW = timedelta(minutes=10)
"""Our clock and Slack's may differ by this much when a message is looked for."""
PAGE, PAGES = 200, 10
PEOPLE = ("U", "W")
"""Ids of users begin like this; channels with C or G, direct messages with D."""
SHARED = ("C", "G")
MEMBER_SECONDS, MEMBERSHIPS = 60.0, 1000
"""A channel that the bot is in is taken to stay one for so long; this many are remembered."""

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)  # the library prints payloads and response_urls below INFO


@asynccontextmanager
async def session(timeout: float = TIMEOUT_SECONDS) -> AsyncIterator[aiohttp.ClientSession]:
    """The one HTTP session of the process, to be opened inside the running loop. `timeout` in seconds is for a whole call."""
    limits = aiohttp.ClientTimeout(total=timeout, sock_connect=min(timeout, CONNECT_SECONDS))
    async with aiohttp.ClientSession(timeout=limits) as opened:
        yield opened


def client(token: str, base_url: str = API_URL, session: aiohttp.ClientSession | None = None) -> AsyncWebClient:
    """A Web API client that sends each call once: the library's default handler re-sends posts (slack-platform section 3).

    Without `session` it opens one connection per call. Proxies of the environment are used unless NO_PROXY or loopback says otherwise.
    """
    made = AsyncWebClient(token=token, base_url=base_url, session=session, timeout=int(TIMEOUT_SECONDS), retry_handlers=[], logger=_log)
    made.proxy = _proxy(base_url, made.proxy)
    return made


class SlackMessenger:
    """Implements `ports.Messenger`.

    A call that waits longer than `patience` seconds for its turn gives up with SlackRateLimited (code "budget", nothing was sent), so that
    nobody's lease runs out in the queue.
    """

    def __init__(self, client: AsyncWebClient, pacer: Pacer, *, telemetry: ports.Telemetry | None = None, patience: float = 30.0) -> None:
        self._client, self._pacer, self._telemetry, self._patience = client, pacer, telemetry, patience
        self._rooms: dict[str, str] = {}
        self._member_until: dict[str, float] = {}
        self._self: tuple[str, str] | None = None

    async def post(self, channel: str, message: model.Message, card: str, thread: str = "", *, broadcast: bool = False) -> str:
        """A new message with our card id in its metadata; returns its ts. Raises SlackAmbiguous when nobody knows whether it was stored."""
        room = await self._room(channel)
        async with self._turn(Lane.POST, room):
            answer = await self._call(
                "chat.postMessage",
                self._client.chat_postMessage(
                    channel=room,
                    text=message.text,
                    blocks=list(message.blocks) or None,
                    metadata={"event_type": EVENT, "event_payload": {"card": card}},
                    unfurl_links=False,
                    unfurl_media=False,
                    thread_ts=thread or None,
                    reply_broadcast=True if thread and broadcast else None,
                ),
                repeatable=False,
                pause=(Lane.POST, room),
            )
        ts = answer.get("ts")
        if not isinstance(ts, str) or not ts:
            raise failures.unsure("no ts", repeatable=False)
        return ts

    async def update(self, channel: str, ts: str, message: model.Message, *, clicked: bool = False) -> None:
        """Edit a message of ours; `clicked` when somebody is waiting for it. Blocks are always sent: text alone would remove them."""
        room = await self._room(channel)
        lane = Lane.CLICK if clicked else Lane.EDIT
        async with self._turn(lane, room):
            await self._call(
                "chat.update",
                self._client.chat_update(channel=room, ts=ts, text=message.text, blocks=list(message.blocks)),
                pause=(lane, ""),
            )

    async def find(self, channel: str, card: str, since: datetime, thread: str = "") -> str:
        """The ts of our message with this card id posted after `since` (in this thread), "" when it is not there.

        Raises ChannelGone or SlackAuthFailed where the history cannot be read, SlackUnavailable when it is too long to be sure.
        """
        room, ours = await self._room(channel), await self._ours()
        cursor = ""
        for _ in range(PAGES):
            page = await self._history(room, since - SKEW, cursor, thread)
            ts = next((str(seen["ts"]) for seen in page.get("messages") or () if _is_ours(seen, card, ours)), "")
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if ts or not cursor:
                return ts
        raise errors.SlackUnavailable("The channel has too many messages to find one of ours.", code="history_too_long")

    async def respond(self, response_url: str, message: model.Message, *, replace: bool = False) -> None:
        """Answer a click or command: for its actor alone, or in place of the clicked message with `replace`.

        An address that is used up (5 uses, 30 minutes) raises SlackRejected with code used_url or expired_url; the message itself lives on.
        So does one that is not Slack's (code foreign_url), to which nothing is sent: what we answer is for people of our workspace.
        """
        body: dict[str, Any] = {"text": message.text, "replace_original": replace}
        body |= {"blocks": list(message.blocks)} if message.blocks or replace else {}
        body |= {} if replace else {"response_type": "ephemeral"}
        await self._answer(response_url, body, repeatable=replace)

    async def dismiss(self, response_url: str) -> None:
        """Take away the clicked message that only its actor sees. Raises as `respond` does."""
        await self._answer(response_url, {"delete_original": True}, repeatable=True)

    async def _answer(self, url: str, body: Mapping[str, Any], *, repeatable: bool) -> None:
        if not _slacks_own(url, self._client.base_url):
            raise errors.SlackRejected("The address to answer to is not one of Slack's.", code="foreign_url")
        with self._counted("response_url"):
            await failures.ask_url(self._answer_to(url, body), repeatable=repeatable)

    async def _answer_to(self, url: str, body: Mapping[str, Any]) -> WebhookResponse:
        """The library's webhook client follows redirects; this goes to Slack or nowhere."""
        async with AsyncExitStack() as stack:
            http = self._client.session
            if http is None:
                http = await stack.enter_async_context(session())
            sending = http.post(url, json=body, allow_redirects=False, proxy=_proxy(url, self._client.proxy))
            answer = await stack.enter_async_context(sending)
            said = (await answer.read()).decode("utf-8", "replace")
            return WebhookResponse(url=url, status_code=answer.status, body=said, headers=dict(answer.headers))

    async def whisper(self, channel: str, user: str, message: model.Message, thread: str = "") -> None:
        """A message that only this user sees."""
        room, blocks = await self._room(channel), list(message.blocks) or None
        call = self._client.chat_postEphemeral(channel=room, user=user, text=message.text, blocks=blocks, thread_ts=thread or None)
        await self._call("chat.postEphemeral", call, repeatable=False)

    async def upload(self, channel: str, thread: str, name: str, title: str, content: bytes, *, alt: str = "") -> None:
        """A file in a thread of a channel (a user id: their direct messages; thread "": the channel itself).

        Slack refuses empty content (SlackRejected). Nobody sees anything before the last of the three calls, so a missing answer is
        SlackUnavailable in the first two and SlackAmbiguous in the last. files_upload_v2 makes the same calls, but hides which one
        failed, and its errors carry the upload URL, with which anybody could write (slack-platform section 16).
        """
        room = await self._room(channel)
        ident, url = await self._upload_url(name, len(content), alt)
        with self._counted("upload_url"):
            await failures.ask_upload(self._send(url, content))
        async with self._turn(Lane.DIGEST, room):  # no pause on a 429: the file stands among posts, but Slack counts it by itself
            named: dict[str, str | None] = {"id": ident, "title": title}
            call = self._client.files_completeUploadExternal(files=[named], channel_id=room, thread_ts=thread or None)
            await self._call("files.completeUploadExternal", call, repeatable=False)

    async def home(self, channel: str, user: str) -> str:
        """Where a lasting message for this person can be posted: the channel when the bot is in it, else the id of their direct messages
        with the bot. `channel` "" asks for the direct messages.

        When Slack does not tell whether the bot is in the channel, the direct messages are taken: somebody waits, and there it can be read.
        """
        return channel if await self._is_member(channel) else await self._room(user)

    async def open_view(self, trigger_id: str, view: model.Block) -> str:
        """Open a modal (within 3 s of the click); returns its view id."""
        call = self._client.views_open(trigger_id=trigger_id, view=view)
        return _view_id(await self._call("views.open", call, repeatable=False))

    async def update_view(self, view_id: str, view: model.Block) -> None:
        """Change an open modal."""
        await self._call("views.update", self._client.views_update(view_id=view_id, view=view))

    async def publish(self, user: str, view: model.Block, shown: str) -> str:
        """What a person's App Home shows from now on; returns Slack's hash of it."""
        call = self._client.views_publish(user_id=user, view=view, hash=shown or None)
        return str((await self._call("views.publish", call)).get("view", {}).get("hash") or "")

    async def _upload_url(self, name: str, length: int, alt: str) -> tuple[str, str]:
        """The id of a new file and the address for its bytes. Errors have no cause: the library quotes answers it cannot read."""
        try:
            call = self._client.files_getUploadURLExternal(filename=name, length=length, alt_txt=alt[:ALT_TEXT] or None)
            answer = await self._call("files.getUploadURLExternal", call)
        except errors.DeliveryError as error:
            raise error from None
        ident, url = str(answer.get("file_id") or ""), str(answer.get("upload_url") or "")
        if not ident or not url:
            raise failures.unsure("no upload_url", repeatable=True)
        return ident, url

    async def _send(self, url: str, content: bytes) -> failures.SlackAnswer:
        """Put the bytes of a file where Slack wants them: no token, and no other address that somebody may point to."""
        limits = aiohttp.ClientTimeout(total=UPLOAD_SECONDS, sock_connect=CONNECT_SECONDS)
        async with AsyncExitStack() as stack:
            http = self._client.session
            if http is None:
                http = await stack.enter_async_context(session())
            proxy = _proxy(url, self._client.proxy)
            sending = http.post(url, data=io.BytesIO(content), timeout=limits, allow_redirects=False, proxy=proxy)
            answer = await stack.enter_async_context(sending)
            return failures.SlackAnswer(answer.status, answer.headers.get("Retry-After", ""), {})

    @asynccontextmanager
    async def _turn(self, lane: Lane, room: str) -> AsyncIterator[None]:
        """A turn of the pacer, unless it takes longer than the patience."""
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(self._patience):
                    await stack.enter_async_context(self._pacer.slot(lane, room))
            except TimeoutError:
                wait = max(self._pacer.lag()[lane], self._patience)
                raise errors.SlackRateLimited("Too much is waiting for Slack already.", code="budget", retry_after=wait) from None
            yield

    async def _call(
        self, method: str, call: Awaitable[AsyncSlackResponse], *, repeatable: bool = True, pause: tuple[Lane, str] | None = None
    ) -> Mapping[str, Any]:
        """One Web API call, counted; a 429 pauses the lane and channel of `pause`."""
        with self._counted(method):
            try:
                return await failures.ask(call, repeatable=repeatable)
            except errors.SlackRateLimited as error:
                if pause:
                    everywhere = error.code == failures.WORKSPACE_FULL
                    self._pacer.pause(pause[0], "" if everywhere else pause[1], error.retry_after)
                raise

    @contextmanager
    def _counted(self, method: str) -> Iterator[None]:
        """Tell the telemetry how long the call took and what came of it."""
        start, result = asyncio.get_running_loop().time(), "ok"
        try:
            yield
        except errors.DeliveryError as error:
            result = type(error).__name__
            raise
        finally:
            if self._telemetry:
                self._telemetry.count("slack_calls", method=method, result=result)
                self._telemetry.observe("slack_call_seconds", asyncio.get_running_loop().time() - start, method=method)

    async def _history(self, room: str, oldest: datetime, cursor: str, thread: str) -> Mapping[str, Any]:
        """A page of a channel's messages, or of the answers in a thread: a channel's history leaves those out."""
        method = "conversations.replies" if thread else "conversations.history"
        where: dict[str, Any] = {"channel": room, "oldest": f"{oldest.timestamp():.6f}", "include_all_metadata": True, "limit": PAGE}
        where["cursor"] = cursor or None
        async with self._turn(Lane.LOOKUP, room):
            client = self._client
            call = client.conversations_replies(**where, ts=thread) if thread else client.conversations_history(**where)
            return await self._call(method, call, pause=(Lane.LOOKUP, ""))

    async def _room(self, channel: str) -> str:
        """The channel's id; for a user the id of the direct message, because chat.update takes no user id."""
        if not channel.startswith(PEOPLE):
            return channel
        if channel not in self._rooms:
            answer = await self._call("conversations.open", self._client.conversations_open(users=channel))
            self._rooms[channel] = str((answer.get("channel") or {}).get("id") or channel)
        return self._rooms[channel]

    async def _is_member(self, channel: str) -> bool:
        """Whether the bot can post in this channel, as far as Slack tells; only a yes is remembered, so an invitation counts at once.

        In no lane: conversations.info has a budget of its own (tier 3), which a person per call does not use up. The direct messages of
        somebody with somebody else are not to be seen, those with the bot are found by their person.
        """
        now = asyncio.get_running_loop().time()
        if not channel.startswith(SHARED) or self._member_until.get(channel, now) > now:
            return channel.startswith(SHARED)
        try:
            answer = await self._call("conversations.info", self._client.conversations_info(channel=channel))
        except errors.DeliveryError:
            return False
        facts = answer.get("channel") or {}
        member = bool(facts.get("is_member")) and not facts.get("is_archived")
        if member:
            known = self._member_until if len(self._member_until) < MEMBERSHIPS else {}
            self._member_until = {**{name: at for name, at in known.items() if at > now}, channel: now + MEMBER_SECONDS}
        return member

    async def _ours(self) -> tuple[str, str]:
        """Our bot id and user id."""
        if self._self is None:
            answer = await self._call("auth.test", self._client.auth_test())
            self._self = str(answer.get("bot_id") or ""), str(answer.get("user_id") or "")
        return self._self


def _is_ours(seen: Mapping[str, Any], card: str, ours: tuple[str, str]) -> bool:
    """Whether we posted this message for this card: anybody may write our id into metadata, so the author counts, too."""
    metadata = seen.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    by_us = {str(seen.get("bot_id") or ""), str(seen.get("user") or "")} & (set(ours) - {""})
    return bool(by_us) and metadata.get("event_type") == EVENT and payload.get("card") == card


def _view_id(answer: Mapping[str, Any]) -> str:
    return str((answer.get("view") or {}).get("id") or "")


def _slacks_own(url: str, api: str) -> bool:
    """Whether a response_url is on Slack's host: the one of everybody, the one beside the Web API's (GovSlack), or, in a sandbox, the Web
    API's own."""
    try:
        asked, known = parse.urlsplit(url), parse.urlsplit(api)
        place = (asked.scheme, asked.hostname, asked.port)
        ours = {HOOKS, ("https", f"hooks.{known.hostname}", None), (known.scheme, known.hostname, known.port)}
    except ValueError:
        return False
    return place in ours and asked.username is None


def _proxy(url: str, proxy: str | None) -> str | None:
    """The library takes any proxy of the environment and ignores NO_PROXY; a server on this machine is never behind one."""
    try:
        host = parse.urlsplit(url).hostname or ""
    except ValueError:
        return proxy
    local = host == "localhost" or host.startswith("127.") or host == "::1"
    return None if local or request.proxy_bypass(host) else proxy
