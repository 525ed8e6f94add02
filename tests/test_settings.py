"""The settings as somebody who deploys the desk meets them: what starts, and the sentence for everything that does not."""

from __future__ import annotations

import pytest

from bot import app, errors, model, ports, settings
from bot.core import setting_values
from bot.sources import registry

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-token-1",
    "SLACK_APP_TOKEN": "xapp-token-2",
    "QUALYTICS_URL": "https://acme.qualytics.io",
    "QUALYTICS_TOKEN": "token-3",
    "DESK_CHANNEL": "C0123456789",
}

WITHOUT = 'without "?", "#" or a user name and password in it'


def faults(**changes: str | None) -> list[str]:
    """What is said about a good environment with these changes (None: without the variable)."""
    environ = {name: value for name, value in (GOOD | changes).items() if value is not None}
    with pytest.raises(errors.ConfigError) as caught:
        app.load(environ)
    return list(caught.value.faults)


def test_the_smallest_environment_starts_with_the_defaults_of_the_design() -> None:
    read = app.load(GOOD)
    assert read.slack_bot_token.get_secret_value() == "xoxb-token-1"
    assert read.socket_mode
    assert read.slack_api_url == "https://slack.com/api/"
    assert read.database_url.get_secret_value() == "sqlite:///anomaly-desk.db"
    (name,), (given,) = read.systems.keys(), read.systems.values()
    assert (name, given.values["DATASTORES"], given.values["MAX_BATCH"], given.calls_per_minute) == ("qualytics", (), 100, 0)
    assert given.plain()["TOKEN"] == "token-3"
    assert {word.value: bound for word, bound in given.severity.items()} == {"low": 0, "medium": 20, "high": 50, "critical": 80}
    assert (read.desk_click_calls, read.desk_write_calls, read.desk_read_calls) == (12, 4, 8)
    assert (read.desk_poll_seconds, read.desk_burst, read.desk_wait_seconds) == (30, 5, 10)
    assert (read.desk_digest, read.desk_timezone, read.desk_posts_per_minute) == ("09:00 weekdays", "UTC", 300)
    assert read.desk_actor_comments is True
    assert (read.desk_admins, dict(read.desk_permissions), read.desk_webhook_secret, read.port) == ((), {}, None, 3000)
    assert read.notes == ()


