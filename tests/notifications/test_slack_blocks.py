"""The blocks of a message, within Slack's limits."""

import pytest
from kit import ops

from .told_runs import Kind, made

module = ops("notifications.slack_blocks")
message = ops("notifications.message")


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
    large = made(
        kind,
        title=text,
        resume=text,
        facts=[message.Fact(f"{n}{text}", text) for n in range(30)],
        faults=[message.Fault(text, text, text)] * 4,
        sections=[message.Section(text, [text] * 9)] * 4,
    )
    check_limits(module.blocks(large, traceback=True))
    check_limits(module.errors(large))


def test_errors_are_in_the_message_or_in_its_thread():
    def texts(blocks):
        return [block["text"]["text"] for block in blocks if "text" in block]

    lines = "```\nTraceback\n  1\n```"
    assert lines in texts(module.blocks(made(), traceback=True))
    assert lines not in texts(module.blocks(made(), traceback=False))
    assert texts(module.errors(made())) == ["*fit*\nValueError: no such column", lines]


def test_no_text_is_a_mention_a_link_or_a_format():
    assert module.plain("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert "*b*" not in module.plain("a *b* `c` ~d~")
    fault = message.Fault("a", "b", "```<!here>```")
    [_, code] = module.errors(made(faults=[fault]))
    assert code["text"]["text"] == "```\n'''&lt;!here&gt;'''\n```"


def test_a_link_stays_a_link():
    link = "https://x.example/index.html#run=a|b>"
    foot = module.blocks(made(link=link), traceback=False)[-1]
    text = foot["elements"][0]["text"]
    assert text.startswith("<https://x.example/index.html#run=a%7Cb%3E|See the run>")


def test_a_short_message_is_a_header():
    nothing = {"facts": [], "faults": [], "sections": [], "resume": "", "link": ""}
    [header] = module.blocks(made(Kind.START, **nothing), traceback=True)
    assert header["text"]["text"].startswith(":hourglass_flowing_sand: cars failed")
