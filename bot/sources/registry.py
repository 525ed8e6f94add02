"""The anomaly systems that the desk speaks: each folder beside this file is one, and its `system.py` tells the desk of it as `KIND`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path

from bot import ports


def _kinds() -> Mapping[str, ports.Kind]:
    """By their names; first the one that is meant where none is named."""
    folders = [one.name for one in pkgutil.iter_modules([str(Path(__file__).parent)]) if one.ispkg]
    kinds: list[ports.Kind] = [importlib.import_module(f"{__package__}.{folder}.system").KIND for folder in folders]
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: (not kind.classic, kind.name))}


SYSTEMS: Mapping[str, ports.Kind] = _kinds()
