"""Believable seed data: the people, datastores, tables and checks of Acme, an online shop. No randomness here, only facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class User:
    """A user of an anomaly system; `email` need not be the address that Slack knows."""

    id: int
    name: str
    email: str
    role: str = "Member"
    type: str = "user"


@dataclass(frozen=True, slots=True)
class Check:
    """A quality check of a table. `says` is what a failing row or table violates, in a data engineer's words.

    `shape` checks look at the whole table and have no failing rows; `weight` is the severity that its anomalies carry.
    """

    rule: str
    fields: tuple[str, ...]
    says: str
    weight: int
    shape: bool = False
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its usual number of rows, its tags and its checks; a table without checks finds nothing when scanned."""

    name: str
    rows: int
    tags: tuple[str, ...]
    checks: tuple[Check, ...] = ()
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Datastore:
    """A database as Qualytics names it; `team` is who may act on it."""

    id: int
    name: str
    type: str
    database: str
    schema: str
    team: str
    tables: tuple[Table, ...]


DANA = User(12, "Dana Reyes", "dana@acme.example")
LEE = User(18, "Lee Park", "lee.park@qualytics.acme.example")
"""Slack knows her as lee@acme.example: the match by address must fail and somebody has to pick her."""
SAM = User(21, "Sam Okafor", "sam@acme.example", role="Admin")
BOT = User(99, "Anomaly Desk", "anomaly-desk@service.acme.example", type="service")
USERS = (DANA, LEE, SAM, BOT)

TAGS: Mapping[str, str] = {
    "critical": "#E5484D",
    "pii": "#8E4EC6",
    "finance": "#30A46C",
    "production": "#0090FF",
    "incident": "#F76B15",
    "oncall": "#FFC53D",
    "nightly": "#687076",
}


def not_null(name: str, weight: int) -> Check:
    return Check("notNull", (name,), f"{name} not null", weight)


def unique(name: str, weight: int) -> Check:
    return Check("unique", (name,), f"{name} unique", weight)


def between(name: str, low: float, high: float, weight: int) -> Check:
    bounds = {"min": low, "max": high, "inclusive": True}
    return Check("between", (name,), f"{name} between {low:g} and {high:g}", weight, properties=bounds)


def matches(name: str, pattern: str, weight: int) -> Check:
    return Check("matchesPattern", (name,), f"{name} matches {pattern}", weight, properties={"pattern": pattern})


def after(name: str, day: str, weight: int) -> Check:
    return Check("afterDateTime", (name,), f"{name} after {day}", weight, properties={"datetime": f"{day}T00:00:00Z"})


def exists_in(name: str, table: str, other: str, weight: int) -> Check:
    ref = {"ref_container": table, "ref_expression": other}
    return Check("existsIn", (name,), f"{name} exists in {table}.{other}", weight, properties=ref)


def one_of(name: str, values: tuple[str, ...], weight: int) -> Check:
    return Check("expectedValues", (name,), f"{name} one of {', '.join(values)}", weight, properties={"list": list(values)})


def expression(fields: tuple[str, ...], says: str, weight: int) -> Check:
    return Check("satisfiesExpression", fields, says, weight, properties={"expression": says})


def not_future(name: str, weight: int) -> Check:
    return Check("notFuture", (name,), f"{name} not in the future", weight)


def not_negative(name: str, weight: int) -> Check:
    return Check("notNegative", (name,), f"{name} not negative", weight)


def schema(lost: str, weight: int) -> Check:
    return Check("expectedSchema", (lost,), f"column {lost} is missing", weight, shape=True, properties={"list": [lost]})


def volume(weight: int) -> Check:
    return Check("volumetric", (), "row count within the usual range of the last 14 days", weight, shape=True)


def fresh(hours: int, weight: int) -> Check:
    return Check("freshness", (), f"updated within {hours} hours", weight, shape=True, properties={"max_age_hours": hours})


WAREHOUSE = (
    Table(
        "orders",
        1_840_000,
        ("critical", "production"),
        (
            not_null("customer_id", 54),
            between("amount", 0, 10_000, 48),
            unique("order_id", 82),
            one_of("status", ("placed", "paid", "shipped", "returned"), 31),
            schema("discount_code", 66),
        ),
    ),
    Table(
        "order_items",
        6_120_000,
        ("production",),
        (exists_in("order_id", "orders", "order_id", 74), between("quantity", 1, 500, 37), not_negative("unit_price", 58), volume(52)),
    ),
    Table(
        "customers",
        412_000,
        ("critical", "pii"),
        (
            matches("email", r"^[^@\s]+@[^@\s]+$", 44),
            unique("customer_id", 85),
            not_null("country_code", 22),
            after("signup_date", "2012-01-01", 18),
        ),
    ),
    Table(
        "payments",
        1_790_000,
        ("critical", "finance"),
        (
            exists_in("order_id", "orders", "order_id", 81),
            expression(("amount", "currency"), "amount_eur = amount * fx_rate", 63),
            not_future("paid_at", 40),
            not_null("provider_ref", 57),
        ),
    ),
    Table("refunds", 61_000, ("finance",), (exists_in("payment_id", "payments", "payment_id", 59), between("amount", 0, 5_000, 46))),
    Table("shipments", 1_610_000, ("production",), (not_future("shipped_at", 33), not_null("carrier", 27), fresh(6, 61))),
    Table("products", 38_400, ("production",), (unique("sku", 68), not_negative("stock", 41), matches("ean", r"^\d{13}$", 25))),
    Table("inventory_snapshots", 9_200_000, ("nightly",), (volume(47), after("snapshot_date", "2020-01-01", 12))),
    Table("web_sessions", 44_000_000, ("nightly",), (not_null("session_id", 15), volume(28))),
    Table("promotions", 2_150, (), (expression(("starts_at", "ends_at"), "starts_at < ends_at", 35), unique("promo_code", 50))),
    Table("dim_date", 14_600, ()),
    Table("orders_daily", 3_650, ("nightly",), (fresh(26, 55), not_negative("gross_revenue", 71)), kind="computed_table"),
)

