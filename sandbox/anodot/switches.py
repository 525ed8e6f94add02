"""The switches of the fake account: where the real contract is unknown or told in two ways, both can be had."""

from __future__ import annotations

from typing import Literal

import pydantic


class ContractSwitches(pydantic.BaseModel):
    """How this Anodot behaves. The first word of each is how it is when nobody says anything.

    `expired`: the HTTP status for a token that has ended. `auth_errors`: other refusals of a token as `{message}` or as `errors[]`.
    `refusals`: what is wrong with a request as HTTP 400, or as `errors[]` inside of HTTP 200. `codes`: error codes as text or as numbers.
    `beside`: `errors[]` beside the result of a list. `limited`: the HTTP status for too many calls.
    `unknown_words`: what a parameter must not hold is refused, or ignored as if it was not sent.
    `weekly`: whether that resolution is taken. `negation`: how "not bookmarked by" is written.
    `group_scores`: 0..100 as in the vendor's sample, 0..1 as in its table, or one after the other. `paging_as`: `pagingMax`.
    `open_end`: `endDate` of an open anomaly is null, or the last time it was seen as in the vendor's sample.
    `hidden`: what `/metrics` answers for an anomaly that its filters hide. `merged`: whether the id of a merged one is still followed.
    `metrics_hours`: how far back `/metrics` looks without a `startDate`; `metrics_page`: how many metrics it tells at once.
    `triggers`: the newer or the older form of the list. `trigger_types`: as written in samples, or in capitals.
    `trigger_sort`: the word for sorting by update: of the table, of the samples, or both. `comments`: which groups
    take them, those with a trigger or any anomaly. `reasons`: in words or like an enum.
    `feedback_times`: the names of its parameters. `push_ids`: whether `anomalyId` of a webhook is another than the API's.
    `paging_max`: beyond it nothing comes; `default_size`: without `size`. `unsorted`: the order when nobody asks for one.
    `odd_every`: every so-many-th arrival is written oddly, each in another way (0: none).
    `anomaly_calls`, `trigger_calls`, `feedback_calls`, `other_calls`: in a minute, `at_once`: at the same time (0: no limit).
    `token_seconds`: how long a token lives. Times in seconds, `latency_ms` in milliseconds; with `arrivals` 0 nothing appears by itself.
    """

    model_config = pydantic.ConfigDict(extra="forbid", validate_assignment=True)

    expired: Literal["401", "400"] = "401"
    auth_errors: Literal["message", "errors"] = "message"
    refusals: Literal["http", "body"] = "http"
    codes: Literal["text", "numbers"] = "text"
    beside: Literal["none", "errors"] = "none"
    limited: Literal["400", "429"] = "400"
    unknown_words: Literal["refused", "ignored"] = "refused"
    weekly: Literal["taken", "refused"] = "taken"
    negation: Literal["!", "-"] = "!"
    group_scores: Literal["hundred", "unit", "mixed"] = "hundred"
    paging_as: Literal["text", "number"] = "text"
    open_end: Literal["null", "seen"] = "null"
    hidden: Literal["404", "empty"] = "404"
    merged: Literal["gone", "followed"] = "gone"
    metrics_hours: int = pydantic.Field(default=24, ge=1)
    metrics_page: int = pydantic.Field(default=10, ge=1)
    triggers: Literal["newer", "older"] = "newer"
    trigger_types: Literal["samples", "capitals"] = "samples"
    trigger_sort: Literal["both", "updateTime", "updatedTime"] = "both"
    comments: Literal["triggers", "anomalies"] = "triggers"
    reasons: Literal["words", "enum"] = "words"
    feedback_times: Literal["startTime", "startDate"] = "startTime"
    push_ids: Literal["differ", "same"] = "differ"
    paging_max: int = pydantic.Field(default=1000, ge=1)
    default_size: int = pydantic.Field(default=50, ge=1)
    unsorted: Literal["startDate", "score"] = "startDate"
    odd_every: int = pydantic.Field(default=0, ge=0)
    anomaly_calls: int = pydantic.Field(default=1000, ge=0)
    trigger_calls: int = pydantic.Field(default=500, ge=0)
    feedback_calls: int = pydantic.Field(default=50, ge=0)
    other_calls: int = pydantic.Field(default=500, ge=0)
    at_once: int = pydantic.Field(default=0, ge=0)
    token_seconds: int = pydantic.Field(default=86_400, ge=1)
    latency_ms: float = pydantic.Field(default=0, ge=0)
    arrivals: float = pydantic.Field(default=0, ge=0)