def test_everything_can_be_set() -> None:
    read = app.load(
        GOOD
        | {
            "SLACK_APP_TOKEN": "",
            "SLACK_SIGNING_SECRET": "abc123",
            "SLACK_API_URL": "http://127.0.0.1:8080/api/",
            "DATABASE_URL": "postgres://desk:pw@db/desk",
            "QUALYTICS_DATASTORES": "12, warehouse prod ,",
            "QUALYTICS_MAX_BATCH": "50",
            "QUALYTICS_CALLS_PER_MINUTE": "600",
            "DESK_CLICK_CALLS": "6",
            "DESK_WRITE_CALLS": "2",
            "DESK_READ_CALLS": "3",
            "DESK_POLL_SECONDS": "0.5",
            "DESK_BURST": "7",
            "DESK_WAIT_SECONDS": "0",
            "DESK_DIGEST": "18:30 mon,wed",
            "DESK_TIMEZONE": "Europe/Madrid",
            "DESK_SEVERITY": '{"low": 0, "medium": 1, "high": 2.5, "critical": 3}',
            "DESK_POSTS_PER_MINUTE": "60",
            "DESK_ACTOR_COMMENTS": "off",
            "DESK_ADMINS": "U0AAA, S0BBB W0CCC",
            "DESK_PERMISSIONS": '{"archive": ["S0BBB", "U0AAA"], "delete": "nobody"}',
            "DESK_WEBHOOK_SECRET": "hush",
            "DESK_PUBLIC_URL": "https://desk.example.com",
            "PORT": "8080",
        }
    )
    assert not read.socket_mode
    given = read.systems["qualytics"]
    assert given.values["DATASTORES"] == ("12", "warehouse prod") and given.calls_per_minute == 600
    assert (read.desk_click_calls, read.desk_write_calls, read.desk_read_calls) == (6, 2, 3)
    assert read.desk_digest == "18:30 mon,wed"
    assert [bound for _, bound in sorted(given.severity.items(), key=lambda one: one[1])] == [0, 1, 2.5, 3]
    assert read.desk_actor_comments is False
    assert read.desk_admins == ("U0AAA", "S0BBB", "W0CCC")
    assert read.desk_permissions == {"archive": ["S0BBB", "U0AAA"], "delete": "nobody"}
    assert (given.values["MAX_BATCH"], read.desk_poll_seconds, read.desk_burst, read.desk_wait_seconds) == (50, 0.5, 7, 0)
    assert (read.desk_posts_per_minute, read.port) == (60, 8080)
    assert read.desk_public_url == "https://desk.example.com"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SLACK_BOT_TOKEN", None, 'SLACK_BOT_TOKEN is missing: set it to the "Bot User OAuth Token" of the app.'),
        ("SLACK_BOT_TOKEN", "  ", 'SLACK_BOT_TOKEN is missing: set it to the "Bot User OAuth Token" of the app.'),
        ("SLACK_BOT_TOKEN", "xapp-1", "SLACK_BOT_TOKEN must begin with xoxb-."),
        ("SLACK_BOT_TOKEN", "xoxb-1\n2", "SLACK_BOT_TOKEN has characters in it that no secret has: copy it again."),
        ("SLACK_APP_TOKEN", "xoxb-1", "SLACK_APP_TOKEN must begin with xapp-."),
        ("SLACK_API_URL", "slack.com/api", "SLACK_API_URL must be an address like https://acme.example.com."),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL must begin with sqlite:///, postgres:// or postgresql://."),
        ("QUALYTICS_URL", "acme", "QUALYTICS_URL must be an address like https://acme.example.com."),
        ("QUALYTICS_URL", "https://acme:0", "QUALYTICS_URL must be an address like https://acme.example.com."),
        ("QUALYTICS_URL", "https://[x", "QUALYTICS_URL must be an address like https://acme.example.com."),
        *(
            (name, f"{before}acme.example.com/{after}", f"{name} must be an address alone, like https://acme.example.com: {WITHOUT}.")
            for name in ("QUALYTICS_URL", "SLACK_API_URL")
            for before, after in (("https://", "#/anomalies"), ("https://", "?tab=open"), ("https://", "#"), ("https://dana:pw@", ""))
        ),
        ("QUALYTICS_DATASTORES", " , ,", "QUALYTICS_DATASTORES names no datastore: leave it out for all of them."),
        ("QUALYTICS_TOKEN", None, "QUALYTICS_TOKEN is missing: set it to a personal API token of QUALYTICS_URL."),
        ("DESK_CHANNEL", None, "DESK_CHANNEL is missing: set it to the id of the channel for new anomalies (C...)."),
        (
            "DESK_CHANNEL",
            "#data",
            'DESK_CHANNEL must be the id of a channel (C... or G..., at the end of the channel\'s details), not "#data".',
        ),
        ("QUALYTICS_CALLS_PER_MINUTE", "0", 'QUALYTICS_CALLS_PER_MINUTE must be a whole number from 1 to 100000, not "0".'),
        ("DESK_CLICK_CALLS", "0", 'DESK_CLICK_CALLS must be a whole number from 1 to 100, not "0".'),
        ("QUALYTICS_MAX_BATCH", "0", 'QUALYTICS_MAX_BATCH must be a whole number from 1 to 1000, not "0".'),
        ("DESK_POLL_SECONDS", "often", 'DESK_POLL_SECONDS must be a number from 0.5 to 86400, not "often".'),
        ("DESK_POLL_SECONDS", "nan", 'DESK_POLL_SECONDS must be a number from 0.5 to 86400, not "nan".'),
        ("DESK_BURST", "2.5", 'DESK_BURST must be a whole number from 1 to 1000, not "2.5".'),
        ("DESK_WAIT_SECONDS", "-1", 'DESK_WAIT_SECONDS must be a number from 0 to 3600, not "-1".'),
        ("DESK_POSTS_PER_MINUTE", "1e9", 'DESK_POSTS_PER_MINUTE must be a whole number from 1 to 1000, not "1e9".'),
        ("PORT", "65536", 'PORT must be a whole number from 0 to 65535, not "65536".'),
        (
            "DESK_HOST",
            "http://desk",
            'DESK_HOST must be an address of this machine like 127.0.0.1, or 0.0.0.0 for all, not "http://desk".',
        ),
        ("DESK_ACTOR_COMMENTS", "maybe", 'DESK_ACTOR_COMMENTS must be true or false, not "maybe".'),
        ("DESK_DIGEST", "9am", 'DESK_DIGEST must be a time and days like "09:00 weekdays", or off, not "9am".'),
        ("DESK_DIGEST", "24:00 daily", 'DESK_DIGEST must be a time and days like "09:00 weekdays", or off, not "24:00 daily".'),
        (
            "DESK_TIMEZONE",
            "Europe/Madird",
            'DESK_TIMEZONE must be a time zone like Europe/Madrid, not "Europe/Madird" (did you mean Europe/Madrid?).',
        ),
    ],
)
def test_each_fault_is_one_sentence_that_names_the_variable(name: str, value: str | None, said: str) -> None:
    assert faults(**{name: value}) == [said]


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("DESK_SEVERITY", "{}", "low, medium, high and critical"),
        ("DESK_SEVERITY", '{"low":0,"medium":20,"high":20,"critical":80}', "rising"),
        ("DESK_SEVERITY", '{"low":0,"medium":20,"high":"x","critical":80}', "rising"),
        ("DESK_SEVERITY", "0,20,50,80", "must be JSON"),
        ("DESK_SEVERITY", "[" * 100_000, "must be JSON"),
        ("DESK_SEVERITY", '{"qualytics":{"low":0}}', "rising"),
        ("DESK_SEVERITY", '{"qualytics":[0,20,50,80]}', "low, medium, high and critical"),
        ("DESK_SEVERITY", '{"low":0,"medium":20,"high":50,"critical":80,"worst":99}', "low, medium, high and critical"),
        ("DESK_SEVERITY", '{"qualitics":{}}', 'no system of the desk: "qualitics" (did you mean qualytics?)'),
        ("DESK_ADMINS", "U0AAA dana", "dana"),
        ("DESK_PERMISSIONS", "members", "must be JSON"),
        ("DESK_PERMISSIONS", '["archive"]', "must be a JSON object"),
        ("DESK_PERMISSIONS", '{"archve": "members"}', "archive"),
        ("DESK_PERMISSIONS", '{"archive": "everybody"}', "nobody"),
        ("DESK_PERMISSIONS", '{"archive": ["dana"]}', "dana"),
    ],
)
def test_what_is_wrong_inside_a_value_is_said(name: str, value: str, part: str) -> None:
    (said,) = faults(**{name: value})
    assert said.startswith(name) and said.endswith((".", "?")) and part in said


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ({}, "127.0.0.1"),
        ({"DESK_HOST": "0.0.0.0"}, "0.0.0.0"),
        ({"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "s"}, ""),
        ({"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "s", "DESK_HOST": "::1"}, "::1"),
    ],
)
def test_in_socket_mode_nobody_outside_is_listened_to_unless_asked_for(given: dict[str, str], host: str) -> None:
    assert app.load(GOOD | given).host == host


def test_neither_socket_mode_nor_http_is_a_fault() -> None:
    (said,) = faults(SLACK_APP_TOKEN=None)
    assert "SLACK_APP_TOKEN" in said and "SLACK_SIGNING_SECRET" in said


def test_no_system_is_a_fault() -> None:
    assert faults(QUALYTICS_URL=None, QUALYTICS_TOKEN=None) == [
        "QUALYTICS_URL, ANODOT_URL, ANOMIFY_URL or AUTIONAL_URL is missing: set at least one of them to the address of its system."
    ]


def test_all_faults_come_at_once() -> None:
    said = faults(SLACK_BOT_TOKEN=None, SLACK_APP_TOKEN=None, QUALYTICS_URL=None, DESK_CHANNEL="general", PORT="x", DESK_CHANEL="C1")
    assert [sentence.split()[0].rstrip(",") for sentence in said] == [
        "SLACK_BOT_TOKEN",
        "DESK_CHANNEL",
        "PORT",
        "SLACK_APP_TOKEN",
        "QUALYTICS_URL",
        "DESK_CHANEL",
    ]


def test_two_faults_in_one_value_are_two_sentences() -> None:
    assert len(faults(DESK_PERMISSIONS='{"archve": "members", "delete": "all"}')) == 2


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("DESK_CHANEL", "DESK_CHANNEL"),
        ("DESK_POLL_SECS", "DESK_POLL_SECONDS"),
        ("QUALYTICS_TOKN", "QUALYTICS_TOKEN"),
        ("QUALYTICS_CALLS_PER_MINUT", "QUALYTICS_CALLS_PER_MINUTE"),
        ("ANODOT_ACESS_KEY", "ANODOT_ACCESS_KEY"),
        ("ANOMIFY_TOKEM", "ANOMIFY_TOKEN"),
        ("AUTIONAL_TOKN", "AUTIONAL_TOKEN"),
    ],
)
def test_a_typing_error_in_a_name_is_found(name: str, near: str) -> None:
    assert faults(**{name: "x"}) == [f"{name} is no setting of the desk (did you mean {near}?)."]


