"""What went wrong between us and Slack, in the product's own errors: Slack's words as a table, everything else by kind.

Sources: slack-platform sections 1-3, 7 and 14, and the error lists of the methods that `slack.py` calls (chat.update and
chat.postMessage in full).
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook import WebhookResponse

from bot import errors

T = TypeVar("T")

CHANNEL = frozenset(
    "channel_not_found not_in_channel is_archived channel_is_archived restricted_action restricted_action_read_only_channel "
    "restricted_action_thread_only_channel restricted_action_non_threadable_channel channel_type_not_supported "
    "method_not_supported_for_channel_type messages_tab_disabled cannot_dm_bot user_not_found users_not_found user_disabled "
    "user_not_visible posting_to_channel_denied posting_to_general_channel_denied invalid_channel is_inactive is_frozen "
    "team_not_found".split()
)
"""A person mends these; `is_inactive` is what an edit in an archived or frozen channel gets."""
MESSAGE = frozenset("message_not_found cant_update_message edit_window_closed".split())
BLOCKS = frozenset(
    "invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_long invalid_attachments too_many_attachments "
    "block_mismatch view_too_large attachment_payload_limit_exceeded too_many_contact_cards".split()
)
AUTH = frozenset(
    "invalid_auth not_authed token_revoked token_expired account_inactive missing_scope no_permission not_allowed_token_type "
    "org_login_required ekm_access_denied access_denied team_access_not_granted two_factor_setup_required accesslimited "
    "enterprise_is_restricted".split()
)
LIMITED = frozenset("ratelimited rate_limited".split())
UNSURE = frozenset("internal_error fatal_error service_unavailable update_failed".split())
"""Slack does not know itself whether it was done."""
UNDONE = frozenset("request_timeout team_added_to_org external_channel_migrating streaming_state_conflict".split())
"""Not done, and worth another try."""
REQUEST = frozenset(
    "as_user_not_supported cannot_reply_to_message cant_broadcast_message deprecated_endpoint duplicate_channel_not_found "
    "duplicate_message_not_found invalid_arg_name invalid_arguments invalid_array_arg invalid_charset invalid_form_data "
    "invalid_metadata_format invalid_metadata_schema invalid_post_type markdown_text_conflict metadata_must_be_sent_from_app "
    "metadata_too_large method_deprecated missing_post_type no_dual_broadcast_content_update no_text "
    "slack_connect_blocked_file_type slack_connect_canvas_sharing_blocked slack_connect_clip_sharing_blocked "
    "slack_connect_file_link_sharing_blocked slack_connect_file_upload_sharing_blocked "
    "slack_connect_lists_sharing_blocked".split()
)
"""What we asked for is wrong or forbidden, so far as Slack says; a later release, or an admin, may change that."""

WORKSPACE_FULL, WORKSPACE_FULL_SECONDS = "message_limit_exceeded", 600.0
"""The workspace is over the messages of its plan: no 429, no Retry-After, nothing that a second heals."""

LONGEST_PAUSE = 600.0
"""Slack asks for a minute at most; whatever a `Retry-After` says beyond this is asked again after it, which costs one call."""
UNSENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientConnectorCertificateError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
)
"""No connection came about: nothing was sent."""
BROKEN = (aiohttp.ClientError, TimeoutError, OSError, ValueError, AttributeError)
"""The connection broke, the time is over, or the body is nothing the library can read (it fails on JSON that is no object)."""

SENTENCES: Mapping[type[errors.DeliveryError], str] = {
    errors.ChannelGone: "Slack cannot deliver there ({code}).",
    errors.MessageGone: "The message cannot be changed any more ({code}).",
    errors.BlocksRefused: "Slack refused the layout of the message ({code}).",
    errors.SlackAuthFailed: "Slack does not accept the app's token or scopes ({code}).",
    errors.SlackAmbiguous: "Slack did not say whether it did it ({code}).",
    errors.SlackUnavailable: "Slack is not available at the moment ({code}).",
    errors.SlackRejected: "Slack refused ({code}).",
}
WORD = re.compile(r"[a-z_]+")
POINTER = re.compile(r"json-pointer:[\w/:.-]*")


@dataclass(frozen=True, slots=True)
class SlackAnswer:
    """What came back over HTTP: the status, Retry-After as sent ("" = none), and the body if it was a JSON object."""

    status: int
    retry_after: str
    body: Mapping[str, Any]

    @property
    def code(self) -> str:
        """Slack's error word, or the HTTP status in words."""
        return str(self.body.get("error") or f"HTTP {self.status}")


def kind(code: str) -> type[errors.DeliveryError] | None:
    """The error class of one of Slack's words that mean the same in every call; None where it depends."""
    table: Mapping[type[errors.DeliveryError], frozenset[str]] = {
        errors.ChannelGone: CHANNEL,
        errors.MessageGone: MESSAGE,
        errors.BlocksRefused: BLOCKS,
        errors.SlackAuthFailed: AUTH,
        errors.SlackUnavailable: UNDONE,
        errors.SlackRejected: REQUEST,
    }
    return next((error for error, words in table.items() if code in words), None)


