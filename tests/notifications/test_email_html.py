"""The HTML of a mail."""

from html.parser import HTMLParser

import pytest
from kit import ops

from .told_runs import Kind, made

module = ops("notifications.email_html")


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
    page = Texts(module.page(made(kind)))

    for text in ["fit", "main at 0123abcd", "Unusual", "kedro run --from-nodes=fit"]:
        assert text in page.texts
    links = [known["href"] for tag, known in page.tags if tag == "a"]
    assert links == [made().link]


def test_nothing_is_loaded_and_no_text_is_a_tag():
    evil = '<script>alert(1)</script><img src="x">'
    message = made(
        title=evil,
        resume=evil,
        link=f'https://x/"{evil}',
        facts=[type(made().facts[0])(evil, evil)],
        sections=[type(made().sections[0])(evil, [evil])],
        faults=[
            type(made().faults[0])("", evil, evil),
            type(made().faults[0])(evil, ""),
        ],
    )
    page = Texts(module.page(message))

    assert not {"script", "img", "link"} & {tag for tag, _ in page.tags}
    assert page.texts.count(evil) >= 8


def test_what_there_is_none_of_is_left_out():
    page = module.page(made(resume="", link="", facts=[], faults=[], sections=[]))
    assert "Go on with" not in page
    assert "<a " not in page