@pytest.mark.parametrize(
    "name",
    ["QUALYTICS_SSL_VERIFY", "AUTIONAL_PORT", "AUTIONL_TOKEN", "DESK_SERVICE_HOST", "DESK_PORT_3000_TCP", "DESK_PORT", "PATH", "HOME"],
)
def test_variables_of_others_are_left_alone(name: str) -> None:
    app.load(GOOD | {name: "x"})


def test_the_librarys_oauth_switch_is_a_fault() -> None:
    (said,) = faults(SLACK_CLIENT_ID="1.2", SLACK_CLIENT_SECRET="s")
    assert "SLACK_CLIENT_ID" in said and "OAuth" in said


def test_only_the_given_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_BURST", "99")
    assert app.load(GOOD).desk_burst == 5


def test_secrets_show_in_no_repr_and_no_fault() -> None:
    secrets = {
        "SLACK_BOT_TOKEN": "xoxb-hidden-1",
        "SLACK_SIGNING_SECRET": "hidden-2",
        "DATABASE_URL": "postgres://desk:hidden-3@db/desk",
        "QUALYTICS_TOKEN": "hidden-4",
        "DESK_WEBHOOK_SECRET": "hidden-5",
        "AUTIONAL_CLIENT_SECRET": "hidden-6",
        "QUALYTICS_WEBHOOK_SECRET": "hidden-7",
    }
    read = app.load(GOOD | secrets)
    assert "hidden" not in repr(read) + str(read) + str(read.model_dump())
    wrong = {name: value.replace("xoxb", "bad").replace("postgres", "oracle") + " x" for name, value in secrets.items()}
    assert "hidden" not in "\n".join(faults(**wrong))


