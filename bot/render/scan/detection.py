"""What became of a search for anomalies that a system tells nothing of while it looks."""

from __future__ import annotations

from bot import model
from bot.render.kit import blocks, limits, text


def started(found: model.Detection, span: str, capabilities: model.Capabilities) -> model.Message:
    """What it found where the system says that at once; else that nobody can ask how it stands."""
    title = text.short(capabilities.title, 40)
    line = f"{title} looked for anomalies in the last {span}: {_found(found.found)}."
    if found.found is None:
        task = f" Its name there is {text.short(found.task, 80)}." if found.task else ""
        line = f"{title} looks for anomalies in the last {span} now.{task} It has no call that tells how it stands or when it ends."
    follow = "" if found.found == 0 else "What is new is posted like any other."
    return limits.fit(model.Message(text.sentence(text.spoken(line), follow), (blocks.section(f"{line} {follow}".strip()),)))


def _found(amount: int | None) -> str:
    return f"it found {text.count(amount, 'anomaly', 'anomalies')}" if amount else "it found none"
