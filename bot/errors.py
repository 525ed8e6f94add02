"""Every error of the product, in one tree.

    BotError
    ├── ConfigError                a setting is missing or malformed; one sentence per fault
    ├── UserError                  shown to the person as it stands
    │   ├── BadCommand             the text of a command; knows where the wrong word is
    │   ├── NotAllowed             the person may not do this
    │   ├── NotSupported           the system cannot do this
    │   ├── NotFound               no such anomaly, datastore, table, person
    │   │   └── NotLinked          the person is nobody there that this desk knows of, and can say who
    │   ├── Unclear                several systems have an anomaly with this id
    │   └── Stale                  somebody changed it in between, and the action no longer makes sense
    │       └── Repeated           the same person asked for the same, and it is under way
    ├── SourceError                an anomaly system did not do what was asked
    │   ├── SourceUnavailable      time-out, dropped connection, 5xx; worth another try
    │   ├── SourceRateLimited      429; knows how long to wait
    │   ├── SourceAuthFailed       401 or an expired token: the token is the problem
    │   ├── SourceForbidden        403: the token is fine, a right is missing
    │   ├── SourceMissing          404
    │   ├── SourceRejected         422 and other 4xx, in the system's own words
    │   ├── SourceGarbled          an answer that is not what the contract says
    │   └── SourceUnsure           it was asked for, and nobody could look yet what became of it
    ├── StoreError                 the database did not do what was asked
    │   └── StoreUnavailable       nothing can be asked of it at the moment; the store has told the log
    │       └── LeaseLost          for so long that another process may have taken over
    └── DeliveryError              Slack did not do what was asked
        ├── SlackAmbiguous         nobody knows whether it was done: look before repeating
        ├── SlackUnavailable       Slack did not do it and says so, or nothing was sent; worth another try
        ├── SlackRateLimited       429; knows how long to wait
        ├── SlackAuthFailed        the token is the problem
        ├── ChannelGone            not found, archived, or the bot is no member; knows Slack's word
        ├── MessageGone            the message was deleted or may not be edited any more
        ├── BlocksRefused          invalid_blocks and its relatives
        └── SlackRejected          any other refusal, in Slack's own word

Library errors never leave the room that owns the library; they are chained as the cause.
"""

from __future__ import annotations

from collections.abc import Sequence


class BotError(Exception):
    """The root: anything that the product raises on purpose."""