def classify(answer: SlackAnswer, *, repeatable: bool) -> errors.DeliveryError:
    """The error behind an answer that is not the wanted one. `repeatable`: doing it twice is the same as doing it once."""
    code = answer.code
    if answer.status == 429 or code in LIMITED:
        return errors.SlackRateLimited("Slack asks for a pause.", code="ratelimited", retry_after=_seconds(answer.retry_after))
    if code == WORKSPACE_FULL:
        return errors.SlackRateLimited(
            "The workspace has used up the messages of its Slack plan.", code=code, retry_after=WORKSPACE_FULL_SECONDS
        )
    named = kind(code)
    if named:
        return named(SENTENCES[named].format(code=code) + _details(answer.body), code=code)
    if code in UNSURE or answer.status >= 500 or answer.status == 408 or (answer.status < 300 and not answer.body):
        return unsure(code, repeatable=repeatable)
    if not answer.body:
        return errors.SlackUnavailable(f"Something on the way to Slack refused ({code}).", code=code)
    return errors.SlackRejected(SENTENCES[errors.SlackRejected].format(code=code) + _details(answer.body), code=code)


def unsure(code: str, *, repeatable: bool) -> errors.DeliveryError:
    """Nobody knows whether it was done; that matters only when it cannot be repeated."""
    error = errors.SlackUnavailable if repeatable else errors.SlackAmbiguous
    return error(SENTENCES[error].format(code=code), code=code)


async def ask(call: Awaitable[AsyncSlackResponse], *, repeatable: bool) -> Mapping[str, Any]:
    """Await a Web API call and return Slack's answer.

    Raises a child of `errors.DeliveryError` with the library's error as its cause, and nothing else.
    """
    try:
        response = await call
        return dict(response.data) if isinstance(response.data, dict) else {}
    except SlackApiError as error:
        raise classify(_answer(error.response), repeatable=repeatable) from error
    except UNSENT as error:
        raise errors.SlackUnavailable("Slack cannot be reached.", code="unreachable") from error
    except SlackClientError as error:
        raise errors.SlackRejected("The Slack library refused the call.", code="bad_request") from error
    except BROKEN as error:
        raise unsure("no answer", repeatable=repeatable) from error


async def ask_url(call: Awaitable[WebhookResponse], *, repeatable: bool) -> None:
    """Await a call to a response_url, which answers in its own way: any status, JSON or a bare word; the library never raises for it.

    Raises a child of `errors.DeliveryError` without a cause.
    """
    await _ask_secret(call, lambda response: _url_failure(response, repeatable=repeatable), repeatable=repeatable)


async def ask_upload(call: Awaitable[SlackAnswer]) -> None:
    """Await the bytes of a file on their way to an upload URL: HTTP 200, whatever it says, means that they are there.

    Raises a child of `errors.DeliveryError` without a cause.
    """
    await _ask_secret(call, lambda answer: None if answer.status == 200 else classify(answer, repeatable=True), repeatable=True)


async def _ask_secret(call: Awaitable[T], judge: Callable[[T], errors.DeliveryError | None], *, repeatable: bool) -> None:
    """Await a call to an address that is a secret: aiohttp's errors print it, so they are not chained."""
    failure: errors.DeliveryError | None
    try:
        failure = judge(await call)
    except UNSENT:
        failure = errors.SlackUnavailable("Slack cannot be reached.", code="unreachable")
    except BROKEN:
        failure = unsure("no answer", repeatable=repeatable)
    if failure:
        raise failure


def _url_failure(response: WebhookResponse, *, repeatable: bool) -> errors.DeliveryError | None:
    text = (response.body or "").strip()
    body = _object(text) or ({"error": text} if WORD.fullmatch(text) and text != "ok" else {})
    if response.status_code == 200 and (text in ("", "ok") or body.get("ok") is True):
        return None
    return classify(SlackAnswer(response.status_code, _header(response.headers), body), repeatable=repeatable)


def _answer(response: Any) -> SlackAnswer:
    """The library hands over its own response, or aiohttp's when the body was not JSON, with any kind of data in it."""
    status = response.status_code if hasattr(response, "status_code") else response.status
    data = getattr(response, "data", None)
    return SlackAnswer(int(status), _header(response.headers), data if isinstance(data, dict) else {})


def _header(headers: Mapping[str, Any]) -> str:
    return next((str(value) for name, value in headers.items() if name.lower() == "retry-after"), "")


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _seconds(retry_after: str) -> float:
    """Retry-After in seconds, at least 1 and at most ten minutes; 1 when Slack forgot it."""
    return min(max(float(retry_after), 1.0), LONGEST_PAUSE) if retry_after.isascii() and retry_after.isdigit() else 1.0


def _details(body: Mapping[str, Any]) -> str:
    """Where the layout is wrong, or which scope is missing. Never Slack's prose: it can quote what we sent."""
    pointers = POINTER.findall(json.dumps([body.get("errors"), body.get("response_metadata")]))
    needed = str(body.get("needed") or "")
    details = sorted(set(pointers))[:5] + ([f"needed: {needed}"] if needed else [])
    return f" ({'; '.join(details)})" if details else ""
