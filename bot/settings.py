"""The settings, typed, from the environment (design section 6). Only the composition root and the command line read them.

Fields are named like their variables, in lower case; those of the anomaly systems are read as each of them declares it. `load` collects
every fault before it gives up: one sentence each, naming the variable, never showing a secret.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot import errors, model, ports
from bot.core import lookup, permissions, phrases, setting_values

CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")
DAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
DIGEST = re.compile(rf"off|(?:[01]\d|2[0-3]):[0-5]\d(?: (?:daily|weekdays|weekends|{DAY}(?:,{DAY})*))?")
DATABASES = ("sqlite", "postgres", "postgresql", "postgresql+asyncpg")
HOST = re.compile(r"[A-Za-z0-9.:_-]{1,253}")

OURS = "DESK"
"""Variables that begin like this, or with the prefix of a system, are ours: one that we do not know is a typing error."""
FOREIGN = re.compile(r"\w+_SERVICE_(?:HOST|PORT\w*)|\w+_PORT(?:_\w+)?")
"""... except those that Kubernetes sets for a service named desk, or like a system, and those that a system says are not its own."""

OAUTH = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")
"""Bolt switches to OAuth by itself when it sees both (slack-platform section 11)."""

_SECRET = setting_values.secret()
CALLS = ports.Setting("CALLS_PER_MINUTE", setting_values.number(1, 100_000, int))
"""What every system has: no more calls than this in a minute."""
WEBHOOK_SECRET = ports.Setting("WEBHOOK_SECRET", _SECRET, secret=True)
"""What every system has that pushes: the secret of its webhooks alone."""


def declared(kind: ports.Kind) -> Sequence[ports.Setting]:
    """All settings of a system: its own, and those that it need not declare."""
    return (*kind.settings, CALLS, *([WEBHOOK_SECRET] if kind.hooks else ()))


def own_words(spoken: Iterable[ports.Kind]) -> Mapping[str, str]:
    """Every filter word that belongs to one system, and the title of that."""
    return {word: kind.title for kind in spoken for word in kind.words}


def _database(value: str) -> str:
    scheme, _, rest = value.partition(":")
    if scheme not in DATABASES or not rest.startswith("//"):
        raise ValueError("must begin with sqlite:///, postgres:// or postgresql://")
    return value


def _timezone(value: str) -> str:
    if value not in zoneinfo.available_timezones():
        near = lookup.near(value, zoneinfo.available_timezones())
        raise ValueError(f'must be a time zone like Europe/Madrid, not "{value}"{_did_you_mean(near)}')
    return value


def _members(value: str) -> tuple[str, ...]:
    ids = tuple(value.replace(",", " ").split())
    permissions.grants(ids, {})
    return ids


def _permissions(value: str) -> dict[str, Any]:
    found = setting_values.table(value)
    permissions.grants((), found)
    return found


def _did_you_mean(near: Sequence[str]) -> str:
    return f" (did you mean {near[0]}?)" if near else ""


def _number(low: float, high: float, kind: Callable[[str], float] = float) -> BeforeValidator:
    return BeforeValidator(setting_values.number(low, high, kind))


def _like(pattern: re.Pattern[str], wanted: str) -> BeforeValidator:
    return BeforeValidator(setting_values.like(pattern, wanted))


def _secret(prefix: str = "") -> BeforeValidator:
    return BeforeValidator(setting_values.secret(prefix))


Secret = Annotated[SecretStr, _secret()]
Url = Annotated[str, BeforeValidator(setting_values.url)]


@dataclass(frozen=True, slots=True)
class SystemSettings:
    """What is set of one system: `values` of its settings by name, the defaults filled in, secrets as `SecretStr`; and where its severities
    begin."""

    values: Mapping[str, Any]
    severity: ports.Thresholds

    @property
    def calls_per_minute(self) -> int:
        """The most calls that it gets in a minute; 0 for as many as it takes."""
        return int(self.values[CALLS.name] or 0)

    def plain(self) -> Mapping[str, Any]:
        """The values with the secrets as they are, for whoever uses them."""
        return {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in self.values.items()}


class Settings(BaseSettings):
    """What the environment says. Secrets are `SecretStr`: they are not in the repr. None means unset."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", validate_default=False)

    slack_bot_token: Annotated[SecretStr, _secret("xoxb-")] = Field(description='the "Bot User OAuth Token" of the app')
    slack_app_token: Annotated[SecretStr, _secret("xapp-")] | None = None
    slack_signing_secret: Secret | None = None
    slack_api_url: Url = "https://slack.com/api/"
    database_url: Annotated[SecretStr, BeforeValidator(_database)] = SecretStr("sqlite:///anomaly-desk.db")

    desk_channel: Annotated[str, _like(CHANNEL, "the id of a channel (C... or G..., at the end of the channel's details)")] = Field(
        description="the id of the channel for new anomalies (C...)"
    )
    desk_poll_seconds: Annotated[float, _number(0.5, 86400)] = 30.0
    desk_burst: Annotated[int, _number(1, 1000, int)] = 5
    desk_wait_seconds: Annotated[float, _number(0, 3600)] = 10.0
    desk_digest: Annotated[str, _like(DIGEST, 'a time and days like "09:00 weekdays", or off')] = "09:00 weekdays"
    desk_scan_minutes: Annotated[float, _number(1, 20160)] = 720.0
    desk_timezone: Annotated[str, BeforeValidator(_timezone)] = "UTC"
    desk_severity: Annotated[Mapping[str, Any], NoDecode, BeforeValidator(setting_values.table)] = Field(default_factory=dict)
    desk_posts_per_minute: Annotated[int, _number(1, 1000, int)] = 300
    desk_keep_days: Annotated[int, _number(1, 3650, int)] = 180
    desk_actor_comments: Annotated[bool, BeforeValidator(setting_values.switch)] = True
    desk_admins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_members)] = ()
    desk_permissions: Annotated[Mapping[str, Any], NoDecode, BeforeValidator(_permissions)] = Field(default_factory=dict)
    desk_webhook_secret: Secret | None = None
    desk_public_url: Url | None = None
    desk_host: Annotated[str, _like(HOST, "an address of this machine like 127.0.0.1, or 0.0.0.0 for all")] | None = None
    desk_click_calls: Annotated[int, _number(1, 100, int)] = 12
    desk_write_calls: Annotated[int, _number(1, 100, int)] = 4
    desk_read_calls: Annotated[int, _number(1, 100, int)] = 8
    port: Annotated[int, _number(0, 65535, int)] = 3000

    _systems: Mapping[str, SystemSettings] = PrivateAttr(default_factory=dict)
    _notes: tuple[str, ...] = PrivateAttr(default=())

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

    def beside(self, systems: Mapping[str, SystemSettings], notes: tuple[str, ...]) -> Settings:
        """These settings with those of the systems, and what is to be said about them."""
        self._systems, self._notes = systems, notes
        return self

    def webhook_secret(self, kind: ports.Kind) -> tuple[str, str]:
        """The variable with the secret of a system's webhooks, and the secret: its own, else that of all, "" when there is none."""
        given = self.systems[kind.name].values.get(WEBHOOK_SECRET.name) if kind.name in self.systems else None
        if given is not None:
            return kind.variable(WEBHOOK_SECRET.name), given.get_secret_value()
        return f"{OURS}_{WEBHOOK_SECRET.name}", self.desk_webhook_secret.get_secret_value() if self.desk_webhook_secret else ""

    @property
    def systems(self) -> Mapping[str, SystemSettings]:
        """The anomaly systems that are on, by name, in the order in which they are known."""
        return self._systems

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences to log at the start: what is set and does nothing."""
        return self._notes


def load(environ: Mapping[str, str], known: Iterable[ports.Kind]) -> Settings:
    """Read the settings; an empty value counts as missing. `known` are the systems that this release speaks.

    Raises `errors.ConfigError` with every fault, one sentence each."""
    given = {name: value.strip() for name, value in environ.items() if value.strip()}
    spoken = list(known)
    faults = list[str]()
    severities = _severities(given.get("DESK_SEVERITY", ""), spoken, faults)
    systems = {kind.name: _system(given, kind, severities, faults) for kind in spoken}
    faults += [*_together(given), *_missing(given, spoken), *_unknown(given, spoken)]
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in given.items()}
    try:
        settings = Settings(**source())
    except ValidationError as error:
        wrong = [sentence for fault in error.errors(include_input=False) for sentence in _sentences(fault)]
        raise errors.ConfigError([*wrong, *faults]) from None
    if faults:
        raise errors.ConfigError(faults)
    on = {kind.name: systems[kind.name] for kind in spoken if kind.configured(given)}
    return settings.beside(on, tuple(_left_out(given, spoken)))


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
    if given.keys() >= set(OAUTH):
        yield "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET must not be set: they switch the Slack library to OAuth, and the desk has one token."


# --- the anomaly systems -------------------------------------------------------------------------------------------------


def _system(given: Mapping[str, str], kind: ports.Kind, severities: Mapping[str, ports.Thresholds], faults: list[str]) -> SystemSettings:
    """What is set of one system, whether it is on or not; what cannot be read is a fault."""
    values: dict[str, Any] = {}
    for setting in declared(kind):
        text = given.get(kind.variable(setting.name))
        try:
            value = setting.default if text is None else setting.read(text)
        except ValueError as error:
            faults.append(f"{kind.variable(setting.name)} {error}.")
            continue
        values[setting.name] = SecretStr(value) if setting.secret and value is not None else value
    return SystemSettings(values, severities.get(kind.name, kind.severity or {}))


def _severities(text: str, spoken: Sequence[ports.Kind], faults: list[str]) -> Mapping[str, ports.Thresholds]:
    """DESK_SEVERITY: for each system by its name; without names, those of the one that was alone once. That it is no JSON at all is said
    elsewhere."""
    try:
        found = setting_values.table(text) if text else {}
    except ValueError:
        return {}
    if text and (not found or found.keys() & set(model.Severity)):
        found = {next((kind.name for kind in spoken if kind.classic), spoken[0].name): found}
    read: dict[str, ports.Thresholds] = {}
    for name, bounds in found.items():
        try:
            read[name] = _bounds(name, bounds, spoken)
        except ValueError as error:
            faults.append(f"DESK_SEVERITY {error}.")
    return read


def _bounds(name: str, bounds: Any, spoken: Sequence[ports.Kind]) -> ports.Thresholds:
    kind = next((one for one in spoken if one.name == name), None)
    if kind is None:
        near = lookup.near(name, [one.name for one in spoken])
        raise ValueError(f"names no system of the desk: {phrases.quoted(name)}{_did_you_mean(near)}")
    if kind.severity is None:
        raise ValueError(f"must leave out {name}: {kind.title} tells itself how severe an anomaly is")
    return setting_values.thresholds(bounds if isinstance(bounds, Mapping) else {})


def _missing(given: Mapping[str, str], spoken: Sequence[ports.Kind]) -> Iterator[str]:
    """No system at all, or one that lets nobody in."""
    on = [kind for kind in spoken if kind.configured(given)]
    for kind in on:
        yield from _keyless(given, kind)
    if on:
        return
    addresses = phrases.either([kind.variable("URL") for kind in spoken])
    wanted = next(setting.wanted for kind in spoken for setting in kind.settings if setting.name == "URL")
    told = f"it to {wanted}" if len(spoken) == 1 else "at least one of them to the address of its system"
    yield f"{addresses} is missing: set {told}."


def _keyless(given: Mapping[str, str], kind: ports.Kind) -> Iterator[str]:
    """What is missing of the keys to a system; of several ways in, the one that somebody began."""
    ways = [[name for name in way if kind.variable(name) not in given] for way in kind.keys]
    if not all(ways):
        return
    begun = [missing for missing, way in zip(ways, kind.keys, strict=True) if len(missing) < len(way)] or ways
    if len(begun) > 1:
        choice = phrases.either([phrases.both([kind.variable(name) for name in way]) for way in begun])
        yield f"{choice} must be set: {kind.title} lets nobody in without."
        return
    wanted = {setting.name: setting.wanted for setting in kind.settings}
    yield from (f"{kind.variable(name)} is missing: set it to {wanted[name]}." for name in begun[0])


def _left_out(given: Mapping[str, str], spoken: Sequence[ports.Kind]) -> Iterator[str]:
    """What is set of a system and does nothing."""
    for kind in spoken:
        keys = [kind.variable(name) for way in kind.keys for name in way if kind.variable(name) in given]
        if keys and not kind.configured(given):
            yield f"{keys[0]} is set and {kind.variable('URL')} is not: {kind.title} is left out."


def _unknown(given: Mapping[str, str], kinds: Sequence[ports.Kind]) -> Iterator[str]:
    """Typing errors in the names of our own variables."""
    theirs = [kind.variable(setting.name) for kind in kinds for setting in declared(kind)]
    known = [*(name.upper() for name in Settings.model_fields), *theirs]
    begins = tuple(f"{prefix}_" for prefix in (OURS, *(kind.prefix for kind in kinds)))
    foreign = {name for kind in kinds for name in kind.foreign}
    for name in sorted(given):
        if name.startswith(begins) and name not in known and name not in foreign and not FOREIGN.fullmatch(name):
            yield f"{name} is no setting of the desk{_did_you_mean(lookup.near(name, known))}."
