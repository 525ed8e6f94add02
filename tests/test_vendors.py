"""A vendor's name stands in its own folder and in the settings, and nowhere else in the product."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import ports, settings
from bot.sources import registry

ROOT = Path(__file__).parent.parent

VENDORS = {kind.name: kind for kind in registry.SYSTEMS.values()}
HOMES = ("bot/settings.py", *(f"bot/sources/{name}/" for name in VENDORS))


def strangers(vendor: str) -> set[str]:
    """The files of the product that name this one, and are not its home."""
    found = set()
    for path in (path for room in ("bot", "handlers") for path in (ROOT / room).rglob("*") if path.is_file() and path.suffix != ".pyc"):
        name = path.relative_to(ROOT).as_posix()
        home = name.startswith(HOMES) and (name == HOMES[0] or name.startswith(f"bot/sources/{vendor}/"))
        if not home and (vendor in name.casefold() or vendor in path.read_text("utf-8").casefold()):
            found.add(name)
    return found


def test_the_vendors_are_known() -> None:
    assert VENDORS.keys() >= {"qualytics", "anodot", "anomify", "autional"}


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_only_a_vendors_own_folder_and_the_settings_name_it(vendor: str) -> None:
    assert strangers(vendor) == set()


def test_a_word_of_one_system_is_known_whether_that_is_spoken_or_not() -> None:
    spoken = ports.Kind(name="acme", title="Acme", prefix="ACME", settings=(), words=("loudness", "delta"))
    found = settings.own_words([spoken])
    assert (found["loudness"], found["delta"], settings.own_words(registry.SYSTEMS.values())["resolution"]) == ("Acme", "Acme", "Anodot")
