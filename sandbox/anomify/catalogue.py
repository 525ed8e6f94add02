"""What hardly changes in the fake organisation: its people, its metrics, and who watches which of them. No randomness here."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

ORG_ID, ORG_NAME = 101, "Acme"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody of the organisation, with all that a reply gives away of them."""

    id: int
    name: str
    email: str
    phone: str | None
    slack: str | None
    admin: bool = True
    seen: frozenset[str] = frozenset({"main_intro", "alerts_intro", "alert_created", "test_alert_sent", "two_alerts_sent"})


DANA = User(102, "Dana Reyes", "dana@acme.example", None, None)
SAM = User(103, "Sam Okafor", "sam@acme.example", "+49 170 5550134", "U0SAMOKAFOR")
LEE = User(151, "Lee Park", "lee@acme.example", "+1 415 555 0188", "U0LEE", admin=False)
TOM = User(160, "Tom Vance", "tom.vance@acme.example", "+44 7700 900461", "U0TOMVANCE", admin=False, seen=frozenset())
USERS = (DANA, SAM, LEE, TOM)


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is measured. `level` is its usual value, `swing` how much of it the hours of a day make, `noise` its scatter as a
    share; `most` is where it cannot go beyond."""

    level: float
    swing: float = 0.3
    noise: float = 0.08
    most: float = float("inf")


@dataclass(frozen=True)
class Metric:
    """A measure of one thing; `host` is what it shares with those that break together with it."""

    id: int
    name: str
    host: str
    measure: Measure = field(compare=False)

    @cached_property
    def seed(self) -> int:
        """A number of its own, the same in every process."""
        return zlib.crc32(self.name.encode())

    @cached_property
    def level(self) -> float:
        """Its usual value: hosts differ."""
        return self.measure.level * (0.8 + self.seed % 1000 / 2500)


PERCENT = 100.0
FAMILIES: Sequence[tuple[str, Sequence[str], Mapping[str, Measure]]] = (
    (
        "acme_prod.web",
        ("web-01", "web-02", "web-03", "web-04", "web-05", "web-06"),
        {
            "cpu.total.user": Measure(34, 0.35, 0.09, PERCENT),
            "cpu.total.system": Measure(7, 0.3, 0.1, PERCENT),
            "loadavg.05_normalized": Measure(0.42, 0.4, 0.1),
            "memory.MemAvailable": Measure(9_800_000, 0.05, 0.03),
            "network.eth0.rx_byte": Measure(18_000, 0.5, 0.12),
            "network.eth0.tx_byte": Measure(41_000, 0.5, 0.12),
            "tcp.CurrEstab": Measure(380, 0.5, 0.08),
        },
    ),
    (
        "acme_prod.mysql",
        ("db-01", "db-02", "db-03"),
        {
            "threads_running": Measure(11, 0.35, 0.14),
            "slow_queries": Measure(3.2, 0.3, 0.2),
            "innodb.row_lock_time_avg": Measure(18, 0.3, 0.15),
            "replication.seconds_behind": Measure(0.8, 0.2, 0.25),
            "counters.handlerRead_rnd": Measure(143, 0.4, 0.12),
        },
    ),
    (
        "acme_prod.kafka",
        ("orders", "payments", "clicks"),
        {"consumer_lag": Measure(240, 0.3, 0.2), "messages_in": Measure(1_900, 0.5, 0.08), "bytes_out": Measure(2_400_000, 0.5, 0.09)},
    ),
    (
        "acme_shop.checkout",
        ("de", "fr", "us", "br"),
        {
            "orders_per_minute": Measure(64, 0.6, 0.1),
            "payment_failures": Measure(2.4, 0.4, 0.22),
            "basket_value_avg": Measure(57, 0.08, 0.06),
            "latency_p95_ms": Measure(310, 0.25, 0.09),
        },
    ),
    ("acme_shop.search", ("site",), {"no_results+typos.per_min": Measure(22, 0.4, 0.15), "queries": Measure(830, 0.55, 0.07)}),
    (
        "acme_iot",
        ("leipzig.line_a", "leipzig.line_b", "pune.line_a"),
        {"temperature": Measure(71, 0.05, 0.015), "vibration_rms": Measure(2.1, 0.1, 0.09), "power_kw": Measure(86, 0.2, 0.05)},
    ),
    ("acme_staging.web", ("stage-01",), {"cpu.total.user": Measure(12, 0.2, 0.2, PERCENT), "tcp.CurrEstab": Measure(20, 0.3, 0.2)}),
)
"""Names with a plus are legal: they have to be encoded in a query."""


def _metrics() -> Iterator[Metric]:
    number = 900
    for prefix, hosts, measures in FAMILIES:
        for host in hosts:
            for name, measure in measures.items():
                number += 1
                yield Metric(number, f"{prefix}.{host}.{name}", f"{prefix}.{host}", measure)


METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _metrics()}


@dataclass(frozen=True, slots=True)
class Watcher:
    """Somebody wants to know of the metrics that begin like this; without `is_alert` they look for themselves."""

    id: int
    name: str
    begins: str
    owner: User
    is_alert: bool = True
    is_deleted: bool = False


WATCHERS = (
    Watcher(181, "Everything in production", "acme_prod.", DANA),
    Watcher(209, "Shop: orders and payments", "acme_shop.checkout.", DANA),
    Watcher(221, "Search quality", "acme_shop.search.", LEE),
    Watcher(240, "Web tier, weekly review", "acme_prod.web.", LEE, is_alert=False),
    Watcher(251, "Old database alerts", "acme_prod.mysql.", TOM, is_deleted=True),
    Watcher(264, "Databases (on call)", "acme_prod.mysql.", SAM),
    Watcher(265, "Web tier (on call)", "acme_prod.web.", SAM),
    Watcher(268, "Plant Leipzig", "acme_iot.leipzig", LEE),
    Watcher(270, "Plant Pune", "acme_iot.pune", SAM),
)
"""Nobody watches staging."""


def watchers(metric: Metric) -> list[Watcher]:
    return [one for one in WATCHERS if metric.name.startswith(one.begins)]


def alerts(metric: Metric) -> bool:
    """Whether anybody is told of it."""
    return any(one.is_alert and not one.is_deleted for one in watchers(metric))
