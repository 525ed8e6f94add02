"""One anomaly in one line, as lists, digests and reviews tell it: how bad, where, what fails, by what evidence, with whom, which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot import model
from bot.render import siblings
from bot.render.anomaly import wording
from bot.render.kit import marks, text

_FINDING = 100
WHOLE = 1_000
"""So much of a finding is looked at by who tells several apart before they are cut."""
_SUBJECT = 80
_LINK = 600
"""A longer address is left out of a line: [Show] is beside it."""
_LINKS = 3_500
"""Units of all addresses of one message: lists are long enough without them."""

_BASED = re.compile(r"^(?:([0-9][0-9,.]{0,24}) of )?([0-9][0-9,.]{0,24}) (?:rows|records)\b[^:]{0,40}: *(?=\S)")
""" "62 of 1,840,000 rows violate: ", with which a system may begin what it says of a rule: the same numbers stand behind it here."""


@dataclass(frozen=True, slots=True)
class Among:
    """What the lines of one message have in common: whether they are of several systems, and whether of several datastores."""

    systems: bool = False
    datastores: bool = False


ALONE = Among()
FULL = Among(datastores=True)
"""Where one stands alone and nothing above it says where it is."""


def among(anomalies: Sequence[model.Anomaly], *, systems: bool = False) -> Among:
    """What these have in common; `systems` where others than these are in the same list."""
    return Among(
        systems or len({one.ref.source for one in anomalies}) > 1,
        len({one.datastore.name for one in anomalies if one.datastore is not None}) > 1,
    )


def severity(word: model.Severity | None) -> str:
    """ "High", or "Unrated" where the system gives no number."""
    return text.capital(marks.word(word))


def marked(word: model.Severity | None) -> str:
    """The same in bold behind its mark, as mrkdwn: neither says it alone."""
    return f"{mark(word)} *{severity(word)}*"


def mark(word: model.Severity | None) -> str:
    """The mark of a severity alone, beside a sentence that has its word."""
    return marks.mark(word)


def rule(check: model.Check, room: int = _FINDING) -> str:
    """What a rule wants, without the numbers that its system may put before it: "customer_id not null"."""
    said = _BASED.sub("", text.squeeze(check.message, ""))
    if said:
        return text.clip(said, room)
    fields = siblings.listed(check.fields, 40, 3)
    word = text.short(check.rule, 60, "")
    return text.clip(f"{fields}: {word}" if fields and word else fields or word or "a check", room)


def counts(check: model.Check, records: int) -> bool:
    """Whether the system's words for a rule begin with this number of rows."""
    based = _BASED.match(text.squeeze(check.message, ""))
    return based is not None and (based[1] or based[2]).replace(",", "") == str(records)


def finding(anomaly: model.Anomaly, room: int = _FINDING) -> str:
    """The rule that fails ("customer_id not null and 2 more"); without rules the kind of it ("unusual time"), or what was said of it."""
    failed = list(dict.fromkeys(rule(check, room) for check in anomaly.checks))
    if failed:
        return text.listed(failed, 1)
    kind = text.short(anomaly.type_title, 40, "").lower() or text.short(anomaly.type.replace("_", " "), 40, "")
    if anomaly.container is not None:  # a table whose system names no rule: its own sentence tells more than the kind
        return text.short(anomaly.description, room, "") or f"{kind} anomaly".strip()
    return kind or text.short(anomaly.description, room, "anomaly")


def subject(anomaly: model.Anomaly, common: Among = ALONE) -> str:
    """Where it is: the table ("orders"; "orders (crm)" beside those of other datastores), the service, or the metric."""
    metric = text.short(anomaly.series.metric, _SUBJECT, "") if anomaly.series else ""
    if metric and anomaly.container is None and not anomaly.places:
        return metric
    if not anomaly.where:
        return ""
    return wording.place(anomaly) if common.datastores else text.short(anomaly.where[-1].name, 60, "")


def evidence(anomaly: model.Anomaly) -> str:
    """By what it was found, in numbers with a base: "62 of 1.84 M rows", "43.64 (expected at least 125.93)"; else the system's sentence."""
    if anomaly.series is not None and (measured := _measured(anomaly.series)):
        return measured
    if anomaly.records is not None:
        of = base(anomaly)
        return (
            f"{amount(anomaly.records)} of {amount(of)} rows"
            if of
            else f"{amount(anomaly.records)} row{'' if anomaly.records == 1 else 's'}"
        )
    said = text.short(anomaly.description, _FINDING, "")
    return "" if said == finding(anomaly) or anomaly.checks else said