def test_the_secret_of_webhooks_is_the_systems_own_before_that_of_all() -> None:
    kind = registry.SYSTEMS["qualytics"]
    assert app.load(GOOD).webhook_secret(kind) == ("DESK_WEBHOOK_SECRET", "")
    shared = GOOD | {"DESK_WEBHOOK_SECRET": "hush-1"}
    assert app.load(shared).webhook_secret(kind) == ("DESK_WEBHOOK_SECRET", "hush-1")
    assert app.load(shared | {"QUALYTICS_WEBHOOK_SECRET": "hush-2"}).webhook_secret(kind) == ("QUALYTICS_WEBHOOK_SECRET", "hush-2")


def test_a_system_that_pushes_nothing_has_no_such_secret() -> None:
    names = [setting.name for setting in settings.declared(acme())]
    assert "WEBHOOK_SECRET" not in names and "CALLS_PER_MINUTE" in names


# --- other systems ---------------------------------------------------------------------------------------------------------


def acme(**changes: object) -> ports.Kind:
    """A system that this release does not have, with two ways in."""
    secrets = [ports.Setting(name, setting_values.secret(), f"the {name} of Acme", secret=True) for name in ("TOKEN", "ID", "KEY")]
    given: dict[str, object] = {
        "name": "acme",
        "title": "Acme",
        "prefix": "ACME",
        "settings": (ports.Setting("URL", setting_values.url, "the address of Acme"), *secrets),
        "keys": (("TOKEN",), ("ID", "KEY")),
        "severity": dict(zip(model.Severity, (0.0, 0.5, 0.7, 0.9), strict=True)),
        "foreign": frozenset({"ACME_PROFILE"}),
        "build": lambda deps: deps,
    }
    return ports.Kind(**(given | changes))  # type: ignore[arg-type]


