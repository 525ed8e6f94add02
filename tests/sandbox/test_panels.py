"""What the chaos panel sends to each fake system is understood there."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox import anodot, autional, qualytics, systems
from sandbox.page import chaos, control_client, panels

FAKES = {"qualytics": qualytics.running, "autional": autional.running, "anodot": anodot.running}


@contextlib.asynccontextmanager
async def standing(name: str) -> AsyncIterator[control_client.Control]:
    """A fake of this system, spoken to as the page does."""
    async with FAKES[name]() as url:
        server = control_client.Control(url)
        yield server
        await server.close()


def test_each_system_of_the_demo_has_a_panel_and_a_fake() -> None:
    assert {system.name for system in systems.SYSTEMS} == set(panels.PANELS) == set(FAKES)


@pytest.mark.parametrize("name", panels.PANELS)
async def test_every_button_switch_and_slider_is_understood(name: str) -> None:
    panel = panels.PANELS[name]
    async with standing(name) as server:
        for act in panel.acts:
            ident = await chaos.newest_open(server, panel)
            sent = ("PATCH", f"anomalies/{ident}") if act.change else ("POST", act.path)
            told = await server.write(*sent, act.body)
            assert told.get("ok") is not False, (act.name, told)
        for fault in (*panel.faults, panels.Fault("away", "", panels.AWAY)):
            assert (await server.write("POST", "faults", fault.body)).get("ok") is not False, fault.name
        for choice in panel.choices:
            for value in choice.values:
                assert (await server.write("POST", "modes", {choice.mode: value}))[choice.mode] == value
        modes: dict[str, Any] = await server.read("modes", {})
        for mode, _, most, _ in chaos.Sliders.PACE:
            assert mode in modes
            assert (await server.write("POST", "modes", {mode: most}))[mode] == most


@pytest.mark.parametrize("name", panels.PANELS)
async def test_the_newest_open_one_is_the_last_that_came_and_did_not_end(name: str) -> None:
    panel = panels.PANELS[name]
    async with standing(name) as server:
        made = (await server.write("POST", "anomalies", {"count": 2}))["ids"]
        assert await chaos.newest_open(server, panel) == str(made[1])
        ending = next(act for act in panel.acts if act.change and act.body["status"] not in panel.still)
        await server.write("PATCH", f"anomalies/{made[1]}", ending.body)
        assert await chaos.newest_open(server, panel) == str(made[0])


async def test_where_nothing_answers_nothing_is_open() -> None:
    server = control_client.Control("http://127.0.0.1:9")
    assert await chaos.newest_open(server, panels.PANELS["autional"]) == ""
    await server.close()


async def test_the_settings_that_the_demo_gives_the_bot_open_the_fake() -> None:
    async with autional.running() as url, httpx.AsyncClient(base_url=url, verify=False) as web:
        settings = next(one for one in systems.SYSTEMS if one.name == "autional").settings(url)
        form = {"client_id": settings["AUTIONAL_CLIENT_ID"], "client_secret": settings["AUTIONAL_CLIENT_SECRET"]}
        told = await web.post("/bff/oauth/api/v1/oauth/token", data={"grant_type": "client_credentials", **form})
        headers = {"Authorization": f"Bearer {told.json()['access_token']}", "X-Tenant-ID": settings["AUTIONAL_TENANT"]}
        assert (await web.get("/bff/audit/api/v1/admin/audit/anomalies", headers=headers)).json()["total"] > 12


async def test_the_key_that_the_demo_gives_the_bot_opens_the_fake() -> None:
    async with anodot.running() as url, httpx.AsyncClient(base_url=url, verify=False) as web:
        settings = next(one for one in systems.SYSTEMS if one.name == "anodot").settings(url)
        token = (await web.post("/api/v2/access-token", json={"refreshToken": settings["ANODOT_ACCESS_KEY"]})).json()
        told = await web.get("/api/v2/anomalies/count", headers={"Authorization": f"Bearer {token}"})
        assert told.json()["total"] > 0
