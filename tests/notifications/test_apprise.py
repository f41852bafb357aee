"""Other services, by Apprise."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kit import ops

from .notification_samples import Kind, sample

pytest.importorskip("apprise")
module = ops("notifications.apprise")
ChannelError = ops("notifications.send").ChannelError


class Service(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append(body)
        self.send_response(500 if self.path == "/bad" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *args):
        pass


def channel(known, **settings):
    return module.Apprise("apprise", {"to": ["pager"], **settings}, known)


def test_a_service_gets_plain_text():
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        server.received = []
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        place = f"json://127.0.0.1:{server.server_port}"
        services = channel(
            {"pager": f"{place}/", "bad": f"{place}/bad", "none": "no://"}
        )
        assert services.send(sample(), ["pager"], 5) == "accepted: pager"
        assert services.send(sample(Kind.RECOVERY), ["pager"], 5) == "accepted: pager"
        with pytest.raises(ChannelError, match="not accepted: bad, none"):
            services.send(sample(), ["bad", "none"], 5)
        server.shutdown()
        thread.join()

    first, second = server.received[:2]
    assert (first["title"], first["type"]) == (sample().title, "failure")
    assert first["message"] == sample().text()
    assert second["type"] == "success"


def test_what_is_missing_is_a_problem():
    assert list(channel({"pager": "json://x"}).problems()) == []
    assert list(channel({}, credentials="services").problems()) == [
        "'services.pager' is not defined in credentials.yml",
    ]
    assert "no recipients" in list(channel({}, to=[]).problems())[0]
