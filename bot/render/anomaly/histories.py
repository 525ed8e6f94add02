"""What became of one anomaly: who did what and what was said about it, and why it is shown where it is."""

from __future__ import annotations

from collections.abc import Sequence

from bot import model
from bot.core import reasons
from bot.render.anomaly import buttons, evidence, rows, wording
from bot.render.kit import blocks, limits, text

_ROOM = 2_900
"""Units of what one block tells: below Slack's most for one, and three of them below its most for a message."""
_SPOKEN = 300
"""Units that are kept of a message's text for its heading and its end."""
_NOBODY = "Nobody has done anything to it that this desk knows of."


def history(
    anomaly: model.Anomaly,
    entries: Sequence[model.Entry],
    comments: Sequence[model.Comment],
    told: model.Evidence = model.NO_EVIDENCE,
) -> model.Message:
    """Who did what, newest first, refused tries too; then what was said in the system, newest first, and what that tells to whoever looks
    closely. What has no room is counted."""
    heading = f"History of {rows.title(anomaly)}"
    done = [_entry(entry) for entry in entries] or [text.spoken(_NOBODY)]
    said = [_remark(comment) for comment in reversed(comments)]
    closely = _lines(evidence.closely(anomaly, told)[0])
    groups = [("", done), ("Comments, newest first:", said), ("", closely)]
    more = blocks.actions(buttons.details(anomaly))
    return _told(heading, [(head, lines) for head, lines in groups if lines], rows.ident(anomaly), more)


def _told(heading: str, groups: Sequence[tuple[str, Sequence[str]]], ident: str, more: Sequence[model.Block] = ()) -> model.Message:
    """A heading, groups of lines of markup with as many whole ones as have room, and the id last."""
    room = (limits.IN_ALL - limits.TEXT - _SPOKEN) // len(groups)
    shown: list[model.Block] = [blocks.section(heading)]
    for head, lines in groups:
        body = text.within(lines, min(room, _ROOM) - len(head), "\n")
        shown.append({"type": "section", "text": blocks.marked("\n".join(part for part in (head, body) if part))})
    room = (limits.TEXT - text.size(heading) - _SPOKEN) // len(groups)
    spoken = [" ".join(part for part in (head, text.within(lines, room, "; ")) if part) for head, lines in groups]
    said = text.sentence(text.spoken(heading.removesuffix(":")), *spoken, text.spoken(ident))
    return limits.fit(model.Message(said, (*shown, blocks.context(ident), *more)))


def _lines(drawn: Sequence[model.Block]) -> list[str]:
    """What these blocks tell, as lines of markup."""
    parts = [one for block in drawn for one in block.get("elements", [block.get("text")])]
    return [part["text"] if part["type"] == "mrkdwn" else text.spoken(part["text"]) for part in parts]


def _entry(entry: model.Entry) -> str:
    """ "*Acknowledged* by Dana (was Active), <date>", "*Not archived* by Lee: no right to, <date>", as mrkdwn."""
    what = wording.verb(entry)
    if entry.result is not model.Result.DONE:
        what = f"{'Not' if entry.result is model.Result.REFUSED else 'Already'} {what.lower()}"
    before, after = text.short(entry.before, 100, ""), text.short(entry.after, 100, "")
    moved = ""
    if (before or after) and before != after:
        same = after.casefold() == wording.verb(entry).casefold()  # said once is enough
        moved = (f"(was {before})" if before else "") if same else f"({before or 'nothing'} → {after or 'nothing'})"
    detail = text.short(entry.detail, 300, "")
    rest = text.spoken(" ".join(part for part in (wording.by(entry), moved) if part))
    reason = f": {text.spoken(detail)}" if detail else ""
    return f"{f'*{text.spoken(what)}* {rest}'.strip()}{reason}, {text.when(entry.at)}"


def _remark(comment: model.Comment) -> str:
    said = text.spoken(f"{text.short(comment.author, 60, 'Somebody')}: {text.short(comment.text, 500)}")
    return f"{said}, {text.when(comment.at)}" if comment.at else said


def why(ref: model.Ref, decided: Sequence[model.Explanation], anomaly: model.Anomaly | None = None) -> model.Message:
    """Why it was posted, folded, held or left out: every decision, where, with its reason in a sentence, and when. `anomaly` as this desk
    saw it last, None for one that it never saw."""
    what = rows.title(anomaly) if anomaly is not None else "this anomaly"
    ident = text.short(str(ref), 80)
    if not decided:
        return blocks.line(f"Nothing was decided about {what} yet. {ident}")
    return _told(f"Why {what} is shown where it is:", [("", [_decision(one) for one in decided])], ident)


def _decision(decided: model.Explanation) -> str:
    """ "<#C1> Posted at once: nothing else had just been posted in this channel. <date>"."""
    detail = text.short(decided.detail, 300, "")
    told = text.sentence(reasons.sentence(decided.reason, decided.route), f"Slack's last answer: {detail}" if detail else "")
    return " ".join(
        part for part in (text.channel(decided.channel, ""), text.spoken(told), text.when(decided.at) if decided.at else "") if part
    )
