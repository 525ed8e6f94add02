"""The samples of all vendors' pages, whole and mangled: each becomes a card that Slack takes, or is left out, and nothing else happens."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.core import severity
from bot.render.anomaly import anomaly_card
from bot.sources import registry
from bot.sources.anodot import schema as anodot
from bot.sources.anodot import source as anodot_source
from bot.sources.anodot import triggers
from bot.sources.anomify import envelope
from bot.sources.anomify import schema as anomify
from bot.sources.anomify import source as anomify_source
from bot.sources.autional import schema as autional
from bot.sources.qualytics import schema as qualytics
from bot.sources.qualytics import source as qualytics_source
from tests import examples
from tests.render import samples, slack_rules
from tests.sources.staging import Clock, fixture

PAGES = Path(__file__).parent / "fixtures"


class Book:
    """No alert raised a trigger."""

    def of(self, ident: str) -> triggers.Trigger | None:
        return None


def _anodot(name: str) -> Any:
    """Two of that page are no JSON as they stand there."""
    return json.loads((PAGES / f"anodot_{name}.txt").read_text().replace("{{", "{").replace("'small'", '"small"'))


def _in_anodot(raw: Any) -> model.Anomaly | None:
    return anodot.Reader("https://app.anodot.com", severity.ordered(anodot_source.THRESHOLDS), Clock()).anomaly(raw, Book(), {})


def _in_anomify(raw: Any) -> model.Anomaly | None:
    reader = anomify.Reader("anomify", anomify_source.THRESHOLDS, "https://dashboard.anomify.ai/anomaly/{id}", Clock())
    return reader.detail(raw, "7786") if isinstance(raw, dict) and isinstance(raw.get("anomaly"), dict) else None


def _in_autional(raw: Any) -> model.Anomaly | None:
    return autional.Reader("autional", "tnt_acme", "", Clock()).anomaly(raw, {})


def _in_qualytics(raw: Any) -> model.Anomaly | None:
    return qualytics.Reader("qualytics", "https://acme.qualytics.io", severity.ordered(qualytics_source.THRESHOLDS), Clock()).anomaly(raw)


Read = Callable[[Any], model.Anomaly | None]
SAMPLES: Mapping[str, tuple[Any, Read]] = {
    "anodot, the list": (_anodot("list")["anomalies"][0], _in_anodot),
    "anodot, the metrics": (_anodot("metrics"), _in_anodot),
    "anomify": (fixture("anomify_anomaly")["data"], _in_anomify),
    "autional": (fixture("autional_anomaly")["data"], _in_autional),
    "qualytics": (fixture("anomaly"), _in_qualytics),
}
"""What one anomaly looks like, and who reads it."""

Keys = tuple[str | int, ...]


def paths(node: Any, path: Keys = ()) -> Iterator[Keys]:
    """Where something stands in it."""
    found = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in found:
        yield (*path, key)
        yield from paths(value, (*path, key))


ODD: Sequence[Any] = (
    None, True, [], {}, [[]], [None], [{}], {"id": {}}, "", " ", "0", "-1", "NaN", "1e400", "<!channel> & <@U0DANA>", "x" * 5_000,
    "\N{PILE OF POO}" * 3_000, "2026-13-45T99:99:99Z", 0, -1, 1e308, float("nan"), float("inf"), 10**30, -(10**18),
)  # fmt: skip
"""What stands in the place of something else."""


def card_faults(one: model.Anomaly) -> list[str]:
    """What Slack would refuse about its card."""
    title = registry.SYSTEMS[one.ref.source].title
    return slack_rules.faults(anomaly_card.anomaly(one, model.Capabilities(title, frozenset(model.Action)), samples.past()))


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_of_the_vendors_pages_becomes_a_card(name: str) -> None:
    sample, read = SAMPLES[name]
    one = read(sample)
    assert one is not None and card_faults(one) == []


@st.composite
def mangled(draw: st.DrawFn) -> tuple[str, Any]:
    """A sample in which some things are gone, or something else stands in their place."""
    name = draw(st.sampled_from(list(SAMPLES)))
    changed = copy.deepcopy(SAMPLES[name][0])
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(list(paths(changed)) or [()]))
        if not path:
            break
        node = changed
        for key in path[:-1]:
            node = node[key]
        if draw(st.booleans()):
            node[path[-1]] = draw(st.sampled_from(ODD))
        else:
            del node[path[-1]]
    return name, changed


@examples.times(4)
@given(mangled())
def test_a_mangled_sample_becomes_a_card_or_is_left_out(told: tuple[str, Any]) -> None:
    name, raw = told
    one = SAMPLES[name][1](raw)
    assert one is None or card_faults(one) == []


@pytest.mark.parametrize("code", [float("inf"), float("nan"), "1e400", [], {}])
def test_a_code_that_is_no_number_is_a_fault_and_no_failure(code: Any) -> None:
    """ "1e400" is a number in JSON, and none that can be reckoned with."""
    assert envelope.fault({"code": code}) is not None
