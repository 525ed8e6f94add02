"""The page that tells how a system is added: its code runs, and does what the page says."""

from __future__ import annotations

import asyncio
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import httpx
import pytest

import bot.sources
from bot import errors, ports, settings
from tests.sources.staging import Clock, Traits, Wire

PAGE = (Path(__file__).parents[2] / "docs/adding-a-system.md").read_text()
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "DESK_CHANNEL": "C0123456789"}


@pytest.fixture
def kind(tmp_path: Path) -> Iterator[ports.Kind]:
    """The system of the page, as a folder beside the others."""
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""Acme."""\n')
    for name, code in re.findall(r"```python\n# bot/sources/acme/(\w+\.py)\n(.*?)```", PAGE, re.DOTALL):
        (folder / name).write_text(code)
    with mock.patch.object(bot.sources, "__path__", [*bot.sources.__path__, str(tmp_path)]), mock.patch.dict(sys.modules):
        made: ModuleType = importlib.import_module("bot.sources.acme.system")
        yield made.KIND


def built(kind: ports.Kind, wire: Wire, **more: str) -> Any:
    read = settings.load({**SLACK, "ACME_URL": "https://acme.example", "ACME_KEY": "k3y", **more}, (kind,)).systems["acme"]
    assert kind.build
    deps = ports.Deps(values=read.plain(), thresholds=read.severity, clock=Clock(), traits=Traits(), transport=httpx.MockTransport(wire))
    return kind.build(deps)


def server(**bells: Any) -> Wire:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/token":
            return httpx.Response(200, json={"code": 0, "token": "t1", "seconds": 60})
        assert request.headers["authorization"] == "Bearer t1"
        return httpx.Response(200, json=bells)

    return Wire(answer)


async def test_the_system_of_the_page_starts_and_is_seen(kind: ports.Kind) -> None:
    wire = server(code=0, count=2)
    made = built(kind, wire)
    assert made.scanner is None and made.pictures is None
    assert await made.source.check() == "2 bells"
    assert wire.lines == ["POST /v1/token", "GET /v1/bells"]
    await made.source.aclose()


@pytest.mark.parametrize(
    ("code", "error"),
    [(7, errors.SourceAuthFailed), (8, errors.SourceRateLimited), (9, errors.SourceMissing), (1, errors.SourceRejected)],
)
async def test_its_codes_mean_what_the_page_says(code: int, error: type[errors.SourceError], kind: ports.Kind) -> None:
    with pytest.raises(error):
        await asyncio.wait_for(built(kind, server(code=code, wait=20)).source.check(), 5)


def test_its_settings_are_read_and_missed(kind: ports.Kind) -> None:
    with pytest.raises(
        errors.ConfigError, match=r"^ACME_KEY is missing: set it to a key of ACME_URL\.\nACME_ROOMS is no setting of the desk"
    ):
        settings.load({**SLACK, "ACME_URL": "https://acme.example", "ACME_ROOMS": "1"}, (kind,))
