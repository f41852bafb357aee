"""A message as Slack's Block Kit has it, within its limits.

https://docs.slack.dev/reference/block-kit/blocks: 50 blocks, a header of 150 letters,
10 fields of 2,000, a text of 3,000.
"""

from __future__ import annotations

from typing import Any

from .message import Fault, Kind, Message

_TEXT, _HEADER, _FIELD, _FIELDS = 3000, 150, 2000, 10
_ROOM = 2400  # of _TEXT, before & and < are written in more letters than one
_SIGNS = {
    Kind.FAILURE: ":red_circle:",
    Kind.STOPPED: ":no_entry:",
    Kind.INTERRUPTION: ":warning:",
    Kind.RECOVERY: ":large_green_circle:",
    Kind.UNUSUAL: ":large_yellow_circle:",
    Kind.SUCCESS: ":large_green_circle:",
    Kind.START: ":hourglass_flowing_sand:",
}
_IN_THE_FOOT = {"Run", "Run by"}
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# A space that has no width keeps * and the like from being marks of format.
_PLAIN = _ESCAPED | {ord(mark): f"\u200b{mark}\u200b" for mark in "*~`"}


def blocks(message: Message, traceback: bool) -> list[dict[str, Any]]:
    """The blocks of a message; with the lines of its errors, or without."""
    sign = _SIGNS[message.kind]
    found = [_header(f"{sign} {message.title}")]
    facts = [fact for fact in message.facts if fact.name not in _IN_THE_FOOT]
    fields = [f"*{plain(f.name)}*\n{plain(f.text)}"[:_FIELD] for f in facts]
    if fields:
        mrkdwn = [{"type": "mrkdwn", "text": each} for each in fields[:_FIELDS]]
        found.append({"type": "section", "fields": mrkdwn})
    for fault in message.faults:
        found.append(_section(_named(fault)))
        if traceback and fault.lines:
            found.append(_section(_code(fault.lines)))
    for section in message.sections:
        lines = "\n".join(f"• {plain(line)}" for line in section.lines)
        found.append(_section(f"*{plain(section.title)}*\n{lines}"))
    if message.resume:
        found.append(_section(f"*Go on with*\n{_code(message.resume)}"))
    foot = [plain(f.text) for f in message.facts if f.name in _IN_THE_FOOT]
    if message.link:
        foot.insert(0, f"<{_url(message.link)}|See the run>")
    if foot:
        text = "  ·  ".join(foot)[:_FIELD]
        found.append(
            {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}
        )
    return found


def errors(message: Message) -> list[dict[str, Any]]:
    """What went wrong, for the thread: the last lines of each error."""
    found = []
    for fault in message.faults:
        if fault.lines:
            found += [_section(_named(fault)), _section(_code(fault.lines))]
    return found


def plain(text: str) -> str:
    """Text that is nothing but text: no mention, no link, no format."""
    return text.translate(_PLAIN)


def _named(fault: Fault) -> str:
    head = f"*{plain(fault.node)}*\n" if fault.node else ""
    return f"{head}{plain(fault.error)}"


def _header(text: str) -> dict[str, Any]:
    text = text if len(text) <= _HEADER else f"{text[: _HEADER - 1]}…"
    return {
        "type": "header",
        "text": {"type": "plain_text", "text": text, "emoji": True},
    }


def _section(text: str) -> dict[str, Any]:
    text = text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _code(text: str) -> str:
    """The end of a text in fixed letters."""
    shown = text if len(text) <= _ROOM else f"…{text[-_ROOM:]}"
    shown = shown.replace("```", "'''")
    while len(written := shown.translate(_ESCAPED)) > _TEXT - 10:
        shown = f"…{shown[len(shown) // 10 :]}"
    return f"```\n{written}\n```"


def _url(url: str) -> str:
    return url.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C")
