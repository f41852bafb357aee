"""Slack: what is posted, what Slack answers, and the blocks of a message."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kit import ops

from .notification_samples import Kind, sample

module = ops("notifications.slack")
ChannelError = ops("notifications.send").ChannelError
message = ops("notifications.message")
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


def test_a_message_is_posted_to_each_channel(server):
    assert channel(server).send(sample(), ["#data", "#more"], 5) == (
        "#data: posted 7.0, #more: posted 7.0"
    )

    (name, post), _ = server.calls
    assert name == "chat.postMessage"
    assert (post["channel"], post["text"]) == ("#data", sample().title)
    assert "Traceback" in json.dumps(post["blocks"])


def test_where_one_channel_refuses_the_others_get_it(server):
    server.script = [(200, "channel_not_found", {})]
    with pytest.raises(ChannelError) as error:
        channel(server).send(sample(), ["#lost", "#data"], 5)

    assert str(error.value) == (
        "#lost: Slack answers 200: channel_not_found (the channel does not exist, or the "
        "bot was not invited); #data: posted 7.0"
    )


def test_slack_is_waited_for_as_long_as_there_is_time(server):
    server.script = [(429, "ratelimited", {"Retry-After": "0"})]
    channel(server).send(sample(errors=[]), ["#data"], 5)
    assert len(server.calls) == 2

    server.script = [(429, "ratelimited", {"Retry-After": "60"})]
    with pytest.raises(ChannelError, match="429: ratelimited"):
        channel(server).send(sample(errors=[]), ["#data"], 5)
    assert len(server.calls) == 3


def test_a_busy_server_is_asked_twice_more(server):
    server.script = [(500, "busy", {}), (503, "busy", {})]
    assert channel(server).send(sample(errors=[]), ["#data"], 9) == "#data: posted 7.0"
    assert len(server.calls) == 3

    server.script = [(500, "busy", {})] * 9
    with pytest.raises(ChannelError, match="Slack answers 500: busy"):
        channel(server).send(sample(errors=[]), ["#data"], 9)
    assert len(server.calls) == 6


@pytest.mark.parametrize("error", module._REMEDIES)
def test_what_slack_refuses_comes_with_what_to_do(server, error):
    server.script = [(200, error, {})]
    with pytest.raises(ChannelError) as raised:
        channel(server).send(sample(errors=[]), ["#data"], 5)
    assert module._REMEDIES[error] in str(raised.value)


@pytest.mark.parametrize("by", ["token", "webhook"])
@pytest.mark.parametrize(
    "wait",
    ["abc", "-5", "", "1.5", "\u00b2", "9" * 5_000, "Wed, 21 Oct 2026 07:28:00 GMT"],
)
def test_a_wait_that_is_no_number_of_seconds_is_not_waited_for(server, by, wait):
    server.script = [(429, "ratelimited", {"Retry-After": wait})]
    slack = channel(server, {"webhook": hook(server)} if by == "webhook" else None)
    with pytest.raises(ChannelError, match="429: ratelimited"):
        slack.send(sample(errors=[]), ["#data"], 5)
    assert len(server.calls) == 1


def test_an_address_that_is_none_is_an_error(server):
    with pytest.raises(ChannelError, match="cannot reach Slack: ValueError"):
        channel(server, {"webhook": "no address"}).send(sample(), [], 1)


def test_an_unreachable_server_is_an_error(server):
    slack = channel(server, base_url="http://127.0.0.1:1/")
    with pytest.raises(ChannelError, match="cannot reach Slack: Conn"):
        slack.send(sample(), ["#data"], 1)
    slack = channel(server, {"webhook": "http://127.0.0.1:1/"})
    with pytest.raises(ChannelError, match="cannot reach Slack: Conn"):
        slack.send(sample(), [], 1)


def test_a_webhook_has_all_in_one_message(server):
    slack = channel(server, {"webhook": hook(server)}, to=[])
    assert slack.send(sample(), [], 5) == "webhook: ok"
    [(name, body)] = server.calls
    assert name == "hook"
    assert "Traceback" in json.dumps(body)

    server.script = [(403, "no_service", {})]
    with pytest.raises(ChannelError, match="403: no_service .the webhook was removed"):
        slack.send(sample(), [], 5)


def test_what_is_missing_is_a_problem(server):
    def problems(credentials=None, **settings):
        return list(channel(server, credentials, **settings).problems())

    assert problems() == []
    assert problems({"webhook": "https://x"}, to=[]) == []
    assert "no recipients" in problems(to=[])[0]
    assert "needs slack: {token: ...}" in problems({"tokn": "x"})[0]
    slack = module.Slack("slack", {"credentials": "slack"}, None)
    assert list(slack.problems()) == ["'slack' is not defined in credentials.yml"]


def check_limits(blocks):
    assert len(blocks) <= 50
    for block in blocks:
        if block["type"] == "header":
            assert 0 < len(block["text"]["text"]) <= 150
        elif block["type"] == "context":
            assert len(block["elements"]) <= 10
            assert all(len(each["text"]) <= 2000 for each in block["elements"])
        elif "fields" in block:
            assert len(block["fields"]) <= 10
            assert all(0 < len(each["text"]) <= 2000 for each in block["fields"])
        else:
            assert 0 < len(block["text"]["text"]) <= 3000


@pytest.mark.parametrize("text", ["x" * 9_000, "&<>`" * 3_000, "```\n" * 2_000])
@pytest.mark.parametrize("kind", list(Kind))
def test_the_largest_message_is_within_the_limits(kind, text):
    large = sample(
        kind,
        title=text,
        resume=text,
        facts={f"{n}{text}": text for n in range(30)},
        errors=[message.ErrorReport(text, text, text)] * 4,
        sections={f"{n}{text}": [text] * 9 for n in range(4)},
    )
    check_limits(module.blocks(large))


def test_no_text_is_a_mention_a_link_or_a_format():
    assert module.plain("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert "*b*" not in module.plain("a *b* `c` ~d~")
    error = message.ErrorReport("a", "b", "```<!here>```")
    code = module.blocks(sample(errors=[error]))[3]
    assert code["text"]["text"] == "```\n'''&lt;!here&gt;'''\n```"


@pytest.mark.parametrize("by", ["token", "webhook"])
def test_the_text_of_a_push_notification_mentions_nobody(server, by):
    slack = channel(server, {"webhook": hook(server)} if by == "webhook" else None)
    slack.send(sample(title="a & <!channel> <@U012AB>"), ["#data"], 5)

    [(_, posted)] = server.calls
    assert posted["text"] == "a &amp; &lt;!channel&gt; &lt;@U012AB&gt;"


def test_a_link_stays_a_link():
    link = "https://x.example/index.html#run=a|b>"
    text = module.blocks(sample(link=link))[-1]["text"]["text"]
    assert text.startswith("<https://x.example/index.html#run=a%7Cb%3E|Open the run>")


def test_a_short_message_is_a_header():
    nothing = {"facts": {}, "errors": [], "sections": {}, "resume": "", "link": ""}
    [header] = module.blocks(sample(Kind.SUCCESS, **nothing))
    assert header["text"]["text"].startswith(":large_green_circle: cars failed")
