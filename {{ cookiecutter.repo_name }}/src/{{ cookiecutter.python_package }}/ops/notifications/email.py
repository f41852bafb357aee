"""E-mail: one message for each run, through the SMTP server of the team."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timezone
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime, make_msgid
from typing import Any

from attrs import define
from jinja2 import Environment

from .message import Message
from .rules import Kind
from .send import Channel, ChannelError, ChannelOptions

_PORTS = {"starttls": 587, "tls": 465, "plain": 25}
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[A-Za-z0-9.-]+")

# The badge of each kind: its text, its color, and a light color for backgrounds.
_BADGES = {
    Kind.FAILURE: ("Failed", "#c0262d", "#fdf1f1"),
    Kind.STOPPED: ("Not started", "#b4470f", "#fdf4ec"),
    Kind.INTERRUPTION: ("Interrupted", "#9a5b00", "#fdf6e7"),
    Kind.RECOVERY: ("Recovered", "#11743f", "#eef8f2"),
    Kind.UNUSUAL: ("Unusual", "#8a6300", "#fdf8e4"),
    Kind.SUCCESS: ("Succeeded", "#11743f", "#eef8f2"),
}

# Mail programs support little CSS: it is inline, and nothing is loaded from elsewhere.
_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """\
{% set line = "#e3e7ee" %}
{% set heading = "margin:22px 0 8px;font-size:12px;font-weight:700;color:#5b6577;letter-spacing:.05em;text-transform:uppercase" %}
{% macro code(text) %}
<pre style="margin:0;padding:11px 13px;background:#f9fafc;border:1px solid {{ line }};border-radius:6px;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace;font-size:12.5px;line-height:1.55;white-space:pre-wrap;word-break:break-word;overflow-wrap:anywhere">{{ text }}</pre>
{% endmacro %}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>{{ message.title }}</title>
</head>
<body style="margin:0;padding:0;background:#f2f4f7;-webkit-text-size-adjust:100%">
<div style="display:none;max-height:0;overflow:hidden">{{ preview }}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f2f4f7">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="640" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:640px;background:#ffffff;border:1px solid {{ line }};border-radius:12px;border-collapse:separate;overflow:hidden;table-layout:fixed">
<tr><td style="height:6px;line-height:6px;font-size:0;background:{{ color }}">&nbsp;</td></tr>
<tr><td style="padding:26px 32px 28px;font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;color:#1a2230;font-size:15px;line-height:1.5;word-break:break-word;overflow-wrap:anywhere">
<span style="display:inline-block;padding:3px 11px;border-radius:99px;background:{{ light }};color:{{ color }};font-size:12px;font-weight:700;letter-spacing:.04em;text-transform:uppercase">{{ badge }}</span>
<h1 style="margin:12px 0 18px;font-size:21px;line-height:1.35;font-weight:700">{{ message.title }}</h1>
{% for each in message.errors %}
<div style="margin:0 0 14px;padding:14px 16px;background:{{ light }};border-left:4px solid {{ color }};border-radius:6px">
{% if each.node %}
<div style="font-weight:700;color:{{ color }}">{{ each.node }}</div>
{% endif %}
<div style="margin:0 0 10px">{{ each.error }}</div>
{% if each.traceback %}
{{ code(each.traceback) }}
{% endif %}
</div>
{% endfor %}
{% for title, lines in message.sections.items() %}
<div style="{{ heading }}">{{ title }}</div>
<ul style="margin:0;padding:0 0 0 20px">
{% for each in lines %}
<li style="margin:0 0 4px">{{ each }}</li>
{% endfor %}
</ul>
{% endfor %}
{% if message.resume %}
<div style="{{ heading }}">Resume with</div>
{{ code(message.resume) }}
{% endif %}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:24px 0 0;font-size:14px;line-height:1.45;table-layout:fixed">
{% for name, text in message.facts.items() %}
<tr><td valign="top" width="112" style="padding:7px 12px 7px 0;border-top:1px solid {{ line }};color:#5b6577">{{ name }}</td>
<td valign="top" style="padding:7px 0;border-top:1px solid {{ line }}">{{ text }}</td></tr>
{% endfor %}
</table>
{% if message.link %}
<div style="margin:24px 0 0"><a href="{{ message.link }}" style="display:inline-block;padding:11px 20px;background:{{ color }};color:#ffffff;border-radius:7px;font-weight:700;text-decoration:none">Open the run</a></div>
{% endif %}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
"""
)


@define
class EmailOptions(ChannelOptions):
    """``credentials`` has ``username`` and ``password``, if the server needs a login."""

    host: str = ""
    port: int = 0  # 0: the default port for the security
    security: str = "starttls"  # or tls (SMTPS), or plain
    sender: str = ""
    ca_file: str = ""  # certificates of an authority that this machine does not know


class Email(Channel):
    """Text and HTML; the mails of a pipeline on a branch are one thread."""

    Options = EmailOptions

    def problems(self) -> Iterator[str]:
        """A server, a sender and recipients are needed."""
        yield from super().problems()
        known, path = self.options, f"notifications.channels.{self.name}"
        if known.security not in _PORTS:
            yield f"{path}.security is '{known.security}': write starttls, tls or plain"
        if not known.host:
            yield f"there is no server: set {path}.host"
        if not known.sender:
            yield f"there is no sender: set {path}.sender"
        if not known.to:
            yield f"there are no recipients: set {path}.to"
        for key, address in [("sender", known.sender), *(("to", a) for a in known.to)]:
            if address and not _ADDRESS.fullmatch(address):
                yield f"'{address}' in {path}.{key} is not an address"
        for key in ("username", "password") if self.credentials is not None else ():
            if not self.credentials.get(key):
                yield f"'{known.credentials}.{key}' is not defined in credentials.yml"

    def send(self, message: Message, to: list[str], seconds: float) -> str:
        """Send one mail to all recipients."""
        known = self.options
        where = f"{known.host}:{known.port or _PORTS[known.security]}"
        mail = write_mail(message, known.sender, to)
        try:
            with self._connect(seconds) as server:
                refused = server.send_message(mail, known.sender, to)
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        except smtplib.SMTPResponseException as error:
            reason = _text(error.smtp_error)
            raise ChannelError(
                f"{where} answers {error.smtp_code}: {reason}"
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise ChannelError(f"cannot send through {where}: {reason}") from error
        if refused:
            said = [f"{a} is refused: {c} {_text(t)}" for a, (c, t) in refused.items()]
            raise ChannelError("; ".join(said))
        return f"accepted by {where} for {', '.join(to)}"

    def _connect(self, seconds: float) -> smtplib.SMTP:
        known = self.options
        port = known.port or _PORTS[known.security]
        # Without a name, smtplib asks a name server for one, which may take any time.
        options: dict[str, Any] = {"local_hostname": socket.gethostname()}
        options["timeout"] = seconds
        secure = ssl.create_default_context(cafile=known.ca_file or None)
        server: smtplib.SMTP
        if known.security == "tls":
            server = smtplib.SMTP_SSL(known.host, port, context=secure, **options)
        else:
            server = smtplib.SMTP(known.host, port, **options)
        if known.security == "starttls":
            server.starttls(context=secure)
        if self.credentials:
            server.login(self.credentials["username"], self.credentials["password"])
        return server


def write_mail(message: Message, sender: str, to: list[str]) -> EmailMessage:
    """Write the mail. No text of a run can become a header: the policy refuses it."""
    wrong = [each for each in to if not _ADDRESS.fullmatch(each)]
    if wrong:
        raise ChannelError(f"'{wrong[0]}' is not an address")
    domain = sender.rpartition("@")[2]
    thread = f"<runs.{message.thread}@{domain}>"
    mail = EmailMessage(policy=POLICY)
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Subject"] = message.title.replace("=?", "= ?")  # begins an encoded word
    mail["Date"] = format_datetime(datetime.now(timezone.utc))
    mail["Message-ID"] = make_msgid(message.kind.value, domain)
    mail["In-Reply-To"] = mail["References"] = thread
    mail["Auto-Submitted"] = "auto-generated"  # no out-of-office replies
    if message.kind.is_bad and message.kind != Kind.STOPPED:
        mail["Importance"] = "high"
    mail.set_content(message.text())
    mail.add_alternative(write_page(message), subtype="html")
    return mail


def write_page(message: Message) -> str:
    """Write the HTML."""
    badge, color, light = _BADGES[message.kind]
    names = {"Branch", "Nodes", "Time"}  # in a list of mails, beside the subject
    preview = " · ".join(text for name, text in message.facts.items() if name in names)
    known = {"badge": badge, "color": color, "light": light, "preview": preview}
    return _PAGE.render(message=message, **known)


def _text(given: bytes | str) -> str:
    return given.decode("utf-8", "replace") if isinstance(given, bytes) else given
