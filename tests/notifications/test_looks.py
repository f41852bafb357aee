"""How messages look in a browser, and a record that many write in a bucket."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from browser import chromium
from kit import ops
from steel_toes.test_runs_remote import Store
from steel_toes_helpers import PACKAGE, Workshop

from .notification_servers import slack_server

pytest_plugins = ["steel_toes_fixtures"]
GUARDS = ["run_status", "slack", "email"]
pytestmark = pytest.mark.xdist_group("browser")

LONG = "a_name_without_end_" * 20
COUNT = 500


def failed(workshop: Workshop) -> Any:
    """The message of a run all of whose nodes failed, with a lot to say."""
    runs, module = ops("run_status.model"), ops("notifications.message")
    run = runs.Run("r1", "id", state=runs.State.FAILED, project=LONG, branch=LONG)
    run.started, run.ended = 1_795_000_000.0, 1_795_000_100.0
    for number in range(COUNT):
        failure = runs.Failure("ValueError", f"<b>{LONG}</b> & more", f"{LONG}\n" * 90)
        node = runs.Node(f"{LONG}{number}", [], [], state=runs.State.FAILED)
        node.started, node.failure = run.started, failure
        run.nodes[node.name] = node
        run.checks.append(runs.Check("first", LONG, "error", False, f"<i>{LONG}"))
    run.resume = f"kedro run --from-nodes={','.join(run.nodes)}"
    composer = module.Composer(run, [], workshop.path)
    return composer.message(
        ops("notifications.rules").Kind.FAILURE, "https://ops.example.com/runs"
    )


@pytest.mark.parametrize("width", [360, 1200])
def test_a_mail_fits_any_screen_and_loads_nothing(workshop, width) -> None:
    write_page = ops("notifications.email").write_page
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 800})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.set_content(write_page(failed(workshop)))

        assert page.evaluate("document.documentElement.scrollWidth") <= width
        heading = page.locator("h1")
        assert heading.is_visible()
        assert len(heading.inner_text()) <= 110
        assert page.locator("b, i, script, img").count() == 0
        assert "kedro run --from-nodes=" in page.locator("pre").last.inner_text()
        assert page.locator("a").get_attribute("href").endswith("#run=r1")
    assert asked == []


def test_slack_gets_hundreds_of_failures_within_its_limits(workshop) -> None:
    channel = ops("notifications.slack").Slack
    with slack_server() as slack:
        given = {"webhook": slack.webhook}
        channel("slack", {}, given).send(failed(workshop), [], 5)

    [message] = slack.posted()
    assert len(message["text"]) <= 3000
    assert len(message["blocks"]) <= 50
    for block in message["blocks"]:
        texts = [
            block.get("text"),
            *block.get("fields", []),
            *block.get("elements", []),
        ]
        most = {"header": 150, "context": 2000}.get(block["type"], 3000)
        assert all(0 < len(each["text"]) <= most for each in texts if each)
    assert f"{COUNT - 3} more nodes failed" in json.dumps(message)


def test_in_a_bucket_one_of_many_writes_the_record(
    workshop: Workshop, address: str
) -> None:
    bucket = Store(address)
    bucket.tell(workshop)
    options = {**bucket.keys, "endpoint_url": bucket.address}
    store = ops("core.store").Store(f"s3://{bucket.bucket}/ops/runs", options)

    with ThreadPoolExecutor(16) as threads:
        texts = [f"{PACKAGE} {number}".encode() for number in range(16)]
        created = list(
            threads.map(lambda text: store.create("r1/note.json", text), texts)
        )

    assert sorted(created) == [False] * 15 + [True]
    assert store.read("r1/note.json") == texts[created.index(True)]
