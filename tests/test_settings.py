"""The settings as somebody who deploys the desk meets them: what starts, and the sentence for everything that does not."""

from __future__ import annotations

import pytest

from bot import errors, settings

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
        settings.load(environ)
    return list(caught.value.faults)


def test_the_smallest_environment_starts_with_the_defaults_of_the_design() -> None:
    read = settings.load(GOOD)
    assert read.slack_bot_token.get_secret_value() == "xoxb-token-1"
    assert read.socket_mode
    assert read.slack_api_url == "https://slack.com/api/"
    assert read.database_url.get_secret_value() == "sqlite:///anomaly-desk.db"
    assert (read.qualytics_datastores, read.qualytics_max_batch) == ((), 100)
    assert (read.desk_poll_seconds, read.desk_burst, read.desk_wait_seconds) == (30, 5, 10)
    assert (read.desk_digest, read.desk_timezone, read.desk_posts_per_minute) == ("09:00 weekdays", "UTC", 300)
    assert [(word.value, weight) for word, weight in read.desk_severity] == [("critical", 80), ("high", 50), ("medium", 20), ("low", 0)]
    assert read.desk_actor_comments is True
    assert (read.desk_admins, dict(read.desk_permissions), read.desk_webhook_secret, read.port) == ((), {}, None, 3000)
    assert read.notes == ()


def test_everything_can_be_set() -> None:
    read = settings.load(
        GOOD
        | {
            "SLACK_APP_TOKEN": "",
            "SLACK_SIGNING_SECRET": "abc123",
            "SLACK_API_URL": "http://127.0.0.1:8080/api/",
            "DATABASE_URL": "postgres://desk:pw@db/desk",
            "QUALYTICS_DATASTORES": "12, warehouse prod ,",
            "QUALYTICS_MAX_BATCH": "50",
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
            "PORT": "8080",
        }
    )
    assert not read.socket_mode
    assert read.qualytics_datastores == ("12", "warehouse prod")
    assert read.desk_digest == "18:30 mon,wed"
    assert [weight for _, weight in read.desk_severity] == [3, 2.5, 1, 0]
    assert read.desk_actor_comments is False
    assert read.desk_admins == ("U0AAA", "S0BBB", "W0CCC")
    assert read.desk_permissions == {"archive": ["S0BBB", "U0AAA"], "delete": "nobody"}
    assert (read.qualytics_max_batch, read.desk_poll_seconds, read.desk_burst, read.desk_wait_seconds) == (50, 0.5, 7, 0)
    assert (read.desk_posts_per_minute, read.port) == (60, 8080)


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
            for name in ("QUALYTICS_URL", "SLACK_API_URL", "ANODOT_URL", "ANOMIFY_URL", "AUTIONAL_URL")
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
        ("DESK_SEVERITY", '{"low":0,"medium":20,"high":50,"critical":80,"worst":99}', "low, medium, high and critical"),
        ("DESK_SEVERITY", "0,20,50,80", "must be JSON"),
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
    assert settings.load(GOOD | given).host == host


def test_neither_socket_mode_nor_http_is_a_fault() -> None:
    (said,) = faults(SLACK_APP_TOKEN=None)
    assert "SLACK_APP_TOKEN" in said and "SLACK_SIGNING_SECRET" in said


def test_no_system_is_a_fault() -> None:
    assert faults(QUALYTICS_URL=None, QUALYTICS_TOKEN=None) == [
        "QUALYTICS_URL is missing: set it to the address of your deployment, like https://acme.qualytics.io."
    ]


@pytest.mark.parametrize("name", ["ANODOT_URL", "ANOMIFY_URL", "AUTIONAL_URL"])
def test_another_system_alone_is_a_fault_and_beside_qualytics_a_note(name: str) -> None:
    (said,) = faults(**{"QUALYTICS_URL": None, "QUALYTICS_TOKEN": None, name: "https://api.example.com"})
    assert said.startswith(f"{name} is set, but this version speaks Qualytics only")
    (note,) = settings.load(GOOD | {name: "https://api.example.com"}).notes
    assert note.startswith(f"{name} is set, but this version speaks Qualytics only")


def test_all_faults_come_at_once() -> None:
    said = faults(SLACK_BOT_TOKEN=None, SLACK_APP_TOKEN=None, QUALYTICS_URL=None, DESK_CHANNEL="general", PORT="x", DESK_CHANEL="C1")
    assert [sentence.split()[0] for sentence in said] == [
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
    [("DESK_CHANEL", "DESK_CHANNEL"), ("QUALYTICS_TOKN", "QUALYTICS_TOKEN"), ("DESK_POLL_SECS", "DESK_POLL_SECONDS")],
)
def test_a_typing_error_in_a_name_is_found(name: str, near: str) -> None:
    assert faults(**{name: "x"}) == [f"{name} is no setting of the desk (did you mean {near}?)."]


@pytest.mark.parametrize("name", ["QUALYTICS_SSL_VERIFY", "DESK_SERVICE_HOST", "DESK_PORT_3000_TCP", "DESK_PORT", "PATH", "HOME"])
def test_variables_of_others_are_left_alone(name: str) -> None:
    settings.load(GOOD | {name: "x"})


def test_the_librarys_oauth_switch_is_a_fault() -> None:
    (said,) = faults(SLACK_CLIENT_ID="1.2", SLACK_CLIENT_SECRET="s")
    assert "SLACK_CLIENT_ID" in said and "OAuth" in said


def test_only_the_given_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_BURST", "99")
    assert settings.load(GOOD).desk_burst == 5


def test_secrets_show_in_no_repr_and_no_fault() -> None:
    secrets = {
        "SLACK_BOT_TOKEN": "xoxb-hidden-1",
        "SLACK_SIGNING_SECRET": "hidden-2",
        "DATABASE_URL": "postgres://desk:hidden-3@db/desk",
        "QUALYTICS_TOKEN": "hidden-4",
        "DESK_WEBHOOK_SECRET": "hidden-5",
        "AUTIONAL_CLIENT_SECRET": "hidden-6",
    }
    read = settings.load(GOOD | secrets)
    assert "hidden" not in repr(read) + str(read) + str(read.model_dump())
    wrong = {name: value.replace("xoxb", "bad").replace("postgres", "oracle") + " x" for name, value in secrets.items()}
    assert "hidden" not in "\n".join(faults(**wrong))
