"""The switches of the fake organisation: where the real contract is unknown or told in two ways, both can be had."""

from __future__ import annotations

from typing import Literal

import pydantic


class ContractSwitches(pydantic.BaseModel):
    """How this Anomify behaves. The first word of each is how it is when nobody says anything.

    `refusals`: `status.code` inside of HTTP 200, or the HTTP status says so too, or the HTTP status with a text that is no envelope.
    `cookies`: who gets one. `strangers`: a session of nobody is refused, or is taken for a demo account.
    `demo`: whether the token's own organisation is a demo. `related`: whether correlations could be read, or are told of by a status
    alone. `running_until`: `until_timestamp` while an anomaly goes on is null, absent, or the last time it was seen.
    `unstored_id`: what a look-up tells of an anomaly that is not stored yet.
    `list`: the unpublished `/anomalies` is no method (404), or is answered as `data.anomalies`, as `data` itself, by id, thinly with
    texts, or with the anomalies wrapped as in `/anomaly/{id}`.
    `hosts`: the host of addresses in replies: api-stage as in the vendor's sample, this server, `elsewhere`, or none.
    `graphs`: what the address of an image answers.
    `posts`: whether webhooks are sent, twice, or not at all. `order`: the first post of an anomaly may come after a later one.
    `calls_per_minute`: of one caller, 0 for no limit. `stored_after`, `correlated_after`: seconds since its beginning;
    `retry_seconds`: between two tries of a post. `odd_every`: every so-many-th arrival is written oddly, each in another way (0: none).
    `latency_ms` in milliseconds, `arrivals` in seconds; with 0 nothing appears by itself.
    """

    model_config = pydantic.ConfigDict(extra="forbid", validate_assignment=True)

    refusals: Literal["inside", "http", "text"] = "inside"
    cookies: Literal["strangers", "everybody"] = "strangers"
    strangers: Literal["refused", "demo"] = "refused"
    demo: Literal["no", "yes"] = "no"
    related: Literal["read", "failed", "status alone"] = "read"
    running_until: Literal["null", "absent", "seen"] = "null"
    unstored_id: Literal["given", "null", "0"] = "given"
    list: Literal["refused", "anomalies", "bare", "by id", "thin", "wrapped"] = "refused"
    hosts: Literal["stage", "own", "elsewhere", "none"] = "stage"
    elsewhere: str = "https://images.acme.example"
    graphs: Literal["png", "oversized", "endless", "html", "mislabelled", "svg", "empty", "missing", "redirect"] = "png"
    posts: Literal["sent", "twice", "silent"] = "sent"
    order: Literal["right", "wrong"] = "right"
    calls_per_minute: int = pydantic.Field(default=0, ge=0)
    stored_after: float = pydantic.Field(default=20, ge=0)
    correlated_after: float = pydantic.Field(default=180, ge=0)
    retry_seconds: float = pydantic.Field(default=2, ge=0)
    odd_every: int = pydantic.Field(default=0, ge=0)
    latency_ms: float = pydantic.Field(default=0, ge=0)
    arrivals: float = pydantic.Field(default=0, ge=0)
