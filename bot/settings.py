"""The settings, typed, from the environment (design section 6). Only the composition root and the command line read them.

Fields are named like their variables, in lower case. `load` collects every fault before it gives up: one sentence each, naming the
variable, never showing a secret.
"""

from __future__ import annotations

import json
import re
import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any
from urllib import parse

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot import errors, model
from bot.core import lookup, permissions

CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")
DAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
DIGEST = re.compile(rf"off|(?:[01]\d|2[0-3]):[0-5]\d(?: (?:daily|weekdays|weekends|{DAY}(?:,{DAY})*))?")
DATABASES = ("sqlite", "sqlite+aiosqlite", "postgres", "postgresql", "postgresql+asyncpg")
HOST = re.compile(r"[A-Za-z0-9.:_-]{1,253}")
YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")

OURS = re.compile(r"(?:DESK|QUALYTICS)_")
"""Variables that begin like this are ours: one that we do not know is a typing error."""
FOREIGN = re.compile(
    r"QUALYTICS_(?:SSL_VERIFY|TIMEOUT|NO_BANNER|CONFIG_HOME)|\w+_SERVICE_(?:HOST|PORT\w*)|\w+_PORT(?:_\w+)?",
)
"""... except the ones of the vendor's command line, and those that Kubernetes sets for a service named desk or qualytics."""

OAUTH = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")
"""Bolt switches to OAuth by itself when it sees both (slack-platform section 11)."""
OTHERS = {"ANODOT_URL": "Anodot", "ANOMIFY_URL": "Anomify", "AUTIONAL_URL": "Autional"}
"""Systems that are known by name, and not spoken yet."""


def _secret(prefix: str = "") -> BeforeValidator:
    def check(value: str) -> str:
        if not value.startswith(prefix):
            raise ValueError(f"must begin with {prefix}")
        if not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("has characters in it that no secret has: copy it again")
        return value

    return BeforeValidator(check)


def _url(value: str) -> str:
    try:
        parts = parse.urlsplit(value)
        sound = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0) and " " not in value
    except ValueError:
        sound = False
    if not sound:
        raise ValueError("must be an address like https://acme.example.com")
    if "?" in value or "#" in value or "@" in parts.netloc:
        raise ValueError('must be an address alone, like https://acme.example.com: without "?", "#" or a user name and password in it')
    return value


def _database(value: str) -> str:
    scheme, _, rest = value.partition(":")
    if scheme not in DATABASES or not rest.startswith("//"):
        raise ValueError("must begin with sqlite:///, postgres:// or postgresql://")
    return value


def _like(pattern: re.Pattern[str], wanted: str) -> BeforeValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(f'must be {wanted}, not "{value}"')
        return value

    return BeforeValidator(check)


def _number(low: float, high: float, read: Callable[[str], float] = float) -> BeforeValidator:
    def check(value: str) -> float:
        try:
            number = read(value)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise ValueError(f'must be a {"whole " if read is int else ""}number from {low:g} to {high:g}, not "{value}"')
        return number

    return BeforeValidator(check)


def _switch(value: str) -> bool:
    if value.lower() not in YES + NO:
        raise ValueError(f'must be true or false, not "{value}"')
    return value.lower() in YES


def _timezone(value: str) -> str:
    if value not in zoneinfo.available_timezones():
        near = lookup.near(value, zoneinfo.available_timezones())
        raise ValueError(f'must be a time zone like Europe/Madrid, not "{value}"{_did_you_mean(near)}')
    return value


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _places(value: str) -> tuple[str, ...]:
    """Names or ids. A list with nothing in it would mean all of them, which is hardly what somebody meant who wrote it."""
    found = _list(value)
    if not found:
        raise ValueError("names no datastore: leave it out for all of them")
    return found


def _members(value: str) -> tuple[str, ...]:
    ids = tuple(value.replace(",", " ").split())
    permissions.grants(ids, {})
    return ids


def _object(value: str) -> dict[str, Any]:
    try:
        found = json.loads(value)
    except ValueError as error:
        raise ValueError(f"must be JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("must be a JSON object")
    return found


def _permissions(value: str) -> dict[str, Any]:
    found = _object(value)
    permissions.grants((), found)
    return found


def _severity(value: str) -> tuple[tuple[model.Severity, float], ...]:
    """Severities and the weight where each begins, highest first."""
    bounds = _object(value)
    numbers = [bounds.get(word.value) for word in model.Severity]
    rising = all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers) and numbers == sorted(
        set(numbers)  # type: ignore[type-var]
    )
    if not rising or len(bounds) != len(model.Severity):
        raise ValueError('must give low, medium, high and critical rising weights, like {"low":0,"medium":20,"high":50,"critical":80}')
    return tuple((word, float(bounds[word.value])) for word in reversed(model.Severity))


def _did_you_mean(near: Sequence[str]) -> str:
    return f" (did you mean {near[0]}?)" if near else ""


Secret = Annotated[SecretStr, _secret()]
Url = Annotated[str, BeforeValidator(_url)]
SEVERITY = tuple(zip(reversed(model.Severity), (80.0, 50.0, 20.0, 0.0), strict=True))


