"""E-mail: one message for each run, through your SMTP server."""

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
from pathlib import Path
from typing import Any

from attrs import define
from jinja2 import Environment

from ..core import redaction
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

_PAGE = Path(__file__).with_name("email.html")


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
            if not (isinstance(self.credentials, dict) and self.credentials.get(key)):
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
            text = f"{where} answers {error.smtp_code}: {_text(error.smtp_error)}"
            raise ChannelError(text) from error
        except (smtplib.SMTPException, OSError) as error:
            text = f"cannot send through {where}: {redaction.error_text(error)}"
            raise ChannelError(text) from error
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
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    text = _PAGE.read_text(encoding="utf-8")
    return page.from_string(text).render(message=message, **known)


def _text(given: bytes | str) -> str:
    return given.decode("utf-8", "replace") if isinstance(given, bytes) else given
