"""The switches of the fake tenant: where the real contract is unknown or told in two ways, both can be had."""

from __future__ import annotations

from typing import Literal

import pydantic


class ContractSwitches(pydantic.BaseModel):
    """How this Autional behaves. The first word of each is how it is when nobody says anything: what the vendor's running clients do.

    `prefix`: the path of the audit service that answers, the other is not there. `oauth`: the same for the exchange of tokens.
    `unknown_route`: how the gateway says that a path is not there.
    `words`: the statuses that may be set, those of the consoles or those of the vendor's page; `filter_words`: that may be asked for.
    `transitions`: any, or those alone that the consoles offer. `empty_assignee`: what `assignee: ""` does beside a status.
    `times`: how moments are written. `empties`: whether what is empty is left out, or told as "", 0 and null.
    `auth_errors`: 401 and 403 of the audit service as problem objects, or as the gateway's `{code, message, timestamp}`.
    `refusals`: other refusals of it with their HTTP status, or as `code != 0` with the status 200.
    `codes`: error codes as numbers or as text. `machines`: whether a token of client credentials may see the audit.
    `duties`: with separated duties nobody but analysts and auditors sees more than statistics.
    `author_names`: empty, as in practice, or filled in. `members`: with or without names and addresses.
    `detect`: answers with what it found, or with a task that nobody can ask about; then it finds after `detect_seconds`.
    `pages`: with all that the contract has of a page, with what the vendor's own tests have, or with the total alone.
    `empty_lists`: written as [], or as null, as Go does with a list that nobody made.
    `odd_every`: every so-many-th arrival is written oddly, each in another way (0: none).
    `calls_per_minute`: more are answered by 429 (0: no limit). `token_seconds`: how long an exchanged token lives.
    Times in seconds, `latency_ms` in milliseconds; with `arrivals` 0 nothing appears by itself.
    """

    model_config = pydantic.ConfigDict(extra="forbid", validate_assignment=True)

    prefix: Literal["audit", "audit-service"] = "audit"
    oauth: Literal["/bff/oauth/api/v1", "/api/v1"] = "/bff/oauth/api/v1"
    unknown_route: Literal["json", "text"] = "json"
    words: Literal["console", "page"] = "console"
    filter_words: Literal["console", "page"] = "console"
    transitions: Literal["any", "console"] = "any"
    empty_assignee: Literal["ignored", "clears", "refused"] = "ignored"
    times: Literal["milliseconds", "seconds", "mixed"] = "milliseconds"
    empties: Literal["omitted", "told"] = "omitted"
    auth_errors: Literal["problem", "plain"] = "problem"
    refusals: Literal["http", "envelope"] = "http"
    codes: Literal["numbers", "text"] = "numbers"
    machines: Literal["allowed", "forbidden"] = "allowed"
    duties: Literal["single", "separated"] = "single"
    author_names: Literal["empty", "filled"] = "empty"
    members: Literal["full", "bare"] = "full"
    pages: Literal["full", "bare", "total"] = "full"
    empty_lists: Literal["list", "null"] = "list"
    odd_every: int = pydantic.Field(default=0, ge=0)
    detect: Literal["list", "task"] = "list"
    detect_anomalies: int = pydantic.Field(default=2, ge=0)
    detect_seconds: float = pydantic.Field(default=2, ge=0)
    calls_per_minute: int = pydantic.Field(default=0, ge=0)
    token_seconds: int = pydantic.Field(default=3600, ge=1)
    latency_ms: float = pydantic.Field(default=0, ge=0)
    arrivals: float = pydantic.Field(default=0, ge=0)
