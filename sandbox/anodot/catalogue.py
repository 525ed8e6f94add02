"""What hardly changes in the fake account: its users, what is measured of which business, and the alert rules. No randomness here."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

ACCOUNT = "5e1d9a40c4b329000e9d1063"
READ_ONLY = "customer-read-only"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody of the account; `role` decides what a key of theirs may do."""

    id: str
    first: str
    last: str
    email: str
    role: str = "customer-user"
    disabled: bool = False

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


DANA = User("5f1e8c2ab7d94e0012a4c001", "Dana", "Reyes", "dana@acme.example", "customer-admin")
LEE = User("5f1e8c2ab7d94e0012a4c002", "Lee", "Park", "lee.park@growth.acme.example")
"""Slack knows her as lee@acme.example: the match by address must fail and somebody has to pick her."""
SAM = User("60a2b7790cd51f000f8e7a13", "Sam", "Okafor", "sam@acme.example")
MIRA = User("61c40e1f5a3bd20010f9b284", "Mira", "Haddad", "mira.haddad@acme.example", READ_ONLY)
TOM = User("5d0b1179e2c7aa000c114f95", "Tom", "Vance", "tom.vance@acme.example", disabled=True)
BOT = User("63d7f00c9b1e440011d2c7f6", "Anomaly", "Desk", "anomaly-desk@service.acme.example")
USERS = (DANA, LEE, SAM, MIRA, TOM, BOT)


@dataclass(frozen=True, eq=False)
class Measure:
    """Something that is measured. `level` is its usual value, `swing` how much of it the hours of a day make, `weekend` its factor then,
    `noise` its scatter as a share, `spread` how much its places differ; `places` are the properties with all their values. A composite has
    an id of its own."""

    what: str
    team: str
    unit: str
    level: float
    swing: float
    weekend: float
    noise: float
    places: Mapping[str, Sequence[str]]
    bad_up: bool = True
    composite: str = ""
    spread: float = 0.6

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """One for each combination of values, always in the same order."""
        return tuple(Metric(self, values) for values in itertools.product(*self.places.values()))


@dataclass(frozen=True, eq=False)
class Metric:
    """A measure at one place. The id has dots, and what else stands in the values: it has to be encoded in a path."""

    measure: Measure
    values: tuple[str, ...]

    @cached_property
    def id(self) -> str:
        origin = self.measure.composite or f"acme.0.{uuid.uuid5(uuid.NAMESPACE_DNS, self.measure.team).hex[:12]}"
        return ".".join((origin, *self.values, self.measure.what))

    @cached_property
    def name(self) -> str:
        said = ".".join(f"{key}={value}" for key, value in self.properties)
        return f"what={self.measure.what}.{said}.unit={self.measure.unit}"

    @cached_property
    def properties(self) -> tuple[tuple[str, str], ...]:
        return tuple(zip(self.measure.places, self.values, strict=True))

    @cached_property
    def seed(self) -> int:
        """A number of its own, the same in every process."""
        return uuid.uuid5(uuid.NAMESPACE_URL, self.id).int & 0xFFFFFFFF

    @cached_property
    def level(self) -> float:
        """Its usual value: places differ in size."""
        return self.measure.level * (1 + self.measure.spread * ((self.seed % 1000) / 500 - 1))


