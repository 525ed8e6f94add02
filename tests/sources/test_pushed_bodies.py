"""What each vendor's webhooks say, in the forms of its pages, and what none of them can be: pure readers, one table for each."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest

from bot import model
from bot.sources import hook_bodies

FIXTURES = Path(__file__).parent / "fixtures"
QUALYTICS, ANODOT, ANOMIFY = (importlib.import_module(f"bot.sources.{name}.push") for name in ("qualytics", "anodot", "anomify"))
ALL, NOTHING = model.News(everything=True), model.News()
HOST = "https://acme.qualytics.io"
UUID = "3d5a9c1e-0000-4b1c-9d7e-aaaaaaaaaaaa"


def sample(name: str) -> bytes:
    return (FIXTURES / f"push_{name}.json").read_bytes()


def changed(name: str, **values: Any) -> bytes:
    """A sample with other fields; None takes one away."""
    found = json.loads(sample(name), strict=False) | values
    return json.dumps({key: value for key, value in found.items() if value is not None}).encode()


def about(*idents: str, **clues: str) -> model.News:
    return model.News(tuple(model.Mention(ident, clues) for ident in idents))


def framed(value: Any) -> bytes:
    return json.dumps(value).encode()


# --- Qualytics ---------------------------------------------------------------------------------------------------------------

FLOWS: dict[str, tuple[bytes, model.News]] = {
    "our template": (framed({"anomaly": f"{HOST}/anomalies/1001"}), about("1001")),
    "a template as text": (f"New record anomaly in orders: {HOST}/anomalies/1001 (Amount)".encode(), about("1001")),
    "a link of Slack": (f"<{HOST}/anomalies/1001|open>".encode(), about("1001")),
    "a JSON text": (framed(f"see {HOST}/anomalies/1001"), about("1001")),
    "in a frame": (framed({"text": f"New anomaly: {HOST}/anomalies/1001"}), about("1001")),
    "our template in a frame": (framed({"text": json.dumps({"anomaly": f"{HOST}/anomalies/1001"})}), about("1001")),
    "slashes escaped": (b'{"target_link": "https:\\/\\/acme.qualytics.io\\/anomalies\\/1001"}', about("1001")),
    "a form": (f"text={quote(f'{HOST}/anomalies/1001', safe='')}".encode(), about("1001")),
    "a byte order mark": (b"\xef\xbb\xbf" + framed({"anomaly": f"{HOST}/anomalies/7?tab=checks"}), about("7")),
    "a UUID": (framed({"anomaly": f"{HOST}/anomalies/{UUID}"}), about(UUID)),
    "several": (f"{HOST}/anomalies/1002 {HOST}/anomalies/1001 {HOST}/anomalies/1002#x".encode(), about("1002", "1001")),
    "n8n": (sample("qualytics_n8n"), about("1001", "1002")),
    "n8n, numbers as texts": (framed({"context": {"anomalies": [{"id": "1001"}, {"id": 1002.0}, {"id": None}, 7]}}), about("1001", "1002")),
    "n8n, several at once": (framed([{"context": {"anomalies": [{"id": one}]}} for one in (1, 2)]), about("1", "2")),
    "n8n, a status changed": (
        framed({"event": "qualytics.anomaly.status_changed", "context": {"anomalies": [{"id": 1001, "status": "Resolved"}]}}),
        about("1001"),
    ),
    "a status changed, by template": (framed({"flow": "Anomaly Status Changed", "link": f"{HOST}/anomalies/1001"}), about("1001")),
    "an id by name": (framed({"anomaly_id": "1001"}), about("1001")),
    "the end of an operation": (framed({"event": "operation.completed", "target_link": f"{HOST}/operations/12"}), ALL),
    "a manual Flow": (b"the nightly load is done", ALL),
    "tokens that were not filled": (b"{{target_link}}", ALL),
    "nothing in it": (b"{}", ALL),
    "the list of all": (f"{HOST}/anomalies/ and {HOST}/anomalies/new".encode(), ALL),
    "a datastore": (f"{HOST}/datastores/42/containers/7".encode(), ALL),
    "no id after all": (f"{HOST}/anomalies/0001x {HOST}/anomalies/12345678901234567890".encode(), ALL),
    "too many": (" ".join(f"{HOST}/anomalies/{ident}" for ident in range(1, 300)).encode(), ALL),
}


@pytest.mark.parametrize("form", FLOWS)
def test_what_a_flow_says(form: str) -> None:
    body, expected = FLOWS[form]
    assert QUALYTICS.read(body) == expected


# --- Anodot ------------------------------------------------------------------------------------------------------------------

OWN, OLD = "bb9e7e1e5cb64c468e11cdf95756c272", "0123456789abcdef0123456789abcdef"
EXTENDED = {"scale": "1d", "start": "1598832000"}
ALERTS: dict[str, tuple[bytes, model.News]] = {
    "standard, with line breaks in its texts": (
        sample("anodot_standard"),
        about("a42bab2f70f44ec8a420cc2130cc47bb", scale="1m", start="1542187020"),
    ),
    "extended: the id of the address, and those merged into it": (sample("anodot_extended"), about(OWN, OLD, **EXTENDED)),
    "the address is encoded": (
        changed(
            "anodot_extended", investigationUrl=quote(f"https://x/#!/anomalies?a=1&anomalies=;0({OWN})", safe=""), mergedAnomalies=None
        ),
        about(OWN, **EXTENDED),
    ),
    "no address": (changed("anodot_extended", investigationUrl="", anomalyId=OLD.upper(), mergedAnomalies="[]"), about(OLD, **EXTENDED)),
    "no address, the group's id": (
        changed("anodot_extended", investigationUrl=None, alertGroupId=OLD, mergedAnomalies=None),
        about(OLD, **EXTENDED),
    ),
    "merged as a list": (changed("anodot_extended", mergedAnomalies=[OLD]), about(OWN, OLD, **EXTENDED)),
    "an id that the API does not know": (changed("anodot_extended", investigationUrl="", mergedAnomalies=""), ALL),
    "odd clues are left out": (changed("anodot_extended", timeScale="<b>", startTimeEpoch=None, mergedAnomalies=7), about(OWN)),
    "numbers that are numbers": (changed("anodot_extended", startTimeEpoch=1598832000, mergedAnomalies=None), about(OWN, **EXTENDED)),
    "a static alert": (sample("anodot_static"), NOTHING),
    "no data": (changed("anodot_static", type="No Data"), NOTHING),
    "of no type that is known": (changed("anodot_static", type="Composite"), ALL),
    "a very long address": (changed("anodot_extended", investigationUrl="?anomalies=" * 90_000, mergedAnomalies=None), ALL),
}


@pytest.mark.parametrize("form", ALERTS)
def test_what_an_alert_says(form: str) -> None:
    body, expected = ALERTS[form]
    assert ANODOT.read(body) == expected


# --- Anomify -----------------------------------------------------------------------------------------------------------------

METRIC = "web-server-1.mysql.counters.handlerRead_rnd"
SEEN = {"anomalyScore": 0.7, "id": "256828", "metric": METRIC, "timestamp": 1599563224, "value": 143.544444}
FIRST = about("256828", metric=METRIC, timestamp="1599563224")
EVENTS: dict[str, tuple[bytes, model.News]] = {
    "the first post": (framed({"data": {"anomaly": SEEN}, "status": {}}), FIRST),
    "the last post, with everything": (sample("anomify_final"), FIRST),
    "a number as a number": (framed({"data": {"anomaly": SEEN | {"id": 256828, "timestamp": "1599563224"}}}), FIRST),
    "a moment with a fraction": (framed({"data": {"anomaly": SEEN | {"timestamp": 1599563224.0}}}), FIRST),
    "no metric": (framed({"data": {"anomaly": {"id": "256828"}}}), about("256828")),
    "a test": (framed({"alert": {"test_alert": True}, "data": {"anomaly": SEEN}}), NOTHING),
    "a test, further in": (framed({"data": {"alert": {"test_alert": "true"}, "anomaly": SEEN}}), NOTHING),
    "a test without an anomaly": (framed({"data": {"alert": {"test_alert": True}}}), NOTHING),
    "not a test": (framed({"data": {"alert": {"test_alert": False}, "anomaly": SEEN}}), FIRST),
}


@pytest.mark.parametrize("form", EVENTS)
def test_what_an_event_says(form: str) -> None:
    body, expected = EVENTS[form]
    assert ANOMIFY.read(body) == expected


def test_nobody_is_named_by_what_is_kept_of_an_event() -> None:
    told = repr(ANOMIFY.read(sample("anomify_final")))
    assert [one for one in ("dana", "+34", "U0DANA", "143.5", "256827") if one in told] == []


# --- what none of them can be ------------------------------------------------------------------------------------------------

GARBAGE: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b" \n\t",
    "no text": b"\xff\xfe\x00",
    "a number": b"17",
    "null": b"null",
    "true": b"true",
    "a list of numbers": b"[1, 2]",
    "an empty list": b"[]",
    "nested beyond reason": b"[" * 200_000,
}
OF_SOME = {
    "anodot": {"a text": b"hello", "an object of nobody": b'{"hello": 1}', "cut off": sample("anodot_standard")[:-9]},
    "anomify": {
        "a text": b"hello",
        "no anomaly": b'{"data": {}}',
        "an anomaly that is none": b'{"data": {"anomaly": "256828"}}',
        "no id": framed({"data": {"anomaly": SEEN | {"id": None}}}),
        "an id that is none": framed({"data": {"anomaly": SEEN | {"id": "../users"}}}),
    },
}
CASES = [
    (read, what, body)
    for read in (QUALYTICS, ANODOT, ANOMIFY)
    for what, body in {**GARBAGE, **OF_SOME.get(read.__name__.split(".")[-2], {})}.items()
]


@pytest.mark.parametrize(("vendor", "what", "body"), CASES, ids=[f"{vendor.__name__.split('.')[-2]}: {what}" for vendor, what, _ in CASES])
def test_garbage_is_refused_with_the_rest_of_a_sentence(vendor: ModuleType, what: str, body: bytes) -> None:
    if vendor is QUALYTICS and what == "nested beyond reason":
        assert vendor.read(body) == ALL, "a template may be any text"
        return
    with pytest.raises(ValueError, match=r"^(is|has) [\w ]+$"):
        vendor.read(body)


@pytest.mark.parametrize(
    ("value", "expected"), [(7, "7"), (" 7 ", "7"), (7.0, "7"), (7.5, ""), (True, ""), (None, ""), ("-7", ""), ("7" * 19, ""), ("٧", "")]
)
def test_whole_numbers_come_as_numbers_and_as_texts(value: object, expected: str) -> None:
    assert hook_bodies.digits(value) == expected


@pytest.mark.parametrize("vendor", [QUALYTICS, ANODOT, ANOMIFY], ids=lambda vendor: vendor.__name__.split(".")[-2])
def test_a_vendor_declares_its_reader(vendor: ModuleType) -> None:
    read: Callable[[bytes], model.News] = vendor.HOOKS.read
    assert read is vendor.read and vendor.HOOKS.steps