class ConfigError(BotError):
    """The settings do not allow a start."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class UserError(BotError):
    """A refusal that a person reads: what happened, why, what to do next."""


class BadCommand(UserError):
    """A command that cannot be understood.

    `text` is the command as typed, `start` and `end` the offsets of the wrong part in it, `example` a command that works.
    """

    def __init__(self, message: str, *, text: str = "", start: int = 0, end: int = 0, example: str = "") -> None:
        super().__init__(message)
        self.text, self.start, self.end, self.example = text, start, end, example


class NotAllowed(UserError):
    """The person may not do this; the message says who may. `ask` are the Slack ids of those who may: users, and user groups (S...)."""

    def __init__(self, message: str, *, ask: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.ask = tuple(ask)


class NotSupported(UserError):
    """The system has no such call; the message says what to do instead."""


class NotFound(UserError):
    """No such thing; the message offers the nearest one where there is one."""


class NotLinked(NotFound):
    """Whoever asks is nobody in a system that this desk knows of, and may say who they are. `systems` are the names and titles of those."""

    def __init__(self, message: str, *, systems: Sequence[tuple[str, str]]) -> None:
        super().__init__(message)
        self.systems = tuple(systems)


class Unclear(UserError):
    """What was typed without a system may be of several: the id of an anomaly, or the user of a system. `systems` are their names and
    titles; `text` is what was typed, which is meant again once the system is known; `word` is what a system would stand before."""

    def __init__(self, message: str, *, systems: Sequence[tuple[str, str]], text: str = "", word: str = "1001") -> None:
        super().__init__(message)
        self.systems, self.text, self.word = tuple(systems), text, word


class Stale(UserError):
    """The anomaly moved on; the message says who did what, and when."""


class Repeated(Stale):
    """The same person asked for the same a moment ago, and it is under way."""


class SourceError(BotError):
    """An anomaly system did not do what was asked. `source` is its name, `retryable` whether another try makes sense.

    `reading`: whoever asked wanted to see something, and nothing else. `unsure`: it may have been done all the same.
    """

    retryable = False
    reading = False
    unsure = False

    def __init__(self, source: str, message: str) -> None:
        super().__init__(message)
        self.source = source


class SourceUnavailable(SourceError):
    """Time-out, dropped connection or 5xx. `dropped`: the connection broke, nobody answered at all. `brief` is the message in brackets:
    "HTTP 500", "" where it has no shorter form."""

    retryable = True

    def __init__(self, source: str, message: str, *, dropped: bool = False, brief: str = "") -> None:
        super().__init__(source, message)
        self.dropped, self.brief = dropped, brief


class SourceRateLimited(SourceError):
    """HTTP 429 or 503 with `Retry-After`; `retry_after` is how many seconds to wait, `asked` how many the system asked for: more than
    is waited for when that is absurd."""

    retryable = True

    def __init__(self, source: str, message: str, retry_after: float = 1.0, *, asked: float = 0.0) -> None:
        super().__init__(source, message)
        self.retry_after, self.asked = retry_after, max(asked, retry_after)


class SourceAuthFailed(SourceError):
    """HTTP 401, or a token known to be expired before the call."""


class SourceForbidden(SourceError):
    """HTTP 403. `right` is what is missing ("Editor"), `place` where (the datastore's name or id), each "" when unknown."""

    def __init__(self, source: str, message: str, *, right: str = "", place: str = "") -> None:
        super().__init__(source, message)
        self.right, self.place = right, place


class SourceMissing(SourceError):
    """HTTP 404."""


class SourceRejected(SourceError):
    """HTTP 422 or another 4xx. `fields` are the paths the system points at ("body.0.status"), `status` the HTTP code."""

    def __init__(self, source: str, message: str, *, status: int = 422, fields: Sequence[str] = ()) -> None:
        super().__init__(source, message)
        self.status, self.fields = status, tuple(fields)


class SourceGarbled(SourceError):
    """Not JSON, not the promised shape, or far too large."""

    retryable = True


class SourceUnsure(SourceError):
    """It was asked for, and neither the answer nor a look told what became of it: it is looked at again by itself."""

    retryable = True


class StoreError(BotError):
    """The database did not do what was asked: unreachable, full, read-only, or broken."""


class StoreUnavailable(StoreError):
    """The database as a whole is the trouble: gone, silent, full, read-only. The store logs when that begins and when it ends."""


class LeaseLost(StoreUnavailable):
    """What was being done passed to another process, or may have: the database did not take word from this one in time."""

    def __init__(self) -> None:
        super().__init__("The database did not answer for so long that another process goes on with this.")


class DeliveryError(BotError):
    """Slack did not do what was asked. `code` is Slack's own error word, "" when there is none."""

    retryable = False

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class SlackAmbiguous(DeliveryError):
    """A time-out, a dropped connection, a 5xx or `internal_error`: it may have been done."""


class SlackUnavailable(DeliveryError):
    """Nothing was done, or it does not matter if it was: try again later."""

    retryable = True


class SlackRateLimited(DeliveryError):
    """HTTP 429; `retry_after` in seconds."""

    retryable = True

    def __init__(self, message: str, *, code: str = "ratelimited", retry_after: float = 1.0) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class SlackAuthFailed(DeliveryError):
    """`invalid_auth`, `token_revoked`, `account_inactive`, `missing_scope` and the like."""


class ChannelGone(DeliveryError):
    """`channel_not_found`, `not_in_channel`, `is_archived` and the like: a person has to mend it."""


class MessageGone(DeliveryError):
    """`message_not_found`, `cant_update_message`, `edit_window_closed`."""


class BlocksRefused(DeliveryError):
    """`invalid_blocks`, `msg_blocks_too_long`, `msg_too_long`: the message has to be simpler."""


class SlackRejected(DeliveryError):
    """Any other `ok: false`."""
