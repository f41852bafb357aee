"""Servers on this machine that speak as Slack and mail servers do, also badly."""

import contextlib
import datetime
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TOKEN = "xoxb-1-a-token-that-nobody-may-see"
USER, PASSWORD = "robot", "a-password-that-nobody-may-see"


class Slack:
    """Slack's API and its webhooks. ``script`` has what the next calls are answered."""

    def __init__(self) -> None:
        self.script: list[str] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.accepted: list[tuple[str, dict[str, Any]]] = []
        self.over = threading.Event()
        handler = type("Handler", (_SlackHandler,), {"slack": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self.server.server_port}/api/"
        self.webhook = f"http://127.0.0.1:{self.server.server_port}/services/T/B/secret"

    def posted(self) -> list[dict[str, Any]]:
        """The messages."""
        return [body for _, body in self.accepted]


class _SlackHandler(BaseHTTPRequestHandler):
    slack: Slack

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = self.path.rpartition("/")[2] if "/api/" in self.path else "webhook"
        self.slack.calls.append((name, body))
        answer = self.slack.script.pop(0) if self.slack.script else "ok"
        known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if name != "webhook" and not known:
            answer = "invalid_auth"
        kind, _, argument = answer.partition(":")
        if kind == "hang":
            self.slack.over.wait(60)
        elif kind == "drip":
            self._drip()
        elif kind == "cut":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif kind in {"429", "500"}:
            self._answer(int(kind), {"ok": False, "error": "ratelimited"}, argument)
        elif kind == "ok":
            self.slack.accepted.append((name, body))
            ts = f"{len(self.slack.accepted)}.000"
            channel = f"C{body.get('channel', '').strip('#C')}"
            self._answer(200, {"ok": True, "channel": channel, "ts": ts})
        else:
            status = 200 if name != "webhook" else 403
            self._answer(status, {"ok": False, "error": answer})

    def _answer(self, status: int, data: dict[str, Any], retry_after: str = "") -> None:
        plain = "/services/" in self.path
        text = str(data.get("error", "ok")) if plain else json.dumps(data)
        self.send_response(status)
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Type", "text/plain" if plain else "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        with contextlib.suppress(OSError):
            while not self.slack.over.wait(0.2):
                self.wfile.write(b" ")
                self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def slack_server() -> Iterator[Slack]:
    slack = Slack()
    thread = threading.Thread(target=slack.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield slack
    finally:
        slack.over.set()
        slack.server.shutdown()
        thread.join()
        slack.server.server_close()


class Post:
    """A mail server, and what it has taken in."""

    def __init__(self, port: int = 0, ca_file: Path | None = None) -> None:
        self.port, self.ca_file = port, ca_file
        self.mails: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.secured: list[bool] = []
        self.users: list[str] = []

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if address.startswith("unknown"):
            return "550 no such person here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:
        if any(address.startswith("full") for address in envelope.rcpt_tos):
            return "452 no room"
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.to.append(list(envelope.rcpt_tos))
        secure = server.transport.get_extra_info("ssl_object")
        self.secured.append(secure is not None)
        return "250 taken as 4711"

    def knows(self, server, session, envelope, mechanism, given) -> AuthResult:
        good = LoginPassword(USER.encode(), PASSWORD.encode())
        self.users.append(given.login.decode())
        return AuthResult(success=given == good, handled=False)


@contextlib.contextmanager
def mail_server(security: str, folder: Path, login: bool = True) -> Iterator[Post]:
    """A server that wants to be spoken to in that way."""
    certificate, key = make_certificate(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    post = Post(ca_file=certificate)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        post.port = probe.getsockname()[1]
    options: dict[str, Any] = {"hostname": "127.0.0.1", "port": post.port}
    if login:
        options |= {"authenticator": post.knows, "auth_required": True}
        options |= {"auth_require_tls": security == "starttls"}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if security == "tls":
        options |= {"ssl_context": context}
    controller = _Controller(post, **options)
    controller.start()
    try:
        yield post
    finally:
        controller.stop()


class _Controller(Controller):
    def factory(self) -> Any:
        server = super().factory()
        server.enable_SMTPUTF8 = True
        return server


@contextlib.contextmanager
def bad_server(how: str) -> Iterator[int]:
    """A server that hangs, or says a letter now and then; its port."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                while not over.wait(0.2):
                    if how == "drip":
                        connection.sendall(b"2")
                    if how == "cut":
                        return

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=serve, args=(connection,)).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            time.sleep(0.25)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine that nobody else trusts, and its key."""
    certificate, key = folder / "server.pem", folder / "server.key"
    if certificate.exists():
        return certificate, key
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(tz=datetime.UTC)
    places = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, key
