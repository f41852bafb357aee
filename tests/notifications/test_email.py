"""E-mail: the mail, its HTML, and what a server answers."""

import socketserver
import threading
from html.parser import HTMLParser

import pytest
from kit import ops

from .notification_samples import Kind, sample

module = ops("notifications.email")
ChannelError = ops("notifications.send").ChannelError


class Talk(socketserver.StreamRequestHandler):
    """As much of SMTP as it takes."""

    def handle(self):
        server, taken = self.server, []
        self.say(server.greeting)
        for line in self.rfile:
            word = line.decode().strip().upper()
            if word.startswith("EHLO"):
                self.say("250-here\r\n250 AUTH PLAIN")
            elif word.startswith("AUTH"):
                self.say(server.login)
            elif word.startswith("RCPT") and "UNKNOWN" in word:
                self.say("550 no such person")
            elif word == "DATA":
                self.say("354 go on")
                while (line := self.rfile.readline()) != b".\r\n":
                    taken.append(line.decode())
                server.mails.append("".join(taken))
                self.say("250 taken")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def server():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        server.daemon_threads = True
        server.mails, server.greeting, server.login = [], "220 here", "235 welcome"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def channel(server=None, credentials=None, **settings):
    known = {
        "host": "127.0.0.1",
        "port": server.server_address[1] if server else 1,
        "security": "plain",
        "sender": "runs@example.com",
        "to": ["ada@example.com"],
    }
    return module.Email("email", {**known, **settings}, credentials)


def test_a_mail_is_sent_in_text_and_html(server):
    mail = channel(server, {"username": "robot", "password": "secret"})
    answer = mail.send(sample(), ["ada@example.com", "bob@example.com"], 5)

    [written] = server.mails
    assert "accepted by 127.0.0.1" in answer
    assert "To: ada@example.com, bob@example.com" in written
    assert f"Subject: {sample().title}" in written
    assert "text/plain" in written
    assert "text/html" in written


def test_messages_of_a_thread_belong_together():
    mails = [module.write_mail(sample(), "runs@example.com", ["a@b.c"]) for _ in "12"]

    assert mails[0]["References"] == mails[1]["References"] == "<runs.0123@example.com>"
    assert mails[0]["Message-ID"] != mails[1]["Message-ID"]
    assert mails[0]["Importance"] == "high"
    well = module.write_mail(sample(Kind.SUCCESS), "runs@example.com", ["a@b.c"])
    assert well["Importance"] is None


def test_a_line_break_in_a_header_is_refused():
    with pytest.raises(ValueError):
        module.write_mail(
            sample(title="a\r\nBcc: x@y.z"), "runs@example.com", ["a@b.c"]
        )
    with pytest.raises(ChannelError, match="is not an address"):
        channel().send(sample(), ["a@b.c\r\nBcc: x@y.z"], 1)


def test_who_is_refused_is_named(server):
    with pytest.raises(ChannelError, match="unknown@b.c is refused: 550 no such"):
        channel(server).send(sample(), ["unknown@b.c"], 5)
    with pytest.raises(ChannelError, match="unknown@b.c is refused: 550 no such"):
        channel(server).send(sample(), ["unknown@b.c", "ada@b.c"], 5)
    assert len(server.mails) == 1


def test_what_the_server_answers_is_in_the_error(server):
    server.login = "535 wrong password"
    with pytest.raises(ChannelError, match="answers 535: wrong password"):
        channel(server, {"username": "a", "password": "b"}).send(sample(), ["a@b.c"], 5)
    server.greeting = "554 go away"
    with pytest.raises(ChannelError, match="answers 554: go away"):
        channel(server).send(sample(), ["a@b.c"], 5)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_without_tls_is_not_spoken_to(server, security):
    with pytest.raises(ChannelError, match="cannot send through"):
        channel(server, security=security).send(sample(), ["a@b.c"], 5)
    assert server.mails == []


def test_an_unreachable_server_is_an_error():
    with pytest.raises(ChannelError, match="cannot send through 127.0.0.1:1"):
        channel().send(sample(), ["a@b.c"], 1)


def test_what_is_missing_is_a_problem():
    assert list(channel().problems()) == []
    problems = list(
        channel(
            credentials={"username": ""},
            host="",
            security="ssl",
            sender="A <a@b.c>",
            to=["all", "a@b.c"],
        ).problems()
    )
    path = "notifications.channels.email"
    assert [problem.split(":")[0] for problem in problems] == [
        f"{path}.security is 'ssl'",
        "there is no server",
        f"'A <a@b.c>' in {path}.sender is not an address",
        f"'all' in {path}.to is not an address",
        "'.username' is not defined in credentials.yml",
        "'.password' is not defined in credentials.yml",
    ]
    assert "no recipients" in list(channel(to=[]).problems())[0]
    assert "'.username' is not defined" in list(channel(credentials="x").problems())[0]
    assert list(channel(sender="").problems()) == [
        f"there is no sender: set {path}.sender"
    ]


class Texts(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.texts, self.tags = [], []
        self.feed(page)

    def handle_data(self, data):
        self.texts += [data.strip()] if data.strip() else []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("kind", list(Kind))
def test_all_of_the_message_is_on_the_page(kind):
    page = Texts(module.write_page(sample(kind)))

    for text in ["fit", "main at 0123abcd", "Unusual", "kedro run --from-nodes=fit"]:
        assert text in page.texts
    links = [known["href"] for tag, known in page.tags if tag == "a"]
    assert links == [sample().link]


def test_nothing_is_loaded_and_no_text_is_a_tag():
    report = ops("notifications.message").ErrorReport
    evil = '<script>alert(1)</script><img src="x">'
    message = sample(
        title=evil,
        resume=evil,
        link=f'https://x/"{evil}',
        facts={evil: evil},
        sections={evil: [evil]},
        errors=[report("", evil, evil), report(evil, "")],
    )
    page = Texts(module.write_page(message))

    assert not {"script", "img", "link"} & {tag for tag, _ in page.tags}
    assert page.texts.count(evil) >= 8


def test_empty_parts_are_not_on_the_page():
    page = module.write_page(
        sample(resume="", link="", facts={}, errors=[], sections={})
    )
    assert "Resume with" not in page
    assert "<a " not in page
