"""Slack: what is posted, edited and answered, by its own library."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kit import ops

from .told_runs import Kind, made

module = ops("notifications.slack")
ChannelError = ops("notifications.channel").ChannelError
TOKEN = "xoxb-1-secret"


class Api(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = self.path.rpartition("/")[2]
        self.server.calls.append((name, body))
        status, said, header = 200, {"ok": True, "channel": "C1", "ts": "7.0"}, {}
        if self.server.script:
            status, error, header = self.server.script.pop(0)
            said = {"ok": False, "error": error}
        text = said.get("error", "ok") if "hook" in name else json.dumps(said)
        self.send_response(status)
        for key, value in header.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format, *args):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        server.calls, server.script = [], []
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def channel(server, credentials=None, **settings):
    base_url = f"http://127.0.0.1:{server.server_port}/api"
    known = {"base_url": base_url, "to": ["#data"], **settings}
    return module.Slack("slack", known, credentials or {"token": TOKEN})


def hook(server):
    return f"http://127.0.0.1:{server.server_port}/hook"


def test_a_message_is_posted_with_its_errors_in_the_thread(server):
    slack = channel(server)
    slack.prepare()
    assert slack.send(made(), ["#data", "#more"], 5) == (
        "#data: posted 7.0, #more: posted 7.0"
    )

    (_, post), (_, reply) = server.calls[:2]
    assert (post["channel"], post["text"]) == ("#data", made().title)
    assert (reply["channel"], reply["thread_ts"]) == ("C1", "7.0")
    assert reply["reply_broadcast"] is False
    assert len(server.calls) == 4


def test_what_was_posted_is_edited(server):
    slack = channel(server)
    slack.send(made(Kind.START, faults=[]), ["#data"], 5)
    assert slack.send(made(), ["#data"], 5) == "#data: edited 7.0"

    names = [name for name, _ in server.calls]
    assert names == ["chat.postMessage", "chat.update", "chat.postMessage"]
    assert server.calls[1][1]["ts"] == "7.0"
    assert server.calls[2][1]["reply_broadcast"] is True


def test_where_one_channel_refuses_the_others_are_told(server):
    server.script = [(200, "channel_not_found", {})]
    with pytest.raises(ChannelError) as error:
        channel(server).send(made(), ["#lost", "#data"], 5)

    assert str(error.value) == (
        "#lost: Slack answers 200: channel_not_found (there is no such channel, or the "
        "bot was not invited); #data: posted 7.0"
    )


def test_slack_is_waited_for_as_long_as_there_is_time(server):
    server.script = [(429, "ratelimited", {"Retry-After": "0"})]
    channel(server).send(made(faults=[]), ["#data"], 5)
    assert len(server.calls) == 2

    server.script = [(429, "ratelimited", {"Retry-After": "60"})]
    with pytest.raises(ChannelError, match="429: ratelimited"):
        channel(server).send(made(faults=[]), ["#data"], 5)
    assert len(server.calls) == 3


def test_nobody_there_is_told(server):
    slack = channel(server, base_url="http://127.0.0.1:1/")
    with pytest.raises(ChannelError, match="Slack cannot be reached: Conn"):
        slack.send(made(), ["#data"], 1)
    slack = channel(server, {"webhook": "http://127.0.0.1:1/"})
    with pytest.raises(ChannelError, match="Slack cannot be reached: Conn"):
        slack.send(made(), [], 1)


def test_a_webhook_has_all_in_one_message(server):
    slack = channel(server, {"webhook": hook(server)}, to=[])
    assert not slack.edits
    assert slack.send(made(), [], 5) == "webhook: ok"
    [(name, body)] = server.calls
    assert name == "hook"
    assert "Traceback" in json.dumps(body)

    server.script = [(403, "no_service", {})]
    with pytest.raises(ChannelError, match="403: no_service .the webhook was removed"):
        slack.send(made(), [], 5)


def test_several_webhooks_have_names(server):
    webhooks = {"#a": hook(server), "#b": f"{hook(server)}?b"}
    slack = channel(server, {"webhooks": webhooks}, to=["#a", "#b"])
    assert list(slack.problems()) == []
    assert slack.send(made(), ["#b"], 5) == "#b: ok"
    assert [name for name, _ in server.calls] == ["hook?b"]


def test_what_is_missing_is_told_before(server):
    def problems(credentials=None, **settings):
        return list(channel(server, credentials, **settings).problems())

    assert problems() == []
    assert problems({"webhook": "https://x"}, to=[]) == []
    assert "nobody is told" in problems(to=[])[0]
    assert "needs slack: {token: ...}" in problems({"tokn": "x"})[0]
    assert "no webhook of '#data'" in problems({"webhooks": {"#a": "https://x"}})[0]
    slack = module.Slack("slack", {"credentials": "slack"}, None)
    assert list(slack.problems()) == ["credentials.yml has no 'slack'"]
