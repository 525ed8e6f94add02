"""What hardly changes in the fake tenant: its members, the accounts that are watched, and the kinds of anomalies that are found."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

TENANT = "tnt_acme"
SLUG = "acme"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the tenant who may sign in; `role` decides what a token of theirs may do."""

    user_id: str
    username: str
    email: str
    role: str
    department: str
    joined: str
    status: str = "active"


DANA = Member("usr_dreyes", "Dana Reyes", "dana@acme.example", "admin", "dep_security", "2023-02-06T08:00:00Z")
LEE = Member("usr_lpark", "Lee Park", "lee.park@security.acme.example", "analyst", "dep_security", "2024-05-13T08:00:00Z")
"""Slack knows her as lee@acme.example: the match by address must fail and somebody has to pick her."""
SAM = Member("usr_sokafor", "Sam Okafor", "sam@acme.example", "analyst", "dep_security", "2023-09-18T08:00:00Z")
MIRA = Member("usr_mhaddad", "Mira Haddad", "mira.haddad@acme.example", "auditor", "dep_audit", "2025-01-09T08:00:00Z")
TOM = Member("usr_tvance", "Tom Vance", "tom.vance@acme.example", "analyst", "dep_security", "2022-11-21T08:00:00Z", "inactive")
BOT = Member("svc_anomaly_desk", "Anomaly Desk", "anomaly-desk@service.acme.example", "service", "dep_security", "2026-01-12T08:00:00Z")
MEMBERS = (DANA, LEE, SAM, MIRA, TOM, BOT)
ANALYSTS = (DANA, LEE, SAM)


@dataclass(frozen=True, slots=True)
class Account:
    """An account that the audit watches, with where it usually works from."""

    user_id: str
    name: str
    home: str
    ip: str

    @property
    def person(self) -> bool:
        """A person's and not a service's."""
        return self.user_id.startswith("usr_")


ACCOUNTS = (
    Account("usr_jfischer", "j.fischer", "Berlin", "192.0.2.14"),
    Account("usr_amoreau", "a.moreau", "Lyon", "192.0.2.31"),
    Account("usr_kwright", "k.wright", "Leeds", "192.0.2.57"),
    Account("usr_tnakamura", "t.nakamura", "Osaka", "192.0.2.88"),
    Account("usr_rsingh", "r.singh", "Pune", "192.0.2.102"),
    Account("usr_lgarcia", "l.garcia", "Madrid", "192.0.2.119"),
    Account("usr_payroll01", "payroll-admin", "Berlin", "192.0.2.15"),
    Account("usr_support07", "support-tier2", "Dublin", "192.0.2.140"),
    Account("svc_ci_deploy", "ci-deploy", "Frankfurt", "192.0.2.201"),
)
NOISY = Account("svc_backup", "svc-backup", "Frankfurt", "192.0.2.210")
"""Runs at night, again and again, and was found harmless before."""

FAR = (("Lagos", 4_900), ("São Paulo", 9_800), ("Jakarta", 11_100), ("Toronto", 6_500), ("Almaty", 5_200), ("Bucharest", 1_300))
"""A city and about how many kilometres it is from the offices."""
STRANGERS = ("203.0.113.9", "203.0.113.77", "203.0.113.204", "198.51.100.23", "198.51.100.61", "198.51.100.180")
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) Safari/17.6",
    "python-requests/2.32.3",
    "okhttp/4.12.0",
)

Says = Callable[[Account, random.Random], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of anomaly: its word, its technique, how bad it tends to be, how many events make one, and what is said of it.

    `module` and `action` are what the audit log says of its events. `people`: no service account does this.
    """

    type: str
    technique: str
    severities: tuple[str, ...]
    events: tuple[int, int]
    module: str
    action: str
    says: Says
    people: bool = False


def _brute_force(who: Account, chance: random.Random) -> str:
    tries, minutes, where = chance.randint(12, 240), chance.randint(2, 15), chance.choice(STRANGERS)
    return f"{tries} failed sign-ins for {who.name} within {minutes} minutes from {where}, then one that succeeded"


def _location(who: Account, chance: random.Random) -> str:
    city, _ = chance.choice(FAR)
    return f"{who.name} signed in from {city} ({chance.choice(STRANGERS)}); every sign-in of the last 90 days came from {who.home}"


def _travel(who: Account, chance: random.Random) -> str:
    city, km = chance.choice(FAR)
    return f"{who.name} signed in from {who.home} and {chance.randint(9, 70)} minutes later from {city}, {km:,} km away"


def _exfiltration(who: Account, chance: random.Random) -> str:
    usual = chance.randint(2, 9) * 100
    return f"{who.name} exported {usual * chance.randint(40, 300):,} customer records in one session; a usual day has fewer than {usual}"


def _escalation(who: Account, chance: random.Random) -> str:
    role = chance.choice(("tenant owner", "billing admin", "key manager"))
    return f"{who.name} was given the role {role} outside of a change window and used it {chance.randint(2, 9)} minutes later"


def _night(who: Account, chance: random.Random) -> str:
    return f"{who.name} read {chance.randint(3, 60) * 10} secrets within {chance.randint(4, 40)} minutes, outside of its hours"


def _fatigue(who: Account, chance: random.Random) -> str:
    times, minutes = chance.randint(15, 60), chance.randint(4, 20)
    return f"{who.name} was asked {times} times for a second factor within {minutes} minutes and accepted the last one"


def _replay(who: Account, chance: random.Random) -> str:
    return f"One session token of {who.name} was used from {who.ip} and from {chance.choice(STRANGERS)} at the same time"


KINDS: tuple[Kind, ...] = (
    Kind("brute_force", "T1110", ("medium", "high", "critical"), (6, 40), "identity", "user.login", _brute_force),
    Kind("unusual_location", "T1078", ("low", "medium"), (1, 3), "identity", "user.login", _location, people=True),
    Kind("impossible_travel", "T1078", ("medium", "high"), (2, 4), "identity", "user.login", _travel, people=True),
    Kind("data_exfiltration", "T1567", ("high", "critical"), (4, 30), "profile", "data.export", _exfiltration),
    Kind("privilege_escalation", "T1098", ("high", "critical"), (2, 6), "rbac", "role.grant", _escalation),
    Kind("unusual_time", "T1078", ("low", "medium"), (3, 20), "secret", "secret.read", _night),
    Kind("mfa_fatigue", "T1621", ("high",), (15, 60), "mfa", "challenge.sent", _fatigue, people=True),
    Kind("token_replay", "T1550.001", ("critical",), (2, 8), "session", "session.use", _replay),
)
"""The first six are the words of the vendor's consoles; the set is open, and the last two are not among them."""
KIND: Mapping[str, Kind] = {kind.type: kind for kind in KINDS}
