"""E-mail: one message for each run, by the SMTP server of the team."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from attrs import define

from .channel import Channel, ChannelError, ChannelOptions
from .message import Kind, Message

if TYPE_CHECKING:
    from email.message import EmailMessage
    from smtplib import SMTP

_PORTS = {"starttls": 587, "tls": 465, "plain": 25}
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[A-Za-z0-9.-]+")


@define
class MailOptions(ChannelOptions):
    """``credentials`` names an entry with ``username`` and ``password``, if any."""

    host: str = ""
    port: int = 0  # of the security, if it is 0
    security: str = "starttls"  # or tls (SMTPS), or plain
    sender: str = ""
    ca_file: str = ""  # of an authority that this machine does not know


class Email(Channel):
    """Plain text and HTML; the messages of a pipeline on a branch are one thread."""

    Options = MailOptions

    def problems(self) -> Iterator[str]:
        """A server, a sender and recipients have to be there."""
        yield from super().problems()
        known, path = self.options, f"notifications.channels.{self.name}"
        if known.security not in _PORTS:
            yield f"{path}.security is '{known.security}': write starttls, tls or plain"
        if not known.host:
            yield f"there is no server: write {path}.host"
        if not _ADDRESS.fullmatch(known.sender):
            yield f"{path}.sender is '{known.sender}': write an address"
        if not known.to:
            yield f"nobody is told: write {path}.to"
        for each in known.to:
            if not _ADDRESS.fullmatch(each):
                yield f"'{each}' in {path}.to is no address"
        if isinstance(self.credentials, dict):
            for key in ("username", "password"):
                if not self.credentials.get(key):
                    yield f"credentials.yml has no {known.credentials}.{key}"

    def prepare(self) -> None:
        """Import what speaks SMTP, and what a name of a host is written with."""
        import encodings.idna  # noqa: F401, PLC0415
        import smtplib  # noqa: F401, PLC0415
        import ssl  # noqa: F401, PLC0415
        from email.message import EmailMessage  # noqa: F401, PLC0415

        from . import email_html  # noqa: F401, PLC0415

    def send(self, message: Message, to: list[str], seconds: float) -> str:
        """Send one mail to all of them."""
        import smtplib  # noqa: PLC0415

        wrong = [each for each in to if not _ADDRESS.fullmatch(each)]
        if wrong:
            raise ChannelError(f"'{wrong[0]}' is no address")
        written = written_mail(message, self.options.sender, to)
        try:
            with self._connect(seconds) as server:
                refused = server.send_message(written, self.options.sender, to)
        except smtplib.SMTPRecipientsRefused as error:
            raise ChannelError(_refused(error.recipients)) from error
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error
            text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
            raise ChannelError(
                f"{self._where} answers {error.smtp_code}: {text}"
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise ChannelError(f"{self._where} cannot be used: {reason}") from error
        if refused:
            raise ChannelError(_refused(refused))
        return f"accepted by {self._where} for {', '.join(to)}"

    @property
    def _where(self) -> str:
        known = self.options
        return f"{known.host}:{known.port or _PORTS[known.security]}"

    def _connect(self, seconds: float) -> SMTP:
        import smtplib  # noqa: PLC0415
        import socket  # noqa: PLC0415
        import ssl  # noqa: PLC0415

        known = self.options
        port = known.port or _PORTS[known.security]
        # Its own name, or smtplib asks a server of names for it, for as long as it takes.
        told: dict[str, Any] = {"local_hostname": socket.gethostname()}
        told["timeout"] = seconds
        if known.security == "plain":
            server = smtplib.SMTP(known.host, port, **told)
        else:
            secure = ssl.create_default_context(cafile=known.ca_file or None)
            if known.security == "tls":
                server = smtplib.SMTP_SSL(known.host, port, context=secure, **told)
            else:
                server = smtplib.SMTP(known.host, port, **told)
                server.starttls(context=secure)
        if self.credentials:
            server.login(self.credentials["username"], self.credentials["password"])
        return server


def written_mail(message: Message, sender: str, to: list[str]) -> EmailMessage:
    """A message as a mail. No text of a run can become a header: the policy refuses it."""
    from email.message import EmailMessage  # noqa: PLC0415
    from email.policy import SMTP as POLICY  # noqa: PLC0415
    from email.utils import format_datetime, make_msgid  # noqa: PLC0415

    from . import email_html  # noqa: PLC0415

    domain = sender.rpartition("@")[2]
    thread = f"<runs.{message.thread}@{domain}>"
    mail = EmailMessage(policy=POLICY)
    mail["From"], mail["To"], mail["Subject"] = sender, ", ".join(to), message.title
    mail["Date"] = format_datetime(_now())
    mail["Message-ID"] = make_msgid(message.kind.value, domain)
    mail["In-Reply-To"] = mail["References"] = thread
    mail["Auto-Submitted"] = "auto-generated"  # no answers from who is on holiday
    if message.kind.is_bad and message.kind != Kind.STOPPED:
        mail["Importance"] = "high"
    mail.set_content(message.text())
    mail.add_alternative(email_html.page(message), subtype="html")
    return mail


def _now() -> Any:
    from datetime import datetime, timezone  # noqa: PLC0415

    return datetime.now(timezone.utc)


def _refused(recipients: dict[str, tuple[int, bytes]]) -> str:
    said = (
        f"{name} is refused: {code} {text.decode('utf-8', 'replace')}"
        for name, (code, text) in recipients.items()
    )
    return "; ".join(said)
