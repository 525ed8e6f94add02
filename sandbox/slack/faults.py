"""Faults that a test or a visitor throws at the app's calls."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sandbox.slack import errors
from sandbox.slack.blockkit import blocks

MODES = (
    "error",
    "429",
    "500",
    "timeout_after",
    "timeout_before",
    "hang",
    "drop",
    "drop_after",
    "refuse_blocks",
    "garbage",
)
NOT_METHODS = frozenset({"response_url", "upload_url"})


@dataclass
class Fault:
    """What happens to the next `times` matching calls (0: until cleared). `delay_s` bounds how long a silent call stays open.

    `timeout_after` and `drop_after` carry the call out and then stay silent or drop the connection; `timeout_before`, `hang` and `drop`
    do not carry it out, except that a `hang` with `delay_s` answers normally after that time. `refuse_blocks` refuses `types`.
    """

    method: str
    mode: str
    error: str = "internal_error"
    retry_after: int = 1
    times: int = 1
    channel: str = ""
    delay_s: float = 0.0
    types: tuple[str, ...] = tuple(blocks.NEW)

    def matches(self, method: str, channel: str, types: frozenset[str]) -> bool:
        """Whether this call is hit."""
        named = self.method == method or (self.method == "*" and method not in NOT_METHODS)
        wanted = not self.channel or self.channel == channel
        return named and wanted and (self.mode != "refuse_blocks" or bool(types & set(self.types)))


_KEYS: dict[str, type | tuple[type, ...]] = {
    "method": str,
    "mode": str,
    "error": str,
    "retry_after": int,
    "times": int,
    "channel": str,
    "delay_s": (int, float),
    "types": list,
}


class Faults:
    """The faults in force, in the order in which they were set; each call is hit by the first that matches."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Set a fault. Raises Refused for unknown keys, kinds and modes."""
        for key, value in wanted.items():
            if key not in _KEYS or not isinstance(value, _KEYS[key]):
                raise errors.Refused("invalid_fault", detail=f"{key} is unknown or of the wrong kind")
        if wanted.get("mode") not in MODES or "method" not in wanted:
            raise errors.Refused("invalid_fault", detail=f"needs method and mode, one of {', '.join(MODES)}")
        chosen = {**wanted, "types": tuple(wanted["types"])} if "types" in wanted else wanted
        fault = Fault(**chosen)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Back to normal."""
        self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The faults in force."""
        return [asdict(fault) for fault in self._faults]

    def take(self, method: str, channel: str, types: frozenset[str]) -> Fault | None:
        """The fault that hits this call, counted down."""
        for fault in self._faults:
            if fault.matches(method, channel, types):
                if fault.times == 1:
                    self._faults.remove(fault)
                fault.times -= fault.times > 0
                return fault
        return None
