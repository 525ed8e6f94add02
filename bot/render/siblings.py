"""Names side by side in little room: each stays recognisable, because what they have in common gives way first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from bot.render.kit import text

_ROUNDS = 4
"""How often names that still look the same are cut at their next difference, before they are numbered."""


def apart(names: Sequence[str], room: int, empty: str = text.NOTHING) -> Sequence[str]:
    """The names in at most `room` units (at least 12) each; those that differ are shown differently.

    A name that fits stays whole. One that does not loses its end, unless it would then look like another: those lose what stands between
    their beginning and the place where they differ.
    """
    if len(names) < 2:
        return [text.short(name, room, empty) for name in names]
    whole = {name: text.squeeze(name, empty) for name in names}
    shown = {name: text.clip(line, room) for name, line in whole.items()}
    for _ in range(_ROUNDS):
        same = _same(shown)
        if not same:
            break
        for group in same:
            shown |= _cut([(name, whole[name]) for name in group], room)
    for group in _same(shown):
        shown |= {name: _numbered(shown, shown[name], turn, room) for turn, name in enumerate(group, 1)}
    return [shown[name] for name in names]


def by_name(names: Sequence[str], room: int, empty: str = text.NOTHING) -> Mapping[str, str]:
    """The same as a look-up."""
    return dict(zip(names, apart(names, room, empty), strict=True))


def things(named: Sequence[tuple[str, str]], room: int) -> Sequence[str]:
    """The same for things by their ids and names: those that have one name in common are told with their ids behind it."""
    times = Counter(name for _, name in dict.fromkeys(named))
    return apart([name if times[name] == 1 else f"{name} ({ident})" for ident, name in named], room)


def listed(names: Sequence[str], room: int, most: int = 10, empty: str = text.NOTHING) -> str:
    """The first `most` of them in a sentence, told apart, and how many more."""
    return text.listed([*apart(names[:most], room, empty), *names[most:]], most)


def _same(shown: Mapping[str, str]) -> Sequence[Sequence[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for name, label in shown.items():
        groups[label].append(name)
    return [group for group in groups.values() if len(group) > 1]


def _cut(group: Sequence[tuple[str, str]], room: int) -> Mapping[str, str]:
    """Each name without what all of these begin with, but for the first letters; as much as possible before their first difference."""
    lines = [line for _, line in group]
    differ = next((at for at, letters in enumerate(zip(*lines, strict=False)) if len(set(letters)) > 1), min(map(len, lines)))
    return {name: _middle(line, differ, room) for name, line in group}


def _middle(line: str, differ: int, room: int) -> str:
    """The beginning, an ellipsis, and the line from its end backwards, but from the place where it differs at the latest."""
    if text.size(line) <= room:
        return line
    head = text.clip(line, room // 3)
    left, at = room - text.size(head), len(line)
    while at > 0 and text.size(line[at - 1 :]) <= left:
        at -= 1
    start = min(at, differ)
    while start < len(line) and text.extends(line[start]):
        start += 1
    return text.clip(f"{head}{line[start:]}", room)


def _numbered(shown: Mapping[str, str], label: str, turn: int, room: int) -> str:
    """The last resort for names that look the same however they are cut: "orders (2)"."""
    taken = set(shown.values())
    while True:
        mark = f" ({turn})"
        numbered = text.clip(label, room - len(mark)) + mark
        if numbered not in taken:
            return numbered
        turn += len(taken)
