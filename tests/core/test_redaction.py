"""Redaction: what others read holds no secret, and nothing of a user's folders."""

import pytest
from kit import ops

module = ops("core.redaction")


@pytest.mark.parametrize(
    "key",
    ["password", "DB_PASSWORD", "api_key", "apiKey", "token", "bot_token", "secret"]
    + ["client_secret", "aws_secret_access_key", "credentials", "sas", "account_key"],
)
def test_values_that_are_called_secret_are_hidden(key):
    assert module.values({"a": {key: "x1"}}) == {"a": {key: "***"}}


@pytest.mark.parametrize(
    "key", ["keep", "key_column", "passengers", "author", "monkey"]
)
def test_others_are_not(key):
    assert module.values({key: "x1"}) == {key: "x1"}


def test_numbers_and_lists_stay_what_they_are():
    given = {"a": [1, 2.5, None, True], "b": (1,), "token": None}

    assert module.values(given) == given | {"b": [1]}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("postgres://ada:pw@db/x", "postgres://db/x"),
        ("https://h/?sig=abc&x=1", "https://h/?sig=***&x=1"),
        ("password=abc rest", "password=*** rest"),
        ("Authorization: Bearer abcdefghij", "Authorization: Bearer ***"),
        ("AKIAABCDEFGHIJKLMNOP is it", "*** is it"),
        ("a @ b, mail ada@example.com", "a @ b, mail ada@example.com"),
    ],
)
def test_secrets_in_texts_are_hidden(text, expected):
    assert module.text(text) == expected


def test_paths_say_nothing_about_their_user(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_HOME", str(tmp_path))
    project = tmp_path / "work" / "project"
    text = f"{project}/data/x.csv, {project} and {tmp_path}/other"

    assert module.text(text, project) == "data/x.csv, . and ~/other"


@pytest.fixture
def known(monkeypatch):
    monkeypatch.setattr(module, "_KNOWN", [])


def test_what_is_known_to_be_secret_is_in_no_text(known):
    module.hide(["hunter2", "hunter2 and more", "p@ss'word"])

    text = "hunter2 and more, hunter2; p%40ss%27word"
    assert module.text(text) == "***, ***; ***"
    assert set(module.hidden()) >= {"hunter2", "hunter2 and more"}


def test_all_of_credentials_is_secret_but_what_is_known_to_be_none():
    credentials = {
        "db": {"con": "postgresql://ada:pw-of-db@host/x", "port": 5432},
        "bucket": {
            "key": "a-long-key",
            "client_kwargs": {"endpoint_url": "http://x:1"},
        },
        "mail": {"username": "ada-lovelace", "password": "four", "ssl": True},
        "list": ["in-a-list", "tiny", 123456],
        "broken": "http://[x",
    }
    found = set(module.secrets(credentials, everything=True))

    assert found == {
        "postgresql://ada:pw-of-db@host/x",
        "pw-of-db",
        "a-long-key",
        "four",
        "in-a-list",
        "http://[x",
    }


def test_of_parameters_only_what_is_called_so_is_secret():
    given = {"columns": ["flipper"], "api_token": "abcdef", "pin_secret": 123456}
    assert set(module.secrets(given, everything=False)) == {"abcdef", "123456"}
