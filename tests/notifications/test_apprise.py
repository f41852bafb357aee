"""Other services, by Apprise."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kit import ops

from .told_runs import Kind, made

module = ops("notifications.apprise")
ChannelError = ops("notifications.channel").ChannelError


class Service(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.told.append(body)
        self.send_response(500 if self.path == "/bad" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *args):
        pass


def channel(known, **settings):
    return module.Apprise("apprise", {"to": ["pager"], **settings}, known)


def test_a_service_is_told_in_plain_text():
    pytest.importorskip("apprise")
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        server.told = []
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        place = f"json://127.0.0.1:{server.server_port}"
        told = channel({"pager": f"{place}/", "bad": f"{place}/bad", "none": "no://"})
        told.prepare()
        assert told.send(made(), ["pager"], 5) == "accepted: pager"
        assert told.send(made(Kind.RECOVERY), ["pager"], 5) == "accepted: pager"
        with pytest.raises(ChannelError, match="not accepted: bad, none"):
            told.send(made(), ["bad", "none"], 5)
        server.shutdown()
        thread.join()

    first, second = server.told[:2]
    assert (first["title"], first["type"]) == (made().title, "failure")
    assert first["message"] == made().text()
    assert second["type"] == "success"


def test_what_is_missing_is_told_before(monkeypatch):
    monkeypatch.setattr(module.Apprise, "needs", "")
    assert list(channel({"pager": "json://x"}).problems()) == []
    assert list(channel({}, credentials="services").problems()) == [
        "credentials.yml has no services.pager"
    ]
    assert "nobody is told" in list(channel({}, to=[]).problems())[0]
