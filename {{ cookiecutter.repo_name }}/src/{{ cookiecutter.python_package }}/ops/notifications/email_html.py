"""A message as the HTML part of a mail: one column, tables and colours that last.

Programs that show mail know little of CSS. So it is written into the elements, nothing
is loaded from elsewhere, and each text is escaped.
"""

from __future__ import annotations

from html import escape

from .message import Fault, Kind, Message

_SANS = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
_MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace"
_INK, _SOFT, _LINE = "#1a2230", "#5b6577", "#e3e7ee"

# The colour of each kind, a light one beside it, and its word.
_LOOKS = {
    Kind.FAILURE: ("#c0262d", "#fdf1f1", "Failed"),
    Kind.STOPPED: ("#b4470f", "#fdf4ec", "Not started"),
    Kind.INTERRUPTION: ("#9a5b00", "#fdf6e7", "Interrupted"),
    Kind.RECOVERY: ("#11743f", "#eef8f2", "Well again"),
    Kind.UNUSUAL: ("#8a6300", "#fdf8e4", "Unusual"),
    Kind.SUCCESS: ("#11743f", "#eef8f2", "Done"),
    Kind.START: ("#1f5fbf", "#eef4fd", "Running"),
}
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>{title}</title>
</head>
<body style="margin:0;padding:0;background:#f2f4f7;-webkit-text-size-adjust:100%">
<div style="display:none;max-height:0;overflow:hidden">{preview}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f2f4f7">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="640" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:640px;background:#ffffff;border:1px solid #e3e7ee;border-radius:12px;border-collapse:separate;overflow:hidden;table-layout:fixed">
<tr><td style="height:6px;line-height:6px;font-size:0;background:{colour}">&nbsp;</td></tr>
<tr><td style="padding:26px 32px 28px;font-family:{sans};color:{ink};font-size:15px;line-height:1.5;word-break:break-word;overflow-wrap:anywhere">
{content}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
"""


def page(message: Message) -> str:
    """The text of the page."""
    colour, light, word = _LOOKS[message.kind]
    badge = (
        f'<span style="display:inline-block;padding:3px 11px;border-radius:99px;'
        f"background:{light};color:{colour};font-size:12px;font-weight:700;"
        f'letter-spacing:.04em;text-transform:uppercase">{word}</span>'
    )
    title = (
        f'<h1 style="margin:12px 0 18px;font-size:21px;line-height:1.35;'
        f'font-weight:700">{escape(message.title)}</h1>'
    )
    parts = [badge, title, *(_fault(each, colour, light) for each in message.faults)]
    for section in message.sections:
        lines = "".join(
            f'<li style="margin:0 0 4px">{escape(line)}</li>' for line in section.lines
        )
        parts.append(
            f'{_heading(section.title)}<ul style="margin:0;padding:0 0 0 20px">{lines}</ul>'
        )
    if message.resume:
        parts.append(_heading("Go on with") + _code(message.resume, "#f5f7fa", _LINE))
    parts.append(_facts(message))
    if message.link:
        parts.append(_button(message.link, colour))
    return _PAGE.format(
        title=escape(message.title),
        preview=escape(_preview(message)),
        colour=colour,
        sans=_SANS,
        ink=_INK,
        content="\n".join(parts),
    )


def _preview(message: Message) -> str:
    """What a list of mails shows beside the subject."""
    shown = {"Branch", "Nodes", "Time"}
    return " · ".join(fact.text for fact in message.facts if fact.name in shown)


def _fault(fault: Fault, colour: str, light: str) -> str:
    node = (
        f'<div style="font-weight:700;color:{colour}">{escape(fault.node)}</div>'
        if fault.node
        else ""
    )
    lines = _code(fault.lines, "#ffffff", "#efdcdc") if fault.lines else ""
    return (
        f'<div style="margin:0 0 14px;padding:14px 16px;background:{light};'
        f'border-left:4px solid {colour};border-radius:6px">{node}'
        f'<div style="margin:0 0 {10 if lines else 0}px">{escape(fault.error)}</div>'
        f"{lines}</div>"
    )


def _code(text: str, background: str, border: str) -> str:
    return (
        f'<pre style="margin:0;padding:11px 13px;background:{background};'
        f"border:1px solid {border};border-radius:6px;font-family:{_MONO};"
        "font-size:12.5px;line-height:1.55;white-space:pre-wrap;word-break:break-word;"
        f'overflow-wrap:anywhere">{escape(text)}</pre>'
    )


def _heading(text: str) -> str:
    return (
        f'<div style="margin:22px 0 8px;font-size:12px;font-weight:700;color:{_SOFT};'
        f'letter-spacing:.05em;text-transform:uppercase">{escape(text)}</div>'
    )


def _facts(message: Message) -> str:
    rows = "".join(
        f'<tr><td valign="top" width="112" style="padding:7px 12px 7px 0;'
        f'border-top:1px solid {_LINE};color:{_SOFT}">{escape(fact.name)}</td>'
        f'<td valign="top" style="padding:7px 0;border-top:1px solid {_LINE}">'
        f"{escape(fact.text)}</td></tr>"
        for fact in message.facts
    )
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" '
        'border="0" style="margin:24px 0 0;font-size:14px;line-height:1.45;'
        f'table-layout:fixed">{rows}</table>'
    )


def _button(link: str, colour: str) -> str:
    return (
        f'<div style="margin:24px 0 0"><a href="{escape(link)}" style="display:inline-block;'
        f"padding:11px 20px;background:{colour};color:#ffffff;border-radius:7px;"
        'font-weight:700;text-decoration:none">See the run</a></div>'
    )
