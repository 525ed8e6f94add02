"""What every source promises when its system is in trouble, against the running fake of it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from bot import errors, model, ports
from tests.sources.contract import elsewhere, harness
from tests.sources.staging import RealClock

MODES = [
    ({"mode": "500"}, errors.SourceUnavailable),
    ({"mode": "503"}, errors.SourceUnavailable),
    ({"mode": "429", "retry_after": 40}, errors.SourceRateLimited),
    ({"mode": "403"}, errors.SourceForbidden),
    ({"mode": "garbage"}, errors.SourceGarbled),
    ({"mode": "empty"}, errors.SourceGarbled),
    ({"mode": "huge"}, errors.SourceGarbled),
    ({"mode": "drop"}, errors.SourceUnavailable),
    ({"mode": "hang"}, errors.SourceUnavailable),
    ({"mode": "reply", "status": 302, "headers": {"location": "http://127.0.0.1:9/elsewhere"}}, errors.SourceRejected),
    ({"mode": "reply", "json": ["nothing", "like", "it"]}, errors.SourceGarbled),
    ({"mode": "reply", "json": 7}, errors.SourceGarbled),
]


@pytest.mark.parametrize(("fault", "error"), MODES, ids=lambda one: str(one.get("status", one["mode"])) if isinstance(one, dict) else "")
async def test_trouble_has_a_name_and_passes(system: harness.Harness, fault: harness.Fault, error: type[errors.SourceError]) -> None:
    source = system.source(timeout=0.3 if fault["mode"] == "hang" else 10)
    ident = sorted(system.open())[0]
    await source.get([ident])
    system.fault(**fault)
    for asking in (source.changes(""), source.find(model.Query()), anext(source.pages(model.Query())), source.get([ident])):
        with pytest.raises(errors.SourceError) as raised:
            await asking
        assert type(raised.value) is error
        assert raised.value.source == system.name
        assert source.title in str(raised.value)
        assert system.secret not in str(raised.value)
    system.parts.faults.clear()
    assert (await source.changes("")).anomalies


async def test_a_door_that_does_not_open_is_told_without_the_key(system: harness.Harness) -> None:
    clock = RealClock()
    source = system.source(clock=clock)
    system.fault(**system.refused_door)
    with pytest.raises(errors.SourceAuthFailed) as raised:
        await source.changes("")
    assert system.name.upper() in str(raised.value), "which setting it is"
    assert system.secret not in str(raised.value)
    system.parts.faults.clear()
    clock.now = lambda: datetime.now(UTC) + timedelta(minutes=2)  # type: ignore[method-assign]
    assert (await source.changes("")).anomalies, "a while later it is tried again"


@pytest.mark.parametrize("mode", ["500", "429", "drop"])
async def test_a_passing_fault_of_a_read_is_not_noticed(system: harness.Harness, mode: str) -> None:
    source = system.source()
    system.fault(mode, times=1, retry_after=0)
    assert (await source.changes("")).anomalies


async def test_what_is_shown_has_no_key_in_it(system: harness.Harness) -> None:
    source = system.source()
    changes = await source.changes("")
    assert system.secret not in repr(changes)
    assert system.secret not in changes.cursor


async def test_a_call_that_is_cut_off_takes_no_place_from_the_next_one(system: harness.Harness) -> None:
    """At whatever turn of the loop, also while it connects."""
    ident = sorted(system.open())[0]
    for turns in range(1, 25):
        source = system.source()
        asking = asyncio.create_task(source.get([ident]))
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        async with asyncio.timeout(5):
            assert await source.get([ident])


# --- other hosts


async def _asked(system: harness.Harness, question: elsewhere.Question) -> list[str]:
    """The paths that the system was asked for an answer; that it can be given is not expected."""

    async def dana(source: str) -> model.Person:
        return model.Person(source, system.assignee, "Dana Reyes")

    system.parts.app.calls.clear()
    with ports.acting(dana), contextlib.suppress(errors.SourceError):
        await question()
    return [call["path"] for call in system.parts.app.calls]


async def test_a_redirect_takes_no_key_to_another_host(system: harness.Harness) -> None:
    """At whatever call of whatever is asked it comes: the exchange of a key, a look-up besides, a change, a picture."""
    one = (await system.source().changes("")).anomalies[0]
    async with elsewhere.standing() as another:
        leads, led = itertools.cycle(another.leads()), 0
        for door, skip in itertools.product(system.doors, range(3)):
            for number in range(len(elsewhere.questions(system.system(door), one))):
                question = elsewhere.questions(system.system(door), one)[number]
                system.fault("reply", skip=skip, **next(leads))
                (fault,) = system.parts.faults.all()
                await _asked(system, question)
                led += fault.hits
                system.parts.faults.clear()
        assert another.heard == []
    assert led >= len(another.leads()), "so often at least it was led there"


async def test_an_answer_that_names_another_host_makes_nobody_ask_there(system: harness.Harness) -> None:
    """As the next page of a list, in a header, or as the host of any address in it."""
    one = (await system.source().changes("")).anomalies[0]
    async with elsewhere.standing() as another:
        system.parts.app.app = elsewhere.Naming(system.parts.app.app, another.address)
        for door in system.doors:
            asked = [await _asked(system, question) for question in elsewhere.questions(system.system(door), one)]
            assert sum(map(bool, asked)) >= 6
            assert not any("next" in path for paths in asked for path in paths)
        assert another.heard == []