COUNTRIES = ("DE", "FR", "US", "BR", "JP", "United Kingdom")
REGIONS = ("eu-central-1", "us-east-1", "ap-south-1")
SERVICES = ("checkout", "search", "login", "catalog", "basket")
MEASURES: tuple[Measure, ...] = (
    Measure(
        "ad_spend",
        "marketing",
        "USD",
        1_850,
        0.35,
        0.8,
        0.06,
        {"campaign": ("brand", "spring_sale", "retargeting", "lookalike"), "channel": ("google", "meta", "tiktok"), "country": COUNTRIES},
    ),
    Measure(
        "signups",
        "marketing",
        "signups",
        420,
        0.55,
        1.25,
        0.1,
        {"source": ("organic", "paid", "referral", "email"), "device": ("mobile", "desktop", "tablet"), "country": COUNTRIES},
        bad_up=False,
    ),
    Measure(
        "bounce_rate",
        "marketing",
        "percent",
        38,
        0.08,
        1.05,
        0.04,
        {"page": ("/", "/pricing", "/p/shoes", "/landing/spring"), "device": ("mobile", "desktop", "tablet")},
        spread=0.25,
    ),
    Measure(
        "approval_rate",
        "payments",
        "percent",
        93,
        0.02,
        0.99,
        0.01,
        {"psp": ("adyen", "stripe", "worldline"), "card": ("visa", "mastercard", "amex"), "country": COUNTRIES},
        bad_up=False,
        spread=0.025,
    ),
    Measure(
        "declined_payments",
        "payments",
        "payments",
        64,
        0.5,
        1.1,
        0.12,
        {
            "psp": ("adyen", "stripe", "worldline"),
            "reason": ("do_not_honor", "insufficient_funds", "fraud_suspected", "expired_card"),
            "country": COUNTRIES,
        },
    ),
    Measure(
        "revenue_per_visit",
        "payments",
        "EUR",
        2.4,
        0.25,
        1.15,
        0.07,
        {"country": COUNTRIES, "customer": ("new", "returning", "n/a")},
        bad_up=False,
        composite="b7d0c2e94a5f4c6e9d13",
    ),
    Measure(
        "latency_p95",
        "telemetry",
        "ms",
        240,
        0.3,
        0.85,
        0.08,
        {"service": SERVICES, "region": REGIONS, "host": tuple(f"host{number:02}" for number in range(1, 21))},
    ),
    Measure(
        "error_rate", "telemetry", "percent", 0.9, 0.2, 0.95, 0.15, {"service": SERVICES, "region": REGIONS, "code": ("500", "502", "504")}
    ),
    Measure(
        "temperature",
        "telemetry",
        "celsius",
        71,
        0.06,
        0.9,
        0.02,
        {"plant": ("leipzig", "pune"), "line": ("a", "b", "c"), "sensor": tuple(f"t{number:02}" for number in range(1, 13))},
        spread=0.12,
    ),
)
MEASURE: Mapping[str, Measure] = {measure.what: measure for measure in MEASURES}

SCALES: Mapping[str, int] = {"short": 60, "medium": 300, "long": 3600, "longlong": 86_400, "weekly": 604_800}
"""The words of a request, with the seconds between two data points."""
REPLIED: Mapping[str, str] = {**{name: name for name in SCALES}, "short": "small"}
"""The word of a reply for each word of a request."""
TIME_SCALE: Mapping[str, str] = {"short": "1m", "medium": "5m", "long": "1h", "longlong": "1d", "weekly": "1w"}
"""What alert triggers and webhooks say."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An alert rule: anomalies of these measures from this score on raise a trigger. `kind` static or no_data: it is about no anomaly."""

    number: int
    title: str
    severity: str
    whats: frozenset[str]
    least: float
    label: str
    subscribers: tuple[str, ...] = ()
    kind: str = "anomaly"

    @property
    def id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"rule:{self.number}"))


CHANNEL = {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, "channel:1")), "type": "webhook", "name": "anomaly-desk"}
RULES: tuple[Rule, ...] = (
    Rule(1, "Ad spend is off", "medium", frozenset({"ad_spend"}), 0.3, "marketing", (LEE.id,)),
    Rule(2, "Signups and bounces", "high", frozenset({"signups", "bounce_rate"}), 0.4, "marketing", (LEE.id,)),
    Rule(3, "Payments are declined", "critical", frozenset({"approval_rate", "declined_payments"}), 0.5, "payments", (DANA.id, SAM.id)),
    Rule(4, "Payments, early warning", "low", frozenset({"approval_rate", "declined_payments"}), 0.0, "payments"),
    Rule(5, "Services are slow or failing", "high", frozenset({"latency_p95", "error_rate"}), 0.35, "telemetry", (SAM.id,)),
    Rule(6, "Plant sensors", "info", frozenset({"temperature"}), 0.55, "telemetry"),
    Rule(7, "Queue is longer than 10,000", "critical", frozenset(), 0, "telemetry", kind="static"),
    Rule(8, "No data of the payment gateway", "medium", frozenset(), 0, "payments", kind="no_data"),
)
"""Some anomalies raise two triggers, some none: nobody watches revenue_per_visit."""
