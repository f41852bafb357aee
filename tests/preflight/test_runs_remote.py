"""Preflight with a real S3 server on loopback: refused, stopped, silent, slow."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from steel_toes.test_runs_remote import ALLOW, BASE, Store, store

from .preflight_helpers import Deck

__all__ = ["store"]
pytest_plugins = ["steel_toes_fixtures", "preflight.preflight_helpers"]
GUARDS = ["preflight"]

NO_PUT = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}
NO_READ = {
    "Effect": "Deny",
    "Action": ["s3:GetObject", "s3:ListBucket", "s3:HeadObject"],
    "Resource": "*",
}
SILENT_ENTRY = """
silent: {type: text.TextDataset, filepath: "s3://silent/a.txt", credentials: silent}
"""


def uploads(store: Store) -> list[object]:
    s3 = store.client("s3", **store.keys)
    return s3.list_multipart_uploads(Bucket=store.bucket).get("Uploads", [])


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_healthy_bucket_is_no_problem_and_stays_as_it_is(
    deck: Deck, store: Store
) -> None:
    store.tell(deck.workshop)

    assert deck.all_problems(code=0) == []
    deck.workshop.switch("dev")
    assert deck.all_problems(code=0) == []

    assert store.objects() == BASE
    assert uploads(store) == []
    deck.runs()


def test_a_missing_object_and_a_missing_bucket(deck: Deck, store: Store) -> None:
    store.tell(deck.workshop)
    store.client("s3", **store.keys).delete_object(
        Bucket=store.bucket, Key="in/raw.txt"
    )
    problem = deck.problem()
    assert problem["subject"] == "raw"
    assert problem["message"] == f"has no data at s3://{store.bucket}/in/raw.txt"

    text = deck.workshop.read("conf/base/catalog.yml")
    deck.workshop.catalog(text.replace(store.bucket, "no-such-bucket"))
    rows = deck.all_problems(code=1)
    assert {(row["subject"], row["check"]) for row in rows} == {
        ("raw", "data"),
        ("mid", "outputs"),
        ("parts", "outputs"),
        ("versions", "outputs"),
    }
    assert "refuses data" in deck.stopped()


def with_rights(deck: Deck, store: Store, denied: dict[str, object]) -> None:
    store.authenticate(first_requests_free=1_000_000)
    keys = store.user(ALLOW, denied)
    store.authenticate(first_requests_free=0)
    store.tell(deck.workshop, **keys)


def test_a_right_to_write_that_was_revoked(deck: Deck, store: Store) -> None:
    with_rights(deck, store, NO_PUT)

    rows = deck.all_problems(code=1)

    assert {row["subject"] for row in rows} == {"mid", "parts", "versions"}, rows
    assert all("refuses data: " in row["message"] for row in rows)
    assert "permissions" in deck.stopped()
    store.tell(deck.workshop)
    assert store.objects() == BASE
    assert uploads(store) == []


@pytest.mark.parametrize("branch", ["main", "dev"])
def test_a_right_to_read_that_was_revoked_is_not_called_missing(
    deck: Deck, store: Store, branch: str
) -> None:
    deck.workshop.switch(branch)
    with_rights(deck, store, NO_READ)

    [raw] = [row for row in deck.all_problems(code=1) if row["subject"] == "raw"]

    assert "Forbidden" in raw["message"], raw
    assert "could not be checked" in deck.stopped()


def test_a_server_that_was_stopped(deck: Deck, store: Store) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    store.tell(deck.workshop, address=f"http://127.0.0.1:{port}")

    rows = deck.all_problems(code=1)

    assert {row["subject"] for row in rows} == {"raw", "mid", "parts", "versions"}
    assert "could not be checked: " in deck.stopped()
    assert all(store.keys["secret"] not in row["message"] for row in rows)


@pytest.mark.parametrize("branch", ["main", "dev"])
def test_a_server_that_hangs_neither_hides_other_answers_nor_keeps_the_process(
    deck: Deck, store: Store, silent: str, branch: str
) -> None:
    deck.workshop.switch(branch)
    store.tell(deck.workshop)
    keys = f"{{key: a, secret: b, endpoint_url: {silent!r}}}"
    deck.workshop.write({"conf/local/credentials_silent.yml": f"silent: {keys}"})
    text = deck.workshop.read("conf/base/catalog.yml").replace("in/raw", "no/raw")
    deck.workshop.catalog(text + SILENT_ENTRY)
    pipeline = deck.workshop.read("src/toe_test/pipelines/toes/__init__.py")
    deck.workshop.pipeline(
        pipeline.replace('Node(clean, "raw"', 'Node(lambda *a: "", ["raw", "silent"]')
    )
    deck.settings("timeout: 3")

    begin = time.monotonic()
    said = deck.workshop.kedro("run", check=False, COLUMNS="1000")
    took = time.monotonic() - begin

    assert said.returncode == 1
    assert "silent: no answer within 3 s from s3://silent" in said.stderr, said.stderr
    assert "raw: has no data" in said.stderr
    assert took < 15


class Slow(BaseHTTPRequestHandler):
    """Answers every question after 20 ms, and a page that is not there with 404."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        time.sleep(0.02)
        code = int(self.path.partition("?")[2] or 200)
        self.send_response(code)
        self.send_header("Content-Length", "3")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(b"abc")

    do_GET = do_HEAD

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", ""),
        ("?404", "has no data at http://"),
        ("?500", "could not be checked: ClientResponseError: 500"),
    ],
)
def test_a_web_page(deck: Deck, web: str, query: str, text: str) -> None:
    entry = f'{{type: text.TextDataset, filepath: "{web}/a.txt{query}"}}'
    deck.workshop.catalog(f"raw: {entry}\n")

    if text:
        assert text in deck.problem()["message"]
    else:
        assert deck.all_problems(code=0) == []
        deck.runs()