def _measured(told: model.Series) -> str:
    if told.value is None:
        return ""
    unit = text.short(told.unit, 20, "")
    value = f"{text.number(told.value)} {unit}".strip()
    low, high = (None if one is None else text.number(one) for one in (told.low, told.high))
    bound = f"{low} to {high}" if low and high and low != high else f"at least {low}" if low and not high else f"at most {high}"
    return f"{value} (expected {low if low == high else bound})" if low or high else value


def base(anomaly: model.Anomaly) -> int:
    """How many rows were looked at, where the system says it beside the number of those that fail; else 0."""
    for check in anomaly.checks:
        told = _BASED.match(text.squeeze(check.message, ""))
        numbers = [re.sub(r"[,.]", "", part) for part in told.groups() if part] if told else []
        if len(numbers) == 2 and int(numbers[0]) == anomaly.records:
            return int(numbers[1])
    return 0


def amount(number: int) -> str:
    """ "1,140", "1.84 M": what people can compare at a glance."""
    for size, unit in ((10**12, "T"), (10**9, "B"), (10**6, "M")):
        if number >= size:
            return f"{number / size:.3g} {unit}" if number < size * 1_000 else f"{text.number(number / size)} {unit}"
    return text.number(number)


def ident(anomaly: model.Anomaly, common: Among = ALONE) -> str:
    """ "#1074", "acme:1074" among those of other systems: as commands take it."""
    return wording.ident(anomaly, whole=True) if common.systems else f"#{wording.ident(anomaly)}"


def title(anomaly: model.Anomaly, common: Among = ALONE) -> str:
    """ "orders · customer_id not null"."""
    return wording.dotted(subject(anomaly, common), finding(anomaly))


def named(anomaly: model.Anomaly, common: Among = ALONE) -> str:
    """ "[mark] High · orders · customer_id not null", as plain text."""
    return wording.dotted(f"{mark(anomaly.severity)} {severity(anomaly.severity)}", title(anomaly, common))


def standing(anomaly: model.Anomaly, capabilities: model.Capabilities | None) -> str:
    """ "Acknowledged", "Archived as Duplicate", in its system's word; "" for what nobody has touched, as most of a list is."""
    if anomaly.state is model.State.ACTIVE and not anomaly.over:
        return ""
    return wording.state(anomaly, capabilities.archive_as if capabilities else ())


def who(anomaly: model.Anomaly, capabilities: model.Capabilities | None) -> str:
    """ "Dana", "unassigned"; "" where its system has no assignees."""
    return wording.assignees(anomaly.assignees) or wording.who(anomaly, capabilities)


def spoken(anomaly: model.Anomaly, capabilities: model.Capabilities | None = None, common: Among = ALONE) -> str:
    """As mrkdwn, for those who hear it: "High · orders · customer_id not null · 11 of 1.84 M rows · Dana · <date> · #1074"."""
    head = text.spoken(wording.dotted(severity(anomaly.severity), title(anomaly, common)))
    return _line(head, anomaly, capabilities, common)


def drawn(anomaly: model.Anomaly, capabilities: model.Capabilities | None = None, common: Among = ALONE, *, linked: bool = True) -> str:
    """The same with the mark of its severity, the title a link where there is one."""
    head = f"{marked(anomaly.severity)} · {text.link(anomaly.url if linked else '', title(anomaly, common))}"
    return _line(head, anomaly, capabilities, common)


def _line(head: str, anomaly: model.Anomaly, capabilities: model.Capabilities | None, common: Among) -> str:
    told = (evidence(anomaly), standing(anomaly, capabilities), who(anomaly, capabilities))
    return wording.dotted(
        head, *(text.spoken(part) for part in told if part), text.when(anomaly.created), text.spoken(ident(anomaly, common))
    )


def linkable(anomalies: Sequence[model.Anomaly]) -> Sequence[bool]:
    """Which of these have a link for which there is room in one message, the first ones before the last."""
    left, found = _LINKS, []
    for one in anomalies:
        size = text.size(text.url(one.url))
        found.append(0 < size <= min(_LINK, left))
        left -= size if found[-1] else 0
    return found