ALONE = {name: value for name, value in GOOD.items() if not name.startswith("QUALYTICS_")} | {"ACME_URL": "https://acme.example"}
BOTH = (*registry.SYSTEMS.values(), acme())


def test_any_system_alone_is_enough() -> None:
    read = settings.load(ALONE | {"ACME_ID": "me", "ACME_KEY": "hidden-7"}, BOTH)
    assert list(read.systems) == ["acme"] and read.notes == ()
    assert read.systems["acme"].plain() == {
        "URL": "https://acme.example",
        "TOKEN": None,
        "ID": "me",
        "KEY": "hidden-7",
        "CALLS_PER_MINUTE": None,
    }
    assert read.systems["acme"].severity[model.Severity.HIGH] == 0.7
    assert "hidden-7" not in repr(read) + repr(read.systems) + repr(read.model_dump())


def said(given: dict[str, str], *kinds: ports.Kind) -> list[str]:
    """What is wrong with an environment, for a desk that knows these systems."""
    with pytest.raises(errors.ConfigError) as caught:
        settings.load(given, kinds or BOTH)
    return list(caught.value.faults)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "ACME_TOKEN or ACME_ID and ACME_KEY must be set: Acme lets nobody in without."),
        ({"ACME_ID": "me"}, "ACME_KEY is missing: set it to the KEY of Acme."),
        ({"ACME_TOKEN": "t t"}, "ACME_TOKEN has characters in it that no secret has: copy it again."),
        ({"ACME_TOKEN": "t", "ACME_TOKN": "t"}, "ACME_TOKN is no setting of the desk (did you mean ACME_TOKEN?)."),
        (
            {"ACME_TOKEN": "t", "QUALYTICS_URL": "https://q.example"},
            "QUALYTICS_TOKEN is missing: set it to a personal API token of QUALYTICS_URL.",
        ),
    ],
)
def test_a_system_that_lets_nobody_in_is_a_fault(given: dict[str, str], told: str) -> None:
    assert said(ALONE | given) == [told]


def test_without_any_system_all_of_them_are_named() -> None:
    nothing = {name: value for name, value in ALONE.items() if name != "ACME_URL"}
    assert said(nothing) == [
        "QUALYTICS_URL, ANODOT_URL, ANOMIFY_URL, AUTIONAL_URL or ACME_URL is missing: "
        "set at least one of them to the address of its system."
    ]


def test_a_key_without_its_address_is_told_and_leaves_the_system_out() -> None:
    (note,) = settings.load(GOOD | {"ACME_KEY": "k", "ACME_PROFILE": "theirs"}, BOTH).notes
    assert note == "ACME_KEY is set and ACME_URL is not: Acme is left out."


def test_a_system_that_is_spoken_now_is_no_longer_told_to_be_left_out() -> None:
    anomify = acme(name="anomify", title="Anomify", prefix="ANOMIFY", keys=(("TOKEN",),))
    read = settings.load(ALONE | {"ANOMIFY_URL": "https://a.example", "ANOMIFY_TOKEN": "t"}, (anomify,))
    assert (list(read.systems), read.notes) == (["anomify"], ())


def test_severities_are_each_systems_own() -> None:
    levels = '{"low":0,"medium":1,"high":2,"critical":3}'
    with_token = GOOD | ALONE | {"ACME_TOKEN": "t"}
    both = settings.load(with_token | {"DESK_SEVERITY": f'{{"acme":{levels}}}'}, BOTH)
    assert [both.systems[name].severity[model.Severity.CRITICAL] for name in ("qualytics", "acme")] == [80, 3]
    flat = settings.load(with_token | {"DESK_SEVERITY": levels}, BOTH)
    assert [flat.systems[name].severity[model.Severity.CRITICAL] for name in ("qualytics", "acme")] == [3, 0.9]
    words = acme(severity=None)
    assert said(with_token | {"DESK_SEVERITY": f'{{"acme":{levels}}}'}, *registry.SYSTEMS.values(), words) == [
        "DESK_SEVERITY must leave out acme: Acme tells itself how severe an anomaly is."
    ]
    alone = settings.load(ALONE | {"ACME_TOKEN": "t", "DESK_SEVERITY": levels}, (acme(),))
    assert alone.systems["acme"].severity[model.Severity.CRITICAL] == 3