class Settings(BaseSettings):
    """What the environment says. Secrets are `SecretStr`: they are not in the repr. None means unset."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", validate_default=False)

    slack_bot_token: Annotated[SecretStr, _secret("xoxb-")] = Field(description='the "Bot User OAuth Token" of the app')
    slack_app_token: Annotated[SecretStr, _secret("xapp-")] | None = None
    slack_signing_secret: Secret | None = None
    slack_api_url: Url = "https://slack.com/api/"
    database_url: Annotated[SecretStr, BeforeValidator(_database)] = SecretStr("sqlite:///anomaly-desk.db")

    qualytics_url: Url | None = None
    qualytics_token: Secret | None = None
    qualytics_datastores: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_places)] = ()
    qualytics_max_batch: Annotated[int, _number(1, 1000, int)] = 100

    anodot_url: Url | None = None
    anodot_access_key: Secret | None = None
    anomify_url: Url | None = None
    anomify_token: Secret | None = None
    autional_url: Url | None = None
    autional_token: Secret | None = None
    autional_client_id: str | None = None
    autional_client_secret: Secret | None = None
    autional_tenant: str | None = None

    desk_channel: Annotated[str, _like(CHANNEL, "the id of a channel (C... or G..., at the end of the channel's details)")] = Field(
        description="the id of the channel for new anomalies (C...)"
    )
    desk_poll_seconds: Annotated[float, _number(0.5, 86400)] = 30.0
    desk_burst: Annotated[int, _number(1, 1000, int)] = 5
    desk_wait_seconds: Annotated[float, _number(0, 3600)] = 10.0
    desk_digest: Annotated[str, _like(DIGEST, 'a time and days like "09:00 weekdays", or off')] = "09:00 weekdays"
    desk_scan_minutes: Annotated[float, _number(1, 20160)] = 720.0
    desk_timezone: Annotated[str, BeforeValidator(_timezone)] = "UTC"
    desk_severity: Annotated[tuple[tuple[model.Severity, float], ...], NoDecode, BeforeValidator(_severity)] = SEVERITY
    desk_posts_per_minute: Annotated[int, _number(1, 1000, int)] = 300
    desk_keep_days: Annotated[int, _number(1, 3650, int)] = 180
    desk_actor_comments: Annotated[bool, BeforeValidator(_switch)] = True
    desk_admins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_members)] = ()
    desk_permissions: Annotated[Mapping[str, Any], NoDecode, BeforeValidator(_permissions)] = Field(default_factory=dict)
    desk_webhook_secret: Secret | None = None
    desk_host: Annotated[str, _like(HOST, "an address of this machine like 127.0.0.1, or 0.0.0.0 for all")] | None = None
    port: Annotated[int, _number(0, 65535, int)] = 3000

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over: no .env files, no environment behind its back."""
        return (init_settings,)

    @property
    def socket_mode(self) -> bool:
        """Whether Slack is reached over Socket Mode (the app-level token is set), else over HTTP."""
        return self.slack_app_token is not None

    @property
    def host(self) -> str:
        """The interface to listen on, "" for all: in Socket Mode nobody outside has anything to ask."""
        if self.desk_host is not None:
            return self.desk_host
        return "127.0.0.1" if self.socket_mode else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences to log at the start: what is set and does nothing."""
        return tuple(
            f"{name} is set, but this version speaks Qualytics only: {title} is left out."
            for name, title in OTHERS.items()
            if getattr(self, name.lower())
        )


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings; an empty value counts as missing. Raises `errors.ConfigError` with every fault, one sentence each."""
    given = {name: value.strip() for name, value in environ.items() if value.strip()}
    faults = [*_together(given), *_unknown(given)]
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in given.items()}
    try:
        settings = Settings(**source())
    except ValidationError as error:
        wrong = [sentence for fault in error.errors(include_input=False) for sentence in _sentences(fault)]
        raise errors.ConfigError([*wrong, *faults]) from None
    if faults:
        raise errors.ConfigError(faults)
    return settings


def _sentences(fault: Any) -> list[str]:
    """What pydantic found, in our words: validators finish the sentence that the variable's name begins."""
    field = str(fault["loc"][0])
    if fault["type"] == "missing":
        return [f"{field.upper()} is missing: set it to {Settings.model_fields[field].description}."]
    said = str(fault.get("ctx", {}).get("error", fault["msg"]))
    return said.splitlines() if said.startswith(field.upper()) else [f"{field.upper()} {said}."]


def _together(given: Mapping[str, str]) -> Iterator[str]:
    """Faults that no variable has alone."""
    if not {"SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"} & given.keys():
        yield (
            "SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both missing: set the app-level token (xapp-...) for Socket Mode, "
            "or the signing secret for Slack over HTTP."
        )
    if "QUALYTICS_URL" not in given:
        other = next((f"{name} is set, but this version speaks Qualytics only: " for name in OTHERS if name in given), "")
        yield f"{other}QUALYTICS_URL is missing: set it to the address of your deployment, like https://acme.qualytics.io."
    elif "QUALYTICS_TOKEN" not in given:
        yield "QUALYTICS_TOKEN is missing: set it to a personal API token of QUALYTICS_URL."
    if given.keys() >= set(OAUTH):
        yield "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET must not be set: they switch the Slack library to OAuth, and the desk has one token."


def _unknown(given: Mapping[str, str]) -> Iterator[str]:
    """Typing errors in the names of our own variables."""
    known = [name.upper() for name in Settings.model_fields]
    for name in sorted(given):
        if OURS.match(name) and name not in known and not FOREIGN.fullmatch(name):
            near = lookup.near(name, known)
            yield f"{name} is no setting of the desk{_did_you_mean(near)}."