CRM = (
    Table(
        "accounts", 88_000, ("pii",), (unique("account_id", 77), not_null("owner_id", 42), matches("vat_id", r"^[A-Z]{2}[0-9A-Z]+$", 30))
    ),
    Table(
        "contacts", 264_000, ("pii",), (matches("email", r"^[^@\s]+@[^@\s]+$", 39), exists_in("account_id", "accounts", "account_id", 56))
    ),
    Table(
        "opportunities",
        51_300,
        ("production",),
        (between("probability", 0, 100, 34), not_null("close_date", 29), schema("stage_reason", 60)),
    ),
    Table("leads", 190_000, (), (one_of("source", ("web", "event", "referral", "partner"), 14), not_future("created_at", 20))),
    Table("activities", 3_400_000, ("nightly",), (exists_in("contact_id", "contacts", "contact_id", 36), volume(26))),
    Table("campaigns", 4_900, (), (expression(("budget", "spent"), "spent <= budget", 43),)),
    Table("campaign_members", 810_000, (), (exists_in("lead_id", "leads", "lead_id", 24),)),
    Table(
        "tickets",
        402_000,
        ("critical",),
        (not_null("priority", 53), expression(("opened_at", "closed_at"), "opened_at <= closed_at", 49), fresh(4, 64)),
    ),
    Table("ticket_comments", 1_950_000, ("pii",), (exists_in("ticket_id", "tickets", "ticket_id", 32),)),
    Table(
        "subscriptions", 73_500, ("critical", "finance"), (between("mrr", 0, 50_000, 72), one_of("plan", ("free", "team", "business"), 38))
    ),
    Table("territories", 140, ()),
    # What an import wizard made of a spreadsheet: PostgreSQL keeps quoted names as they are written, beside the real `leads`.
    Table("Leads", 1_260, ()),
    Table("consents", 264_000, ("pii",), (not_null("consented_at", 80), unique("contact_id", 67))),
)

FINANCE = (
    Table(
        "gl_entries",
        12_400_000,
        ("critical", "finance"),
        (
            expression(("debit", "credit"), "sum(debit) = sum(credit)", 91),
            not_null("account_code", 76),
            after("posted_at", "2015-01-01", 45),
        ),
    ),
    Table(
        "invoices",
        930_000,
        ("critical", "finance"),
        (unique("invoice_no", 88), between("total", 0, 250_000, 62), not_future("issued_on", 51)),
    ),
    Table(
        "invoice_lines", 4_700_000, ("finance",), (exists_in("invoice_no", "invoices", "invoice_no", 70), not_negative("net_amount", 48))
    ),
    Table("vendors", 12_800, ("pii",), (matches("iban", r"^[A-Z]{2}\d{2}[A-Z0-9]+$", 65), unique("vendor_id", 59))),
    Table("bank_transactions", 2_600_000, ("finance",), (unique("transaction_ref", 84), not_null("booked_on", 47), fresh(24, 69))),
    Table("fx_rates", 260_000, ("nightly",), (between("rate", 0.0001, 2_000, 73), fresh(24, 78), volume(40))),
    Table("tax_codes", 480, ()),
    Table("budgets", 6_900, (), (not_negative("planned", 21), schema("cost_center", 33))),
    Table("payroll_runs", 1_140, ("critical", "pii"), (not_null("employee_id", 86), between("gross", 0, 60_000, 75))),
    Table("assets", 9_300, (), (expression(("book_value",), "book_value <= purchase_value", 28),)),
    Table("intercompany", 84_000, ("finance",), (exists_in("counterparty", "entities", "entity_id", 57), volume(23))),
    Table("entities", 64, (), (unique("entity_id", 83), not_null("currency", 19))),
)

DATASTORES = (
    Datastore(42, "warehouse-prod", "snowflake", "ANALYTICS", "PUBLIC", "Data Platform", WAREHOUSE),
    Datastore(43, "crm-replica", "postgresql", "crm", "public", "Revenue Operations", CRM),
    Datastore(44, "finance-lake", "databricks", "finance", "gold", "Finance Data", FINANCE),
)

NOISY = (
    ("orders", "customer_id"),
    ("orders", "amount"),
    ("contacts", "email"),
    ("web_sessions", "session_id"),
    ("fx_rates", "rate"),
    ("tickets", "priority"),
)
"""(table, field) of the checks that fail again and again."""
