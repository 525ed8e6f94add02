"""A vendor's name stands in its own folder and in the settings, and nowhere else in the product."""

from __future__ import annotations

from pathlib import Path

from bot import settings
from bot.sources import registry

ROOT = Path(__file__).parent.parent

NOT_YET = {
    "bot/core/grammar/cli_aliases.py",
    "bot/core/grammar/fields.py",
    "bot/core/grammar/identity.py",
    "bot/core/grammar/idents.py",
    "bot/core/grammar/references.py",
    "bot/core/grammar/scan_fields.py",
    "bot/core/grammar/selector.py",
    "bot/model/anomalies.py",
    "bot/render/anomaly/anomaly_card.py",
    "bot/render/anomaly/buttons.py",
    "bot/render/anomaly/wording.py",
}
"""What still names one."""


def test_only_a_vendors_own_folder_and_the_settings_name_it() -> None:
    vendors = {kind.name for kind in (*registry.SYSTEMS.values(), *settings.UNSPOKEN)}
    assert vendors >= {"qualytics", "anodot", "anomify", "autional"}
    homes = ("bot/settings.py", *(f"bot/sources/{name}/" for name in vendors))
    found = set()
    for path in (path for room in ("bot", "handlers") for path in (ROOT / room).rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        if path.is_dir() or path.suffix == ".pyc" or name.startswith(homes):
            continue
        if any(vendor in path.read_text("utf-8").casefold() for vendor in vendors):
            found.add(name)
    assert found == NOT_YET
