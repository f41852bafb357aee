"""Whatever the names and errors of a run are, a message shows them and obeys none."""

import random
import re
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path

import pytest
from kit import ops

from .notification_samples import Kind, failed, sample, succeeded

message = ops("notifications.message")
slack, email = ops("notifications.slack"), ops("notifications.email")
commands = ops("notifications.commands")
runs = ops("run_status.model")

PIECES = [
    "{x}", "{", "}}", "{0.__class__}", "%s", "%(x)s", "%", "${x}", "${oc.env:HOME}",
    "{{ 7 * 7 }}", "{% raw %}", "{# x #}", "[bold]", "[/]", "[link=file:///x]a[/link]",
    "<!channel>", "<!here|x>", "<@U012AB>", "<#C012>", "<https://x.example|safe>", "&lt;",
    "&", "*b*", "_i_", "~s~", "`c`", "```", "> quote", ":boom:", "<b>", "</table>",
    "<script>alert(1)</script>", "<img src=x onerror=y>", "-->", "]]>", '"', "'", "\\",
    "\r\nBcc: eve@example.com\r\n\r\n", "\nSubject: no", "\r", "\x00", "\x1b[31m",
    "\x1b]8;;http://x\x07", "\x9b2J", "\u202e", "\u2028", "\u200b", "\ud800", "\ufeff",
    "=?utf-8?q?x?=", "a@b.c", ", ", ";", ": ", "- x", "!!python/object:x", "&anchor",
    "|", "e\u0301", "\u4e2d\u6587", "\U0001f680", " ", "\t", "word", "x" * 300, "../..",
]  # fmt: skip
DICE = random.Random(4711)  # noqa: S311


def hostile():
    return "".join(DICE.choices(PIECES, k=DICE.randint(1, 12)))


def hostile_message():
    """That of a failed run all of whose names and texts are hostile."""
    run = failed("r9", message=hostile(), branch=hostile(), user=hostile())
    run.project, run.host, run.env = hostile(), hostile(), hostile()
    run.pipelines, run.resume = [hostile()], hostile()
    run.commit = ""
    node = run.nodes["fit"]
    node.name, node.short_name = hostile(), hostile()
    node.failure = runs.Failure(hostile(), hostile(), hostile())
    node.marks.append(hostile())
    run.checks.append(runs.Check("first", hostile(), "error", False, hostile()))
    run.parameter_hashes = {hostile(): "1"}
    good = succeeded("r8", parameter_hashes={"a": "2"})
    composer = message.Composer(run, [good], Path("/no/project"))
    return composer.message(DICE.choice(list(Kind)), "https://ops.example.com/runs")


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = set(), []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add((tag, *sorted(name for name, _ in attrs)))

    def handle_data(self, data):
        self.texts.append(data)


ALLOWED = Tags(email.write_page(sample())).tags
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
    "Auto-Submitted", "Importance", "MIME-Version", "Content-Type",
}  # fmt: skip
LINK = re.compile(r"<https://ops\.example\.com/[^<>|]*\|Open the run>")


def check_slack(sent):
    texts = [slack.plain(sent.title)]
    for block in slack.blocks(sent):
        parts = [block.get("text"), *block.get("fields", [])]
        texts += [part["text"] for part in parts if part and part["type"] == "mrkdwn"]
    for text in texts:
        assert not set("<>") & set(LINK.sub("", text))
        assert text.count("```") in {0, 2}
        assert text.encode()


def squeezed(text):
    """A header may be folded at its spaces."""
    return "".join(text.split())


def check_mail(sent):
    written = email.write_mail(sent, "runs@example.com", ["ada@example.com"])
    read = message_from_bytes(written.as_bytes(), policy=policy.default)
    assert set(read.keys()) <= HEADERS
    assert len(read.get_all("To")) == 1
    assert not read.defects
    assert squeezed(read["Subject"]) == squeezed(sent.title)
    plain, page = read.iter_parts()
    assert plain.get_content().split() == sent.text().split()
    seen = Tags(page.get_content())
    assert seen.tags <= ALLOWED
    assert sent.title in seen.texts


def check_terminal(sent, capsys):
    commands._print(sent, [])
    said = capsys.readouterr().out
    assert said == f"{sent.text()}\n"
    assert all(each == "\n" or each.isprintable() for each in said)


@pytest.mark.parametrize("_", range(6))
def test_hostile_names_and_errors_are_text_and_nothing_else(capsys, _):
    for _ in range(100):
        sent = hostile_message()
        check_slack(sent)
        check_mail(sent)
        check_terminal(sent, capsys)
